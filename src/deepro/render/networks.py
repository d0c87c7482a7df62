"""Turns a network's card and layer table into the viewer's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepro.render.document import LayerRow, NetworkView, ReceptiveFieldView


def network(item: Mapping[str, Any]) -> NetworkView:
    """A network's card and its layer table."""
    card = item["card"]
    places = {str(layer["name"]): n for n, layer in enumerate(item.get("layers") or ())}
    return NetworkView(
        id=str(card.get("fingerprint", "")),
        name=str(card.get("name", "network")),
        source=str(card.get("source", "")),
        fingerprint=str(card.get("fingerprint", "")),
        preprocess=card.get("preprocess"),
        device=card.get("device"),
        dtype=card.get("dtype"),
        labels=int(item.get("labels") or 0),
        parameters=int(item.get("parameters") or 0),
        notes=[str(n) for n in item.get("notes") or ()],
        refused={str(k): str(v) for k, v in (item.get("refused") or {}).items()},
        layers=[_row(layer) for layer in item.get("layers") or ()],
        edges=[[places[a], places[b]] for a, b in item.get("edges") or () if a in places and b in places],
    )


def _row(layer: Mapping[str, Any]) -> LayerRow:
    field = layer.get("receptive_field")
    return LayerRow(
        name=str(layer["name"]),
        kind=str(layer["kind"]),
        shape=[int(n) for n in layer["shape"]],
        units=int(layer["units"]),
        receptive_field=ReceptiveFieldView(**{k: [int(n) for n in v] for k, v in field.items()}) if field else None,
        parameters=int(layer.get("parameters") or 0),
        depth=int(layer.get("depth") or 0),
    )
