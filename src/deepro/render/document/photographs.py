"""Everything about one photograph."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from deepro.render.document.base import Guess, Model, Picture, ProvenanceView, Scale, Window


class Unit(Model):
    """A unit at its strongest position: its activation map, what is sent back to the pixels, and where it looked.

    position: row and column in the map. window: in pixels of the network's input.
    """

    unit: int
    activation: float
    position: list[int]
    window: Window
    map: Picture
    map_scale: Scale
    projection: Picture
    projection_scale: Scale


class LayerUnits(Model):
    """The strongest units of one layer for one photograph."""

    layer: str
    kind: str | None
    rule: str
    record: str
    receptive_field: list[int] | None
    map_size: list[int]
    fidelity: dict[str, Any]
    units: list[Unit]


class HeatLayer(Model):
    """A heatmap's picture, where it lies in the original photograph, and how it was scaled.

    target, score: what is explained and its value. evidence: what the method says of its own trust.
    """

    picture: Picture
    view: Window
    scale: Scale
    target: str
    score: float | None
    method: str
    evidence: dict[str, Any]
    record: str


class RegionView(Model):
    """The object's region. outline, box: in pixels of the original photograph; None where there is no region."""

    target: str
    mask: Picture | None
    outline: list[list[list[float]]] | None
    box: Window | None
    heatmap: HeatLayer
    evidence: dict[str, float | None]
    record: str


class PhotographCard(Model):
    """A photograph on the overview. guesses: the most probable labels, `best` first. record: of the prediction."""

    id: str
    name: str
    sha256: str
    network: str
    thumb: Picture
    best: Guess | None
    guesses: list[Guess] = Field(default_factory=list)
    record: str | None = None


class Photograph(Model):
    """Everything about one photograph and one network.

    width, height: the original's size. picture: the original, made smaller where it is large. seen: what the network
    saw of it, pixel for pixel. view: where `seen` lies in the original, in its pixels.
    """

    id: str
    name: str
    sha256: str
    network: str
    width: int
    height: int
    picture: Picture
    seen: Picture
    view: Window
    prediction: list[Guess]
    prediction_record: str | None
    regions: list[RegionView]
    heatmaps: list[HeatLayer]
    layers: list[LayerUnits]
    records: dict[str, ProvenanceView]
