"""What a network's layers answer to images."""

from __future__ import annotations

import torch

from deepro import progress
from deepro.errors import UsageError
from deepro.kinds.photographs.activations import Activations
from deepro.network import Network
from deepro.parameters import Images, LayerNames
from deepro.registry import Paper, method
from deepro.shapes import to_array

_BATCH = 16  # images a pass


@method(
    family="units",
    paper=Paper(
        "Yosinski et al.",
        2015,
        "Understanding Neural Networks Through Deep Visualization",
        "https://arxiv.org/abs/1506.06579",
    ),
    summary="What each layer answers to each image.",
)
def activations(net: Network, images: Images, layers: LayerNames) -> Activations:
    """Layers' outputs, exactly as the modules returned them, in one forward pass that ends at the last layer asked for.

    layers: one name or several. Returns values: name -> (N, *layer shape), float32, or float64 where the network is.
    Where a module returns a tuple or a mapping, its first tensor is taken.
    Raises LayerError for an unknown layer, NetworkError for one that never runs.
    Example: `deepro.activations(net, "cat.jpg", ["features.3", "features.11"])`
    """
    images = net.prepare(images)
    names = [layers] if isinstance(layers, str) else list(layers)
    if not names:
        raise UsageError("no layer given; `deepro layers` lists them")
    for name in names:
        net.check_layer(name)
    kept: dict[str, list[torch.Tensor]] = {name: [] for name in names}
    with torch.no_grad():
        for batch in progress.steps(images.tensor.split(_BATCH), "activations"):
            with net.probe(names, stop=True) as probe:
                probe(batch)
            for name in names:
                kept[name].append(probe[name].cpu())
    values = {name: to_array(torch.cat(parts)) for name, parts in kept.items()}
    return Activations(values=values, pictures=images.pictures)
