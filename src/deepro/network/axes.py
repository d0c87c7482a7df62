"""Networks whose input counts its channels last, or its steps first: as a network of (N, C, *space)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from deepro.errors import UsageError
from deepro.network.input_shape import example
from deepro.probe import untouched

_LAST = (nn.Linear, nn.LayerNorm, nn.RNNBase)  # features stand last in what they take


def rearranged(module: nn.Module, axes: str) -> nn.Module:
    """`module` as one that takes (N, C, *space): an object of a subclass that has all of the module's own attributes.

    axes: a letter for each axis of the module's input, N for examples, C for channels, such as "NHWC".
    Raises UsageError for letters that are not so.
    """
    canonical = _canonical(axes)
    to = [canonical.index(letter) for letter in axes]
    kind = type(module)

    def forward(_self: nn.Module, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return kind.forward(_self, x.permute(to), *args, **kwargs)

    about = {"forward": forward, "__module__": "builtins", "axes_given": axes}
    made = object.__new__(type(f"{kind.__name__}_{axes}", (kind,), about))
    object.__setattr__(made, "__dict__", vars(module))  # one memory: nothing is copied, nothing can differ
    return made


def to_channels_first(tensor: Tensor, axes: str) -> Tensor:
    """An input as the module takes it, as (N, C, *space)."""
    if tensor.ndim != len(axes):
        raise UsageError(f"the tensor has shape {tuple(tensor.shape)}, expected the axes {', '.join(axes)}")
    return tensor.permute([axes.index(letter) for letter in _canonical(axes)])


def shape_channels_first(shape: tuple[int, ...], axes: str) -> tuple[int, ...]:
    """A shape without N, as the module takes it, as (C, *space)."""
    own = axes.replace("N", "")
    if len(shape) != len(own):
        raise UsageError(f"input_shape is {tuple(shape)}, expected one number for each of {', '.join(own)}")
    return tuple(shape[own.index(letter)] for letter in _canonical(axes)[1:])


def find_axes(module: nn.Module, shape: tuple[int, ...]) -> str | None:
    """The axes of an input `shape` (without N) whose channels stand last; None where they do not, or it is unclear.

    The input is followed to the first layer with weights: a convolution counts channels second, a dense, recurrent or
    normalising layer last.
    """
    letters = {2: "NTC", 3: "NHWC", 4: "NDHWC"}.get(len(shape))
    if letters is None:
        return None
    x, found = example(module, shape), []

    def look(layer: nn.Module, args: Any) -> None:
        if not found and args and isinstance(args[0], Tensor):
            seen = args[0]
            last = isinstance(layer, _LAST) and seen.shape == x.shape and torch.equal(seen, x)
            moved = isinstance(layer, nn.modules.conv._ConvNd) and seen.ndim == x.ndim
            found.append(last or (moved and torch.equal(seen, x.movedim(-1, 1))))

    owners = [m for m in module.modules() if next(m.parameters(recurse=False), None) is not None]
    handles = [m.register_forward_pre_hook(look) for m in owners if isinstance(m, (*_LAST, nn.modules.conv._ConvNd))]
    try:
        if not x.is_floating_point():
            return None
        with untouched(module), torch.no_grad():
            module(x.clone())
    except Exception:
        return None
    finally:
        for handle in handles:
            handle.remove()
    return letters if found and found[0] else None


def _canonical(axes: str) -> str:
    if len(set(axes)) != len(axes) or not {"N", "C"} < set(axes) or not axes.isalpha() or not axes.isupper():
        raise UsageError(f"axes is {axes!r}, expected a letter for each axis of the input, such as NCHW, NHWC or NTC")
    return "NC" + "".join(letter for letter in axes if letter not in "NC")
