"""Exact nearest neighbours among many codes, by products over chunks that may lie on disk in half precision."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from deepro import progress
from deepro.errors import ShapeError, UsageError

Metric = Literal["euclidean", "cosine"]

_ROWS = 4096  # codes a chunk: stays in cache after it has been widened to float32
_BLOCK = 1024  # queries a block
_SPARE = 16  # candidates beyond k that are measured again


@dataclass(frozen=True)
class Neighbours:
    """indices: (Q, k) int64, nearest first. distances: (Q, k) float32."""

    indices: np.ndarray
    distances: np.ndarray

    def first(self, k: int) -> Neighbours:
        """The nearest `k`."""
        return Neighbours(self.indices[:, :k], self.distances[:, :k])


class Finder:
    """Nearest neighbours of any query in a table of codes. Built once (one pass for the norms), asked often.

    codes: (N, D) floats, an array or a memory map; they are read in chunks and never held whole.
    Distances are euclidean, or 1 - cosine. The product runs in float32 around the codes' mean; the best candidates are
    measured again, near ties in float64. Equal distances are ordered by index.
    """

    def __init__(self, codes: np.ndarray, metric: Metric = "euclidean") -> None:
        if codes.ndim != 2 or 0 in codes.shape:
            raise ShapeError(f"codes are {codes.shape}, expected (N, D) with at least one of each")
        if metric not in ("euclidean", "cosine"):
            raise UsageError(f"metric is {metric!r}, expected euclidean or cosine")
        self.codes, self.metric = codes, metric
        self._table = _tensor(codes)
        size = codes.shape[1]
        total = torch.zeros(size, dtype=torch.float64)
        if metric == "euclidean":
            for _, chunk in self._chunks():
                total += chunk.sum(0, dtype=torch.float64)
        self.mean = (total / len(codes)).float()
        self._norms = torch.empty(len(codes))  # squared and centred, or the lengths
        for start, chunk in self._chunks():
            part = (chunk - self.mean).square().sum(1) if metric == "euclidean" else chunk.norm(dim=1)
            self._norms[start : start + len(chunk)] = part
        if not bool(torch.isfinite(self._norms).all()):
            wrong = (start + int(i) for start, c in self._chunks() for i in (~torch.isfinite(c)).any(1).nonzero()[:1])
            bad = next(wrong, None)
            where = f"code {bad} holds NaN or infinity" if bad is not None else "the codes are too large to measure"
            raise UsageError(f"{where}; leave it out or look for the layer where it begins")

    def __len__(self) -> int:
        return len(self.codes)

    def of(self, queries: np.ndarray, k: int) -> Neighbours:
        """The `k` codes nearest to each query. queries: (Q, D) or (D,)."""
        queries = np.atleast_2d(np.asarray(queries))
        if queries.shape[1] != self.codes.shape[1]:
            raise ShapeError(f"queries have {queries.shape[1]} numbers, the codes {self.codes.shape[1]}")
        self._check(k, len(self))
        return self._join([self._block(queries[i : i + _BLOCK], k, None) for i in range(0, len(queries), _BLOCK)])

    def of_all(self, k: int) -> Neighbours:
        """The `k` nearest other codes of each code."""
        self._check(k, len(self) - 1)
        blocks = range(0, len(self), _BLOCK)
        return self._join(
            [
                self._block(np.asarray(self.codes[i : i + _BLOCK]), k, i)
                for i in progress.steps(blocks, "nearest neighbours")
            ]
        )

    def _check(self, k: int, most: int) -> None:
        if not 1 <= k <= most:
            raise UsageError(f"{k} neighbours asked for among {len(self)} codes, expected 1 to {most}")

    @staticmethod
    def _join(parts: list[Neighbours]) -> Neighbours:
        return Neighbours(np.concatenate([p.indices for p in parts]), np.concatenate([p.distances for p in parts]))

    def _chunks(self) -> Iterator[tuple[int, torch.Tensor]]:
        return _float_chunks(self._table)

    def _block(self, queries: np.ndarray, k: int, own: int | None) -> Neighbours:
        """own: index of the first query among the codes; a code is not its own neighbour."""
        query = torch.from_numpy(queries.astype(np.float32)) - self.mean
        want = min(k + _SPARE, len(self) - (own is not None))
        if len(query) > 1 or len(self) < 4 * _ROWS:
            return self._measure(queries, self._scan(query, want, own, 0, len(self))[1].numpy(), k)
        # One query takes so little from a chunk that threads which meet at each operation mostly wait for each other:
        # each reads a part of the table by itself.
        with _single_threads() as workers:
            chunks = -(-len(self) // _ROWS)
            spans = [*(w * chunks // workers * _ROWS for w in range(workers)), len(self)]
            with ThreadPoolExecutor(workers) as pool:
                parts = list(pool.map(lambda a, b: self._scan(query, want, own, a, b), spans[:-1], spans[1:]))
        best, where = (torch.cat([p[i] for p in parts], 1) for i in (0, 1))
        keep = best.topk(want, dim=1, largest=False).indices
        return self._measure(queries, where.gather(1, keep).numpy(), k)

    def _scan(
        self, query: torch.Tensor, want: int, own: int | None, first_code: int, end: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The `want` smallest scores among the codes from `first_code` to `end`, and which codes have them."""
        best = torch.full((len(query), want), torch.inf)
        where = torch.full((len(query), want), -1, dtype=torch.int64)
        for start, chunk in _float_chunks(self._table, first_code, end):
            scores = self._scores(query, chunk, start)
            if own is not None:
                first, last = max(start, own), min(start + len(chunk), own + len(query))
                rows = torch.arange(first, max(first, last))
                scores[rows - own, rows - start] = torch.inf
            best, where = _merge(best, where, scores, start)
        return best, where

    def _scores(self, query: torch.Tensor, chunk: torch.Tensor, start: int) -> torch.Tensor:
        """(Q, n), smaller is nearer; a constant a query is left out."""
        norms = self._norms[start : start + len(chunk)]
        if self.metric == "cosine":
            return (query @ chunk.T).div_(norms.clamp(min=1e-30)).neg_()
        if len(query) == 1:
            return torch.mv(chunk, query[0]).mul_(-2).add_(norms)[None]
        return torch.addmm(norms[None], query, chunk.T, alpha=-2)

    def _measure(self, queries: np.ndarray, where: np.ndarray, k: int) -> Neighbours:
        """The candidates measured again, the best `k` in order."""
        where = np.sort(where, axis=1)
        exact = self._distances(queries, where)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        distances = np.take_along_axis(exact, order, 1).astype(np.float32)
        return Neighbours(np.take_along_axis(where, order, 1), distances)

    def _distances(self, queries: np.ndarray, where: np.ndarray) -> np.ndarray:
        """(Q, n) float64. In float32 they are good to a few parts in a million; near ties are settled in float64."""
        if self.metric == "cosine":
            rows = np.repeat(np.arange(len(where)), where.shape[1])
            return self._exact(queries, rows, where.ravel()).reshape(where.shape)
        query = torch.from_numpy(queries.astype(np.float32))[:, None]
        near, found = torch.from_numpy(where), torch.empty(where.shape)
        step = max(1, (2 << 20) // (4 * where.shape[1] * self.codes.shape[1]))  # stays in cache
        for i in range(0, len(where), step):
            part = near[i : i + step]
            codes = self._table[part.flatten()].float().view(*part.shape, -1)
            torch.linalg.vector_norm(codes.sub_(query[i : i + step]), dim=2, out=found[i : i + step])
        found = found.numpy().astype(np.float64)
        order = np.argsort(found, axis=1)
        ranked = np.take_along_axis(found, order, 1)
        close = np.diff(ranked, axis=1) <= 1e-5 * ranked[:, 1:]
        rows, places = np.nonzero(np.pad(close, ((0, 0), (1, 0))) | np.pad(close, ((0, 0), (0, 1))))
        columns = order[rows, places]
        found[rows, columns] = self._exact(queries, rows, where[rows, columns])
        return found

    def _exact(self, queries: np.ndarray, rows: np.ndarray, where: np.ndarray) -> np.ndarray:
        """Distance of queries[rows[i]] to code where[i], in float64."""
        found = np.empty(len(rows))
        step = max(1, (64 << 20) // (16 * self.codes.shape[1]))
        for i in range(0, len(rows), step):
            code = np.asarray(self.codes[where[i : i + step]], dtype=np.float64)
            query = queries[rows[i : i + step]].astype(np.float64)
            if self.metric == "cosine":
                lengths = np.linalg.norm(code, axis=1) * np.linalg.norm(query, axis=1)
                found[i : i + step] = 1 - (code * query).sum(1) / np.maximum(lengths, 1e-30)
            else:
                found[i : i + step] = np.sqrt(np.square(code - query).sum(1))
        return found


def _tensor(codes: np.ndarray) -> torch.Tensor:
    if not codes.flags.writeable:  # a read-only memory map; nothing here writes
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.from_numpy(codes)
    return torch.from_numpy(codes)


@contextmanager
def _single_threads() -> Iterator[int]:
    """How many threads torch may use; within, threads that are begun use one each."""
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield count
    finally:
        torch.set_num_threads(count)


def _float_chunks(table: torch.Tensor, first: int = 0, end: int | None = None) -> Iterator[tuple[int, torch.Tensor]]:
    """(start, chunk in float32) from code `first` to `end`; a chunk is valid until the next one."""
    end = len(table) if end is None else end
    buffer = None if table.dtype == torch.float32 else torch.empty((min(_ROWS, len(table)), table.shape[1]))
    for start in range(first, end, _ROWS):
        part = table[start : min(start + _ROWS, end)]
        if buffer is not None:
            part = buffer[: len(part)].copy_(part)
        yield start, part


def _merge(
    best: torch.Tensor, where: torch.Tensor, scores: torch.Tensor, start: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The smallest of what was kept and of a chunk's scores; ties go to what came first."""
    want = best.shape[1]
    if len(scores) == 1:
        # One query: almost no code of a later chunk can enter, and finding those is one comparison.
        enter = (scores[0] < best[0].max()).nonzero()[:, 0]
        if not len(enter):
            return best, where
        values = torch.cat([best, scores[:, enter]], 1)
        indices = torch.cat([where, enter[None] + start], 1)
    else:
        top = scores.topk(min(want, scores.shape[1]), dim=1, largest=False, sorted=False)
        values = torch.cat([best, top.values], 1)
        indices = torch.cat([where, top.indices + start], 1)
    keep = values.topk(want, dim=1, largest=False, sorted=False)
    return keep.values, indices.gather(1, keep.indices)
