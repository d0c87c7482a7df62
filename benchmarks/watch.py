"""Watched trainings: alarms on healthy and faulty ones, what watching costs, how large a record is.

    OMP_NUM_THREADS=1 python benchmarks/watch.py alarms [FIRST_SEED]
    python benchmarks/watch.py time
    python benchmarks/watch.py disk

Each run is a small network on scikit-learn's digits whose architecture, optimiser and sizes its seed draws. Seeds below
1000 were looked at when the rules were made; the table in docs/training.md is of 1000 and on.
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import deepro
from deepro.training.record import RunWriter, read_run

STEPS = 400


class Rows(nn.Module):
    """A recurrent network or a transformer that reads a digit row by row."""

    def __init__(self, inner: nn.Module, width: int, embed: bool = False) -> None:
        super().__init__()
        self.embed = nn.Linear(8, width) if embed else nn.Identity()
        self.inner, self.fc = inner, nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        out = self.inner(self.embed(x[:, 0]))
        return self.fc(out[0][:, -1] if isinstance(out, tuple) else out.mean(1))


def dense(draw: random.Random, depth: int, act: type[nn.Module] = nn.ReLU, width: int | None = None) -> nn.Module:
    width = width or draw.choice([32, 64, 128])
    sizes = [64, *[width] * depth]
    blocks = [m for a, b in itertools.pairwise(sizes) for m in (nn.Linear(a, b), act())]
    return nn.Sequential(nn.Flatten(), *blocks, nn.Linear(width, 10))


def convolutional(draw: random.Random, norm: bool, act: type[nn.Module] = nn.ReLU, large: bool = False,
                  kernel: int = 3, stride: int = 1) -> nn.Module:  # fmt: skip
    width = draw.choice([8, 16, 32])
    first = nn.Conv2d(1, width, kernel, stride, kernel // 2)
    blocks: list[nn.Module] = [nn.Upsample(32, mode="bilinear")] if large else []
    blocks += [first, nn.BatchNorm2d(width) if norm else nn.Identity(), act()]
    blocks += [nn.Conv2d(width, 2 * width, 3, 2, 1), nn.BatchNorm2d(2 * width) if norm else nn.Identity(), act()]
    if draw.random() < 0.5:
        blocks.append(nn.Dropout(0.2))
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(32 * width, 10))


def recurrent(draw: random.Random, kind: type[nn.RNNBase] = nn.LSTM) -> nn.Module:
    width = draw.choice([32, 64])
    return Rows(kind(8, width, draw.choice([1, 2]), batch_first=True), width)  # type: ignore[call-arg]


def attending(draw: random.Random) -> nn.Module:
    block = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True)
    return Rows(nn.TransformerEncoder(block, draw.choice([1, 2]), enable_nested_tensor=False), 32, embed=True)


HEALTHY: list[Callable[[random.Random], nn.Module]] = [
    lambda d: dense(d, d.choice([1, 2, 3])),
    lambda d: dense(d, 2, nn.GELU),
    lambda d: convolutional(d, norm=True),
    lambda d: convolutional(d, norm=False),
    lambda d: convolutional(d, norm=True, act=nn.SiLU),
    lambda d: convolutional(d, norm=d.random() < 0.5, large=True, kernel=7, stride=2),
    recurrent,
    lambda d: recurrent(d, nn.GRU),
    attending,
    lambda d: dense(d, 1, nn.Tanh),
]


def optimiser(draw: random.Random, net: nn.Module) -> torch.optim.Optimizer:
    """Usual settings."""
    if draw.random() < 0.4 and not any(isinstance(m, nn.RNNBase) for m in net.modules()):
        return torch.optim.SGD(net.parameters(), draw.choice([0.03, 0.1]), momentum=draw.choice([0.0, 0.9]) * (0.5))
    kind = draw.choice([torch.optim.Adam, torch.optim.AdamW])
    return kind(net.parameters(), draw.choice([1e-3, 3e-3]))


def _shift_biases(net: nn.Module, by: float) -> nn.Module:
    for m in net.modules():
        if isinstance(m, nn.Conv2d) or (isinstance(m, nn.Linear) and m.out_features != 10):
            m.bias.data.fill_(by)
    return net


def _scaled(net: nn.Module, by: float) -> nn.Module:
    for m in net.modules():
        if isinstance(m, nn.Linear):
            m.weight.data *= by
    return net


def _gates(net: nn.Module) -> nn.Module:
    for name, p in net.named_parameters():
        if "bias_ih" in name:
            p.data += torch.where(torch.arange(len(p)) % 2 == 0, 12.0, -12.0)
    return net


def _momentum(net: nn.Module, value: float) -> nn.Module:
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = value
    return net


def fast(rate: float, kind: type = torch.optim.SGD) -> Any:
    return lambda _d, net: kind(net.parameters(), rate)


# fault -> how the network is made, its optimiser, and what is done to the labels of the training.
FAULTY: dict[str, list[tuple[Any, Any, Any]]] = {
    "dying units": [(lambda d: _shift_biases(dense(d, 2), -d.uniform(3, 8)), optimiser, None)],
    "learning rate too high": [
        (lambda d: convolutional(d, norm=False), lambda d, n: torch.optim.SGD(n.parameters(), d.uniform(2, 5)), None),
        (lambda d: dense(d, 2, nn.GELU), lambda d, n: torch.optim.Adam(n.parameters(), d.uniform(0.2, 0.6)), None),
    ],
    "aliased first layer": [
        (lambda d: convolutional(d, norm=True, kernel=d.choice([3, 5]), stride=4), optimiser, None),
    ],
    "exploding gradients": [(lambda d: _scaled(dense(d, d.choice([6, 8, 10]), width=64), 6.0), fast(1e-4), None)],
    "vanishing gradients": [(lambda d: dense(d, d.choice([7, 8, 10]), nn.Sigmoid, width=64), fast(0.05), None)],
    "saturated gates": [(lambda d: _gates(recurrent(d)), optimiser, None)],
    "memorising": [
        (lambda d: dense(d, 2, width=256), lambda _d, n: torch.optim.Adam(n.parameters(), 3e-3), "shuffled"),
    ],
    "class never predicted": [(lambda d: convolutional(d, norm=True), optimiser, "missing")],
    "modes disagree": [(lambda d: _momentum(convolutional(d, norm=True), 1e-4), optimiser, None)],
}  # fmt: skip


def digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8) / 8 - 1, torch.tensor(y)


def run(seed: int, make: Any, choose: Any, labels: str | None, folder: Path, steps: int = STEPS) -> Any:
    """The record of one training, watched in the loop at every step that is due."""
    draw = random.Random(seed)
    torch.manual_seed(seed)
    x, y = digits()
    order = torch.randperm(len(x))
    train, held = order[:1000], order[1000:1256]
    given = y.clone()
    if labels == "shuffled":
        given[train] = given[train][torch.randperm(len(train))]
        train = train[:300]
    if labels == "missing":
        train = train[y[train] != seed % 10]
    net = make(draw)
    steps = 4 * steps if labels == "shuffled" else steps
    choice, size = choose(draw, net), draw.choice([32, 64])
    with deepro.watch(net, (x[held], y[held]), folder, process=False, share=1e9, every=50) as w:
        for _ in range(steps):
            rows = train[torch.randint(0, len(train), (size,))]
            choice.zero_grad()
            logits = net(x[rows])
            loss = functional.cross_entropy(logits, given[rows])
            loss.backward()
            choice.step()
            w.step(loss=loss, accuracy=(logits.argmax(1) == given[rows]).float().mean())
    assert not any("watching" in line for line in w.notes), w.notes
    return read_run(folder)


def every(first: int) -> Iterator[tuple[str, int, Any]]:
    """(fault or '', seed, record) of 20 healthy runs and of ten faulty ones."""
    jobs: list[tuple[str, Any, Any, Any]] = [("", HEALTHY[i % len(HEALTHY)], optimiser, None) for i in range(20)]
    jobs += [(fault, *made) for fault, variants in FAULTY.items() for made in variants]
    for number, (fault, *made) in enumerate(jobs):
        with tempfile.TemporaryDirectory() as folder:
            yield fault, first + number, run(first + number, *made, Path(folder) / "ws")


def table(first: int) -> None:
    """What was named in each run, and the two counts."""
    from deepro.kinds.trainings.alarms import alarms

    healthy, named, faulty = 0, 0, 0
    for fault, seed, record in every(first):
        found = list(dict.fromkeys(a.fault for a in alarms(record)))
        healthy += len(found) if not fault else 0
        faulty, named = faulty + bool(fault), named + (fault in found)
        held = record.at["evaluated"][-1, 1]
        print(f"{seed:5} {fault or 'healthy':24} {held:6.1%}  {', '.join(found) or '-'}", flush=True)
    print(f"{healthy} alarms on healthy runs; {named} of {faulty} planted faults named")


def cost(steps: int = 40, rounds: int = 3) -> None:
    """A training of ResNet-18 at 64 pixels with watching against without, in turns."""
    import torchvision

    def once(watching: bool) -> tuple[float, str]:
        torch.manual_seed(0)
        net = torchvision.models.resnet18(num_classes=10)
        x, y = torch.randn(256, 3, 64, 64), torch.randint(0, 10, (256,))
        choice = torch.optim.SGD(net.parameters(), 0.01)

        def loop(w: Any) -> float:
            started = time.perf_counter()
            for step in range(steps):
                rows = torch.arange(32) + 32 * (step % 8)
                choice.zero_grad()
                loss = functional.cross_entropy(net(x[rows]), y[rows])
                loss.backward()
                choice.step()
                if w:
                    w.step(loss=loss)
            return time.perf_counter() - started

        if not watching:
            return loop(None), ""
        with tempfile.TemporaryDirectory() as folder, deepro.watch(net, (x, y), Path(folder) / "ws") as w:
            taken = loop(w)
            return taken, f"{len(w.recorded)} steps recorded, cost as measured {w.cost:.3f}"

    pairs = []
    for _ in range(rounds):
        without, (with_, said) = once(False)[0], once(True)
        pairs.append(with_ / without)
        print(f"without {without:.1f} s, with {with_:.1f} s: {pairs[-1]:.3f} ({said})", flush=True)
    print(f"median ratio {statistics.median(pairs):.3f}")


def disk(steps: int = 1000, units: int = 2000) -> None:
    """Bytes of a record whose numbers are as hard to compress as a network's, and the seconds that its page takes."""
    from deepro.report import build

    rng = np.random.default_rng(0)
    layers = 20
    about = {
        "layers": [f"layer{i}" for i in range(layers)], "modules": [f"layer{i}" for i in range(layers)],
        "units": [units // layers] * layers, "silences": [True] * layers,
        "followed": [["layer0", i] for i in range(12)],
        "names": [str(i) for i in range(256)], "classes": [str(i) for i in range(10)], "pinned": 0, "began": "",
        "labels": rng.integers(0, 10, 256), "tiles": rng.integers(0, 255, (256, 40, 40, 3)).astype(np.uint8),
        "first": "layer0", "stride": [2, 2],
    }  # fmt: skip
    drift = rng.normal(size=(units, 4))
    with tempfile.TemporaryDirectory() as folder:
        writer = RunWriter(deepro.Workspace(Path(folder) / "ws"), "a", {"fingerprint": "f"}, (), about)
        for step in range(1, steps + 1):
            drift += 0.01 * rng.normal(size=drift.shape)
            row = lambda *shape: rng.normal(size=shape).astype(np.float32)  # noqa: E731
            at = {n: row(layers) for n in ("gradient", "update", "weight", "silent", "dead", "rank", "probe", "past")}
            at |= {
                "best": (np.abs(drift) * 60).clip(0, 255).astype(np.uint8), "strength": drift.astype(np.float16),
                "quiet": drift[:, 0].astype(np.float16), "kernels": row(layers, 780).astype(np.float16),
                "classes": rng.integers(0, 10, 256).astype(np.int32), "losses": row(256).astype(np.float16),
                "evaluated": row(2), "pinned": row(10).astype(np.float16), "heatmap": row(40, 40).astype(np.float16),
                "projections": np.clip(128 + 30 * row(12, 40, 40, 3), 0, 255).astype(np.uint8),
                "windows": row(12, 4).astype(np.float16),
                "filters": np.clip(128 + 30 * row(64, 7, 7, 3), 0, 255).astype(np.uint8),
            }  # fmt: skip
            writer.add(step, float(step), {"loss": np.array([[step, 1 / step]])}, at)
        started = time.perf_counter()
        page = build(deepro.Workspace(Path(folder) / "ws"))
        size = sum(f.stat().st_size for f in page.parent.rglob("*") if f.is_file()) / 2**20
        print(f"{writer.bytes / 2**20:.0f} MiB for {steps} steps of {units} units; its report {size:.0f} MiB in "
              f"{time.perf_counter() - started:.1f} s")  # fmt: skip


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["alarms"]
    if what == "alarms":
        torch.set_num_threads(1)
        table(int(rest[0]) if rest else 1000)
    else:
        {"time": cost, "disk": disk}[what]()
