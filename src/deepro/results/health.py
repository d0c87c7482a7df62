"""Which units are sick, what it costs to lose them, and what changed between two checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Diagnosis(Result):
    """Which units of a surveyed network are sick.

    findings: each with layer, unit, fault (dead, always on, duplicate, high-frequency, aliased, broken), evidence
    (the numbers), threshold and suggestion (what the literature would change). measures: layer -> name -> (U,) or
    (U, 2) what was measured of every unit, also of the healthy ones. thresholds: by fault. examined: layer -> the
    faults looked for. filters: layer -> (U, C, h, w) where they stand on the input and are large enough to judge, with
    strides, and spectra (U, 32, 32): their power without the mean, colours summed, frequency zero in the middle.
    """

    kind = "diagnosis"
    findings: tuple[Mapping[str, Any], ...]
    measures: Mapping[str, Mapping[str, np.ndarray]]
    thresholds: Mapping[str, float]
    examined: Mapping[str, tuple[str, ...]]
    filters: Mapping[str, np.ndarray]
    strides: Mapping[str, tuple[int, ...]]
    spectra: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ablation(Result):
    """What it costs to silence units, on a labelled data set.

    silenced: for each experiment layer -> units; the first experiment silences nothing. accuracy, loss: (S,) top-1
    and mean cross-entropy. changed: (S,) share of images whose prediction is another one. images: how many were
    measured.
    """

    kind = "ablation"
    silenced: tuple[Mapping[str, tuple[int, ...]], ...]
    accuracy: np.ndarray
    loss: np.ndarray
    changed: np.ndarray
    images: int
    fill: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Feeds(Result):
    """Which classes the units of a layer raise, each on its strongest photographs.

    units: (U,). classes, logits: (U, k) the classes to whose logits the unit adds most, as gradient times activation
    summed over its map, the mean over `examples` photographs; -1 and NaN in free places. labels: names, by index.
    """

    kind = "feeds"
    layer: str
    units: np.ndarray
    classes: np.ndarray
    logits: np.ndarray
    examples: int
    labels: Mapping[str, str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(Result):
    """Two surveys of one architecture over one data set: what changed from the first to the second.

    layers: layer -> name -> array. weights (U,): 1 - cosine of the filters, NaN where the layer has none. shift
    (U,): how far the mean activation moved, in standard deviations of the first. examples (U,): share of the top k
    that is new. preferred (U, 2): class with the largest mean before and after, -1 without labels. classes: layer
    -> (K,) how far a class's means moved, root mean square over the units, in their standard deviations. names: of
    the classes.
    """

    kind = "comparison"
    layers: Mapping[str, Mapping[str, np.ndarray]]
    classes: Mapping[str, np.ndarray]
    names: tuple[str, ...]
