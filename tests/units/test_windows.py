"""The way down through windows: which graphs it knows, and that what falls into the padding is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import deepro
from deepro.methods.units.windows import Windows
from deepro.probe import untouched
from deepro.rectifiers import rectifiers


def _read(module: Callable[[Tensor], Tensor], size: int = 19) -> tuple[Windows | None, Tensor, Tensor]:
    x = torch.randn(1, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    with rectifiers("deconvnet"):
        out = module(x)
    return Windows.read(out, x), out, x


def _conv(*args: int, **more: object) -> nn.Conv2d:
    torch.manual_seed(1)
    return nn.Conv2d(*args, **more).double()  # pyright: ignore[reportArgumentType]


KNOWN = {
    "strides": nn.Sequential(_conv(3, 5, 4, stride=3, padding=3), nn.ReLU(), _conv(5, 4, 3, dilation=2, padding=4)),
    "overlapping pools": nn.Sequential(
        _conv(3, 4, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1, ceil_mode=True), _conv(4, 4, 3)
    ),
    "far apart pools": nn.Sequential(_conv(3, 4, 3), nn.MaxPool2d(2, 3), nn.MaxPool2d((1, 3), (2, 1), dilation=(1, 2))),
    "padding by hand": nn.Sequential(nn.ZeroPad2d((3, -1, 0, 2)), _conv(3, 4, 3), nn.ZeroPad2d(1), _conv(4, 4, 3)),
    "averages": nn.Sequential(_conv(3, 4, 3), nn.AvgPool2d(3, 2, 1), _conv(4, 4, 2), nn.AvgPool2d((2, 1), 1)),
    "smooth nonlinearities": nn.Sequential(
        _conv(3, 4, 3),
        nn.SiLU(),
        _conv(4, 4, 3),
        nn.ReLU(),
        nn.LeakyReLU(0.3),
        _conv(4, 4, 2),
        nn.Hardtanh(),
        nn.GELU(),
    ),
    "groups": nn.Sequential(_conv(3, 6, 3, groups=3), nn.BatchNorm2d(6).double().eval(), _conv(6, 4, 3, groups=2)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_every_unit_at_every_place_equals_autograd(name: str) -> None:
    for p in KNOWN[name].parameters():
        p.requires_grad_(False)
    windows, out, x = _read(KNOWN[name])
    assert windows is not None
    at = torch.ones_like(out[0]).nonzero()
    seeds = out.detach()[0].reshape(-1)
    found = windows.back(at[:, 0], at[:, 1:], seeds)
    assert found.any()
    for row in range(0, len(at), 7):
        signal = torch.zeros_like(out)
        signal[(0, *at[row])] = seeds[row]
        (expected,) = torch.autograd.grad(out, x, signal, retain_graph=True)
        assert torch.allclose(found[row], expected[0], rtol=1e-12, atol=1e-14)


def test_branches_whose_windows_differ_meet() -> None:
    narrow, wide, far = _conv(3, 4, 1), _conv(3, 4, 7, padding=3), _conv(3, 4, 3, padding=4, dilation=4)
    windows, out, x = _read(
        lambda x: torch.cat([narrow(x) + wide(x).relu(), torch.add(far(x), narrow(x), alpha=-2)], -3)
    )
    assert windows is not None
    for unit, place in ((0, (0, 0)), (1, (18, 3)), (4, (9, 9)), (7, (0, 18))):
        found = windows.back(torch.tensor([unit]), torch.tensor([place]), torch.ones(1, dtype=torch.float64))
        signal = torch.zeros_like(out)
        signal[(0, unit, *place)] = 1
        (expected,) = torch.autograd.grad(out, x, signal, retain_graph=True)
        assert torch.allclose(found[0], expected[0], rtol=1e-12, atol=1e-14)


UNKNOWN: dict[str, Callable[[Tensor], Tensor]] = {
    "a product": lambda x: x * x.mean((2, 3), keepdim=True),
    "a sum that spreads": lambda x: x + _conv(3, 1, 1)(x),
    "a cut": lambda x: x[:, :, 1:] * 1,
    "a map turned": lambda x: x.transpose(2, 3),
    "channels padded": lambda x: functional.pad(x, (0, 0, 0, 0, 1, 1)),
    "rows put together": lambda x: torch.cat([x, x], 2),
    "uneven averages": lambda x: functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    "statistics of this image": lambda x: functional.batch_norm(x, None, None, training=True),
    "a convolution turned round": nn.ConvTranspose2d(3, 4, 3).double(),
    "a softmax over space": lambda x: x.flatten(2).softmax(2).view(x.shape),
    "a nonlinearity that mixes channels": lambda x: x.softmax(1),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_operation_is_left_to_autograd(name: str) -> None:
    assert _read(lambda x: UNKNOWN[name](x.clone()))[0] is None


def test_what_was_overwritten_is_left_to_autograd() -> None:
    weight = _conv(3, 4, 3).weight.detach().clone()
    x = torch.randn(1, 3, 9, 9, dtype=torch.float64, requires_grad=True)
    out = functional.conv2d(x, weight)
    weight.mul_(2)
    assert Windows.read(out, x) is None


def test_silent_units_come_back_as_nothing() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
    with torch.no_grad():
        module[2].bias[::2] = -100  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]
    net = deepro.load(module, input_shape=(3, 12, 12))
    with untouched(module):
        found = deepro.deconvnet(net, torch.randn(1, 3, 12, 12), "3", list(range(8)))
    assert found.fidelity["cut"]
    assert not found.values[0, ::2].any()
    assert np.abs(found.values[0, 1::2]).max((1, 2, 3)).all()
