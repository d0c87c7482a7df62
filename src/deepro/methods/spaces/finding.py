"""Finds in a layer's space: outliers, near duplicates, clusters and what marks them; label errors: doubting.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces.leaving_out import LeftOut
from deepro.methods.spaces.neighbours import Finder, Metric, Neighbours


def outliers(codes: np.ndarray, k: int = 20) -> np.ndarray:
    """(N,) how far out each code (N, D) is: 0 for the usual one, 1 a spread further.

    The largest of four: the length, and in codes of unit length the mean distance to the `k` nearest others, the
    distance from the mean, and the distance from what the others' directions explain. What the network cannot read
    (noise, a flat grey) has a crowd of faint codes nearby: distances between the codes as they are miss it.
    """
    probe = LeftOut(codes)
    near = Finder(np.ascontiguousarray(codes), "cosine").of_all(min(k, len(codes) - 1))
    measures = np.stack([near.distances.clip(0).mean(1), probe.from_mean(), probe.unexplained(), probe.lengths])
    # Not below what single precision tells apart: logarithms of zeros would drown the rest.
    apart = np.log(np.maximum(measures, 1e-6 * np.median(measures, 1, keepdims=True) + 1e-30))
    apart -= np.median(apart, 1, keepdims=True)
    spread = np.median(np.abs(apart), 1, keepdims=True)
    apart = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0)
    apart[-1] = np.abs(apart[-1]) - 1  # a length is odd on either side; the usual distance from the median counts as 0
    return apart.max(0)


@dataclass(frozen=True)
class Duplicates:
    """pairs: (P, 2) indices, the nearer first. distances: (P,). groups: sets of two or more that hang together.
    within: the distance below which a pair counts."""

    pairs: np.ndarray
    distances: np.ndarray
    groups: tuple[tuple[int, ...], ...]
    within: float


def unusually_near(neighbours: Neighbours) -> float:
    """The distance below which two codes are nearer than chance would have them; 0 where nothing is spread.

    The smaller of two. By the distances to the nearest other, their logarithms taken as normal: not one in twenty such
    sets has a pair below. Their spread is that of the half above the median, which copies do not reach, and then,
    without what lies below the threshold so found, that of the wider half. By the dimension of the space, for points
    spread evenly (Levina & Bickel 2004, the median over points): one point of the set is expected below.
    """
    from scipy.stats import norm

    distances = neighbours.distances.astype(np.float64)
    apart = np.log(distances[distances[:, 0] > 0, 0])
    if len(apart) < 4:
        return 0.0

    def threshold(apart: np.ndarray, wider: bool) -> float:
        low, middle, high = np.quantile(apart, [0.25, 0.5, 0.75])
        half = max(high - middle, middle - low) if wider else high - middle
        return float(middle - norm.isf(0.05 / len(distances)) / norm.isf(0.25) * half) if half > 0 else -np.inf

    found = threshold(apart[apart > threshold(apart, False)], True)
    if distances.shape[1] > 2:
        near = distances[distances[:, 0] > 0]
        growth = float(np.median(np.log(near[:, -1:] / near[:, :-1]).sum(1) / (near.shape[1] - 2)))  # 1 / dimension
        found = min(found, float(np.median(apart)) - growth * np.log(len(distances) * np.log(2)))
    return float(np.exp(found))


def either_way(codes: np.ndarray, mirrored: np.ndarray, metric: Metric, k: int) -> Neighbours:
    """The `k` nearest others of each picture, where a picture and its mirror image are the same.

    codes, mirrored: (N, D) of the pictures and of their mirror images. Two pictures are as far apart as both of one and
    both of the other, in the nearer of the two orders.
    """
    n = len(codes)
    both = np.concatenate([codes, mirrored], 1) / np.float32(2**0.5 if metric == "euclidean" else 1)
    finder = Finder(both, metric)
    same, turned = finder.of_all(k), finder.of(np.roll(both, codes.shape[1], 1), k + 1)
    indices = np.concatenate([same.indices, turned.indices], 1)
    distances = np.concatenate([same.distances, turned.distances], 1)
    rows = np.arange(n)[:, None]
    # One's own mirror image is no other, and who is near both ways counts once, where it is nearer.
    order = np.lexsort((distances, indices), axis=1)
    sorted_ = np.take_along_axis(indices, order, 1)
    again = np.zeros(indices.shape, bool)
    np.put_along_axis(again, order[:, 1:], sorted_[:, 1:] == sorted_[:, :-1], 1)
    distances = np.where((indices == rows) | again, np.inf, distances)
    first = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return Neighbours(np.take_along_axis(indices, first, 1), np.take_along_axis(distances, first, 1))


def near_duplicates(neighbours: Neighbours, within: float | None = None) -> Duplicates:
    """Pairs of codes nearer than `within`; by default nearer than chance would have them, see `unusually_near`.

    Of points with more copies than neighbours were asked for, not every pair is listed; the groups are whole all the
    same where the copies know each other through others.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if within is None:
        within = unusually_near(neighbours)
    if within < 0:
        raise UsageError(f"within is {within}, expected a distance of 0 or more")
    rows, columns = np.nonzero(neighbours.distances <= within)
    others, distances = neighbours.indices[rows, columns], neighbours.distances[rows, columns]
    pairs = np.sort(np.stack([rows, others], 1), axis=1)
    pairs, first = np.unique(pairs.reshape(-1, 2), axis=0, return_index=True)
    distances = distances[first]
    order = np.argsort(distances, kind="stable")
    n = len(neighbours.indices)
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (n, n))
    _, group = connected_components(graph, directed=False)
    members = [tuple(np.nonzero(group == g)[0].tolist()) for g in np.unique(group[pairs.ravel()])]
    return Duplicates(pairs[order], distances[order], tuple(sorted(members, key=lambda m: (-len(m), m))), within)


