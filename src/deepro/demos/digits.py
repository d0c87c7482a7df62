"""A small plain network that reads handwritten digits, trained while you wait, and what can be seen in it.

Convolution, ReLU and max-pooling only: the network that the DeconvNet was made for, grey, 8 x 8, offline. The digits
are those of scikit-learn (Alpaydin & Kaynak 1998, 10.24432/C50P49): 1797 of them, every fifth held out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepro import progress, registry
from deepro.explanation import Explanation, explain, make
from deepro.network import Network, Preprocess, load
from deepro.results import AlignedMaps, LayerScores, Map, Pattern
from deepro.store import Workspace

LABELS = tuple("0123456789")
MAPPED = ("pool1", "pool2", "hidden")  # layers whose maps the demo makes
SHOWN = ("conv1", "conv2")  # layers whose units it shows
_HELD_OUT = 5
_EPOCHS = 20
_BATCH = 64


@dataclass(frozen=True)
class DigitsDemo:
    """What the demo made. accuracy: share of held-out digits read right. folder: the digits as pictures."""

    net: Network
    accuracy: float
    explanation: Explanation
    pattern: Pattern
    survey: Any
    maps: tuple[Map, ...]
    aligned: AlignedMaps
    scores: LayerScores
    folder: Path


class DigitsNetwork(nn.Sequential):
    """(N, 1, 8, 8) -> (N, 10): two convolutions, each rectified and pooled, and two dense layers."""

    def __init__(self) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            conv1=nn.Conv2d(1, 16, 3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(16, 32, 3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flat=nn.Flatten(),
            hidden=nn.Linear(128, 64),
            relu3=nn.ReLU(),
            logits=nn.Linear(64, 10),
        )
        super().__init__(layers)


def preprocess() -> Preprocess:
    """8 x 8, one channel, 0..1."""
    return Preprocess(size=(8, 8), mean=(0.0,), std=(1.0,), order="L")


def pixels() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, 8, 8) uint8 pictures, (N,) digits, (N,) bool held out."""
    from sklearn.datasets import load_digits

    values, target = load_digits(return_X_y=True)
    pictures = (values.reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)
    return pictures, target.astype(np.int64), np.arange(len(pictures)) % _HELD_OUT == 0


def inputs() -> tuple[Tensor, np.ndarray, np.ndarray]:
    """(N, 1, 8, 8) as the network takes them, (N,) digits, (N,) bool held out."""
    pictures, labels, held_out = pixels()
    return torch.from_numpy(pictures).float()[:, None] / 255, labels, held_out


def train(seed: int = 0, epochs: int = _EPOCHS) -> tuple[nn.Module, float]:
    """The trained network in evaluation mode and its accuracy on the held-out digits; the same for the same seed."""
    x, labels, held_out = inputs()
    y = torch.from_numpy(labels)
    x_train, y_train = x[~held_out], y[~held_out]
    with _one_thread(), torch.random.fork_rng([]):
        torch.manual_seed(seed)
        net = DigitsNetwork()
        optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
        steps = epochs * -(-len(x_train) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
        for _ in progress.steps(range(epochs), "training"):
            for part in torch.randperm(len(x_train)).split(_BATCH):
                optimiser.zero_grad()
                loss = nn.functional.cross_entropy(net(x_train[part]), y_train[part])
                loss.backward()
                optimiser.step()
                schedule.step()
        net.eval()
        with torch.no_grad():
            right = (net(x[held_out]).argmax(1) == y[held_out]).float().mean()
    return net, float(right)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def network(seed: int = 0) -> tuple[Network, float]:
    """The trained network, ready for every method, and its held-out accuracy."""
    trained, accuracy = train(seed)
    return load(trained, preprocess=preprocess(), labels=list(LABELS)), accuracy


def write_pictures(folder: str | Path) -> Path:
    """The held-out digits as PNG files, a folder a digit; those that are there already stay."""
    from PIL import Image

    folder = Path(folder)
    for number, (picture, label, held_out) in enumerate(zip(*pixels(), strict=True)):
        file = folder / str(label) / f"{number:04d}.png"
        if held_out and not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(file)
    return folder


def digits(folder: str | Path) -> DigitsDemo:
    """Train, then survey, patterns, regions and maps, in a workspace that holds the weights and the digits too."""
    from safetensors.torch import save_file

    from deepro.survey import survey

    ws = Workspace(folder)
    net, accuracy = network()
    save_file(net.module.state_dict(), str(ws.folder / "digits.safetensors"))
    pictures = write_pictures(ws.folder / "digits")
    one_each = [min((pictures / label).glob("*.png")) for label in LABELS]
    explanation = explain(net, one_each, ws, layers=SHOWN)
    pattern = make(ws, registry.get("imagine"), net, list(LABELS))
    units = survey(net, pictures, workspace=ws, resume=True)
    maps = tuple(make(ws, registry.get("tsne"), net, pictures, layer) for layer in MAPPED)
    aligned = make(ws, registry.get("aligned_maps"), net, pictures, list(MAPPED))
    scores = make(ws, registry.get("layer_scores"), net, pictures, list(MAPPED))
    return DigitsDemo(net, accuracy, explanation, pattern, units, maps, aligned, scores, pictures)
