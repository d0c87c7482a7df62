"""Does the region carry the score? Show the network the region alone, all but the region, and a control."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from deepro.kinds.photographs.heatmap import Heatmap
from deepro.methods.regions.differentiate import Aim, forward
from deepro.methods.regions.graph_cut import Mask
from deepro.methods.regions.photograph import onto_input
from deepro.methods.regions.shape import box_of, centred_box, filled, overlap
from deepro.network import Inputs, Network, View


def faithfulness(net: Network, image: Inputs, target: Aim, heat: Heatmap, mask: Mask, view: View) -> dict[str, float]:
    """Numbers that say how far to trust a region; `segment` explains them. mask: (H, W), the photograph's."""
    values = heat.values[0]
    space = (int(values.shape[0]), int(values.shape[1]))
    area = float(mask.mean())
    inside = onto_input(mask, view, space)
    found: dict[str, float] = {"area": area, "score": float(heat.scores[0])}
    box = box_of(mask)
    if box is None:
        return found
    found["saliency_inside"] = float((values * inside).sum() / max(inside.sum(), 1e-12))
    found["saliency_outside"] = float((values * (1 - inside)).sum() / max((1 - inside).sum(), 1e-12))
    found["centred_overlap"] = overlap(box, centred_box(mask.shape))
    centred = onto_input(filled(centred_box(mask.shape, area), mask.shape), view, space)
    shown = np.stack([np.ones(space), inside, 1 - inside, centred])
    scores, probabilities = seen_through(net, image.tensor, target, torch.from_numpy(shown))
    for name, score, probability in zip(("", "_region", "_without", "_centred"), scores, probabilities, strict=True):
        if name:
            found[f"score{name}"] = score
        if probability is not None:
            found[f"probability{name}"] = probability
    return found


def seen_through(net: Network, x: Tensor, target: Aim, shown: Tensor) -> tuple[list[float], list[float | None]]:
    """The target's score, and its probability where it is a class, for the one input x under each of `shown`.

    shown: (N, H, W) from 0, replaced by the input's mean colour, to 1, shown. For target None the class that the first
    is predicted to be. Call it inside `untouched`.
    """
    scores: list[float] = []
    probabilities: list[float | None] = []
    fixed = target
    for mask in shown.to(x):
        done = forward(net, x * mask + x.mean((2, 3), keepdim=True) * (1 - mask), fixed)
        fixed = done.target
        scores.append(float(done.scores.detach()[0]))
        if done.logits is None or fixed.classes is None:
            probabilities.append(None)
        else:
            probabilities.append(float(net.probabilities(done.logits.detach())[0, fixed.classes[0]]))
    return scores, probabilities
