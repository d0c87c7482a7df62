"""States packed to bytes, each unit on a scale of its own, and the order in which units lie near their like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SHARES = ("i", "f", "o", "r", "z")  # gates between 0 and 1
_SORTED = 2048  # more units than these are ordered by their first principal component


@dataclass
class Packed:
    """What is shown of U units of one layer, direction and state over T steps.

    units: (U,) uint16, their numbers. high: (U,) float32, the value that the largest byte of each stands for. share:
    whether they are gates between 0 and 1. values: (U, T) uint8. similar: (U,) uint16, rows in an order in which like
    ones are near. half_lives: (U,) in steps, None where they are not known. whole: whether every unit is there.
    """

    units: np.ndarray
    high: np.ndarray
    share: bool
    values: np.ndarray
    similar: np.ndarray
    half_lives: np.ndarray | None
    whole: bool


def packed(
    parts: Sequence[np.ndarray], state: str, half_lives: np.ndarray | None = None, units: Sequence[int] | None = None
) -> list[Packed]:
    """(T, U) of each sequence as bytes on one scale a unit. state: h, c or a gate. units: None for all of the layer."""
    share = state in SHARES
    joined = np.concatenate(parts).astype(np.float32)
    high = np.ones(joined.shape[1], np.float32) if share else np.maximum(np.abs(joined).max(0), 1e-12)
    order = similar(joined).astype(np.uint16)
    numbers = np.asarray(range(joined.shape[1]) if units is None else units, np.uint16)
    made = []
    for part in parts:
        scaled = part.astype(np.float32) / high
        whole = np.clip(np.rint(255 * scaled if share else 128 + 127 * scaled), 0, 255).astype(np.uint8)
        rows = np.ascontiguousarray(whole.T)
        made.append(Packed(numbers, high, share, rows, order, half_lives, units is None))
    return made


def similar(joined: np.ndarray) -> np.ndarray:
    """Rows so ordered that units which go together lie together (average linkage of 1 - r)."""
    steps, units = joined.shape
    if units < 3 or steps < 3:
        return np.arange(units)
    some = joined[:: max(1, steps // 4000)]
    centred = some - some.mean(0)
    centred /= np.maximum(np.linalg.norm(centred, axis=0), 1e-12)
    if units > _SORTED:
        return np.argsort(np.linalg.svd(centred, full_matrices=False)[2][0], kind="stable")
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distance = np.clip(1 - centred.T @ centred, 0, 2).astype(np.float64)
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform((distance + distance.T) / 2, checks=False), "average"))
