"""A training with three planted faults, watched: alarms name them, `mend` changes the network, which becomes better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepro import progress
from deepro.demos.digits import LABELS, inputs, one_thread
from deepro.kinds.trainings.alarms import Alarm, alarms
from deepro.kinds.trainings.training import Training
from deepro.network import load
from deepro.store import Workspace
from deepro.training.mend import Mended, mend
from deepro.training.record import read_run
from deepro.training.watch import watch

SEEDS = 5
STEPS = 400  # of the faulty training, and of each that follows
RATE = 0.1  # of Adam: thirty times what is usual here
_BATCH = 32
PLANTED = ("aliased first layer", "learning rate too high", "dying units")


class FaultyNetwork(nn.Module):
    """Two convolutions. The first skips three of four pixels, and most of its units begin too low to fire."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5, stride=4, padding=2)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc = nn.Linear(32 * 4, 10)
        with torch.no_grad():
            self.conv1.get_parameter("bias")[:10] = -20

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2(self.conv1(x).clamp(min=0)).clamp(min=0)
        return self.fc(functional.adaptive_avg_pool2d(x, 2).flatten(1))


@dataclass(frozen=True)
class TrainingDemo:
    """What the demo made. accuracies: arm -> (seeds,) on held-out digits; found: the first seed's alarms; mended: its
    changes; named: for each seed the planted faults that were named."""

    workspace: Workspace
    accuracies: Mapping[str, np.ndarray]
    found: tuple[Alarm, ...]
    mended: Mended
    named: tuple[tuple[str, ...], ...]

    @property
    def gain(self) -> tuple[float, float]:
        """Mean gain of the mended networks over the same training without the change, and its standard error."""
        gains = self.accuracies["mended"] - self.accuracies["as before"]
        return float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(gains)))


def training(folder: str | Path) -> TrainingDemo:
    """Train, watch, mend and train on, for each seed: once as before, and once as mended.

    The workspace has the first seed's three runs. Both networks that follow start from the same faulty one and see the
    same batches.
    """
    workspace = Workspace(folder)
    x, _, held_out = inputs()
    seen = x[held_out]
    accuracies: dict[str, list[float]] = {"faulty": [], "as before": [], "mended": []}
    kept: list[tuple[tuple[Alarm, ...], Mended]] = []
    named = []
    for seed in progress.steps(range(SEEDS), "training"):
        place = Path(folder) if seed == 0 else Path(folder) / "seeds" / str(seed)
        torch_seed = 100 * seed
        with torch.random.fork_rng([]):
            torch.manual_seed(torch_seed)
            net = FaultyNetwork()
        record = _train(net, RATE, torch_seed + 1, place, "faulty")
        found = tuple(alarms(record))
        named.append(tuple(fault for fault in PLANTED if fault in {a.fault for a in found}))
        mended = mend(load(net, input_shape=(1, 8, 8)), record, inputs=seen, seed=seed)
        accuracies["faulty"].append(_accuracy(net))
        kept.append((found, mended))
        for arm, module, rate in (("as before", net, RATE), ("mended", mended.module, RATE * mended.rate)):
            _train(module, rate, torch_seed + 2, place, arm)
            accuracies[arm].append(_accuracy(module))
    mended = kept[0][1]
    if not (workspace.folder / "mended").exists():
        mended.save(workspace.folder / "mended")
    arms = {arm: np.array(values) for arm, values in accuracies.items()}
    return TrainingDemo(workspace, arms, kept[0][0], mended, tuple(named))


def _train(net: nn.Module, rate: float, seed: int, folder: Path, name: str) -> Training:
    """Train in place for STEPS and give its record."""
    x, labels, held_out = inputs()
    y = torch.from_numpy(labels)
    own, seen = np.flatnonzero(~held_out), (x[held_out], y[held_out])
    optimiser = torch.optim.Adam(net.parameters(), rate)
    with one_thread(), torch.random.fork_rng([]):
        torch.manual_seed(seed)
        with watch(net, seen, folder, labels=list(LABELS), process=False, share=1.0, every=50, name=name) as w:
            for _ in range(STEPS):
                rows = torch.from_numpy(own)[torch.randint(0, len(own), (_BATCH,))]
                optimiser.zero_grad()
                logits = net(x[rows])
                loss = functional.cross_entropy(logits, y[rows])
                loss.backward()
                optimiser.step()
                w.step(loss=loss, accuracy=(logits.argmax(1) == y[rows]).float().mean())
    return read_run(folder, w.run)


def _accuracy(net: nn.Module) -> float:
    x, labels, held_out = inputs()
    with torch.no_grad():
        return float((net(x[held_out]).argmax(1).numpy() == labels[held_out]).mean())
