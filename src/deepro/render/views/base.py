"""What the views of every family share: pictures put away under names, provenance, numbers for JSON.

`put` keeps bytes under a name and answers with their address: a file beside the page, a data URI, a server's path.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from deepro import registry
from deepro.render import picture, recipe
from deepro.render.document import Model, Paper, Picture, ProvenanceView, Values
from deepro.results import Provenance, Result

Put = Callable[[str, bytes], str]
Keep = Callable[[str, str, Model], None]  # a page's kind, its id and its data


class Section(Protocol):
    """The pages that one family of results fills."""

    def add(self, result: Result) -> bool:
        """Take a result in; False where it is another section's."""
        ...

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        """Hand every page to `keep`. Returns this section's fields of the overview."""
        ...


class Saver:
    """Writes pictures of one page under one name."""

    def __init__(self, put: Put, folder: str) -> None:
        self.put = put
        self.folder = folder

    def __call__(self, name: str, pixels: np.ndarray) -> Picture:
        data = picture.jpeg(pixels) if name.endswith(".jpg") else picture.png(pixels)
        return self._put(name, data, pixels)

    def colours(self, name: str, pixels: np.ndarray) -> Picture:
        """A JPEG of many small pictures: each pixel keeps its own colour."""
        return self._put(name, picture.jpeg(pixels, quality=86, subsampling=0), pixels)

    def _put(self, name: str, data: bytes, pixels: np.ndarray) -> Picture:
        source = self.put(f"{self.folder}/{name}", data)
        return Picture(source=source, width=pixels.shape[1], height=pixels.shape[0])

    def inline(self, pixels: np.ndarray) -> Picture:
        """A picture whose numbers the viewer reads back: a page on disk may read no other file's pixels."""
        source = picture.data_uri(picture.png(pixels))
        return Picture(source=source, width=pixels.shape[1], height=pixels.shape[0])


def safe(name: str) -> str:
    """A layer's name for files and addresses; different names stay different."""
    return f"{re.sub(r'[^A-Za-z0-9.]+', '-', name)}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def values(array: np.ndarray) -> Values:
    """Numbers for the viewer, packed: little endian, C order, base64 in the page."""
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    kinds: dict[str, Any] = {"f4": "float32", "u1": "uint8", "u2": "uint16", "u4": "uint32", "i4": "int32"}
    return Values(
        dtype=kinds[array.dtype.str[1:]],
        shape=list(array.shape),
        data=base64.b64encode(array.tobytes()).decode("ascii"),
    )


def record(result: Result) -> ProvenanceView:
    """A result's provenance, with the method's paper where the method is known here."""
    provenance = result.provenance
    assert provenance is not None
    method = _method(provenance)
    paper = method and method.paper
    return ProvenanceView(
        key=provenance.key,
        kind=result.kind,
        method=provenance.method,
        version=provenance.version,
        summary=method.summary if method else "",
        paper=Paper(authors=paper.authors, year=paper.year, title=paper.title, url=paper.url) if paper else None,
        parameters=plain(provenance.parameters),
        network=str(provenance.network.get("fingerprint", "")),
        data=[plain(d) for d in provenance.data],
        seed=provenance.seed,
        libraries=dict(provenance.libraries),
        created=provenance.created,
        seconds=provenance.seconds,
        notes=list(provenance.notes),
        python=recipe.python(provenance),
        command=recipe.command(provenance, method),
    )


def data_name(name: str) -> str:
    """A data set's name without the way to it: 'folder photos'."""
    kind, space, place = name.partition(" ")
    return f"{kind}{space}{Path(place).name or place}" if os.sep in place else name


def finite(value: Any) -> float | None:
    """A number for JSON, which knows no NaN."""
    value = float(value)
    return value if math.isfinite(value) else None


def plain(value: Any) -> Any:
    """Plain JSON values; NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return finite(value)
    return str(value)


def _method(provenance: Provenance) -> registry.Method | None:
    try:
        return registry.methods().get(provenance.method)
    except ImportError:
        return None
