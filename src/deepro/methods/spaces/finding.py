"""Finds in a layer's space: outliers, near duplicates, likely label errors, clusters and what marks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces.neighbours import Finder, Metric, Neighbours
from deepro.methods.spaces.probing import check_labels


def outliers(neighbours: Neighbours) -> np.ndarray:
    """(N,) local outlier factor: how much sparser each point's surroundings are than its neighbours', about 1 inside.

    Breunig et al. 2000, 10.1145/342009.335388.
    """
    distances = neighbours.distances.astype(np.float64)
    reach = np.maximum(distances, distances[neighbours.indices, -1])
    density = 1 / (reach.mean(1) + 1e-10)
    return density[neighbours.indices].mean(1) / density


@dataclass(frozen=True)
class Duplicates:
    """pairs: (P, 2) indices, the nearer first. distances: (P,). groups: sets of two or more that hang together."""

    pairs: np.ndarray
    distances: np.ndarray
    groups: tuple[tuple[int, ...], ...]


def near_duplicates(neighbours: Neighbours, within: float | None = None) -> Duplicates:
    """Pairs of codes nearer than `within`; by default a tenth of the median distance to the nearest neighbour.

    Of points with more copies than neighbours were asked for, not every pair is listed; the groups are whole all the
    same where the copies know each other through others.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if within is None:
        within = 0.1 * float(np.median(neighbours.distances[:, 0]))
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
    return Duplicates(pairs[order], distances[order], tuple(sorted(members, key=lambda m: (-len(m), m))))


@dataclass(frozen=True)
class Suspects:
    """Likely label errors, the likeliest first. suspects: (S,) indices. given, likely: (S,) labels. trust: (S,) share
    of the neighbourhood that speaks for the given label."""

    suspects: np.ndarray
    given: np.ndarray
    likely: np.ndarray
    trust: np.ndarray


def label_errors(neighbours: Neighbours, labels: np.ndarray, k: int = 15) -> Suspects:
    """Examples whose surroundings speak against their label, by confident learning on the votes of the neighbours.

    Each example's class probabilities are the shares of its `k` nearest others, itself left out. A class counts where
    its share reaches the mean share among examples with that label; an example is suspected where another class does
    and exceeds its own. Northcutt, Jiang & Chuang 2021, arXiv 1911.00068.
    """
    labels = np.asarray(labels)
    known = check_labels(labels, len(neighbours.indices))
    classes, place = np.unique(labels[known], return_inverse=True)
    at = np.full(len(labels), -1)
    at[known] = place
    votes = at[neighbours.indices[:, : min(k, neighbours.indices.shape[1])]]
    share = (
        np.stack([(votes == c).sum(1) for c in range(len(classes))], 1) / np.maximum((votes >= 0).sum(1), 1)[:, None]
    )
    threshold = np.array([share[at == c, c].mean() for c in range(len(classes))])
    over = np.where(share >= threshold, share, -1.0)
    likely = over.argmax(1)
    rows = np.arange(len(labels))
    own = share[rows, np.maximum(at, 0)]
    suspected = known & (over[rows, likely] >= 0) & (share[rows, likely] > own)
    indices = np.nonzero(suspected)[0]
    margin = share[indices, likely[indices]] - own[indices]
    order = indices[np.lexsort((indices, -margin))]
    return Suspects(order, labels[order], classes[likely[order]], own[order])


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
