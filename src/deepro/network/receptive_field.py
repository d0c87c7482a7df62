"""Theoretical receptive fields: which input pixels a unit can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, floor
from typing import Any

from deepro.network.sight import Sight


@dataclass(frozen=True)
class ReceptiveField:
    """One number an input axis: the unit at index i sees input [offset + i * stride, offset + i * stride + size).

    Windows may reach past the input where the network pads. A unit that sees everything has stride 0, offset 0 and the
    input's size.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: tuple[int, ...]

    def window(self, position: tuple[int, ...], input_space: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """(start, stop) for each input axis, clipped to the input. Where the position does not matter it may be ()."""
        if not any(self.stride):
            position = (0,) * len(self.size)
        starts = [o + i * s for i, s, o in zip(position, self.stride, self.offset, strict=True)]
        return tuple(
            (max(0, start), min(limit, start + size))
            for start, size, limit in zip(starts, self.size, input_space, strict=True)
        )

    def card(self) -> dict[str, Any]:
        """As JSON: size, stride and offset, a list each."""
        return {k: list(v) for k, v in asdict(self).items()}


def from_sight(sight: Sight, places: Sequence[int], space: Sequence[int], input_shape: Sequence[int]) -> ReceptiveField:
    """The window over input axes `space` of a unit whose position is its index along the tensor's axes `places`.

    Position k belongs to input axis space[k]; what else moves the window, or moves it by part of a pixel, widens it.
    """
    paired = dict(zip(space, places, strict=True)) if len(places) == len(space) else {}
    size, stride, offset = [], [], []
    for axis in space:
        own = paired.get(axis)
        others = [d for d in range(sight.rank) if d != own]
        wide = sight.widen(*others)
        start, reach, step = wide.offset[axis], wide.size[axis], 0
        if own is not None and wide.steps[axis][own]:
            exact, last = wide.steps[axis][own], sight.shape[own] - 1
            step = round(exact)
            drift = (exact - step) * last
            start, reach = start + min(0, drift), reach + abs(drift)
        low, high, limit = floor(start), ceil(start + reach), input_shape[axis]
        if step == 0:
            low, high = max(0, low), min(limit, high)
        size.append(max(high - low, 0))
        stride.append(step)
        offset.append(low)
    return ReceptiveField(tuple(size), tuple(stride), tuple(offset))
