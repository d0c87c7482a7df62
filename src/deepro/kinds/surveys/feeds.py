"""Which classes the units of a layer raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.surveys.page import Fed, Surveys, scopes
from deepro.render import markup
from deepro.render.site import Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Feeds(Result):
    """Which classes the units of a layer raise, each on its strongest photographs.

    units: (U,). classes, logits: (U, k) the classes to whose logits the unit adds most, as gradient times activation
    summed over its map, the mean over `examples` photographs; -1 and NaN in free places. labels: names, by index.
    """

    kind = "feeds"
    layer: str
    units: np.ndarray
    classes: np.ndarray
    logits: np.ndarray
    examples: int
    labels: Mapping[str, str]

    def named(self, row: int) -> list[tuple[str, float]]:
        """Names of the classes of one unit, and what it adds to their logits."""
        pairs = zip(self.classes[row].tolist(), self.logits[row].tolist(), strict=True)
        return [(self.labels.get(str(c), str(c)), v) for c, v in pairs if c >= 0]


def pieces(result: Feeds) -> list[str]:
    order = np.argsort(-np.nan_to_num(result.logits, nan=-np.inf).max(1), kind="stable")[: markup.LINES]
    rows = [
        (int(result.units[u]), ", ".join(f"{name} {v:+.3g}" for name, v in result.named(u) if v > 0)) for u in order
    ]
    return markup.table([f"unit of {result.layer}", "classes that it raises"], rows)


def show(result: Feeds, site: Site) -> None:
    kept = site.section(Surveys).of(result, result.layer).feeds.setdefault(result.layer, {})
    for row, unit in enumerate(result.units.tolist()):
        kept[unit] = [Fed(name=name, logit=round(logit, 4)) for name, logit in result.named(row)]


CAPTION = "What each unit adds to the classes' logits on its strongest photographs, as gradient times activation."
KIND = register(Kind(Feeds, CAPTION, pieces=pieces, show=show, scopes=scopes))
