"""Every heatmap method on networks whose answer is known: a linear one, and one that looks at a single square."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.methods.regions.heatmap import kinds
from deepro.network import Network

METHODS = list(kinds())
FEW = {"smoothgrad": {"samples": 5}, "integrated_gradients": {"steps": 5}, "expected_gradients": {"samples": 20}}
FEW["occlusion"] = {"square": 8, "step": 4}  # no larger than what decides
SIDE = 8  # of a square; the picture has four by four of them


def test_on_a_linear_network_the_gradient_methods_say_its_weights() -> None:
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 7, 4)).double()
    net = deepro.load(linear)
    x = torch.randn(2, 3, 6, 7, dtype=torch.float64)
    weights = linear[1].weight[2].detach().view(3, 6, 7)  # type: ignore[union-attr,operator]
    parts = (weights * x).sum(1)
    expected = {
        "gradient": weights.abs().amax(0).expand(2, 6, 7),
        "smoothgrad": weights.abs().amax(0).expand(2, 6, 7),
        "gradient_x_input": parts,
        "integrated_gradients": parts,
    }
    for method, values in expected.items():
        heat = deepro.heatmap(net, x, 2, method=method, **FEW.get(method, {}))
        np.testing.assert_allclose(heat.values, values.numpy(), atol=1e-12)
    # Of many baselines: the weights times the image less their mean, which is the score less theirs.
    heat = deepro.expected_gradients(net, x, 2, samples=20)
    np.testing.assert_allclose(heat.evidence["completeness_gap"], 0, atol=1e-12)
    # Maps of the input itself: a layer before which nothing happens. Its gradient is the weights.
    net = deepro.load(nn.Sequential(nn.Identity(), linear))
    np.testing.assert_allclose(deepro.hirescam(net, x, 2, layer="0").values, parts.numpy(), atol=1e-12)
    positive = (weights.clamp_min(0) * x).sum(1)
    np.testing.assert_allclose(deepro.layercam(net, x, 2, layer="0").values, positive.numpy(), atol=1e-12)
    mean = (weights.mean((1, 2), keepdim=True) * x).sum(1)
    np.testing.assert_allclose(deepro.gradcam(net, x, 2, layer="0").values, mean.numpy(), atol=1e-12)


class Redness(nn.Module):
    """Class 1 where a square is red; squares of other colours say nothing. Random weights have no such rule."""

    def __init__(self) -> None:
        super().__init__()
        self.colour, self.act = nn.Conv2d(3, 2, 3, padding=1), nn.ReLU()
        self.mix, self.late = nn.Conv2d(2, 2, 1), nn.ReLU()
        self.head = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.late(self.mix(self.act(self.colour(x)))).mean((2, 3)))

    def plant(self) -> Redness:
        red = torch.tensor([1.0, -1, -1]).view(3, 1, 1).expand(3, 3, 3) / 9
        with torch.no_grad():
            for p in self.parameters():
                p.zero_()
            self.colour.weight[0] = red
            self.colour.bias[0] = -0.3  # type: ignore[index]
            self.mix.weight[0, 0] = self.head.weight[1, 0] = 1
        return self


def pictures(count: int) -> tuple[Tensor, list[tuple[int, int]]]:
    """(N, 3, 32, 32): a red, a green, a blue, a yellow and a white square in faint noise; where the red one is."""
    make = torch.Generator().manual_seed(5)
    x = 0.1 * torch.rand(count, 3, 4 * SIDE, 4 * SIDE, generator=make, dtype=torch.float64)
    where = []
    for picture in x:
        places = [divmod(int(p), 4) for p in torch.randperm(16, generator=make)[:5]]
        for (row, column), colours in zip(places, ([0], [1], [2], [0, 1], [0, 1, 2]), strict=True):
            for c in colours:
                picture[c, row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] += 0.8
        where.append(places[0])
    return x, where


def hits(net: Network, x: Tensor, where: list[tuple[int, int]], method: str) -> float:
    """How often the square whose values are largest in size is the red one."""
    heat = deepro.heatmap(net, x, 1, method=method, **FEW.get(method, {}))
    squares = np.abs(heat.values).reshape(len(x), 4, SIDE, 4, SIDE).sum((2, 4)).reshape(len(x), 16)
    strongest = [divmod(int(s.argmax()), 4) for s in squares]
    return float(np.mean([a == b for a, b in zip(strongest, where, strict=True)]))


@pytest.mark.parametrize("method", METHODS)
def test_the_square_that_decides_is_found_and_random_weights_do_not_find_it(method: str) -> None:
    net = deepro.load(Redness().double().plant(), input_shape=(3, 4 * SIDE, 4 * SIDE))
    x, where = pictures(6)
    assert hits(net, x, where, method) == 1
    torch.manual_seed(0)
    by_chance = []
    for _ in range(6):
        twin = Redness().double()
        by_chance.append(hits(deepro.load(twin, input_shape=(3, 4 * SIDE, 4 * SIDE)), x, where, method))
    assert np.mean(by_chance) < 0.5
