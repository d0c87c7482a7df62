"""What the change of one unit does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.sequences.figure import FigureView, Made, ReadView, figure_kind, read
from deepro.kinds.sequences.page import ReadSequence
from deepro.render import canvas, colour
from deepro.render.document import Values
from deepro.render.pack import floats, view
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Intervention(Result):
    """What the change of one unit does.

    layer, direction, state, unit: which one. how: silence, clamp or swap. start: the first step of the change. change:
    (T,) how far the prediction moves at each step. losses, changed_losses: (T,) nats for the next token, None where
    there is none to tell. best, changed_best: the most probable class at each step. written, changed_text: what the
    network goes on to write, untouched and changed. text: of the sequence.
    """

    kind = "intervention"
    layer: str
    direction: int
    state: str
    unit: int
    how: str
    start: int
    change: np.ndarray
    losses: np.ndarray | None
    changed_losses: np.ndarray | None
    best: tuple[str, ...]
    changed_best: tuple[str, ...]
    written: str | None
    changed_text: str | None
    text: str | None = None


class InterventionView(FigureView):
    """change: (T,) how far the prediction moves; losses, changed: (T,) nats, NaN where there is no next token.

    value: what the unit is held at, None where it is not. classes: whether predictions are of classes.
    """

    kind: Literal["intervention"] = "intervention"
    read: ReadView
    layer: str
    direction: int
    state: str
    unit: int
    how: str
    value: float | None
    start: int
    classes: bool
    change: Values
    losses: Values | None
    changed: Values | None
    best: list[str]
    changed_best: list[str]
    written: str | None
    changed_text: str | None


def draw(made: Any, result: Intervention) -> None:
    axes = made.subplots(1 + int(result.losses is not None), 1, squeeze=False)[:, 0]
    steps = np.arange(len(result.change))
    axes[0].bar(steps, result.change, color=colour.ABOVE, width=0.9)
    if result.text and len(result.text) == len(steps):
        canvas.letters(axes[-1].xaxis, result.text)
    axes[0].axvline(result.start - 0.5, color="black", linewidth=0.8, linestyle="--")
    place = f"{canvas.words(result.layer)} {result.state} {result.unit}"
    axes[0].set_title(f"{place}, {result.how} from step {result.start}: change of the prediction", fontsize=8)
    if result.losses is not None and result.changed_losses is not None:
        axes[1].plot(steps, result.losses, color=colour.QUIET, label="untouched")
        axes[1].plot(steps, result.changed_losses, color=colour.ABOVE, label="changed")
        axes[1].legend(fontsize=6)
        axes[1].set_title("loss of the next token, nats", fontsize=8)
    for axis in axes:
        axis.tick_params(axis="y", labelsize=6)


def _mean(result: Intervention) -> float:
    """The mean change from the first changed step on."""
    return float(result.change[result.start :].mean())


def lines(result: Intervention) -> list[str]:
    turned = sum(a != b for a, b in zip(result.best, result.changed_best, strict=True))
    return [
        f"intervention on {result.layer} {result.state} {result.unit} from step {result.start}: mean change "
        f"{_mean(result):.3g}; the best prediction turns at {turned} steps"
    ]


def figure(result: Intervention, ones: Sequence[ReadSequence]) -> Made:
    parameters: Mapping[str, Any] = result.provenance.parameters if result.provenance else {}
    word = ones[0].word if ones else str
    shown = view(
        InterventionView, result, read=read(ones, len(result.change), result.text),
        value=parameters.get("value") if result.how == "clamp" else None, classes=bool(result.best),
        changed=None if result.changed_losses is None else floats(result.changed_losses),
        best=[word(b) for b in result.best], changed_best=[word(b) for b in result.changed_best],
    )  # fmt: skip
    return shown, {"change": _mean(result)}


KIND = figure_kind(
    Intervention,
    "What changes when one unit is silenced, held or swapped from the dashed line on.",
    figure,
    lines=lines,
    draw=draw,
    size=lambda r: (9, 2.4 + 2 * (r.losses is not None)),
)
