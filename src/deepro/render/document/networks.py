"""A network and its layers."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from deepro.render.document.base import Model


class ReceptiveFieldView(Model):
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
    receptive_field: ReceptiveFieldView | None
    parameters: int
    depth: int


class NetworkView(Model):
    """A network: its card and its layers in execution order. refused: methods that do not apply, with the reason.

    edges: which layer's output reaches which, as places in `layers`; empty where that is not known.
    """

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
    edges: list[list[int]] = Field(default_factory=list)
