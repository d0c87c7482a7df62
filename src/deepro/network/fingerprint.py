"""Hashes that say whether two networks, pictures or parameter sets are the same."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def digest_json(value: Any) -> str:
    """SHA-256 of a JSON value, independent of key order."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def digest_tensor(tensor: Tensor) -> str:
    """SHA-256 of dtype, shape and bytes."""
    tensor = tensor.detach().cpu().contiguous()
    sha = hashlib.sha256(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
    sha.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return sha.hexdigest()


def digest_module(module: nn.Module) -> str:
    """SHA-256 of a module's structure and code, its parameters, buffers and plain attributes."""
    return Fingerprinter()(module)


class Fingerprinter:
    """`digest_module` that hashes only what has changed since the last call.

    A tensor counts as unchanged while its address, version, shape and the sum of its bits stay the same: the sum sees
    what is written past autograd's version counter, through `.data`.
    """

    def __init__(self) -> None:
        self._tensors: dict[str, tuple[Any, str]] = {}
        self._structure: tuple[Any, str] | None = None

    def __call__(self, module: nn.Module) -> str:
        parts = [self._structure_of(module)]
        for name, tensor in sorted([*module.named_parameters(), *module.named_buffers(), *_held(module)]):
            state = _state(tensor)
            known = self._tensors.get(name)
            if known is None or known[0] != state:
                known = (state, digest_tensor(tensor))
                self._tensors[name] = known
            parts.append(f"{name} {known[1]}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _structure_of(self, module: nn.Module) -> str:
        state = 0
        for name, m in _every(module):
            state = hash((state, name, id(m)))
            for key, value in _plain(m):
                state = hash((state, key, value))
        if self._structure is None or self._structure[0] != state:
            parts = [str(module)]
            for name, m in _every(module):
                parts += [f"{name} {code(type(m))}", *(f"{name}.{key} {value}" for key, value in _plain(m))]
            self._structure = (state, "\n".join(parts))
        return self._structure[1]


def _every(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """All modules by name, and the one that a module of one input was made of."""
    yield from module.named_modules()
    if isinstance(inner := vars(module).get("inner"), nn.Module):
        yield "inner", inner


def _plain(m: nn.Module) -> Iterator[tuple[str, str]]:
    """The attributes of one module that are numbers, words, functions, or collections of these, as text."""
    for key, value in vars(m).items():
        if key not in _OWN and not isinstance(value, nn.Module | Tensor):
            said = _said(value)
            if said is not None:
                yield key, said


_OWN = frozenset([*vars(nn.Module()), "training"])  # what every module has


def _said(value: Any) -> str | None:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | torch.dtype | torch.device):
        return repr(value)
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, np.ndarray):
        return hashlib.sha256(f"{value.dtype}{value.shape}".encode() + value.tobytes()).hexdigest()
    if isinstance(value, Mapping):
        parts = [(str(k), _said(v)) for k, v in value.items()]
        return None if any(v is None for _, v in parts) else repr(parts)
    if isinstance(value, tuple | list | set | frozenset):
        parts = [_said(v) for v in value]
        return None if None in parts else repr(sorted(map(str, parts)) if isinstance(value, set | frozenset) else parts)
    return None


def _held(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Tensors that a module holds as plain attributes, alone or in lists and mappings."""
    for name, m in _every(module):
        for key, value in vars(m).items():
            if key not in _OWN:
                yield from _tensors(f"{name}.{key}", value)


def _tensors(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor) and not value.is_quantized:
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _tensors(f"{name}.{key}", one)
    elif isinstance(value, tuple | list):
        for n, one in enumerate(value):
            yield from _tensors(f"{name}.{n}", one)


@functools.cache
def code(kind: type[nn.Module]) -> str:
    """SHA-256 of the source of a module's class and of those it inherits from, torch's own left out.

    Of a class in a file of the user's the whole file counts, since its forward may call what stands beside it. Read
    once a process: it is the code that was imported.
    """
    sha = hashlib.sha256()
    for one in kind.__mro__:
        home = one.__module__.partition(".")[0]
        if home in ("torch", "builtins", "typing"):
            continue
        try:
            file = inspect.getsourcefile(one)
            whole = file is not None and "site-packages" not in file and "dist-packages" not in file
            source = inspect.getsource(sys.modules[one.__module__] if whole else one)
        except (OSError, TypeError, KeyError):  # typed into a prompt, or made by a program
            source = repr(sorted(_bytecode(one)))
        sha.update(f"{one.__qualname__}\n{source}\n".encode())
    return sha.hexdigest()


def _bytecode(kind: type) -> Iterator[tuple[str, str]]:
    for name, value in vars(kind).items():
        if isinstance(value, FunctionType):
            made = value.__code__
            constants = [c for c in made.co_consts if c is None or isinstance(c, bool | int | float | str)]
            yield name, f"{made.co_code.hex()} {made.co_names} {constants}"


def _state(tensor: Tensor) -> Any:
    values = tensor.detach()
    version = None if values.is_inference() else tensor._version
    if values.is_contiguous() and values.dim() and values.numel() * values.element_size() % 8 == 0:
        words = values.reshape(-1).view(torch.int64)
        # NumPy adds on one core, without waking threads that other work has busy.
        bits: Any = int(words.numpy().sum()) if words.device.type == "cpu" else int(words.sum())
    else:
        bits = digest_tensor(values)
    return (values.data_ptr(), version, values.dtype, tuple(values.shape), bits)
