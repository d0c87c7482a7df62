"""Server-Sent Events to everyone who looks. A viewer that does not read keeps the latest word on each thing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

QUIET = 15.0  # seconds after which a comment keeps the connection open
MOST = 500  # viewers


class Hub:
    """Told in the event loop."""

    def __init__(self) -> None:
        self._viewers: set[Mailbox] = set()

    def __len__(self) -> int:
        return len(self._viewers)

    def tell(self, event: str, key: str, content: Any) -> None:
        """A later word with the same event and key takes the place of one that was not read yet."""
        text = f"event: {event}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
        for viewer in self._viewers:
            viewer.put((event, key), text)

    async def stream(self, hello: bytes) -> AsyncIterator[bytes]:
        """What one viewer reads, from `hello` on."""
        mailbox = Mailbox()
        self._viewers.add(mailbox)
        try:
            yield hello
            while True:
                yield await mailbox.take()
        finally:
            self._viewers.discard(mailbox)


class Mailbox:
    def __init__(self) -> None:
        self._letters: dict[tuple[str, str], bytes] = {}
        self._new = asyncio.Event()

    def put(self, key: tuple[str, str], text: bytes) -> None:
        self._letters.pop(key, None)
        self._letters[key] = text
        self._new.set()

    async def take(self) -> bytes:
        try:
            await asyncio.wait_for(self._new.wait(), QUIET)
        except TimeoutError:
            return b": still here\n\n"
        self._new.clear()
        letters, self._letters = self._letters, {}
        return b"".join(letters.values())
