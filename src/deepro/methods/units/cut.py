"""Cutting the input to what a unit can see: a small crop in which the unit computes exactly what it computes in the
whole.

Crops start on the grid of the layer's stride, so that every stride on the way falls where it falls in the whole input.
A crop's edge is either the input's own edge, with the network's own padding there, or lies outside everything the unit
looks at. All crops of a layer have one shape, whose rest modulo the stride is the input's: padding that a network works
out from its input's size (TensorFlow's "same") comes out alike, and any number of units run as one batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

import torch
from torch import Tensor

from deepro.network import ReceptiveField


@dataclass(frozen=True)
class Cut:
    """Where units of one layer are cut out of inputs of one size.

    size: the crop's, for each spatial axis of the input. stride: the layer's. first: from this index on the crop moves
    with the unit. last: the largest number of strides a crop can start from the input's edge.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]

    @classmethod
    def plan(cls, field: ReceptiveField | None, space: tuple[int, ...]) -> Cut | None:
        """The cut for inputs (N, C, *space); None where the field is not known or moves along no axis."""
        if field is None or not any(field.stride) or len(field.size) != len(space):
            return None
        size, stride, first, last = [], [], [], []
        for whole, reach, step, offset in zip(space, field.size, field.stride, field.offset, strict=True):
            lead = max(0, ceil(-offset / step)) if step else 0
            length = max(1, lead * step + offset + reach)
            length = whole if not step else length + (whole - length) % step
            if length >= whole:
                length, step, lead = whole, 0, 0
            size.append(length)
            stride.append(step)
            first.append(lead)
            last.append((whole - length) // step if step else 0)
        return cls(tuple(size), tuple(stride), tuple(first), tuple(last))

    def share(self, space: tuple[int, ...]) -> float:
        """How much of the input one crop covers, 0 to 1."""
        return prod(self.size) / max(1, prod(space))

    def shifts(self, places: Tensor) -> Tensor:
        """(U, axes) strides from the input's edge to each unit's crop, to be taken off the unit's place."""
        first, last = (torch.tensor(v, device=places.device) for v in (self.first, self.last))
        return torch.minimum((places - first).clamp_min(0), last)

    def boxes(self, shifts: Tensor) -> list[tuple[slice, ...]]:
        """Each crop's slices along the spatial axes of the input."""
        starts = (shifts * torch.tensor(self.stride, device=shifts.device)).tolist()
        return [tuple(slice(a, a + n) for a, n in zip(start, self.size, strict=True)) for start in starts]
