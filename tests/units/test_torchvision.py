"""The DeconvNet on known architectures: against Captum where that is right, against the reference where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

import deepro
from deepro.rectifiers import Rule
from tests.reference import deconvnet as reference

captum = pytest.importorskip("captum.attr")


def _network(name: str) -> nn.Module:
    torch.manual_seed(0)
    more = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    module = getattr(torchvision.models, name)(weights=None, **more).eval()
    for part in module.modules():  # as after training: running statistics that are not 0 and 1
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.7, 1.5)
    return module


def _load(module: nn.Module, size: int) -> deepro.Network:
    return deepro.load(module, input_shape=(3, size, size))


def _input(size: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(1, 3, size, size, dtype=dtype, generator=torch.Generator().manual_seed(5))


def _off(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("alexnet", "features.7"),
        ("alexnet", "features.10"),
        ("vgg16", "features.12"),
        ("resnet18", "layer2.1"),
        ("resnet18", "layer3.0.conv2"),
        ("squeezenet1_0", "features.5"),
        ("squeezenet1_0", "features.9.expand3x3"),
    ],
)
def test_equals_captum_times_the_activation(name: str, layer: str) -> None:
    module, x = _network(name), _input(96)
    found = deepro.deconvnet(_load(module, 96), x, layer, top=2)
    theirs = captum.NeuronDeconvolution(module, module.get_submodule(layer))
    for u, (unit, place) in enumerate(zip(found.units[0], found.positions[0], strict=True)):
        expected = theirs.attribute(x, (int(unit), *map(int, place)))[0].detach().numpy()
        assert _off(found.values[0, u], float(found.activations[0, u]) * expected) < 1e-5
        assert expected.any()


@pytest.mark.parametrize(
    ("name", "layer", "size"),
    [
        ("googlenet", "inception3a", 64),
        ("inception_v3", "Mixed_5b", 80),
        ("mobilenet_v2", "features.5", 64),
        ("densenet121", "features.denseblock2.denselayer2.conv2", 64),
    ],
)
def test_equals_the_reference_where_captum_misses_rectifiers(name: str, layer: str, size: int) -> None:
    module, x = _network(name).double(), _input(size, torch.float64)
    found = deepro.deconvnet(_load(module, size), x, layer, top=1)
    expected = reference.project(module, x, layer, int(found.units[0, 0]), None, "deconvnet")[0].numpy()
    assert _off(found.values[0, 0], expected) < 1e-10
    assert expected.any()


def test_captum_gives_the_gradient_on_googlenet_and_we_do_not() -> None:
    module, x = _network("googlenet"), _input(64)
    layer = "inception3a.branch2.1.conv"
    net = _load(module, 64)
    found = deepro.deconvnet(net, x, layer, [3])
    gradient = deepro.deconvnet(net, x, layer, [3], rule="gradient").values
    theirs = captum.NeuronDeconvolution(module, module.get_submodule(layer))
    plain = theirs.attribute(x, (3, *map(int, found.positions[0, 0])))[0].detach().numpy()
    assert _off(gradient[0, 0], float(found.activations[0, 0]) * plain) < 1e-5
    assert _off(found.values, gradient) > 0.1
    assert found.fidelity["rectifiers"] == 4


def _lite0() -> nn.Module:
    from efficientnet_lite_pytorch import EfficientNet

    torch.manual_seed(0)
    return EfficientNet.from_name("efficientnet-lite0").eval()


@pytest.mark.parametrize(
    ("name", "layer", "size", "rule"),
    [
        ("squeezenet1_0", "features.4", 95, "deconvnet"),
        ("squeezenet1_0", "features.12", 95, "guided"),
        ("vgg16", "features.7", 56, "deconvnet"),
        ("vgg16", "features.29", 78, "deconvnet"),
        ("resnet18", "layer1.1.relu:2", 118, "gradient"),
        ("resnet18", "layer4", 118, "deconvnet"),
        ("mobilenet_v2", "features.5", 98, "deconvnet"),
        ("mobilenet_v2", "features.16", 98, "deconvnet"),
        ("lite0", "_blocks.2", 98, "deconvnet"),
        ("lite0", "_blocks.14", 98, "guided"),
        ("googlenet", "inception3a", 130, "deconvnet"),
        ("densenet121", "features.transition2", 98, "deconvnet"),
        ("mobilenet_v2", "features.5", 98, "gradient"),
        ("lite0", "_blocks.2", 98, "gradient"),
        # Shuffled channels are not gone down in windows: on crops.
        ("shufflenet_v2_x0_5", "stage2.1", 160, "deconvnet"),
    ],
)
def test_cutting_to_the_receptive_field_changes_nothing(name: str, layer: str, size: int, rule: Rule) -> None:
    """At the corners, the edges and in the middle; with sizes that leave a rest at every stride."""
    _cut_equals_whole(name, layer, size, rule, torch.float64, 1e-10)


@pytest.mark.parametrize(
    ("name", "layer", "size"),
    [
        ("squeezenet1_0", "features.4", 95),
        ("vgg16", "features.7", 56),
        ("resnet18", "layer1.1.relu:2", 118),
        ("mobilenet_v2", "features.5", 98),
        ("lite0", "_blocks.2", 98),
        ("googlenet", "inception3a", 130),
    ],
)
def test_cutting_changes_nothing_in_single_precision(name: str, layer: str, size: int) -> None:
    _cut_equals_whole(name, layer, size, "deconvnet", torch.float32, 1e-6)


def _cut_equals_whole(name: str, layer: str, size: int, rule: Rule, kind: torch.dtype, tolerance: float) -> None:
    module = (_lite0() if name == "lite0" else _network(name)).to(kind)
    net, x = _load(module, size), _input(size).to(kind)
    high, wide = deepro.activations(net, x, layer).values[layer].shape[2:]
    rows, columns = {0, 1, high // 2, high - 2, high - 1}, {0, wide // 2 - 1, wide - 2, wide - 1}
    places = [(r, c) for r in sorted(rows) for c in sorted(columns) if min(r, c) >= 0]
    units = list(range(len(places)))
    cut = deepro.deconvnet(net, x, layer, units, places, rule=rule)
    whole = deepro.deconvnet(net, x, layer, units, places, rule=rule, cut=False)
    assert cut.fidelity["cut"]
    assert not whole.fidelity["cut"]
    for u in units:
        assert np.abs(cut.values[0, u] - whole.values[0, u]).max() <= tolerance * np.abs(whole.values[0, u]).max()
    assert whole.values.any()


def test_a_network_that_looks_at_its_inputs_size_is_not_cut() -> None:
    class Sized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.relu = nn.ReLU()
            self.next = nn.Conv2d(4, 2, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.next(self.relu(self.conv(x) * x.shape[2]))

    net, x = _load(Sized(), 32), _input(32)
    found = deepro.deconvnet(net, x, "next", [0, 1])
    assert not found.fidelity["cut"]
    assert np.array_equal(found.values, deepro.deconvnet(net, x, "next", [0, 1], cut=False).values)
