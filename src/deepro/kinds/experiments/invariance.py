"""How far layers and the prediction move when the image does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import Experiment, Experiments, names
from deepro.kinds.record import Kind, register
from deepro.render import canvas
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


class InvariancePage(Experiment):
    """steps, distances, probabilities: as in the result, one curve a photograph."""

    kind: Literal["invariance"] = "invariance"
    steps: dict[str, list[float]]
    distances: dict[str, dict[str, list[list[float | None]]]]
    probabilities: dict[str, list[list[float | None]]]


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


def lines(result: Invariance) -> list[str]:
    return [
        f"{kind}: " + ", ".join(f"{name} {curves.max():.3g}" for name, curves in by.items()) + " at the most"
        for kind, by in result.distances.items()
    ]


def show(result: Invariance, site: Site) -> None:
    site.section(Experiments).add(InvariancePage, result, about=names(result))


CAPTION = "How far features and prediction move with the image; one curve an image."
KIND = register(
    Kind(
        Invariance,
        CAPTION,
        draw=draw,
        size=lambda r: (3 * (1 + len(r.layers)), 2.4 * len(r.steps)),
        lines=lines,
        show=show,
    )
)
