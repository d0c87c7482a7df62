"""Which cells are on at which step, eight steps to a byte, so that a million steps are searched at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bits:
    """on: (S, ceil(T / 8)) uint8, one row a cell, most significant bit first: a search reads only its cells.

    starts: (N + 1,) where each sequence begins, and the end.
    """

    on: np.ndarray
    starts: np.ndarray

    @property
    def steps(self) -> int:
        return int(self.starts[-1])

    @classmethod
    def of(cls, states: np.ndarray, thresholds: np.ndarray, signs: np.ndarray, lengths: Sequence[int]) -> Bits:
        """states: (T, S) of all sequences in a row. A cell is on above its threshold, with sign -1 below it."""
        on = np.empty((states.shape[1], (len(states) + 7) // 8), dtype=np.uint8)
        for cell in range(states.shape[1]):
            values = states[:, cell]
            on[cell] = np.packbits(values > thresholds[cell] if signs[cell] > 0 else values < thresholds[cell])
        return cls(on, np.concatenate([[0], np.cumsum(lengths)]))

    def together(self, cells: Sequence[int], least: int | None = None) -> np.ndarray:
        """(T,) bool: where at least `least` of the cells are on, all of them where it is None."""
        rows = self.on[list(cells)]
        if least is None or least >= len(rows):
            return np.unpackbits(np.bitwise_and.reduce(rows, 0), count=self.steps).view(bool)
        return self.count(cells) >= least

    def count(self, cells: Sequence[int]) -> np.ndarray:
        """(T,) how many of the cells are on."""
        total = np.zeros(self.steps, dtype=np.uint16)
        for row in self.on[list(cells)]:
            total += np.unpackbits(row, count=self.steps)
        return total

    def runs(self, on: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Starts and stops of the runs of True in (T,), never across a sequence's boundary."""
        before = np.empty_like(on)
        before[0], before[1:] = False, on[:-1]
        before[self.starts[:-1]] = False
        after = np.empty_like(on)
        after[-1], after[:-1] = False, on[1:]
        after[self.starts[1:] - 1] = False
        return np.flatnonzero(on & ~before), np.flatnonzero(on & ~after) + 1

    def sequence_of(self, steps: np.ndarray) -> np.ndarray:
        """Which sequence each step belongs to."""
        return np.searchsorted(self.starts, steps, side="right") - 1


def overlap(bits: Bits, cells: Sequence[int], starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """(M, S) bool: for each run, which of all `cells` are on through the whole of it."""
    made = np.empty((len(starts), len(cells)), dtype=bool)
    for k, cell in enumerate(cells):
        sums = np.concatenate([[0], np.cumsum(np.unpackbits(bits.on[cell], count=bits.steps), dtype=np.int64)])
        made[:, k] = sums[stops] - sums[starts] == stops - starts
    return made
