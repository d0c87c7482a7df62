"""New points on a map whose old points stay where they are."""

from __future__ import annotations

import numpy as np

from deepro.errors import ShapeError
from deepro.methods.spaces.neighbours import Finder, Metric, Neighbours

NEAREST = 10


def place(
    values: np.ndarray,
    codes: np.ndarray,
    new: np.ndarray,
    *,
    metric: Metric = "euclidean",
    nearest: int = NEAREST,
    neighbours: Neighbours | None = None,
) -> np.ndarray:
    """Positions (M, d) of new codes (M, D) on a map (N, d) of codes (N, D).

    Each point goes to the geometric median of its nearest old points, weighted by 1 / distance^2. A point that equals
    an old one lands on it, and so does one much nearer to it than to all others. Points are placed one by one: the
    answer does not depend on who else is placed. neighbours: of the new codes among the old, where they are known.
    """
    if len(values) != len(codes):
        raise ShapeError(f"a map of {len(values)} points for {len(codes)} codes")
    nearest = min(nearest, len(codes))
    if neighbours is None:
        neighbours = Finder(codes, metric).of(new, nearest)
    near = neighbours.first(nearest)
    points = np.asarray(values, dtype=np.float64)[near.indices]
    distances = near.distances.astype(np.float64)
    scale = np.maximum(distances[:, -1:], 1e-30)
    weights = 1 / np.maximum(distances / scale, 1e-6) ** 2
    return _geometric_median(points, weights)


def _geometric_median(points: np.ndarray, weights: np.ndarray, steps: int = 100) -> np.ndarray:
    """(M, d) the point with the least weighted sum of distances to points (M, k, d). Weiszfeld 1937, with the test of
    Vardi & Zhang 2000, 10.1073/pnas.97.4.1423, for a minimum that lies on one of the points."""
    found = (weights[..., None] * points).sum(1) / weights.sum(1, keepdims=True)
    left = np.arange(len(points))  # those that still move; each stops by itself, whoever else is placed
    for _ in range(steps):
        apart = np.linalg.norm(points[left] - found[left, None], axis=2)
        pull = weights[left] / np.maximum(apart, 1e-12)
        moved = (pull[..., None] * points[left]).sum(1) / pull.sum(1, keepdims=True)
        still = np.abs(moved - found[left]).max(1) > 1e-9 * (1 + np.abs(moved).max(1))
        found[left] = moved
        left = left[still]
        if not len(left):
            break
    # The minimum is at point j where all others together pull less than j's own weight.
    ahead = points[:, None] - points[:, :, None]  # (M, j, i, d)
    length = np.linalg.norm(ahead, axis=3)
    away = length > 0
    unit = np.divide(ahead, length[..., None], out=np.zeros_like(ahead), where=away[..., None])
    pull = np.linalg.norm((unit * weights[:, None, :, None]).sum(2), axis=2)
    own = (weights[:, None, :] * ~away).sum(2)
    on = pull <= own
    rows = np.nonzero(on.any(1))[0]
    found[rows] = points[rows, on[rows].argmax(1)]
    return found
