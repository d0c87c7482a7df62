"""Incremental occlusion against whole passes, in float64, on the networks that people have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from tests.reference.occlusion import heatmap, hidden
from torch import Tensor, nn
from torch.nn import functional

import deepro
from deepro.errors import UnsupportedError, UsageError
from deepro.methods.hiding import filling, superpixels, tiles
from deepro.methods.incremental import Incremental, WindowChange

BOXES = [(0, 0, 16, 16), (50, 45, 17, 9), (80, 80, 16, 16), (3, 60, 40, 11), (91, 1, 1, 1), (30, 30, 16, 16)]
NETWORKS = ["vgg11", "resnet18", "mobilenet_v2", "squeezenet1_0", "googlenet", "densenet121", "efficientnet_b0"]
OTHERS = ["convnext_tiny", "shufflenet_v2_x0_5", "mobilenet_v3_small"]


def both(module: nn.Module, side: int = 96, layer: str | None = None) -> tuple[Incremental, float]:
    """The record, and its largest error as a share of the largest answer."""
    net = deepro.load(module.eval().double(), input_shape=(3, side, side))
    x = torch.randn(1, 3, side, side, dtype=torch.float64)
    changes = [WindowChange(t, left, torch.randn(3, h, w, dtype=torch.float64)) for t, left, h, w in BOXES]
    work = Incremental(net, x, [] if layer is None else [layer])
    error, seen = 0.0, []
    for answer in work.answers(changes, 4, "test"):
        plain = work.plain(*[changes[i] for i in answer.numbers])
        assert plain.logits is not None
        assert answer.logits is not None
        pairs = [(plain.logits, answer.logits), *((plain.outputs[k], answer.outputs[k]) for k in plain.outputs)]
        for want, got in pairs:
            assert bool((want - want[:1]).abs().amax() > 0) or len(want) == 1  # something does change
            error = max(error, float((want - got).abs().amax() / want.abs().amax()))
        seen += answer.numbers.tolist()
    assert sorted(seen) == list(range(len(BOXES)))
    return work, error


@pytest.mark.parametrize("name", [*NETWORKS, *OTHERS])
def test_windows_give_what_whole_passes_give(name: str) -> None:
    torch.manual_seed(0)
    more: dict[str, Any] = {"init_weights": True} if name == "googlenet" else {}
    work, error = both(getattr(torchvision.models, name)(weights=None, **more))
    assert work.full is None
    assert work.rest is None
    assert error < 1e-12


def test_the_embedded_network_and_a_layer_of_it() -> None:
    work, error = both(deepro.load("builtin:efficientnet-lite0").module, 128, "_blocks.6")
    assert work.full is None
    assert work.rest is None
    assert error < 1e-12


class Odd(nn.Module):
    """Every use of a local operation that is easy to get wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 8, (5, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2))
        self.b = nn.Conv2d(8, 8, 4, padding="same", groups=4)
        self.c = nn.Conv2d(16, 20, 1, stride=3)
        self.scale = nn.Parameter(torch.randn(1, 96))
        self.d = nn.Linear(20, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(self.a(x * 1.5 + self.scale), (2, 0, 1, 3), value=0.5)
        x = functional.avg_pool2d(functional.elu_(self.b(x)), 3, 2, padding=1)
        y = functional.max_pool2d(x.clamp(min=-1), 3, 2, padding=1, ceil_mode=True)
        x = functional.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True, count_include_pad=False)
        x = self.c(torch.cat([y, y - 0.5 * x], 1))[:, :, :, 1:]
        return self.d(x.amax((2, 3)) + x.mean((2, 3)))


def test_strides_dilations_paddings_and_ceilings() -> None:
    work, error = both(Odd())
    assert work.full is None
    assert error < 1e-12


class Strange(nn.Module):
    """An operation along space that no rule knows, in the middle; `reads` makes the pass depend on a number."""

    def __init__(self, reads: bool) -> None:
        super().__init__()
        self.reads = reads
        self.first, self.last = nn.Conv2d(3, 6, 3, padding=1), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).relu()
        if self.reads and float(x.mean()) > 0:
            x = x + x.amax()
        return self.last(x.cumsum(2).cummax(3).values.mean((2, 3)))


def test_an_unknown_operation_is_run_in_full_from_there_on() -> None:
    work, error = both(Strange(reads=False))
    assert work.full is None
    assert work.rest == "cumsum"
    assert error < 1e-12
    work, error = both(Strange(reads=True))
    assert work.full is not None
    assert error < 1e-12


class Keeping(nn.Module):
    """Answers from a number of the first pass, which no record shows."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.first(x)
        return maps.mean((2, 3)) + torch.from_numpy(maps.numpy().copy()).std()


def test_a_record_that_is_wrong_is_found_out() -> None:
    work, error = both(Keeping())
    assert work.full is not None
    assert error < 1e-12


@pytest.mark.parametrize("fill", ["mean", "grey", "blur"])
@pytest.mark.parametrize("segments", [0, 12])
def test_the_heatmap_is_the_mean_loss_of_the_parts_that_hold_a_pixel(fill: Any, segments: int) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(True), nn.MaxPool2d(2), nn.Conv2d(8, 9, 3),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(9, 5),
    ).double().eval()  # fmt: skip
    net = deepro.load(module, input_shape=(3, 30, 26))
    x = torch.rand(2, 3, 30, 26, dtype=torch.float64)
    found = deepro.occlusion(net, x, [3, 1], square=8, step=5, fill=fill, segments=segments, batch_size=7)
    assert "in_full" not in found.evidence
    for i, target in enumerate((3, 1)):
        one = x[i : i + 1]
        masks = [torch.from_numpy(part) for part in superpixels(one, segments)] if segments else []
        for left, top, right, bottom in [] if segments else tiles((30, 26), 8, 5).tolist():
            masks.append(torch.zeros(30, 26, dtype=torch.bool))
            masks[-1][top:bottom, left:right] = True
        assert len(masks) == found.evidence["hidden"][i]
        assert torch.stack(masks).any(0).all()
        answers = hidden(module, one, filling(net, one, fill), masks)
        losses = module(one)[0, target].detach() - answers[:, target]
        np.testing.assert_allclose(found.values[i], heatmap(losses, masks).numpy(), atol=1e-6)


def test_a_unit_s_heatmap_needs_nothing_above_it() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.Flatten(), nn.Linear(5 * 16 * 16, 3))
    net = deepro.load(module.double(), input_shape=(3, 20, 20))
    x = torch.rand(1, 3, 20, 20, dtype=torch.float64)
    found = deepro.occlusion(net, x, "2#4", square=6, step=4)
    masks = []
    for left, top, right, bottom in tiles((20, 20), 6, 4).tolist():
        masks.append(torch.zeros(20, 20, dtype=torch.bool))
        masks[-1][top:bottom, left:right] = True
    part = nn.Sequential(module[:3], nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with torch.no_grad():
        losses = part(x)[0, 4] - hidden(part, x, filling(net, x, "mean"), masks)[:, 4]
    np.testing.assert_allclose(found.values[0], heatmap(losses, masks).numpy(), atol=1e-6)


def test_what_does_not_fit_is_told() -> None:
    net = deepro.load(nn.Linear(6, 3))
    with pytest.raises(UnsupportedError, match=r"pictures \(N, C, H, W\)"):
        deepro.occlusion(net, torch.rand(1, 6))
    with pytest.raises(UsageError, match="magic"):
        filling(net, torch.rand(1, 3, 4, 4), "magic")
