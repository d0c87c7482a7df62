"""The page of a result whose kind brings none: its caption, its figure, its tables and curves, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from deepro.kinds.record import Kind, NumberCurves, NumberTable, of
from deepro.render import canvas, picture
from deepro.render.document import Model, Picture
from deepro.render.document.general import (
    GeneralCard,
    GeneralPage,
    NamedCurve,
    TitledCurves,
    TitledPicture,
    TitledTable,
)
from deepro.render.pack import floats, plain
from deepro.render.site import Saver, Section, Site, fingerprint
from deepro.results import Result, UnknownResult

THUMB = 320  # pixels


class General(Section):
    """A page for each result."""

    pages: ClassVar[Mapping[str, type[Model]]] = {"general": GeneralPage}
    cards: ClassVar[Mapping[str, type[Model]]] = {"general": GeneralCard}


def show(result: Result, site: Site) -> None:
    """Add a result to the pages of a site; of a stand-in its kind's name and how it was made."""
    made = site.list(result)
    about: dict[str, Any] = {"id": made.key[:12], "kind": result.kind, "record": made.key}
    about["network"] = fingerprint(result)
    fields, thumb = {"caption": "", "known": False}, None
    if not isinstance(result, UnknownResult):
        fields, thumb = _fields(of(result), result, Saver(site.put, f"general-{about['id']}"))
    site.keep("general", about["id"], GeneralPage(**about, **fields, records={made.key: made}))
    site.section(General).listed["general"].append(GeneralCard(**about, method=made.method, thumb=thumb))


def _fields(kind: Kind[Any], result: Result, save: Saver) -> tuple[dict[str, Any], Picture | None]:
    """What a kind says of a result, and a small picture of its figure where it draws one."""
    numbers = list(kind.numbers(result))
    fields: dict[str, Any] = {
        "caption": kind.says(result),
        "tables": [_table(n) for n in numbers if isinstance(n, NumberTable)],
        "curves": [_curves(n) for n in numbers if isinstance(n, NumberCurves)],
    }
    drawn = kind.figure(result)
    if not drawn.axes:
        return fields, None
    pixels = canvas.pixels(drawn)
    fields["pictures"] = [TitledPicture(title="", picture=save("figure.png", pixels))]
    return fields, save("thumb.png", picture.fit(pixels, THUMB))


def _table(shown: NumberTable) -> TitledTable:
    return TitledTable(title=shown.title, columns=list(shown.columns), rows=[[_cell(c) for c in r] for r in shown.rows])


def _cell(value: Any) -> str | float | None:
    value = plain(value)
    return value if value is None or isinstance(value, float | int) else str(value)


def _curves(shown: NumberCurves) -> TitledCurves:
    lines = [NamedCurve(name=name, y=floats(y)) for name, y in shown.lines.items()]
    return TitledCurves(title=shown.title, x=floats(shown.x), lines=lines)
