"""One class is named, by whatever is asked, also where two logits are as good as equal."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.network import Network, Preprocess


class Tied(nn.Module):
    """Classes 1 and 3 get the same logit but for `gap`, which rounds the other way in a batch or with gradients."""

    def __init__(self, gap: float) -> None:
        super().__init__()
        self.gap = gap
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        other = len(x) > 1 or torch.is_grad_enabled()
        seen = self.conv(x).relu().mean((1, 2, 3))
        zero = seen * 0
        return torch.stack([zero, seen, zero, seen * (1 + (self.gap if other else -self.gap)), zero], 1)


def network(gap: float) -> Network:
    torch.manual_seed(0)
    return deepro.load(Tied(gap), preprocess=Preprocess(size=(24, 24), resize=26))


@pytest.mark.parametrize("gap", [0.0, 1e-6, 1e-4])
def test_all_name_the_same_class(gap: float) -> None:
    net = network(gap)
    pictures = torch.randint(0, 256, (3, 30, 26, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    picture = pictures.numpy()
    named = net.predict(picture[0])[0][0]
    assert named == "class 1"
    assert deepro.predict(net, picture[0]).labels[0] == named
    assert deepro.heatmap(net, picture[0]).targets == (named,)
    assert deepro.heatmap(net, picture, method="smoothgrad", samples=2).targets == (named,) * 3
    assert deepro.gradcam(net, picture).targets == (named,) * 3
    assert deepro.segment(net, picture[0]).target == named
    assert net.first_classes(net.prepare(picture).tensor) == (1, 1, 1)


def test_what_is_not_near_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(0.5)
    monkeypatch.setattr(net, "logits", lambda _inputs: pytest.fail("run again"))
    assert net.first_classes(torch.rand(1, 3, 24, 24), torch.tensor([[0.0, 1.0, 0.0, 1.5, 0.0]])) == (3,)
