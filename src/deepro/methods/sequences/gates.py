"""The gates of one layer and direction of a recurrent module, from its weights or from what its kernel kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

GATES = {"LSTM": ("i", "f", "g", "o"), "GRU": ("r", "z", "n"), "RNN": ()}

PROOFS = 64  # steps at which the gates that a kernel kept are compared with those of the weights

Start = tuple[Tensor, Tensor | None]  # h and c before the first step


def kind_of(module: nn.Module) -> str:
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return "LSTM"
    if isinstance(module, nn.GRU | nn.GRUCell):
        return "GRU"
    return "RNN"


def flip(x: Tensor, lengths: Tensor) -> Tensor:
    """(T, N, F) with each sequence turned round within its length; the padding stays at the end."""
    steps = x.shape[0]
    if bool((lengths == steps).all()):
        return x.flip(0)
    time = torch.arange(steps, device=x.device)[:, None]
    ends = lengths.to(x.device)[None]
    return x[torch.where(time < ends, ends - 1 - time, time), torch.arange(x.shape[1], device=x.device)]


def silence_padding(x: Tensor, lengths: Tensor) -> Tensor:
    if bool((lengths == x.shape[0]).all()):
        return x
    beyond = torch.arange(x.shape[0])[:, None] >= lengths[None]
    return x.masked_fill(beyond[..., None].to(x.device), 0)


@dataclass
class Weights:
    """One layer and direction of a recurrent module: input to hidden, hidden to hidden, biases, projection."""

    kind: str
    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_hr: Tensor | None
    nonlinearity: str

    @classmethod
    def of(cls, module: nn.Module, layer: int = 0, direction: int = 0) -> Weights:
        end = "" if isinstance(module, nn.RNNCellBase) else f"_l{layer}{'_reverse' if direction else ''}"

        def get(name: str) -> Tensor | None:
            return getattr(module, name + end, None)

        w_ih, w_hh = get("weight_ih"), get("weight_hh")
        assert w_ih is not None
        assert w_hh is not None
        nonlinearity = getattr(module, "nonlinearity", "tanh")
        return cls(kind_of(module), w_ih, w_hh, get("bias_ih"), get("bias_hh"), get("weight_hr"), nonlinearity)

    @property
    def units(self) -> int:
        return self.w_hh.shape[0] // max(1, len(GATES[self.kind]))

    def run(self, x: Tensor, h0: Tensor, c0: Tensor | None) -> Tensor:
        """The fused kernel: every h, (T, N, P)."""
        flat = [w for w in (self.w_ih, self.w_hh, self.b_ih, self.b_hh, self.w_hr) if w is not None]
        rest = (flat, self.b_ih is not None, 1, 0.0, False, False, False)
        if self.kind == "LSTM":
            assert c0 is not None
            states = [h0[None].contiguous(), c0[None].contiguous()]
            return torch._VF.lstm(x, states, *rest)[0]  # type: ignore[attr-defined]
        name = "gru" if self.kind == "GRU" else f"rnn_{self.nonlinearity}"
        return getattr(torch._VF, name)(x, h0[None].contiguous(), *rest)[0]  # type: ignore[attr-defined]

    def gates(
        self,
        xs: Sequence[Tensor],
        hs: Sequence[Tensor],
        starts: Sequence[Start],
        kept: Sequence[list[Tensor] | None] = (),
    ) -> dict[str, Tensor]:
        """{h, again, c, gates}: (T, N, U) over all calls in a row; `again` is h computed from the gates.

        kept: i, f, g, o of each call as its kernel kept them, taken where the weights give the same.
        In memory the steps of a sequence lie side by side, as a result holds them.
        """
        h = torch.cat([own.transpose(0, 1) for own in hs], 1) if len(hs) > 1 else hs[0].transpose(0, 1).contiguous()
        told = [k for k in kept if k is not None]
        if len(told) == len(hs) and all(map(self._proves, xs, hs, starts, told)):
            gates = told[0] if len(told) == 1 else [torch.cat(parts) for parts in zip(*told, strict=True)]
            made = self._cells([gate.transpose(0, 1) for gate in gates], hs, starts)
        else:
            x = torch.cat([x.transpose(0, 1) for x in xs], 1)
            before = torch.empty_like(h)
            before[:, 1:] = h[:, :-1]
            at = 0
            for own, (h0, _) in zip(hs, starts, strict=True):
                before[:, at] = h0
                at += len(own)
            made = self._from_products(x, before, hs, starts)
        return {name: value.transpose(0, 1) for name, value in ({"h": h} | made).items()}

    def _from_products(
        self, x: Tensor, before: Tensor, hs: Sequence[Tensor], starts: Sequence[Start]
    ) -> dict[str, Tensor]:
        """x (N, T, F) and h before each step (N, T, P) -> {again, c, gates}."""
        if self.kind == "RNN":
            total = self._total(0, x, before)
            return {"again": total.tanh_() if self.nonlinearity == "tanh" else total.relu_()}
        if self.kind == "GRU":
            r, z = (self._total(k, x, before).sigmoid_() for k in range(2))
            rows = slice(2 * self.units, None)
            from_x = nn.functional.linear(x, self.w_ih[rows], None if self.b_ih is None else self.b_ih[rows])
            from_h = nn.functional.linear(before, self.w_hh[rows], None if self.b_hh is None else self.b_hh[rows])
            n = from_x.addcmul_(r, from_h).tanh_()
            return {"r": r, "z": z, "n": n, "again": torch.lerp(n, before, z)}
        return self._cells([self._gate(k, x, before) for k in range(4)], hs, starts)

    def _gate(self, k: int, x: Tensor, before: Tensor) -> Tensor:
        """Gate k of an LSTM's i, f, g, o."""
        total = self._total(k, x, before)
        return total.tanh_() if k == 2 else total.sigmoid_()

    def _total(self, k: int, x: Tensor, before: Tensor) -> Tensor:
        """What enters gate k by the two products: (..., U) for x (..., F) and h before it (..., P)."""
        rows = slice(k * self.units, (k + 1) * self.units)
        w_ih, w_hh = self.w_ih[rows].t(), self.w_hh[rows].t()
        flat = x.reshape(-1, x.shape[-1])
        if self.b_ih is None or self.b_hh is None:
            total = flat @ w_ih
        else:
            total = torch.addmm(self.b_ih[rows] + self.b_hh[rows], flat, w_ih)
        return total.addmm_(before.reshape(-1, before.shape[-1]), w_hh).view(*x.shape[:-1], -1)

    def _proves(self, x: Tensor, h: Tensor, start: Start, gates: Sequence[Tensor]) -> bool:
        """Whether a kernel's gates are those of the weights: a few steps of some sequences; `again` shows them all."""
        steps = torch.linspace(0, len(h) - 1, min(len(h), PROOFS)).long()
        rows = torch.arange(len(steps)) % h.shape[1]
        before = h[(steps - 1).clamp_min(0), rows]
        before[0] = start[0][0]
        made = [self._gate(k, x[steps, rows], before) for k in range(4)]
        return all(torch.allclose(own[steps, rows], m, rtol=0, atol=1e-4) for own, m in zip(gates, made, strict=True))

    def _cells(self, gates: Sequence[Tensor], hs: Sequence[Tensor], starts: Sequence[Start]) -> dict[str, Tensor]:
        """What an LSTM's gates i, f, g, o (N, T, U) make of its cells."""
        i, f, g, o = gates
        c = torch.mul(i, g)
        at = 0
        for own, (_, c0) in zip(hs, starts, strict=True):
            assert c0 is not None
            last, here = c0, slice(at, at := at + len(own))
            for cell, forget in zip(c[:, here].unbind(1), f[:, here].unbind(1), strict=True):
                last = cell.addcmul_(forget, last)
        again = torch.tanh(c).mul_(o)
        if self.w_hr is not None:
            again = again @ self.w_hr.t()
        return {"c": c, "i": i, "f": f, "g": g, "o": o, "again": again}
