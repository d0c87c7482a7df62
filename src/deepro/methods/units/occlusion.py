"""A grey square moved over one image: what becomes of a unit, of the class, of the prediction."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.errors import LayerError, UsageError
from deepro.kinds.experiments.occlusion_maps import OcclusionMaps
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network, Preprocess
from deepro.parameters import Bounds, Image, LayerName, OneClass, Unit
from deepro.registry import method
from deepro.shapes import to_array


@method(
    family="units",
    paper=ZEILER,
    summary="What hiding each part of an image does to a unit, to a class and to the prediction.",
)
def occlusion_maps(
    net: Network,
    image: Image,
    layer: LayerName,
    unit: Unit | None = None,
    target: OneClass | None = None,
    *,
    square: Annotated[int, Bounds(1, 4096), "side of the grey square in input pixels"] = 50,
    step: Annotated[int, Bounds(1, 4096), "input pixels between two places"] = 8,
    batch_size: Annotated[int, Bounds(1, 4096), "squares evaluated at once"] = 16,
) -> OcclusionMaps:
    """Move a grey square over one image and record three maps over its places (figure 6 of the paper).

    The unit's response is its activation summed over its map; the probability is the target's; the prediction is the
    class put first. The square's centres lie on a grid whose first and last rows touch the border, so the outer squares
    are cut. Grey is the middle of the range, or 0 where the network was loaded without preprocessing.
    unit: None for the unit of the layer that answers strongest. target: label or index, None for the prediction.
    Raises UsageError for more than one image or no picture, LayerError for a layer without a map.
    Example: `deepro.occlusion_maps(net, "cat.jpg", "features.11", square=50)`
    """
    image = net.prepare(image)
    if len(image) != 1 or image.tensor.ndim != 4:
        raise UsageError(f"occlusion maps show one picture (1, C, H, W), got {tuple(image.tensor.shape)}")
    net.check_layer(layer)
    with torch.no_grad():
        maps, logits = _run(net, image.tensor, layer)
        unit = int(maps[0].flatten(1).amax(1).argmax()) if unit is None else unit
        if not 0 <= unit < maps.shape[1]:
            raise UsageError(f"layer {layer!r} has units 0..{maps.shape[1] - 1}, not {unit}")
        plain = int(logits[0].argmax())
        index = plain if target is None else net.label_index(target)
        boxes = _boxes(image.tensor.shape[2:], square, step)
        flat = boxes.reshape(-1, 4)
        grey = _grey(net, image.tensor)
        found: list[tuple[Tensor, Tensor, Tensor]] = []
        for part in progress.steps(np.array_split(flat, -(-len(flat) // batch_size)), "occlusion"):
            hidden = image.tensor.repeat(len(part), 1, 1, 1)
            for i, (left, top, right, bottom) in enumerate(part):
                hidden[i, :, top:bottom, left:right] = grey
            seen, said = _run(net, hidden, layer)
            found.append((seen[:, unit].flatten(1).sum(1), said.softmax(1)[:, index], said.argmax(1)))
    response, probability, predicted = (
        to_array(torch.cat(f)).reshape(boxes.shape[:2]) for f in zip(*found, strict=True)
    )
    return OcclusionMaps(
        layer=layer,
        unit=unit,
        target=index,
        label=net.label(index),
        boxes=boxes,
        response=response,
        probability=probability,
        predicted=predicted,
        plain_response=float(maps[0, unit].sum()),
        plain_probability=float(logits[0].softmax(0)[index]),
        plain_predicted=plain,
        labels={str(i): net.label(int(i)) for i in np.unique(np.append(predicted, [plain, index]))},
        pictures=image.pictures,
    )


def _run(net: Network, inputs: Tensor, layer: str) -> tuple[Tensor, Tensor]:
    with net.probe([layer]) as probe:
        logits = net.logits_of(probe(inputs))
    maps = probe[layer]
    if maps.ndim < 3:
        raise LayerError(f"layer {layer!r} gives {tuple(maps.shape)}, expected a map (N, units, *space)")
    return maps, logits


def _boxes(space: Any, square: int, step: int) -> np.ndarray:
    """(rows, columns, 4) left, top, right, bottom."""
    ends = []
    for limit in space:
        centres = np.unique(np.append(np.arange(0, limit, step), limit - 1))
        starts = centres - square // 2
        ends.append((np.clip(starts, 0, limit), np.clip(starts + square, 0, limit)))
    (top, bottom), (left, right) = ends
    boxes = np.empty((len(top), len(left), 4), dtype=np.int64)
    boxes[..., 0], boxes[..., 2] = left[None], right[None]
    boxes[..., 1], boxes[..., 3] = top[:, None], bottom[:, None]
    return boxes


def _grey(net: Network, like: Tensor) -> Tensor:
    """(C, 1, 1) the input value of middle grey."""
    if not isinstance(net.preprocess, Preprocess):
        return like.new_zeros(like.shape[1], 1, 1)
    grey = like.new_full((1, like.shape[1], 1, 1), 0.5)
    return net.preprocess.normalise(grey)[0]
