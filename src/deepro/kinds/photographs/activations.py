"""Layers' outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, NumberTable, register
from deepro.render import canvas, colour
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Activations(Result):
    """Layers' outputs. values: layer name -> (N, *layer shape), exactly what the module returned."""

    kind = "activations"
    values: Mapping[str, np.ndarray]
    pictures: np.ndarray | None = None


def draw(made: Any, result: Activations) -> None:
    axes = made.subplots(max(1, len(result.values)), 1, squeeze=False).ravel()
    for axis, (layer, values) in zip(axes, result.values.items(), strict=False):
        units = np.abs(values).reshape(*values.shape[:2], -1).max(2) if values.ndim > 1 else np.abs(values)[:, None]
        axis.bar(np.arange(units.shape[1]), units.max(0), color=colour.ACCENT, width=1)
        axis.set_title(f"{canvas.words(layer)}: largest |activation| of each unit", fontsize=8)
        axis.tick_params(labelsize=7)


def numbers(result: Activations) -> list[NumberTable]:
    rows = [(layer, "x".join(map(str, v.shape)), v.min(), v.max()) for layer, v in result.values.items()]
    return [NumberTable("outputs", ["layer", "shape", "least", "greatest"], rows)]


KIND = register(
    Kind(
        Activations,
        caption="Outputs of layers.",
        draw=draw,
        size=lambda r: (6, 1.6 * max(1, len(r.values))),
        numbers=numbers,
    )
)
