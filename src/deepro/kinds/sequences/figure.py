"""Pages of one figure each, which the viewer draws from the numbers of a result: what was read, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import GetJsonSchemaHandler, SerializeAsAny
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from deepro.kinds.record import Kind, register
from deepro.kinds.sequences.page import (
    LineView,
    ReadSequence,
    ResultPage,
    SequencePages,
    SheetView,
    SoundView,
    lines,
    scopes,
    sheet,
    sound,
)
from deepro.render.document import Model
from deepro.render.site import Site, fingerprint, key
from deepro.results import Result

R = TypeVar("R", bound=Result)


class FigureView(Model):
    """The numbers of one figure. Each kind has a model of its own, whose field `kind` tells the viewer which it is."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        if cls is not FigureView:
            return handler(core)
        return {"anyOf": [handler(view.__pydantic_core_schema__) for view in cls.__subclasses__()]}


class FigurePage(ResultPage):
    """A result that is shown as one figure, drawn from its numbers in the language of the reader."""

    kind: str
    shown: SerializeAsAny[FigureView]


PAGES = {"figure": FigurePage}
Made = tuple[FigureView, Mapping[str, Any]]  # a figure, and the facts of it for the overview


class ReadView(Model):
    """What was read, laid along `steps` places. sequence: the id of its page, where there is one.

    tokens: one a place where they are tokens. lines, sheet, sound: of a series, over its own steps, which the places
    divide into equal parts.
    """

    sequence: str | None
    steps: int
    tokens: list[str]
    lines: list[LineView]
    sheet: SheetView | None
    sound: SoundView | None


def read(ones: Sequence[ReadSequence], steps: int, text: str | None = None, tokens: Sequence[str] = ()) -> ReadView:
    """What was read, over `steps` places: the words of the result first, then what is known of the sequence."""
    one = ones[0] if ones else ReadSequence("", "", "")
    named = list(tokens)
    if not named and text is not None and len(text) == steps:
        named = list(text)
    if not named and one.tokens is not None and len(one.tokens) == steps:
        named = [one.symbols[k] if one.symbols is not None else str(k) for k in one.tokens.tolist()]
    series = None if one.rate else one.series
    return ReadView(
        sequence=one.page, steps=steps, tokens=named, lines=lines(series), sheet=sheet(series),
        sound=sound(one.series, one.rate, steps),
    )  # fmt: skip


def show_figure(results: Sequence[R], site: Site, make: Callable[[Sequence[ReadSequence]], Made]) -> None:
    """Keep the page of results that share one figure, when every sequence is known.

    make: the figure and the facts for the overview, from the sequences that the first result read.
    """
    section = site.section(SequencePages)

    def keep() -> None:
        shown, facts = make(section.of(results[0]))
        records = {key(result): site.list(result) for result in results}
        about: dict[str, Any] = {"kind": results[0].kind, "network": fingerprint(results[0]), "records": records}
        for record in records:  # each result finds the page under its own key
            site.keep("figure", record, FigurePage(**about, record=record, shown=shown))
        section.list(results[0], facts)

    section.later(keep)


def figure_kind(
    result: type[R], caption: str, figure: Callable[[R, Sequence[ReadSequence]], Made], **more: Any
) -> Kind[R]:
    """Record a kind that is shown as one figure. figure: what it shows of a result and of what that read."""

    def show(one: R, site: Site) -> None:
        show_figure([one], site, lambda read: figure(one, read))

    return register(Kind(result, caption, show=show, pages=PAGES, scopes=scopes, **more))
