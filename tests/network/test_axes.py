"""Inputs whose channels do not come second: found out, told, or refused in one line."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.errors import UsageError


class ChannelsLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 5, 4), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x.permute(0, 3, 1, 2)).relu().mean((2, 3)))


class Steps(nn.Module):
    def __init__(self, first: bool) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(5, 8, batch_first=first), nn.Linear(8, 4)
        self.first = first

    def forward(self, x: Tensor) -> Tensor:
        out = self.lstm(x)[0]
        return self.head(out[:, -1] if self.first else out[-1])


def gradient(module: nn.Module, x: Tensor, index: int) -> Tensor:
    x = x.clone().requires_grad_()
    module(x)[:, index].sum().backward()
    assert x.grad is not None
    return x.grad


@pytest.mark.parametrize("axes", ["NHWC", None])
def test_channels_last(axes: str | None) -> None:
    torch.manual_seed(0)
    module = ChannelsLast().eval()
    x = torch.randn(2, 40, 48, 3)
    net = deepro.load(module, input_shape=(40, 48, 3), axes=axes)
    assert net.axes == "NHWC"
    assert net.input_shape == (3, 40, 48)
    heat = deepro.heatmap(net, x, 1, method="gradient")
    expected = gradient(module, x, 1).abs().amax(3)
    assert heat.values.shape == (2, 40, 48)
    assert torch.allclose(torch.from_numpy(heat.values), expected)
    assert torch.allclose(net.logits(net.prepare(x).tensor), module(x).detach())
    assert deepro.gradcam(net, x, 1).values.shape == (2, 40, 48)
    assert deepro.segment(net, x[:1], 1).heatmap.values.shape == (1, 40, 48)
    assert type(module) is ChannelsLast


@pytest.mark.parametrize(("axes", "shape"), [("NTC", (2, 12, 5)), ("TNC", (12, 2, 5))])
def test_steps_before_channels(axes: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = Steps(axes == "NTC").eval()
    x = torch.randn(shape)
    net = deepro.load(module, input_shape=(12, 5), axes=axes)
    heat = deepro.heatmap(net, x, 1, method="gradient")
    expected = gradient(module, x, 1).abs().amax(2)
    assert heat.values.shape == (2, 12)
    assert torch.allclose(torch.from_numpy(heat.values), expected if axes == "NTC" else expected.T)


def test_untold_steps_are_refused() -> None:
    net = deepro.load(Steps(True), input_shape=(12, 5))
    with pytest.raises(UsageError, match="axes='NTC'"):
        deepro.heatmap(net, torch.randn(2, 12, 5), 1)


def test_convolutions_over_steps_need_no_word() -> None:
    net = deepro.load(nn.Sequential(nn.Conv1d(5, 8, 3), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3)))
    assert deepro.heatmap(net, torch.randn(2, 5, 30), 1).values.shape == (2, 30)


@pytest.mark.parametrize("axes", ["HWC", "NHHC", "nhwc", "N", ""])
def test_letters_that_are_none(axes: str) -> None:
    with pytest.raises(UsageError, match="axes is"):
        deepro.load(ChannelsLast(), input_shape=(40, 48, 3), axes=axes)


def test_an_input_of_other_axes_is_refused() -> None:
    net = deepro.load(ChannelsLast(), input_shape=(40, 48, 3), axes="NHWC")
    with pytest.raises(UsageError, match="N, H, W, C"):
        net.prepare(torch.randn(2, 1, 40, 48, 3))


def test_the_network_s_code_and_axes_are_part_of_its_fingerprint() -> None:
    torch.manual_seed(0)
    module = ChannelsLast()
    plain = deepro.load(module, input_shape=(40, 48, 3), axes="NHWC")
    other = deepro.load(module, input_shape=(40, 48, 3), axes="NWHC")
    assert plain.fingerprint != other.fingerprint
    before = plain.fingerprint
    module.gain = 3.0  # type: ignore[assignment]
    assert plain.fingerprint != before
