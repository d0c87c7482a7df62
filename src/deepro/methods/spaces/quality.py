"""How far to trust a map: which neighbours, ranks and distances of the codes it kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces.neighbours import Finder, Metric, Neighbours

SIZES = (15, 50, 150)  # neighbourhoods that are looked at
_ROWS = 2000  # points whose ranks are counted; above, a seeded sample stands for all
_PAIRS = 50_000


@dataclass(frozen=True)
class Quality:
    """numbers: measure -> value in 0..1 (distance_correlation in -1..1), for example neighbours@15.

    per_point: (N,) share of each point's nearest neighbours that are its nearest on the map too (0..1), `size` of them.
    notes: what was measured on a sample, or could not be.
    """

    numbers: dict[str, float]
    per_point: np.ndarray
    size: int
    notes: tuple[str, ...] = field(default=())


def quality(
    codes: np.ndarray,
    values: np.ndarray,
    *,
    sizes: Sequence[int] = SIZES,
    metric: Metric = "euclidean",
    neighbours: Neighbours | None = None,
    seed: int = 0,
    rows: int = _ROWS,
) -> Quality:
    """Measure a map (N, d) against the codes (N, D) that it was made of.

    neighbours@k: mean share of the k nearest neighbours that are kept. trustworthiness@k and continuity@k: Venna &
    Kaski 2001, 10.1007/3-540-44668-0_68, 1 where no stranger came near and no neighbour went away.
    distance_correlation: Spearman's rank correlation of pairwise distances. neighbours: of the codes, where they are
    known already. rows: trustworthiness and continuity of larger sets are measured on so many points.
    Raises UsageError for fewer than 3 points.
    """
    n = len(codes)
    if len(values) != n:
        raise ShapeError(f"a map of {len(values)} points for {n} codes")
    if n < 3:
        raise UsageError(f"the quality of a map needs at least 3 points, got {n}")
    numbers: dict[str, float] = {}
    notes: list[str] = []
    usable = [k for k in sizes if 2 * k < n]
    if len(usable) < len(sizes):
        left = ", ".join(str(k) for k in sizes if k not in usable)
        notes.append(f"neighbourhoods of {left} were left out: they need more than twice as many points, here are {n}")
    size = usable[0] if usable else max(1, (n - 1) // 2)
    most = max([*usable, size])
    if neighbours is None or neighbours.indices.shape[1] < most:
        neighbours = Finder(np.ascontiguousarray(codes), metric).of_all(most)
    near_codes, near_map = neighbours.indices, map_neighbours(values, most).indices
    for k in usable:
        numbers[f"neighbours@{k}"] = float(kept(near_codes[:, :k], near_map[:, :k]).mean())
    per_point = kept(near_codes[:, :size], near_map[:, :size]).astype(np.float32)

    picked = np.arange(n)
    if n > rows:
        picked = np.sort(np.random.default_rng(seed).choice(n, rows, replace=False))
        notes.append(f"trustworthiness and continuity were measured on {rows} of {n} points")
    numbers |= _rank_measures(codes, values, near_codes, near_map, picked, usable, metric)
    numbers["distance_correlation"] = distance_correlation(codes, values, metric=metric, seed=seed)
    return Quality(numbers, per_point, size, tuple(notes))


def map_neighbours(values: np.ndarray, k: int) -> Neighbours:
    """The `k` nearest other points of each point on a map (N, d)."""
    values = np.asarray(values, dtype=np.float64)
    if values.shape[1] > 3:
        return Finder(values).of_all(k)
    from scipy.spatial import KDTree

    n = len(values)
    distances, indices = KDTree(values).query(values, k + 1)
    # A point comes first among its neighbours, unless others lie exactly on it: it is taken out wherever it is.
    indices = np.asarray(indices).reshape(n, k + 1)
    own = indices == np.arange(n)[:, None]
    own[~own.any(1), -1] = True
    return Neighbours(indices[~own].reshape(n, k), distances[~own].reshape(n, k).astype(np.float32))


def kept(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) share of each row of `a` (N, k) that is in the same row of `b`."""
    n, k = a.shape
    key = np.arange(n)[:, None] * max(int(a.max()), int(b.max()), n) + np.arange(n)[:, None]
    return np.isin(a + key, b + key, assume_unique=True).reshape(n, k).mean(1)


