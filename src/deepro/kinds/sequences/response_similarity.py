"""How alike two networks treat tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepro.kinds.sequences.figure import FigureView, Made, figure_kind
from deepro.kinds.sequences.page import ReadSequence
from deepro.render import canvas, colour
from deepro.render.document import Values
from deepro.render.pack import view
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class ResponseSimilarity(Result):
    """How alike two networks treat the V tokens that both were read.

    layer, direction, state: of the first network, the one in the provenance; other: the name of the second,
    other_layer, other_direction its place. likeness: (2, V, V) cosines of the responses to two tokens, in the first
    network and in the other. agreement: (V,) rank correlation of a token's two rows; correlation: of all pairs. p: how
    often that is reached with the tokens of the other shuffled.
    """

    kind = "response_similarity"
    layer: str
    direction: int
    state: str
    other: str
    other_layer: str
    other_direction: int
    tokens: tuple[str, ...]
    likeness: np.ndarray
    agreement: np.ndarray
    correlation: float
    p: float


class ResponseSimilarityView(FigureView):
    """likeness: (2, V, V) float32 cosines of two tokens' responses, in this network and in the other."""

    kind: Literal["response_similarity"] = "response_similarity"
    layer: str
    direction: int
    state: str
    other: str
    other_layer: str
    other_direction: int
    tokens: list[str]
    likeness: Values
    agreement: list[float]
    correlation: float
    p: float


def draw(made: Any, result: ResponseSimilarity) -> None:
    axes = made.subplots(1, 2)
    titles = (f"{result.layer} {result.state}", f"{result.other_layer} of {result.other or 'the other network'}")
    names = [canvas.sign(token) for token in result.tokens]
    images = []
    for axis, values, title in zip(axes, result.likeness, titles, strict=True):
        images.append(axis.imshow(values, cmap=colour.SCALES["states"], vmin=-1, vmax=1, interpolation="nearest"))
        axis.set_title(canvas.words(title), fontsize=8)
        axis.set_yticks(range(len(names)), names, fontsize=5, family="monospace")
        axis.set_xticks([])
    made.colorbar(images[0], ax=list(axes), shrink=0.7).ax.tick_params(labelsize=6)
    made.suptitle(f"rank correlation {result.correlation:.2f}, p {result.p:.2g}", fontsize=8)


def lines(result: ResponseSimilarity) -> list[str]:
    apart = sorted(zip(result.agreement.tolist(), result.tokens, strict=True))[:8]
    return [
        f"{len(result.tokens)} tokens in common; likeness of tokens agrees with rank correlation "
        f"{result.correlation:.2f} (p {result.p:.2g})",
        "treated most differently: " + ", ".join(f"{token!r} {value:.2f}" for value, token in apart),
    ]


def figure(result: ResponseSimilarity, _ones: Sequence[ReadSequence]) -> Made:
    return view(ResponseSimilarityView, result), {"correlation": result.correlation, "p": result.p}


KIND = figure_kind(
    ResponseSimilarity,
    "How alike two tokens are to one network (left) and to another: cosine of their responses.",
    figure,
    lines=lines,
    draw=draw,
    size=lambda r: (12, 1.2 + 0.1 * max(30, len(r.tokens))),
)
