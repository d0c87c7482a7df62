"""Inputs, logits and fingerprints of a network."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import deepro
from deepro.errors import ImageError, NetworkError, ShapeError, UnsupportedError, UsageError
from deepro.network import Network


def _net(**options: Any) -> Network:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return deepro.load(module, **{"preprocess": "size=24", "labels": ["a", "b", "c"], **options})


# ---- inputs


def test_pictures_of_every_kind(tmp_path: Path) -> None:
    net = _net()
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    one = net.prepare(pixels)
    assert one.tensor.shape == (1, 3, 24, 24)
    assert one.pictures is not None
    assert one.pictures.shape == (1, 24, 24, 3)
    for many in ([pixels, tmp_path / "p.png"], (pixels, Image.fromarray(pixels)), np.stack([pixels, pixels])):
        inputs = net.prepare(many)
        assert len(inputs) == 2
        assert torch.equal(inputs.tensor[0], inputs.tensor[1])
        assert inputs.fingerprints[0] == inputs.fingerprints[1] == one.fingerprints[0]
    card = net.prepare(tmp_path / "p.png").card()[0]
    assert (card["name"], card["size"]) == ("p.png", [50, 40])
    assert net.prepare(one) is one


def test_tensors_are_taken_as_they_are() -> None:
    net = _net()
    batch = torch.rand(2, 3, 24, 24)
    assert torch.equal(net.prepare(batch).tensor, batch)
    assert torch.equal(net.prepare(batch[0]).tensor, batch[:1])
    assert torch.equal(net.prepare([batch[0], batch[1]]).tensor, batch)
    assert net.prepare(torch.rand(1, 3, 30, 40)).tensor.shape == (1, 3, 30, 40)  # this network takes any size
    assert net.prepare(batch.double()).tensor.dtype == torch.float32


@pytest.mark.parametrize(
    ("images", "error", "said"),
    [
        (torch.rand(2, 1, 24, 24), ShapeError, r"\(2, 1, 24, 24\), expected \(N, 3, 24, 24\)"),
        (torch.rand(24, 24), ShapeError, r"expected \(N, 3, 24, 24\)"),
        (torch.rand(1, 3, 2, 2), ShapeError, r"expected \(N, 3, 24, 24\)"),
        (torch.full((1, 3, 24, 24), float("nan")), ShapeError, "NaN"),
        ([torch.rand(3, 4, 4), torch.rand(3, 5, 5)], ShapeError, "differ"),
        (torch.rand(0, 3, 24, 24), ShapeError, "expected"),
        (np.zeros((24, 24, 3)), ImageError, "float64"),
        ("none.jpg", ImageError, "none.jpg"),
        ([], UsageError, "no pictures"),
        (None, UsageError, "NoneType"),
    ],
)
def test_bad_inputs(images: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said) as raised:
        _net().prepare(images)
    assert "\n" not in str(raised.value)


def test_without_preprocessing() -> None:
    net = _net(preprocess=None)
    assert net.prepare(torch.rand(1, 3, 24, 24)).pictures is None
    with pytest.raises(UsageError, match="tensors only"):
        net.prepare(np.zeros((4, 4, 3), np.uint8))
    tokens = deepro.load(nn.Sequential(nn.Embedding(9, 4), nn.Flatten(1), nn.Linear(4 * 32, 2)))
    inputs = tokens.prepare(torch.zeros(3, 32, dtype=torch.long))
    assert inputs.tensor.dtype == torch.long
    assert tokens.logits(inputs.tensor).shape == (3, 2)


def test_grey_and_not_square() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 26 * 18, 10))
    net = deepro.load(module, preprocess={"size": [28, 20], "order": "L"})
    inputs = net.prepare(np.zeros((50, 50), np.uint8))
    assert inputs.tensor.shape == (1, 1, 28, 20)
    assert inputs.pictures is not None
    assert inputs.pictures.shape == (1, 28, 20, 3)
    assert len(net.predict(np.zeros((50, 50, 3), np.uint8))) == 5
    with pytest.raises(ShapeError, match=r"expected \(N, 1, 28, 20\)"):
        net.prepare(torch.rand(1, 1, 30, 30))


# ---- what comes out

Pair = namedtuple("Pair", ["features", "logits"])


class Gives(nn.Module):
    def __init__(self, give: Any) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.give = give

    def forward(self, x: Tensor) -> Any:
        return self.give(self.layer(x), x)


@pytest.mark.parametrize(
    ("give", "output"),
    [
        (lambda y, x: y, None),
        (lambda y, x: {"logits": y, "features": x}, None),
        (lambda y, x: {"features": x, "scores": y}, "scores"),
        (lambda y, x: (x, y), 1),
        (lambda y, x: [x, y], "1"),
        (lambda y, x: (x, y), -1),
        (lambda y, x: Pair(x, y), None),
        (lambda y, x: Pair(x, y), "logits"),
        (lambda y, x: (y, x[:, None]), None),
        (lambda y, x: y[:, :, None, None], None),
        (lambda y, x: y.squeeze(), None),
    ],
)
def test_logits_are_found(give: Any, output: Any) -> None:
    net = deepro.load(Gives(give), output=output, labels=["a", "b", "c"])
    x = torch.rand(1, 4)
    assert torch.equal(net.logits(x), net.module.layer(x).detach())


@pytest.mark.parametrize(
    ("give", "output", "said"),
    [
        (lambda y, x: (x, y), None, r"tuple with 0 \(1, 4\), 1 \(1, 3\); choose the logits with output="),
        (lambda y, x: {"a": x, "b": y}, "c", r"no 'c'; it has a \(1, 4\), b \(1, 3\)"),
        (lambda y, x: (x, y), 2, "no 2"),
        (lambda y, x: y[:, None, :, None], None, r"gave \(1, 1, 3, 1\), expected logits \(N, K\)"),
        (lambda y, x: "text", None, "returned str"),
        (lambda y, x: 1 / 0, None, "failed on an input of .*ZeroDivisionError"),
    ],
)
def test_logits_not_found(give: Any, output: Any, said: str) -> None:
    net = deepro.load(Gives(give), output=output, input_shape=(4,))
    with pytest.raises(NetworkError, match=said) as raised:
        net.logits(torch.rand(1, 4))
    assert "\n" not in str(raised.value)


def test_googlenet_in_training_mode() -> None:
    from torchvision.models import googlenet

    module = googlenet(weights=None, init_weights=False, aux_logits=True).train()
    net = deepro.load(module, preprocess="size=64")
    assert net.logits(torch.rand(1, 3, 64, 64)).shape == (1, 1000)
    assert module.training


def test_predict() -> None:
    net = _net()
    top = net.predict(np.zeros((30, 30, 3), np.uint8), top=9)
    assert sorted(label for label, _ in top) == ["a", "b", "c"]
    assert sum(p for _, p in top) == pytest.approx(1)
    assert [p for _, p in top] == sorted((p for _, p in top), reverse=True)
    with pytest.raises(UsageError, match="one image, got 2"):
        net.predict(np.zeros((2, 30, 30, 3), np.uint8))
    with pytest.raises(ShapeError, match=r"expected \(N, 3, 24, 24\)"):
        net.logits(torch.rand(1, 2, 24, 24))


# ---- fingerprints


def test_fingerprint_sees_every_change() -> None:
    net = _net()
    module = net.module
    seen = {net.fingerprint}
    assert net.fingerprint in seen
    assert _net().fingerprint in seen  # the same network loaded again
    assert _net(labels=["x", "y", "z"]).fingerprint in seen  # labels are no part of it

    def changed() -> bool:
        new = net.fingerprint not in seen
        seen.add(net.fingerprint)
        return new

    with torch.no_grad():
        module[0].weight[0, 0, 0, 0] += 1e-4
    assert changed()
    module[4].weight.data[0, 0] += 1e-4  # past the version counter
    assert changed()
    module[0].stride = (2, 2)
    assert changed()
    module[1] = nn.SiLU()
    assert changed()
    module.register_buffer("extra", torch.ones(3))
    assert changed()
    module.extra[1] = 5
    assert changed()
    module[4].weight = nn.Parameter(torch.zeros(3, 4))
    assert changed()
    net.preprocess = deepro.Preprocess((24, 24), mean=0.5)
    assert changed()


NET = """
import torch
from torch import nn
from torch.nn import functional as F

