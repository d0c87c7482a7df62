"""Progress on stderr: bars on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from deepro.progress import Pace, Step, listening

quiet = False  # `deepro --quiet`
PAUSE = 3.0  # seconds between lines where there is no terminal


@contextmanager
def shown() -> Iterator[None]:
    """Inside, long work tells how far it is, unless `quiet`."""
    if quiet:
        yield
        return
    with _bars() if sys.stderr.isatty() else _lines():
        yield


@contextmanager
def _bars() -> Iterator[None]:
    text, bar, count = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    columns = (text, bar, count, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def hear(step: Step) -> None:
            if step.what not in tasks:
                tasks[step.what] = progress.add_task(step.what, total=step.total)
            progress.update(tasks[step.what], completed=step.done, total=step.total)
            if step.total is not None and step.done >= step.total:
                progress.remove_task(tasks.pop(step.what))

        with listening(hear):
            yield


@contextmanager
def _lines() -> Iterator[None]:
    started = time.monotonic()
    last, pace = started, Pace()

    def hear(step: Step) -> None:
        nonlocal last
        pace.hear(step)
        now = time.monotonic()
        if now - last >= PAUSE:
            last = now
            of = f"/{step.total}" if step.total is not None else ""
            left = "" if pace.left is None else f", {pace.left:.0f} s left"
            print(f"[{now - started:4.0f} s] {step.what} {step.done}{of}{left}", file=sys.stderr, flush=True)

    with listening(hear):
        yield
