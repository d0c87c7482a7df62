"""Minimum cut by trying every labelling. For pictures of a dozen pixels."""

from __future__ import annotations

import itertools
import math

import numpy as np


def edge(one: np.ndarray, other: np.ndarray, distance: float, strength: float, mean: float) -> float:
    """Weight between two neighbours."""
    square = float(((one - other) ** 2).sum())
    return strength / distance * math.exp(-square / (2 * mean) if mean > 0 else -square)


def neighbours(height: int, width: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Every pair of pixels that touch, corners included, once."""
    pixels = list(itertools.product(range(height), range(width)))
    return [(a, b) for a, b in itertools.combinations(pixels, 2) if max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1]


def energy(mask: np.ndarray, costs: np.ndarray, colours: np.ndarray, strength: float) -> float:
    """Sum of the chosen costs and of the cut pairs' weights, pixel by pixel."""
    pairs = neighbours(*mask.shape)
    squares = [float(((colours[a] - colours[b]) ** 2).sum()) for a, b in pairs]
    mean = sum(squares) / len(squares) if squares else 0.0
    total = sum(float(costs[p][int(mask[p])]) for p in np.ndindex(mask.shape))
    for a, b in pairs:
        if mask[a] != mask[b]:
            total += edge(colours[a], colours[b], math.dist(a, b), strength, mean)
    return total


def least(costs: np.ndarray, colours: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
    """(least energy, its labelling) over all 2^(H W) labellings."""
    shape = costs.shape[:2]
    best = (math.inf, np.zeros(shape, bool))
    for bits in itertools.product((False, True), repeat=shape[0] * shape[1]):
        mask = np.array(bits).reshape(shape)
        found = energy(mask, costs, colours, strength)
        if found < best[0]:
            best = (found, mask)
    return best