def gate(x):
    return F.relu(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 3)
        self.gain = 2.0
        self.sizes = [1, 2]
        self.mask = torch.ones(4, 1, 1)

    def forward(self, x):
        return (gate(self.conv(x)) * self.gain * self.mask).mean((2, 3))
"""


def test_fingerprint_sees_code_and_plain_attributes(tmp_path: Path) -> None:
    seen = set()
    for n, text in enumerate((NET, NET.replace("F.relu", "F.leaky_relu"), NET.replace("gain = 2.0", "gain = -3"))):
        (tmp_path / f"n{n}").mkdir()
        (tmp_path / f"n{n}" / "net.py").write_text(text)
        seen.add(deepro.load(f"{tmp_path}/n{n}/net.py:Net").fingerprint)
    assert len(seen) == 3
    net = deepro.load(f"{tmp_path}/n0/net.py:Net")
    assert net.fingerprint in seen  # the same file again
    for change in (
        lambda m: setattr(m, "gain", 3.0),
        lambda m: m.sizes.append(3),
        lambda m: m.mask.mul_(0.5),
        lambda m: setattr(m, "act", torch.tanh),
    ):
        change(net.module)
        assert net.fingerprint not in seen
        seen.add(net.fingerprint)


def test_fingerprint_equals_the_slow_one() -> None:
    from deepro.network.fingerprint import Fingerprinter, digest_module

    net = deepro.load("torchvision:resnet18", weights="random")
    quick = Fingerprinter()
    for _ in range(2):
        assert quick(net.module) == digest_module(net.module)


class Overwrites(nn.Module):
    """Changes its input in place, as in-place first layers and careless preprocessing do."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x.mul_(2).add_(1))


