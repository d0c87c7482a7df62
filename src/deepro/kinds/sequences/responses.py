"""How a token changes the units of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.sequences.figure import FigureView, Made, figure_kind
from deepro.kinds.sequences.page import ReadSequence
from deepro.render import canvas, colour
from deepro.render.document import Model, Values
from deepro.render.pack import view
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Responses(Result):
    """Expected updates of U units of one layer by V tokens.

    layer, direction, state: whose they are. values: (V, U) mean change of each unit when a token is read; counts: (V,)
    how often it was. token_clusters: (V,), unit_clusters: (U,). stability, chance: adjusted Rand index of (tokens,
    units) on halves, and with shuffled tokens. noise: difference between the responses of two halves over the size of
    the responses.
    """

    kind = "responses"
    layer: str
    direction: int
    state: str
    tokens: tuple[str, ...]
    counts: np.ndarray
    values: np.ndarray
    token_clusters: np.ndarray
    unit_clusters: np.ndarray
    stability: tuple[float, float]
    chance: tuple[float, float]
    noise: float


class Pair(Model):
    """A number about the groups of tokens and one about the groups of units."""

    tokens: float | None
    units: float | None


class ResponsesView(FigureView):
    """values: (V, U) float32, the mean change of each unit when a token is read."""

    kind: Literal["responses"] = "responses"
    layer: str
    direction: int
    state: str
    tokens: list[str]
    counts: list[int]
    values: Values
    token_clusters: list[int]
    unit_clusters: list[int]
    stability: Pair
    chance: Pair
    noise: float | None


def draw(made: Any, result: Responses) -> None:
    axis = made.subplots()
    rows, columns = (np.argsort(c, kind="stable") for c in (result.token_clusters, result.unit_clusters))
    high = float(np.quantile(np.abs(result.values), 0.995)) or 1.0
    style = {"cmap": colour.SCALES["states"], "vmin": -high, "vmax": high, "interpolation": "nearest", "aspect": "auto"}
    shown = axis.imshow(result.values[rows][:, columns], **style)
    made.colorbar(shown, ax=axis, shrink=0.8, extend="both").ax.tick_params(labelsize=6)
    axis.set_yticks(range(len(rows)), [canvas.sign(result.tokens[r]) for r in rows], fontsize=6, family="monospace")
    for edge in np.flatnonzero(np.diff(result.token_clusters[rows])):
        axis.axhline(edge + 0.5, color="black", linewidth=0.6)
    for edge in np.flatnonzero(np.diff(result.unit_clusters[columns])):
        axis.axvline(edge + 0.5, color="black", linewidth=0.6)
    axis.set_xlabel(f"{result.values.shape[1]} units of {canvas.words(result.layer)} {result.state}", fontsize=7)
    axis.set_title(f"mean change when a token is read; {_judged(result)}", fontsize=8)


def _judged(result: Responses) -> str:
    (tokens, units), chance = result.stability, result.chance
    return f"stability {tokens:.2f} (tokens), {units:.2f} (units), by chance {chance[0]:.2f}, {chance[1]:.2f}"


def lines(result: Responses) -> list[str]:
    return [f"responses of {len(result.tokens)} tokens; {_judged(result)}"]


def figure(result: Responses, _ones: Sequence[ReadSequence]) -> Made:
    pairs = {"stability": view(Pair, result.stability), "chance": view(Pair, result.chance)}
    facts = {"stability": result.stability[0], "chance": result.chance[0], "noise": result.noise}
    return view(ResponsesView, result, **pairs), facts


KIND = figure_kind(
    Responses,
    "Expected update of each unit for each token: orange up, purple down; lines part the clusters.",
    figure,
    lines=lines,
    draw=draw,
    size=lambda r: (11, 1.4 + 0.13 * len(r.tokens)),
)
