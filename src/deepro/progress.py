"""How long work tells of itself without knowing who listens.

A method writes `for step in progress.steps(range(256), "imagine")`. The command draws a bar, the Studio sends an event,
a plain Python call hears nothing. A listener stops the work by raising; by raising Stopped it
asks for the part that is done, where the work can give one (a map).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - a wish, not a fault
    """Raised by a listener that wants what has been made so far; work that can give a part then returns it."""


@dataclass(frozen=True)
class Step:
    """`done` of `total` steps of `what`; total is None where it is not known."""

    what: str
    done: int
    total: int | None


_listener: ContextVar[Callable[[Step], None] | None] = ContextVar("deepro_progress", default=None)


def tell(what: str, done: int, total: int | None = None) -> None:
    """Tell the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(Step(what, done, total))


def steps(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield `items`, telling the listener before the first and after each."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    tell(what, 0, total)
    for done, item in enumerate(items, 1):
        yield item
        tell(what, done, total)


@contextmanager
def listening(listener: Callable[[Step], None] | None) -> Iterator[None]:
    """Inside, `listener` hears every step. It may raise to stop the work."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
