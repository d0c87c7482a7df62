"""What changed between two surveys of one architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import MOST, Experiment, Experiments
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour
from deepro.render.document import Model
from deepro.render.pack import finite
from deepro.render.site import Site
from deepro.results import Result

_LAYERS, _CLASSES = 6, 12  # on the figure


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

    def name(self, number: int) -> str:
        """The name of a class."""
        return self.names[number] if number < len(self.names) else str(number)


class Changed(Model):
    """What changed of a unit. weights: 1 - cosine of the filters. shift: of the mean, in standard deviations. examples:
    share of its strongest photographs that are new. before, after: the class that it preferred."""

    unit: int
    weights: float | None
    shift: float | None
    examples: float
    before: str | None
    after: str | None


class ComparedLayer(Model):
    """weights, shift, examples: medians over a layer's units. most: the units that changed most."""

    name: str
    units: int
    weights: float | None
    shift: float | None
    examples: float
    most: list[Changed]


class MovedClass(Model):
    """distance: how far the class's means moved, in standard deviations."""

    name: str
    distance: float


class ComparisonPage(Experiment):
    """classes: those that moved most in `classes_layer`, the last layer."""

    kind: Literal["comparison"] = "comparison"
    layers: list[ComparedLayer]
    classes_layer: str | None
    classes: list[MovedClass]


def draw(made: Any, result: Comparison) -> None:
    """Left: each unit's change of filter against its new examples. Right: the classes that moved most, last layer."""
    left, right = made.subplots(1, 2)
    for layer in canvas.spread(list(result.layers), _LAYERS):
        changed = result.layers[layer]
        left.plot(_amount(changed), changed["examples"], ".", markersize=3, alpha=0.6, label=canvas.words(layer))
    left.set_xlabel("change of filter (1 - cosine), or of mean", fontsize=7)
    left.set_ylabel("share of strongest examples that are new", fontsize=7)
    left.legend(fontsize=6)
    if not result.classes or not result.names:
        right.axis("off")
        return
    layer, moved = list(result.classes.items())[-1]
    moved = np.nan_to_num(moved[: len(result.names)])
    order = np.argsort(-moved)[:_CLASSES]
    right.barh(range(len(order)), moved[order], color=colour.ACCENT)
    right.set_yticks(range(len(order)), [canvas.words(result.names[i]) for i in order], fontsize=7)
    right.invert_yaxis()
    right.set_title(f"classes that moved most in {canvas.words(layer)}", fontsize=8)


def _amount(changed: Mapping[str, np.ndarray]) -> np.ndarray:
    """(U,) how much each unit changed: its filter where the layer has filters, else its mean."""
    return changed["weights"] if np.isfinite(changed["weights"]).any() else np.abs(changed["shift"])


def lines(result: Comparison) -> list[str]:
    moved = ((name, changed, np.sort(np.abs(changed["shift"]))) for name, changed in result.layers.items())
    return [
        f"{name}: means moved by {shift[len(shift) // 2]:.3g} deviations, {changed['examples'].mean():.0%} of the "
        "strongest photographs are new"
        for name, changed, shift in moved
    ]


def show(result: Comparison, site: Site) -> None:
    layer, distances = list(result.classes.items())[-1] if result.classes else (None, np.empty(0))
    distances = np.nan_to_num(distances)
    order = np.argsort(-distances, kind="stable")[:MOST]
    site.section(Experiments).add(
        ComparisonPage,
        result,
        about=str(len(result.layers)),
        layers=[_layer(result, name, changed) for name, changed in result.layers.items()],
        classes_layer=layer,
        classes=[MovedClass(name=result.name(c), distance=float(distances[c])) for c in order],
    )


def _layer(result: Comparison, name: str, changed: Mapping[str, np.ndarray]) -> ComparedLayer:
    weights, shift, examples = changed["weights"], changed["shift"], changed["examples"]
    order = np.argsort(-np.nan_to_num(_amount(changed), nan=-1.0), kind="stable")[:MOST].tolist()
    preferred = [[None if c < 0 else result.name(c) for c in pair] for pair in changed["preferred"][order].tolist()]
    return ComparedLayer(
        name=name,
        units=len(shift),
        weights=_median(weights),
        shift=_median(np.abs(shift)),
        examples=float(np.median(examples)),
        most=[
            Changed(
                unit=u,
                weights=finite(weights[u]),
                shift=finite(shift[u]),
                examples=float(examples[u]),
                before=before,
                after=after,
            )
            for u, (before, after) in zip(order, preferred, strict=True)
        ],
    )


def _median(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


CAPTION = "What changed between two checkpoints: filters against strongest examples, and the classes' means."
KIND = register(Kind(Comparison, CAPTION, draw=draw, size=(10, 4), lines=lines, show=show))
