"""Starts the computing process, sends it requests, receives its answers and events, and restarts it if it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from deepro.errors import DeeproError, UsageError
from deepro.studio.worker import Spec, main

HOPELESS = 5  # deaths in a row, without a word in between, after which no new process is started


class ComputeError(DeeproError):
    """Raised where the computing process failed or is not running."""


class LostError(ComputeError):
    """Raised where the computing process died before it answered."""


class CancelledError(DeeproError):
    """Raised where the job was cancelled while it ran."""


class Engine:
    """The computing process. hear: called in the event loop with each event's name and content; 'died' at its end."""

    def __init__(self, spec: Spec, hear: Callable[[str, Any], None]) -> None:
        self.spec, self.hear = spec, hear
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._sending = threading.Lock()
        self._connection: Connection | None = None
        self._process: Any = None
        self._closed = False
        self._deaths = 0
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, from inside the event loop. It is spawned, so it shares no state with the server."""
        self._loop = asyncio.get_running_loop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=main, args=(theirs, self.spec), daemon=True, name="deepro-compute")
        self._process.start()
        theirs.close()
        self._connection, self._started = ours, time.monotonic()
        threading.Thread(target=self._listen, args=(ours,), daemon=True, name="engine").start()

    def _listen(self, connection: Connection) -> None:
        try:
            while True:
                self._loop.call_soon_threadsafe(self._take, connection.recv())
        except (EOFError, OSError):
            with contextlib.suppress(RuntimeError):  # the loop has ended first
                self._loop.call_soon_threadsafe(self._ended, connection)

    def _take(self, message: tuple[Any, ...]) -> None:
        kind, which, *content = message
        self._deaths = 0
        if kind == "event":
            self.hear(which, content[0])
            return
        future = self._waiting.pop(which, None)
        if future is None or future.done():
            return
        if kind == "answer":
            future.set_result(content[0])
        elif content[0] == "cancelled":
            future.set_exception(CancelledError("cancelled"))
        else:
            future.set_exception((UsageError if content[0] == "usage" else ComputeError)(content[1]))

    def _ended(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(LostError("the computing process died; it is started again"))
        if self._closed:
            return
        self._deaths += 1
        self.hear("died", self._deaths < HOPELESS)
        if self._deaths < HOPELESS:
            self.start()

    async def ask(self, kind: str, payload: Any) -> Any:
        """Send a request and wait for the answer. Raises UsageError, ComputeError, LostError or CancelledError."""
        number = next(self._numbers)
        future = self._waiting[number] = self._loop.create_future()
        self._send(number, kind, payload)
        try:
            return await future
        finally:
            self._waiting.pop(number, None)

    def tell(self, kind: str, payload: Any) -> None:
        with contextlib.suppress(ComputeError):
            self._send(-1, kind, payload)

    def _send(self, *message: Any) -> None:
        if self._connection is None:
            raise LostError("the computing process is not running; see the terminal")
        with self._sending:
            try:
                self._connection.send(message)
            except (OSError, ValueError) as error:
                raise LostError(f"the computing process cannot be reached ({error})") from None

    def kill(self) -> None:
        """End the process; a new one is started."""
        if self._process:
            self._process.kill()

    def close(self) -> None:
        self._closed = True
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.kill()
            self._process.join(5)
