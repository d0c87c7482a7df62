"""What a finding is held against: networks that never learned, tracks shifted in time, units held still."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepro.errors import DeeproError
from deepro.methods.sequences.intervene import Hold, intervening
from deepro.methods.sequences.scores import auc, ranks, strength
from deepro.network import Network
from deepro.network.sequences import Sequences, run
from deepro.probe import first_tensor


def random_twin(net: Network, seed: int) -> Network:
    """The same network with weights as they are before training; what has no initialisation of its own is shuffled."""
    module = copy.deepcopy(net.module)
    with torch.random.fork_rng([]), torch.no_grad():
        torch.manual_seed(seed)
        fresh: set[int] = set()
        for m in module.modules():
            if callable(getattr(m, "reset_parameters", None)):
                m.reset_parameters()  # type: ignore[operator]
                fresh |= {id(p) for p in m.parameters(recurse=False)}
        for parameter in module.parameters():
            if id(parameter) not in fresh:
                flat = parameter.flatten()
                parameter.copy_(flat[torch.randperm(len(flat), device=flat.device)].view_as(parameter))
    return Network(
        module.eval(),
        name=f"{net.name} with random weights",
        source="control",
        preprocess=net.preprocess,
        labels=net.labels,
        output=net.output,
    )


def shifted_best(ranked: np.ndarray, values: np.ndarray, measure: str, shifts: int, seed: int) -> np.ndarray:
    """(shifts,) the best strength that any unit reaches for the track turned round in time by a random amount.

    Turning keeps how slowly the track changes, which shuffling its steps would destroy: slow units fit slow tracks by
    chance. ranked: (U, T), values: (T,).
    """
    steps = len(values)
    generator = np.random.default_rng(seed)
    margin = max(1, steps // 20)
    offsets = generator.integers(margin, max(margin + 1, steps - margin), shifts)
    rows = (np.arange(steps)[:, None] - offsets[None]) % steps
    if measure == "auc":
        scores = auc(ranked, values[rows] > 0.5)
    else:
        other = ranks(values[:, None])[0][rows]  # turning changes no rank
        norms = np.linalg.norm(ranked, axis=1)[:, None] * np.linalg.norm(other, axis=0)[None]
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = (ranked @ other) / norms
    return np.nanmax(strength(scores, measure), axis=0)


def clamp(
    net: Network,
    sequences: Sequences,
    on: Sequence[np.ndarray],
    place: tuple[str, int, str],
    unit: int,
    others: Sequence[int],
    levels: Mapping[int, float],
    steps: int,
) -> Mapping[str, Any] | None:
    """Hold a unit at its level where the track is off, and other units at theirs; how far do the predictions move?

    on: (T,) bool for each sequence, the steps that count. The sequences are cut to `steps`. effect: mean change of the
    prediction where the track is on (total variation of probabilities; in standard deviations where the output is no
    class), elsewhere: where it is off; others, others_elsewhere: the same for each other unit. beaten: the share of the
    others for which effect minus elsewhere is smaller: a unit that is merely important moves the prediction everywhere.
    falls and rises: the classes whose probability changes most where the track is on, with its mean before and after.
    None where the network gives no prediction a step, or the track is never on in what was read.
    """
    chosen, length = _windows(sequences, on, steps)
    if not chosen:
        return None
    layer, direction, state = place
    units = [unit, *others]
    copies = len(units) + 1  # the first is left alone
    batch = torch.stack([sequences.items[k][:length] for k in chosen]).repeat_interleave(copies, 0)
    rows = [n * copies + 1 + m for n in range(len(chosen)) for m in range(len(units))]
    hold = Hold(
        layer,
        state,
        units * len(chosen),
        [levels[u] for u in units] * len(chosen),
        direction=direction,
        rows=rows,
    )
    try:
        with torch.no_grad(), intervening(net.module, [hold]):
            output = first_tensor(run(net, (sequences.laid(batch),), {}))
    except DeeproError:
        return None
    if output is None or output.ndim != 3:
        return None
    output = sequences.rows(output)
    if output.shape[:2] != (len(chosen) * copies, length):
        return None
    output = output.float().view(len(chosen), copies, length, -1)
    where = torch.from_numpy(np.stack([on[k][:length] for k in chosen])).to(output.device)
    classes = output.shape[-1] > 1 and (net.labels is not None or not sequences.items[0].is_floating_point())
    if classes:
        output = output.softmax(-1)
        change = (output[:, 1:] - output[:, :1]).abs().sum(-1) / 2
    else:
        change = (output[:, 1:] - output[:, :1]).abs().mean(-1) / output[:, 0].std().clamp(min=1e-12)
    here, there = _mean(change, where), _mean(change, ~where)
    excess = here - np.nan_to_num(there)
    return {
        "effect": float(here[0]),
        "elsewhere": float(there[0]),
        "others": here[1:].tolist(),
        "others_elsewhere": there[1:].tolist(),
        "beaten": float((excess[1:] < excess[0]).mean()) if others else float("nan"),
        "steps": int(where.sum()),
        **(_moved(net, output[:, 0][where], output[:, 1][where]) if classes else {}),
    }


def _mean(change: Tensor, where: Tensor) -> np.ndarray:
    """(M,) mean of (N, M, T) over the steps of `where` (N, T); NaN where there is none."""
    weight = where[:, None].to(change)
    return ((change * weight).sum((0, 2)) / weight.sum((0, 2))).double().cpu().numpy()


def _moved(net: Network, before: Tensor, after: Tensor) -> dict[str, Any]:
    change = after.mean(0) - before.mean(0)
    told = {}
    for name, index in (("falls", int(change.argmin())), ("rises", int(change.argmax()))):
        told[name] = (net.label(index), float(before[:, index].mean()), float(after[:, index].mean()))
    return told


def _windows(sequences: Sequences, on: Sequence[np.ndarray], steps: int, count: int = 4) -> tuple[list[int], int]:
    """Up to `count` sequences in whose first steps the track is on most often, and the length they are cut to."""
    marked = [(int(o[:steps].sum()), k) for k, o in enumerate(on)]
    chosen = [k for n, k in sorted(marked, key=lambda m: (-m[0], m[1])) if n > 0]
    long = [k for k in chosen if len(sequences.items[k]) >= steps]
    chosen = (long or chosen)[:count]
    return chosen, min([steps, *(len(sequences.items[k]) for k in chosen)]) if chosen else 0
