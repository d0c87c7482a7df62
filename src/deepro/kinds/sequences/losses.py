"""Where the loss of a next-token network lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.sequences.figure import FigureView, Made, figure_kind
from deepro.kinds.sequences.page import ReadSequence
from deepro.render import canvas, colour
from deepro.render.document import Model
from deepro.render.pack import finite, view
from deepro.results import Result

WORST = 40  # tokens of the largest loss


@dataclass(frozen=True, eq=False, kw_only=True)
class Losses(Result):
    """Where the loss of a next-token network lies, in nats.

    groups: one row a kind of step: group, steps, share_of_steps, loss (mean), share_of_loss, ngram (mean of the n-gram
    model there) and gain (how much less the network loses). losses, ngram: (T,) a sequence, NaN where nobody tells.
    order: of the n-gram model; counted: tokens it was fitted on, None where it was fitted on the other sequences.
    texts: of each sequence.
    """

    kind = "losses"
    groups: tuple[Mapping[str, Any], ...]
    losses: tuple[np.ndarray, ...]
    ngram: tuple[np.ndarray, ...]
    order: int
    counted: int | None
    texts: tuple[str | None, ...] = ()


class LossRow(Model):
    """A kind of step. loss, ngram: mean in nats, of the network and of the n-gram model. gain: ngram - loss."""

    group: str
    steps: int
    share_of_steps: float
    loss: float
    share_of_loss: float | None
    ngram: float
    gain: float


class LossPlace(Model):
    """A token that surprised the network, in its context. sequence: the id of its page, where there is one."""

    sequence: str | None
    step: int
    before: str
    token: str
    after: str
    loss: float
    ngram: float | None


class LossesView(FigureView):
    """groups: kinds of steps; places: the tokens of the largest loss. counted: tokens that the n-gram model counted."""

    kind: Literal["losses"] = "losses"
    groups: list[LossRow]
    order: int
    counted: int | None
    places: list[LossPlace]


def draw(made: Any, result: Losses) -> None:
    left, right = made.subplots(1, 2, width_ratios=[1.6, 1])
    rows = list(result.groups)
    place = np.arange(len(rows))

    def bars(axis: Any, offset: float, name: str, colour: str, label: str) -> None:
        axis.barh(place + offset, [r[name] for r in rows], height=0.38, color=colour, label=label)

    bars(left, -0.2, "loss", colour.ACCENT, "network")
    bars(left, 0.2, "ngram", colour.QUIET, f"{result.order}-gram")
    left.set_yticks(place, [f"{canvas.words(r['group'])}  {r['steps']:,}" for r in rows], fontsize=7)
    left.set_title("mean loss, nats a token", fontsize=8)
    bars(right, -0.2, "share_of_loss", colour.ABOVE, "share of the loss")
    bars(right, 0.2, "share_of_steps", colour.QUIET, "share of the steps")
    right.set_yticks([])
    for axis in (left, right):
        axis.invert_yaxis()
        axis.legend(fontsize=7)
        axis.tick_params(axis="x", labelsize=6)


def lines(result: Losses) -> list[str]:
    every = result.groups[0]
    return [f"loss {every['loss']:.3f} nats a token; {result.order}-gram model {every['ngram']:.3f}"]


def figure(result: Losses, ones: Sequence[ReadSequence]) -> Made:
    rows = [view(LossRow, row) for row in result.groups]
    facts = {"loss": rows[0].loss, "ngram": rows[0].ngram, "order": result.order} if rows else {}
    return view(LossesView, result, groups=rows, places=list(_places(result, ones))), facts


def _places(result: Losses, ones: Sequence[ReadSequence]) -> Iterator[LossPlace]:
    ends = np.cumsum([0, *map(len, result.losses)])
    joined = np.nan_to_num(np.concatenate(result.losses), nan=-1.0)
    for place in np.argsort(-joined, kind="stable")[:WORST]:
        n = int(np.searchsorted(ends, place, side="right")) - 1
        step = int(place - ends[n])
        if n >= len(ones) or joined[place] <= 0:
            continue
        told = ones[n].context(step, step + 1)
        losses = {"loss": float(joined[place]), "ngram": finite(result.ngram[n][step])}
        yield view(LossPlace, told, sequence=ones[n].page, step=step, token=told["inside"], **losses)


KIND = figure_kind(
    Losses,
    "Where the loss lies, beside what an n-gram model gets at the same places, in nats.",
    figure,
    lines=lines,
    draw=draw,
    size=lambda r: (11, 1 + 0.3 * len(r.groups)),
)
