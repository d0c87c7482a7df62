"""How alike two representations of the same examples are: linear CKA."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepro.errors import ShapeError, UsageError


def linear_cka(first: np.ndarray, second: np.ndarray, debiased: bool = False) -> float:
    """Linear centred kernel alignment of codes (N, D) and (N, E) of the same N examples, 1 for rotations of each other.

    Blind to rotation and to one scale for all, not to a linear map in general. With fewer examples than dimensions it
    nears 1 for any two codes; `debiased` corrects for that (near 0 for unrelated ones, may be below 0). NaN where one
    of them is constant. Kornblith et al. 2019, arXiv 1905.00414; Song et al. 2012, unbiased HSIC.
    Raises ShapeError unless the examples are the same, UsageError for fewer than 4.
    """
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second):
        raise ShapeError(f"codes {first.shape} and {second.shape}, expected (N, D) and (N, E) of the same examples")
    n = len(first)
    if n < 4:
        raise UsageError(f"CKA needs at least 4 examples, got {n}")
    a = first.astype(np.float64) - first.mean(0, dtype=np.float64)
    b = second.astype(np.float64) - second.mean(0, dtype=np.float64)
    if debiased:
        cross, own_a, own_b = _unbiased(a, b), _unbiased(a, a), _unbiased(b, b)
    elif n < min(a.shape[1], b.shape[1]):
        ga, gb = a @ a.T, b @ b.T
        cross, own_a, own_b = (ga * gb).sum(), (ga * ga).sum(), (gb * gb).sum()
    else:
        cross = np.square(a.T @ b).sum()
        own_a, own_b = np.square(_square(a)).sum(), np.square(_square(b)).sum()
    if own_a <= 0 or own_b <= 0:
        return float("nan")
    return float(cross / np.sqrt(own_a * own_b))


def _square(a: np.ndarray) -> np.ndarray:
    """The smaller of A'A and AA'; both have the same Frobenius norm."""
    return a.T @ a if a.shape[1] <= a.shape[0] else a @ a.T


def _unbiased(a: np.ndarray, b: np.ndarray) -> float:
    """Song et al.'s unbiased estimate of HSIC with linear kernels, from centred a, b, without an N x N matrix.

    With K, L the kernels without their diagonals: tr(KL) + 1'K1 1'L1 / ((n-1)(n-2)) - 2/(n-2) 1'KL1, by n(n-3).
    """
    n = len(a)
    da, db = np.square(a).sum(1), np.square(b).sum(1)
    # The codes are centred, so each row of a full kernel sums to 0 and of one without diagonal to minus the diagonal.
    trace = (
        np.square(a.T @ b).sum() - da @ db
        if a.shape[1] * b.shape[1] <= n * n
        else ((a @ a.T) * (b @ b.T)).sum() - da @ db
    )
    return float((trace + da.sum() * db.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (da @ db)) / (n * (n - 3)))


def cka_matrix(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray] | None = None, debiased: bool = False
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(L, M) linear CKA between the layers of one network, or of two, and warnings.

    A warning names the first layer with fewer examples than dimensions, where plain CKA is too high.
    """
    others = first if second is None else second
    out = np.empty((len(first), len(others)))
    for i, a in enumerate(first):
        for j, b in enumerate(others):
            out[i, j] = out[j, i] if second is None and j < i else linear_cka(a, b, debiased)
    notes = []
    wide = max((c for c in [*first, *others]), key=lambda c: c.shape[1])
    if not debiased and wide.shape[1] > len(wide):
        notes.append(
            f"CKA: {len(wide)} examples for codes of up to {wide.shape[1]} numbers make unrelated codes look alike; "
            "use more examples, or the debiased form"
        )
    return out, tuple(notes)
