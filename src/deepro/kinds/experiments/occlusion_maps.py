"""What hiding each part of one image does to a unit, to a class and to the prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import Experiment, Experiments, names
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour, picture
from deepro.render.colour import GROUNDS
from deepro.render.document import Model, Picture, Scale
from deepro.render.site import Site
from deepro.results import Result

THUMB = 360  # pixels


@dataclass(frozen=True, eq=False, kw_only=True)
class OcclusionMaps(Result):
    """Zeiler & Fergus 2014, figure 6: one image with a grey square at every place of a grid.

    boxes: (rows, columns, 4) left, top, right, bottom of the square in input pixels, clipped. response: (rows,
    columns) the unit's activations summed over its map. probability: of the class. predicted: the class put first.
    Each beside its value without a square.
    """

    kind = "occlusion_maps"
    layer: str
    unit: int
    target: int
    label: str
    boxes: np.ndarray
    response: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    plain_response: float
    plain_probability: float
    plain_predicted: int
    labels: Mapping[str, str]
    pictures: np.ndarray | None = None

    def name(self, number: int) -> str:
        """The name of a class."""
        return self.labels.get(str(number), str(number))

    def frequent(self) -> list[tuple[int, float]]:
        """Predicted classes, each with its share of the places, the most frequent first."""
        numbers, counts = np.unique(self.predicted, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return [(int(numbers[i]), float(counts[i] / counts.sum())) for i in order]


class ClassColour(Model):
    """A class in the map of predictions: its share of the places and the colour it has there."""

    name: str
    colour: str
    share: float


class OcclusionPage(Experiment):
    """Three maps over the places of a grey square, all in the input's extent.

    square: width and height of the square in input pixels. step: input pixels between two places. target: name of the
    class. plain_…: the value without a square. lowest_…: the lowest value of the map. classes: colours in `predicted`.
    """

    kind: Literal["occlusion_maps"] = "occlusion_maps"
    layer: str
    unit: int
    target: str
    square: list[int]
    step: int
    picture: Picture | None
    response: Picture
    response_scale: Scale
    plain_response: float
    lowest_response: float
    probability: Picture
    probability_scale: Scale
    plain_probability: float
    lowest_probability: float
    predicted: Picture
    classes: list[ClassColour]
    plain_predicted: str


def draw(made: Any, result: OcclusionMaps) -> None:
    """The image and the three maps of Zeiler & Fergus 2014, figure 6."""
    axes = made.subplots(1, 4)
    if result.pictures is not None:
        axes[0].imshow(result.pictures[0])
    axes[0].set_title("image", fontsize=8)
    height, width = result.boxes[-1, -1, 3], result.boxes[-1, -1, 2]
    extent = (0, width, height, 0)
    response = axes[1].imshow(
        result.response, cmap=colour.SCALES["sequential"], extent=extent, vmin=min(0.0, float(result.response.min()))
    )
    told = f"{canvas.words(result.layer)} unit {result.unit}: summed response\n{result.plain_response:.3g} unhidden"
    axes[1].set_title(told, fontsize=8)
    chance = axes[2].imshow(result.probability, cmap=colour.SCALES["sequential"], extent=extent, vmin=0, vmax=1)
    told = f"probability of {canvas.words(result.label)}\n{result.plain_probability:.1%} unhidden"
    axes[2].set_title(told, fontsize=8)
    for axis, shown in ((axes[1], response), (axes[2], chance)):
        made.colorbar(shown, ax=axis, shrink=0.7).ax.tick_params(labelsize=6)
    classes = [number for number, _ in result.frequent()]
    rank = np.argsort(classes)[np.searchsorted(np.sort(classes), result.predicted)]
    axes[3].imshow(rank, cmap=colour.SCALES["places"], extent=extent, vmin=0, vmax=19)
    first = ", ".join(canvas.words(result.name(c)) for c in classes[:3])
    axes[3].set_title(f"prediction: {first}", fontsize=8, wrap=True)
    for axis in axes:
        axis.axis("off")


def lines(result: OcclusionMaps) -> list[str]:
    low, least = result.response.min(), result.probability.min()
    return [
        f"{result.label}: {result.plain_probability:.1%} with nothing hidden, {least:.1%} at the least",
        f"{result.layer} unit {result.unit}: {result.plain_response:.4g}, {low:.4g} at the least",
    ]


def show(result: OcclusionMaps, site: Site) -> None:
    experiments = site.section(Experiments)
    save = experiments.saver(result)
    lowest = float(result.response.min())
    low, high = min(0.0, lowest), float(max(result.response.max(), result.plain_response)) or 1.0
    coloured = list(zip(result.frequent(), GROUNDS[:-1], strict=False))
    predicted = np.full((*result.predicted.shape, 3), _rgb(GROUNDS[-1]), dtype=np.uint8)
    for (number, _), painted in coloured:
        predicted[result.predicted == number] = _rgb(painted)
    classes = [ClassColour(name=result.name(n), colour=painted, share=share) for (n, share), painted in coloured]
    if len(result.frequent()) > len(coloured):
        others = sum(share for _, share in result.frequent()[len(coloured) :])
        classes.append(ClassColour(name="", colour=GROUNDS[-1], share=others))
    left, top, right, bottom = np.moveaxis(result.boxes, -1, 0)
    steps = np.diff((left + right)[0] / 2)
    seen = None if result.pictures is None else result.pictures[0]
    experiments.add(
        OcclusionPage,
        result,
        about=names(result) or result.label,
        thumb=None if seen is None else save("thumb.jpg", picture.fit(seen, THUMB)),
        target=result.label,
        square=[int((right - left).max()), int((bottom - top).max())],
        step=round(float(np.median(steps))) if len(steps) else 0,
        picture=None if seen is None else save("picture.png", seen),
        response=save("response.png", colour.sequential(result.response - low, high - low)),
        response_scale=Scale(kind="sequential", high=high),
        lowest_response=lowest,
        probability=save("probability.png", colour.sequential(result.probability, 1.0)),
        probability_scale=Scale(kind="sequential", high=1.0),
        lowest_probability=float(result.probability.min()),
        predicted=save("predicted.png", predicted),
        classes=classes,
        plain_predicted=result.name(result.plain_predicted),
    )


def _rgb(text: str) -> list[int]:
    return [int(text[i : i + 2], 16) for i in (1, 3, 5)]


CAPTION = "A grey square at each place: what is left of unit and class, and which class comes first."
KIND = register(Kind(OcclusionMaps, CAPTION, draw=draw, size=(13, 3.6), lines=lines, show=show))
