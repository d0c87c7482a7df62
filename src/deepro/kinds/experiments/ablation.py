"""What it costs to silence units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.errors import UsageError
from deepro.kinds.experiments.page import Experiment, Experiments
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour
from deepro.render.site import Site
from deepro.results import Result

_ROWS = 24  # experiments on the figure
_WHISKERS = {"elinewidth": 0.8, "capsize": 0}  # two standard errors either way
_LINES = 20  # units that a command prints


@dataclass(frozen=True, eq=False, kw_only=True)
class Ablation(Result):
    """What it costs to silence units, on a labelled data set.

    silenced: for each experiment layer -> units; the first experiment silences nothing. accuracy, loss: (S,) top-1
    and mean cross-entropy. changed: (S,) share of images whose prediction is another one. images: how many were
    measured. accuracy_error, loss_error: (S,) standard errors of the differences from the untouched network, image by
    image; None in results of older versions.
    """

    kind = "ablation"
    silenced: tuple[Mapping[str, tuple[int, ...]], ...]
    accuracy: np.ndarray
    loss: np.ndarray
    changed: np.ndarray
    images: int
    fill: str
    accuracy_error: np.ndarray | None = None
    loss_error: np.ndarray | None = None

    def ranking(self) -> list[tuple[str, int, float, float]]:
        """(layer, unit, accuracy lost, loss gained) of units silenced one at a time, the most costly first."""
        rows = []
        lost, gained = self.accuracy[0] - self.accuracy, self.loss - self.loss[0]
        for s, silent in enumerate(self.silenced[1:], 1):
            ((layer, units),) = silent.items()
            if len(units) != 1:
                raise UsageError("a ranking needs units silenced one at a time: ablate(..., each=True)")
            rows.append((layer, units[0], float(lost[s]), float(gained[s])))
        return sorted(rows, key=lambda row: (-row[3], row[0], row[1]))


class AblationPage(Experiment):
    """silenced, accuracy, loss, changed, their standard errors: of each experiment, the untouched network first."""

    kind: Literal["ablation"] = "ablation"
    images: int
    fill: str
    silenced: list[dict[str, list[int]]]
    accuracy: list[float | None]
    loss: list[float | None]
    changed: list[float | None]
    accuracy_error: list[float | None] | None
    loss_error: list[float | None] | None


def draw(made: Any, result: Ablation) -> None:
    """Accuracy lost and loss gained by each experiment, the most costly first."""
    left, right = made.subplots(1, 2, sharey=True)
    cost = result.loss[1:] - result.loss[0]
    order = np.argsort(-cost)[:_ROWS]
    errors = [None if e is None else 2 * e[1:][order] for e in (result.accuracy_error, result.loss_error)]
    places, lost = range(len(order)), result.accuracy[0] - result.accuracy[1:][order]
    left.barh(places, lost, xerr=errors[0], color=colour.ACCENT, error_kw=_WHISKERS)
    right.barh(places, cost[order], xerr=errors[1], color=colour.ABOVE, error_kw=_WHISKERS)
    left.set_yticks(range(len(order)), [_named(result.silenced[i + 1]) for i in order], fontsize=7)
    left.invert_yaxis()
    left.set_title(f"accuracy lost, of {result.accuracy[0]:.1%} over {result.images} images", fontsize=8)
    right.set_title(f"loss gained, on {result.loss[0]:.3g}", fontsize=8)


def _named(silent: Mapping[str, tuple[int, ...]]) -> str:
    words = (f"{layer}#{','.join(map(str, us[:4]))}{'...' if len(us) > 4 else ''}" for layer, us in silent.items())
    return canvas.words("; ".join(words))


def lines(result: Ablation) -> list[str]:
    said = [f"untouched: accuracy {result.accuracy[0]:.1%}, loss {result.loss[0]:.4g}, {result.images} images"]
    if len(result.silenced) > 2:
        ranked = result.ranking()[:_LINES]
        place = {(layer, us[0]): s for s, one in enumerate(result.silenced) for layer, us in one.items()}
        return said + [
            f"{layer}#{unit}: accuracy {-a:+.2%}, loss {b:+.4g}{_within(result, place[layer, unit])}"
            for layer, unit, a, b in ranked
        ]
    accuracy, loss, changed = result.accuracy[1], result.loss[1], result.changed[1]
    return [*said, f"silenced: accuracy {accuracy:.1%}, loss {loss:.4g}{_within(result, 1)}, {changed:.1%} changed"]


def _within(result: Ablation, s: int) -> str:
    return "" if result.loss_error is None else f" ± {result.loss_error[s]:.2g}"


def show(result: Ablation, site: Site) -> None:
    about = ", ".join(dict.fromkeys(layer for silent in result.silenced for layer in silent))
    site.section(Experiments).add(AblationPage, result, about=about)


CAPTION = (
    "What it costs to silence units: accuracy and cross-entropy on labelled images, with two standard errors of the "
    "paired differences."
)
KIND = register(
    Kind(
        Ablation,
        CAPTION,
        draw=draw,
        size=lambda r: (9, 1.5 + 0.2 * min(_ROWS, len(r.silenced))),
        lines=lines,
        show=show,
    )
)
