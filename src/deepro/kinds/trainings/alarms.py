"""What is wrong with a training, from its record: each alarm with its figure, its threshold and what to do.

A fault that may pass is named where it lasted: at every record of the later three quarters of the steps so far, of
which there are at least three, and not within the first steps. `RULES` has a line for each alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.trainings.training import Training

EARLY = 32  # steps in which nothing has settled
_ERRORS = 3  # standard errors that a difference of accuracies must have


@dataclass(frozen=True)
class Rule:
    """find: (step, layer or class, figure) of what passes the threshold. advice: what the literature says to do.
    instead: alarms beside which this one would say nothing new."""

    find: Callable[[Training, float], Iterator[tuple[int, str, float]]]
    threshold: float
    figure: str
    advice: str
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """fault: its name. step: the first at which it stood. place: layer or class, '' for the whole. figure: what was
    measured, value: how much, threshold: where it begins. advice: what to change."""

    fault: str
    step: int
    place: str
    figure: str
    value: float
    threshold: float
    advice: str


def alarms(run: Training) -> list[Alarm]:
    """All alarms of a run, in the order of `RULES`."""
    found: dict[str, list[Alarm]] = {}
    for fault, rule in RULES.items() if len(run.steps) else ():
        if not any(name in found for name in rule.instead):
            made = [Alarm(fault, step, place, rule.figure, float(value), rule.threshold, rule.advice)
                    for step, place, value in rule.find(run, rule.threshold)]  # fmt: skip
            if made:
                found[fault] = made
    return [one for made in found.values() for one in made]


def _late(run: Training) -> np.ndarray:
    """Indices of the records in which a fault must have stood; empty where it is too early to say."""
    steps = run.steps
    late = np.flatnonzero(steps >= steps[-1] / 4)
    return late if len(late) >= 3 and steps[-1] >= EARLY else late[:0]


def _lasting(run: Training, values: np.ndarray, holds: np.ndarray) -> Iterator[tuple[int, str, float]]:
    """Layers for which `holds` (T, L) at every late record that has a value, and since when."""
    late = _late(run)
    for at, layer in enumerate(run.layers):
        known = late[np.isfinite(values[late, at])]
        if len(known) >= 2 and holds[known, at].all():
            before = np.flatnonzero(~holds[:, at] & (np.arange(len(holds)) < known[0]))
            yield int(run.steps[before[-1] + 1 if len(before) else 0]), layer, values[known[-1], at]


def _above(name: str) -> Callable[[Training, float], Iterator[tuple[int, str, float]]]:
    return lambda run, limit: _lasting(run, run.measure(name), run.measure(name) >= limit)


def _given(run: Training, name: str) -> np.ndarray:
    return run.given.get(name, np.zeros((0, 2)))


def _too_fast(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    """A step that changes most layers by a large part of themselves, or a loss that is no number."""
    loss = _given(run, "loss")
    lost = np.flatnonzero(~np.isfinite(loss[:, 1]))
    updates = run.measure("update")
    middle = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else 0.0 for row in updates])
    fast = np.flatnonzero(middle >= limit)
    if len(fast):
        yield int(run.steps[fast[0]]), "", middle[fast].max()
    elif len(lost):
        yield int(loss[lost[0], 0]), "", float("nan")


def _too_slow(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    """Updates that are small beside the weights in every layer, while the loss stands still."""
    updates, loss, late = run.measure("update"), _given(run, "loss")[:, 1], _late(run)
    largest = np.array([row[np.isfinite(row)].max() if np.isfinite(row).any() else np.nan for row in updates])[late]
    tenth = max(1, len(loss) // 10)
    still = len(loss) > 0 and loss[-tenth:].mean() > 0.9 * loss[:tenth].mean()
    if still and np.isfinite(largest).any() and np.nanmax(largest) < limit:
        yield int(run.steps[late[0]]), "", float(np.nanmax(largest))


def _exploding(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    share = run.measure("gradient") / np.maximum(run.measure("weight"), 1e-30)
    step, layer = np.unravel_index(np.argmax(np.nan_to_num(share, nan=0.0)), share.shape)
    if share[step, layer] >= limit:
        yield int(run.steps[step]), run.layers[layer], share[step, layer]


def _vanishing(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    gradients = run.measure("gradient")
    largest = np.array([row[np.isfinite(row)].max(initial=0.0) for row in gradients])[:, None]
    share = gradients / np.where(largest > 0, largest, np.nan)
    found = list(_lasting(run, share, share <= limit))
    if found:
        yield min(found, key=lambda one: one[2])


def _collapsed(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    rank = run.measure("rank")
    yield from _lasting(run, rank, (rank <= limit) & (rank < rank[0] / 2))


def _memorising(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    """Of what the training's examples show above chance, the probe set shows less than `limit`."""
    told, late = _given(run, "accuracy"), _late(run)
    labels = np.asarray(run.about.get("labels", ()))
    if not len(late) or not len(told) or "evaluated" not in run.at or not (labels >= 0).any():
        return
    counts = np.bincount(labels[labels >= 0])
    chance, n = counts.max() / counts.sum(), counts.sum()
    held = run.at["evaluated"][late, 1]
    own = np.array([told[(told[:, 0] <= s) & (told[:, 0] > s - EARLY), 1].mean() for s in run.steps[late]])
    sure = own - chance > _ERRORS * np.sqrt(chance * (1 - chance) / n)
    shares = (held - chance) / np.maximum(own - chance, 1e-9)
    if sure.all() and (shares < limit).all():
        yield int(run.steps[late[0]]), "", shares[-1]


