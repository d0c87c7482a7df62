"""Whether a network's output is logits, or probabilities already."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from deepro.errors import NetworkError
from deepro.network.input_shape import example
from deepro.network.logits import choose_tensor, is_detections
from deepro.probe import untouched

# Operations of autograd that lay numbers out in another way and leave them as they are.
_SAME = ("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Select", "Slice", "Clone", "ToCopy", "Alias",
         "Transpose", "Permute", "T", "AsStrided", "Expand")  # fmt: skip
_LINEAR = ("Addmm", "Mm", "Bmm", "Convolution", "Mean", "Add")  # what gives numbers of any size and sum
_INPUTS = 5


def scale_of(module: nn.Module, shape: tuple[int, ...] | None, output: str | int | None) -> str:
    """ "probabilities" where the last operation is a softmax or a sigmoid, or all rows sum to one; else "logits".

    A network that cannot be run on random inputs is taken to give logits.
    """
    if shape is None:
        return "logits"
    try:
        with untouched(module):
            x = example(module, shape)
            said = module(x.requires_grad_().clone() if x.is_floating_point() else x)
            if is_detections(said):
                return "probabilities"
            last = _last(choose_tensor(said, output).grad_fn)
            if last.startswith(("Softmax", "Sigmoid")):
                return "probabilities"
            if last.startswith(_LINEAR):
                return "logits"
            generator = torch.Generator().manual_seed(1)
            with torch.no_grad():
                rows = [choose_tensor(module(_another(x, generator)), output)[0].float() for _ in range(_INPUTS)]
            return "probabilities" if all(map(_shares, rows)) else "logits"
    except (NetworkError, RuntimeError, TypeError, ValueError, IndexError, AssertionError, AttributeError):
        return "logits"


def _last(node: Any) -> str:
    """The name of the last operation that made numbers, such as AddmmBackward0; '' where there is no graph."""
    while node is not None and node.name().partition("Backward")[0] in _SAME:
        node = node.next_functions[0][0]
    return "" if node is None else node.name()


def _another(x: Tensor, generator: torch.Generator) -> Tensor:
    if not x.is_floating_point():
        return torch.randint(0, 2, x.shape, generator=generator).to(x)
    return torch.randn(x.shape, generator=generator).to(x)


def _shares(row: Tensor) -> bool:
    """Whether the numbers of each place are at least 0 and sum to one, as several classes' probabilities do."""
    return len(row) > 1 and bool((row >= 0).all()) and bool((row.sum(0) - 1).abs().max() < 1e-3)
