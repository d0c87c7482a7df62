"""What it costs to silence units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.experiments.page import Experiment, Experiments
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour
from deepro.render.document import Model
from deepro.render.pack import plain
from deepro.render.site import Site
from deepro.results import Result

_ROWS = 24  # experiments on the figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Ablation(Result):
    """What it costs to silence units, on a labelled data set.

    silenced: for each experiment layer -> units; the first experiment silences nothing. accuracy, loss: (S,) top-1
    and mean cross-entropy. changed: (S,) share of images whose prediction is another one. images: how many were
    measured.
    """

    kind = "ablation"
    silenced: tuple[Mapping[str, tuple[int, ...]], ...]
    accuracy: np.ndarray
    loss: np.ndarray
    changed: np.ndarray
    images: int
    fill: str


class Silenced(Model):
    """One set of silenced units against the untouched network: what it costs."""

    units: dict[str, list[int]]
    accuracy: float
    loss: float
    changed: float


class AblationPage(Experiment):
    """accuracy, loss: of the untouched network. rows: the most costly first."""

    kind: Literal["ablation"] = "ablation"
    images: int
    fill: str
    accuracy: float
    loss: float
    rows: list[Silenced]


def draw(made: Any, result: Ablation) -> None:
    """Accuracy lost and loss gained by each experiment, the most costly first."""
    left, right = made.subplots(1, 2, sharey=True)
    cost = result.loss[1:] - result.loss[0]
    order = np.argsort(-cost)[:_ROWS]
    left.barh(range(len(order)), result.accuracy[0] - result.accuracy[1:][order], color=colour.ACCENT)
    right.barh(range(len(order)), cost[order], color=colour.ABOVE)
    left.set_yticks(range(len(order)), [_named(result.silenced[i + 1]) for i in order], fontsize=7)
    left.invert_yaxis()
    left.set_title(f"accuracy lost, of {result.accuracy[0]:.1%} over {result.images} images", fontsize=8)
    right.set_title(f"loss gained, on {result.loss[0]:.3g}", fontsize=8)


def _named(silent: Mapping[str, tuple[int, ...]]) -> str:
    words = (f"{layer}#{','.join(map(str, us[:4]))}{'...' if len(us) > 4 else ''}" for layer, us in silent.items())
    return canvas.words("; ".join(words))


def show(result: Ablation, site: Site) -> None:
    measured = zip(result.accuracy.tolist(), result.loss.tolist(), result.changed.tolist(), strict=True)
    untouched, *rows = (
        Silenced(units=plain(silent), accuracy=accuracy, loss=loss, changed=changed)
        for silent, (accuracy, loss, changed) in zip(result.silenced, measured, strict=True)
    )
    site.section(Experiments).add(
        AblationPage,
        result,
        about=", ".join(dict.fromkeys(layer for silent in result.silenced for layer in silent)),
        accuracy=untouched.accuracy,
        loss=untouched.loss,
        rows=sorted(rows, key=lambda row: -row.loss),
    )


KIND = register(
    Kind(
        Ablation,
        caption="What it costs to silence units: accuracy and cross-entropy on labelled images.",
        draw=draw,
        size=lambda r: (9, 1.5 + 0.2 * min(_ROWS, len(r.silenced))),
        show=show,
    )
)
