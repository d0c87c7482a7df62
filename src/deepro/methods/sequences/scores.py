"""How well each unit alone tells a track: rank statistics for all units and tracks in one matrix product."""

from __future__ import annotations

from typing import Any

import numpy as np

_FEW = 1e-3


def ranks(values: np.ndarray) -> np.ndarray:
    """(T, U) -> (U, T) float32 ranks of each unit over time, ties averaged, scaled to -0.5..0.5 (mean zero)."""
    steps = values.shape[0]
    columns = np.ascontiguousarray(values.T)
    order = np.argsort(columns, axis=1)
    ordered = np.take_along_axis(columns, order, 1)
    place = np.broadcast_to(np.arange(1, steps + 1, dtype=np.float32), columns.shape)
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(1)
    if tied.any():
        place = place.copy()
        place[tied] = _average(ordered[tied])
    ranked = np.empty(columns.shape, dtype=np.float32)
    np.put_along_axis(ranked, order, place, 1)
    ranked -= (steps + 1) / 2
    ranked /= steps
    return ranked


class Ordered:
    """States sorted over time once, so that the ranks within any part of the steps need no other sort."""

    def __init__(self, states: np.ndarray) -> None:
        columns = np.ascontiguousarray(states.T)
        self.units = len(columns)
        self._order = np.argsort(columns, axis=1).astype(np.int32)
        self._values = np.take_along_axis(columns, self._order, 1)
        # Where fewer than one step in a thousand equals its neighbour, equal ones are left in the order they lie in.
        self._tied = (self._values[:, 1:] == self._values[:, :-1]).mean(1) > _FEW
        self._last: tuple[bytes, np.ndarray] | None = None

    def ranks(self, part: np.ndarray) -> np.ndarray:
        """`ranks` of the steps where `part` (T,) is True: (U, t). The last answer is kept."""
        key = np.packbits(part).tobytes()
        if self._last is None or self._last[0] != key:
            self._last = key, self._ranks(part)
        return self._last[1]

    def _ranks(self, part: np.ndarray) -> np.ndarray:
        steps = int(part.sum())
        inside = part[self._order]
        place = (np.cumsum(part) - 1)[self._order[inside]].reshape(self.units, steps)
        ranked = np.empty((self.units, steps), dtype=np.float32)
        np.put_along_axis(ranked, place, ((np.arange(1, steps + 1) - (steps + 1) / 2) / steps)[None], 1)
        for unit in np.flatnonzero(self._tied):
            average = _average(self._values[unit][inside[unit]][None])[0]
            ranked[unit, place[unit]] = (average - (steps + 1) / 2) / steps
        return ranked


def _average(ordered: np.ndarray) -> np.ndarray:
    """(U, T) ranks from 1 of sorted rows; equal values share the mean of their places."""
    units, steps = ordered.shape
    first = np.ones((units, steps), dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(first)
    sizes = np.diff(np.append(starts, units * steps))
    return np.repeat(starts % steps + (sizes + 1) / 2, sizes).reshape(units, steps)


def auc(ranked: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(U, K): the chance that a unit is higher at a step where the track is on than where it is off.

    ranked: (U, T) from `ranks`. labels: (T, K) bool. NaN for a track that is always on or always off.
    """
    steps = len(labels)
    on = labels.sum(0).astype(np.float64)
    off = steps - on
    total = (ranked @ labels.astype(np.float32)).astype(np.float64) * steps  # sum of centred ranks where on
    with np.errstate(divide="ignore", invalid="ignore"):
        return 0.5 + total / (on * off)


def spearman(ranked: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """(U, K) rank correlation of each unit with each track. numbers: (T, K). NaN where one of both never changes."""
    other = ranks(numbers)
    norms = np.linalg.norm(ranked, axis=1)[:, None] * np.linalg.norm(other, axis=1)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return (ranked @ other.T).astype(np.float64) / norms


def information(ranked: np.ndarray, classes: np.ndarray, bins: int = 16) -> np.ndarray:
    """(U, K) mutual information in nats between a unit, in `bins` equally full bins, and a track of whole numbers.

    classes: (T, K). Corrected for the bias of small counts after Miller and Madow.
    """
    units, steps = ranked.shape
    binned = np.clip(((ranked + 0.5) * bins).astype(np.int64), 0, bins - 1)
    found = np.zeros((units, classes.shape[1]))
    for k in range(classes.shape[1]):
        _, label = np.unique(classes[:, k], return_inverse=True)
        count = int(label.max()) + 1
        cells = (np.arange(units)[:, None] * bins + binned) * count + label[None]
        joint = np.bincount(cells.ravel(), minlength=units * bins * count).reshape(units, bins, count) / steps
        rows, columns = joint.sum(2, keepdims=True), joint.sum(1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(joint > 0, joint * np.log(joint / (rows * columns)), 0.0)
        filled = lambda a: (a > 0).sum((1, 2))  # noqa: E731
        bias = (filled(joint) - filled(rows) - filled(columns) + 1) / (2 * steps)
        found[:, k] = np.maximum(terms.sum((1, 2)) - bias, 0)
    return found


def strength(scores: Any, measure: str) -> Any:
    """Scores on one scale where more is better, whichever way the unit points: an AUC of 0.1 is as good as 0.9."""
    return np.abs(scores - 0.5) + 0.5 if measure == "auc" else np.abs(scores)


MEASURES = {"auc": auc, "rank": spearman, "information": information}
