"""Server-Sent Events to all open viewers; one that reads slowly gets only the latest event on each subject."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

QUIET = 15.0  # seconds after which a comment keeps the connection open
MOST = 500  # viewers


class Events:
    """Sends events to the connected viewers; to be used inside the event loop."""

    def __init__(self) -> None:
        self._viewers: set[Mailbox] = set()

    def __len__(self) -> int:
        return len(self._viewers)

    def publish(self, event: str, key: str, content: Any) -> None:
        """Send to every viewer. A later event of the same name and key replaces one that was not read yet."""
        text = f"event: {event}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
        for viewer in self._viewers:
            viewer.put((event, key), text)

    async def stream(self, hello: bytes) -> AsyncIterator[bytes]:
        """The bytes that one viewer reads: `hello` first, then events until it disconnects."""
        mailbox = Mailbox()
        self._viewers.add(mailbox)
        try:
            yield hello
            while True:
                yield await mailbox.take()
        finally:
            self._viewers.discard(mailbox)


class Mailbox:
    """Events that one viewer has not read yet."""

    def __init__(self) -> None:
        self._unread: dict[tuple[str, str], bytes] = {}
        self._new = asyncio.Event()

    def put(self, key: tuple[str, str], text: bytes) -> None:
        """Add an event, in place of an unread one with this key."""
        self._unread.pop(key, None)
        self._unread[key] = text
        self._new.set()

    async def take(self) -> bytes:
        """Wait for events and return all unread ones; after QUIET seconds without any, a comment."""
        try:
            await asyncio.wait_for(self._new.wait(), QUIET)
        except TimeoutError:
            return b": still here\n\n"
        self._new.clear()
        unread, self._unread = self._unread, {}
        return b"".join(unread.values())
