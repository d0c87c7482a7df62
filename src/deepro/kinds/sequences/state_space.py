"""States of one layer in two dimensions, and the moves between their regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.sequences.figure import FigureView, Made, figure_kind
from deepro.kinds.sequences.page import ReadSequence
from deepro.render import canvas, colour
from deepro.render.document import Model, Values
from deepro.render.pack import floats, values, view
from deepro.results import Result

POINTS = 40_000  # states drawn of a space, whole sequences of it


@dataclass(frozen=True, eq=False, kw_only=True)
class StateSpace(Result):
    """States of one layer in two dimensions and the moves between their regions.

    layer, direction, state: whose they are. trajectories: (T, 2) a sequence; explained: (2,) share of the variance.
    regions: (T,) a sequence, the largest is 0. moves: (R, R) how often a step leads from one to another. stability:
    adjusted Rand index on halves of the steps. fidelity: held-out share of next regions that the graph tells right;
    baseline: of staying, or of the commonest; NaN where no step is held out. about: for each region its steps, and
    (name, share, lift) of tokens and annotations that stand out in it. texts: of each sequence.
    """

    kind = "state_space"
    layer: str
    direction: int
    state: str
    trajectories: tuple[np.ndarray, ...]
    explained: np.ndarray
    regions: tuple[np.ndarray, ...]
    moves: np.ndarray
    stability: float
    fidelity: float
    baseline: float
    about: tuple[Mapping[str, Any], ...]
    texts: tuple[str | None, ...] = ()


class Standing(Model):
    """A token or annotation that stands out: its share in the region, and times its share in all."""

    name: str
    share: float
    lift: float


class RegionAbout(Model):
    """What stands out in a region of the state space."""

    steps: int
    tokens: list[Standing]
    tracks: list[Standing]


class StateSpaceView(FigureView):
    """points: (N, 2) float32 and regions: (N,) uint8, sequence after sequence, `lengths` of each.

    sequences, texts: of each, None where there is no page or no text. moves: (R, R) uint32. steps: of all sequences,
    where not every one is drawn.
    """

    kind: Literal["state_space"] = "state_space"
    layer: str
    direction: int
    state: str
    points: Values
    regions: Values
    lengths: list[int]
    sequences: list[str | None]
    texts: list[str | None]
    steps: int
    explained: list[float]
    moves: Values
    about: list[RegionAbout]
    stability: float
    fidelity: float | None
    baseline: float | None


def draw(made: Any, result: StateSpace) -> None:
    left, right = made.subplots(1, 2, width_ratios=[1.2, 1])
    points, regions = np.concatenate(result.trajectories), np.concatenate(result.regions)
    every = max(1, len(points) // 20_000)
    count = len(result.moves)
    shown = left.scatter(
        *points[::every].T, c=regions[::every], s=2, cmap=colour.SCALES["places"], vmin=-0.5, vmax=19.5, alpha=0.5
    )
    shown.set_rasterized(True)
    path = result.trajectories[0][:60]
    left.plot(*path.T, color="black", linewidth=0.8)
    left.plot(*path[:1].T, "o", color="black", markersize=4)
    for region in range(count):
        centre = np.median(points[regions == region], 0)
        left.annotate(str(region), centre, fontsize=9, weight="bold", ha="center", va="center")
    left.set_xlabel(f"first component, {result.explained[0]:.0%} of the variance", fontsize=7)
    left.set_ylabel(f"second, {result.explained[1]:.0%}", fontsize=7)
    place = f"{canvas.words(result.layer)} {result.state}"
    left.set_title(f"{place}: the first 60 steps drawn, colours are regions", fontsize=8)
    leads = result.moves / np.maximum(result.moves.sum(1, keepdims=True), 1)
    right.imshow(leads, cmap=colour.SCALES["sequential"], vmin=0, vmax=1)
    names = []
    for row in result.about:
        tracks, tokens = [t[0] for t in row["tracks"][:2]], [t[0] for t in row["tokens"][:4]]
        told = map(canvas.words, tracks) if tracks else map(canvas.sign, tokens)
        names.append(f"{row['region']}: {', '.join(told)}")
    right.set_yticks(range(count), names[:count], fontsize=6)
    right.set_xticks(range(count), range(count), fontsize=6)
    right.set_title(
        f"share of moves from (down) to (across); stability {result.stability:.2f}; next region right "
        f"{result.fidelity:.1%}, without the graph {result.baseline:.1%}",
        fontsize=7, wrap=True,
    )  # fmt: skip
    left.tick_params(labelsize=6)


def lines(result: StateSpace) -> list[str]:
    return [
        f"state space: {len(result.moves)} regions, stability {result.stability:.2f}; next region right "
        f"{result.fidelity:.1%}, without the graph {result.baseline:.1%}"
    ]


def figure(result: StateSpace, ones: Sequence[ReadSequence]) -> Made:
    lengths = [len(t) for t in result.trajectories]
    # Whole sequences while they fit; of a first one that does not, its beginning.
    kept = max(1, int(np.searchsorted(np.cumsum(lengths), POINTS, side="right")))
    lengths = [min(lengths[0], POINTS), *lengths[1:kept]]
    ids: list[str | None] = [one.page for one in ones[:kept]]
    texts = [t[:n] if t is not None and len(t) >= n else None for t, n in zip(result.texts, lengths, strict=False)]
    regions = [r[:n] for r, n in zip(result.regions, lengths, strict=False)]
    shown = view(
        StateSpaceView, result, lengths=lengths, steps=sum(map(len, result.trajectories)),
        points=floats(np.concatenate([t[:n] for t, n in zip(result.trajectories, lengths, strict=False)])),
        regions=values(np.concatenate(regions).astype(np.uint8)), moves=values(result.moves.astype(np.uint32)),
        sequences=[*ids, *[None] * (kept - len(ids))], texts=[*texts, *[None] * (kept - len(texts))],
        about=[view(RegionAbout, r, **{k: _standing(r[k]) for k in ("tokens", "tracks")}) for r in result.about],
    )  # fmt: skip
    return shown, {name: getattr(result, name) for name in ("stability", "fidelity", "baseline")}


def _standing(rows: Sequence[Sequence[Any]]) -> list[Standing]:
    return [view(Standing, tuple(row)) for row in rows]


KIND = figure_kind(
    StateSpace,
    "States by their two principal components; axes have no unit. Regions by k-means.",
    figure,
    lines=lines,
    draw=draw,
    size=(12, 5.4),
)
