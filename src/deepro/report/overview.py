"""What the viewer reads: the overview first, then the pages. The kinds bring their own lists and pages."""

from __future__ import annotations

import functools
from typing import Any, Union

from pydantic import Field, create_model

from deepro.kinds import general  # noqa: F401  # its section, which no public name brings
from deepro.kinds.record import kinds
from deepro.render.document import Model, NetworkView, ProvenanceView, Skipped, Values
from deepro.render.document.studio import StudioApi
from deepro.render.site import Section

SCHEMA = 1


class Computed(Model):
    """How many results a method has made. The same method may stand several times: the numbers add up."""

    method: str
    count: int


class Note(Model):
    """What a reader wrote about a page. address: what stands behind the # of it. title: the page's."""

    address: str
    title: str
    text: str


class Overview(Model):
    """The first thing the viewer reads, with a list for each section. What is listed follows when it is looked at."""

    schema_version: int = SCHEMA
    title: str
    created: str
    deepro: str
    networks: list[NetworkView]
    computed: list[Computed] = Field(default_factory=list)
    skipped: list[Skipped]
    damaged: list[Skipped]
    records: dict[str, ProvenanceView]
    notes: list[Note] = Field(default_factory=list)


@functools.cache
def overview() -> type[Overview]:
    """The overview's model with the lists of all sections."""
    kinds()
    cards = {name: card for section in Section.known() for name, card in section.cards.items()}
    fields: Any = {name: (list[card], Field(default_factory=list)) for name, card in cards.items()}
    return create_model("Overview", __base__=Overview, __doc__=Overview.__doc__, **fields)


@functools.cache
def pages() -> dict[str, type[Model]]:
    """The models of the pages by their kind."""
    made: dict[str, type[Model]] = {}
    for one in (*kinds().values(), *Section.known()):
        made |= one.pages
    return made


@functools.cache
def viewer() -> type[Model]:
    """The root of the generated types: every kind of page, packed numbers, and what a live server speaks."""
    models = {"overview": overview(), **pages(), "values": Values, "studio": StudioApi}
    fields: Any = {name: (_any(model), ...) for name, model in models.items()}
    return create_model("Viewer", __base__=Model, __doc__=viewer.__doc__, **fields)


def _any(model: type[Model]) -> Any:
    """A page that several kinds of results fill, each with fields of its own, is any of theirs."""
    return Union[tuple(model.__subclasses__()) or model]  # noqa: UP007  # their number is not known here
