"""All units of a layer of VGG-16 sent back to one 224 x 224 image: Deepro against Captum's NeuronDeconvolution.

    python benchmarks/units.py [--theirs 8] [--layers features.11 features.22 features.29]

Captum takes one unit at a time. It is timed on the first `--theirs` units that are on and scaled to all; these units'
projections are compared (Captum sends back 1, so its result is multiplied by the activation). Weights are random.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
import torchvision
from captum.attr import NeuronDeconvolution

import deepro

T = TypeVar("T")
NAMES = {"features.11": "relu3_1", "features.22": "relu4_3", "features.29": "relu5_3"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--theirs", type=int, default=8, help="units for which Captum is timed")
    parser.add_argument("--layers", nargs="+", default=["features.11", "features.22", "features.29"])
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    module = torchvision.models.vgg16(weights=None).eval()
    net = deepro.load(module, input_shape=(3, 224, 224))
    image = torch.randn(1, 3, 224, 224)
    _ = net.layers  # traced once for a network, not for each call
    deepro.deconvnet(net, image, options.layers[0], top=4)
    print(f"{torch.get_num_threads()} threads; one image, 224 x 224")
    for layer in options.layers:
        measure(net, image, layer, options.theirs)


def measure(net: deepro.Network, image: torch.Tensor, layer: str, theirs: int) -> None:
    module = net.module
    with torch.no_grad():
        forward = min(_timed(lambda: module(image))[0] for _ in range(3))
    units = list(range(net.layers[layer].units))
    ours, found = _timed(lambda: deepro.deconvnet(net, image, layer, units))
    # Captum can only be asked where the unit is on: elsewhere both give nothing, at the same cost.
    captum = NeuronDeconvolution(module, module.get_submodule(layer))
    sample = np.flatnonzero(found.activations[0])[:theirs]
    where = [(int(u), *map(int, found.positions[0, u])) for u in sample]
    one, expected = _timed(lambda: [captum.attribute(image, w)[0].detach().numpy() for w in where])
    one /= len(where)
    off = max(
        float(np.abs(found.values[0, u] - found.activations[0, u] * e).max() / np.abs(found.values[0, u]).max())
        for u, e in zip(sample, expected, strict=True)
    )
    print(
        f"{NAMES.get(layer, layer)}: {len(units)} units, {'cut' if found.fidelity['cut'] else 'whole image'}: "
        f"{ours:.2f} s, {ours / len(units) / forward:.4f} forwards a unit; "
        f"Captum {one * len(units):.1f} s (scaled from {len(where)}), {one / forward:.2f} forwards a unit; "
        f"{one * len(units) / ours:.0f} x faster; largest difference {off:.1e}",
        flush=True,
    )


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
