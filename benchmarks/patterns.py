"""A class-image step against a bare forward and backward pass of the same size, and against lucent if installed.

    python benchmarks/patterns.py

Prints ratios; the aim is 1.15 or less. Given a folder of photographs, also what the natural spectrum rests on: their
colour axes and the fall of their spectrum.

    python benchmarks/patterns.py --photographs FOLDER
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import deepro
from deepro.methods.patterns.ascent import Ascent
from deepro.methods.patterns.erosion import Erosion
from deepro.methods.patterns.fourier import FourierImages
from deepro.methods.patterns.imagine import ERODED, _ambition, _depth, _layout, _run
from deepro.methods.patterns.transforms import Views
from deepro.network import Network
from deepro.probe import untouched
from deepro.targets import as_target

CLASSES = ("washer", "computer keyboard", "kit fox", "goose", "ostrich", "limousine")


def median_seconds(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Taken in turns, so that a busy machine slows all alike."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def our_step(net: Network, size: tuple[int, int]) -> Callable[[], object]:
    goals = [as_target(net, label) for label in CLASSES]
    generator = torch.Generator().manual_seed(0)
    pictures = FourierImages(len(goals), 3, size, generator, torch.zeros(()))
    ascent = Ascent(pictures.parameters, 0.05, 10_000, 1.0)
    views = Views()
    layout = _layout(net, goals, 3, size)
    share = ERODED / _depth(net, goals, 3, size)

    def step() -> None:
        with Erosion(share, generator):
            values, logits = _run(net, goals, views(pictures(), size, generator), layout)
        ascent.step(torch.autograd.grad(_ambition(goals, values, logits).sum(), pictures.parameters)[0])

    return step


def bare_step(net: Network, size: tuple[int, int]) -> Callable[[], object]:
    inputs = torch.rand(len(CLASSES), 3, *size, requires_grad=True)
    classes = torch.tensor([net.label_index(label) for label in CLASSES])

    def step() -> None:
        logits = net.module(inputs)
        torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), inputs)

    return step


def lucent_step(net: Network, size: tuple[int, int]) -> Callable[[], object] | None:
    try:
        from lucent.optvis import param, transform  # pyright: ignore[reportMissingImports]
    except ImportError:
        return None
    parameters, image = param.image(size[1], h=size[0], batch=len(CLASSES), fft=True, decorrelate=True)
    optimiser = torch.optim.Adam(parameters, lr=0.05)
    views = transform.compose(transform.standard_transforms)
    classes = torch.tensor([net.label_index(label) for label in CLASSES])

    def step() -> None:
        optimiser.zero_grad()
        logits = net.module((views(image()) - 0.5) * 2)
        (-logits.gather(1, classes[:, None]).sum()).backward()
        optimiser.step()

    return step


def photographs(folder: Path) -> None:
    """Colour covariance and the fall of the amplitude spectrum of 224 x 224 centre crops."""
    crops = []
    for path in sorted(folder.iterdir()):
        picture = Image.open(path).convert("RGB")
        scale = 256 / min(picture.size)
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
        )
        left, top = (picture.width - 224) // 2, (picture.height - 224) // 2
        crops.append(np.asarray(picture.crop((left, top, left + 224, top + 224)), dtype=np.float64) / 255)
    widths, axes = np.linalg.eigh(np.cov(np.concatenate([c.reshape(-1, 3) for c in crops]).T))
    print(f"{len(crops)} photographs; standard deviation of their axes {np.sqrt(widths[::-1]).round(3)}")
    print(axes[:, ::-1].round(2))
    window = np.outer(np.hanning(224), np.hanning(224))
    grey = [(c @ axes[:, -1]) - (c @ axes[:, -1]).mean() for c in crops]
    power = np.mean([np.abs(np.fft.fft2(g * window)) ** 2 for g in grey], axis=0)
    f = np.hypot(np.fft.fftfreq(224)[:, None], np.fft.fftfreq(224)[None])
    edges = np.geomspace(2 / 224, 0.5, 14)
    amplitude = [np.sqrt(power[(f >= a) & (f < b)].mean()) for a, b in itertools.pairwise(edges)]
    fall = -np.polyfit(np.log(np.sqrt(edges[:-1] * edges[1:])), np.log(amplitude), 1)[0]
    print(f"amplitude falls as frequency ** -{fall:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="A class-image step against a bare forward and backward pass.")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--photographs", type=Path)
    options = parser.parse_args()
    if options.photographs:
        photographs(options.photographs)
    net = deepro.load("builtin:efficientnet-lite0")
    size = (224, 224)
    with untouched(net.module):
        steps = {"bare": bare_step(net, size), "deepro": our_step(net, size), "lucent": lucent_step(net, size)}
        seconds = median_seconds({name: step for name, step in steps.items() if step}, options.rounds)
    for name in seconds:
        if name != "bare":
            ratio = seconds[name] / seconds["bare"]
            print(f"six class images, a {name} step: {ratio:.2f} x a bare forward+backward at the same size")
    if steps["lucent"] is None:
        print("lucent is not installed (pip install torch-lucent): not compared")


if __name__ == "__main__":
    main()
