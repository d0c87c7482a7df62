"""torch's fused recurrent kernels, seen from outside.

`nn.LSTM` hands a whole stack to one kernel call and shows the last layer alone. Inside `LayerByLayer` that call is made
one layer after the other with the same kernel: the result is the same to the last bit, and every layer's h is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

KERNELS = ("lstm", "gru", "rnn_tanh", "rnn_relu")


@dataclass(frozen=True)
class KernelCall:
    """A call of a kernel taken apart.

    x: (T, N, F), batch first where `first`, or the data of a packed batch with its `sizes`. states: h, or h and c,
    (L * D, N, units). weights: flat, a layer and direction after the other.
    """

    name: str
    x: Tensor
    sizes: Tensor | None
    states: tuple[Tensor, ...]
    weights: list[Tensor]
    biased: bool
    layers: int
    dropout: float
    training: bool
    both: bool
    first: bool

    @classmethod
    def of(cls, func: Any, args: tuple[Any, ...], kwargs: Any) -> KernelCall | None:
        """None where `func` is no recurrent kernel, or is called in a way of its own."""
        name = getattr(func, "__name__", "")
        if name not in KERNELS or kwargs or len(args) != 9:
            return None
        if isinstance(args[3], list):
            x, sizes, hx, weights, biased, layers, dropout, training, both = args
            first = False
        elif isinstance(args[2], list):
            x, hx, weights, biased, layers, dropout, training, both, first = args
            sizes = None
        else:
            return None
        states = tuple(hx) if isinstance(hx, tuple | list) else (hx,)
        return cls(name, x, sizes, states, weights, biased, layers, dropout, training, both, first)

    @property
    def directions(self) -> int:
        return 2 if self.both else 1

    def own(self, layer: int) -> list[Tensor]:
        """The weights of one layer, both directions."""
        each = len(self.weights) // self.layers
        return self.weights[layer * each : (layer + 1) * each]


class LayerByLayer(TorchFunctionMode):
    """outputs: h of each layer of the last kernel call, (T, N, D * P) or batch first as the call was; None where the
    call was left as it is (one layer, packed sequences, dropout in training)."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: list[Tensor] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") not in KERNELS:
            return func(*args, **(kwargs or {}))
        self.outputs = None
        call = KernelCall.of(func, args, kwargs)
        if call is None or call.sizes is not None or call.layers < 2 or (call.training and call.dropout):
            return func(*args, **(kwargs or {}))
        x, rows = call.x, call.directions
        outputs: list[Tensor] = []
        last: list[list[Tensor]] = []
        for layer in range(call.layers):
            own = [s[layer * rows : (layer + 1) * rows].contiguous() for s in call.states]
            given = own if len(own) > 1 else own[0]
            x, *ends = func(
                x, given, call.own(layer), call.biased, 1, call.dropout, call.training, call.both, call.first
            )
            outputs.append(x)
            last.append(ends)
        self.outputs = outputs
        return (x, *(torch.cat([ends[k] for ends in last]) for k in range(len(last[0]))))
