"""What every data set offers: a length, an id that stays, a label where there is one, and one example at a time."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deepro.errors import UsageError


@dataclass(frozen=True)
class Example:
    """One item as read. value: a picture, or a float tensor without the batch axis that the network takes as it is.

    label: index into the data set's classes, -1 where there is none. digest: SHA-256 of what was read.
    """

    value: Any
    label: int
    digest: str


class Dataset(abc.ABC):
    """Items 0..len-1 in an order that is the same every time.

    name: what it is and where, for provenance. classes: names of the labels, () where there are none.
    """

    name: str
    classes: tuple[str, ...] = ()

    @abc.abstractmethod
    def __len__(self) -> int: ...

    @abc.abstractmethod
    def read(self, index: int) -> Example:
        """Item `index`. Raises whatever reading it raises; the survey notes it and goes on."""

    def id(self, index: int) -> str:
        """A name that stays the same from run to run."""
        return str(index)

    def stamp(self, index: int) -> str | None:
        """Changes when the item is written again; known without reading it. None where there is nothing of the kind."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {len(self)} images, {len(self.classes)} classes)"


def index_labels(labels: Sequence[str | None]) -> tuple[tuple[str, ...], list[int]]:
    """Class names in order (by number where all are whole numbers), and each label's index; None and '' become -1."""
    known = {label for label in labels if label not in (None, "")}
    numeric = all(str(k).isdecimal() for k in known)
    classes = tuple(sorted(map(str, known), key=int if numeric else str))
    places = {name: i for i, name in enumerate(classes)}
    return classes, [places[str(label)] if label not in (None, "") else -1 for label in labels]


def check_unique(ids: Sequence[str], where: str) -> None:
    """Raises UsageError where an id stands twice."""
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    twice = next(i for i in ids if i in seen or seen.add(i))
    raise UsageError(f"{where}: {twice!r} stands twice; every image needs an id of its own")
