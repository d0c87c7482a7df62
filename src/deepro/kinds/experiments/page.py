"""Each experiment is a page of its own. What they share stands here; each kind adds its own fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from deepro.render.document import Model, Picture
from deepro.render.pack import view
from deepro.render.site import Saver, Section, Site, fingerprint, key
from deepro.results import Result

MOST = 24  # units, classes and strips on a page


class Experiment(Model):
    """The page of an experiment, as far as all kinds have the same."""

    id: str
    record: str
    network: str


class ExperimentCard(Model):
    """An experiment on the overview. about: what it looked at. thumb: a picture of it where there is one."""

    id: str
    kind: str
    record: str
    network: str
    about: str
    thumb: Picture | None


class Experiments(Section):
    """A page for each result."""

    pages: ClassVar[Mapping[str, type[Model]]] = {"experiment": Experiment}
    cards: ClassVar[Mapping[str, type[Model]]] = {"experiments": ExperimentCard}

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._cards: list[ExperimentCard] = []

    def saver(self, result: Result) -> Saver:
        """Writes the pictures of a result's page."""
        return Saver(self.site.put, f"experiment-{key(result)[:12]}")

    def add(
        self, page: type[Experiment], result: Result, *, about: str, thumb: Picture | None = None, **fields: Any
    ) -> None:
        """Add the page of a result: its fields of the same name, and `fields` for all others."""
        made = self.site.list(result)
        shared: dict[str, Any] = {"id": made.key[:12], "record": made.key, "network": fingerprint(result)}
        self.site.keep("experiment", shared["id"], view(page, result, **shared, **fields))
        self._cards.append(ExperimentCard(**shared, kind=result.kind, about=about, thumb=thumb))

    def finish(self) -> Mapping[str, Sequence[Model]]:
        return {"experiments": self._cards}


def names(result: Result) -> str:
    """The names of the first inputs."""
    data = result.provenance.data[:3] if result.provenance else ()
    return ", ".join(str(d.get("name", "image")) for d in data)
