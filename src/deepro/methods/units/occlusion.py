"""A grey square moved over one image: what becomes of a unit, of the class, of the prediction."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import torch

from deepro.errors import LayerError, UsageError
from deepro.kinds.experiments.occlusion_maps import OcclusionMaps
from deepro.methods.hiding import filling, hide_box
from deepro.methods.incremental import Incremental
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
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
    batch_size: Annotated[int, Bounds(1, 4096), "squares evaluated at once"] = 32,
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
        work = Incremental(net, image.tensor, [layer])
        maps, logits = work.outputs[layer], work.logits
        assert logits is not None
        if maps.ndim < 3:
            raise LayerError(f"layer {layer!r} gives {tuple(maps.shape)}, expected a map (N, units, *space)")
        unit = int(maps[0].flatten(1).amax(1).argmax()) if unit is None else unit
        if not 0 <= unit < maps.shape[1]:
            raise UsageError(f"layer {layer!r} has units 0..{maps.shape[1] - 1}, not {unit}")
        plain = int(logits[0].argmax())
        index = plain if target is None else net.label_index(target)
        boxes = _boxes(image.tensor.shape[2:], square, step)
        grey = filling(net, image.tensor, "grey")
        changes = [hide_box(grey, box) for box in boxes.reshape(-1, 4)]
        response, probability = (torch.empty(len(changes)) for _ in range(2))
        predicted = torch.empty(len(changes), dtype=torch.int64)
        work.only = {layer: unit}
        for answer in work.answers(changes, batch_size, "occlusion"):
            assert answer.logits is not None
            response[answer.numbers] = answer.outputs[layer].flatten(1).sum(1).to(response)
            probability[answer.numbers] = net.probabilities(answer.logits)[:, index].to(probability)
            predicted[answer.numbers] = answer.logits.argmax(1).cpu()
    response, probability, predicted = (
        to_array(f).reshape(boxes.shape[:2]) for f in (response, probability, predicted)
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
        plain_probability=float(net.probabilities(logits[0])[index]),
        plain_predicted=plain,
        labels={str(i): net.label(int(i)) for i in np.unique(np.append(predicted, [plain, index]))},
        pictures=image.pictures,
    )


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
