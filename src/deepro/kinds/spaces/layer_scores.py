"""What each layer knows of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.spaces.page import Knowledge, dataset
from deepro.render import canvas
from deepro.render.colour import MEASURES
from deepro.render.site import Site
from deepro.results import Result

_CURVES = (
    ("probe", "linear probe", "o-"),
    ("neighbours", "nearest neighbours", "s-"),
    ("between_class", "variance between classes", "^:"),
    ("control", "probe, labels dealt anew", "x--"),
    ("chance", "commonest class", "--"),
)  # measure, its name, marker and line


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerScores(Result):
    """What each of L layers knows of the labels. layers: in the order asked for. scores: measure -> (L,).

    similarity: (L, L) linear CKA between the layers, None where it was not asked for. notes: warnings.
    """

    kind = "layer_scores"
    layers: tuple[str, ...]
    scores: Mapping[str, np.ndarray]
    similarity: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def lines(result: LayerScores) -> list[str]:
    """What each layer knows, beside its control."""
    rows = zip(result.layers, *(result.scores[k] for k in ("probe", "control", "neighbours")), strict=True)
    return [
        "what the layers know (share of held-out examples read right)",
        *(f"  {layer}: linear probe {a:.0%} (control {b:.0%}), neighbours {c:.0%}" for layer, a, b, c in rows),
        *(f"  note: {note}" for note in result.notes),
    ]


def draw(made: Any, result: LayerScores) -> None:
    """Left: what each layer knows of the labels, with its controls. Right: how alike the layers are."""
    left, right = made.subplots(1, 2)
    places = np.arange(len(result.layers))
    for measure, name, style in _CURVES:
        if measure in result.scores:
            spread = result.scores.get(f"{measure}_spread")
            left.errorbar(
                places, result.scores[measure], spread, fmt=style, label=name, color=MEASURES[measure], markersize=4
            )
    left.set_xticks(places, result.layers, rotation=45, ha="right", fontsize=7)
    left.set_ylim(0, 1.02)
    left.legend(fontsize=7, frameon=False)
    left.set_title("share right, or of the variance", fontsize=9)
    if result.similarity is None:
        right.axis("off")
    else:
        canvas.matrix(made, right, result.similarity, result.layers, result.layers, "linear CKA")


def show(result: LayerScores, site: Site) -> None:
    site.section(Knowledge).add(result, int(np.prod(dataset(result).get("size") or [0])))


KIND = register(
    Kind(
        LayerScores,
        caption="What each layer knows of the labels, beside what a probe finds where there is nothing to find.",
        draw=draw,
        size=(10, 4.6),
        lines=lines,
        show=show,
    )
)
