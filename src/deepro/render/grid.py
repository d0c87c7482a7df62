"""Turns a map into a grid in which each point has its own cell; seams mark distances that the grid hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepro.errors import ShapeError, UsageError

_EXACT = 2500  # cells that one assignment takes; more are first cut into halves


@dataclass(frozen=True)
class Grid:
    """cells: (R, C) which point lies there, -1 for none. cost: mean squared way from the map, 1 wide, to the cells.

    seams_right: (R, C - 1) and seams_down: (R - 1, C) distance of the codes on both sides, NaN beside a hole.
    """

    cells: np.ndarray
    cost: float
    seams_right: np.ndarray
    seams_down: np.ndarray


def picture_grid(
    values: np.ndarray, codes: np.ndarray | None = None, *, columns: int | None = None, exact: int = _EXACT
) -> Grid:
    """Points of a map (N, 2) moved to the cells of a grid so that they go the shortest way in sum of squares.

    columns: the grid's width; by default it is as square as can be. Up to `exact` cells the assignment is optimal
    (Jonker-Volgenant, by scipy); a larger map is cut into halves across its longer side first, so that the optimum
    holds within each piece. codes: (N, D), for the seams. After Karpathy's t-SNE visualization of CNN codes, 2014.
    """
    n = len(values)
    if values.ndim != 2 or values.shape[1] != 2 or n < 1:
        raise ShapeError(f"a map {values.shape}, expected (N, 2)")
    if codes is not None and len(codes) != n:
        raise ShapeError(f"{len(codes)} codes for {n} points")
    if not np.isfinite(values).all():
        raise UsageError("the map holds NaN or infinity")
    columns = columns if columns is not None else int(np.ceil(np.sqrt(n)))
    if columns < 1:
        raise UsageError(f"columns is {columns}, expected at least 1")
    rows = -(-n // columns)
    low, span = values.min(0), np.ptp(values, axis=0)
    points = (values - low) / np.where(span > 0, span, 1.0)
    y, x = np.mgrid[:rows, :columns]
    places = np.stack([(x.ravel() + 0.5) / columns, 1 - (y.ravel() + 0.5) / rows], 1)  # first row on top, y up
    cell_of = np.empty(n, dtype=np.int64)
    _assign(points, places, np.arange(n), np.arange(rows * columns), exact, cell_of)
    cells = np.full(rows * columns, -1, dtype=np.int64)
    cells[cell_of] = np.arange(n)
    cost = float(np.square(points - places[cell_of]).sum(1).mean())
    cells = cells.reshape(rows, columns)
    return Grid(cells, cost, _seams(cells[:, :-1], cells[:, 1:], codes), _seams(cells[:-1], cells[1:], codes))


def _assign(
    points: np.ndarray, places: np.ndarray, ours: np.ndarray, cells: np.ndarray, exact: int, out: np.ndarray
) -> None:
    """Give each of `ours` (points) one of `cells`; there are at least as many cells."""
    if len(cells) <= exact or len(ours) < 2:
        from scipy.optimize import linear_sum_assignment
        from scipy.spatial.distance import cdist

        a, b = linear_sum_assignment(cdist(points[ours], places[cells], "sqeuclidean"))
        out[ours[a]] = cells[b]
        return
    axis = int(np.ptp(places[cells], axis=0).argmax())
    cells = cells[np.lexsort((places[cells, 1 - axis], places[cells, axis]))]
    ours = ours[np.lexsort((points[ours, 1 - axis], points[ours, axis]))]
    half = len(cells) // 2
    # As many points to each side as cells, the holes shared out in proportion.
    first = min(half, max(len(ours) - (len(cells) - half), round(len(ours) * half / len(cells))))
    _assign(points, places, ours[:first], cells[:half], exact, out)
    _assign(points, places, ours[first:], cells[half:], exact, out)


def _seams(a: np.ndarray, b: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
    seams = np.full(a.shape, np.nan, dtype=np.float32)
    both = (a >= 0) & (b >= 0)
    if codes is not None and both.any():
        seams[both] = np.linalg.norm(codes[a[both]].astype(np.float64) - codes[b[both]].astype(np.float64), axis=1)
    return seams
