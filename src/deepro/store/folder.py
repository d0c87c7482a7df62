"""One result in one folder: `manifest.json` beside `arrays.zarr`. Nothing in it is ever executed.

A folder appears whole or not at all: it is written under another name and renamed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import math
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from deepro.errors import KindError, StoreError, one_line
from deepro.kinds import record as kinds
from deepro.results import SCHEMA, Provenance, Result, UnknownResult

MANIFEST = "manifest.json"
ARRAYS = "arrays.zarr"
# Exceptions that reading an edited or truncated manifest can raise.
_DAMAGE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder that becomes `folder` when the body ends well and vanishes when it does not.

    Raises StoreError where the disk is full, the place is not writable, or `folder` holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} exists already; choose another folder or remove it")
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        if folder.is_dir():
            folder.rmdir()
        os.replace(partial, folder)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def atomic_text(file: Path, text: str) -> None:
    """Write a small file whole or not at all. Raises StoreError."""
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, file)
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def save(result: Result, folder: str | Path) -> Path:
    """Write `result` into a new folder and return it. Raises StoreError; nothing half-written stays."""
    folder = Path(folder).absolute()
    arrays: dict[str, np.ndarray] = {}
    body = _encode(result, "", arrays)
    with atomic_folder(folder) as partial:
        if arrays:
            _write_arrays(partial / ARRAYS, arrays)
        manifest = {
            "schema": SCHEMA,
            "result": body,
            "arrays": {
                name: {"shape": list(a.shape), "dtype": str(a.dtype), "sha256": _digest(a)}
                for name, a in arrays.items()
            },
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        (partial / MANIFEST).write_text(text, encoding="utf-8")
    return folder


def open_result(folder: str | Path) -> Result:
    """The result saved in `folder`.

    Raises StoreError where there is none, or a damaged or newer one; KindError, which is one, where its kind is not
    known here.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    stored = _read_arrays(folder, manifest)
    try:
        result = _decode(manifest["result"], stored)
    except _DAMAGE as error:
        raise StoreError(f"{folder} is damaged: {one_line(error)}") from error
    if not isinstance(result, Result):
        raise StoreError(f"{folder} is damaged: it holds {type(result).__name__}, not a result")
    return result


def unknown_result(folder: Path) -> UnknownResult:
    """What the manifest tells of a result whose kind is not known here. Raises StoreError."""
    body = read_manifest(folder).get("result", {})
    try:
        made = type("Unknown", (UnknownResult,), {"kind": str(body["$result"])})
        return made(provenance=_decode(body["fields"]["provenance"], {}))
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{folder} is damaged: {error}") from error


def open_any_result(folder: Path) -> Result:
    """The result saved in `folder`, an UnknownResult where its kind is not known here. Raises StoreError."""
    try:
        return open_result(folder)
    except KindError:
        return unknown_result(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest without the arrays. Raises StoreError."""
    file = folder / MANIFEST
    if not file.is_file():
        raise StoreError(f"{folder} holds no Deepro result ({MANIFEST} is missing)")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        schema = int(manifest["schema"])
    except (OSError, *_DAMAGE) as error:
        raise StoreError(f"{file} is damaged: {one_line(error)}") from error
    if schema > SCHEMA:
        raise StoreError(f"{folder} was written with schema {schema}; this Deepro reads up to {SCHEMA}: upgrade Deepro")
    return manifest


def _write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    import zarr

    group = zarr.create_group(store=str(path))
    for name, array in arrays.items():
        group.create_array(name, data=array, chunks=_chunks(array))


def _chunks(array: np.ndarray, limit: int = 16 << 20) -> tuple[int, ...]:
    """Whole arrays up to `limit` bytes; larger ones are cut along the first axes."""
    chunks = [max(1, n) for n in array.shape]
    for axis in range(array.ndim):
        size = array.itemsize * math.prod(chunks)
        if size <= limit:
            break
        chunks[axis] = max(1, chunks[axis] * limit // size)
    return tuple(chunks)


def _read_arrays(folder: Path, manifest: Mapping[str, Any]) -> dict[str, np.ndarray]:
    stored: dict[str, np.ndarray] = {}
    if not manifest.get("arrays"):
        return stored
    try:
        group = open_arrays(folder / ARRAYS)
        for name, about in manifest["arrays"].items():
            array = np.asarray(group[name][...])  # type: ignore[index]
            if _digest(array) != about["sha256"]:
                raise StoreError(f"{folder} is damaged: array {name!r} is not what was written")
            stored[name] = array
    except StoreError:
        raise
    except Exception as error:  # whatever a damaged file makes the reader raise
        raise StoreError(f"{folder} is damaged: {type(error).__name__}: {error}") from error
    return stored


def open_arrays(path: Path) -> Any:
    """The group of arrays in a folder, to be read. Zarr v3 alone: filters of v2 may unpickle what a stranger wrote."""
    import zarr

    return zarr.open_group(store=str(path), mode="r", zarr_format=3)


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _encode(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """JSON in which arrays, tuples, results and odd floats are marked; arrays are put aside under a name."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise StoreError(f"cannot save {path}: an array of Python objects")
        name = f"{len(arrays)}.{path}".rstrip(".")
        arrays[name] = value
        return {"$array": name}
    if isinstance(value, Result):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {"$result": value.kind, "fields": {k: _encode(v, _join(path, k), arrays) for k, v in fields.items()}}
    if isinstance(value, Provenance):
        return {"$provenance": _encode(vars(value), path, arrays)}
    if isinstance(value, Mapping):
        if not any(str(k).startswith("$") for k in value):
            return {str(k): _encode(v, path, arrays) for k, v in value.items()}
        return {"$items": [[str(k), _encode(v, path, arrays)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"$tuple": [_encode(v, path, arrays) for v in value]}
    if isinstance(value, list):
        return [_encode(v, path, arrays) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise StoreError(f"cannot save {path}: {type(value).__name__}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _decode(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decode(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return arrays[value["$array"]]
    if "$result" in value:
        fields = {k: _decode(v, arrays) for k, v in value["fields"].items()}
        return _checked(kinds.get(value["$result"]).result, fields)
    if "$provenance" in value:
        return _checked(Provenance, _decode(value["$provenance"], arrays))
    if "$items" in value:
        return {k: _decode(v, arrays) for k, v in value["$items"]}
    if "$tuple" in value:
        return tuple(_decode(v, arrays) for v in value["$tuple"])
    if "$float" in value:
        return float(value["$float"])
    return {k: _decode(v, arrays) for k, v in value.items()}


def _checked(kind: type[Any], fields: Mapping[str, Any]) -> Any:
    """A dataclass from a file. Raises TypeError where a field is not of its type."""
    for name, hint in _hints(kind).items():
        if name in fields and not _fits(fields[name], hint):
            raise TypeError(f"{name} is of type {type(fields[name]).__name__}")
    return kind(**fields)


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    known = {f.name for f in dataclasses.fields(kind)}
    return {name: hint for name, hint in get_type_hints(kind).items() if name in known}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type, and what is within of its types."""
    if hint is Any:
        return True
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple and isinstance(value, tuple | list):
        several = len(inner) == 2 and inner[1] is ...
        each = [inner[0]] * len(value) if several else inner
        return len(each) == len(value) and all(map(_fits, value, each))
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return all(_fits(k, inner[0]) and _fits(v, inner[1]) for k, v in value.items())
    kind = origin or hint
    if issubclass(kind, Mapping):  # one of our own, which the class makes of a plain one
        return isinstance(value, Mapping)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
