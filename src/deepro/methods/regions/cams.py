"""Heatmaps from a layer's activations, weighted by the score's gradient there.

Values are (N, *input space), enlarged from the layer's map by linear interpolation, signed and unscaled: what the
papers cut off below zero is evidence against the target, and is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from deepro.errors import LayerError, UnsupportedError
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.methods.regions.differentiate import Aim, forward
from deepro.methods.regions.gradients import as_heatmap
from deepro.network import Inputs, Network
from deepro.parameters import Images, LayerName, OneTarget
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
    """Sum over units of activation * mean over space of d score / d activation."""
    images = net.prepare(images)

    def weigh(gradient: Tensor) -> Tensor:
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
    """Sum over units of activation * max(d score / d activation, 0), place by place."""
    images = net.prepare(images)
    return _cam("layercam", net, images, target, layer, lambda gradient: gradient.clamp_min(0))


def _cam(
    name: str, net: Network, images: Inputs, target: Aim, layer: str | None, weigh: Callable[[Tensor], Tensor]
) -> Heatmap:
    x = images.tensor
    if not 3 <= x.ndim <= 5:
        raise UnsupportedError(f"{name} needs an input (N, C, *space) of one to three axes, got {tuple(x.shape)}")
    layer = last_spatial(net, x[:1]) if layer is None else net.check_layer(layer)
    done = forward(net, x, target, capture=[layer])
    maps = done.outputs[layer]
    if maps.ndim != x.ndim:
        raise LayerError(f"layer {layer!r} gives {tuple(maps.shape[1:])}, {name} needs (C, {'HWD'[: x.ndim - 2]}) maps")
    values = (maps.detach() * weigh(done.gradient(maps, f"layer {layer!r}"))).sum(1, keepdim=True)
    mode = ("linear", "bilinear", "trilinear")[x.ndim - 3]
    values = functional.interpolate(values, x.shape[2:], mode=mode, align_corners=False)[:, 0]
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
