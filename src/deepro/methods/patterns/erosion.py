"""A network with a few channels missing, others at each step: what survives rests on many of them.

A picture that raises one network by its private noise leans on a few channels in each layer; without them it falls. Li
et al. 2020 (Learning Transferable Adversarial Examples via Ghost Networks) eroded networks so to make images that fool
others too. Here it makes images that others, and people, can read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from deepro.nonlinearities import Met, Watch


class Erosion(Watch):
    """A context in which every nonlinearity loses each channel with probability `share`; the rest grow to make up.

    One draw from `generator` a nonlinearity, the same for every picture of the batch: what is made together and what is
    made alone meet the same network. count: how many nonlinearities ran.
    """

    def __init__(self, share: float, generator: Generator) -> None:
        super().__init__()
        self.share = share
        self.generator = generator
        self.count = 0

    def met(self, found: Met, run: Callable[[], Any]) -> Any:
        result = run()
        value = found.x if result is None else result  # None: x[x < 0] = 0
        if not found.kind.unit or not isinstance(value, Tensor):
            return result
        self.count += 1
        eroded = self._eroded(value) if value.ndim > 1 else value
        return value.copy_(eroded) if result is None else eroded

    def _eroded(self, x: Tensor) -> Tensor:
        shape = [1] * x.ndim
        shape[channel_axis(x.shape)] = -1
        kept = torch.rand(x.shape[channel_axis(x.shape)], generator=self.generator) >= self.share
        return x * (kept / (1 - self.share)).to(x).view(shape)


def channel_axis(shape: torch.Size) -> int:
    """1, but the last for tokens (N, T, C) and for pictures kept as (N, S, S, C)."""
    if len(shape) == 3 or (len(shape) == 4 and shape[1] == shape[2] != shape[3]):
        return len(shape) - 1
    return 1
