"""What each element of a tensor can see of the input: an affine map from its index to a window, and its algebra.

Along input axis a, the element at index (i_0, i_1, ...) sees [offset[a] + sum_d steps[a][d] * i_d, + size[a]). Offsets
and steps are exact fractions. Where the truth is not affine the window grows until it holds the truth: a sight may be
too large, never too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import prod

Number = int | Fraction
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Sight:
    """shape: the tensor's. steps: one row an input axis, one number a tensor axis. units: the tensor's unit axis."""

    shape: Shape
    steps: tuple[tuple[Number, ...], ...]
    offset: tuple[Number, ...]
    size: tuple[Number, ...]
    units: int | None = None

    @staticmethod
    def of_input(shape: Shape) -> Sight:
        """Every element sees itself."""
        rank = len(shape)
        steps = tuple(tuple(int(a == d) for d in range(rank)) for a in range(rank))
        return Sight(shape, steps, (0,) * rank, (1,) * rank, None)

    @property
    def rank(self) -> int:
        return len(self.shape)

    def axis(self, dim: int) -> int:
        """`dim` counted from the front."""
        return dim + self.rank if dim < 0 else dim

    def walk(self, dim: int, step: Number, start: Number, reach: Number, length: int) -> Sight:
        """The new index i along `dim`, of `length`, looks at old indices start + step * i up to that + reach."""
        dim = self.axis(dim)
        steps, offset, size = [], [], []
        for row, o, n in zip(self.steps, self.offset, self.size, strict=True):
            s = row[dim]
            steps.append((*row[:dim], s * step, *row[dim + 1 :]))
            offset.append(o + s * start + min(0, s * reach))
            size.append(n + abs(s) * reach)
        shape = (*self.shape[:dim], length, *self.shape[dim + 1 :])
        return replace(self, shape=shape, steps=tuple(steps), offset=tuple(offset), size=tuple(size))

    def widen(self, *dims: int, length: int | None = None) -> Sight:
        """Every index along `dims` looks at all of them; the axis then has `length` (None: as before)."""
        sight = self
        for dim in dims:
            n = sight.shape[sight.axis(dim)]
            sight = sight.walk(dim, 0, 0, max(n - 1, 0), n if length is None else length)
        return sight

    def permute(self, dims: Sequence[int]) -> Sight:
        dims = [self.axis(d) for d in dims]
        units = dims.index(self.units) if self.units in dims else None
        steps = tuple(tuple(row[d] for d in dims) for row in self.steps)
        return replace(self, shape=tuple(self.shape[d] for d in dims), steps=steps, units=units)

    def drop(self, dim: int, index: int = 0) -> Sight:
        """The slice at `index`, without the axis."""
        dim = self.axis(dim)
        index = index + self.shape[dim] if index < 0 else index
        sight = self.walk(dim, 0, index, 0, 1)
        return sight.permute([d for d in range(self.rank) if d != dim])

    def insert(self, dim: int, length: int = 1) -> Sight:
        """A new axis along which all elements see the same."""
        dim = dim + self.rank + 1 if dim < 0 else dim
        units = self.units + (dim <= self.units) if self.units is not None else None
        steps = tuple((*row[:dim], 0, *row[dim:]) for row in self.steps)
        return replace(self, shape=(*self.shape[:dim], length, *self.shape[dim:]), steps=steps, units=units)

    def expand(self, shape: Shape) -> Sight:
        """Broadcast to `shape`."""
        sight = self
        while sight.rank < len(shape):
            sight = sight.insert(0)
        for dim, (have, want) in enumerate(zip(sight.shape, shape, strict=True)):
            if have != want:
                sight = sight.walk(dim, 0, 0, 0, want)
        return sight

    def view(self, shape: Shape) -> Sight:
        """The same elements in the same order under another shape."""
        if 0 in self.shape or 0 in shape:
            return self.whole(shape)
        sight, columns, units = self, [[] for _ in self.steps], None
        for old, new in _groups(self.shape, shape):
            if self.units in old and new:
                units = new[old.index(self.units)] if len(old) == len(new) else new[-1]
            same = [self.shape[d] for d in old] == [shape[d] for d in new]
            if not same:
                sight = sight._spread_unless_flat(old)
            for a, row in enumerate(sight.steps):
                if same:
                    columns[a] += [row[d] for d in old]
                    continue
                flat = next((row[d] for d in reversed(old) if self.shape[d] > 1), 0)
                columns[a] += [flat * prod(shape[e] for e in new if e > d) for d in new]
        return replace(sight, shape=tuple(shape), steps=tuple(map(tuple, columns)), units=units)

    def _spread_unless_flat(self, dims: Sequence[int]) -> Sight:
        """Widened along `dims` for each input axis where the flattened index is no affine position."""
        long = [d for d in dims if self.shape[d] > 1]
        wide = self.widen(*long)
        rows, offset, size = [], [], []
        for a, row in enumerate(self.steps):
            flat = all(row[d] == row[e] * self.shape[e] for d, e in pairwise(long))
            source = self if flat else wide
            rows.append(source.steps[a])
            offset.append(source.offset[a])
            size.append(source.size[a])
        return replace(self, steps=tuple(rows), offset=tuple(offset), size=tuple(size))

    def whole(self, shape: Shape, units: int | None = None) -> Sight:
        """A tensor each of whose elements may depend on every element of this one."""
        wide = self.widen(*range(self.rank))
        return replace(wide, shape=tuple(shape), steps=tuple((0,) * len(shape) for _ in self.steps), units=units)

    def bounds(self, axis: int) -> tuple[Number, Number]:
        """First and one past the last input index along `axis` that any element sees, padding included."""
        wide = self.widen(*range(self.rank))
        return wide.offset[axis], wide.offset[axis] + wide.size[axis]

    def with_units(self, dim: int | None) -> Sight:
        return replace(self, units=None if dim is None else self.axis(dim))


def union(sights: Sequence[Sight], shape: Shape) -> Sight:
    """What an element computed from one element of each of `sights`, broadcast to `shape`, can see."""
    first, *rest = [s.expand(shape) for s in sights]
    for other in rest:
        first = _join(first, other)
    return first


def _join(a: Sight, b: Sight) -> Sight:
    steps, offset, size = [], [], []
    for axis in range(len(a.steps)):
        row, pair = list(a.steps[axis]), [a, b]
        for dim, (s, t) in enumerate(zip(a.steps[axis], b.steps[axis], strict=True)):
            if s == t:
                continue
            if a.shape[dim] == 1:  # only index 0 exists: any step is right
                row[dim] = s or t
            else:
                row[dim] = 0
                pair = [p.widen(dim) for p in pair]
        starts = [p.offset[axis] for p in pair]
        ends = [p.offset[axis] + p.size[axis] for p in pair]
        steps.append(tuple(row))
        offset.append(min(starts))
        size.append(max(ends) - min(starts))
    units = a.units if a.units is not None else b.units
    return Sight(a.shape, tuple(steps), tuple(offset), tuple(size), units)


def _groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Smallest runs of axes of equal product."""
    groups, i, j = [], 0, 0
    while i < len(old) or j < len(new):
        a, b, p, q = [], [], 1, 1
        if i < len(old):
            a, p, i = [i], old[i], i + 1
        if j < len(new):
            b, q, j = [j], new[j], j + 1
        while p != q:
            if (p < q and i < len(old)) or j >= len(new):
                a, p, i = [*a, i], p * old[i], i + 1
            else:
                b, q, j = [*b, j], q * new[j], j + 1
        groups.append((a, b))
    return groups
