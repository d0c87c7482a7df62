"""Integrals of a gradient along a straight way, cut finer only where they do not add up.

What a piece of the way adds to a score is known: the score at its end less the score at its beginning. So each piece
says what its own sum misses, and a piece that misses little is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from deepro.kinds.sequences.steps import MISSED

HALVED = "times that pieces of the way are halved where the values do not add up within 5 %"


@dataclass(frozen=True, eq=False)
class Piece:
    """Example `index` from `start` to `end`, of 0 to 1. values: the integral over the piece. missed: values' sum less
    what the score gains on it."""

    index: int
    start: float
    end: float
    values: Any
    missed: float


Make = Callable[[list[tuple[int, float, float]]], Iterable[Piece]]


def adds_up(missed: float, rise: float) -> bool:
    """Whether what a sum misses is no more than `MISSED` of the difference of scores."""
    return abs(missed) <= MISSED * abs(rise)


def integrate(make: Make, rises: Sequence[float], doublings: int) -> list[list[Piece]]:
    """For each example the pieces of its way, whose scores rise by `rises` in all.

    Where they do not add up, the pieces that miss more than their share are halved, and each half is made anew; at most
    `doublings` times.
    """
    pieces = list(make([(i, 0.0, 1.0) for i in range(len(rises))]))
    for _ in range(doublings):
        missed = [sum(p.missed for p in pieces if p.index == i) for i in range(len(rises))]
        wrong = [
            p for p in pieces
            if not adds_up(missed[p.index], rises[p.index])
            and not adds_up(p.missed, rises[p.index] * (p.end - p.start))
        ]  # fmt: skip
        if not wrong:
            break
        halves = [(p.index, p.start, (p.start + p.end) / 2) for p in wrong]
        halves += [(p.index, (p.start + p.end) / 2, p.end) for p in wrong]
        kept = [p for p in pieces if p not in wrong]
        pieces = sorted([*kept, *make(halves)], key=lambda p: p.start)
    return [[p for p in pieces if p.index == i] for i in range(len(rises))]
