"""What a decoder attends to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.sequences.figure import FigureView, Made, ReadView, figure_kind, read
from deepro.kinds.sequences.page import ReadSequence
from deepro.render import canvas, colour
from deepro.render.document import Values
from deepro.render.pack import view
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Attention(Result):
    """What a decoder attends to.

    weights: (T_out, T_in), rows sum to 1. read, written: what stands at each step, empty where it is no token. places:
    how many places of the network attend. sharpness: 0 for even attention, 1 for one step at a time.
    """

    kind = "attention"
    weights: np.ndarray
    read: tuple[str, ...]
    written: tuple[str, ...]
    places: int
    sharpness: float


class AttentionView(FigureView):
    """weights: (T_out, T_in) float32, rows sum to 1. written: what stands at each output step, or nothing."""

    kind: Literal["attention"] = "attention"
    weights: Values
    read: ReadView
    written: list[str]
    places: int
    sharpness: float


def draw(made: Any, result: Attention) -> None:
    axis = made.subplots()
    shown = axis.imshow(
        result.weights, cmap=colour.SCALES["sequential"], vmin=0, aspect="auto", interpolation="nearest"
    )
    made.colorbar(shown, ax=axis, shrink=0.8).ax.tick_params(labelsize=6)
    canvas.letters(axis.xaxis, result.read)
    canvas.letters(axis.yaxis, result.written)
    axis.set_xlabel("read", fontsize=7)
    axis.set_ylabel("written", fontsize=7)
    axis.set_title(f"sharpness {result.sharpness:.2f}: 0 even attention, 1 one step at a time", fontsize=8)


def lines(result: Attention) -> list[str]:
    return [f"attention of {len(result.weights)} steps to {result.weights.shape[1]}; sharpness {result.sharpness:.2f}"]


def figure(result: Attention, ones: Sequence[ReadSequence]) -> Made:
    place = read(ones, result.weights.shape[1], tokens=result.read)
    return view(AttentionView, result, read=place), {"sharpness": result.sharpness}


KIND = figure_kind(
    Attention,
    "How much each written step attends to each step read. It shows what was read from, not why.",
    figure,
    lines=lines,
    draw=draw,
    size=lambda r: (7, 1.5 + 0.2 * min(60, len(r.weights))),
)
