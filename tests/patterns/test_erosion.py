"""Erosion of a network: which calls it sees, what it takes away, and that it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepro.methods.patterns.erosion import Erosion, channel_axis


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


SEEN: dict[str, Callable[[Tensor], Tensor]] = {
    "module": nn.ReLU(),
    "in place": lambda x: nn.ReLU(inplace=True)(x.clone()),
    "functional": functional.relu,
    "method": lambda x: x.relu(),
    "clamp": lambda x: x.clamp(min=0),
    "ReLU6": nn.ReLU6(),
    "SiLU": nn.SiLU(),
    "GELU": nn.GELU(),
    "Hardswish": nn.Hardswish(),
    "LeakyReLU": nn.LeakyReLU(),
    "ELU": nn.ELU(),
    "tanh": torch.tanh,
}


@pytest.mark.parametrize("name", SEEN)
def test_whole_channels_go_and_the_rest_grow(name: str) -> None:
    x = torch.rand(2, 400, 3, 4, dtype=torch.float64, generator=generator()) + 0.1
    plain = SEEN[name](x)
    with Erosion(0.25, generator(1)):
        ratio = SEEN[name](x) / plain
    kept = torch.rand(400, generator=generator(1)) >= 0.25
    expected = torch.where(kept, 1 / 0.75, 0.0).double().view(1, 400, 1, 1).expand_as(ratio)
    torch.testing.assert_close(ratio, expected)
    assert 0.15 < 1 - kept.double().mean() < 0.35
    assert torch.equal(SEEN[name](x), plain)


@pytest.mark.parametrize("other", [torch.sigmoid, lambda x: x.clamp(0.2, 0.9), lambda x: x.clamp(max=1.0), torch.exp])
def test_what_is_no_nonlinearity_of_a_unit_stays(other: Callable[[Tensor], Tensor]) -> None:
    x = torch.rand(1, 8, 3, 3)
    with Erosion(0.9, generator()):
        assert torch.equal(other(x), other(x))
        eroded = other(x)
    assert torch.equal(eroded, other(x))


def test_the_gradient_is_that_of_what_is_left() -> None:
    x = torch.rand(1, 50, 2, 2, dtype=torch.float64, requires_grad=True)
    with Erosion(0.5, generator(3)):
        out = functional.relu(x)
    (gradient,) = torch.autograd.grad(out.sum(), x)
    kept = (torch.rand(50, generator=generator(3)) >= 0.5).double().view(1, 50, 1, 1) * 2
    torch.testing.assert_close(gradient, kept.expand_as(x))


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((2, 8), 1),
        ((2, 9, 8), 2),
        ((2, 8, 5, 5), 1),
        ((2, 5, 5, 8), 3),
        ((2, 8, 5, 7), 1),
        ((2, 5, 5, 5), 1),
        ((1, 8, 4, 4, 4), 1),
    ],
)
def test_where_the_channels_are(shape: tuple[int, ...], axis: int) -> None:
    assert channel_axis(torch.Size(shape)) == axis
    with Erosion(0.5, generator(2)):
        gone = functional.relu(torch.ones(shape)) == 0
    others = [a for a in range(len(shape)) if a != axis]
    assert torch.equal(gone.amax(others), gone.amin(others))


def test_pictures_of_a_batch_meet_the_same_network() -> None:
    net = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 8, 3), nn.GELU(), nn.Flatten())
    x = torch.rand(3, 3, 8, 8)
    with torch.no_grad(), Erosion(0.3, generator(5)):
        together = net(x)
    with torch.no_grad(), Erosion(0.3, generator(5)):
        alone = net(x[1:2])
    torch.testing.assert_close(together[1:2], alone)


def test_nonlinearities_are_counted() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 1), nn.SiLU(), nn.ReLU(True))
    with Erosion(0.0, generator()) as passed:
        eroded = net(torch.ones(1, 3, 8, 8))
    assert passed.count == 3
    torch.testing.assert_close(eroded, net(torch.ones(1, 3, 8, 8)))
