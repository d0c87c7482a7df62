"""Any result as a matplotlib figure, as HTML for notebooks, and several on a contact sheet, each with its caption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepro import recipe
from deepro.errors import UsageError
from deepro.kinds import record as kinds
from deepro.render import canvas, markup, sheet
from deepro.results import Result

MOST = 200  # chosen things on a contact sheet


def figure(result: Result) -> Any:
    """A matplotlib Figure with its caption, not attached to any window."""
    made = kinds.of(result).figure(result)
    with canvas.fonts():
        made.supxlabel(caption(result), x=0.01, ha="left", fontsize=8, color="0.35", wrap=True)
    return made


def html(result: Result) -> str:
    """One <figure> for notebooks: pictures as data URIs, every word escaped; nothing is loaded."""
    kind = kinds.of(result)
    pieces = kind.pieces(result) if kind.pieces else _drawn(result)
    return markup.figure(kind.name, pieces, caption(result))


def _drawn(result: Result) -> list[str]:
    kind = kinds.of(result)
    drawn = kind.figure(result)
    pixels = canvas.pixels(drawn) if drawn.axes else None
    found = [] if pixels is None else [markup.drawing(pixels, result.kind)]
    for shown in kind.numbers(result):
        if isinstance(shown, kinds.NumberTable):
            found += markup.table(shown.columns, shown.rows)
    return found


def caption(result: Result) -> str:
    """What one looks at, by which method (paper), of which network and data; in English."""
    data = result.provenance.data if result.provenance else ()
    names = ", ".join(str(d.get("name", "")) for d in data[:3]) + (", …" if len(data) > 3 else "")
    made = f"{source(result)[:-1]}{f', {names}' if names else ''}." if result.provenance else ""
    return " ".join(part for part in (kinds.of(result).says(result), made) if part)


def source(result: Result) -> str:
    """Method, paper and network."""
    if result.provenance is None:
        return ""
    record = recipe.describe(result)
    paper = f" ({record.paper.authors} {record.paper.year})" if record.paper else ""
    return f"{record.method}{paper}, {result.provenance.network.get('name', 'network')}."


def contact_sheet(chosen: Sequence[tuple[Result, Sequence[int]]], columns: int = 4) -> Any:
    """A matplotlib figure with a tile for each result and part of it, in the order given; the captions stand below.

    chosen: a result and which part of it, as its kind's `tile` takes it: an image, an image and a unit, a unit, a
    target, or nothing. columns: pictures a row, at least one.
    Raises UsageError for a kind of result that has no tile, and for a part that is not there.
    """
    if not 0 < len(chosen) <= MOST:
        raise UsageError(f"a contact sheet holds 1 to {MOST} things, not {len(chosen)}")
    highs: dict[str, float] = {}
    for result, _ in chosen:
        if (scale := kinds.of(result).scale) is not None:
            name, high = scale(result)
            highs[name] = max(highs.get(name, 0.0), high)
    tiles = [_tile(result, part, highs) for result, part in chosen]
    told = dict.fromkeys(f"{kinds.of(result).sheet} {source(result)}" for result, _ in chosen)
    return sheet.lay_out(tiles, list(told), columns)


def _tile(result: Result, part: Sequence[int], highs: dict[str, float]) -> sheet.Tile:
    make = kinds.of(result).tile
    if make is None:
        raise UsageError(f"a {result.kind} has no place on a contact sheet; its own figure shows it")
    return make(result, *part, highs=highs)
