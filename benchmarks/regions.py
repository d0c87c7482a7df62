"""Localisation on photographs with boxes: the graph cut against plainer ways, and its cost in forward passes.

    python benchmarks/regions.py                                   the kangaroos, EfficientNet-Lite0 and SqueezeNet
    python benchmarks/regions.py --folder DIR --target "tabby" --networks efficientnet-lite0 --limit 10

DIR holds `images/` and `annots/` (Pascal VOC). A photograph counts where the box overlaps any annotated one by at
least half (intersection over union). The two halves, every second photograph each, show how much of a number is
chance. Costs are processor time, so that a busy machine does not matter much.
"""

from __future__ import annotations

import argparse
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import deepro
from deepro.methods.regions.photograph import onto_photograph, original, squeezed
from deepro.methods.regions.segment import smoothed
from deepro.methods.regions.shape import Box, box_of, centred_box, enlarged, main_part, overlap
from deepro.network import Network, Preprocess

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
GRID = 224
Locate = Callable[[Network, Path, Any], Box | None]


def annotated(folder: Path) -> list[tuple[Path, list[Box]]]:
    """Photographs with their boxes."""
    found = []
    for file in sorted((folder / "annots").glob("*.xml")):
        tree = ElementTree.parse(file)
        boxes = [tuple(int(float(o.findtext(f"bndbox/{k}", "0"))) for k in KEYS) for o in tree.iter("object")]
        picture = next((folder / "images").glob(f"{file.stem}.*"), None)
        if picture is not None and boxes:
            found.append((picture, boxes))
    return found  # type: ignore[return-value]


KEYS = ("xmin", "ymin", "xmax", "ymax")


def networks() -> dict[str, Callable[[], Network]]:
    return {
        "efficientnet-lite0": lambda: deepro.load("builtin:efficientnet-lite0"),
        "squeezenet1_0": lambda: deepro.load(
            "torchvision:squeezenet1_0",
            weights=SHARED / "squeezenet1_0.safetensors",
            preprocess=Preprocess((224, 224), 256, (104.0, 117.0, 123.0), (1.0,) * 3, "BGR", 255.0),
        ),
    }


def centred(net: Network, path: Path, target: Any) -> Box:
    picture, _ = original(net.prepare(path))
    return centred_box((picture.shape[0], picture.shape[1]))


def thresholded(method: str, share: float, blur: float, view: str) -> Locate:
    """The box of a heatmap's main part above a share of its maximum."""

    def locate(net: Network, path: Path, target: Any) -> Box | None:
        image = net.prepare(path)
        image = squeezed(net, image) if view == "squeeze" else image
        values = deepro.heatmap(net, image, target, method=method).values[0].astype(np.float64).clip(0)
        values = smoothed(values, blur)
        picture, look = original(image)
        size = (picture.shape[0], picture.shape[1])
        scale = min(1.0, GRID / max(size))
        on, seen = onto_photograph(values, look, size, (round(size[0] * scale), round(size[1] * scale)))
        mask = main_part((on >= share * values.max()) & (seen > 0), on)
        return box_of(enlarged(mask, size))

    return locate


def segmented(**options: Any) -> Locate:
    return lambda net, path, target: deepro.segment(net, path, target, **options).box


WAYS: dict[str, Locate] = {
    "centred box": centred,
    "Grad-CAM above 20 %": thresholded("gradcam", 0.20, 0.0, "crop"),
    "gradient, smoothed, above 25 %, own crop": thresholded("gradient", 0.25, 0.027, "crop"),
    "gradient, smoothed, above 25 %, whole picture": thresholded("gradient", 0.25, 0.027, "squeeze"),
    "segment, Simonyan's seeds": segmented(seeds="quantile", saliency="gradient"),
    "segment, gradient alone": segmented(saliency="gradient"),
    "segment, own crop": segmented(view="crop"),
    "segment": segmented(),
}


def forward_seconds(net: Network, path: Path) -> float:
    """Processor time of one bare forward pass: the best of five."""
    x = net.prepare(path).tensor
    times = []
    for _ in range(5):
        started = time.process_time()
        net.logits(x)
        times.append(time.process_time() - started)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, default=SHARED / "kangaroo")
    parser.add_argument("--target", default="wallaby")
    parser.add_argument("--networks", nargs="+", default=list(networks()), choices=list(networks()))
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--limit", type=int, default=None, help="photographs")
    options = parser.parse_args()
    photographs = annotated(options.folder)[: options.limit]
    if not photographs:
        parser.error(f"no photographs with boxes in {options.folder}")
    torch.set_num_threads(1)
    for name in options.networks:
        net = networks()[name]()
        bare = forward_seconds(net, photographs[0][0])
        table = Table(title=f"{name}, {options.target}, {len(photographs)} photographs")
        for column in ("way", "overlap ≥ 0.5", "one half", "other half", "mean overlap", "CPU s", "forwards"):
            table.add_column(column, justify="left" if column == "way" else "right")
        for way in options.ways:
            started = time.process_time()
            overlaps = []
            for path, boxes in photographs:
                box = WAYS[way](net, path, options.target)
                overlaps.append(max(overlap(box, b) for b in boxes) if box else 0.0)
            seconds = (time.process_time() - started) / len(photographs)
            good = np.array(overlaps) >= 0.5
            shares = [f"{g.mean():.2f}" if len(g) else "-" for g in (good, good[::2], good[1::2])]
            table.add_row(way, *shares, f"{np.mean(overlaps):.3f}", f"{seconds:.2f}", f"{seconds / bare:.1f}")
        Console(width=120).print(table)


if __name__ == "__main__":
    main()
