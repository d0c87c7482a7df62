"""What each step of one sequence counts for one output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.sequences.figure import PAGES, FigureView, Made, ReadView, read, show_figure
from deepro.kinds.sequences.page import ReadSequence, SequencePages, scopes
from deepro.render import canvas, colour
from deepro.render.document import Values
from deepro.render.pack import floats, plain
from deepro.render.site import Site, fingerprint, key
from deepro.results import Result

FEATURES = 64  # more features of a step than these are summed, not listed one by one
MISSED = 0.05  # of the difference of scores: integrated gradients that miss more are made finer, or said to be rough


@dataclass(frozen=True, eq=False, kw_only=True)
class Steps(Result):
    """What each step of one sequence counts for one output.

    values: (T,) unscaled, signed where the method is. features: (T, F) before they are summed, where there are such.
    score: the output explained, of `target` at `step`. gap: what integrated gradients miss of it. deletion, random:
    (T + 1,) the output after so many steps were set to zero, most important first, or in random order.
    text: of the sequence. control: how alike networks with random weights explain it (rank correlation of sizes), None
    where not asked for.
    every: the same of S outputs, where they were asked for: step, score, gap (S,), target (S names), values (S, T),
    deletion and random (S, T + 1).
    """

    kind = "steps"
    how: str
    values: np.ndarray
    features: np.ndarray | None
    target: str
    step: int
    score: float
    gap: float | None
    deletion: np.ndarray
    random: np.ndarray
    text: str | None = None
    control: float | None = None
    every: Mapping[str, Any] | None = None


class StepsView(FigureView):
    """Row s is about the output of `targets[s]` at step `outputs[s]`, from result `made[s]`.

    values: (S, T) float32. controls: rank correlation with what networks with random weights give. features: (T, F) of
    each row where they are few. deletion, random: (S, T + 1), the output after so many steps were set to zero.
    """

    kind: Literal["steps"] = "steps"
    how: str
    read: ReadView
    made: list[str]
    outputs: list[int]
    targets: list[str]
    scores: list[float]
    gaps: list[float | None]
    controls: list[float | None]
    values: Values
    features: list[Values | None]
    deletion: Values
    random: Values


def draw(made: Any, result: Steps) -> None:
    top, bottom = made.subplots(2, 1)
    steps = np.arange(len(result.values))
    top.bar(steps, result.values, color=np.where(result.values >= 0, colour.ABOVE, colour.BELOW), width=0.9)
    top.axhline(0, color="black", linewidth=0.6)
    if result.text and len(result.text) == len(steps):
        canvas.letters(top.xaxis, result.text)
    told = f"{result.how}: {canvas.words(result.target)} at step {result.step}, score {result.score:.3g}"
    if result.control is not None:
        told += f"; likeness with random weights {result.control:.2f}"
    top.set_title(told, fontsize=8)
    bottom.plot(result.deletion, color=colour.ABOVE, label="most important first")
    bottom.plot(result.random, color=colour.QUIET, label="random order")
    bottom.legend(fontsize=6)
    bottom.set_xlabel("steps set to zero", fontsize=7)
    for axis in (top, bottom):
        axis.tick_params(axis="y", labelsize=6)


def lines(result: Steps) -> list[str]:
    strongest = int(abs(result.values).argmax())
    return [
        f"steps: output {result.target!r} at step {result.step} is {result.score:.3g}; step {strongest} counts most, "
        f"{result.values[strongest]:.3g}; mean as steps go {result.deletion.mean():.3g}, in random order "
        f"{result.random.mean():.3g}",
        *(f"  note: {note}" for note in notes(result)),
    ]


def notes(result: Steps) -> list[str]:
    """What a reader must know: where integrated gradients miss more than 5 % of the difference of scores."""
    every = result.every or {"gap": [result.gap], "deletion": [result.deletion]}
    rows = [(g, d[0] - d[-1]) for g, d in zip(every["gap"], every["deletion"], strict=True) if g is not None]
    wrong = [gap for gap, rise in rows if abs(gap) > MISSED * abs(rise)]
    outputs = "the output" if len(rows) == 1 else f"{len(wrong)} of {len(rows)} outputs"
    return [f"the values of {outputs} miss more than {MISSED:.0%} of the difference of scores"] if wrong else []


def caption(result: Steps) -> str:
    said = "What each step counts for one output; below, what is left of it as steps are set to zero."
    return " ".join([said, *(f"{note[0].upper()}{note[1:]}." for note in notes(result))])


def show(result: Steps, site: Site) -> None:
    """Outputs of one sequence that were explained in one way share a page."""
    assert result.provenance is not None
    read_by = (fingerprint(result), *(str(d["sha256"]) for d in result.provenance.data))
    group = site.section(SequencePages).groups.setdefault((*read_by, result.how, len(result.values)), [])
    group.append(result)
    if len(group) == 1:
        show_figure(group, site, lambda ones: _figure(group, ones))


def _figure(results: Sequence[Steps], ones: Sequence[ReadSequence]) -> Made:
    first, word = results[0], ones[0].word if ones else str
    # The same output may be asked for alone and with every other: then the one with its features and control is kept.
    rows = [row for r in results for row in _outputs(r)]
    rows.sort(key=lambda r: (r.features is not None, r.control is not None))
    told = {(r.step, r.target): r for r in rows}
    rows = [told[k] for k in sorted(told)]
    shown = StepsView(
        how=first.how, read=read(ones, len(first.values), first.text), made=[key(r) for r in rows],
        outputs=[r.step for r in rows], targets=[word(r.target) for r in rows], scores=[r.score for r in rows],
        gaps=plain([r.gap for r in rows]), controls=plain([r.control for r in rows]),
        values=floats([r.values for r in rows]), deletion=floats([r.deletion for r in rows]),
        random=floats([r.random for r in rows]),
        features=[None if r.features is None else floats(r.features) for r in rows],
    )  # fmt: skip
    return shown, {"outputs": len(rows)} if len(rows) > 1 else {"score": first.score}


def _outputs(result: Steps) -> list[Steps]:
    """A result for each output that a result is about, its own first; features only where they are few."""
    few = result.features is not None and 1 < result.features.shape[1] <= FEATURES
    alone = replace(result, features=None, control=None, every=None)
    every = {n: v for n, v in (result.every or {}).items() if n in vars(alone)}
    others = [replace(alone, **{n: v[k] for n, v in every.items()}) for k in range(len(every.get("target", ())))]
    return [result if few else replace(result, features=None), *others]


KIND = register(
    Kind(
        Steps,
        caption=caption,
        lines=lines,
        draw=draw,
        size=(9, 4),
        show=show,
        pages=PAGES,
        scopes=scopes,
    )
)
