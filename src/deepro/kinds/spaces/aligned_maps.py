"""Maps of the same examples at several layers or checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.spaces import map
from deepro.kinds.spaces.map import Map
from deepro.kinds.spaces.page import scopes
from deepro.render.site import Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class AlignedMaps(Result):
    """Maps of the same examples at several layers or checkpoints, each turned onto the one before.

    steps: what the maps are of, in order. changed: (S, N) share of a point's nearest neighbours among the codes that it
    did not have at the step before (first row 0): who its neighbours are, not where it lies. moved: (S, N) distance on
    the maps from the step before, as a share of the map's spread.
    """

    kind = "aligned_maps"
    steps: tuple[str, ...]
    maps: tuple[Map, ...]
    changed: np.ndarray
    moved: np.ndarray


def lines(result: AlignedMaps) -> list[str]:
    later = zip(result.steps[1:], result.changed[1:], strict=True)
    return [f"{step}: {changed.mean():.0%} of the nearest neighbours are new" for step, changed in later]


def draw(made: Any, result: AlignedMaps) -> None:
    """One map a step, same colours; rings mark the points whose neighbours changed most since the step before."""
    axes = made.subplots(1, len(result.maps), squeeze=False)[0]
    low = np.min([m.values.min(0) for m in result.maps], axis=0)
    high = np.max([m.values.max(0) for m in result.maps], axis=0)
    middle, half = (low + high) / 2, 0.54 * float((high - low).max())
    for axis, step, one, changed in zip(axes, result.steps, result.maps, result.changed, strict=True):
        map.scatter(axis, one)
        most = one.values[changed >= max(0.5, float(np.quantile(changed, 0.9)))]
        axis.scatter(*most.T, s=2.5 * map.dot(one), facecolors="none", edgecolors="black", linewidths=0.4)
        axis.set_aspect("equal", adjustable="box")
        axis.set_xlim(middle[0] - half, middle[0] + half)
        axis.set_ylim(middle[1] - half, middle[1] + half)
        new = f": {changed.mean():.0%} of neighbours new" if one is not result.maps[0] else ""
        axis.set_title(f"{step}{new}\n{map.kept(one)}", fontsize=8)


def show(result: AlignedMaps, site: Site) -> None:
    map.add(result, result.steps, result.maps, site, result.changed)


KIND = register(
    Kind(
        AlignedMaps,
        caption="The same examples, layer after layer. Rings: points whose neighbours changed most.",
        draw=draw,
        size=lambda r: (4 * len(r.maps), 4.6),
        lines=lines,
        show=show,
        scopes=scopes,
    )
)
