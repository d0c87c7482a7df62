"""Records of all kinds of results: how each is drawn, printed and shown on pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from deepro import members
from deepro.errors import KindError
from deepro.render import canvas
from deepro.results import Result, spelled

if TYPE_CHECKING:
    from deepro.render.document import Model
    from deepro.render.sheet import Tile
    from deepro.render.site import Site

R = TypeVar("R", bound=Result)
Scopes = Callable[[str, Mapping[str, Any]], tuple[str, ...]]


def alone(key: str, _provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """The scope of a result that shares its pages with no other."""
    return (key,)


@dataclass(frozen=True)
class NumberTable:
    """Numbers in rows and columns; the first column names the rows."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True)
class NumberCurves:
    """Lines over one axis: name -> y, each as long as x. NaN leaves a gap."""

    title: str
    x: np.ndarray
    lines: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Kind(Generic[R]):
    """How one kind of result is drawn, printed and shown.

    result: its class, whose `kind` is its name on disk and in addresses. caption: what a picture of it shows, in a
    sentence. draw: paints it on an empty matplotlib figure of `size` inches. pieces: HTML for notebooks, the figure
    where there are none. tile: a part of it for a contact sheet, below which `sheet` stands; scale: name and top of the
    scale that its tiles share.
    numbers: its tables and curves. lines: what a command prints of it.
    show: adds it to the pages of a site; where there is none it has a page of its own with its caption, figure and
    numbers (see deepro.kinds.general). pages: the models of pages that no section has, by name.
    scopes: what its pages are about, from its key and provenance: results that share no scope never meet on a page.
    """

    result: type[R]
    caption: str | Callable[[R], str]
    draw: Callable[[Any, R], None] | None = None
    size: tuple[float, float] | Callable[[R], tuple[float, float]] = (6.0, 1.0)
    pieces: Callable[[R], list[str]] | None = None
    tile: Callable[..., Tile] | None = None
    sheet: str = ""
    scale: Callable[[R], tuple[str, float]] | None = None
    numbers: Callable[[R], Iterable[NumberTable | NumberCurves]] = lambda _result: ()
    lines: Callable[[R], list[str]] = lambda _result: []
    show: Callable[[R, Site], None] | None = None
    pages: Mapping[str, type[Model]] = field(default_factory=dict)
    scopes: Scopes = alone

    @property
    def name(self) -> str:
        return self.result.kind

    def says(self, result: R) -> str:
        """The caption of a result."""
        return self.caption if isinstance(self.caption, str) else self.caption(result)

    def inches(self, result: R) -> tuple[float, float]:
        """Width and height of the figure of one result."""
        return self.size(result) if callable(self.size) else self.size

    def figure(self, result: R) -> Any:
        """A matplotlib figure without its caption; empty where nothing is drawn of this kind."""
        made = canvas.canvas(*self.inches(result))
        if self.draw is not None:
            with canvas.fonts():
                self.draw(made, result)
        return made


_KINDS: dict[str, Kind[Any]] = {}


def register(kind: Kind[R]) -> Kind[R]:
    """Add a kind to the records. Raises ValueError where its name is taken."""
    if kind.name in _KINDS:
        raise ValueError(f"kind {kind.name!r} is registered twice")
    _KINDS[kind.name] = kind
    return kind


def kinds() -> Mapping[str, Kind[Any]]:
    """All records by name."""
    members.load(members.KINDS)
    return _KINDS


def get(name: str) -> Kind[Any]:
    """The record of a kind. Raises KindError where this Deepro knows none of that name."""
    known = kinds()
    if spelled(name) not in known:
        raise KindError(
            f"unknown kind of result {name!r}: another version of Deepro made it, or a package that is not installed"
        )
    return known[spelled(name)]


def of(result: Result) -> Kind[Any]:
    """The record of a result's kind."""
    return get(result.kind)
