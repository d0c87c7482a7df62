"""Whether hiding the same part of different images changes a layer in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import Experiment, Experiments
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour
from deepro.render.document import Model
from deepro.render.site import Site
from deepro.results import Result

CONTROL = "random"  # the part that is the control


@dataclass(frozen=True, eq=False, kw_only=True)
class Correspondence(Result):
    """Zeiler & Fergus 2014, table 1: does hiding the same part of different images change a layer in the same way?

    distances: layer -> part -> (pairs,) share of signs in which two images' changes differ, 0 all alike, 0.5 as
    chance. The part "random" is the control: squares of the same sizes at random places, over several draws. means,
    errors: layer -> part -> mean and standard error over the images.
    """

    kind = "correspondence"
    distances: Mapping[str, Mapping[str, np.ndarray]]
    means: Mapping[str, Mapping[str, float]]
    errors: Mapping[str, Mapping[str, float]]

    @property
    def parts(self) -> list[str]:
        """The names of the parts, the control last."""
        return sorted(next(iter(self.means.values())), key=lambda part: part == CONTROL)


class PartDistance(Model):
    """Mean distance over the images, its standard error, and how many pairs of images stand behind it."""

    layer: str
    part: str
    mean: float
    error: float
    pairs: int


class CorrespondencePage(Experiment):
    """parts: in order, the control last."""

    kind: Literal["correspondence"] = "correspondence"
    parts: list[str]
    control: str
    rows: list[PartDistance]


def draw(made: Any, result: Correspondence) -> None:
    """Mean distance of each part in each layer with its standard error; the control is grey."""
    axis = made.subplots()
    layers = list(result.means)
    width = 0.8 / len(result.parts)
    for i, part in enumerate(result.parts):
        at = np.arange(len(layers)) + i * width
        means, errors = ([by[name][part] for name in layers] for by in (result.means, result.errors))
        shade = colour.QUIET if part == CONTROL else None
        axis.bar(at, means, width, yerr=errors, label=canvas.words(part), color=shade, capsize=2)
    axis.set_xticks(np.arange(len(layers)) + 0.4 - width / 2, [canvas.words(n) for n in layers], fontsize=8)
    axis.set_title("share of signs in which two images' changes differ; lower is more alike", fontsize=8)
    axis.legend(fontsize=7)


def show(result: Correspondence, site: Site) -> None:
    rows = [
        PartDistance(
            layer=layer,
            part=part,
            mean=mean,
            error=result.errors[layer][part],
            pairs=len(result.distances[layer][part]),
        )
        for layer, means in result.means.items()
        for part, mean in means.items()
    ]
    about = ", ".join(result.parts[:-1])
    site.section(Experiments).add(CorrespondencePage, result, about=about, control=CONTROL, rows=rows)


KIND = register(
    Kind(
        Correspondence,
        caption="Hiding the same part of different images; the control hides random places.",
        draw=draw,
        size=(7, 3.5),
        show=show,
    )
)
