"""Results as the viewer gets them, without a workspace."""

from __future__ import annotations

from typing import Any, NamedTuple

from deepro.report.site import gather
from deepro.results import Result


class Pages(NamedTuple):
    """pages: (kind, id) -> model. overview: the overview's fields. files: name -> bytes."""

    pages: dict[tuple[str, str], Any]
    overview: dict[str, Any]
    files: dict[str, bytes]


def shown(*results: Result) -> Pages:
    """The pages of these results."""
    pages: dict[tuple[str, str], Any] = {}
    files: dict[str, bytes] = {}

    def put(name: str, data: bytes) -> str:
        files[name] = data
        return name

    def keep(kind: str, id: str, model: Any) -> None:
        pages[kind, id] = model

    return Pages(pages, gather(results, [], put, keep), files)
