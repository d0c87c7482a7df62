"""What the viewer reads: the one definition of its data.

`viewer/src/document.ts` is generated from these models (`npm run types` in viewer/), never written by hand. The report
writes them as files, a live server answers with them. Words are left to the viewer, which knows the reader's language:
here stand numbers, names and the kinds of things.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SCHEMA = 1


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Picture(Model):
    """An image file, relative to the page, or a data URI."""

    source: str
    width: int
    height: int


class Scale(Model):
    """How numbers became colours. high: the value of the brightest colour (± at both ends where signed)."""

    kind: Literal["grey", "signed", "sequential", "diverging", "colours"]
    high: float
    percentile: float | None = None
    shared: bool = False


class Paper(Model):
    """Where a method comes from."""

    authors: str
    year: int
    title: str
    url: str


class ProvenanceView(Model):
    """How a result was made. python, command: text that makes it again; command is None where there is none."""

    key: str
    kind: str
    method: str
    version: int
    summary: str
    paper: Paper | None
    parameters: dict[str, Any]
    network: str
    data: list[dict[str, Any]]
    seed: int | None
    libraries: dict[str, str]
    created: str
    seconds: float
    notes: list[str]
    python: str
    command: str | None


class Guess(Model):
    """One label of a prediction."""

    label: str
    probability: float


class Window(Model):
    """A rectangle, half open: the part of the input that a unit sees, or a box."""

    left: float
    top: float
    right: float
    bottom: float


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
    """A photograph on the overview."""

    id: str
    name: str
    sha256: str
    network: str
    thumb: Picture
    best: Guess | None


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


class ReceptiveField(Model):
    """One number an input axis, in input pixels."""

    size: list[int]
    stride: list[int]
    offset: list[int]


class LayerRow(Model):
    """One row of the layer table. shape: without the batch axis. parameters: with those of the modules inside."""

    name: str
    kind: str
    shape: list[int]
    units: int
    receptive_field: ReceptiveField | None
    parameters: int
    depth: int


class NetworkView(Model):
    """A network: its card and its layers in execution order. refused: methods that do not apply, with the reason."""

    id: str
    name: str
    source: str
    fingerprint: str
    preprocess: dict[str, Any] | None
    device: str | None
    dtype: str | None
    labels: int
    parameters: int
    notes: list[str]
    refused: dict[str, str]
    layers: list[LayerRow]


class PatternImage(Model):
    """An image made for a target. score: the target's value it reaches. history: the value on the way."""

    target: str
    picture: Picture
    score: float | None
    probability: float | None
    history: list[float | None]


class PatternSet(Model):
    """Images made together."""

    record: str
    network: str
    steps: int
    images: list[PatternImage]


class Skipped(Model):
    """An input that could not be explained, or a result that could not be opened."""

    name: str
    reason: str


class Overview(Model):
    """The first thing the viewer reads. Photographs follow one by one when they are looked at."""

    schema_version: int = SCHEMA
    title: str
    created: str
    deepro: str
    networks: list[NetworkView]
    photographs: list[PhotographCard]
    patterns: list[PatternSet]
    skipped: list[Skipped]
    damaged: list[Skipped]
    records: dict[str, ProvenanceView]


class Viewer(Model):
    """The root of the generated types."""

    overview: Overview
    photograph: Photograph
