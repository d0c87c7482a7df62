"""Summarises one layer's output for a batch: all numbers that the statistics need, in one pass over memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

_CHUNK = 200_000  # elements that stay in a core's second-level cache while they are read five times
_SMALL = 128  # places; rows up to here are faster as columns
_GATHER = 4_000_000  # elements copied at once to find positions
_LONG = 1024  # places; positions in larger maps are found one by one, without a copy
_LARGEST = 2.0**79  # sums of squares beyond it count as not finite


@dataclass(frozen=True)
class Summary:
    """Numbers of N images and C units, all (N, C) on the CPU.

    maxima, minima: over a unit's places. sums, squares: of values and squares, float64. positives: how many
    places are above zero. places: how many there are, one number or (C,). valid: false where a value is not finite,
    None where all are; every statistic passes such a pair over.
    """

    maxima: Tensor
    minima: Tensor
    sums: Tensor
    squares: Tensor
    positives: Tensor
    places: int | Tensor
    valid: Tensor | None
    indices: Tensor  # (N,) int64, the images' places in the data set
    labels: Tensor  # (N,) int64, -1 where there is none


@dataclass(frozen=True)
class LayerSummary(Summary):
    """A summary of one layer with its output (N, C, *space)."""

    output: Tensor

    @property
    def space(self) -> tuple[int, ...]:
        return tuple(self.output.shape[2:])

    def locate(self, rows: np.ndarray, units: np.ndarray) -> np.ndarray:
        """(R, axes) int32: where the first of the largest values of unit units[r] stands in image rows[r]."""
        if not self.space:
            return np.zeros((len(rows), 0), dtype=np.int32)
        places = math.prod(self.space)
        if self.output.device.type == "cpu" and places >= _LONG:
            maps = self.output.flatten(2).numpy()
            flat = np.array([maps[row, unit].argmax() for row, unit in zip(rows, units, strict=True)], dtype=np.int64)
        else:
            flat = np.empty(len(rows), dtype=np.int64)
            step = max(1, _GATHER // places)
            for start in range(0, len(rows), step):
                part = slice(start, start + step)
                picked = self.output[torch.from_numpy(rows[part]), torch.from_numpy(units[part])].flatten(1)
                flat[part] = picked.cpu().numpy().argmax(1)  # several times as fast as torch's
        return np.stack(np.unravel_index(flat, self.space), 1).astype(np.int32)


def summarise(output: Tensor, indices: Tensor, labels: Tensor) -> LayerSummary:
    """Summarise a layer's output (N, C, *space)."""
    shape = output.shape[:2]
    if output.dtype in (torch.float16, torch.bfloat16) or not output.is_floating_point():
        output = output.float()
    output = output.contiguous()
    rows = output.view(shape[0] * shape[1], -1)
    if rows.shape[1] == 1:
        flat = rows[:, 0]
        found = (flat, flat, flat, flat.double().square(), flat > 0)
    elif output.device.type == "cpu":
        found = _in_cache(rows)
    else:
        found = _at_once(rows)
    maxima, minima, sums, squares, positives = (f.reshape(shape).cpu() for f in found)
    squares = squares.double()
    valid = None
    if not float(squares.sum()) < _LARGEST:  # also where it is not a number
        valid = squares < _LARGEST
    return LayerSummary(
        maxima=maxima + 0.0,  # 0.0 and -0.0 are one number here, so that their order never decides
        minima=minima + 0.0,
        sums=sums.double(),
        squares=squares,
        positives=positives.to(torch.int64),
        places=rows.shape[1],
        valid=valid,
        indices=indices,
        labels=labels,
        output=output,
    )


def join(parts: Sequence[Summary]) -> Summary:
    """One summary of all units of several layers, so that statistics are updated once a batch."""
    if len(parts) == 1:
        return parts[0]
    valid = None
    if any(part.valid is not None for part in parts):
        masks = [torch.ones_like(p.maxima, dtype=torch.bool) if p.valid is None else p.valid for p in parts]
        valid = torch.cat(masks, 1)
    columns = {
        name: torch.cat([getattr(part, name) for part in parts], 1)
        for name in ("maxima", "minima", "sums", "squares", "positives")
    }
    places = torch.cat([torch.as_tensor(part.places).expand(part.maxima.shape[1]) for part in parts])
    return Summary(**columns, places=places, valid=valid, indices=parts[0].indices, labels=parts[0].labels)


def _at_once(rows: Tensor) -> tuple[Tensor, ...]:
    return rows.amax(1), rows.amin(1), rows.sum(1), rows.square().sum(1), (rows > 0).sum(1)


def _in_cache(rows: Tensor) -> tuple[Tensor, ...]:
    """The same in pieces small enough that only the first of five readings goes to memory."""
    places = rows.shape[1]
    step = min(len(rows), max(1, _CHUNK // places))
    reduce = _columns if places <= _SMALL else _rows
    buffers = _Buffers(np.empty(step * places, bool), rows.new_empty(2, step * places if places <= _SMALL else 0))
    found = [reduce(piece.numpy(), buffers) for piece in rows.split(step)]
    return found[0] if len(found) == 1 else tuple(map(torch.cat, zip(*found, strict=True)))


class _Buffers(NamedTuple):
    """Memory used again for each piece: fresh memory costs more than the sums."""

    above: np.ndarray
    columns: Tensor


def _rows(values: np.ndarray, buffers: _Buffers) -> tuple[Tensor, ...]:
    """Maxima, minima, sums, sums of squares and counts above zero of each row.

    The norm comes first: of the five it waits least for memory, and the others find the rows in the cache.
    """
    rows = torch.from_numpy(values)
    squares = torch.linalg.vector_norm(rows, dim=1).double().square()
    maxima, minima, sums = rows.amax(1), rows.amin(1), rows.sum(1)
    above = np.greater(values, 0, out=buffers.above[: values.size].reshape(values.shape)).view(np.uint8)
    counts = cv2.reduce(above, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)  # several times as fast as numpy and torch
    return maxima, minima, sums, squares, torch.from_numpy(counts.reshape(-1))


def _columns(values: np.ndarray, buffers: _Buffers) -> tuple[Tensor, ...]:
    """The same for short rows: laid down as columns, so that many are reduced side by side."""
    columns, squares = buffers.columns[:, : values.size].reshape(2, *values.shape[::-1])
    cv2.transpose(values, columns.numpy())
    torch.mul(columns, columns, out=squares)
    above = np.greater(columns.numpy(), 0, out=buffers.above[: values.size].reshape(columns.shape)).view(np.uint8)
    counts = cv2.reduce(above, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return columns.amax(0), columns.amin(0), columns.sum(0), squares.sum(0), torch.from_numpy(counts.reshape(-1))
