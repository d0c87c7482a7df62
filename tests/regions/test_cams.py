"""Class activation maps against slow ones by hand, in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.reference import cams as reference
from tests.reference.gradients import bilinear
from tests.regions.test_gradients import Small, build, close, score_of
from torch import Tensor, nn

import deepro
from deepro.errors import UnsupportedError
from deepro.network import Network


@pytest.fixture
def net() -> Network:
    return build(Small().train())


@pytest.fixture
def x() -> Tensor:
    return torch.randn(3, 3, 11, 13, dtype=torch.float64)


def seen(net: Network, x: Tensor, layer: str, index: int) -> tuple[Tensor, Tensor]:
    """The layer's maps of one image and the score's gradient there, (C, h, w)."""
    module = net.module.eval()
    assert isinstance(module, Small)
    maps = module.relu1(module.norm(module.conv1(x)))
    rest: Callable[[Tensor], Tensor] = lambda a: module.relu2(module.conv2(module.pool(a)))  # noqa: E731
    if layer != "relu1":
        maps, rest = module.conv2(module.pool(maps)), module.relu2
    maps = maps.detach().requires_grad_()
    module.head(rest(maps).mean((2, 3)))[0, index].backward()
    assert maps.grad is not None
    return maps.detach()[0], maps.grad[0]


@pytest.mark.parametrize("layer", ["relu1", "conv2"])
def test_gradcam_plus_plus_by_hand(net: Network, x: Tensor, layer: str) -> None:
    heat = deepro.gradcam_plus_plus(net, x, 1, layer=layer)
    for n in range(3):
        expected = reference.plus_plus(*seen(net, x[n : n + 1], layer, 1))
        close(heat.values[n], bilinear(expected, (11, 13)), 1e-10 * max(1, float(expected.abs().max())))


@pytest.mark.parametrize("layer", ["relu1", "conv2"])
def test_hirescam_by_hand(net: Network, x: Tensor, layer: str) -> None:
    maps, gradient = seen(net, x[:1], layer, 1)
    expected = torch.stack([a * g for a, g in zip(maps, gradient, strict=True)]).sum(0)
    close(deepro.hirescam(net, x, 1, layer=layer).values[0], bilinear(expected, (11, 13)))


@pytest.mark.parametrize("batch_size", [3, 16])
def test_scorecam_by_hand(net: Network, x: Tensor, batch_size: int) -> None:
    with torch.no_grad():
        assert isinstance(net.module, Small)
        net.module.conv2.weight[2].zero_()  # one unit says the same everywhere: its map masks nothing
        net.module.head.weight.mul_(20)  # so that the softmax is far from even
    heat = deepro.scorecam(net, x, [1, 2, 3], layer="conv2", batch_size=batch_size)
    for n in range(3):
        score = score_of(net, n + 1)
        maps = seen(net, x[n : n + 1], "conv2", 1)[0]
        with torch.no_grad():
            expected = reference.score_weighted(lambda x, score=score: float(score(x)), x[n : n + 1], maps)
        close(heat.values[n], bilinear(expected, (11, 13)))
    assert heat.evidence == {"layer": "conv2", "map": [5, 6]}


@pytest.mark.parametrize("layer", ["relu1", "conv2"])
def test_eigencam_by_hand(net: Network, x: Tensor, layer: str) -> None:
    heat = deepro.eigencam(net, x, layer=layer)
    for n in range(3):
        expected = reference.first_component(seen(net, x[n : n + 1], layer, 1)[0])
        close(heat.values[n], bilinear(expected, (11, 13)), 1e-6)
    if layer == "relu1":  # activations that are not negative give values that are not
        assert heat.values.min() > -1e-12
    close(deepro.eigencam(net, x, 2, layer=layer).values, torch.from_numpy(heat.values))


def test_nothing_active_gives_nothing(x: Tensor) -> None:
    silent = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4))
    net = build(silent)
    with torch.no_grad():
        silent[0].weight.zero_()  # type: ignore[union-attr]
        silent[0].bias.fill_(-1)  # type: ignore[union-attr,operator]
    for method in ("scorecam", "eigencam", "hirescam", "gradcam_plus_plus"):
        assert np.abs(deepro.heatmap(net, x, 0, method=method).values).max() == 0


def test_scorecam_does_not_mix_the_examples_of_a_batch(x: Tensor) -> None:
    mixing = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(4, 2),
    )  # fmt: skip
    net = deepro.load(mixing.double())
    with pytest.raises(UnsupportedError, match="one at a time"):
        deepro.scorecam(net, x[:1], 0)
    assert deepro.scorecam(net, x[:1], 0, batch_size=1).values.shape == (1, 11, 13)
