"""Which steps of a sequence an output depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from deepro.errors import NetworkError, UsageError
from deepro.kinds.sequences.steps import Steps
from deepro.methods.path import HALVED, Piece, integrate
from deepro.methods.sequences.controls import random_twin
from deepro.methods.sequences.intervene import reading
from deepro.methods.sequences.scores import ranks, spearman
from deepro.methods.sequences.sweep import Swept
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences, run
from deepro.parameters import AnySequence, Bounds, OneClass
from deepro.probe import first_tensor
from deepro.registry import Paper, method

BATCH = 64
Change = Callable[[Tensor, int], Tensor]  # what is read, (N, T, F), and the number of its first step


@method(
    family="sequences",
    paper=Paper(
        "Kadar, Chrupala, Alishahi", 2017,
        "Representation of linguistic form and function in recurrent neural networks",
        "https://arxiv.org/abs/1602.08952",
    ),
    summary="How much each step of a sequence counts for one output, with a deletion curve and its random control.",
    version=2,
)  # fmt: skip
def attribute_steps(
    net: Network,
    sequence: AnySequence,
    target: OneClass | None = None,
    *,
    step: Annotated[int, "step whose output is explained; -1 is the last"] = -1,
    how: Annotated[
        Literal["gradient", "gradient_x_input", "integrated_gradients", "occlusion", "omission"],
        "gradient: the derivative's norm; occlusion: the step's input set to zero; omission: the step left out",
    ] = "integrated_gradients",
    samples: Annotated[int, Bounds(2, 1000), "points on the path of integrated gradients"] = 32,
    seed: Annotated[int, Bounds(0, 2**31), "of the random order that the deletion curve is compared with"] = 0,
    controls: Annotated[int, Bounds(0, 20), "networks with random weights that are explained as well"] = 1,
    doublings: Annotated[int, Bounds(0, 10), HALVED] = 4,
    every: Annotated[bool, "explain the output of every step too: time grows with the square of their number"] = False,
) -> Steps:
    """Importance of each step of one sequence for one output y.

    y: the output for `target` (a label or index, the largest one by default) at `step`, or the sequence's only output.
    Steps are those of a series itself, or of what the first recurrent layer reads where the input is tokens; zero is
    the baseline. Values are signed except the gradient's norm: occlusion and omission are y minus y without the step,
    integrated gradients sum to y - y(0) (`gap` is what they miss): where they miss more than 5 % of it, the pieces of
    the way from zero that miss most are halved, with `samples` points in each half.
    deletion: y after the most important steps are set to zero one after the other; random: in random order.
    control: the mean rank correlation of the values' sizes with those of networks with random weights: near 1, the
    values tell of the input and the architecture, not of what was learned.
    every: the same of the output at every step, for `target` or the largest there.
    Sundararajan et al. 2017, arXiv 1703.01365; Kadar et al. 2017, arXiv 1602.08952; Adebayo et al. 2018,
    arXiv 1810.03292 (control).
    Example: `deepro.attribute_steps(net, "def f(x):", how="integrated_gradients")`
    """
    sequence = as_sequences(net, sequence)
    if len(sequence.items) != 1:
        raise UsageError(f"attribute_steps explains one sequence at a time, got {len(sequence)} or ready tensors")
    item = sequence.items[0]
    length = len(item)
    if not -length <= step < length:
        raise UsageError(f"step is {step}, the sequence has steps 0 to {length - 1}")
    options = {"how": how, "samples": samples, "seed": seed, "doublings": doublings}
    explain = partial(_explained, net, sequence, target, **options)
    one = explain(step % length)
    if controls:
        index = _Question(net, item, step % length, sequence).index(target)
        twins = [random_twin(net, seed + k) for k in range(controls)]
        likeness = [_likeness(one, _explained(t, sequence, index, step % length, **options)) for t in twins]
        one = replace(one, control=float(np.mean(likeness)))
    if not every:
        return one
    rows = _Question(net, item, 0, sequence).rows()
    return replace(one, every=_together([explain(s) for s in range(min(rows, length))] if rows else [one]))


def _likeness(one: Steps, other: Steps) -> float:
    """Rank correlation of the sizes of two attributions; NaN where one of them is the same at every step."""
    sizes = np.abs(np.stack([one.values, other.values], 1))
    known = sizes[~np.isnan(sizes).any(1)]
    return float(spearman(ranks(known[:, :1]), known[:, 1:])[0, 0]) if len(known) > 1 else float("nan")


def _explained(
    net: Network,
    sequence: Sequences,
    target: str | int | None,
    step: int,
    *,
    how: str,
    samples: int,
    seed: int,
    doublings: int,
) -> Steps:
    item = sequence.items[0]
    length = len(item)
    ask = _Question(net, item, step, sequence)
    index = ask.index(target)
    full = float(ask(index, 1, _as_it_is)[0])
    features = None
    gap = None
    if how == "omission":
        values = full - _omitted(net, item, step, index, sequence)
    elif how == "occlusion":
        values = full - _zeroed(ask, index, torch.eye(length, dtype=torch.bool))
    elif how == "integrated_gradients":
        nothing = float(_zeroed(ask, index, torch.ones(1, length, dtype=torch.bool))[0])
        features = _integrated(ask, index, full - nothing, samples, doublings)
        values = features.sum(1)
        gap = full - nothing - float(values.sum())
    else:
        features = ask.gradient(index, 1.0)
        if how == "gradient_x_input":
            features = features * ask.read
        values = features.sum(1) if how == "gradient_x_input" else np.linalg.norm(features, axis=1)
    order = np.argsort(-np.abs(values), kind="stable")
    chance = np.random.default_rng(seed).permutation(length)
    return Steps(
        how=how,
        values=values,
        features=features,
        target=net.label(index),
        step=step,
        score=full,
        gap=gap,
        deletion=_zeroed(ask, index, _one_after_the_other(order)),
        random=_zeroed(ask, index, _one_after_the_other(chance)),
        text=sequence.texts[0],
    )


def _integrated(ask: _Question, index: int, rise: float, samples: int, doublings: int) -> np.ndarray:
    """(T, F): what is read times the mean gradient on the way to it from zero, along which y rises by `rise`."""
    middles = (np.arange(samples) + 0.5) / samples

    def make(asked: list[tuple[int, float, float]]) -> Iterator[Piece]:
        for piece in asked:
            _, start, end = piece
            mean = np.mean([ask.gradient(index, float(start + a * (end - start))) for a in middles], axis=0)
            values = (end - start) * mean * ask.read
            gained = ask.scaled(index, end) - ask.scaled(index, start)
            yield Piece(*piece, values, float(values.sum()) - gained)

    return np.sum([piece.values for piece in integrate(make, [rise], doublings)[0]], axis=0)


def _together(rows: list[Steps]) -> dict[str, Any]:
    return {
        "step": np.array([r.step for r in rows]),
        "target": tuple(r.target for r in rows),
        "score": np.array([r.score for r in rows]),
        "gap": np.array([np.nan if r.gap is None else r.gap for r in rows]),
        **{name: np.stack([getattr(r, name) for r in rows]) for name in ("values", "deletion", "random")},
    }


class _Question:
    """One output of one sequence, as a function of what the first recurrent layer (or the series' own steps) reads."""

    def __init__(self, net: Network, item: Tensor, step: int, given: Sequences) -> None:
        self.net, self.item, self.step, self.given = net, item, step, given
        self.read: np.ndarray = np.zeros(0)

    def rows(self) -> int:
        """At how many steps the network answers; 0 where it gives one answer for the whole sequence."""
        with torch.no_grad():
            made = self._run(self.item[None])
        return self.given.rows(made).shape[1] if made.ndim == 3 else 0

    def index(self, target: str | int | None) -> int:
        with torch.no_grad():
            output = self.output(1, _as_it_is)[0]
        if target is None:
            return int(output.argmax())
        index = self.net.label_index(target)
        if not 0 <= index < len(output):
            raise UsageError(f"target is {target!r}, the network has outputs 0 to {len(output) - 1}")
        return index

    def output(self, copies: int, change: Change) -> Tensor:
        """(copies, K) the outputs at the step; `change` gets what is read, (copies, T, F), or a part of it."""
        batch = self.item[None].expand(copies, *self.item.shape)
        parts: list[np.ndarray] = []

        def read(x: Tensor, start: int) -> Tensor:
            parts.append(x[0].detach().double().cpu().numpy())
            return change(x, start)

        if self.item.is_floating_point():
            made = self._at(self._run(read(batch, 0)))
        else:
            with reading(self.net.module, read):
                made = self._at(self._run(batch))
        steps = sum(map(len, parts))
        if steps != len(self.item):
            raise NetworkError(f"the first recurrent layer reads {steps} steps, the input has {len(self.item)}")
        self.read = np.concatenate(parts)
        return made

    def _run(self, batch: Tensor) -> Tensor:
        output = first_tensor(run(self.net, (self.given.laid(batch),), {}))
        if output is None or output.ndim not in (2, 3):
            raise NetworkError("the network returns no (N, K) or (N, T, K) tensor to explain")
        return output

    def _at(self, output: Tensor) -> Tensor:
        if output.ndim == 2:
            return output
        output = self.given.rows(output)
        if output.shape[1] <= self.step:
            raise NetworkError(f"the network returns {output.shape[1]} steps, {self.step} was asked for")
        return output[:, self.step]

    def __call__(self, index: int, copies: int, change: Change) -> np.ndarray:
        with torch.no_grad():
            return self.output(copies, change)[:, index].double().cpu().numpy()

    def scaled(self, index: int, scale: float) -> float:
        """y at `scale` times what is read."""
        return float(self(index, 1, lambda x, _start: x * scale)[0])

    def gradient(self, index: int, scale: float) -> np.ndarray:
        """(T, F): d y / d what is read, at `scale` times it."""
        leaves: list[Tensor] = []

        def leaf(x: Tensor, _start: int) -> Tensor:
            leaves.append((x.detach() * scale).requires_grad_())
            return leaves[-1]

        with torch.enable_grad(), Swept():
            y = self.output(1, leaf)[0, index]
            gradients = torch.autograd.grad(y, leaves, materialize_grads=True)
        return torch.cat(gradients, 1)[0].double().cpu().numpy()


def _as_it_is(x: Tensor, _start: int) -> Tensor:
    return x


def _zeroed(ask: _Question, index: int, masks: Tensor) -> np.ndarray:
    """(M,) y with the steps of each mask (M, T) set to zero."""
    made = []
    for part in masks.split(BATCH):

        def silence(x: Tensor, start: int, part: Tensor = part) -> Tensor:
            return x.masked_fill(part[:, start : start + x.shape[1], None].to(x.device), 0)

        made.append(ask(index, len(part), silence))
    return np.concatenate(made)


def _one_after_the_other(order: np.ndarray) -> Tensor:
    """(T + 1, T) masks: none, the first of `order`, the first two ..."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return torch.from_numpy(place[None] < np.arange(len(order) + 1)[:, None])


def _omitted(net: Network, item: Tensor, step: int, index: int, given: Sequences) -> np.ndarray:
    """(T,) y of the shortened sequence; NaN where no step is left to answer."""
    length = len(item)
    made = np.full(length, np.nan)
    if length == 1:
        return made
    for t in range(length):
        shorter = torch.cat([item[:t], item[t + 1 :]])
        # Where the explained step itself is left out, the step before it answers in its place.
        at = step - 1 if t <= step else step
        if at >= 0:
            made[t] = _Question(net, shorter, at, given)(index, 1, _as_it_is)[0]
    return made
