"""Heatmaps from a layer's activations, weighted by the score's gradient there, by scores, or not at all.

Values are (N, *input space), enlarged from the layer's map by linear interpolation, signed and unscaled: what the
papers cut off below zero is evidence against the target, and is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
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
from deepro.network.grids import Grids
from deepro.parameters import Bounds, Images, LayerName, OneTarget
from deepro.probe import split_call
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
    return _as_heatmap("scorecam", net, done, images, layer, maps, shares[(..., *[None] * (maps.ndim - 2))] * maps)


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
    return _as_heatmap("eigencam", net, done, images, layer, maps, (along * sign).view(len(maps), 1, *maps.shape[2:]))


_MOST = 0.5  # of the layers: a map from before them is of the stem
Weigh = Callable[[Tensor, Tensor], Tensor]  # of activations and gradients, (N, C, *space)


def _cam(name: str, net: Network, images: Inputs, target: Aim, layer: str | None, weigh: Weigh) -> Heatmap:
    done, layer, maps = _seen(name, net, images, target, layer)
    gradient = done.gradient(done.outputs[layer], f"layer {layer!r}")
    slope = net.grids(images.tensor)[layer](gradient, len(images))
    if gradient.any() and not slope.any():
        raise LayerError(
            f"the score depends on no place of layer {layer!r}, only on its other tokens: name an earlier layer"
        )
    return _as_heatmap(name, net, done, images, layer, maps, maps.detach() * weigh(maps.detach(), slope))


def _seen(name: str, net: Network, images: Inputs, target: Aim, layer: str | None) -> tuple[Pass, str, Tensor]:
    """The pass, the layer and its maps (N, C, *space), in the graph."""
    x = images.tensor
    if not 3 <= x.ndim <= 5:
        raise UnsupportedError(f"{name} needs an input (N, C, *space) of one to three axes, got {tuple(x.shape)}")
    grids = net.grids(x)
    layer = last_spatial(net, x) if layer is None else net.check_layer(layer)
    grid = grids[layer]
    done = forward(net, x, target, capture=[layer])
    return done, layer, grid(done.outputs[layer], len(x))


def _enlarged(maps: Tensor, x: Tensor) -> Tensor:
    """Maps (N, C, *space) at the size of the input x."""
    mode = ("linear", "bilinear", "trilinear")[x.ndim - 3]
    return functional.interpolate(maps, x.shape[2:], mode=mode, align_corners=False)


def _as_heatmap(
    name: str, net: Network, done: Pass, images: Inputs, layer: str, maps: Tensor, values: Tensor
) -> Heatmap:
    """The sum of values (N, C, *space) over the units as a result."""
    values = _enlarged(values.sum(1, keepdim=True), images.tensor)[:, 0]
    grids = net.grids(images.tensor)
    evidence: dict[str, object] = {"layer": layer, "map": list(maps.shape[2:])}
    if grids[layer].tokens:
        evidence["grid"] = str(grids[layer])
    if list(grids.shapes).index(layer) < len(grids.shapes) * _MOST:
        evidence["note"] = f"most of the network comes after layer {layer}"
    return as_heatmap(name, done, images, values, signed=True, evidence=evidence)


def last_spatial(net: Network, x: Tensor) -> str:
    """The last layer whose places lie in the input; where they are tokens, the last block that the score depends on.

    The tokens of a picture are without a gradient in the last block of a network that reads its class token alone.
    Raises UnsupportedError where there is none.
    """
    grids = net.grids(x)
    modules = dict(net.module.named_modules(remove_duplicate=False))
    kinds = {name: type(modules[split_call(name)[0]]) for name in grids.shapes}
    containers = [name for name in grids.shapes if any(modules[split_call(name)[0]].children())]
    outer = [name for name in grids.shapes if grids.convolutional or "." not in name or name in containers]
    grids.look(*outer)
    last = next((name for name in reversed(outer) if _has_places(grids, name)), None)
    if last is None:
        raise UnsupportedError("no layer keeps more than one place of the input: name one with layer=")
    if not grids[last].tokens:
        return last
    blocks = [name for name in containers if _has_places(grids, name)]
    reached = _reached(net, x[:1], blocks) or set(blocks)  # a head of zeros has no gradient anywhere
    return _last_block(blocks, kinds, reached) or last


def _has_places(grids: Grids, layer: str) -> bool:
    grid = grids.get(layer)
    return grid is not None and prod(grid.space) > 1


def _reached(net: Network, x: Tensor, layers: Sequence[str]) -> set[str]:
    """Those of `layers` on whose places the logits depend."""
    with torch.enable_grad(), net.probe(layers) as probe:
        logits = net.logits_of(probe(x.detach().clone().requires_grad_(True)))
        aim = (logits * torch.linspace(1, 2, logits.shape[1], device=logits.device, dtype=logits.dtype)).sum()
        outputs = [probe[layer] for layer in layers]
        if not outputs or not aim.requires_grad:
            return set()
        gradients = torch.autograd.grad(aim, outputs, allow_unused=True)
    grids = net.grids(x)
    return {name for name, g in zip(layers, gradients, strict=True) if g is not None and grids[name](g, 1).any()}


def _last_block(blocks: Sequence[str], kinds: Mapping[str, type], reached: set[str], within: str = "") -> str | None:
    """The last of `blocks` (in execution order) that is reached, one of the same kind before what is inside one."""
    inner = [b for b in blocks if b.startswith(within) and b != within.rstrip(".")]
    own = [b for b in inner if not any(b.startswith(f"{o}.") for o in inner)]
    for n, block in reversed(list(enumerate(own))):
        alike = [b for b in own[: n + 1] if kinds[b] is kinds[block] and b in reached]
        found = alike[-1] if alike else _last_block(blocks, kinds, reached, f"{block}.")
        if found:
            return found
    return None
