"""What a finding is held against: networks that never learned, tracks shifted in time, units held still."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepro.errors import DeeproError
from deepro.methods.sequences.intervene import Hold, intervening
from deepro.methods.sequences.scores import auc, ranks, strength
from deepro.methods.sequences.verdict import BEATEN, share_interval
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
    margin = max(1, steps // 20)
    # One offset in each of so many equal stretches: another seed says nearly the same.
    places = (np.arange(shifts) + np.random.default_rng(seed).random(shifts)) / shifts
    offsets = margin + (places * max(1, steps - 2 * margin)).astype(np.int64)
    rows = (np.arange(steps)[:, None] - offsets[None]) % steps
    if measure == "auc":
        scores = auc(ranked, values[rows] > 0.5)
    else:
        other = ranks(values[:, None])[0][rows]  # turning changes no rank
        norms = np.linalg.norm(ranked, axis=1)[:, None] * np.linalg.norm(other, axis=0)[None]
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = (ranked @ other) / norms
    return np.nanmax(strength(scores, measure), axis=0)


@dataclass(frozen=True)
class _Stretch:
    """The first `samples` of sequence `row`, of which the layer's steps from `first` on count. on: (T,) bool.

    It is read from its beginning: a cell that counts or turns round must know what was before.
    """

    row: int
    samples: int
    first: int
    on: np.ndarray


def clamp(
    net: Network,
    sequences: Sequences,
    on: Sequence[np.ndarray],
    place: tuple[str, int, str],
    unit: int,
    others: Sequence[int],
    levels: Mapping[int, float],
    steps: int,
    at_a_time: int = 40,
) -> Mapping[str, Any] | None:
    """Hold a unit at its level where the track is off, and other units at theirs; how far do the predictions move?

    on: (T,) bool for each sequence, the layer's steps that count. Stretches of up to `steps` steps in which the track
    is on and off most often are read. effect: mean change of the prediction where the track is on (total variation of
    probabilities; in standard deviations where the output is no class), elsewhere: where it is off; others,
    others_elsewhere: the same for each other unit. Where the network's outputs do not go step by step with the layer
    (an encoder, a classifier of whole sequences) effect is the change of all outputs when the unit is held where the
    track is on only, elsewhere when it is held at as many steps where it is off. beaten: the share of the others for
    which effect minus elsewhere is smaller: a unit that is merely important moves the prediction everywhere.
    beaten_low, beaten_high: its 95 % interval over stretches and over other units, of which `at_a_time` are held at a
    time, in the order given, until the interval lies on one side of what is asked for. falls and rises: the classes
    whose probability changes most where the track is on, with its mean before and after.
    None where the network gives no prediction, or the track is never on in what was read.
    """
    chosen = _stretches(sequences.items, on, steps)
    if not chosen:
        return None
    read = _Reading(net, sequences, place, levels)
    parts: list[list[_Moved]] = []
    low = high = float("nan")
    try:
        step_by_step = read.goes_step_by_step(chosen[0])
        for first in range(0, max(1, len(others)), at_a_time):
            units = others[first : first + at_a_time]
            parts.append(read.held([unit, *units] if not parts else units, chosen, step_by_step))
            (least, most), (low, high) = _beaten(parts, len(others))
            if low >= BEATEN or high < BEATEN or least < BEATEN <= most:  # in the last case more units would not help
                break
    except (DeeproError, _SilentError):
        return None
    moved = parts[0]
    before, after = torch.cat([m.before for m in moved]), torch.cat([m.after for m in moved])
    scale = (
        1.0 if read.classes else float(torch.cat([m.plain.flatten() for m in moved]).std(correction=0).clamp(min=1e-12))
    )
    here, there = (side / scale for side in _sides(parts, np.ones((1, len(chosen)))))
    excess = (here - np.nan_to_num(there))[:, 0]
    return {
        "effect": float(here[0, 0]),
        "elsewhere": float(there[0, 0]),
        "others": here[1:, 0].tolist(),
        "others_elsewhere": there[1:, 0].tolist(),
        "beaten": float((excess[1:] < excess[0]).mean()) if len(others) else float("nan"),
        "beaten_low": low,
        "beaten_high": high,
        "others_in_all": len(others),
        "over": "steps" if step_by_step else "outputs",
        "steps": int(sum(s.on[s.first :].sum() for s in chosen)),
        **(_most_moved(net, before, after) if read.classes else {}),
    }  # fmt: skip


class _SilentError(Exception):
    """The network gives no prediction."""


@dataclass(frozen=True)
class _Moved:
    """Of one stretch: summed changes (M,) where the track is on and off and of how many rows; predictions before and
    after holding the first unit where it is on (rows, K)."""

    on: np.ndarray
    ons: int
    off: np.ndarray
    offs: int
    before: Tensor
    after: Tensor
    plain: Tensor  # what the network gives at all steps


class _Reading:
    """Stretches read with units held at their levels."""

    def __init__(
        self, net: Network, sequences: Sequences, place: tuple[str, int, str], levels: Mapping[int, float]
    ) -> None:
        self.net, self.sequences, self.place, self.levels = net, sequences, place, levels
        self.tokens = not sequences.items[0].is_floating_point()
        self.classes = False

    def held(self, units: Sequence[int], chosen: Sequence[_Stretch], step_by_step: bool) -> list[_Moved]:
        """What holding each unit changes in each stretch; those of one length are read together."""
        made: dict[int, _Moved] = {}
        count = len(units)
        for size in dict.fromkeys((s.samples, len(s.on), s.first) for s in chosen):
            group = [n for n, s in enumerate(chosen) if (s.samples, len(s.on), s.first) == size]
            if step_by_step:
                output = self._run([chosen[n] for n in group], 1 + count, list(units))
            else:
                when = [
                    np.stack([s.on] * count + [_elsewhere(s.on, s.first)] * count) for s in (chosen[n] for n in group)
                ]
                output = self._run([chosen[n] for n in group], 1 + 2 * count, [*units, *units], np.stack(when))
            for n, own in zip(group, output, strict=True):
                on, rows = chosen[n].on, own.shape[1]
                change = self._change(own[1:], own[:1])
                if step_by_step:
                    # What the track says at the step from which each row of the output comes.
                    step = ((np.arange(rows) + 1) * len(on) - 1) // rows
                    counted = step >= chosen[n].first
                    where, off = (torch.from_numpy(m & counted).to(own.device) for m in (on[step], ~on[step]))
                    here, there, kept = change[:, where], change[:, off], (own[0, where], own[1, where])
                else:
                    here, there = change.split(count)
                    there, kept = there if bool((~on[chosen[n].first :]).any()) else there[:, :0], (own[0], own[1])
                sums = [side.sum(1).double().cpu().numpy() for side in (here, there)]
                made[n] = _Moved(sums[0], here.shape[1], sums[1], there.shape[1], *kept, own[0])
        return [made[n] for n in range(len(chosen))]

    def goes_step_by_step(self, stretch: _Stretch) -> bool:
        """Whether the network's rows follow the layer's steps: changed at one step, the rows before it stay as they are
        (behind it for a direction that reads backwards), or where all rows see all steps the one there changes most."""
        steps, units = len(stretch.on), list(self.levels)
        rows = self._run([stretch], 1, []).shape[2]
        if rows == 1 or steps < 4:
            return rows == steps
        at = [steps // 4, steps // 2, 3 * steps // 4]
        when = np.zeros((1, len(at) * len(units), steps), dtype=bool)
        for n, step in enumerate(at):
            when[0, n * len(units) : (n + 1) * len(units), step] = True
        into = [1 + n for n in range(len(at)) for _ in units]
        output = self._run([stretch], 1 + len(at), units * len(at), when, into, 1.0)[0]
        change = (output[1:] - output[:1]).abs().sum(2).cpu().numpy()
        if not change.max():
            return rows == steps
        own = [step * rows // steps for step in at]
        before = [c[: max(0, o - 1)] if not self.place[1] else c[o + 2 :] for c, o in zip(change, own, strict=True)]
        if max(b.max(initial=0) for b in before) <= 1e-6 * change.max():
            return True
        both_ways = any(getattr(m, "bidirectional", False) for m in self.net.module.modules())
        return both_ways and all(abs(int(c.argmax()) - o) <= 1 for c, o in zip(change, own, strict=True))

    def _run(
        self, chosen: Sequence[_Stretch], copies: int, units: list[int], when: np.ndarray | None = None,
        into: list[int] | None = None, more: float = 0.0,
    ) -> Tensor:  # fmt: skip
        """(W, copies, R, K) of stretches of one length; in each the first copy is left alone, and the next have one
        unit held each, or those that `into` says, at its level and `more`, at the steps of `when` (W, M, T)."""
        layer, direction, state = self.place
        into = list(range(1, 1 + len(units))) if into is None else into
        held = Hold(
            layer, state, units * len(chosen), [self.levels[u] + more for u in units] * len(chosen),
            direction=direction, start=chosen[0].first, rows=[w * copies + n for w in range(len(chosen)) for n in into],
            when=None if when is None else torch.from_numpy(when.reshape(-1, when.shape[-1])),
        )  # fmt: skip
        parts = [self.sequences.items[s.row][: s.samples] for s in chosen]
        batch = torch.stack(parts).repeat_interleave(copies, 0)
        with torch.no_grad(), intervening(self.net.module, [held]):
            output = first_tensor(run(self.net, (self.sequences.laid(batch),), {}))
        if output is None:
            raise _SilentError
        steps = len(chosen[0].on)
        if output.ndim == 3:
            output = self.sequences.rows(output)
            output = output.transpose(1, 2) if output.shape[2] == steps != output.shape[1] else output
        elif output.ndim == 2:
            output = output[..., None] if output.shape[1] == steps > 1 and not self.net.labels else output[:, None]
        elif output.ndim == 1:
            output = output[:, None, None]
        if output.ndim != 3 or output.shape[0] != len(batch) or not output.is_floating_point():
            raise _SilentError
        self.classes = output.shape[-1] > 1 and (self.net.labels is not None or self.tokens)
        output = output.float().softmax(-1) if self.classes else output.float()
        return output.view(len(chosen), copies, *output.shape[1:])

    def _change(self, held: Tensor, plain: Tensor) -> Tensor:
        """(M, R)"""
        change = (held - plain).abs()
        return change.sum(-1) / 2 if self.classes else change.mean(-1)


def _elsewhere(on: np.ndarray, first: int) -> np.ndarray:
    """(T,) bool: as many steps from `first` on where the track is off, evenly chosen, or all of them."""
    off = first + np.flatnonzero(~on[first:])
    made = np.zeros_like(on)
    if len(off):
        made[off[np.linspace(0, len(off) - 1, min(len(off), int(on[first:].sum()))).astype(int)]] = True
    return made


def _sides(parts: Sequence[Sequence[_Moved]], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(M, B) mean change where the track is on, and off, over stretches of weights (B, W); NaN without any."""
    made = []
    for side, count in (("on", "ons"), ("off", "offs")):
        total = np.concatenate([np.stack([getattr(m, side) for m in part], 1) for part in parts])
        rows = np.array([getattr(m, count) for m in parts[0]])
        with np.errstate(divide="ignore", invalid="ignore"):
            made.append((total @ weights.T) / (weights @ rows)[None])
    return made[0], made[1]


