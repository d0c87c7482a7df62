"""Gradients through time by one sweep back over the recovered gates.

With the gates known, what a step hands back to its input and its old state is linear in what its new state is owed, and
the matrix of it is a sum of the weights' blocks with their rows scaled. So many outputs are followed back together, one
row each: one product of matrices a step, and only for the outputs that lie ahead of it. cuDNN, whose backward pass
refuses evaluation mode, is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from deepro.methods.sequences.gates import Weights
from deepro.methods.sequences.stack import KernelCall

_ROOM = 1 << 18  # numbers of the matrices that are made at a time: they stay near the processor


class Swept(TorchFunctionMode):
    """Inside, recurrent kernels that read copies of one sequence, (T, N, F) with N of them alike, run it once, and
    their backward pass is the sweep. Where the copies differ the kernel is left as it is."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        call = KernelCall.of(func, args, kwargs)
        x = None if call is None or (call.training and call.dropout) or not torch.is_grad_enabled() else _laid(call)
        if call is None or x is None or not all(map(_alike, (x, *call.states))):
            return func(*args, **(kwargs or {}))
        ends = []
        for layer in range(call.layers):
            both = []
            for direction, weights in enumerate(_weights(call, layer)):
                starts = [s[layer * call.directions + direction] for s in call.states]
                h, *last = _Layer.apply(x, *starts, *[None] * (2 - len(starts)), weights, direction)  # pyright: ignore
                both.append(h)
                ends.append(last)
            x = torch.cat(both, 2) if call.both else both[0]
        if call.sizes is not None:
            x = x.reshape(-1, x.shape[2])
        elif call.first:
            x = x.transpose(0, 1)
        return (x, *(torch.stack(e) for e in zip(*ends, strict=True)))


def _laid(call: KernelCall) -> Tensor | None:
    """(T, N, F); None for a packed batch of unequal lengths."""
    if call.sizes is None:
        return call.x.transpose(0, 1) if call.first else call.x
    copies = int(call.sizes[0])
    return call.x.view(len(call.sizes), copies, -1) if int(call.sizes[-1]) == copies else None


def _alike(x: Tensor) -> bool:
    """Whether the copies, along axis 1, are the same but for rounding."""
    if x.shape[1] == 1 or x.stride(1) == 0:
        return True
    with torch.no_grad():
        return float((x - x[:, :1]).abs().max()) <= 100 * torch.finfo(x.dtype).eps * max(1.0, float(x.abs().max()))


def _weights(call: KernelCall, layer: int) -> list[Weights]:
    flat = call.own(layer)
    each = len(flat) // call.directions
    made = []
    for direction in range(call.directions):
        w_ih, w_hh, *rest = flat[direction * each : (direction + 1) * each]
        b_ih, b_hh = (rest.pop(0), rest.pop(0)) if call.biased else (None, None)
        kind, _, nonlinearity = call.name.partition("_")
        made.append(Weights(kind.upper(), w_ih, w_hh, b_ih, b_hh, rest[0] if rest else None, nonlinearity or "tanh"))
    return made