@dataclass(frozen=True)
class Cluster:
    """members: indices. label_shares: label -> share of the members that have it, largest first. units: (index in the
    code, how many standard deviations above the rest's mean), strongest first."""

    members: np.ndarray
    label_shares: dict[int, float]
    units: tuple[tuple[int, float], ...]


def clusters(
    codes: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    smallest: int = 10,
    units: int = 5,
    metric: Metric = "euclidean",
) -> tuple[Cluster, ...]:
    """Dense groups of codes (N, D), largest first, each with the labels and units that mark it; the rest is in none.

    HDBSCAN on the codes themselves, not on a map of them: a map makes clusters of its own. smallest: members a cluster
    must have. Campello, Moulavi & Sander 2013, 10.1007/978-3-642-37456-2_14.
    """
    from sklearn.cluster import HDBSCAN

    if not 2 <= smallest <= len(codes):
        raise UsageError(f"clusters of at least {smallest} among {len(codes)} points: expected 2 to {len(codes)}")
    x = np.asarray(codes, dtype=np.float64)
    if metric == "cosine":
        x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-30)
    group = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(x)  # type: ignore[arg-type]
    found = []
    for g in range(group.max() + 1):
        inside = group == g
        rest = codes[~inside] if (~inside).any() else codes
        spread = np.sqrt((codes[inside].var(0, dtype=np.float64) + rest.var(0, dtype=np.float64)) / 2)
        gap = codes[inside].mean(0, dtype=np.float64) - rest.mean(0, dtype=np.float64)
        effect = np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)
        strongest = np.argsort(-effect, kind="stable")[:units]
        shares: dict[int, float] = {}
        if labels is not None:
            values, counts = np.unique(np.asarray(labels)[inside], return_counts=True)
            shares = {int(values[i]): float(counts[i] / inside.sum()) for i in np.argsort(-counts, kind="stable")}
        found.append(Cluster(np.nonzero(inside)[0], shares, tuple((int(u), float(effect[u])) for u in strongest)))
    return tuple(sorted(found, key=lambda c: -len(c.members)))


def nearest_examples(
    codes: np.ndarray, ids: Sequence[str], query: np.ndarray, k: int = 10, metric: Metric = "euclidean"
) -> list[tuple[str, float]]:
    """(id, distance) of the `k` codes nearest to one code (D,), nearest first, exact."""
    if len(ids) != len(codes):
        raise ShapeError(f"{len(ids)} ids for {len(codes)} codes")
    near = Finder(codes, metric).of(query, min(k, len(codes)))
    return [(str(ids[i]), float(d)) for i, d in zip(near.indices[0], near.distances[0], strict=True)]
