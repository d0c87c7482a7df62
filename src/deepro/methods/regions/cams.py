"""Heatmaps from a layer's activations, weighted by the score's gradient there, by scores, or not at all.

Values are (N, *input space), enlarged from the layer's map by linear interpolation, signed and unscaled: what the
papers cut off below zero is evidence against the target, and is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional

from deepro import progress
from deepro.errors import LayerError, UnsupportedError
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.methods.regions.differentiate import Aim, Pass, each, forward
from deepro.methods.regions.gradients import as_heatmap
from deepro.network import Inputs, Network
from deepro.parameters import Bounds, Images, LayerName, OneTarget
from deepro.probe import first_tensor
from deepro.registry import Paper, method


@method(
    family="regions",
    paper=Paper(
        "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra",
        2016,
        "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
        "https://arxiv.org/abs/1610.02391",
    ),
    summary="A late layer's units, each weighted by its mean gradient.",
)
def gradcam(
    net: Network, images: Images, target: OneTarget | None = None, *, layer: LayerName | None = None
) -> Heatmap:
    """Sum over units of activation * mean over space of d score / d activation.

    Example: `deepro.gradcam(net, "cat.jpg", "tabby", layer="features.11")`
    """
    images = net.prepare(images)

    def weigh(_maps: Tensor, gradient: Tensor) -> Tensor:
        return gradient.mean(tuple(range(2, gradient.ndim)), keepdim=True)

    return _cam("gradcam", net, images, target, layer, weigh)


@method(
    family="regions",
    paper=Paper(
        "Jiang, Zhang, Hou, Cheng, Wei",
        2021,
        "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization",
        "https://doi.org/10.1109/TIP.2021.3089943",
    ),
    summary="A layer's units, each weighted at each place by its positive gradient there; also for earlier layers.",
)
def layercam(
    net: Network, images: Images, target: OneTarget | None = None, *, layer: LayerName | None = None
) -> Heatmap:
    """Sum over units of activation * max(d score / d activation, 0), place by place.

    Example: `deepro.layercam(net, "cat.jpg", "tabby", layer="features.3")`
    """
    images = net.prepare(images)
    return _cam("layercam", net, images, target, layer, lambda _maps, gradient: gradient.clamp_min(0))


@method(
    family="regions",
    paper=Paper(
        "Chattopadhay, Sarkar, Howlader, Balasubramanian",
        2017,
        "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks",
        "https://arxiv.org/abs/1710.11063",
    ),
    summary="Grad-CAM with the positive gradients weighted so that several objects of a class all count.",
)
def gradcam_plus_plus(
    net: Network, images: Images, target: OneTarget | None = None, *, layer: LayerName | None = None
) -> Heatmap:
    """Sum over units of A * sum over space of max(g, 0) * g^2 / (2 g^2 + g^3 * sum over space of A).

    A is the activation and g = d score / d A. The paper's gradient is that of exp(score), which is exp(score) * g: a
    factor for each image that is left out, so that large scores do not overflow. Terms of denominator 0 count nothing.
    Example: `deepro.gradcam_plus_plus(net, "cat.jpg", "tabby")`
    """
    images = net.prepare(images)

    def weigh(maps: Tensor, g: Tensor) -> Tensor:
        space = tuple(range(2, g.ndim))
        below = 2 * g**2 + g**3 * maps.sum(space, keepdim=True)
        share = torch.where(below == 0, 0, g**2 / torch.where(below == 0, 1, below))
        return (share * g.clamp_min(0)).sum(space, keepdim=True)

    return _cam("gradcam_plus_plus", net, images, target, layer, weigh)


@method(
    family="regions",
    paper=Paper(
        "Draelos, Carin",
        2020,
        "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
        "https://arxiv.org/abs/2011.08891",
    ),
    summary="A layer's units, each weighted at each place by its gradient there: where the score comes from.",
)
def hirescam(
    net: Network, images: Images, target: OneTarget | None = None, *, layer: LayerName | None = None
) -> Heatmap:
    """Sum over units of activation * d score / d activation, place by place.

    On the layer's own grid it sums to the score where the layers above are linear without bias.
    Example: `deepro.hirescam(net, "cat.jpg", "tabby")`
    """
    images = net.prepare(images)
    return _cam("hirescam", net, images, target, layer, lambda _maps, gradient: gradient)


@method(
    family="regions",
    paper=Paper(
        "Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu",
        2019,
        "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks",
        "https://arxiv.org/abs/1910.01279",
    ),
    summary="A layer's units, each weighted by the score of the image seen through its map; no gradient.",
)
def scorecam(
    net: Network,
    images: Images,
    target: OneTarget | None = None,
    *,
    layer: LayerName | None = None,
    batch_size: Annotated[int, Bounds(1, 4096), "masked images evaluated at once"] = 16,
) -> Heatmap:
    """Sum over units k of A_k * softmax over k of score(image * mask_k); mask_k is A_k enlarged, from 0 to 1.

    A map that is the same everywhere masks nothing and counts nothing. (The paper also takes the score of a blank image
    from each: the softmax is the same.)
    Example: `deepro.scorecam(net, "cat.jpg", "tabby")`
    """
    images = net.prepare(images)
    done, layer, maps = _seen("scorecam", net, images, target, layer)
    x, maps = done.inputs.detach(), maps.detach()
    targets = each(net, done, target)
    weights = maps.new_zeros(maps.shape[:2])
    parts = [(n, part) for n in range(len(x)) for part in torch.arange(maps.shape[1]).split(batch_size)]
    net.check_batch(min(batch_size, maps.shape[1]))
    for n, part in progress.steps(parts, "scorecam"):
        varied = maps[n, part].flatten(1).amax(1) > maps[n, part].flatten(1).amin(1)
        mask = _enlarged(maps[n : n + 1, part], x)[0, :, None]
        low, high = (f(mask.flatten(1), 1).view(-1, *[1] * (mask.ndim - 1)) for f in (torch.amin, torch.amax))
        mask = (mask - low) / torch.where(high > low, high - low, 1)
        scores = forward(net, x[n : n + 1] * mask, targets[n]).scores.detach()
        weights[n, part] = scores.to(weights).masked_fill(~varied, -torch.inf)
    shares = weights.softmax(1).nan_to_num(0)  # where no map masks anything, none counts
    return _as_heatmap("scorecam", done, images, layer, maps, shares[(..., *[None] * (maps.ndim - 2))] * maps)


@method(
    family="regions",
    paper=Paper(
        "Muhammad, Yeasin",
        2020,
        "Eigen-CAM: Class Activation Map using Principal Components",
        "https://arxiv.org/abs/2008.00299",
    ),
    summary="The main pattern among a layer's activations, whatever the class; no gradient.",
)
def eigencam(
    net: Network, images: Images, target: OneTarget | None = None, *, layer: LayerName | None = None
) -> Heatmap:
    """A v: the activations A (places, units) along their first right singular vector v, without centring.

    The sign of v, which is free, is the one with which the values grow with the sum of the activations. The values are
    the same for every target, which names the score alone.
    Example: `deepro.eigencam(net, "cat.jpg")`
    """
    images = net.prepare(images)
    done, layer, maps = _seen("eigencam", net, images, target, layer)
    maps = maps.detach()
    rows = maps.flatten(2).transpose(1, 2)
    first = torch.linalg.svd(rows, full_matrices=False).Vh[:, :1]
    along = (rows * first).sum(2)
    sign = torch.where((along * rows.sum(2)).sum(1, keepdim=True) < 0, -1, 1)
    return _as_heatmap("eigencam", done, images, layer, maps, (along * sign).view(len(maps), 1, *maps.shape[2:]))


Weigh = Callable[[Tensor, Tensor], Tensor]  # of activations and gradients, (N, C, *space)


def _cam(name: str, net: Network, images: Inputs, target: Aim, layer: str | None, weigh: Weigh) -> Heatmap:
    done, layer, maps = _seen(name, net, images, target, layer)
    weights = weigh(maps.detach(), done.gradient(maps, f"layer {layer!r}"))
    return _as_heatmap(name, done, images, layer, maps, maps.detach() * weights)


def _seen(name: str, net: Network, images: Inputs, target: Aim, layer: str | None) -> tuple[Pass, str, Tensor]:
    """The pass, the layer and its maps (N, C, *space), in the graph."""
    x = images.tensor
    if not 3 <= x.ndim <= 5:
        raise UnsupportedError(f"{name} needs an input (N, C, *space) of one to three axes, got {tuple(x.shape)}")
    layer = last_spatial(net, x[:1]) if layer is None else net.check_layer(layer)
    done = forward(net, x, target, capture=[layer])
    maps = done.outputs[layer]
    if maps.ndim != x.ndim:
        raise LayerError(f"layer {layer!r} gives {tuple(maps.shape[1:])}, {name} needs (C, {'HWD'[: x.ndim - 2]}) maps")
    return done, layer, maps


def _enlarged(maps: Tensor, x: Tensor) -> Tensor:
    """Maps (N, C, *space) at the size of the input x."""
    mode = ("linear", "bilinear", "trilinear")[x.ndim - 3]
    return functional.interpolate(maps, x.shape[2:], mode=mode, align_corners=False)


def _as_heatmap(name: str, done: Pass, images: Inputs, layer: str, maps: Tensor, values: Tensor) -> Heatmap:
    """The sum of values (N, C, *space) over the units as a result."""
    values = _enlarged(values.sum(1, keepdim=True), images.tensor)[:, 0]
    return as_heatmap(name, done, images, values, signed=True, evidence={"layer": layer, "map": list(maps.shape[2:])})


def last_spatial(net: Network, x: Tensor) -> str:
    """The last layer in execution order whose output is laid out as the input is and has more than one place.

    Raises UnsupportedError where there is none.
    """
    calls: Counter[str] = Counter()
    found: list[str] = []
    handles = []
    for name, module in net.module.named_modules():

        def note(_module: object, _args: object, output: object, name: str = name) -> None:
            value = first_tensor(output)
            calls[name] += 1
            if value is not None and value.ndim == x.ndim and value[0, 0].numel() > 1:
                found.append(name if calls[name] == 1 else f"{name}:{calls[name]}")

        if name:
            handles.append(module.register_forward_hook(note))
    try:
        with torch.no_grad():
            net.module(x.clone())
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        raise UnsupportedError("no layer keeps more than one place of the input: name one with layer=")
    return found[-1]