def test_what_the_network_does_to_its_input_never_reaches_the_users_tensor() -> None:
    net = deepro.load(Overwrites())
    x = torch.randn(2, 3, 9, 11)
    kept = x.clone()
    for act in (net.prepare, net.logits, net.predict, net.trace):
        act(x[:1])
    deepro.activations(net, x, "body.0")
    deepro.deconvnet(net, x, "body.1", units=0)
    deepro.heatmap(net, x, 1)
    assert torch.equal(x, kept)


def test_a_shape_that_was_only_guessed_refuses_nothing_that_runs() -> None:
    net = deepro.load(nn.Sequential(nn.Flatten(), nn.Linear(27, 4)))
    assert net.input_shape == (27,)
    assert net.logits(net.prepare(torch.randn(2, 3, 3, 3)).tensor).shape == (2, 4)
    with pytest.raises(ShapeError, match=r"expected \(N, 27\)"):
        net.prepare(torch.randn(2, 3, 3))


def test_examples_that_would_mix_in_a_batch_are_refused() -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(4, track_running_stats=False)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    net = deepro.load(module, input_shape=(3, 8, 8))
    x = torch.randn(2, 3, 8, 8)
    with pytest.raises(UnsupportedError, match=r"layer '1' normalises by the batch's own statistics"):
        deepro.gradient(net, x)
    with pytest.raises(UnsupportedError, match="normalises"):
        deepro.survey(net, torch.randn(4, 3, 8, 8), ["0"])
    assert deepro.gradient(net, x[:1]).values.shape == (1, 8, 8)