class _Layer(torch.autograd.Function):
    """One layer and direction: x (T, N, F), h0 (N, P), c0 (N, U) or None -> h (T, N, P), the last h and c."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, h0: Tensor, c0: Tensor | None, weights: Weights, reverse: int) -> Any:
        one = x[:, :1].flip(0) if reverse else x[:, :1]
        start = (h0[:1], None if c0 is None else c0[:1])
        made = weights.gates([one], [weights.run(one.contiguous(), *start)], [start])
        h, c = made["h"], made.get("c")
        ctx.reverse, ctx.steps = reverse, _Steps.of(weights, made, *start)
        h, ends = h.flip(0) if reverse else h, [h[-1], *([] if c is None else [c[-1]])]
        copies = x.shape[1]
        # The copies' own steps side by side, as most networks go on with them: batch first.
        out = h.transpose(0, 1).expand(copies, -1, -1).contiguous().transpose(0, 1)
        return (out, *(e.expand(copies, -1).contiguous() for e in ends))

    @staticmethod
    def backward(ctx: Any, *owed: Tensor) -> Any:
        h, last_h, *last_c = owed
        h = h.flip(0) if ctx.reverse else h
        x, h0, c0 = ctx.steps.back(h, last_h, last_c[0] if last_c else None, ctx.needs_input_grad[0])
        return x if x is None or not ctx.reverse else x.flip(0), h0, c0, None, None


@dataclass(frozen=True)
class _Steps:
    """What a step hands back, for one sequence of T steps, U units and P outputs a step.

    blocks: (K, U, F + P), rows of the weights, inputs' columns first; scales: (T, K, U). A step's matrix is the sum of
    blocks times scales; in an LSTM the first three blocks (i, f, g) are owed by c and the last (o) by h.
    keep: (T, U) by what the old state is multiplied: f for c, z for h; None in an RNN. open: (T, U) dh / dc.
    """

    blocks: Tensor
    scales: Tensor
    keep: Tensor | None
    open: Tensor | None
    project: Tensor | None
    width: int

    @classmethod
    def of(cls, weights: Weights, made: dict[str, Tensor], h0: Tensor, c0: Tensor | None) -> _Steps:
        v = {k: t[:, 0] for k, t in made.items()}
        both = torch.cat([weights.w_ih, weights.w_hh], 1).view(-1, weights.units, weights.w_ih.shape[1] + h0.shape[1])
        width = weights.w_ih.shape[1]
        if weights.kind == "LSTM":
            assert c0 is not None
            i, f, g, o = (v[k] for k in "ifgo")
            tanh, before = v["c"].tanh(), torch.cat([c0, v["c"][:-1]])
            scales = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), tanh * o * (1 - o)]
            return cls(both, torch.stack(scales, 1), f, o * (1 - tanh * tanh), weights.w_hr, width)
        if weights.kind == "GRU":
            r, z, n = (v[k] for k in "rzn")
            before = torch.cat([h0, v["h"][:-1]])
            bias = None if weights.b_hh is None else weights.b_hh.chunk(3)[2]
            from_h = torch.nn.functional.linear(before, weights.w_hh.chunk(3)[2], bias)
            new = (1 - z) * (1 - n * n)
            scales = [new * from_h * r * (1 - r), (before - n) * z * (1 - z), new, new * r]
            of_x, of_h = both[2:3].clone(), both[2:3].clone()  # n reads x as it is and h through r
            of_x[..., width:], of_h[..., :width] = 0, 0
            return cls(torch.cat([both[:2], of_x, of_h]), torch.stack(scales, 1), z, None, None, width)
        scale = 1 - v["h"] ** 2 if weights.nonlinearity == "tanh" else (v["h"] > 0).to(both)
        return cls(both, scale[:, None], None, None, None, width)

    def back(
        self, owed: Tensor, last_h: Tensor, last_c: Tensor | None, inputs: bool
    ) -> tuple[Tensor | None, Tensor, Tensor | None]:
        """(x (T, S, F), h0 (S, P), c0 (S, U)) from what h (T, S, P) and the last states of S copies are owed.

        x is None unless `inputs`, c0 where there is no c.
        """
        steps, copies, outputs = owed.shape
        first = 0 if inputs else self.width  # columns left out where nobody asks what the inputs are owed
        width, units = self.width - first, self.blocks.shape[1]
        order, alive = _alive(owed, last_h, last_c)
        if order is not None:
            owed, last_h, last_c = owed[:, order], last_h[order], None if last_c is None else last_c[order]
        # What a step's input and old h are owed; zero for copies that nothing is owed yet.
        made = owed.new_zeros(steps if inputs else 1, copies, width + outputs)
        held = owed.new_zeros(copies, (0 if last_c is None else units) + units)  # what its c and h are owed
        h, c, older = held[:, -units:], None, last_h
        if last_c is not None:
            c = held[:, :units].copy_(last_c)
        matrices, dues, news = self._matrices(first), owed.unbind(), made.unbind()
        for t in range(steps - 1, -1, -1):
            matrix = next(matrices)
            if alive[t] == copies:
                continue
            rows = slice(alive[t], copies)
            now, due = h[rows], dues[t][rows]
            if self.project is None:
                torch.add(older[rows], due, out=now)
            else:
                now.copy_((older[rows] + due) @ self.project)
            old = None if c is None or self.open is None else c[rows].addcmul_(now, self.open[t])
            new = news[t if inputs else 0]
            torch.mm(held[rows], matrix, out=new[rows])
            older = new[:, width:]
            if self.keep is not None:
                if old is not None:
                    old.mul_(self.keep[t])
                else:
                    older[rows].addcmul_(now, self.keep[t])
        x = made[..., :width] if inputs else None
        if order is None:
            return x, older, c
        back = order.argsort()
        return None if x is None else x[:, back], older[back], None if c is None else c[back]

    def _matrices(self, first: int) -> Iterator[Tensor]:
        """A step's matrix, (U, F + P) or in an LSTM (2 U, F + P) for c and h, from the last step to the first."""
        steps, kinds, units = self.scales.shape
        groups = (range(3), range(3, 4)) if self.open is not None else (range(kinds),)
        blocks = self.blocks[..., first:]
        size = min(steps, max(1, _ROOM // blocks.numel()))
        room = blocks.new_empty(size, len(groups) * units, blocks.shape[2])
        for part in reversed(self.scales[..., None].split(size)):
            made = room[: len(part)]
            for n, group in enumerate(groups):
                rows = made[:, n * units : (n + 1) * units]
                torch.mul(part[:, group[0]], blocks[group[0]], out=rows)
                for k in group[1:]:
                    rows.addcmul_(part[:, k], blocks[k])
            yield from reversed(made.unbind())


def _alive(owed: Tensor, last_h: Tensor, last_c: Tensor | None) -> tuple[Tensor | None, list[int]]:
    """(an order of the copies, or None; for each step the place in it from which on they are owed something there).

    The order is by the last step at which a copy is owed anything.
    """
    steps, copies, _ = owed.shape
    marked = owed.any(2)
    marked[-1] |= last_h.any(1) if last_c is None else last_h.any(1) | last_c.any(1)
    ends = torch.where(marked.any(0), steps - 1 - marked.flip(0).int().argmax(0), -1)
    ordered, order = ends.sort(stable=True)
    alive = torch.searchsorted(ordered, torch.arange(steps, device=owed.device)).tolist()
    return None if bool((order == torch.arange(copies, device=owed.device)).all()) else order, alive
