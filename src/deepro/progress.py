"""Reports the progress of long work to a listener, if there is one.

A method writes `for step in progress.steps(range(256), "imagine")`. The command draws a bar, the Studio sends an event,
a plain Python call has no listener. A listener stops the work by raising an exception; with Stopped it
asks for the part that is done, which some methods return (a map).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - a wish, not a fault
    """Raised by a listener to stop the work; methods that can return an unfinished result then do so."""


@dataclass(frozen=True)
class Step:
    """Says that `done` of `total` steps of `what` are done; total is None if it is not known."""

    what: str
    done: int
    total: int | None


class Pace:
    """Hears steps and says how long those of the present kind will still take at the speed so far.

    left: in seconds; None until one was done, and where their number is not known.
    """

    def __init__(self) -> None:
        self.step: Step | None = None
        self.left: float | None = None

    def hear(self, step: Step) -> None:
        now = time.monotonic()
        if self.step is None or step.what != self.step.what or step.done < self.step.done:
            self._first, self._began, self.left = step.done, now, None
        self.step = step
        if step.total is not None and (here := step.done - self._first) > 0:
            self.left = (now - self._began) * (step.total - step.done) / here


_listener: ContextVar[Callable[[Step], None] | None] = ContextVar("deepro_progress", default=None)


def tell(what: str, done: int, total: int | None = None) -> None:
    """Call the listener, if there is one, with a `Step`."""
    listener = _listener.get()
    if listener is not None:
        listener(Step(what, done, total))


def steps(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield `items` and report a step before the first and after each. total: by default the length of `items`."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    tell(what, 0, total)
    for done, item in enumerate(items, 1):
        yield item
        tell(what, done, total)


@contextmanager
def listening(listener: Callable[[Step], None] | None) -> Iterator[None]:
    """While the context is open, `listener` is called with every step. It may raise an exception to stop the work."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
