"""How alike two networks arrange the same examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.spaces.page import Knowledge
from deepro.render import canvas
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Similarity(Result):
    """How alike two networks arrange the same N examples: linear CKA between layers of both.

    layers: L of the first network, the one in the provenance. other: the second's name; other_layers: M of it.
    similarity: (L, M), NaN where a layer gives the same code for all. examples: N. notes: warnings.
    """

    kind = "similarity"
    layers: tuple[str, ...]
    other: str
    other_layers: tuple[str, ...]
    similarity: np.ndarray
    examples: int
    notes: tuple[str, ...] = ()


def lines(result: Similarity) -> list[str]:
    rows = (zip(result.other_layers, row, strict=True) for row in result.similarity)
    alike = (", ".join(f"{there} {value:.3f}" for there, value in row) for row in rows)
    return [
        f"linear CKA over {result.examples} examples",
        *(f"{name}: {said}" for name, said in zip(result.layers, alike, strict=True)),
        *(f"note: {note}" for note in result.notes),
    ]


def draw(made: Any, result: Similarity) -> None:
    """Layers of one network by layers of another."""
    axis = made.subplots()
    canvas.matrix(made, axis, result.similarity, result.layers, result.other_layers, "linear CKA")
    axis.set_xlabel(result.other, fontsize=8)
    axis.set_ylabel(str(result.provenance.network.get("name", "")) if result.provenance else "", fontsize=8)


KIND = register(
    Kind(
        Similarity,
        caption="How alike two networks arrange the same examples: linear CKA, 1 for one turned and scaled.",
        draw=draw,
        size=lambda r: (3 + 0.5 * len(r.other_layers), 2.2 + 0.5 * len(r.layers)),
        lines=lines,
        show=lambda r, site: site.section(Knowledge).add(r, r.examples),
    )
)
