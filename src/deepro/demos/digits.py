"""A small plain network that reads handwritten digits, trained while you wait, and what can be seen in it.

Convolution, ReLU and max-pooling only: the network that the DeconvNet was made for, grey, 8 x 8, offline. The digits
are those of scikit-learn (Alpaydin & Kaynak 1998, 10.24432/C50P49): 1797 of them, every fifth held out.

It is trained against an adversary (Madry et al. 2018, arXiv 1706.06083): what such a network expects of a digit looks
like one (Santurkar et al. 2019, arXiv 1906.09453), where an ordinary one of this size is content with blots.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import deepro
from deepro import progress, registry
from deepro.embedding import Embedded, embed
from deepro.explanation import Explanation, explain, make
from deepro.kinds.patterns.pattern import Pattern
from deepro.kinds.spaces.layer_scores import LayerScores
from deepro.kinds.surveys.diagnosis import Diagnosis
from deepro.kinds.surveys.survey import Survey
from deepro.network import Network, Preprocess, load
from deepro.store import Workspace

LABELS = tuple("0123456789")
MAPPED = ("pool1", "pool2", "hidden")  # layers that the digits are mapped by
PICTURED = "pool2"  # the layer whose space is drawn in pictures
SCORED = ("conv1", "pool1", "conv2", "pool2", "hidden", "logits")
SHOWN = ("conv1", "conv2")  # layers whose units it shows
_HELD_OUT = 5
_EPOCHS = 30
_BATCH = 64
_MEAN, _STD = 0.305, 0.376  # of all pixels
_REACH, _TRIES = 0.6, 2  # how far the adversary may change a digit (length in pixels of 0..1), and its steps


@dataclass(frozen=True)
class DigitsDemo:
    """What the demo made. accuracy: share of held-out digits read right. folder: the digits as pictures."""

    net: Network
    accuracy: float
    explanation: Explanation
    pattern: Pattern
    survey: Survey
    health: Diagnosis
    maps: Embedded
    scores: LayerScores
    folder: Path

    @property
    def workspace(self) -> Workspace:
        return self.explanation.workspace


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
    """8 x 8, one channel."""
    return Preprocess(size=(8, 8), mean=(_MEAN,), std=(_STD,), order="L")


def pixels() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, 8, 8) uint8 pictures, (N,) digits, (N,) bool held out."""
    from sklearn.datasets import load_digits

    values, target = map(np.asarray, load_digits(return_X_y=True))
    pictures = (values.reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)
    return pictures, target.astype(np.int64), np.arange(len(pictures)) % _HELD_OUT == 0


def inputs() -> tuple[Tensor, np.ndarray, np.ndarray]:
    """(N, 1, 8, 8) as the network takes them, (N,) digits, (N,) bool held out."""
    pictures, labels, held_out = pixels()
    return (torch.from_numpy(pictures).float()[:, None] / 255 - _MEAN) / _STD, labels, held_out


def train(seed: int = 0, epochs: int = _EPOCHS) -> tuple[nn.Module, float]:
    """The trained network in evaluation mode and its accuracy on the held-out digits; the same for the same seed."""
    x, labels, held_out = inputs()
    y = torch.from_numpy(labels)
    x_train, y_train = x[~held_out], y[~held_out]
    with one_thread(), torch.random.fork_rng([]):
        torch.manual_seed(seed)
        net = DigitsNetwork()
        optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
        steps = epochs * -(-len(x_train) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
        for _ in progress.steps(range(epochs), "training"):
            for part in torch.randperm(len(x_train)).split(_BATCH):
                attacked = _attack(net, x_train[part], y_train[part])
                optimiser.zero_grad()
                loss = nn.functional.cross_entropy(net(attacked), y_train[part])
                loss.backward()
                optimiser.step()
                schedule.step()
        net.eval()
        with torch.no_grad():
            right = (net(x[held_out]).argmax(1) == y[held_out]).float().mean()
    return net, float(right)


def _attack(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The digits changed by at most _REACH so that the network reads them worse."""
    reach = _REACH / _STD
    length = lambda v: v.flatten(1).norm(dim=1).clamp_min(1e-9).view(-1, 1, 1, 1)  # noqa: E731
    change = torch.randn_like(x)
    change *= reach * torch.rand(len(x), 1, 1, 1) / length(change)
    for _ in range(_TRIES):
        change.requires_grad_()
        (slope,) = torch.autograd.grad(nn.functional.cross_entropy(net(x + change), y), change)
        change = change.detach() + 1.5 * reach / _TRIES * slope / length(slope)
        change *= (reach / length(change)).clamp(max=1)
    return (x + change).clamp(-_MEAN / _STD, (1 - _MEAN) / _STD)


@contextmanager
def one_thread() -> Iterator[None]:
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

    from deepro.methods.units.diagnosis import diagnose
    from deepro.survey import survey
    from deepro.survey.showing import show_units

    ws = Workspace(folder)
    net, accuracy = network()
    save_file(net.module.state_dict(), str(ws.folder / "digits.safetensors"))
    pictures = write_pictures(ws.folder / "digits")
    one_each = [min((pictures / label).glob("*.png")) for label in LABELS]
    explanation = explain(net, one_each, ws, layers=SHOWN)
    pattern = make(ws, registry.record(deepro.imagine), net, list(LABELS))
    units = survey(net, pictures, workspace=ws, resume=True)
    galleries = [shown for layer in SHOWN for shown in show_units(net, units, pictures, layer, ws)]
    health = diagnose(net, units, galleries=galleries)
    ws.add(health)
    maps = embed(ws, net, pictures, list(MAPPED), units=True)
    found = make(ws, registry.record(deepro.findings), net, pictures, MAPPED[-1])
    atlas = make(ws, registry.record(deepro.atlas), net, pictures, PICTURED, pool="mean")
    maps = replace(maps, findings=(found,), atlases=(atlas,))
    scores = make(ws, registry.record(deepro.layer_scores), net, pictures, list(SCORED))
    return DigitsDemo(net, accuracy, explanation, pattern, units, health, maps, scores, pictures)
