"""What the network says of one photograph."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch

from deepro.errors import UsageError
from deepro.kinds.photographs.prediction import Prediction
from deepro.network import Network
from deepro.network.class_names import class_indices
from deepro.network.logits import order
from deepro.parameters import Bounds, Image
from deepro.registry import Paper, method
from deepro.shapes import to_array

SOFTMAX = Paper(
    "Bridle", 1990, "Probabilistic interpretation of feedforward classification network outputs",
    "https://doi.org/10.1007/978-3-642-76153-9_28",
)  # fmt: skip


@method(
    family="network",
    paper=SOFTMAX,
    summary="The network's most probable classes for one photograph.",
)
def predict(
    net: Network, image: Image, *, top: Annotated[int, Bounds(1, 100_000), "how many classes are named"] = 5
) -> Prediction:
    """The `top` classes with the softmax of their logits, most probable first.

    Of a network that ends in a softmax or a sigmoid, and of a detector's scores, none is taken again.

    image: one photograph or a (1, *input shape) tensor. Raises UsageError for more than one.
    Example: `deepro.predict(net, "cat.jpg", top=3)`
    """
    image = net.prepare(image)
    if len(image) != 1:
        raise UsageError(f"predict explains one image at a time, got {len(image)}")
    with torch.no_grad():
        logits = net.logits_of(net.module(image.tensor.clone()))[0]
    indices = order(logits)[:top]
    probabilities = net.probabilities(logits)[indices]
    photograph = image.photographs[0]
    view = photograph.view if photograph else None
    return Prediction(
        labels=tuple(net.label(i) for i in indices.tolist()),
        probabilities=tuple(probabilities.tolist()),
        logits=to_array(logits),
        picture=np.asarray(photograph.image.convert("RGB")) if photograph else None,
        seen=image.pictures[0] if image.pictures is not None else None,
        truth=_truth(net, photograph.name) if photograph else None,
        view=(view.top, view.left, view.scale_y, view.scale_x) if view else None,
    )


def _truth(net: Network, place: str) -> str | None:
    """The network's label for the class whose folder a photograph lies in, None where there is none."""
    folder, _, file = place.partition("/")
    if not file:
        return None
    (index,) = class_indices(net, [folder])
    return None if index is None else net.label(index)
