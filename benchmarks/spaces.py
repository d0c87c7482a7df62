"""Spaces as ratios, in one run: capture, t-SNE, the quality of a map of digits, and search among a million codes.

    python benchmarks/spaces.py [--only capture tsne digits search] [--codes 1000000] [--threads 1]

capture: codes of three layers and the predictions, against the bare forward pass over the same batches.
tsne: the layout with its exact neighbours, against openTSNE called directly on the same codes; and the whole map with
quality and baselines.
digits: neighbours@15 of the map of the digits network, against openTSNE's best of three settings.
search: ten exact neighbours of one code among many of 256 numbers in half precision on disk, against a NumPy product of
the same table held in memory in single precision, which has nothing to convert.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import deepro
from deepro.data.examples import as_examples
from deepro.methods.spaces.codes import capture
from deepro.methods.spaces.layouts import pca_layout, tsne_layout
from deepro.methods.spaces.neighbours import Finder
from deepro.methods.spaces.quality import quality
from deepro.probe import untouched


def best(*ways: Callable[[], Any], times: int = 3) -> list[float]:
    """Shortest seconds of each way, taken in turns, after one round to warm up."""
    for way in ways:
        way()
    found = [float("inf")] * len(ways)
    for _ in range(times):
        for i, way in enumerate(ways):
            started = time.perf_counter()
            way()
            found[i] = min(found[i], time.perf_counter() - started)
    return found


def measure_capture() -> None:
    from torchvision.models import squeezenet1_0

    net = deepro.load(squeezenet1_0(weights=None).eval(), input_shape=(3, 224, 224))
    images = torch.randn(64, 3, 224, 224)
    examples = as_examples(net, images)
    layers = ["features.4", "features.9", "features.12"]
    capture(net, examples, layers, batch_size=16)  # traces the network

    def bare() -> None:
        with untouched(net.module), torch.no_grad():
            for batch in images.split(16):
                net.module(batch)

    plain, ours = best(bare, lambda: capture(net, examples, layers, batch_size=16))
    print(
        f"capture    three layers of SqueezeNet, 64 images: {ours:.2f} s, bare pass {plain:.2f} s: {ours / plain:.3f} x"
    )


def digit_codes() -> np.ndarray:
    """(1797, 64) codes of the digits network's hidden layer."""
    from deepro.demos import digits

    net, _ = digits.network()
    x, _, _ = digits.inputs()
    return capture(net, as_examples(net, x), "hidden").arrays["hidden"]


def measure_tsne() -> None:
    import openTSNE

    codes = digit_codes()
    jobs = torch.get_num_threads()

    def ours() -> Any:
        near = Finder(codes).of_all(150)
        return tsne_layout(near, pca_layout(codes).values, jobs=jobs)

    def whole() -> None:
        near = Finder(codes).of_all(150)
        made = tsne_layout(near, pca_layout(codes).values, jobs=jobs)
        quality(codes, made.values, neighbours=near)
        quality(codes, pca_layout(codes).values, neighbours=near)

    def theirs() -> None:
        openTSNE.TSNE(random_state=0, n_jobs=jobs).fit(codes)

    direct, layout, everything = best(theirs, ours, whole, times=2)
    print(
        f"t-SNE      1797 digits: {layout:.1f} s, openTSNE {direct:.1f} s: {layout / direct:.3f} x; "
        f"with quality and baseline {everything / direct:.3f} x"
    )


def measure_digits() -> None:
    import openTSNE

    codes = digit_codes()
    near = Finder(codes).of_all(150)
    kept = lambda values: quality(codes, values, neighbours=near).numbers["neighbours@15"]  # noqa: E731
    ours = kept(tsne_layout(near, pca_layout(codes).values).values)
    theirs = {p: kept(np.asarray(openTSNE.TSNE(perplexity=p, random_state=0).fit(codes))) for p in (15, 30, 50)}
    shown = ", ".join(f"{p}: {v:.3f}" for p, v in theirs.items())
    print(f"digits     neighbours@15 {ours:.3f}, openTSNE by perplexity {shown}: {ours - max(theirs.values()):+.3f}")
    print(f"           PCA {kept(pca_layout(codes).values):.3f}")


def measure_search(count: int) -> None:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "codes.npy"
        table = np.lib.format.open_memmap(file, "w+", np.float16, (count, 256))
        for start in range(0, count, 50_000):
            part = table[start : start + 50_000]
            part[:] = rng.standard_normal(part.shape, dtype=np.float32)
        table.flush()
        del table
        mapped = np.load(file, mmap_mode="r")
        started = time.perf_counter()
        finder = Finder(mapped)
        built = time.perf_counter() - started
        query = rng.standard_normal(256).astype(np.float32)
        single = mapped.astype(np.float32)
        product, search = best(lambda: single @ query, lambda: finder.of(query, 10), times=8)
    print(
        f"search     ten of {count} x 256 on disk: {search:.3f} s, NumPy product in memory {product:.3f} s: "
        f"{search / product:.2f} x; built once in {built:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=["capture", "tsne", "digits", "search"])
    parser.add_argument("--codes", type=int, default=1_000_000, help="how many to search")
    parser.add_argument("--threads", type=int, default=None, help="torch's by default")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    print(f"{torch.get_num_threads()} threads")
    ways: dict[str, Callable[[], None]] = {
        "capture": measure_capture,
        "tsne": measure_tsne,
        "digits": measure_digits,
        "search": lambda: measure_search(options.codes),
    }
    for name in options.only:
        ways[name]()


if __name__ == "__main__":
    main()
