"""Recurrent layers written out one step and one gate at a time, from the equations in PyTorch's documentation."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def step(
    kind: str, weights: dict[str, Tensor], x: Tensor, h: Tensor, c: Tensor | None, nonlinearity: str = "tanh"
) -> dict:
    """One step of one sequence: x (F,), h (P,), c (U,). weights: w_ih, w_hh, and b_ih, b_hh, w_hr or None."""
    pieces = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    zero = x.new_zeros(weights["w_hh"].shape[0])
    w_ih, w_hh = weights["w_ih"].chunk(pieces), weights["w_hh"].chunk(pieces)
    b_ih = (zero if weights["b_ih"] is None else weights["b_ih"]).chunk(pieces)
    b_hh = (zero if weights["b_hh"] is None else weights["b_hh"]).chunk(pieces)
    from_x = [w @ x + b for w, b in zip(w_ih, b_ih, strict=True)]
    from_h = [w @ h + b for w, b in zip(w_hh, b_hh, strict=True)]
    if kind == "RNN":
        total = from_x[0] + from_h[0]
        return {"h": torch.tanh(total) if nonlinearity == "tanh" else total.clamp(min=0)}
    if kind == "GRU":
        r, z = (sigmoid(from_x[k] + from_h[k]) for k in (0, 1))
        n = torch.tanh(from_x[2] + r * from_h[2])
        return {"h": (1 - z) * n + z * h, "r": r, "z": z, "n": n}
    i, f, o = (sigmoid(from_x[k] + from_h[k]) for k in (0, 1, 3))
    g = torch.tanh(from_x[2] + from_h[2])
    assert c is not None
    c = f * c + i * g
    h = o * torch.tanh(c)
    if weights["w_hr"] is not None:
        h = weights["w_hr"] @ h
    return {"h": h, "c": c, "i": i, "f": f, "g": g, "o": o}


def unroll(module: nn.RNNBase, sequence: Tensor, state: tuple[Tensor, Tensor] | None = None) -> list[dict[str, Tensor]]:
    """For each layer {name: (D, T, U)} for one sequence (T, F); state: (L * D, P) and (L * D, U)."""
    kind = "LSTM" if isinstance(module, nn.LSTM) else "GRU" if isinstance(module, nn.GRU) else "RNN"
    directions = 2 if module.bidirectional else 1
    layers, below = [], sequence
    for layer in range(module.num_layers):
        both = []
        for direction in range(directions):
            end = f"_l{layer}{'_reverse' if direction else ''}"
            names = {
                "w_ih": "weight_ih",
                "w_hh": "weight_hh",
                "b_ih": "bias_ih",
                "b_hh": "bias_hh",
                "w_hr": "weight_hr",
            }
            weights = {k: getattr(module, v + end, None) for k, v in names.items()}
            row = layer * directions + direction
            width = module.proj_size or module.hidden_size
            h = sequence.new_zeros(width) if state is None else state[0][row]
            c = sequence.new_zeros(module.hidden_size) if state is None else state[1][row]
            steps: list[dict[str, Tensor]] = [{}] * len(below)
            for t in range(len(below)) if not direction else range(len(below) - 1, -1, -1):
                steps[t] = step(kind, weights, below[t], h, c, getattr(module, "nonlinearity", "tanh"))
                h, c = steps[t]["h"], steps[t].get("c", c)
            both.append({k: torch.stack([s[k] for s in steps]) for k in steps[0]})
        layers.append({k: torch.stack([b[k] for b in both]) for k in both[0]})
        below = torch.cat([b["h"] for b in both], 1)
    return layers
