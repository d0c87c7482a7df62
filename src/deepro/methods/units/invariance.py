"""How layers and the prediction follow an image that is moved, scaled and turned."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from deepro import progress
from deepro.errors import UsageError
from deepro.kinds.experiments.invariance import Invariance
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.parameters import Bounds, Images, LayerNames, OneClass
from deepro.registry import method


@method(
    family="units",
    paper=ZEILER,
    summary="How far each layer's features and the prediction move when the image is moved, scaled or turned.",
)
def invariance(
    net: Network,
    images: Images,
    layers: LayerNames,
    target: OneClass | None = None,
    *,
    shift: Annotated[int, Bounds(0, 4096), "largest vertical translation in input pixels"] = 60,
    scale: Annotated[float, Bounds(1.0, 8.0), "largest magnification"] = 1.8,
    turn: Annotated[float, Bounds(0.0, 360.0), "largest rotation in degrees"] = 350.0,
    points: Annotated[int, Bounds(2, 200), "points a curve"] = 13,
) -> Invariance:
    """Move, scale and turn images; measure how far features and probabilities move (figure 5 of the paper).

    Translation is vertical and runs from -shift to shift pixels, positive down; scale from 1 to `scale`; rotation from
    0 to `turn` degrees, counter-clockwise. All are about the centre, bilinear; what lies outside the picture repeats
    its border. The step that changes nothing is part of every curve, with distance 0.
    target: label or index, None for what each untouched image is taken for.
    Example: `deepro.invariance(net, ["cat.jpg", "dog.jpg"], ["features.3", "classifier"], turn=180)`
    """
    images = net.prepare(images)
    names = [layers] if isinstance(layers, str) else list(layers)
    for name in names:
        net.check_layer(name)
    if images.tensor.ndim != 4:
        raise UsageError(f"invariance moves pictures (N, C, H, W), got {tuple(images.tensor.shape)}")
    odd = points + 1 - points % 2
    steps = {
        "translation": np.linspace(-shift, shift, odd),
        "scale": np.linspace(1.0, scale, points),
        "rotation": np.linspace(0.0, turn, points),
    }
    distances: dict[str, dict[str, list[Tensor]]] = {kind: {name: [] for name in names} for kind in steps}
    probabilities: dict[str, list[Tensor]] = {kind: [] for kind in steps}
    with torch.no_grad():
        plain, logits = _run(net, images.tensor, names)
        index = torch.tensor(
            net.first_classes(images.tensor, logits) if target is None else [net.label_index(target)] * len(images)
        )
        index = index.to(logits.device)
        work = [(kind, float(value)) for kind, values in steps.items() for value in values]
        for kind, value in progress.steps(work, "invariance"):
            features, said = _run(net, transform(images.tensor, kind, value), names)
            for name in names:
                length = plain[name].norm(dim=1).clamp_min(1e-12)
                distances[kind][name].append((features[name] - plain[name]).norm(dim=1) / length)
            probabilities[kind].append(net.probabilities(said).gather(1, index[:, None])[:, 0])
    return Invariance(
        steps={kind: values.astype(np.float32) for kind, values in steps.items()},
        distances={kind: {n: _curves(v) for n, v in by.items()} for kind, by in distances.items()},
        probabilities={kind: _curves(v) for kind, v in probabilities.items()},
        targets=index.cpu().numpy(),
    )


def transform(pictures: Tensor, kind: str, value: float) -> Tensor:
    """(N, C, H, W) moved down by `value` pixels, enlarged `value` times, or turned by `value` degrees."""
    height, width = pictures.shape[2:]
    matrix: Any = {
        "translation": lambda: [[1, 0, 0], [0, 1, -2 * value / height]],
        "scale": lambda: [[1 / value, 0, 0], [0, 1 / value, 0]],
        "rotation": lambda: [
            [math.cos(math.radians(value)), -math.sin(math.radians(value)) * height / width, 0],
            [math.sin(math.radians(value)) * width / height, math.cos(math.radians(value)), 0],
        ],
    }[kind]()
    if value == {"translation": 0, "scale": 1, "rotation": 0}[kind]:
        return pictures
    theta = pictures.new_tensor(matrix).expand(len(pictures), 2, 3)
    grid = functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _run(net: Network, inputs: Tensor, layers: list[str]) -> tuple[dict[str, Tensor], Tensor]:
    with net.probe(layers) as probe:
        logits = net.logits_of(probe(inputs))
    return {name: probe[name].flatten(1).double() for name in layers}, logits


def _curves(values: list[Tensor]) -> np.ndarray:
    """(N, T) float32."""
    return torch.stack(values, 1).float().cpu().numpy()
