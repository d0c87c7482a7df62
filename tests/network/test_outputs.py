"""What a network's output is: logits, probabilities, logits of places, a detector's findings, something random."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn

import deepro
from deepro.errors import DeeproError, UnsupportedError, UsageError


def head(*last: nn.Module, classes: int = 4) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes), *last
    )


class Shares(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.exp() / x.exp().sum(1, keepdim=True)


X = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.Sigmoid(), Shares()], ids=lambda m: type(m).__name__)
def test_probabilities_are_not_squeezed_again(last: nn.Module) -> None:
    module = head(last).eval()
    net = deepro.load(module, input_shape=(3, 9, 9))
    expected = module(X)[0].detach().sort(descending=True).values
    assert [p for _, p in net.predict(X)] == pytest.approx(expected.tolist())
    assert deepro.predict(net, X).probabilities == pytest.approx(expected.tolist())
    assert "probabilities already" in " ".join(net.notes)


@pytest.mark.parametrize("last", [(), (nn.LogSoftmax(1),), (nn.ReLU(),)], ids=["linear", "log", "relu"])
def test_logits_are_taken_as_logits(last: tuple[nn.Module, ...]) -> None:
    module = head(*last).eval()
    with torch.no_grad():
        module[4].weight.mul_(0.01)
        module[4].bias.fill_(0.2)  # in 0..1 but no probabilities
    expected = module(X)[0].detach().softmax(0).max()
    assert deepro.load(module, input_shape=(3, 9, 9)).predict(X)[0][1] == pytest.approx(float(expected))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.up, self.out = nn.ConvTranspose2d(6, 6, 2, 2), nn.Conv2d(12, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = torch.relu(self.down(x))
        b = torch.relu(self.deep(nn.functional.max_pool2d(a, 2)))
        return self.out(torch.cat([a, self.up(b)], 1))


@pytest.mark.parametrize("make", [UNet, "fcn_resnet50", "deeplabv3_mobilenet_v3_large"])
def test_a_class_over_all_places_and_over_a_box(make: type[nn.Module] | str) -> None:
    torch.manual_seed(0)
    net = (
        deepro.load(f"torchvision:{make}", weights="random")
        if isinstance(make, str)
        else deepro.load(make(), input_shape=(3, 32, 32))
    )
    x = torch.rand(1, 3, 32, 32)
    net.module.eval()

    def score(box: tuple[slice, slice]) -> tuple[float, Tensor]:
        leaf = x.clone().requires_grad_()
        out = net.module(leaf)
        out = out if isinstance(out, Tensor) else out["out"]
        value = out[0, 2][box].mean()
        return float(value), torch.autograd.grad(value, leaf)[0].abs().amax(1)

    for target, box in (
        (2, (slice(None), slice(None))),
        (f"{net.label(2) if net.labels else 2}@4,8,20,30", (slice(8, 30), slice(4, 20))),
    ):
        value, gradient = score(box)
        found = deepro.gradient(net, x, target)
        assert found.scores[0] == pytest.approx(value, rel=1e-4, abs=1e-6)
        np.testing.assert_allclose(found.values, gradient, rtol=1e-3, atol=1e-7)
    assert "for each place" in " ".join(net.notes)
    with pytest.raises(UsageError, match="no part of the network's output"):
        deepro.gradient(net, x, "2@0,0,90,3" if not net.labels else f"{net.label(2)}@0,0,90,3")


def test_a_detectors_boxes_scores_and_masks() -> None:
    torch.manual_seed(0)
    module = torchvision.models.detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, box_score_thresh=0.0, min_size=96, max_size=96, box_detections_per_img=4
    ).eval()
    net = deepro.load(module, input_shape=(3, 64, 64))
    x = torch.rand(1, 3, 64, 64)
    leaf = x.clone().requires_grad_()
    (said,) = module([leaf[0]])
    best = int(said["labels"][0])
    assert dict(net.predict(x, top=91))[net.label(best)] == pytest.approx(float(said["scores"][0]), rel=1e-5)
    for target, value in (("box#1", said["scores"][1]), ("mask#0", said["masks"][0].mean()), (best, said["scores"][0])):
        (expected,) = torch.autograd.grad(value, leaf, retain_graph=True)
        found = deepro.gradient(net, x, target)
        assert found.scores[0] == pytest.approx(float(value.detach()), rel=1e-4)
        np.testing.assert_allclose(found.values, expected.abs().amax(1), rtol=1e-3, atol=1e-7)
    with pytest.raises(UsageError, match="the detector found 4 boxes"):
        deepro.gradient(net, x, "box#9")


def test_a_detector_by_name_takes_photographs() -> None:
    net = deepro.load("torchvision:ssdlite320_mobilenet_v3_large", weights="random")
    said = net.predict(np.zeros((50, 70, 3), np.uint8), top=2)
    assert all(0 <= share <= 1 for _, share in said)


def test_dropout_that_is_always_on_is_said() -> None:
    class Drops(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.dropout(x, 0.5, training=True)

    net = deepro.load(head(Drops()), input_shape=(3, 9, 9))
    _ = net.layers
    assert "two passes over one input differ" in " ".join(net.notes)
    quiet = deepro.load(head(nn.Dropout(0.5)), input_shape=(3, 9, 9))
    _ = quiet.layers
    assert quiet.notes == ()


def test_complex_layers_are_refused_and_left_out() -> None:
    class Spectrum(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.fft.rfft2(x)

    class Power(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.abs()

    net = deepro.load(
        nn.Sequential(nn.Conv2d(3, 4, 3), Spectrum(), Power(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        input_shape=(3, 9, 9),
    )
    assert "1" not in net.layers
    with pytest.raises(UnsupportedError, match="complex"):
        deepro.activations(net, X, ["1"])
    with pytest.raises(DeeproError, match="complex"):
        deepro.load(nn.Sequential(nn.Conv2d(3, 4, 9), Spectrum(), nn.Flatten()), input_shape=(3, 9, 9)).predict(X)


def test_networks_and_predictions_show_themselves_in_a_notebook() -> None:
    net = deepro.load(head(), input_shape=(3, 9, 9), labels=["a", "b", "<c>", "d"])
    assert "Conv2d" in net._repr_html_()
    shown = net.predict(X)._repr_html_()
    assert "&lt;c&gt;" in shown
    assert "%" in shown
