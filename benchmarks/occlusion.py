"""Occlusion in which only what a square reaches runs again, against the full pass in its best batch size.

    python benchmarks/occlusion.py [--networks vgg16 resnet50 efficientnet-lite0] [--square 16] [--step 8]

One 224 x 224 image, grey squares at every place of the grid, in one run, the two ways by turns. Weights are random but
for EfficientNet-Lite0. The full pass is timed on some batches of each size; the error is the largest over every 20th
place, as a share of the largest logit.
"""

from __future__ import annotations

import argparse
import time

import torch
import torchvision

import deepro
from deepro.methods.hiding import filling, hide_box, tiles
from deepro.methods.incremental import Answer, Incremental

BATCHES = (1, 4, 16, 32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["vgg16", "resnet50", "efficientnet-lite0"])
    parser.add_argument("--square", type=int, default=16)
    parser.add_argument("--step", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=32)
    options = parser.parse_args()
    print(f"{torch.get_num_threads()} threads; square {options.square}, step {options.step}")
    for name in options.networks:
        measure(name, options.square, options.step, options.batch_size)


def measure(name: str, square: int, step: int, batch_size: int) -> None:
    torch.manual_seed(0)
    if name in torchvision.models.list_models():
        net = deepro.load(torchvision.models.get_model(name, weights=None).eval(), input_shape=(3, 224, 224))
    else:
        net = deepro.load(f"builtin:{name}")
    x = torch.randn(1, 3, 224, 224)
    instead = filling(net, x, "grey")
    changes = [hide_box(instead, box) for box in tiles((224, 224), square, step)]
    with torch.no_grad():
        full = min(_full(net, x.repeat(batch, 1, 1, 1)) for _ in range(2) for batch in BATCHES)
    started = time.perf_counter()
    work = Incremental(net, x)
    found: dict[int, torch.Tensor] = {}
    for answer in work.answers(changes, batch_size, name):
        found.update(zip(answer.numbers.tolist(), _logits(answer), strict=True))
    ours = (time.perf_counter() - started) / len(changes)
    with torch.no_grad():
        again = min(_full(net, x.repeat(batch, 1, 1, 1)) for batch in BATCHES)
        error = 0.0
        for k in range(0, len(changes), 20):
            (want,) = _logits(work.plain(changes[k]))
            error = max(error, float((found[k] - want).abs().max() / want.abs().max()))
    print(
        f"{name}: {len(changes)} places, full pass {1e3 * min(full, again):.1f} ms a place, here {1e3 * ours:.1f} ms "
        f"(its record included): {min(full, again) / ours:.1f} x faster; largest error {error:.1e}"
        f"{'; in full: ' + work.full if work.full else ''}",
        flush=True,
    )


def _full(net: deepro.Network, batch: torch.Tensor) -> float:
    started = time.perf_counter()
    net.module(batch)
    return (time.perf_counter() - started) / len(batch)


def _logits(answer: Answer) -> torch.Tensor:
    assert answer.logits is not None
    return answer.logits


if __name__ == "__main__":
    main()
