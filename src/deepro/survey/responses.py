"""What a layer's units answer to one batch: all that the statistics need, in one pass over memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_CHUNK = 200_000  # elements that stay in a core's second-level cache while they are read five times
_GATHER = 4_000_000  # elements copied at once to find positions


@dataclass(frozen=True)
class Responses:
    """Numbers of N images and C units over their P places. All (N, C) on the CPU but `output`.

    maxima, minima: over the places. sums, squares: of the values and their squares, float64. positives: how many places
    are above zero. valid: false where a value is not finite; every statistic passes such a pair over.
    """

    maxima: Tensor
    minima: Tensor
    sums: Tensor
    squares: Tensor
    positives: Tensor
    valid: Tensor
    all_valid: bool
    indices: Tensor  # (N,) int64, the images' places in the data set
    labels: Tensor  # (N,) int64, -1 where there is none
    output: Tensor  # (N, C, *space) the layer's output itself

    @property
    def space(self) -> tuple[int, ...]:
        return tuple(self.output.shape[2:])

    @property
    def places(self) -> int:
        return math.prod(self.space)

    def locate(self, rows: Tensor, units: Tensor) -> Tensor:
        """(R, axes) int32: where the first of the largest values of unit units[r] stands in image rows[r]."""
        if not self.space:
            return torch.zeros(len(rows), 0, dtype=torch.int32)
        flat = torch.empty(len(rows), dtype=torch.int64)
        step = max(1, _GATHER // max(1, self.places))
        device = self.output.device
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            picked = self.output[rows[part].to(device), units[part].to(device)].flatten(1)
            if device.type == "cpu" and picked.dtype in (torch.float32, torch.float64):
                flat[part] = torch.from_numpy(np.argmax(picked.numpy(), axis=1))  # several times as fast as torch's
            else:
                flat[part] = picked.argmax(1).cpu()
        return torch.stack(torch.unravel_index(flat, self.space), 1).to(torch.int32)


def respond(output: Tensor, indices: Tensor, labels: Tensor) -> Responses:
    """Summarise a layer's output (N, C, *space)."""
    shape = output.shape[:2]
    if output.dtype in (torch.float16, torch.bfloat16) or not output.is_floating_point():
        output = output.float()
    rows = output.reshape(shape[0] * shape[1], -1)
    if rows.shape[1] == 1:
        flat = rows[:, 0]
        found = (flat, flat, flat.double(), flat.double().square(), (flat > 0).long())
    elif output.device.type == "cpu":
        found = _in_cache(rows)
    else:
        found = _at_once(rows)
    maxima, minima, sums, squares, positives = (f.reshape(shape).cpu() for f in found)
    sums, squares = sums.double(), squares.double()
    valid = torch.isfinite(sums) & torch.isfinite(squares) & (squares < 2.0**79)
    all_valid = bool(valid.all())
    # 0.0 and -0.0 are one number here, so that their order never decides.
    return Responses(
        maxima + 0.0, minima + 0.0, sums, squares, positives.long(), valid, all_valid, indices, labels, output
    )


def _at_once(rows: Tensor) -> tuple[Tensor, ...]:
    norms = torch.linalg.vector_norm(rows, dim=1)
    return rows.amax(1), rows.amin(1), rows.sum(1), norms.double().square(), (rows > 0).sum(1)


def _in_cache(rows: Tensor) -> tuple[Tensor, ...]:
    """The same in pieces small enough that only the first of five readings goes to memory."""
    count, places = rows.shape
    step = max(1, _CHUNK // places)
    maxima, minima, sums, norms, positives = (rows.new_empty(count) for _ in range(5))
    above = rows.new_empty(min(step, count), places)
    for start in range(0, count, step):
        piece = rows[start : start + step]
        part = slice(start, start + len(piece))
        torch.amax(piece, 1, out=maxima[part])
        torch.amin(piece, 1, out=minima[part])
        torch.sum(piece, 1, out=sums[part])
        torch.linalg.vector_norm(piece, dim=1, out=norms[part])
        mask = torch.gt(piece, 0, out=above[: len(piece)])  # as 0.0 and 1.0: summing floats is the fastest count
        torch.sum(mask, 1, out=positives[part])
    return maxima, minima, sums, norms.double().square(), positives
