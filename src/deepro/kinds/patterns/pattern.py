"""Images made for targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from deepro.errors import UsageError
from deepro.kinds import general
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour, markup, picture
from deepro.render.document import Model, Picture
from deepro.render.pack import finite
from deepro.render.sheet import Tile, at, rgb
from deepro.render.site import Saver, Section, Site, fingerprint
from deepro.results import Result

THUMB = 200  # pixels


@dataclass(frozen=True, eq=False, kw_only=True)
class Pattern(Result):
    """Images made for targets.

    images: (T, C, H, W) in 0..1, as the network sees them before normalisation. scores: (T,) each target's value.
    probabilities: (T,) where the target is a class, else NaN. history: (T, steps) the target's value on the way.
    """

    kind = "pattern"
    images: np.ndarray
    targets: tuple[str, ...]
    scores: np.ndarray
    probabilities: np.ndarray
    history: np.ndarray

    def reached(self, i: int) -> str:
        """The score of image `i`, and its probability where the target is a class."""
        share = finite(self.probabilities[i])
        return f"{self.scores[i]:.3g}" + ("" if share is None else f", {share:.1%}")


class PatternImage(Model):
    """A picture made for a target. score, probability: what it reaches; history: the score on the way."""

    target: str
    picture: Picture
    thumb: Picture | None
    score: float | None
    probability: float | None
    history: list[float | None]


class PatternSet(Model):
    """Pictures that were made together."""

    record: str
    network: str
    steps: int
    images: list[PatternImage]


class Patterns(Section):
    """They stand on the overview and have no page of their own to load."""

    cards: ClassVar[Mapping[str, type[Model]]] = {"patterns": PatternSet}


def draw(made: Any, result: Pattern) -> None:
    if result.images.ndim != 4:
        canvas.curves(made, list(np.atleast_2d(result.history)), list(result.targets))
        return
    count = len(result.targets)
    columns = min(3, count)
    axes = made.subplots(-(-count // columns), columns, squeeze=False).ravel()
    for axis in axes[count:]:
        axis.axis("off")
    for i, axis in enumerate(axes[:count]):
        words = f"{canvas.words(result.targets[i])}: {result.reached(i)}"
        canvas.show(axis, colour.unit_range(result.images[i]), words)


def size(result: Pattern) -> tuple[float, float]:
    count = len(result.targets)
    if result.images.ndim != 4:
        return 6, 1.3 * max(1, count)
    columns = min(3, count)
    return 3.1 * columns, 3.4 * -(-count // columns)


def pieces(result: Pattern) -> list[str]:
    if result.images.ndim != 4:
        return markup.table(["target", "score"], zip(result.targets, result.scores, strict=True))
    found = []
    for i, target in enumerate(result.targets):
        image = markup.image(colour.unit_range(result.images[i]), f"image made for {target}", 220)
        found.append(f"<div>{image}<div>{markup.escape(target)}: {result.reached(i)}</div></div>")
    return found


def tile(result: Pattern, target: int = 0, **_: Any) -> Tile:
    if result.images.ndim != 4:
        raise UsageError("a pattern of a sequence has no place on a contact sheet; its own figure shows it")
    image = at(result.images, target, "target")
    words = f"pattern for {result.targets[target]}\nscore {result.reached(target)}"
    return Tile([rgb(colour.unit_range(image))], words)


def show(result: Pattern, site: Site) -> None:
    if result.images.ndim != 4:
        general.show(result, site)
        return
    key = site.list(result).key
    save = Saver(site.put, f"patterns-{key}")
    history = np.atleast_2d(np.asarray(result.history, dtype=float))
    images = [
        PatternImage(
            target=target,
            picture=save(f"{i}.png", pixels),
            thumb=save(f"{i}.jpg", picture.fit(pixels, THUMB)) if max(pixels.shape) > THUMB else None,
            score=finite(result.scores[i]),
            probability=finite(result.probabilities[i]),
            history=[finite(v) for v in _thin(history[i])] if i < len(history) else [],
        )
        for i, (target, pixels) in enumerate(zip(result.targets, map(colour.unit_range, result.images), strict=True))
    ]
    made = PatternSet(record=key, network=fingerprint(result), steps=history.shape[-1], images=images)
    site.section(Patterns).listed["patterns"].append(made)


def _thin(history: np.ndarray, most: int = 200) -> np.ndarray:
    """At most `most` points of a curve, first and last kept."""
    if len(history) <= most:
        return history
    return history[np.unique(np.linspace(0, len(history) - 1, most).round().astype(int))]


KIND = register(
    Kind(
        Pattern,
        caption="Images made for each target, as the network sees them before normalisation; the score that each "
        "reaches.",
        draw=draw,
        size=size,
        pieces=pieces,
        tile=tile,
        sheet="Patterns: pictures made by optimisation for their target.",
        show=show,
    )
)
