"""The strongest examples of units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from deepro.errors import StoreError, UsageError
from deepro.kinds.record import Kind, register
from deepro.kinds.surveys.page import BLOCK, COLUMNS, SIDE, Block, Parts, Photo, Shown, Surveys, across, scopes
from deepro.render import colour, picture
from deepro.render.document import Scale
from deepro.render.pack import safe
from deepro.render.sheet import Tile, rgb, square
from deepro.render.site import Site
from deepro.results import Result

_MOST = 9  # examples on a tile of a contact sheet
_GAP = 2  # pixels between two examples of a picture of all units
_BETWEEN = 12  # pixels between two units
_WORDS = 16  # height of a unit's caption


@dataclass(frozen=True, eq=False, kw_only=True)
class Gallery(Result):
    """The strongest examples of U units of one layer, k each.

    units: (U,). values, images, positions: as in UnitStatistics. windows: (U, k, 2, 2) start and stop of what the unit
    saw, rows then columns, in input pixels; it may reach past the border. boxes: (U, k, 4) left, top, right, bottom of
    the same in the photograph, in the input where there is none. patches: (U, k, h, w, 3) uint8, what it saw.
    projections: (U, k, C, h, w) what of it drove the unit. shown, ids, digests: (M,) the images, their ids, and the
    SHA-256 of their pixels. sizes: (M, 2) width and height of the photographs. thumbnails: (M, 128, 128, 3) uint8, the
    photographs squeezed to squares.
    """

    kind = "gallery"
    layer: str
    rule: str
    units: np.ndarray
    values: np.ndarray
    images: np.ndarray
    positions: np.ndarray
    windows: np.ndarray
    boxes: np.ndarray
    patches: np.ndarray
    projections: np.ndarray
    shown: np.ndarray
    ids: tuple[str, ...]
    digests: tuple[str, ...]
    sizes: np.ndarray
    thumbnails: np.ndarray

    def drawn(self, row: int) -> tuple[list[np.ndarray], float]:
        """(h, w, 3) pictures of the projections of one unit, all on one scale, and the number at its ends."""
        limit, bgr = colour.limit(self.projections[row]), colour.is_bgr(self)
        return [colour.signed(one, limit, bgr=bgr) for one in self.projections[row]], limit


def contact_sheet(gallery: Gallery, tile: int = 36, columns: int | None = None) -> Image.Image:
    """All units of a gallery as in Zeiler & Fergus 2014, figure 2: left the projections, right the patches.

    Captions give the unit's number and its largest activation. A unit's projections share one scale, zero is middle
    grey. columns: units a row, by default about as many as make a square. tile: side of one example in pixels.
    """
    side = across(gallery.values.shape[1])
    block = side * tile + (side - 1) * _GAP
    wide, high = 2 * block + 2 * _GAP, block + _WORDS
    count = len(gallery.units)
    columns = columns or max(1, min(count, round(math.sqrt(count * (high + _BETWEEN) / (wide + _BETWEEN)))))
    rows = -(-count // columns)
    sheet = Image.new(
        "RGB", (columns * (wide + _BETWEEN) + _BETWEEN, rows * (high + _BETWEEN) + _BETWEEN + _WORDS), colour.PAPER
    )
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    words = f"{gallery.layer}   {gallery.rule} projections and patches, strongest examples first"
    pen.text((_BETWEEN, _BETWEEN // 2), words, colour.INK, font)
    for i, unit in enumerate(gallery.units.tolist()):
        left = _BETWEEN + (i % columns) * (wide + _BETWEEN)
        top = _BETWEEN + _WORDS + (i // columns) * (high + _BETWEEN)
        peak = gallery.values[i, 0]
        pen.text((left, top), f"{unit}   {peak:.3g}" if peak > 0 else f"{unit}   never above 0", colour.INK, font)
        for rank, projection in enumerate(gallery.drawn(i)[0]):
            if not gallery.values[i, rank] > 0:
                continue
            x, y = left + (rank % side) * (tile + _GAP), top + _WORDS + (rank // side) * (tile + _GAP)
            sheet.paste(Image.fromarray(picture.square(projection, tile)), (x, y))
            sheet.paste(Image.fromarray(picture.square(gallery.patches[i, rank], tile)), (x + block + 2 * _GAP, y))
    return sheet


def save_contact_sheet(
    gallery: Gallery, file: str | Path, tile: int = 36, columns: int | None = None, dpi: int = 150
) -> Path:
    """Write the sheet as .png or .pdf. Raises UsageError for another suffix, StoreError where it cannot be written."""
    file = Path(file)
    if file.suffix.lower() not in (".png", ".pdf"):
        raise UsageError(f"{file}: a contact sheet is a .png or a .pdf")
    sheet = contact_sheet(gallery, tile, columns)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix.lower() == ".pdf":
            sheet.save(file, "PDF", resolution=dpi, quality=92, title=f"Units of {gallery.layer}")
        else:
            sheet.save(file, "PNG", dpi=(dpi, dpi), optimize=True)
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror or error}") from error
    return file


def draw(made: Any, result: Gallery) -> None:
    axis = made.subplots()
    axis.imshow(np.asarray(contact_sheet(result)), interpolation="antialiased")
    axis.axis("off")


def size(result: Gallery) -> tuple[float, float]:
    side = 2 * math.sqrt(len(result.units))
    return max(4.0, side), max(3.0, side)


def tile(result: Gallery, unit: int = 0, **_: Any) -> Tile:
    units = result.units.tolist()
    if unit not in units:
        raise UsageError(f"the gallery of {result.layer} does not show unit {unit}")
    u = units.index(unit)
    there = [r for r in range(min(_MOST, result.values.shape[1])) if result.values[u, r] > 0]
    projections, limit = result.drawn(u)
    words = f"{result.layer} · unit {unit}, up to {result.values[u, 0]:.3g}, {result.rule} ±{limit:.3g}"
    return Tile([square([projections[r] for r in there]), square([rgb(result.patches[u, r]) for r in there])], words)


def show(result: Gallery, site: Site) -> None:
    """Put the pictures away, block by block; a unit that is there already stays as it is."""
    parts = site.section(Surveys).of(result, result.layer)
    blocks, kept = parts.blocks.setdefault(result.layer, []), parts.shown.setdefault(result.layer, {})
    rows = [row for row, unit in enumerate(result.units.tolist()) if unit not in kept]
    for start in range(0, len(rows), BLOCK):
        blocks.append(_block(result, rows[start : start + BLOCK], parts, len(blocks)))
    photographs = zip(result.ids, result.digests, result.sizes.tolist(), result.thumbnails, strict=True)
    for image, (id, digest, (width, height), small) in zip(result.shown.tolist(), photographs, strict=True):
        parts.photographs.setdefault(image, (Photo(id=id, sha256=digest, width=width, height=height), small))


def _block(result: Gallery, rows: list[int], parts: Parts, number: int) -> Block:
    """The pictures of some units' examples; where each unit stands is kept in `parts`."""
    patches, projections = [], []
    for place, row in enumerate(rows):
        on = result.values[row] > 0
        drawn, limit = result.drawn(row)
        patches.append(_grid(list(result.patches[row, on]), len(on)))
        projections.append(_grid([one for one, there in zip(drawn, on, strict=True) if there], len(on)))
        parts.shown[result.layer][int(result.units[row])] = Shown(
            cell=number * BLOCK + place,
            filled=int(on.sum()),
            scale=Scale(kind="signed", high=limit, percentile=colour.PERCENTILE, shared=True),
            images=result.images[row],
            windows=result.windows[row],
            boxes=result.boxes[row],
            rule=result.rule,
        )
    parts.covers[result.layer] = parts.covers.get(result.layer) or patches[:6]
    name = f"{safe(result.layer)}-{number}"
    return Block(
        patches=parts.save.colours(f"{name}-patches.jpg", picture.sheet(patches, COLUMNS, colour.MIDDLE)),
        projections=parts.save.colours(f"{name}-projections.jpg", picture.sheet(projections, COLUMNS, colour.MIDDLE)),
    )


def _grid(pictures: list[np.ndarray], count: int) -> np.ndarray:
    """A unit's examples in one square that has room for `count`."""
    side = across(count)
    squares = [picture.square(one, SIDE) for one in pictures]
    empty = np.full((SIDE, SIDE, 3), colour.MIDDLE, dtype=np.uint8)
    return picture.sheet(squares + [empty] * (side * side - len(squares)), side, colour.MIDDLE)


CAPTION = "Strongest examples of each unit: left the projections, grey is 0, right what it saw."
KIND = register(
    Kind(
        Gallery,
        CAPTION,
        draw=draw,
        size=size,
        tile=tile,
        sheet="Strongest examples of units: left sent back to the pixels, grey is 0, on one scale a unit; right what "
        "it saw.",
        show=show,
        scopes=scopes,
    )
)
