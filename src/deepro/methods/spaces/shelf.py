"""Codes that several methods of one run share: captured in one pass, kept where the shelf says, found again.

Methods know no files. Whoever calls several of them on the same examples says so with `shared`, and gives a shelf that
makes the tables; `capture` asks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from deepro.data.examples import Examples
    from deepro.methods.spaces.codes import Table
    from deepro.network import Network


@runtime_checkable
class Shelf(Protocol):
    """layers: all that the run will ask for, captured together. thumbnails: longest side of the pictures kept."""

    @property
    def layers(self) -> Sequence[str]: ...

    @property
    def thumbnails(self) -> int: ...

    def table(self, net: Network, examples: Examples, about: dict[str, Any]) -> Table:
        """Where the rows go. about: what else they depend on. A table that is full is not captured again."""
        ...


_SHELF: ContextVar[Shelf | None] = ContextVar("shelf", default=None)


@contextmanager
def shared(shelf: Shelf) -> Iterator[None]:
    """Within, captures of the shelf's layers are made once, all layers in one pass."""
    token = _SHELF.set(shelf)
    try:
        yield
    finally:
        _SHELF.reset(token)


def shelf_for(names: Sequence[str], thumbnails: int) -> Shelf | None:
    """The shelf of this run, where it has these layers and pictures of this size."""
    shelf = _SHELF.get()
    if shelf is None or not set(names) <= set(shelf.layers) or thumbnails not in (0, shelf.thumbnails):
        return None
    return shelf
