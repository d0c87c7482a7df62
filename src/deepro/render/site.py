"""The pages of a report or a server while they are assembled: each kind of result adds what it shows.

`put` keeps bytes under a name and answers with their address: a file beside the page, a data URI, a server's path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from deepro.render import picture
from deepro.render.document import Model, NetworkView, Picture, ProvenanceView
from deepro.results import Result

Put = Callable[[str, bytes], str]
Keep = Callable[[str, str, Model], None]  # a page's kind, its id and its data
S = TypeVar("S", bound="Section")


class Site:
    """describe: how a result was made, as the viewer shows it. networks: those of the workspace, with their layers."""

    def __init__(
        self,
        put: Put,
        keep: Keep,
        networks: Sequence[NetworkView],
        describe: Callable[[Result], ProvenanceView],
    ) -> None:
        self.put, self.keep, self.networks, self._describe = put, keep, networks, describe
        self.records: dict[str, ProvenanceView] = {}  # those that the overview itself needs
        self._sections: dict[type[Section], Section] = {}

    def section(self, kind: type[S]) -> S:
        """The section of this class, made when it is first asked for."""
        made = self._sections.setdefault(kind, kind(self))
        assert isinstance(made, kind)
        return made

    def describe(self, result: Result) -> ProvenanceView:
        """How a result was made, for a page that keeps it itself."""
        return self._describe(result)

    def list(self, result: Result) -> ProvenanceView:
        """How a result was made, kept with the overview, which lists it."""
        made = self._describe(result)
        self.records[made.key] = made
        return made

    def network(self, result: Result) -> NetworkView | None:
        """The network that made a result, where its card is in the workspace."""
        return next((n for n in self.networks if n.fingerprint == fingerprint(result)), None)

    def finish(self) -> dict[str, Any]:
        """Hand every page to `keep`. Returns what they add to the overview."""
        fields: dict[str, Any] = {}
        for section in self._sections.values():
            fields |= section.finish()
        return {**fields, "records": self.records}


class Section:
    """Pages that several results fill together.

    pages: their models by name. cards: what the overview's lists hold, by field; listed: those lists so far.
    """

    pages: ClassVar[Mapping[str, type[Model]]] = {}
    cards: ClassVar[Mapping[str, type[Model]]] = {}
    _all: ClassVar[list[type[Section]]] = []

    def __init_subclass__(cls) -> None:
        Section._all.append(cls)

    @staticmethod
    def known() -> Sequence[type[Section]]:
        """Every section that has been defined."""
        return tuple(Section._all)

    def __init__(self, site: Site) -> None:
        self.site = site
        self.listed: dict[str, list[Model]] = {field: [] for field in self.cards}

    def finish(self) -> Mapping[str, Iterable[Model]]:
        """Hand every page that is not there yet to `site.keep`. Returns the overview's lists by field."""
        return self.listed


class Saver:
    """Writes the pictures of one page under one name."""

    def __init__(self, put: Put, folder: str) -> None:
        self.put = put
        self.folder = folder

    def __call__(self, name: str, pixels: np.ndarray) -> Picture:
        data = picture.jpeg(pixels) if name.endswith(".jpg") else picture.png(pixels)
        return self._put(name, data, pixels)

    def colours(self, name: str, pixels: np.ndarray) -> Picture:
        """A JPEG of many small pictures: each pixel keeps its own colour."""
        return self._put(name, picture.jpeg(pixels, quality=86, subsampling=0), pixels)

    def _put(self, name: str, data: bytes, pixels: np.ndarray) -> Picture:
        source = self.put(f"{self.folder}/{name}", data)
        return Picture(source=source, width=pixels.shape[1], height=pixels.shape[0])


def fingerprint(result: Result) -> str:
    """The fingerprint of the network that made a result, '' if it is not known."""
    return str(result.provenance.network.get("fingerprint", "")) if result.provenance else ""


def key(result: Result) -> str:
    """The key of a result that has provenance, as every result on a page does."""
    assert result.provenance is not None
    return result.provenance.key
