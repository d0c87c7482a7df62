"""Whether hiding the same part of different images changes a layer in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import Experiment, Experiments
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour
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


class CorrespondencePage(Experiment):
    """parts: in order, the control last. means, errors: layer -> part -> mean distance over the images, its standard
    error. pairs: layer -> part -> how many pairs of images stand behind it."""

    kind: Literal["correspondence"] = "correspondence"
    parts: list[str]
    control: str
    means: dict[str, dict[str, float]]
    errors: dict[str, dict[str, float]]
    pairs: dict[str, dict[str, int]]


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


def lines(result: Correspondence) -> list[str]:
    return [
        f"{name}: " + ", ".join(f"{part} {mean:.3f} ± {result.errors[name][part]:.3f}" for part, mean in by.items())
        for name, by in result.means.items()
    ]


def show(result: Correspondence, site: Site) -> None:
    pairs = {layer: {part: len(d) for part, d in by.items()} for layer, by in result.distances.items()}
    about = ", ".join(result.parts[:-1])
    site.section(Experiments).add(CorrespondencePage, result, about=about, control=CONTROL, pairs=pairs)


CAPTION = "Hiding the same part of different images; the control hides random places."
KIND = register(Kind(Correspondence, CAPTION, draw=draw, size=(7, 3.5), lines=lines, show=show))
