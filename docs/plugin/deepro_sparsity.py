"""How often the units of a layer are silent: a method and its kind of result, as a package adds them to Deepro."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from deepro.kinds.record import Kind, NumberCurves, NumberTable, register
from deepro.methods.units.activations import activations
from deepro.network import Network
from deepro.parameters import Bounds, Images, LayerName
from deepro.registry import Paper, method
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Sparsity(Result):
    """How often units are silent. silent: (U,) the share of each unit's outputs that are not above `threshold`."""

    kind = "sparsity"
    layer: str
    threshold: float
    silent: np.ndarray


def draw(figure: Any, result: Sparsity) -> None:
    axis = figure.subplots()
    axis.bar(np.arange(len(result.silent)), result.silent, width=1)
    axis.set(ylim=(0, 1), xlabel=f"unit of {result.layer}", ylabel="share silent")


def numbers(result: Sparsity) -> list[NumberTable | NumberCurves]:
    order = np.argsort(-result.silent)
    return [
        NumberTable("Units", ["unit", "share silent"], [(str(u), result.silent[u]) for u in order]),
        NumberCurves("In order", np.arange(len(order)), {"share silent": result.silent[order]}),
    ]


register(
    Kind(
        Sparsity,
        caption=lambda r: f"How often each unit of {r.layer} is silent, that is, not above {r.threshold:g}.",
        draw=draw,
        size=(6, 2.4),
        numbers=numbers,
        lines=lambda r: [f"{r.layer}: {r.silent.mean():.0%} of all outputs are not above {r.threshold:g}"],
    )
)


@method(
    family="units",
    paper=Paper(
        "Glorot, Bordes & Bengio", 2011, "Deep Sparse Rectifier Neural Networks",
        "https://proceedings.mlr.press/v15/glorot11a.html",
    ),
    summary="How often the units of a layer are silent.",
)  # fmt: skip
def sparsity(
    net: Network,
    images: Images,
    layer: LayerName,
    *,
    threshold: Annotated[float, Bounds(-100, 100), "outputs up to this count as silent"] = 0.0,
) -> Sparsity:
    """The share of a unit's outputs, over images and places, that are at most `threshold`; 0 to 1."""
    values = activations(net, images, [layer]).values[layer]
    units = np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)
    return Sparsity(layer=layer, threshold=threshold, silent=(units <= threshold).mean(1))
