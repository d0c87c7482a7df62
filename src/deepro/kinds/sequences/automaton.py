"""A finite automaton that imitates a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.sequences.figure import FigureView, Made, figure_kind
from deepro.kinds.sequences.page import ReadSequence
from deepro.render import canvas, colour
from deepro.render.pack import view
from deepro.results import Result

_STATES = 60  # drawn
_LETTERS = 6  # at an arrow


@dataclass(frozen=True, eq=False, kw_only=True)
class Automaton(Result):
    """A deterministic finite automaton that imitates a network.

    alphabet: its A letters. transitions: (S, A) next state; state 0 begins. accepting: (S,) bool. fidelity, balanced,
    baseline: agreement on `words` new random sequences, its mean over accepted and rejected ones, and that of the
    commoner answer. counterexamples: sequences on which they differ, shortest first. queries: sequences the network was
    asked; complete: whether the last guess stood.
    """

    kind = "automaton"
    alphabet: tuple[str, ...]
    transitions: np.ndarray
    accepting: np.ndarray
    fidelity: float
    balanced: float
    baseline: float
    words: int
    counterexamples: tuple[tuple[str, ...], ...]
    queries: int
    complete: bool


class AutomatonView(FigureView):
    """transitions: of each state, the next for each letter; state 0 begins."""

    kind: Literal["automaton"] = "automaton"
    alphabet: list[str]
    transitions: list[list[int]]
    accepting: list[bool]
    fidelity: float
    balanced: float | None
    baseline: float
    words: int
    counterexamples: list[list[str]]
    queries: int
    complete: bool


def draw(made: Any, result: Automaton) -> None:
    """States on a circle, accepting ones double; an arrow for each pair of states, with its letters."""
    axis = made.subplots()
    axis.axis("off")
    axis.set_aspect("equal")
    count = len(result.accepting)
    angle = np.pi / 2 - 2 * np.pi * np.arange(count) / max(1, count)
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * (1 if count > 1 else 0)
    radius = min(0.16, 1.6 / max(4, count))
    centred = {"ha": "center", "va": "center"}
    arrow = {
        "arrowstyle": "-|>", "connectionstyle": "arc3,rad=0.18", "color": colour.QUIET, "shrinkA": radius * 130,
        "shrinkB": radius * 130,
    }  # fmt: skip
    for n, (x, y) in enumerate(points[:_STATES]):
        for ring in (radius, radius * 0.8)[: 1 + int(result.accepting[n])]:
            axis.add_patch(_circle((x, y), ring))
        axis.text(x, y, str(n), fontsize=8, **centred)
        for target in sorted(set(result.transitions[n].tolist())):
            letters = [a for a, to in zip(result.alphabet, result.transitions[n], strict=True) if to == target]
            label = " ".join(map(canvas.sign, letters[:_LETTERS])) + (" …" if len(letters) > _LETTERS else "")
            if target == n:
                out = points[n] / max(1e-9, float(np.hypot(*points[n]))) if count > 1 else np.array([0.0, 1.0])
                axis.text(*(points[n] + out * (radius + 0.09)), f"↻ {label}", fontsize=7, **centred)
                continue
            axis.annotate("", points[target], points[n], arrowprops=arrow)
            middle, along = (points[n] + points[target]) / 2, points[target] - points[n]
            axis.text(*(middle + np.array([along[1], -along[0]]) * 0.14), label, fontsize=7, **centred)
    axis.set_xlim(-1.5, 1.5)
    axis.set_ylim(-1.45, 1.45)
    axis.set_title(
        f"{count} states; agrees with the network on {result.fidelity:.1%} of {result.words} new sequences (balanced "
        f"{result.balanced:.1%}, the commoner answer {result.baseline:.1%}); "
        f"{len(result.counterexamples)} counterexamples kept",
        fontsize=8,
    )


def _circle(place: tuple[float, float], radius: float) -> Any:
    from matplotlib.patches import Circle

    return Circle(place, radius, fill=False, edgecolor=colour.ACCENT, linewidth=1.2)


def figure(result: Automaton, _ones: Sequence[ReadSequence]) -> Made:
    facts = {"states": len(result.accepting), "fidelity": result.fidelity, "baseline": result.baseline}
    return view(AutomatonView, result), facts


KIND = figure_kind(
    Automaton,
    "What L* learned by asking the network: double circles accept, state 0 begins.",
    figure,
    draw=draw,
    size=(7, 6.6),
)
