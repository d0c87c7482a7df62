"""How far layers and the prediction move when the image does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import Experiment, Experiments, names
from deepro.kinds.record import Kind, register
from deepro.render import canvas
from deepro.render.document import Model
from deepro.render.pack import plain
from deepro.render.site import Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Invariance(Result):
    """Zeiler & Fergus 2014, figure 5: how far layers and the prediction move when the image does.

    steps: transform -> (T,) pixels, factors or degrees. distances: transform -> layer -> (N, T) Euclidean distance
    to the untouched image's features, divided by their length. probabilities: transform -> (N, T) of the class in
    `targets`.
    """

    kind = "invariance"
    steps: Mapping[str, np.ndarray]
    distances: Mapping[str, Mapping[str, np.ndarray]]
    probabilities: Mapping[str, np.ndarray]
    targets: np.ndarray

    @property
    def layers(self) -> list[str]:
        return list(next(iter(self.distances.values())))


class Line(Model):
    """One curve a photograph, and their mean."""

    each: list[list[float | None]]
    mean: list[float | None]


class InvarianceCurves(Model):
    """One transform: its steps, a layer's distances, the probability of the class."""

    transform: str
    steps: list[float]
    distances: dict[str, Line]
    probability: Line


class InvariancePage(Experiment):
    """images: how many there are. targets: the class of each, by number."""

    kind: Literal["invariance"] = "invariance"
    curves: list[InvarianceCurves]
    images: int
    targets: list[int]


def draw(made: Any, result: Invariance) -> None:
    """One row a transform: a column a layer, then the probability; one curve an image."""
    axes = made.subplots(len(result.steps), len(result.layers) + 1, squeeze=False)
    units = {"translation": "pixels down", "scale": "times", "rotation": "degrees"}
    for row, (kind, steps) in zip(axes, result.steps.items(), strict=True):
        for axis, layer in zip(row, result.layers, strict=False):
            axis.plot(steps, result.distances[kind][layer].T, linewidth=0.9)
            axis.set_title(f"{canvas.words(layer)}: distance", fontsize=8)
            axis.set_ylim(bottom=0)
        row[-1].plot(steps, result.probabilities[kind].T, linewidth=0.9)
        row[-1].set_title("probability of the class", fontsize=8)
        row[-1].set_ylim(0, 1)
        for axis in row:
            axis.set_xlabel(units.get(kind, kind), fontsize=7)
            axis.tick_params(labelsize=6)


def show(result: Invariance, site: Site) -> None:
    curves = [
        InvarianceCurves(
            transform=kind,
            steps=steps.tolist(),
            distances={layer: _line(values) for layer, values in result.distances[kind].items()},
            probability=_line(result.probabilities[kind]),
        )
        for kind, steps in result.steps.items()
    ]
    site.section(Experiments).add(
        InvariancePage, result, about=names(result), curves=curves, images=len(result.targets)
    )


def _line(values: np.ndarray) -> Line:
    return Line(each=plain(values), mean=plain(values.mean(0)))


KIND = register(
    Kind(
        Invariance,
        caption="How far features and prediction move with the image; one curve an image.",
        draw=draw,
        size=lambda r: (3 * (1 + len(r.layers)), 2.4 * len(r.steps)),
        show=show,
    )
)
