"""Theoretical receptive fields: which input pixels a unit can see."""

from __future__ import annotations

from dataclasses import dataclass


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
        """(start, stop) for each input axis, clipped to the input."""
        starts = [o + i * s for i, s, o in zip(position, self.stride, self.offset, strict=True)]
        return tuple(
            (max(0, start), min(limit, start + size))
            for start, size, limit in zip(starts, self.size, input_space, strict=True)
        )
