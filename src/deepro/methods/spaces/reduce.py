"""Fewer dimensions by linear maps: principal components and random projections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepro.errors import UsageError

_ROWS = 8192
_EXACT = 4096  # beyond so many dimensions and points the decomposition is randomised


@dataclass(frozen=True)
class Components:
    """Principal components of codes. mean: (D,). axes: (d, D), orthonormal. variance: (d,), largest first, of N - 1.

    explained: (d,) share of the total variance.
    """

    mean: np.ndarray
    axes: np.ndarray
    variance: np.ndarray
    explained: np.ndarray

    def project(self, codes: np.ndarray) -> np.ndarray:
        """(N, D) to (N, d) float64."""
        return np.concatenate(
            [(codes[i : i + _ROWS].astype(np.float64) - self.mean) @ self.axes.T for i in range(0, len(codes), _ROWS)]
        )


def principal_components(codes: np.ndarray, count: int = 2, seed: int = 0) -> Components:
    """The `count` directions of largest variance. codes: (N, D), read in chunks.

    Exact up to 4096 dimensions or points, by a seeded randomised decomposition beyond (Halko et al. 2011,
    arXiv 0909.4061). An axis' largest loading is positive. Raises UsageError for more axes than N or D.
    """
    n, size = codes.shape
    if not 1 <= count <= min(n, size):
        raise UsageError(f"{count} components asked for of {n} codes of {size} numbers, at most {min(n, size)}")
    mean = sum(codes[i : i + _ROWS].sum(0, dtype=np.float64) for i in range(0, n, _ROWS)) / n
    if size <= min(n, _EXACT):
        scatter, total = np.zeros((size, size)), 0.0
        for i in range(0, n, _ROWS):
            part = codes[i : i + _ROWS].astype(np.float64) - mean
            scatter += part.T @ part
        total = float(np.trace(scatter))
        values, vectors = np.linalg.eigh(scatter)
        values, axes = values[::-1][:count], vectors.T[::-1][:count]
    else:
        centred = np.asarray(codes, dtype=np.float64) - mean
        total = float(np.square(centred).sum())
        if n <= _EXACT:
            values, vectors = np.linalg.eigh(centred @ centred.T)
            values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
            axes = vectors.T @ centred / np.sqrt(np.maximum(values, 1e-300))[:, None]
        else:
            from sklearn.utils.extmath import randomized_svd

            _, singular, axes = randomized_svd(centred, count, random_state=seed)
            values = singular**2
    values = np.maximum(values, 0.0)
    largest = np.abs(axes).argmax(1)
    axes = axes * np.sign(axes[np.arange(count), largest])[:, None]
    return Components(mean, axes, values / max(n - 1, 1), values / total if total > 0 else np.zeros(count))


class RandomProjection:
    """(N, D) to (N, d), distances kept on average. Sparse for wide codes, so that the matrix stays small.

    Entries are Gaussian up to 4096 dimensions, +-1 at one place in sqrt(D) beyond (Li, Hastie & Church 2006,
    10.1145/1150402.1150436), scaled so that squared lengths are kept in expectation.
    """

    def __init__(self, size: int, count: int, seed: int = 0) -> None:
        if size < 1 or count < 1:
            raise UsageError(f"cannot project {size} numbers to {count}")
        self.size, self.count = size, count
        if size <= 4096:
            self.matrix = np.random.default_rng(seed).standard_normal((size, count)) / np.sqrt(count)
        else:
            from sklearn.random_projection import SparseRandomProjection

            made = SparseRandomProjection(count, density="auto", random_state=seed, dense_output=True)  # type: ignore[arg-type]
            # The shape is all that the fit reads; a broadcast row takes no memory.
            self.matrix = made.fit(np.broadcast_to(np.float32(0), (2, size))).components_.T.astype(np.float32)

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """(N, size) to (N, count) float32."""
        if codes.shape[1] != self.size:
            raise UsageError(f"codes have {codes.shape[1]} numbers, the projection takes {self.size}")
        return np.asarray(codes @ self.matrix, dtype=np.float32)
