"""Copies of weights in memory that two processes share: a few slots in one file, each as large as the network."""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

_MEMORY = 512 << 20  # bytes that the slots may take together; one slot in any case
_MOST = 6
_PLACES = ("/dev/shm", None)  # memory first; None is the usual folder for what is temporary


def held(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name: what is copied."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


class Slots:
    """Slots for the weights after a step, and for the parameters before it.

    Raises OSError where there is no room. The file has no name once `forget` was called; the memory goes with the last
    process that has it open.
    """

    def __init__(self, table: list[tuple[str, str, list[int], bool]], file: str | None = None) -> None:
        self.table, self.places, at = table, [], 0
        for name, kind, shape, _ in table:
            self.places.append((name, getattr(torch, kind), shape, at))
            at += -(-math.prod(shape) * getattr(torch, kind).itemsize // 16) * 16
        self.size = max(16, at)
        self.count = max(1, min(_MOST, _MEMORY // (2 * self.size)))
        self.file = file or _reserved(2 * self.size * self.count)
        with open(self.file, "r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), 2 * self.size * self.count)

    @staticmethod
    def of(module: nn.Module) -> Slots:
        """Slots for a module. Parameters and real buffers are kept in float32, whatever they are."""
        learned = set(dict(module.named_parameters()))
        rows = []
        for name, value in held(module).items():
            kind = value.dtype if not value.is_floating_point() or value.dtype == torch.float64 else torch.float32
            rows.append((name, str(kind).removeprefix("torch."), list(value.shape), name in learned))
        return Slots(rows)

    def views(self, slot: int, before: bool = False) -> dict[str, Tensor]:
        start = (2 * slot + before) * self.size
        return {
            name: torch.frombuffer(self._memory, dtype=kind, count=math.prod(shape), offset=start + at).view(shape)
            if math.prod(shape) else torch.empty(shape, dtype=kind)
            for name, kind, shape, at in self.places
        }  # fmt: skip

    @torch.no_grad()
    def put(self, slot: int, values: Mapping[str, Tensor], before: bool = False) -> None:
        """Copy values in. Raises ValueError where names or shapes are not those of the beginning."""
        for name, place in self.views(slot, before).items():
            value = values.get(name)
            if value is None or value.shape != place.shape:
                came = "gone" if value is None else tuple(value.shape)
                raise ValueError(f"{name} was {tuple(place.shape)} and is {came}")
            place.copy_(value)

    def card(self) -> dict[str, Any]:
        return {"table": self.table, "file": self.file}

    def forget(self) -> None:
        Path(self.file).unlink(missing_ok=True)


def _reserved(size: int) -> str:
    """A file whose bytes are really there: writing to memory that is not ends the process."""
    for place in _PLACES:
        handle, file = -1, ""
        try:
            handle, file = tempfile.mkstemp(prefix="deepro-", dir=place)
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, size)
            else:
                os.truncate(handle, size)
            return file
        except OSError:
            Path(file).unlink(missing_ok=True) if file else None
            if place is None:
                raise
        finally:
            if handle >= 0:
                os.close(handle)
    raise OSError("no place for copies of the weights")
