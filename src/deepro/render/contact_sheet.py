"""A gallery as one picture: for each unit its projections in a square and beside them what the unit saw."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from deepro.errors import StoreError, UsageError
from deepro.render import colour, picture

if TYPE_CHECKING:
    from deepro.results import Gallery

_GAP = 2  # pixels between tiles
_BETWEEN = 12  # and between units
_WORDS = 16  # height of a unit's caption


def contact_sheet(gallery: Gallery, tile: int = 36, columns: int | None = None) -> Image.Image:
    """All units of a gallery as in Zeiler & Fergus 2014, figure 2: left the projections, right the patches.

    Captions give the unit's number and its largest activation. A unit's projections share one scale, zero is middle
    grey. columns: units a row, by default about as many as make a square. tile: side of one example in pixels.
    """
    side = math.ceil(math.sqrt(gallery.values.shape[1]))
    block = side * tile + (side - 1) * _GAP
    wide, high = 2 * block + 2 * _GAP, block + _WORDS
    count = len(gallery.units)
    columns = columns or max(1, min(count, round(math.sqrt(count * (high + _BETWEEN) / (wide + _BETWEEN)))))
    rows = -(-count // columns)
    sheet = Image.new(
        "RGB", (columns * (wide + _BETWEEN) + _BETWEEN, rows * (high + _BETWEEN) + _BETWEEN + _WORDS), colour.PAPER
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    words = f"{gallery.layer}   {gallery.rule} projections and patches, strongest examples first"
    draw.text((_BETWEEN, _BETWEEN // 2), words, colour.INK, font)
    bgr = colour.is_bgr(gallery)
    for i, unit in enumerate(gallery.units.tolist()):
        left = _BETWEEN + (i % columns) * (wide + _BETWEEN)
        top = _BETWEEN + _WORDS + (i // columns) * (high + _BETWEEN)
        peak = gallery.values[i, 0]
        draw.text((left, top), f"{unit}   {peak:.3g}" if peak > 0 else f"{unit}   never above 0", colour.INK, font)
        limit = colour.limit(gallery.projections[i])
        for rank in range(gallery.values.shape[1]):
            if not gallery.values[i, rank] > 0:
                continue
            x, y = left + (rank % side) * (tile + _GAP), top + _WORDS + (rank // side) * (tile + _GAP)
            sheet.paste(_tile(colour.signed(gallery.projections[i, rank], limit, bgr=bgr), tile), (x, y))
            sheet.paste(_tile(gallery.patches[i, rank], tile), (x + block + 2 * _GAP, y))
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


def _tile(pixels: np.ndarray, side: int) -> Image.Image:
    return Image.fromarray(picture.square(pixels, side))
