"""Codes that several methods of one run share: captured in one pass over the examples and found again by each.

Methods open no files. A caller that runs several methods on the same examples does so inside `cached_codes(cache)`;
`capture` then keeps its rows in the tables of that cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, runtime_checkable

from deepro.data.examples import Examples
from deepro.methods.spaces.code_table import CodeTable
from deepro.network import Network


@runtime_checkable
class CodeCache(Protocol):
    """layers: all layers of the run, captured together. thumbnails: longest side of the pictures kept, in pixels."""

    @property
    def layers(self) -> Sequence[str]: ...

    @property
    def thumbnails(self) -> int: ...

    def table(self, net: Network, examples: Examples, about: dict[str, Any]) -> CodeTable:
        """The table for these codes. about: options they depend on. A table that is full is not captured again."""
        ...


_CACHE: ContextVar[CodeCache | None] = ContextVar("cache", default=None)


@contextmanager
def cached_codes(cache: CodeCache) -> Iterator[None]:
    """While the context is open, codes of the cache's layers are captured once, all layers in one pass."""
    token = _CACHE.set(cache)
    try:
        yield
    finally:
        _CACHE.reset(token)


def cache_for(names: Sequence[str], thumbnails: int) -> CodeCache | None:
    """The open cache if it has all these layers and pictures of this size, else None."""
    cache = _CACHE.get()
    if cache is None or not set(names) <= set(cache.layers) or thumbnails not in (0, cache.thumbnails):
        return None
    return cache
