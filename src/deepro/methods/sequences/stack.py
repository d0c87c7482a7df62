"""torch's fused recurrent kernels, seen from outside.

`nn.LSTM` hands a whole stack to one kernel call and shows the last layer alone. Inside `LayerByLayer` that call is made
one layer after the other with the same kernel, and every layer's h is seen: the same to the last bit.

On a CPU in float32 an LSTM is oneDNN's, and its kernel for training keeps the gates for the backward pass. A long call
is made with that one, as it would be outside `torch.no_grad`: h is the same to rounding, and no product is done twice.
How the gates lie there is written nowhere; whoever reads them compares them with the weights' (`Weights.gates`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

KERNELS = ("lstm", "gru", "rnn_tanh", "rnn_relu")

# Multiplications in a call below which two products more are done before anybody notices (some ten milliseconds).
WORTH = 10**9

# What oneDNN keeps, about 16 floats a unit and step, stays below this at a time: memory of that size is used again by
# the next piece of the sequence, and a long text does not fill the machine.
PIECE = 16 * 2**20


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

    @property
    def keeps_gates(self) -> bool:
        """Whether it is oneDNN's LSTM, and so long a call that its gates are worth asking for."""
        projected = len(self.weights) > self.layers * self.directions * (4 if self.biased else 2)
        products = self.x.shape[0] * self.x.shape[1] * sum(w.numel() for w in self.weights)
        return (
            self.name == "lstm"
            and self.sizes is None
            and not self.training
            and not projected
            and products >= WORTH
            and self.x.dtype == torch.float32
            and self.x.device.type == "cpu"
            and torch.backends.mkldnn.is_available()
            and bool(torch.backends.mkldnn.enabled)
            and not torch.is_grad_enabled()
            and not torch.is_autocast_enabled("cpu")
        )

    def own(self, layer: int) -> list[Tensor]:
        """The weights of one layer, both directions."""
        each = len(self.weights) // self.layers
        return self.weights[layer * each : (layer + 1) * each]


@dataclass(frozen=True)
class LayerRun:
    """One layer of a kernel call.

    h: (T, N, D * P), or batch first as the call was. gates: for each direction in its own order of steps i, f, g, o,
    (T, N, U), or None where the kernel keeps none.
    """

    h: Tensor
    gates: list[list[Tensor] | None]


def lstm(
    x: Tensor, h: Tensor, c: Tensor, weights: list[Tensor]
) -> tuple[Tensor, tuple[Tensor, Tensor], list[Tensor] | None]:
    """One layer and direction of an LSTM: x (T, N, F), h and c (1, N, U) -> every h, the last (h, c), the gates.

    The gates, (T, N, U) each, lie in memory with the sequence before the step; None where oneDNN kept none.
    """
    steps, rows, _ = x.shape
    units = h.shape[2]
    outputs = x.new_empty(steps, rows, units)
    gates: list[Tensor] | None = [x.new_empty(rows, steps, units).transpose(0, 1) for _ in range(4)]
    own = [w.detach().requires_grad_() for w in weights]
    at = 0
    for piece in x.detach().tensor_split(min(steps, -(-steps * rows * units * 64 // PIECE))):
        with torch.enable_grad():
            made, h, c = torch.lstm(piece, [h, c], own, len(own) > 2, 1, 0.0, False, False, False)
        here = slice(at, at := at + len(piece))
        outputs[here] = made.detach()
        h, c = h.detach(), c.detach()
        kept = _kept(made)
        if kept is None:
            gates = None
        if gates is not None and kept is not None:
            for gate, values in zip(gates, kept, strict=True):
                gate[here] = values
    return outputs, (h, c), gates


def _kept(made: Tensor) -> tuple[Tensor, ...] | None:
    """The gates i, f, g, o that oneDNN kept of one call, (T, N, U)."""
    store = getattr(made.grad_fn, "_saved_result3", None)  # of MkldnnRnnLayerBackward0, the only one with four results
    if store is None or made.numel() == 0:
        return None
    steps, rows, units = made.shape
    wide = -(-4 * units // 16) * 16  # a row of gates begins with a line of the cache,
    wide += 16 * (wide % 256 == 0)  # and no two rows with the same one
    if store.numel() < 4 * steps * rows * wide:
        return None
    flat = store.view(torch.uint8)[: 4 * steps * rows * wide].view(torch.float32)
    return flat.view(steps, rows, wide)[..., : 4 * units].chunk(4, 2)


class LayerByLayer(TorchFunctionMode):
    """runs: the layers of the last kernel call; None where the call was left as it is (packed sequences, dropout in
    training, one layer whose kernel shows no more than its h)."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[LayerRun] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") not in KERNELS:
            return func(*args, **(kwargs or {}))
        self.runs = None
        call = KernelCall.of(func, args, kwargs)
        if call is None or call.sizes is not None or (call.training and call.dropout):
            return func(*args, **(kwargs or {}))
        keeps = call.keeps_gates
        if call.layers < 2 and not keeps:
            return func(*args, **(kwargs or {}))
        x, rows = call.x, call.directions
        runs: list[LayerRun] = []
        last: list[list[Tensor]] = []
        for layer in range(call.layers):
            states = [s[layer * rows : (layer + 1) * rows].contiguous() for s in call.states]
            if keeps:
                run, ends = _both(call, x, states, call.own(layer))
            else:
                given = states if len(states) > 1 else states[0]
                h, *ends = func(
                    x, given, call.own(layer), call.biased, 1, call.dropout, call.training, call.both, call.first
                )
                run = LayerRun(h, [None] * rows)
            runs.append(run)
            last.append(ends)
            x = run.h
        self.runs = runs
        return (x, *(torch.cat([ends[k] for ends in last]) for k in range(len(last[0]))))


def _both(call: KernelCall, x: Tensor, states: list[Tensor], weights: list[Tensor]) -> tuple[LayerRun, list[Tensor]]:
    """One layer of an LSTM, forwards and, where it is so, backwards, and its last h and c."""
    x = x.transpose(0, 1) if call.first else x
    each = len(weights) // call.directions
    outputs: list[Tensor] = []
    gates: list[list[Tensor] | None] = []
    ends: list[tuple[Tensor, Tensor]] = []
    for d in range(call.directions):
        h, c = (s[d : d + 1] for s in states)
        made, last, kept = lstm(x.flip(0) if d else x, h, c, weights[d * each : (d + 1) * each])
        outputs.append(made.flip(0) if d else made)
        ends.append(last)
        gates.append(kept)
    h = torch.cat(outputs, 2) if len(outputs) > 1 else outputs[0]
    return LayerRun(h.transpose(0, 1) if call.first else h, gates), [torch.cat(e) for e in zip(*ends, strict=True)]
