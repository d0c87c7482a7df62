"""Receptive fields the slow way: which input elements a unit's gradient reaches.

Independent of deepro: float64, autograd, a hook of its own. Weights and inputs are positive, and rectifiers and maxima
are replaced by smooth means of the same geometry, so that no path is switched off and no two paths cancel: what is not
reached cannot be seen.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode

_SAME = (F.relu, F.relu6, F.hardtanh, F.dropout, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, torch.clamp)


class _Open(TorchFunctionMode):
    """No path closed: maxima become means, rectifiers the identity."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if func in _SAME:
            return args[0]
        for dimensions, mean in ((1, F.avg_pool1d), (2, F.avg_pool2d), (3, F.avg_pool3d)):
            if name in (f"max_pool{dimensions}d", f"_max_pool{dimensions}d"):
                dilation = kwargs.pop("dilation", args[4] if len(args) > 4 else 1)
                if dilation in (1, (1,) * dimensions):
                    kwargs.pop("return_indices", None)
                    return mean(*args[:4], **kwargs)
        return func(*args, **kwargs)


def positive(module: nn.Module, seed: int = 0) -> nn.Module:
    """A float64 copy with positive weights."""
    module = copy.deepcopy(module).double().eval()
    generator = torch.Generator().manual_seed(seed)
    for p in module.parameters():
        scale = 1 / max(p[0].numel() if p.ndim > 1 else 1, 1)
        p.data = (0.5 + torch.rand(p.shape, generator=generator, dtype=torch.float64)) * scale
    for m in module.modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None:
            m.running_mean.zero_()
            m.running_var.fill_(1.0)
    return module


def supports(
    module: nn.Module, inputs: Tensor, layer: str, numbers: Sequence[Callable[[Tensor], Tensor]]
) -> list[tuple[tuple[int, int], ...]]:
    """For each number made of `layer`'s output: (start, stop) over each input axis after batch, of what it depends on.

    (0, 0) where it depends on nothing. `layer` is a module name; of a reused module the first call counts.
    """
    seen: list[Tensor] = []

    def hook(_m: nn.Module, _a: Any, output: Any) -> None:
        seen.append((output[0] if isinstance(output, tuple) else output).clone())

    handle = dict(module.named_modules())[layer].register_forward_hook(hook)
    inputs = inputs.double().requires_grad_()
    try:
        with _Open():
            module(inputs)
    finally:
        handle.remove()
    return [_spans(number(seen[0]), inputs) for number in numbers]


def _spans(number: Tensor, inputs: Tensor) -> tuple[tuple[int, int], ...]:
    (gradient,) = torch.autograd.grad(number, inputs, allow_unused=True, retain_graph=True)
    touched = gradient != 0 if gradient is not None else torch.zeros_like(inputs, dtype=torch.bool)
    spans = []
    for axis in range(1, inputs.ndim):
        along = touched.transpose(0, axis).flatten(1).any(1).nonzero().flatten()
        spans.append((int(along[0]), int(along[-1]) + 1) if len(along) else (0, 0))
    return tuple(spans)
