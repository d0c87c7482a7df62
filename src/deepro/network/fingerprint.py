"""Hashes that say whether two networks, pictures or parameter sets are the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any

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
    """SHA-256 of a module's structure, parameters and buffers."""
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
        for name, tensor in sorted([*module.named_parameters(), *module.named_buffers()]):
            state = _state(tensor)
            known = self._tensors.get(name)
            if known is None or known[0] != state:
                known = (state, digest_tensor(tensor))
                self._tensors[name] = known
            parts.append(f"{name} {known[1]}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _structure_of(self, module: nn.Module) -> str:
        state = 0
        for name, m in module.named_modules():
            state = hash((state, name, id(m)))
            for key, value in vars(m).items():  # stride, padding and the like, which make up its printed form
                if key[0] != "_" and key != "training" and isinstance(value, (int, float, str, tuple)):
                    state = hash((state, key, value if type(value) is not tuple else str(value)))
        if self._structure is None or self._structure[0] != state:
            self._structure = (state, str(module))
        return self._structure[1]


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
