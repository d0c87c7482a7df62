"""Where the places of a layer's output lie in the input: tokens as rows and columns, whatever order they stand in.

A layout is levels of blocks: a picture cut into windows of tokens has two, a plain list of tokens one. `layouts` lists
those that a number of places allows, `Agreement` says how well one agrees
with which places answered to which patch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from math import ceil, prod

import numpy as np
import torch
from torch import Tensor

from deepro.errors import LayerError, UsageError

_MOST_EXTRA = 16  # class and register tokens
_ALIKE = 1.3  # how much a token's height may differ from its width, counted in the input's elements
_PARTS = (6, 24, 48)  # into which patches divide each axis, at most twice as many
_FINE = 3  # levels of blocks of two on each axis


@dataclass(frozen=True)
class TokenGrid:
    """How a layer's output (N, ...) is laid out over the input.

    space: tokens on each input axis, (rows, columns) of a picture. unit_axis, batch_axis: in the output. before, after:
    class or register tokens around those of the grid. levels: for each level of blocks, in the order of the index, how
    many on each axis; the first level is the coarsest, or the finest where `fine_first`. across: columns count first.
    """

    space: tuple[int, ...]
    unit_axis: int
    batch_axis: int = 0
    before: int = 0
    after: int = 0
    levels: tuple[tuple[int, ...], ...] = ()
    fine_first: bool = False
    across: bool = False
    agreement: float | None = field(default=None, compare=False)  # with what answered, 1 fully; None where told

    def __post_init__(self) -> None:
        if not self.levels:
            object.__setattr__(self, "levels", (self.space,))

    def __str__(self) -> str:
        extra = self.before + self.after
        where = {(True, False): "before", (False, True): "after"}.get((self.before > 0, self.after > 0), "around")
        tokens = f", {extra} other token{'s' * (extra != 1)} {where}" if extra else ""
        blocks = f", in blocks of {_times(self.levels[0 if self.fine_first else -1])}" if len(self.levels) > 1 else ""
        return f"{_times(self.space)} tokens{tokens}{blocks}" if self.tokens else f"{_times(self.space)} maps"

    @property
    def tokens(self) -> bool:
        """Whether the output must be rearranged to be (N, units, *space)."""
        plain = len(self.levels) == 1 and not self.across and not self.before + self.after
        return not (plain and self.unit_axis == 1 and self.batch_axis == 0)

    @property
    def places(self) -> int:
        return self.before + prod(self.space) + self.after

    def fits(self, value: Tensor, count: int) -> bool:
        """Whether a layer's output for `count` inputs has as many places."""
        return value.ndim > max(self.unit_axis, self.batch_axis) and (
            value.numel() == count * self.places * value.shape[self.unit_axis]
        )

    def order(self) -> np.ndarray:
        """(*space) of indices among the output's places."""
        return _order(self.levels, self.fine_first, self.across) + self.before

    def __call__(self, value: Tensor, count: int) -> Tensor:
        """The output for `count` inputs as (count, units, *space), other tokens left out; gradients run through.

        Raises LayerError where the output has another size.
        """
        axes = len(self.space)
        if not self.tokens and value.shape[2:] == self.space and value.shape[0] == count:
            return value
        places = self.places
        if not self.fits(value, count):
            raise LayerError(f"an output of {tuple(value.shape)} is not {count} times {places} places: {self}")
        value = value.movedim((self.batch_axis, self.unit_axis), (0, -1)).reshape(count, places, -1)
        order = torch.from_numpy(self.order().reshape(-1)).to(value.device)
        return value.index_select(1, order).unflatten(1, self.space).movedim(-1, 1) if axes else value


