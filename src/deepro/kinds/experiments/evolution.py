"""A unit's strongest example at each training checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import MOST, Experiment, Experiments
from deepro.kinds.record import Kind, register
from deepro.kinds.surveys.gallery import Gallery
from deepro.render import canvas, colour, picture
from deepro.render.document import Model, Picture, Scale
from deepro.render.pack import plain
from deepro.render.site import Site
from deepro.results import Result

SIDE = 96  # pixels of an example in the page
_ROWS = 12  # units on the figure
_LINES = 20  # units that a command prints


@dataclass(frozen=True, eq=False, kw_only=True)
class Evolution(Result):
    """Zeiler & Fergus 2014, figure 4: a unit's strongest example at each of T training checkpoints.

    checkpoints: names. gallery: its second axis is the checkpoints. jumps: (U, T) whether the strongest image is
    another than at the checkpoint before.
    """

    kind = "evolution"
    checkpoints: tuple[str, ...]
    gallery: Gallery
    jumps: np.ndarray


class Strip(Model):
    """A unit through training: patches and projections, one square a checkpoint from left to right.

    values: the activation at each checkpoint. jumps: whether another image than before. ids: of the images.
    """

    unit: int
    patches: Picture
    projections: Picture
    values: list[float | None]
    jumps: list[bool]
    ids: list[str]
    scale: Scale


class EvolutionPage(Experiment):
    """checkpoints: names, in the order of training. side: pixels of a square."""

    kind: Literal["evolution"] = "evolution"
    layer: str
    rule: str
    checkpoints: list[str]
    side: int
    strips: list[Strip]


def draw(made: Any, result: Evolution) -> None:
    """One row a unit: patch and projection at each checkpoint; a bar marks another image than before."""
    gallery, rows = result.gallery, min(_ROWS, len(result.gallery.units))
    axes = made.subplots(rows, 2 * len(result.checkpoints), squeeze=False)
    for r, row in enumerate(axes):
        projections, _limit = gallery.drawn(r)
        for c, name in enumerate(result.checkpoints):
            patch, projection = row[2 * c], row[2 * c + 1]
            patch.imshow(gallery.patches[r, c], interpolation="nearest")
            projection.imshow(projections[c], interpolation="nearest")
            for axis in (patch, projection):
                axis.axis("off")
            if r == 0:
                patch.set_title(canvas.words(name), fontsize=8, loc="left")
            if result.jumps[r, c]:
                patch.axvline(-0.5, color=colour.ABOVE, linewidth=4)
        row[0].text(-0.1, 0.5, str(gallery.units[r]), transform=row[0].transAxes, ha="right", fontsize=8)


def lines(result: Evolution) -> list[str]:
    jumps = zip(result.gallery.units[:_LINES], result.jumps.sum(1), strict=False)
    return [f"{result.gallery.layer} unit {unit}: another photograph {n} times" for unit, n in jumps]


def show(result: Evolution, site: Site) -> None:
    experiments, gallery = site.section(Experiments), result.gallery
    save = experiments.saver(result)
    ids = dict(zip(gallery.shown.tolist(), gallery.ids, strict=True))
    strips = []
    for row, unit in enumerate(gallery.units[:MOST].tolist()):
        projections, limit = gallery.drawn(row)

        def strip(what: str, pictures: Any, unit: int = unit) -> Picture:
            squares = [picture.square(one, SIDE) for one in pictures]
            return save.colours(f"{unit}-{what}.jpg", picture.sheet(squares, len(squares), colour.MIDDLE))

        strips.append(
            Strip(
                unit=unit,
                patches=strip("patches", gallery.patches[row]),
                projections=strip("projections", projections),
                values=plain(gallery.values[row]),
                jumps=result.jumps[row].tolist(),
                ids=[ids.get(image, "") for image in gallery.images[row].tolist()],
                scale=Scale(kind="signed", high=limit, percentile=colour.PERCENTILE, shared=True),
            )
        )
    about: dict[str, Any] = {"about": gallery.layer, "layer": gallery.layer, "rule": gallery.rule}
    experiments.add(EvolutionPage, result, **about, side=SIDE, strips=strips)


CAPTION = "Each unit's strongest example at each checkpoint. A bar: another image than before."
KIND = register(
    Kind(
        Evolution,
        CAPTION,
        draw=draw,
        size=lambda r: (2.2 * len(r.checkpoints), 1.2 * min(_ROWS, len(r.gallery.units))),
        lines=lines,
        show=show,
    )
)
