"""Images made by optimisation."""

from __future__ import annotations

from deepro.render.document.base import Model, Picture


class PatternImage(Model):
    """An image made for a target.

    thumb: smaller, for lists. score: the target's value it reaches. history: the value on the way.
    """

    target: str
    picture: Picture
    thumb: Picture | None = None
    score: float | None
    probability: float | None
    history: list[float | None]


class PatternSet(Model):
    """Images made together."""

    record: str
    network: str
    steps: int
    images: list[PatternImage]