def read_grid(text: str, shape: Sequence[int], axes: int, unit_axis: int | None = None) -> TokenGrid:
    """The grid of an output `shape`, batch axis first, as a user writes it: '14x14', or '14x14+1' for one more token.

    What is left over stands before the grid. The unit axis is given, or the one that makes the number of places fit.
    Raises UsageError where the text is not understood, LayerError where it does not fit.
    """
    sizes, plus, extra = text.replace("×", "x").partition("+")
    try:
        space = tuple(int(s) for s in sizes.split("x"))
        more = int(extra) if plus else None
    except ValueError:
        space, more = (), None
    if len(space) != axes or min(space, default=0) < 1 or (more or 0) < 0:
        wanted = "x".join(("14",) * axes)
        raise UsageError(f"grid is {text!r}, expected tokens on each axis such as {wanted}, or {wanted}+1")
    cells = prod(space)
    for axis in [unit_axis] if unit_axis is not None else [len(shape) - 1, *range(1, len(shape) - 1)]:
        places = prod(n for d, n in enumerate(shape) if d not in (0, axis))
        left = places - cells
        if left == more or (more is None and 0 <= left <= _MOST_EXTRA):
            return TokenGrid(space, axis, before=left)
    raise LayerError(f"an output of {tuple(shape)} has no axis of units beside {text} places")


@lru_cache(maxsize=256)
def layouts(places: int, picture: tuple[int, ...], lone: bool) -> tuple[TokenGrid, ...]:
    """Plain layouts of so many places over an input of size `picture`, fewest other tokens first.

    lone: whether one axis counts the places, so that there may be others among them.
    """
    found = []
    for extra in range(_MOST_EXTRA + 1 if lone else 1):
        for space in spaces(places - extra, picture):
            for before in range(extra, -1, -1):
                found.append(TokenGrid(space, 0, before=before, after=extra - before))
    return tuple(found)


