"""What a network was at the recorded steps of its training, over one probe set of examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from deepro.results import Result

# What is measured of each layer; the pages and figures show them in this order.
MEASURES = (
    "gradient", "update", "weight", "silent", "dead", "rank", "probe", "past", "end", "saturated", "high", "aliased",
    "twins",
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Training(Result):
    """T recorded steps of one run, or a part of them: `join` puts the parts together.

    run: which training. about: what stays the same (layers, units, examples, classes, what was followed and pictures
    of the examples); {} in all parts but the first, which has no steps. steps: (T,) int64. seconds: (T,) since the
    beginning. given: name -> (M, 2) step and value of what the loop told. at: name -> (T, ...):
    gradient, update, weight (T, L): norms by layer; update and gradient divided by the weights' norm.
    silent: share of places not above zero. dead: share of units never above zero on any example. rank: participation
    ratio of the codes' spectrum. probe: leave-one-out accuracy of a linear probe. past: CKA to the step before.
    saturated: share of gates that stand at one end throughout. high: median share of the first filters' power above a
    quarter of a cycle a pixel. aliased: share of the power of their dense answer that the stride cannot sample. twins:
    share of first filters that repeat an earlier one.
    best (T, U, k) uint8 indices of the strongest examples of all layers' units, one layer after the other; strength
    (T, U, k) their activations; quiet (T, U) share of places not above zero.
    kernels (T, L, P): unbiased centred Gram matrices of length 1, whose inner product is the debiased CKA.
    classes (T, N), losses (T, N): the network's class and loss for each example. trained (T, 2): mean loss and accuracy
    in training mode of batch norm. evaluated (T, 2): as it is used.
    pinned (T, K): probabilities of the pinned example; heatmap (T, h, w); projections (T, F, h, w, 3) uint8 of the
    followed units; windows (T, F, 4) what of the example they saw, as shares; filters (T, n, h, w, 3) uint8.
    """

    kind = "training"
    run: str
    about: Mapping[str, Any] = field(default_factory=dict)
    steps: np.ndarray
    seconds: np.ndarray
    given: Mapping[str, np.ndarray] = field(default_factory=dict)
    at: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(self.about.get("layers", ()))

    def measure(self, name: str) -> np.ndarray:
        """(T, L) of one measure; NaN where it was not made."""
        if name == "end":
            return self.to_end()
        found = self.at.get(name)
        return np.full((len(self.steps), len(self.layers)), np.nan, np.float32) if found is None else found

    def to_end(self) -> np.ndarray:
        """(T, L) debiased CKA of each layer to itself at the last recorded step."""
        kernels = self.at.get("kernels")
        if kernels is None or not len(kernels):
            return np.full((len(self.steps), len(self.layers)), np.nan, np.float32)
        return np.einsum("tlp,lp->tl", kernels.astype(np.float32), kernels[-1].astype(np.float32))

    def units(self, layer: str) -> slice:
        """Where the units of a layer stand among all."""
        counts = list(self.about["units"])
        at = self.layers.index(layer)
        start = sum(counts[:at])
        return slice(start, start + counts[at])


def join(parts: Iterable[Training]) -> Training:
    """One record of all parts of a run, in the order of their steps; a step that stands twice is taken once."""
    parts = list(parts)
    head = next((p for p in parts if p.about), parts[0])
    steps = np.concatenate([p.steps for p in parts])
    _, order = np.unique(steps, return_index=True)
    filled = [p for p in parts if len(p.steps)]
    names = [n for n in filled[0].at if all(n in p.at for p in filled)] if filled else []
    told: dict[str, list[np.ndarray]] = {}
    for part in parts:
        for name, rows in part.given.items():
            told.setdefault(name, []).append(rows)
    return replace(
        head,
        steps=steps[order],
        seconds=np.concatenate([p.seconds for p in parts])[order],
        given={n: (rows := np.concatenate(r))[np.unique(rows[:, 0], return_index=True)[1]] for n, r in told.items()},
        at={n: np.concatenate([p.at[n] for p in filled])[order] for n in names},
    )
