"""What a network says of one photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.errors import UsageError
from deepro.kinds.photographs.page import Photographs, scopes
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour, markup
from deepro.render.document import Guess
from deepro.render.sheet import Tile, name, rgb
from deepro.render.site import Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction(Result):
    """What the network says of one photograph. labels, probabilities: the top ones, most probable first.

    logits: (K,) all of them. picture: (H, W, 3) uint8, the original. view: top, left, scale_y, scale_x of what the
    network saw of it (see network.preprocess.View); seen: (H', W', 3) uint8, that view at the input's size.
    truth: the network's label of the class that the data set puts it in, None where it says nothing.
    """

    kind = "prediction"
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    logits: np.ndarray
    picture: np.ndarray | None = None
    seen: np.ndarray | None = None
    view: tuple[float, float, float, float] | None = None
    truth: str | None = None


def draw(made: Any, result: Prediction) -> None:
    left, right = made.subplots(1, 2, width_ratios=[1, 1.2])
    canvas.show(left, result.picture if result.picture is not None else result.seen, "")
    names, values = result.labels[::-1], result.probabilities[::-1]
    bars = right.barh(range(len(names)), values, color=colour.ACCENT, height=0.6)
    right.bar_label(bars, [f"{v:.1%}" for v in values], padding=4, fontsize=8)
    right.set_yticks(range(len(names)), [canvas.words(n) for n in names], fontsize=9)
    right.set_xlim(0, max(0.01, *values) * 1.25)
    right.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        right.spines[side].set_visible(False)


def pieces(result: Prediction) -> list[str]:
    shown = result.picture if result.picture is not None else result.seen
    bars = "".join(
        f'<div style="display:flex;justify-content:space-between;gap:24px"><span>{markup.escape(label)}</span>'
        f'<span>{share:.1%}</span></div><div style="height:4px;background:rgba(128,128,128,.25);margin-bottom:5px">'
        f'<div style="height:4px;width:{100 * min(1.0, max(0.0, share)):.1f}%;background:{colour.ACCENT_ANYWHERE}">'
        "</div></div>"
        for label, share in zip(result.labels, result.probabilities, strict=True)
    )
    photograph = [] if shown is None else [markup.image(shown, "photograph", 240, photograph=True)]
    return [*photograph, f'<div style="min-width:240px">{bars}</div>']


def tile(result: Prediction, *_part: int, **_: Any) -> Tile:
    picture = result.picture if result.picture is not None else result.seen
    if picture is None:
        raise UsageError("a prediction for a text has no place on a contact sheet; its own figure shows it")
    return Tile([rgb(picture)], f"{name(result)}\n{result.labels[0]} {result.probabilities[0]:.1%}")


def show(result: Prediction, site: Site) -> None:
    for page in site.section(Photographs).of(result):
        page.original, page.seen, page.place = result.picture, result.seen, result.view
        page.guesses = [Guess(label=a, probability=b) for a, b in zip(result.labels, result.probabilities, strict=True)]
        page.truth = result.truth
        page.said_by = page.record(result)


KIND = register(
    Kind(
        Prediction,
        caption="The most probable labels.",
        draw=draw,
        size=(8, 3),
        pieces=pieces,
        tile=tile,
        sheet="Photographs with the most probable label.",
        show=show,
        scopes=scopes,
    )
)
