"""A network with a few channels missing, others at each step: what survives rests on many of them.

A picture that raises one network by its private noise leans on a few channels in each layer; without them it falls. Li
et al. 2020 (Learning Transferable Adversarial Examples via Ghost Networks) eroded networks so to make images that fool
others too. Here it makes images that others, and people, can read.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from deepro.rectifiers import is_rectifier

_SMOOTH = {
    getattr(home, name)
    for home in (functional, torch, torch.Tensor)
    for name in ("silu", "gelu", "hardswish", "mish", "elu", "celu", "selu", "leaky_relu", "prelu", "softplus", "tanh")
    if hasattr(home, name)
}


class Erosion(TorchFunctionMode):
    """A context in which every nonlinearity loses each channel with probability `share`; the rest grow to make up.

    One draw from `generator` a nonlinearity, the same for every picture of the batch: what is made together and what is
    made alone meet the same network. met: how many nonlinearities ran. Not seen: what runs inside a scripted or
    compiled module.
    """

    def __init__(self, share: float, generator: Generator) -> None:
        super().__init__()
        self.share = share
        self.generator = generator
        self.met = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        found = func in _SMOOTH or is_rectifier(func, args, kwargs)
        self.met += found
        result = func(*args, **kwargs)
        return self._eroded(result) if found and isinstance(result, Tensor) and result.ndim > 1 else result

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
