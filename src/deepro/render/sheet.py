"""Lays contact sheets out: chosen pictures as tiles in rows, with a text below each."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from deepro.errors import UsageError
from deepro.render import canvas, picture
from deepro.results import Result

CELL = 1.7  # inches: width of a picture
LINE = 0.16  # inches: a line of words


class Tile(NamedTuple):
    """Pictures that stand beside each other, (H, W, 3) uint8, and what is written below them."""

    pictures: list[np.ndarray]
    words: str


def lay_out(tiles: Sequence[Tile], told: Sequence[str], columns: int) -> Any:
    """A matplotlib figure of tiles in their order; `told` stands below all. columns: pictures a row, at least one."""
    with canvas.fonts():
        return _lay_out(tiles, told, columns)


def _lay_out(tiles: Sequence[Tile], told: Sequence[str], columns: int) -> Any:
    rows = _rows(tiles, max(1, columns, *(len(t.pictures) for t in tiles)))
    wide = max(sum(len(t.pictures) for t in row) for row in rows)
    below = [line for text in told for line in textwrap.wrap(text, max(40, int(wide * CELL * 17)))]
    lines = [max(len(_wrap(t)) for t in row) for row in rows]
    heights = [CELL * max(_ratio(t) for t in row) + LINE * (n + 0.6) for row, n in zip(rows, lines, strict=True)]
    foot = LINE * 0.8 * (len(below) + 1)
    size = wide * CELL + 0.1, sum(heights) + foot
    made = canvas.paper()(figsize=size, dpi=120)
    top = size[1]
    for row, n, height in zip(rows, lines, heights, strict=True):
        at = 0
        for one in row:
            for i, pixels in enumerate(one.pictures):
                axis = made.add_axes((
                    ((at + i) * CELL + 0.06) / size[0], (top - height + LINE * (n + 0.5)) / size[1],
                    (CELL - 0.06) / size[0], (height - LINE * (n + 0.5) - 0.04) / size[1],
                ))  # fmt: skip
                axis.imshow(pixels, interpolation="nearest" if max(pixels.shape[:2]) < 100 else "antialiased")
                axis.set_anchor("N")
                axis.axis("off")
            words = "\n".join(_wrap(one))
            made.text((at * CELL + 0.06) / size[0], (top - height + LINE * (n + 0.35)) / size[1], words, va="top",
                      fontsize=7.5, parse_math=False)  # fmt: skip
            at += len(one.pictures)
        top -= height
    made.text(0.06 / size[0], (foot - LINE * 0.5) / size[1], "\n".join(below), va="top", fontsize=6.5, color="0.35",
              parse_math=False)  # fmt: skip
    return made


def _rows(tiles: Sequence[Tile], columns: int) -> list[list[Tile]]:
    """Tiles in their order, as many a row as fit."""
    rows: list[list[Tile]] = [[]]
    for one in tiles:
        if rows[-1] and sum(len(t.pictures) for t in rows[-1]) + len(one.pictures) > columns:
            rows.append([])
        rows[-1].append(one)
    return rows


def _wrap(one: Tile) -> list[str]:
    return [line for part in one.words.split("\n") for line in textwrap.wrap(part, 26 * len(one.pictures))]


def _ratio(one: Tile) -> float:
    return min(1.25, max(p.shape[0] / p.shape[1] for p in one.pictures))


def at(values: Any, index: int, what: str) -> Any:
    if not 0 <= index < len(values):
        raise UsageError(f"there is no {what} {index}; there are {len(values)}")
    return values[index]


def name(result: Result, image: int = 0) -> str:
    data = () if result.provenance is None else result.provenance.data
    return str(data[image]["name"]) if image < len(data) else ""


def rgb(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of grey, colour or colour with opacity."""
    pixels = np.asarray(pixels)
    return np.repeat(pixels[..., None], 3, -1) if pixels.ndim == 2 else pixels[..., :3]


def square(pictures: list[np.ndarray]) -> np.ndarray:
    """Small pictures of different sizes in a square, a line of paper between them."""
    if not pictures:
        return np.full((8, 8, 3), 255, np.uint8)
    side = max(max(p.shape[:2]) for p in pictures)
    columns = int(np.ceil(np.sqrt(len(pictures))))
    gap = max(1, side // 20)
    out = np.full((columns * (side + gap) - gap, columns * (side + gap) - gap, 3), 255, np.uint8)
    for i, pixels in enumerate(pictures):
        top, left = (i // columns) * (side + gap), (i % columns) * (side + gap)
        out[top : top + side, left : left + side] = picture.square(pixels, side)
    return out
