"""A survey against the bare forward pass over the same batches, as ratios; galleries are no part of it.

    python benchmarks/survey.py                     96 photographs, VGG-16, ResNet-50, EfficientNet-Lite0
    python benchmarks/survey.py --images 64 --networks resnet50 mobilenet_v2
    python benchmarks/survey.py --images 512 --networks resnet50 --layers all
    python benchmarks/survey.py --memory            peak memory: 100 000 synthetic images against 1 000
    python benchmarks/survey.py --workers           two local Ray workers against one

Both passes are timed batch by batch, in turn first and second, by the processor time of this process, so that a busy
machine disturbs both alike. Reading the photographs is common to both and left out, which makes the ratio stricter.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

import deepro
from deepro.data import Dataset, Example, as_dataset, batches
from deepro.data.reading import ReadExample, read_ahead
from deepro.network import Network, Preprocess
from deepro.probe import untouched
from deepro.survey import survey
from deepro.survey.engines import forward
from deepro.survey.plan import make_plan
from deepro.survey.run import to_result
from deepro.survey.state import SurveyState

PHOTOGRAPHS = Path(__file__).resolve().parents[2] / "shared" / "data" / "imagenet_sample"
NETWORKS = ("vgg16", "resnet50", "efficientnet-lite0")


class Noise(Dataset):
    """Pictures made on the spot: blurred noise, another one for each index."""

    def __init__(self, images: int, size: int = 224) -> None:
        self.images, self.size, self.name = images, size, f"noise {images}"

    def __len__(self) -> int:
        return self.images

    def read(self, index: int) -> Example:
        generator = torch.Generator().manual_seed(index)
        small = torch.randn(1, 3, self.size // 8, self.size // 8, generator=generator)
        value = torch.nn.functional.interpolate(small, size=(self.size, self.size), mode="bilinear")[0]
        return Example(value, index % 10, str(index))


class Repeated(Dataset):
    """The photographs of a folder again and again, turned the other way every second time."""

    def __init__(self, inner: Dataset, images: int) -> None:
        self.inner, self.images, self.name = inner, images, f"{inner.name} x {images}"

    def __len__(self) -> int:
        return self.images

    def read(self, index: int) -> Example:
        example = self.inner.read(index % len(self.inner))
        if (index // len(self.inner)) % 2:
            return Example(example.value.transpose(0), example.label, example.digest)
        return example


def network(name: str) -> Network:
    if name == "efficientnet-lite0":
        return deepro.load("builtin:efficientnet-lite0")
    from torchvision import models

    torch.manual_seed(0)
    return deepro.load(getattr(models, name)(weights=None).eval(), preprocess=Preprocess(size=(224, 224), resize=256))


def against_forward(name: str, images: int, batch: int, layers: str | None) -> None:
    net = network(name)
    data = Repeated(as_dataset(PHOTOGRAPHS), images) if PHOTOGRAPHS.is_dir() else Noise(images)
    plan = make_plan(net, data, layers, 9, batch, 128)
    state, bare, observed = SurveyState(), 0.0, 0.0
    reads: list[ReadExample] = []
    with untouched(net.module), torch.no_grad():
        net.module(torch.zeros(batch, *net.input_shape))
        for number, (each, held) in enumerate(batches(read_ahead(net, data, range(images), ahead=2 * batch), batch)):
            for turn in (number % 2, 1 - number % 2):
                start = time.process_time() if torch.get_num_threads() > 1 else time.thread_time()
                if turn:
                    forward(net, plan, state, each)
                else:
                    net.module(each.tensor)
                end = time.process_time() if torch.get_num_threads() > 1 else time.thread_time()
                bare, observed = bare + (end - start) * (1 - turn), observed + (end - start) * turn
            reads += [ReadExample(r.index, None, r.label, r.digest) for r in held]
        start = time.thread_time()
        state.finish(0, reads, [])
        to_result(net, data, plan, state, datetime.now(UTC), 0.0)
        result = time.thread_time() - start
    units = sum(len(top.values) for top in state.tops.values())
    print(
        f"{name:20s} {images} images, {len(plan.layers)} layers, {units} units: survey {observed / bare:.3f} x "
        f"the forward pass ({1e3 * bare / images:.0f} ms an image), {(observed + result) / bare:.3f} x with the result",
        flush=True,
    )


def memory(images: int) -> None:
    """Peak memory of this process after a survey of `images` synthetic images, in MB."""
    import resource

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 32, 5, 2), torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 3, 2))
    net = deepro.load(module, input_shape=(3, 32, 32))
    survey(net, Noise(images, 32), batch_size=64, shard_size=1024)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def compare_memory() -> None:
    peaks = [
        float(subprocess.run([sys.executable, __file__, "--peak", str(n)], check=True, capture_output=True).stdout)
        for n in (1_000, 100_000)
    ]
    print(
        f"peak memory, 100 000 images against 1 000: {peaks[1] / peaks[0]:.3f} x ({peaks[1]:.0f} MB, {peaks[0]:.0f} MB)"
    )


def compare_workers(images: int) -> None:
    """Seconds an image, as the slope between two sizes: the workers' start, the same for both, falls out."""
    import ray

    net, slopes = network("resnet50"), []
    few, many = max(8, images // 4), images
    for workers in (1, 2):
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
        seconds = []
        for count in (few, many):
            start = time.perf_counter()
            survey(net, Noise(count), engine="ray", workers=workers, batch_size=8, shard_size=8)
            seconds.append(time.perf_counter() - start)
        ray.shutdown()
        slopes.append((seconds[1] - seconds[0]) / (many - few))
        print(f"{workers} workers: {seconds[0]:.1f} s for {few}, {seconds[1]:.1f} s for {many} images", flush=True)
    print(f"two local workers against one, ResNet-50, an image: {slopes[0] / slopes[1]:.2f} x faster")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", nargs="*", default=NETWORKS)
    parser.add_argument("--layers", choices=["all"])
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--peak", type=int)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.peak:
        memory(asked.peak)
    elif asked.memory:
        compare_memory()
    elif asked.workers:
        compare_workers(asked.images)
    else:
        for name in asked.networks:
            against_forward(name, asked.images, asked.batch, asked.layers)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
