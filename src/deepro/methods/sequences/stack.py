"""What the lower layers of a stack give, without running them twice.

`nn.LSTM` hands a whole stack to one kernel call and shows the last layer alone. Inside `LayerByLayer` that call is made
one layer after the other with the same kernel: the result is the same to the last bit, and every layer's h is seen.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class LayerByLayer(TorchFunctionMode):
    """outputs: h of each layer of the last kernel call, (T, N, D * P) or batch first as the call was; None where the
    call was left as it is (one layer, packed sequences, dropout in training)."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: list[Tensor] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") not in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
            return func(*args, **(kwargs or {}))
        self.outputs = None
        # input, hx, weights, has biases, layers, dropout, training, bidirectional, batch first
        if kwargs or len(args) != 9 or not isinstance(args[2], list) or args[4] < 2 or args[6]:
            return func(*args, **(kwargs or {}))
        x, state, weights, biased, layers, dropout, training, both, first = args
        directions = 2 if both else 1
        each = len(weights) // layers
        states = state if isinstance(state, tuple | list) else (state,)
        outputs: list[Tensor] = []
        last: list[list[Tensor]] = []
        for layer in range(layers):
            own = [s[layer * directions : (layer + 1) * directions].contiguous() for s in states]
            part = weights[layer * each : (layer + 1) * each]
            given = own if len(own) > 1 else own[0]
            x, *ends = func(x, given, part, biased, 1, dropout, training, both, first)
            outputs.append(x)
            last.append(ends)
        self.outputs = outputs
        return (x, *(torch.cat([ends[k] for ends in last]) for k in range(len(last[0]))))
