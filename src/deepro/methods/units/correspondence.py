"""Does a network relate the same part of different objects? Hidden parts, sign changes, and a random control."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.errors import UsageError
from deepro.kinds.experiments.correspondence import CONTROL, Correspondence
from deepro.methods.hiding import filling
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.parameters import Bounds, Images, LayerNames, Value
from deepro.registry import method

CORNER = {"corner": [[2, 3, 8, 9], [10, 10, 15, 15]]}  # of two pictures, for tests


@method(
    family="units",
    paper=ZEILER,
    summary="Whether hiding the same part of different images changes a layer in the same way.",
)
def correspondence(
    net: Network,
    images: Images,
    parts: Annotated[Mapping[str, Any], Value("part -> (N, 4) left, top, right, bottom", CORNER)],
    layers: LayerNames,
    *,
    draws: Annotated[int, Bounds(1, 1000), "random squares an image and part, for the control"] = 10,
    seed: Annotated[int, Bounds(0, 2**31), "of the random squares"] = 0,
) -> Correspondence:
    """Compare how hiding the same part of different images changes a layer's features (table 1 of the paper).

    parts: name -> (N, 4) left, top, right, bottom in input pixels, one box an image. Each is hidden by grey; e = x - x'
    is what that changes in a layer's features, and two images are compared by the share of features in which the signs
    of e differ, sign(e) being -1, 0 or 1. A part that images share gives smaller distances than the control: boxes of
    the same sizes at random places.
    Returns distances for all pairs of images, and mean and standard error over the images as in the paper.
    Raises UsageError for fewer than two images, and boxes that do not fit.
    Example: `deepro.correspondence(net, images, {"left eye": boxes}, ["features.3", "features.11"])`
    """
    images = net.prepare(images)
    names = [layers] if isinstance(layers, str) else list(layers)
    for name in names:
        net.check_layer(name)
    count = len(images)
    if count < 2:
        raise UsageError("correspondence compares at least two images")
    if not parts or CONTROL in parts:
        raise UsageError(f"parts is {list(parts)}, expected at least one name -> boxes, none of them {CONTROL!r}")
    boxes = {part: _checked(part, value, images.tensor) for part, value in parts.items()}
    rng = np.random.default_rng(seed)
    controls = [_moved(b, images.tensor, rng) for b in boxes.values() for _ in range(draws)]
    plans = [*boxes.items(), *((CONTROL, control) for control in controls)]
    per_image: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in names}
    pairs: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in names}
    with torch.no_grad():
        plain = _features(net, images.tensor, names)
        for part, where in progress.steps(plans, "correspondence"):
            hidden = images.tensor.clone()
            grey = filling(net, hidden[:1], "grey")[0]
            for i, (left, top, right, bottom) in enumerate(where.tolist()):
                hidden[i, :, top:bottom, left:right] = grey[:, top:bottom, left:right]
            for name, features in _features(net, hidden, names).items():
                matrix = _distances((plain[name] - features).sign())
                pairs[name].setdefault(part, []).append(matrix[np.triu_indices(count, 1)])
                per_image[name].setdefault(part, []).append(matrix.sum(1) / (count - 1))
    return Correspondence(
        distances={n: {p: np.concatenate(v).astype(np.float32) for p, v in by.items()} for n, by in pairs.items()},
        means={n: {p: float(np.mean(v)) for p, v in by.items()} for n, by in per_image.items()},
        errors={n: {p: _error(np.mean(v, axis=0)) for p, v in by.items()} for n, by in per_image.items()},
    )


def _error(values: np.ndarray) -> float:
    """Standard error of the mean over the images."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _features(net: Network, inputs: Tensor, layers: list[str]) -> dict[str, Tensor]:
    with net.probe(layers, stop=True) as probe:
        probe(inputs)
    return {name: probe[name].flatten(1) for name in layers}


def _distances(signs: Tensor) -> np.ndarray:
    """(N, N) share of features whose signs differ."""
    count = len(signs)
    matrix = np.zeros((count, count))
    for i, j in itertools.combinations(range(count), 2):
        matrix[i, j] = matrix[j, i] = float((signs[i] != signs[j]).double().mean())
    return matrix


def _checked(part: str, value: Any, tensor: Tensor) -> np.ndarray:
    """(N, 4) whole numbers within the input."""
    boxes = np.asarray(value)
    if boxes.shape != (len(tensor), 4):
        raise UsageError(f"part {part!r} has boxes {boxes.shape}, expected ({len(tensor)}, 4): one box an image")
    boxes = boxes.round().astype(np.int64)
    height, width = tensor.shape[2:]
    fits = (boxes[:, :2] >= 0).all() and (boxes[:, 2] <= width).all() and (boxes[:, 3] <= height).all()
    if not fits or (boxes[:, 2:] <= boxes[:, :2]).any():
        raise UsageError(f"part {part!r}: boxes are left, top, right, bottom within {width} x {height} pixels")
    return boxes


def _moved(boxes: np.ndarray, tensor: Tensor, rng: np.random.Generator) -> np.ndarray:
    """The same sizes at random places."""
    height, width = tensor.shape[2:]
    sizes = boxes[:, 2:] - boxes[:, :2]
    starts = np.stack([rng.integers(0, limit - sizes[:, i] + 1) for i, limit in enumerate((width, height))], 1)
    return np.concatenate([starts, starts + sizes], 1)
