"""Spaces written out point by point, straight from the definitions: slow, in float64, without our own code."""

from __future__ import annotations

import itertools
import math

import numpy as np


def distances(a: np.ndarray, b: np.ndarray, metric: str = "euclidean") -> np.ndarray:
    """(N, M) between every two."""
    out = np.zeros((len(a), len(b)))
    for i, x in enumerate(a.astype(np.float64)):
        for j, y in enumerate(b.astype(np.float64)):
            if metric == "cosine":
                out[i, j] = 1 - float(x @ y) / (math.sqrt(float(x @ x)) * math.sqrt(float(y @ y)))
            else:
                out[i, j] = math.sqrt(float(((x - y) ** 2).sum()))
    return out


def ranked(table: np.ndarray) -> list[list[int]]:
    """For each row of a square table of distances all others, nearest first, equal ones by index."""
    return [[j for j in np.argsort(row, kind="stable").tolist() if j != i] for i, row in enumerate(table)]


def neighbours_kept(codes: np.ndarray, values: np.ndarray, k: int) -> np.ndarray:
    """(N,) share of the k nearest that are among the k nearest on the map."""
    a, b = ranked(distances(codes, codes)), ranked(distances(values, values))
    return np.array([len(set(x[:k]) & set(y[:k])) / k for x, y in zip(a, b, strict=True)])


def trustworthiness(codes: np.ndarray, values: np.ndarray, k: int) -> float:
    """Venna & Kaski 2001: 1 - 2 / (n k (2n - 3k - 1)) * ranks of the map's strangers in the codes beyond k."""
    n = len(codes)
    a, b = ranked(distances(codes, codes)), ranked(distances(values, values))
    total = 0
    for in_codes, on_map in zip(a, b, strict=True):
        for stranger in set(on_map[:k]) - set(in_codes[:k]):
            total += in_codes.index(stranger) + 1 - k
    return 1 - 2 * total / (n * k * (2 * n - 3 * k - 1))


def distance_correlation(codes: np.ndarray, values: np.ndarray) -> float:
    """Spearman's, with mean ranks for ties."""
    pairs = list(itertools.combinations(range(len(codes)), 2))
    a, b = distances(codes, codes), distances(values, values)

    def ranks(numbers: list[float]) -> np.ndarray:
        return np.array([sum(x < y for x in numbers) + (sum(x == y for x in numbers) - 1) / 2 for y in numbers])

    return float(np.corrcoef(ranks([a[p] for p in pairs]), ranks([b[p] for p in pairs]))[0, 1])


def linear_cka(a: np.ndarray, b: np.ndarray) -> float:
    """HSIC with the centring matrix, as Kornblith et al. 2019 write it."""
    n = len(a)
    h = np.eye(n) - np.ones((n, n)) / n
    k, m = a.astype(np.float64) @ a.T.astype(np.float64), b.astype(np.float64) @ b.T.astype(np.float64)
    hsic = lambda x, y: np.trace(x @ h @ y @ h)  # noqa: E731
    return float(hsic(k, m) / math.sqrt(hsic(k, k) * hsic(m, m)))


def unbiased_cka(a: np.ndarray, b: np.ndarray) -> float:
    """Song et al. 2012, equation 5, entry by entry."""
    n = len(a)

    def hsic(x: np.ndarray, y: np.ndarray) -> float:
        k, m = x.astype(np.float64) @ x.T.astype(np.float64), y.astype(np.float64) @ y.T.astype(np.float64)
        np.fill_diagonal(k, 0)
        np.fill_diagonal(m, 0)
        one = np.ones(n)
        first = np.trace(k @ m)
        second = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
        third = 2 * (one @ k @ m @ one) / (n - 2)
        return float((first + second - third) / (n * (n - 3)))

    return hsic(a, b) / math.sqrt(hsic(a, a) * hsic(b, b))


def best_assignment(points: np.ndarray, places: np.ndarray) -> float:
    """The least sum of squares over every way to give each point a place of its own."""
    table = distances(points, places) ** 2
    n = len(points)
    return min(sum(table[i, p] for i, p in enumerate(way)) for way in itertools.permutations(range(len(places)), n))


def left_out(x: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """(N, K) what ridge regression, its offset unpenalised, answers to each example when made without it."""
    out = np.zeros_like(target)
    for i in range(len(x)):
        others = np.arange(len(x)) != i
        mean, offset = x[others].mean(0), target[others].mean(0)
        a = x[others] - mean
        weights = np.linalg.solve(a.T @ a + penalty * np.eye(x.shape[1]), a.T @ (target[others] - offset))
        out[i] = offset + (x[i] - mean) @ weights
    return out


def two_nn(distances: np.ndarray, discard: float = 0.1) -> float:
    """Intrinsic dimension of Facco et al. 2017: the slope through the origin of the smallest ratios' distribution."""
    ratios = sorted(float(b) / float(a) for a, b in distances[:, :2])
    n = len(ratios)
    x = [np.log(mu) for mu in ratios[: int(n * (1 - discard))]]
    y = [-np.log(1 - (i + 1) / n) for i in range(len(x))]
    return sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)
