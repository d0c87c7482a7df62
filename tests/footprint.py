"""What a method must not change."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def footprint(net: nn.Module) -> dict[str, Any]:
    """Everything of a module and the random states that a method must leave as it was."""
    return {
        "modes": [m.training for m in net.modules()],
        "requires_grad": [p.requires_grad for p in net.parameters()],
        "grads": [(id(p.grad), None if p.grad is None else p.grad.clone()) for p in net.parameters()],
        "parameters": [(id(p), p.detach().clone()) for p in net.parameters()],
        "buffers": [(n, id(b), b.clone()) for n, b in net.named_buffers()],
        "state": list(net.state_dict()),
        "hooks": [
            (n, list(getattr(m, n)))
            for m in net.modules()
            for n in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
        ],
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state()[1].copy(),
        "python": random.getstate(),
    }


def same(a: Any, b: Any) -> bool:
    """Equal to the last bit, within tensors, arrays and containers."""
    if isinstance(a, Tensor):
        return torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b
