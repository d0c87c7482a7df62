"""What a layer's units answer to one batch: all that the statistics need, in one pass over memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_CHUNK = 200_000  # elements that stay in a core's second-level cache while they are read five times
_GATHER = 4_000_000  # elements copied at once to find positions
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
class Responses(Summary):
    """One layer's summary with its output (N, C, *space)."""

    output: Tensor

    @property
    def space(self) -> tuple[int, ...]:
        return tuple(self.output.shape[2:])

    def locate(self, rows: Tensor, units: Tensor) -> Tensor:
        """(R, axes) int32: where the first of the largest values of unit units[r] stands in image rows[r]."""
        if not self.space:
            return torch.zeros(len(rows), 0, dtype=torch.int32)
        flat = torch.empty(len(rows), dtype=torch.int64)
        step = max(1, _GATHER // max(1, math.prod(self.space)))
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
        found = (flat, flat, flat, flat.abs(), flat > 0)
    elif output.device.type == "cpu":
        found = _in_cache(rows)
    else:
        found = _at_once(rows)
    maxima, minima, sums, norms, positives = (f.reshape(shape).cpu() for f in found)
    squares = norms.double().square()
    valid = None
    if not float(squares.sum()) < _LARGEST:  # also where it is not a number
        valid = squares < _LARGEST
    return Responses(
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
    norms = torch.linalg.vector_norm(rows, dim=1)
    return rows.amax(1), rows.amin(1), rows.sum(1), norms, (rows > 0).sum(1)


def _in_cache(rows: Tensor) -> tuple[Tensor, ...]:
    """The same in pieces small enough that only the first of five readings goes to memory."""
    count, places = rows.shape
    step = max(1, _CHUNK // places)
    if count <= step:
        return _pieces(rows, torch.empty_like(rows))
    above = rows.new_empty(step, places)
    return tuple(map(torch.cat, zip(*(_pieces(piece, above) for piece in rows.split(step)), strict=True)))


def _pieces(piece: Tensor, above: Tensor) -> tuple[Tensor, ...]:
    """Maxima, minima, sums, norms and counts above zero of each row. above: room for as many numbers."""
    above = above[: len(piece)] if len(above) != len(piece) else above
    torch.gt(piece, 0, out=above)  # as 0.0 and 1.0: summing floats is the fastest count
    return piece.amax(1), piece.amin(1), piece.sum(1), torch.linalg.vector_norm(piece, dim=1), above.sum(1)
