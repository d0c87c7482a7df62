"""Answers from the cache of huggingface_hub at once where its server cannot be reached."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from urllib.parse import urlparse

_TIMEOUT = 4.0  # seconds for a connection


@contextlib.contextmanager
def cached_if_unreachable() -> Iterator[None]:
    """While the context is open, huggingface_hub reads only its cache if its server is unreachable."""
    try:
        from huggingface_hub import constants
    except ImportError:
        yield
        return
    before, log = constants.HF_HUB_OFFLINE, logging.getLogger("huggingface_hub")
    level = log.level
    try:
        if not before and not _reachable(constants.ENDPOINT):
            constants.HF_HUB_OFFLINE = True
        log.setLevel(logging.ERROR)
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
        log.setLevel(level)


def _reachable(endpoint: str) -> bool:
    if any(os.environ.get(k) or os.environ.get(k.lower()) for k in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")):
        return True  # only the proxy can tell
    address = urlparse(endpoint)
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), _TIMEOUT).close()
    except OSError:
        return False
    return True