@lru_cache(maxsize=256)
def folded(places: int, picture: tuple[int, ...]) -> tuple[TokenGrid, ...]:
    """Layouts in more than one level, and those that count across, without other tokens."""
    found = []
    for space in spaces(places, picture):
        if len(space) == 2:
            found.append(TokenGrid(space, 0, across=True))
        halves = (2,) * len(space)
        for inner in product(*map(_divisors, space)):
            outer = tuple(n // i for n, i in zip(space, inner, strict=True))
            if prod(inner) > 1 and prod(outer) > 1:
                found += [TokenGrid(space, 0, levels=(outer, inner))]
                found += [TokenGrid(space, 0, levels=(inner, outer), fine_first=True)]
        for levels in range(2, _FINE + 1):
            if all(n % 2**levels == 0 for n in space):
                rest = tuple(n // 2**levels for n in space)
                found += [TokenGrid(space, 0, levels=(*(halves,) * levels, rest), fine_first=True)]
                found += [TokenGrid(space, 0, levels=(rest, *(halves,) * levels))]
    return tuple(found)


@lru_cache(maxsize=1024)
def spaces(cells: int, picture: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The ways to lay `cells` tokens, of about the same size on each axis, over the input; at least two of them."""
    if cells < 2:
        return ()
    found = []
    for space in _factors(cells, len(picture)):
        sizes = [p / s for p, s in zip(picture, space, strict=True)]
        if min(sizes) >= 1 and max(sizes) <= _ALIKE * min(sizes):
            found.append(space)
    return tuple(found)


class Agreement:
    """How well layouts agree with `answers` (K, places) to changes within `boxes` (K, axes, 2): 1 fully, 0 by chance.

    For each box the places that answered most, as many as lie in it, should be those that lie in it; a neighbour, which
    overlapping patches reach, counts half.
    """

    def __init__(self, answers: np.ndarray, boxes: np.ndarray, picture: Sequence[int]) -> None:
        self.boxes, self.picture = boxes, tuple(picture)
        self.ranks = np.argsort(-answers, axis=1, kind="stable")

    def __call__(self, grid: TokenGrid) -> float:
        near, wanted, chance, best = _footprints(grid.space, self.boxes.tobytes(), len(self.boxes), self.picture)
        cells = _cells(grid)[self.ranks[:, : wanted.max()]]
        counted = np.arange(cells.shape[1]) < wanted[:, None]
        gained = (near[np.arange(len(near))[:, None], cells] * counted).sum(1) / wanted
        return float((gained - chance).sum() / max((best - chance).sum(), 1e-9))


@lru_cache(maxsize=512)
def _footprints(
    space: tuple[int, ...], boxes: bytes, count: int, picture: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(K, cells + 1) of how far each cell lies in each box, the last for no cell; how many do; their mean and best."""
    given = np.frombuffer(boxes, dtype=np.float64).reshape(count, -1, 2)
    far = np.zeros((count, *space))
    for axis, (size, tokens) in enumerate(zip(picture, space, strict=True)):
        step = size / tokens
        centres = (np.arange(tokens) + 0.5) * step
        middle, half = given[:, axis].mean(1), (given[:, axis, 1] - given[:, axis, 0]) / 2
        beyond = np.abs(centres[None] - middle[:, None]) - np.maximum(half, step / 2)[:, None]
        shape = [count, *(1,) * len(space)]
        shape[axis + 1] = tokens
        far = np.maximum(far, (beyond / step).reshape(shape))
    near = np.clip(1 - np.maximum(far, 0), 0, 1).reshape(count, -1)
    wanted = np.maximum((near >= 0.999).sum(1), 1)
    best = np.array([np.sort(row)[-n:].mean() for row, n in zip(near, wanted, strict=True)])
    return np.pad(near, ((0, 0), (0, 1))), wanted, near.mean(1), best


@lru_cache(maxsize=4096)
def _cells(grid: TokenGrid) -> np.ndarray:
    """For each place of the output its cell, or the number of cells where it is none's."""
    cells = prod(grid.space)
    found = np.full(grid.before + cells + grid.after, cells)
    found[grid.order().reshape(-1)] = np.arange(cells)
    return found


@lru_cache(maxsize=1024)
def _order(levels: tuple[tuple[int, ...], ...], fine_first: bool, across: bool) -> np.ndarray:
    axes = len(levels[0])
    flat = [n for level in levels for n in (level[::-1] if across else level)]
    index = np.arange(prod(flat)).reshape(flat)
    coarse_to_fine = range(len(levels))[::-1] if fine_first else range(len(levels))
    place = [level * axes + (axes - 1 - axis if across else axis) for axis in range(axes) for level in coarse_to_fine]
    space = [prod(level[axis] for level in levels) for axis in range(axes)]
    return np.ascontiguousarray(index.transpose(place).reshape(space))


def _times(space: Sequence[int]) -> str:
    return " x ".join(map(str, space))


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _factors(n: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (n,)
        return
    for d in _divisors(n):
        for rest in _factors(n // d, parts - 1):
            yield (d, *rest)


def oddness(grid: TokenGrid, picture: Sequence[int]) -> float:
    """By how much less a layout is likely: for other tokens, and for tokens that are not square."""
    sizes = [p / s for p, s in zip(picture, grid.space, strict=True)]
    return 0.02 * (grid.before + grid.after) + max(sizes) / min(sizes) - 1


def boxes(picture: Sequence[int], count: int = 12) -> np.ndarray:
    """(count, axes, 2) of patches of the input, the corners first; large ones for coarse grids, small ones for fine."""
    random = np.random.default_rng(0)
    axes = len(picture)
    found = []
    for k in range(count):
        box = []
        for axis, size in enumerate(picture):
            side = max(1, 2 ** (int(size / _PARTS[k % len(_PARTS)]).bit_length() - 1)) if size > 6 else 1
            last = ceil(size / side) - 1
            corner = k < 2**axes - 1
            at = last * (k + 1 >> axis & 1) if corner else int(random.integers(last + 1))
            start = min(at * side, size - side)
            box.append([start, start + side])
        found.append(box)
    return np.array(found, dtype=np.float64)
