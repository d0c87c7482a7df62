"""A contact sheet for a paper: chosen photographs, heatmaps, units and patterns as one figure, words below each."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from deepro.errors import UsageError
from deepro.render import caption, colour, views
from deepro.results import Gallery, Heatmap, Pattern, Prediction, Projection, Region, Result

CELL = 1.7  # inches: width of a picture
LINE = 0.16  # inches: a line of words
MOST = 200  # chosen things on a sheet
GALLERY = 9  # examples of a unit

_SAYS = {
    "prediction": "Photographs with the most probable label.",
    "region": "Regions, cut from the heatmap beside them; the outline is the mask's.",
    "heatmap": "What the score depends on; heatmaps of one method share one scale. Signed: red for, blue against.",
    "projection": "Units on photographs: activation map, black is 0 and below; its activation sent back to the pixels, "
    "grey is 0; what the unit saw.",
    "gallery": "Strongest examples of units: left sent back to the pixels, grey is 0, on one scale a unit; right what "
    "it saw.",
    "pattern": "Patterns: pictures made by optimisation for their target.",
}


class Tile(NamedTuple):
    """Pictures that stand beside each other, (H, W, 3) uint8, and what is written below them."""

    pictures: list[np.ndarray]
    words: str


def sheet(chosen: Sequence[tuple[Result, Sequence[int]]], columns: int = 4) -> Any:
    """A matplotlib figure with a tile for each result and part of it, in the order given; the captions stand below.

    chosen: a result and which part of it. Heatmap: (image,). Projection: (image, unit). Gallery: (unit,).
    Pattern: (target,). Prediction and Region have one part. columns: pictures a row, at least one.
    Raises UsageError for a kind of result that has no tile, and for a part that is not there.
    """
    from matplotlib.figure import Figure

    if not 0 < len(chosen) <= MOST:
        raise UsageError(f"a contact sheet holds 1 to {MOST} things, not {len(chosen)}")
    highs = _highs([result for result, _ in chosen])
    tiles = [tile(result, *part, highs=highs) for result, part in chosen]
    rows = _rows(tiles, max(1, columns, *(len(t.pictures) for t in tiles)))
    wide = max(sum(len(t.pictures) for t in row) for row in rows)
    told = list(dict.fromkeys(f"{_SAYS[result.kind]} {caption.source(result)}" for result, _ in chosen))
    below = [line for text in told for line in textwrap.wrap(text, max(40, int(wide * CELL * 17)))]
    lines = [max(len(_wrap(t)) for t in row) for row in rows]
    heights = [CELL * max(_ratio(t) for t in row) + LINE * (n + 0.6) for row, n in zip(rows, lines, strict=True)]
    foot = LINE * 0.8 * (len(below) + 1)
    size = wide * CELL + 0.1, sum(heights) + foot
    made = Figure(figsize=size, dpi=120)
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


def _highs(results: Sequence[Result]) -> dict[str, float]:
    """One scale for all heatmaps of a method."""
    highs: dict[str, float] = {}
    for result in results:
        heatmap = result.heatmap if isinstance(result, Region) else result
        if isinstance(heatmap, Heatmap):
            highs[heatmap.method] = max(highs.get(heatmap.method, 0.0), colour.limit(heatmap.values))
    return highs


def _rows(tiles: list[Tile], columns: int) -> list[list[Tile]]:
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


# ---- what stands on a tile


@functools.singledispatch
def tile(result: Any, *_part: int, highs: Mapping[str, float]) -> Tile:
    raise UsageError(f"a {result.kind} has no place on a contact sheet; its own figure shows it")


@tile.register
def _(result: Prediction, *_part: int, **_: Any) -> Tile:
    picture = result.picture if result.picture is not None else result.seen
    if picture is None:
        raise UsageError("a prediction for a text has no place on a contact sheet; its own figure shows it")
    return Tile([_rgb(picture)], f"{_name(result)}\n{result.labels[0]} {result.probabilities[0]:.1%}")


@tile.register
def _(result: Region, *_part: int, highs: Mapping[str, float]) -> Tile:
    from PIL import Image, ImageDraw

    heat = tile(result.heatmap, highs=highs)
    if result.picture is None:
        return heat
    drawn = Image.fromarray(_rgb(result.picture))
    pen, thick = ImageDraw.Draw(drawn), max(1, round(min(drawn.size) / 90))
    for points in result.outline or ():
        closed = [(float(x), float(y)) for x, y in (*points, points[0])]
        pen.line(closed, fill=(0, 179, 154), width=thick)
    if result.box is not None:
        pen.rectangle([float(v) for v in result.box], outline=(255, 210, 63), width=thick)
    found = "" if result.box is not None else ", no region"
    laid = np.asarray(Image.fromarray(heat.pictures[-1]).resize(drawn.size, Image.Resampling.NEAREST))
    words = f"{_name(result)}\nregion of {result.target}{found}; heat {heat.words.rsplit(', ', 1)[-1]}"
    return Tile([np.asarray(drawn), laid], words)


@tile.register
def _(result: Heatmap, image: int = 0, *_part: int, highs: Mapping[str, float]) -> Tile:
    if result.values.ndim != 3:
        raise UsageError("a heatmap of a sequence has no place on a contact sheet; its own figure shows it")
    values = _at(result.values, image, "image")
    limit = highs.get(result.method) or colour.limit(values)
    drawn = colour.heat(values, result.signed, limit)
    seen = [] if result.pictures is None else [_rgb(result.pictures[image])]
    scale = f"{'±' if result.signed else '0 to '}{limit:.3g}"
    return Tile([*seen, _rgb(drawn)], f"{_name(result, image)}\n{result.targets[image]}, {result.method}, {scale}")


@tile.register
def _(result: Projection, image: int = 0, unit: int = -1, **_: Any) -> Tile:
    if result.values.ndim != 5:
        raise UsageError("a projection of a sequence has no place on a contact sheet; its own figure shows it")
    units = [int(u) for u in _at(result.units, image, "image")]
    if unit not in units:
        raise UsageError(f"unit {unit} of {result.layer} was not projected; there are {', '.join(map(str, units))}")
    u = units.index(unit)
    grid, _scale = views.map_pixels(views.flat_map(result.maps[image, u]))
    pixels, scale = views.projection_pixels(result, image, u)
    (top, bottom), (start, stop) = np.asarray(result.windows[image, u], dtype=int).reshape(-1, 2)[-2:]
    top, start = max(0, top), max(0, start)
    shown = [_rgb(grid), _rgb(pixels[top:bottom, start:stop])]
    if result.pictures is not None:
        shown.append(_rgb(result.pictures[image][top:bottom, start:stop]))
    told = (
        f"{result.layer} · unit {unit}, activation {result.activations[image, u]:.3g}, {result.rule} ±{scale.high:.3g}"
    )
    return Tile(shown, f"{told}\n{_name(result, image)}")


@tile.register
def _(result: Gallery, unit: int = 0, **_: Any) -> Tile:
    units = [int(u) for u in result.units]
    if unit not in units:
        raise UsageError(f"the gallery of {result.layer} does not show unit {unit}")
    u = units.index(unit)
    there = [r for r in range(min(GALLERY, result.values.shape[1])) if result.values[u, r] > 0]
    limit, bgr = colour.limit(result.projections[u]), colour.is_bgr(result)
    projections = _square([colour.signed(result.projections[u, r], limit, bgr=bgr) for r in there])
    patches = _square([_rgb(result.patches[u, r]) for r in there])
    peak = result.values[u, 0]
    return Tile([projections, patches], f"{result.layer} · unit {unit}, up to {peak:.3g}, {result.rule} ±{limit:.3g}")


@tile.register
def _(result: Pattern, target: int = 0, **_: Any) -> Tile:
    if result.images.ndim != 4:
        raise UsageError("a pattern of a sequence has no place on a contact sheet; its own figure shows it")
    image = _at(result.images, target, "target")
    share = views.finite(result.probabilities[target])
    reached = f"score {result.scores[target]:.3g}" + ("" if share is None else f", {share:.1%}")
    return Tile([_rgb(colour.unit_range(image))], f"pattern for {result.targets[target]}\n{reached}")


def _at(values: Any, index: int, what: str) -> Any:
    if not 0 <= index < len(values):
        raise UsageError(f"there is no {what} {index}; there are {len(values)}")
    return values[index]


def _name(result: Result, image: int = 0) -> str:
    data = () if result.provenance is None else result.provenance.data
    return str(data[image]["name"]) if image < len(data) else ""


def _rgb(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of grey, colour or colour with opacity."""
    pixels = np.asarray(pixels)
    return np.repeat(pixels[..., None], 3, -1) if pixels.ndim == 2 else pixels[..., :3]


def _square(pictures: list[np.ndarray]) -> np.ndarray:
    """Small pictures of different sizes in a square, a line of paper between them."""
    from deepro.render import picture

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
