"""Packs arrays, numbers and names into the form that the viewer reads."""

from __future__ import annotations

import base64
import hashlib
import math
import os
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, get_args

import numpy as np

from deepro.render.document import Compressed, Model, Values

M = TypeVar("M", bound=Model)

_TYPES: dict[str, Any] = {"f4": "float32", "u1": "uint8", "u2": "uint16", "u4": "uint32", "i4": "int32"}
_NARROW = {"f8": "f4", "f2": "f4", "i8": "i4", "b1": "u1"}  # what JavaScript has no array for


def view(model: type[M], source: Any, **given: Any) -> M:
    """What the viewer reads, from a result's fields of the same names; `given` are those that it has otherwise.

    Arrays become `Values` where the model has these, else lists. NaN and infinity become None. source may be a model, a
    mapping, or a plain tuple in the order of the model's fields.
    """
    if type(source) is tuple:
        source = dict(zip(model.model_fields, source, strict=True))
    if isinstance(source, Mapping):
        source = SimpleNamespace(**source)
    for name, field in model.model_fields.items():
        if name not in given and hasattr(source, name):
            value = getattr(source, name)
            if not isinstance(source, Model):
                value = _field(value, Values in (field.annotation, *get_args(field.annotation)))
            given[name] = value
    return model(**given)


def _field(value: Any, packed: bool) -> Any:
    if not packed or value is None:
        return plain(value)
    value = np.asarray(value)
    return values(value.astype(_NARROW.get(value.dtype.str[1:], value.dtype)))


def values(array: np.ndarray) -> Values:
    """An array packed: little endian, C order, base64 in the page."""
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    data = base64.b64encode(array.tobytes()).decode("ascii")
    return Values(dtype=_TYPES[array.dtype.str[1:]], shape=list(array.shape), data=data)


def compressed(array: np.ndarray) -> Compressed:
    """An array of int8 or uint8, compressed."""
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9)).decode("ascii")
    return Compressed(dtype="int8" if array.dtype == np.int8 else "uint8", shape=list(array.shape), data=data)


def floats(array: Any) -> Values:
    """Numbers packed as float32; NaN stays NaN."""
    return values(np.asarray(array, dtype=np.float32))


def finite(value: Any) -> float | None:
    """A number for JSON, which knows no NaN."""
    value = float(value)
    return value if math.isfinite(value) else None


def plain(value: Any) -> Any:
    """Plain JSON values; NaN and infinity become None."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return finite(value)
    return str(value)


def named(names: Sequence[str], index: int) -> str:
    """The name of a class; its number where it has none."""
    return str(names[index]) if 0 <= index < len(names) else str(index)


def safe(name: str) -> str:
    """A layer's name for files and addresses; different names stay different."""
    return f"{re.sub(r'[^A-Za-z0-9.]+', '-', name)}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def data_name(name: str) -> str:
    """A data set's name without the way to it: 'folder photos'."""
    kind, space, place = name.partition(" ")
    return f"{kind}{space}{Path(place).name or place}" if os.sep in place else name
