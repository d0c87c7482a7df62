"""Compares two surveys of one architecture over one data set: which units changed, and which classes moved."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch

from deepro.errors import StoreError, UsageError
from deepro.kinds.experiments.comparison import Comparison
from deepro.kinds.surveys.survey import Survey
from deepro.kinds.surveys.unit_statistics import UnitStatistics
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.parameters import OtherNetwork, stored
from deepro.probe import split_call
from deepro.registry import method


@method(
    family="units",
    paper=ZEILER,
    summary="What changed from one checkpoint to another: filters, strongest examples, the classes' means.",
    version=2,
)
def compare(
    net: Network,
    before: Annotated[Survey, stored(Survey)],
    after: Annotated[Survey, stored(Survey)],
    other: OtherNetwork | None = None,
) -> Comparison:
    """What changed from one checkpoint to another, unit by unit and class by class.

    A unit's means are compared in standard deviations, the root of the mean of its two variances. net: the network
    after; other: the one before, for the filters; without it `weights` is NaN. Units are matched by their number, as
    they must be between checkpoints of one training. Raises UsageError where the layers or the data sets differ, and
    StoreError for the survey of another network.

    Example: `deepro.compare(net, before, after)`
    """
    for one, survey in ((net, after), (other, before)):
        made = survey.provenance
        if one is not None and made is not None and made.network["fingerprint"] != one.fingerprint:
            raise StoreError("a survey was made with another network or other weights than the one given for it")
    if list(before.layers) != list(after.layers):
        odd = sorted(set(before.layers) ^ set(after.layers)) or list(before.layers)
        raise UsageError(f"the surveys have different layers ({', '.join(odd[:3])}); survey the same ones of both")
    if (before.dataset, before.images, before.classes) != (after.dataset, after.images, after.classes):
        raise UsageError(
            f"the surveys are of different data: {before.dataset} ({before.images} images) and {after.dataset} "
            f"({after.images}); survey one data set with both"
        )
    layers, classes = {}, {}
    for name, one in before.layers.items():
        two = after.layers[name]
        if one.values.shape[0] != two.values.shape[0]:
            raise UsageError(f"layer {name!r} has {len(one.values)} units before and {len(two.values)} after")
        deviation = _deviation(one, two)
        layers[name] = {
            "weights": _filters(other, net, name, len(one.values)),
            "shift": ((two.mean - one.mean) / deviation).astype(np.float32),
            "examples": _new_examples(one, two),
            "preferred": np.stack([_preferred(one), _preferred(two)], 1),
        }
        if len(one.class_means) and one.class_means.shape == two.class_means.shape:
            moved = (two.class_means.astype(np.float64) - one.class_means) / deviation
            classes[name] = np.sqrt(np.mean(np.square(moved), 1)).astype(np.float32)
    return Comparison(layers=layers, classes=classes, names=before.classes)


def _deviation(one: UnitStatistics, two: UnitStatistics) -> np.ndarray:
    """(U,) of both networks together, so that a unit which fell silent or woke up has a finite one; else infinite."""
    both = np.sqrt((one.variance.astype(np.float64) + two.variance) / 2)
    return np.where(both > 0, both, np.inf)


def _new_examples(one: UnitStatistics, two: UnitStatistics) -> np.ndarray:
    """(U,) share of the strongest images after that were not among them before."""
    shares = []
    for was, now in zip(one.images, two.images, strict=True):
        kept = now[now >= 0]
        shares.append(1 - np.isin(kept, was[was >= 0]).mean() if len(kept) else 0.0)
    return np.array(shares, dtype=np.float32)


def _preferred(layer: UnitStatistics) -> np.ndarray:
    """(U,) the class with the largest mean, -1 where there are no labels."""
    units = len(layer.values)
    if not len(layer.class_means):
        return np.full(units, -1, dtype=np.int64)
    return np.where(np.isnan(layer.class_means), -np.inf, layer.class_means).argmax(0)


def _filters(before: Network | None, after: Network, layer: str, units: int) -> np.ndarray:
    """(U,) 1 - cosine between the filters before and after."""
    if before is None:
        return np.full(units, np.nan, dtype=np.float32)
    weights = []
    for net in (before, after):
        module = net.module.get_submodule(split_call(layer)[0])
        weight = getattr(module, "weight", None)
        if not isinstance(weight, torch.Tensor) or weight.ndim < 2:
            return np.full(units, np.nan, dtype=np.float32)
        flat = weight.detach().double().cpu()
        weights.append((flat.transpose(0, 1) if getattr(module, "transposed", False) else flat).flatten(1))
    if weights[0].shape != weights[1].shape or len(weights[0]) != units:
        return np.full(units, np.nan, dtype=np.float32)
    return (1 - torch.cosine_similarity(*weights, dim=1)).clamp_min(0).float().numpy()
