"""Ridge regression on codes of unit length, each example left out in turn, from one decomposition of all."""

from __future__ import annotations

import numpy as np

_PENALTIES = np.geomspace(1e-4, 1e2, 13)  # in squared distances from the mean, averaged over examples


class LeftOut:
    """What the others say of each of N codes (N, D). The decomposition is made once, what is asked may change."""

    def __init__(self, codes: np.ndarray) -> None:
        x = codes.astype(np.float64)
        self.lengths = np.linalg.norm(x, axis=1)
        x /= np.maximum(self.lengths, 1e-30)[:, None]
        x -= x.mean(0)
        wide = x.shape[1] >= len(x)
        powers, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
        keep = powers > 1e-12 * max(float(powers[-1]), 1e-30)
        self.powers = powers[keep]
        self.basis = vectors[:, keep] if wide else x @ vectors[:, keep] / np.sqrt(self.powers)
        self.usual = max(float(self.powers.sum()) / len(x), 1e-30)

    def answers(self, target: np.ndarray) -> np.ndarray:
        """(N, K) the others' answer to each example, by the penalty whose answers are nearest to `target` (N, K)."""
        mean, squares = target.mean(0), self.basis**2
        projected = self.basis.T @ target
        best, kept = np.inf, target
        for penalty in _PENALTIES * self.usual:
            share = self.powers / (self.powers + penalty)
            own = squares @ share + 1 / len(target)
            missed = (target - mean - self.basis @ (share[:, None] * projected)) / np.maximum(1 - own, 1e-9)[:, None]
            error = float(np.square(missed).sum())
            if error < best:
                best, kept = error, target - missed
        return kept

    def from_mean(self) -> np.ndarray:
        """(N,) squared distance of each code from the mean."""
        return self.basis**2 @ self.powers

    def unexplained(self) -> np.ndarray:
        """(N,) squared distance of each code from what the others' directions say of it."""
        share = self.powers / (self.powers + self.usual)
        return (self.basis * (1 - share)) ** 2 @ self.powers / np.maximum(1 - self.basis**2 @ share, 1e-9) ** 2