def _rank_measures(
    codes: np.ndarray,
    values: np.ndarray,
    near_codes: np.ndarray,
    near_map: np.ndarray,
    picked: np.ndarray,
    sizes: Sequence[int],
    metric: Metric,
) -> dict[str, float]:
    """Trustworthiness: how far away in the codes the map's neighbours are; continuity: the other way round."""
    if not sizes:
        return {}
    n, most = len(codes), max(sizes)
    strangers, lost = dict.fromkeys(sizes, 0.0), dict.fromkeys(sizes, 0.0)
    for rows in np.array_split(picked, max(1, len(picked) * n // 4_000_000)):
        in_codes = _ranks(codes, rows, near_map[rows, :most], metric)
        in_map = _ranks(values, rows, near_codes[rows, :most], "euclidean")
        for k in sizes:
            strangers[k] += np.maximum(in_codes[:, :k] - k, 0).sum()
            lost[k] += np.maximum(in_map[:, :k] - k, 0).sum()
    numbers = {}
    for k in sizes:
        worst = len(picked) * k * (2 * n - 3 * k - 1) / 2
        numbers[f"trustworthiness@{k}"] = float(1 - strangers[k] / worst)
        numbers[f"continuity@{k}"] = float(1 - lost[k] / worst)
    return numbers


def _ranks(points: np.ndarray, rows: np.ndarray, others: np.ndarray, metric: Metric) -> np.ndarray:
    """(rows, k) rank of `others` among all neighbours of each row, the nearest being 1. Ties share the better rank."""
    from scipy.spatial.distance import cdist

    asked = np.asarray(points[rows], dtype=np.float64)
    if points.shape[1] <= 3 or metric == "cosine":
        distances = cdist(asked, np.asarray(points, dtype=np.float64), metric)
    else:
        table = np.asarray(points, dtype=np.float64)
        centre = table.mean(0)
        table = table - centre
        asked = asked - centre
        distances = np.square(table).sum(1) - 2 * (asked @ table.T)
    distances[np.arange(len(rows)), rows] = -np.inf
    wanted = np.take_along_axis(distances, others, 1)
    distances.sort(axis=1)
    return np.stack([np.searchsorted(d, w) for d, w in zip(distances, wanted, strict=True)])


def distance_correlation(
    codes: np.ndarray, values: np.ndarray, *, metric: Metric = "euclidean", seed: int = 0, pairs: int = _PAIRS
) -> float:
    """Spearman's correlation of distances among codes and on the map: all pairs, or a seeded sample of `pairs`.

    0 where all distances are equal.
    """
    from scipy.stats import rankdata

    n = len(codes)
    if n * (n - 1) // 2 <= pairs:
        i, j = np.triu_indices(n, 1)
    else:
        rng = np.random.default_rng(seed)
        i = rng.integers(0, n, pairs)
        j = (i + rng.integers(1, n, pairs)) % n
    a = rankdata(_between(codes, i, j, metric))
    b = rankdata(_between(values, i, j, "euclidean"))
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else 0.0


def _between(points: np.ndarray, i: np.ndarray, j: np.ndarray, metric: Metric) -> np.ndarray:
    out = np.empty(len(i))
    for s in range(0, len(i), 8192):
        a, b = (np.asarray(points[k[s : s + 8192]], dtype=np.float64) for k in (i, j))
        if metric == "cosine":
            lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
            out[s : s + 8192] = 1 - (a * b).sum(1) / np.maximum(lengths, 1e-30)
        else:
            out[s : s + 8192] = np.linalg.norm(a - b, axis=1)
    return out


def agreement(first: np.ndarray, second: np.ndarray, k: int = 15) -> float:
    """Mean share of the `k` nearest points that two maps (N, d) of the same points have in common."""
    k = min(k, len(first) - 1)
    return float(kept(map_neighbours(first, k).indices, map_neighbours(second, k).indices).mean())