def _unused(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    """Classes that the probe set has often and a network that can tell others never predicts."""
    late, labels = _late(run), np.asarray(run.about.get("labels", ()))
    if not len(late) or "classes" not in run.at or not (labels >= 0).any():
        return
    counts = np.bincount(labels[labels >= 0])
    said = run.at["classes"][late]
    never = [c for c in np.flatnonzero(counts >= limit) if not (said == c).any()]
    names = run.about.get("classes", ())
    if 2 * len(never) < (counts > 0).sum():
        for c in never:
            yield int(run.steps[late[0]]), str(names[c]) if c < len(names) else str(c), float(counts[c])


def _disagreeing(run: Training, limit: float) -> Iterator[tuple[int, str, float]]:
    """The loss as the network is used against the loss with the batch's own statistics."""
    late = _late(run)
    if not len(late) or "trained" not in run.at:
        return
    used, trained = run.at["evaluated"][late, 0], run.at["trained"][late, 0]
    chance = np.log(max(2, run.at["pinned"].shape[1]))
    if (used >= limit * trained).all() and (used >= 0.1 * chance).all():
        yield int(run.steps[late[0]]), "", (used / trained)[-1]


RULES: Mapping[str, Rule] = {
    "dying units": Rule(
        _above("dead"), 0.5, "share of units never above zero on any example",
        "lower the learning rate, use a leaky rectifier, or begin units anew (He et al. 2015): deepro mend",
    ),
    "learning rate too high": Rule(
        _too_fast, 0.2, "update over weights in one step, the middle layer",
        "lower the learning rate, warm it up, or clip the gradient; an update of a thousandth of the weights is usual",
    ),
    "learning rate too low": Rule(
        _too_slow, 1e-5, "largest update over weights in one step", "raise the learning rate",
        ("dying units", "learning rate too high"),
    ),
    "exploding gradients": Rule(
        _exploding, 10.0, "gradient over weights",
        "clip the gradient (Pascanu et al. 2013), begin with smaller weights (He et al. 2015), or normalise the layers",
        ("learning rate too high",),
    ),
    "vanishing gradients": Rule(
        _vanishing, 1e-3, "gradient over the largest of any layer",
        "use rectifiers, normalisation, shortcuts past layers, or larger first weights (Glorot & Bengio 2010)",
        ("dying units",),
    ),
    "aliased first layer": Rule(
        _above("aliased"), 0.2, "share of the first layer's answer that its stride cannot sample",
        "a smaller stride and filter (Zeiler & Fergus 2014), or blur before the stride (Zhang 2019): deepro mend",
    ),
    "duplicated first filters": Rule(
        _above("twins"), 0.25, "share of first filters that repeat another",
        "prune them or begin them anew: deepro mend", ("dying units",),
    ),
    "saturated gates": Rule(
        _above("saturated"), 0.5, "share of gates that are open or shut throughout",
        "begin the gates' biases near 0, that of the forget gate at 1 (Jozefowicz et al. 2015); scale the inputs",
    ),
    "collapsed rank": Rule(
        _collapsed, 1.2, "dimensions that the codes of all examples fill",
        "normalise the layer, lower the learning rate",
        ("dying units", "learning rate too high"),
    ),
    "memorising": Rule(
        _memorising, 0.5, "of the training's accuracy above chance, the share that held-out examples show",
        "look at the labels (Zhang et al. 2017); more data, augmentation, weight decay or a smaller network",
    ),
    "class never predicted": Rule(
        _unused, 5, "examples of it in the probe set",
        "look whether the training has this class, and how often; weigh or sample it more",
        ("dying units", "learning rate too high", "saturated gates", "vanishing gradients"),
    ),
    "modes disagree": Rule(
        _disagreeing, 2.0, "loss as it is used over loss in training mode",
        "batch norm's running statistics are not the data's: a larger momentum or batch, or the same preprocessing",
    ),
}  # fmt: skip


def persistent(run: Training, most: int = 12) -> list[dict[str, Any]]:
    """Examples with the highest loss in the late records, the highest first: worth a look at their labels."""
    late = _late(run)
    if not len(late) or "losses" not in run.at:
        return []
    losses = run.at["losses"][late].astype(np.float32).mean(0)
    order = [i for i in np.argsort(-np.nan_to_num(losses, nan=-1.0)) if losses[i] > 0]
    return [{"example": int(i), "loss": float(losses[i]), "said": int(run.at["classes"][-1, i])} for i in order[:most]]