def _beaten(parts: Sequence[Sequence[_Moved]], among: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of the share of others that the first beats: stretches drawn anew, and others as well."""
    count = len(parts[0])
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), 400)
    here, there = _sides(parts, drawn.astype(float))
    excess = here - np.nan_to_num(there)
    tested = len(excess) - 1
    if not tested:
        return (float("nan"), float("nan")), (float("nan"), float("nan"))
    shares = (excess[1:] < excess[:1]).mean(0)[np.isfinite(excess).all(0)]
    low, high = (float(q) for q in np.quantile(shares, (0.025, 0.975), method="nearest"))
    both = share_interval(low * tested, tested, among)[0], share_interval(high * tested, tested, among)[1]
    return (low, high), both


def _most_moved(net: Network, before: Tensor, after: Tensor) -> dict[str, Any]:
    change = after.mean(0) - before.mean(0)
    told = {}
    for name, index in (("falls", int(change.argmin())), ("rises", int(change.argmax()))):
        told[name] = (net.label(index), float(before[:, index].mean()), float(after[:, index].mean()))
    return told


def _stretches(
    items: Sequence[Tensor], on: Sequence[np.ndarray], steps: int, budget: int = 4, most: int = 40
) -> list[_Stretch]:
    """Stretches of up to `steps` steps in which the track is on and off most often, none over another, of `budget`
    times as many steps in all, `most` of them at most; those at a sequence's beginning first, none far behind it."""
    found: list[tuple[bool, int, int, int, int]] = []
    for row, marks in enumerate(on):
        length = min(steps, len(marks))
        total = np.concatenate([[0], np.cumsum(marks)])
        some = total[-1] < len(marks)  # where the track is off too, steps of both are wanted
        for start in range(0, min(len(marks) - length, 2 * budget * steps) + 1, max(1, length)):
            count = int(total[start + length] - total[start])
            found.append((start > 0, -min(count, length - count) if some else -count, row, start, start + length))
    chosen: list[tuple[int, int, int]] = []
    for _, count, row, start, stop in sorted(found):
        if len(chosen) == most or sum(b - a for _, a, b in chosen) >= budget * steps:
            break
        if count:
            chosen.append((row, start, stop))
    return [_Stretch(row, b * len(items[row]) // len(on[row]), a, on[row][:b]) for row, a, b in chosen]
