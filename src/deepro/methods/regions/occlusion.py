"""Heatmaps from hiding parts of the image: what the score loses with each. No gradient."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch

from deepro.errors import UnsupportedError
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.methods.hiding import Fill, filling, hide, hide_box, superpixels, tiles
from deepro.methods.incremental import Incremental
from deepro.methods.regions.differentiate import each, forward
from deepro.methods.regions.gradients import as_heatmap
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.parameters import Bounds, Images, OneTarget
from deepro.registry import method


@method(
    family="regions",
    paper=ZEILER,
    summary="What the score loses where a square, or a part of like colour, is hidden; no gradient.",
)
def occlusion(
    net: Network,
    images: Images,
    target: OneTarget | None = None,
    *,
    square: Annotated[int, Bounds(1, 4096), "side of the square that hides, in input pixels"] = 16,
    step: Annotated[int, Bounds(1, 4096), "input pixels between two places"] = 8,
    fill: Annotated[Fill, "what stands where the image is hidden"] = "mean",
    segments: Annotated[int, Bounds(0, 10_000), "parts of like colour that are hidden instead; 0 for squares"] = 0,
    batch_size: Annotated[int, Bounds(1, 4096), "hidden images evaluated at once"] = 32,
) -> Heatmap:
    """Mean over the parts that hold a pixel of score(image) - score(image with the part hidden), signed.

    Only what a hidden part reaches is computed again: the values are those of full passes, up to rounding. The target
    is fixed on the whole image. A pixel that no part holds (step above square) is 0.
    evidence: `hidden`, how many parts of each image; `in_full`, where there is one: why whole passes were needed.
    Raises UnsupportedError for inputs that are no pictures (N, C, H, W).
    Example: `deepro.occlusion(net, "cat.jpg", "tabby", square=16, step=8, fill="blur")`
    """
    images = net.prepare(images)
    if images.tensor.ndim != 4:
        raise UnsupportedError(f"occlusion hides parts of pictures (N, C, H, W), got {tuple(images.tensor.shape)}")
    done = forward(net, images.tensor, target)
    evidence: dict[str, object] = {"hidden": []}
    maps = []
    for i, aim in enumerate(each(net, done, target)):
        x = done.inputs[i : i + 1].detach()
        instead, space = filling(net, x, fill), (x.shape[2], x.shape[3])
        if segments:
            parts = superpixels(x, segments)
            changes = [hide(x, instead, part) for part in parts]
        else:
            boxes = tiles(space, square, step)
            parts = [np.s_[top:bottom, left:right] for left, top, right, bottom in boxes.tolist()]
            changes = [hide_box(instead, box) for box in boxes]
        work = Incremental(net, x, aim.layers, head=aim.needs_logits)
        plain = aim(work.logits, work.outputs)
        total, count = (torch.zeros(space, dtype=torch.float64) for _ in range(2))
        for answer in work.answers(changes, batch_size, "occlusion"):
            for k, lost in zip(answer.numbers, (plain - aim(answer.logits, answer.outputs)).tolist(), strict=True):
                part = torch.from_numpy(parts[k]) if segments else parts[k]
                total[part] += lost
                count[part] += 1
        maps.append((total / count.clamp_min(1)).to(x))
        evidence["hidden"] = [*evidence["hidden"], len(parts)]  # type: ignore[misc]
        if work.full:
            evidence["in_full"] = work.full
    return as_heatmap("occlusion", done, images, torch.stack(maps), signed=True, evidence=evidence)
