"""Heatmaps against autograd by hand, finite differences and Captum, in float64."""

from __future__ import annotations

import captum.attr as captum
import numpy as np
import pytest
import torch
from tests.reference import gradients as reference
from torch import Tensor, nn

import deepro
from deepro import targets
from deepro.errors import LabelError, NetworkError, ShapeError, UnsupportedError, UsageError
from deepro.kinds.record import of as record_of
from deepro.methods.regions.heatmap import kinds
from deepro.network import Network, Preprocess

TOLERANCE = 1e-10
LABELS = ["ant", "bee", "cow", "dog"]


class Small(nn.Module):
    """Convolutions, batch norm, an in-place and a module rectifier, overlapping pools; leaves its input in pieces."""

    def __init__(self, first_in_place: bool = False) -> None:
        super().__init__()
        self.first_in_place = first_in_place
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.relu1 = nn.ReLU()
        self.pool = nn.MaxPool2d(3, 2)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1)
        self.relu2 = nn.ReLU()
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        if self.first_in_place:
            x = x.mul_(1.5)
        x = self.pool(self.relu1(self.norm(self.conv1(x))))
        x = self.relu2(self.conv2(x))
        return self.head(self.dropout(x.mean((2, 3))))


def build(module: nn.Module, **options: object) -> Network:
    module = module.double()
    for m in module.modules():
        if isinstance(m, nn.BatchNorm2d):
            assert m.running_mean is not None
            assert m.running_var is not None
            m.running_mean.uniform_(-0.5, 0.5)
            m.running_var.uniform_(0.5, 2)
    return deepro.load(module, labels=LABELS, **options)  # type: ignore[arg-type]


@pytest.fixture
def net() -> Network:
    """In training mode, as a user may hand it over."""
    return build(Small().train())


@pytest.fixture
def x() -> Tensor:
    return torch.randn(3, 3, 11, 13, dtype=torch.float64)


def score_of(net: Network, index: int) -> reference.Score:
    module = net.module.eval()
    return lambda x: module(x)[0, index]


def close(values: np.ndarray, expected: Tensor, tolerance: float = TOLERANCE) -> None:
    assert values.dtype == np.float64
    torch.testing.assert_close(torch.from_numpy(values), expected.detach(), rtol=0, atol=tolerance)


@pytest.mark.parametrize("first_in_place", [False, True])
def test_gradient_by_hand(first_in_place: bool, x: Tensor) -> None:
    net = build(Small(first_in_place).train())
    heat = deepro.heatmap(net, x.clone(), "bee")
    for n in range(len(x)):
        close(heat.values[n], reference.saliency(score_of(net, 1), x[n : n + 1]))
    assert heat.targets == ("bee",) * 3
    assert not heat.signed
    close(heat.scores, net.logits(x.clone())[:, 1])


def test_gradient_by_finite_differences(net: Network, x: Tensor) -> None:
    small = x[:1, :, :5, :5]
    slope = reference.slope(score_of(net, 2), small)
    close(deepro.heatmap(net, small, 2).values[0], slope[0].abs().amax(0), 1e-6)


def test_captum_saliency(net: Network, x: Tensor) -> None:
    values = deepro.heatmap(net, x, "cow").values
    close(values, captum.Saliency(net.module.eval()).attribute(x.clone(), target=2).amax(1))


def test_gradient_x_input(net: Network, x: Tensor) -> None:
    values = deepro.heatmap(net, x, "cow", method="gradient_x_input").values
    close(values, captum.InputXGradient(net.module.eval()).attribute(x.clone(), target=2).sum(1))
    linear = deepro.load(nn.Sequential(nn.Flatten(), nn.Linear(27, 4, bias=False)).double())
    heat = deepro.heatmap(linear, x[:, :, :3, :3], 0, method="gradient_x_input")
    close(heat.values.sum((1, 2)), torch.from_numpy(heat.scores))


@pytest.mark.parametrize("square", [False, True])
def test_smoothgrad_by_hand(net: Network, x: Tensor, square: bool) -> None:
    options = {"noise": 0.2, "samples": 4, "seed": 7}
    heat = deepro.heatmap(net, x, 3, method="smoothgrad", square=square, **options)
    generator = torch.Generator().manual_seed(7)
    grains = [torch.randn(3, 11, 13, generator=generator, dtype=torch.float64) for _ in range(4)]
    for n in range(3):
        one = x[n : n + 1]
        if square:
            spread = 0.2 * (one.max() - one.min())
            squares = [reference.autograd(score_of(net, 3), one + spread * g) ** 2 for g in grains]
            expected = torch.stack(squares).mean(0)[0].amax(0)
        else:
            expected = reference.smoothed(score_of(net, 3), one, grains, 0.2)
        close(heat.values[n], expected)
    other = deepro.heatmap(net, x, 3, method="smoothgrad", square=square, **{**options, "seed": 8})
    assert not np.allclose(heat.values, other.values)


def test_smoothgrad_without_noise_is_the_gradient(net: Network, x: Tensor) -> None:
    heat = deepro.heatmap(net, x, method="smoothgrad", noise=0, samples=2)
    close(heat.values, torch.from_numpy(deepro.heatmap(net, x).values))


def test_integrated_gradients_captum(net: Network, x: Tensor) -> None:
    heat = deepro.heatmap(net, x, "ant", method="integrated_gradients", steps=20, doublings=0)
    expected = captum.IntegratedGradients(net.module.eval()).attribute(
        x.clone(), target=0, n_steps=20, method="gausslegendre"
    )
    close(heat.values, expected.sum(1))


def test_integrated_gradients_by_hand_and_completeness(net: Network, x: Tensor) -> None:
    heat = deepro.heatmap(net, x[:1], "ant", method="integrated_gradients", steps=400)
    expected = reference.integrated(score_of(net, 0), x[:1], torch.zeros_like(x[:1]), 1000)
    close(heat.values[0], expected, 1e-2 * float(expected.abs().max()))
    rise = net.logits(x[:1])[0, 0] - net.logits(torch.zeros_like(x[:1]))[0, 0]
    gap = heat.values[0].sum() - float(rise)
    assert heat.evidence["completeness_gap"] == pytest.approx([gap], abs=TOLERANCE)
    assert abs(gap) < 0.01 * abs(float(rise)) + 1e-3
    rough = deepro.heatmap(net, x[:1], "ant", method="integrated_gradients", steps=1)
    assert abs(rough.evidence["completeness_gap"][0]) > abs(gap)


class Kinked(nn.Module):
    """A score that rises in one small piece of the way: a rule of few points misses it."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(20.0, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        total = x.sum((1, 2, 3))[:, None]
        return torch.cat([(self.slope * (total - at)).clamp(0, 1) for at in (0.31, 0.5)], 1) + 0.01 * total


def test_integrated_gradients_add_up() -> None:
    net = deepro.load(Kinked(), labels=["low", "high"])
    x = torch.rand(3, 1, 4, 4, dtype=torch.float64)
    x = x / x.sum((1, 2, 3), keepdim=True) * torch.tensor([1.0, 0.2, 0.9], dtype=torch.float64).view(3, 1, 1, 1)
    heat = deepro.integrated_gradients(net, x, ["low", "low", "high"], steps=4, doublings=7)
    rises = heat.scores - np.array(heat.evidence["baseline_scores"])
    sums = heat.values.sum((1, 2))
    assert np.all(np.abs(sums - rises) <= 0.05 * np.abs(rises))
    assert heat.evidence["completeness_gap"] == pytest.approx((sums - rises).tolist(), abs=TOLERANCE)
    assert "incomplete" not in heat.evidence
    # The score of the second rises evenly, so nothing was made finer there; of the others only the pieces that missed.
    points = heat.evidence["points"]
    assert points[1] == 4
    assert 4 < points[0] < 4 * 2**3
    assert 4 < points[2] < 4 * 2**4
    for n, one in enumerate(["low", "low", "high"]):
        alone = deepro.integrated_gradients(net, x[n : n + 1], one, steps=4, doublings=7)
        close(heat.values[n : n + 1], torch.from_numpy(alone.values))
        assert alone.evidence["points"] == points[n : n + 1]


def test_integrated_gradients_that_do_not_add_up_are_said() -> None:
    net = deepro.load(Kinked(), labels=["low", "high"])
    x = torch.full((2, 1, 4, 4), 1 / 16, dtype=torch.float64)
    x[1] /= 10
    heat = deepro.integrated_gradients(net, x, "low", steps=1, doublings=1)
    assert heat.evidence["incomplete"] == 1
    assert "1 images miss more than 5 %" in record_of(heat).says(heat)


def test_expected_gradients_by_hand(net: Network, x: Tensor) -> None:
    heat = deepro.expected_gradients(net, x, "cow", samples=5, blur=0.3, seed=4)
    generator = torch.Generator().manual_seed(4)
    draws = [torch.rand(2, generator=generator, dtype=torch.float64).tolist() for _ in range(5)]
    score = score_of(net, 2)
    for n in range(3):
        one, total, before = x[n : n + 1], torch.zeros(3, 11, 13, dtype=torch.float64), 0.0
        for width, place in draws:
            start = reference.blurred(one[0], (0.3 * width * 11, 0.3 * width * 13))[None]
            total += (one - start)[0] * reference.autograd(score, start + place * (one - start))[0] / 5
            before += float(score(start)) / 5
        close(heat.values[n], total.sum(0))
        assert heat.evidence["baseline_scores"][n] == pytest.approx(before)
        gap = float(total.sum()) - (float(score(one)) - before)
        assert heat.evidence["completeness_gap"][n] == pytest.approx(gap, abs=TOLERANCE)


def test_expected_gradients_add_up_in_expectation(net: Network, x: Tensor) -> None:
    heat = deepro.expected_gradients(net, x[:1], 0, samples=1500)
    rise = heat.scores[0] - heat.evidence["baseline_scores"][0]
    assert abs(heat.evidence["completeness_gap"][0]) < 0.1 * abs(rise) + 0.01


def test_integrated_gradients_black_baseline() -> None:
    preprocess = Preprocess(size=(8, 8), mean=(0.4, 0.5, 0.6), std=(0.2, 0.2, 0.2))
    net = build(Small(), preprocess=preprocess)
    black = preprocess.normalise(torch.zeros(1, 3, 8, 8, dtype=torch.float64))
    heat = deepro.heatmap(net, black, 0, method="integrated_gradients", baseline="black", steps=3)
    assert np.abs(heat.values).max() == 0
    assert heat.evidence["baseline_scores"] == pytest.approx(heat.scores.tolist())
    with pytest.raises(UnsupportedError, match="preprocessing"):
        deepro.heatmap(build(Small()), black, 0, method="integrated_gradients", baseline="black")


def test_guided_captum(net: Network, x: Tensor) -> None:
    heat = deepro.heatmap(net, x, "dog", method="guided")
    close(heat.values, captum.GuidedBackprop(net.module.eval()).attribute(x.clone(), target=3).sum(1))
    assert heat.evidence == {"rectifiers": 2, "left": {}}
    assert heat.signed


def test_guided_is_refused_without_rectifiers(x: Tensor) -> None:
    smooth = nn.Sequential(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(UnsupportedError, match="no rectifier in the network but silu"):
        deepro.heatmap(build(smooth), x, 0, method="guided")


@pytest.mark.parametrize("layer", ["relu2", "conv2", "relu1"])
def test_gradcam_captum(net: Network, x: Tensor, layer: str) -> None:
    heat = deepro.heatmap(net, x, "bee", method="gradcam", layer=layer)
    module = net.module.eval()
    expected = captum.LayerGradCam(module, getattr(module, layer)).attribute(x.clone(), target=1)
    enlarged = torch.stack([reference.bilinear(e[0], (11, 13)) for e in expected])
    close(heat.values, enlarged)
    assert heat.evidence["layer"] == layer


def test_layercam_by_hand(net: Network, x: Tensor) -> None:
    heat = deepro.heatmap(net, x[:1], "bee", method="layercam", layer="relu1")
    module = net.module.eval()
    assert isinstance(module, Small)
    maps = module.relu1(module.norm(module.conv1(x[:1]))).detach().requires_grad_()
    module.head(module.relu2(module.conv2(module.pool(maps))).mean((2, 3)))[0, 1].backward()
    assert maps.grad is not None
    expected = (maps.detach() * maps.grad.clamp(min=0))[0].sum(0)
    close(heat.values[0], reference.bilinear(expected, (11, 13)))


def test_cam_finds_the_last_spatial_layer(net: Network, x: Tensor) -> None:
    assert deepro.heatmap(net, x, method="gradcam").evidence == {"layer": "relu2", "map": [5, 6]}

    class Reused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.act, self.head = nn.Conv2d(3, 3, 3, 2), nn.ReLU(), nn.Linear(3, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.act(self.conv(self.act(self.conv(x)))).mean((2, 3)))

    heat = deepro.heatmap(build(Reused()), x, method="gradcam")
    assert heat.evidence == {"layer": "act:2", "map": [2, 2]}
    dense = build(nn.Sequential(nn.Flatten(), nn.Linear(27, 4)))
    with pytest.raises(UnsupportedError, match="name one with layer="):
        deepro.heatmap(dense, x[:, :, :3, :3], method="gradcam")
    with pytest.raises(UsageError, match="did you mean relu2"):
        deepro.heatmap(net, x, method="gradcam", layer="relu3")


METHODS = list(kinds())
FEW: dict[str, dict[str, int]] = {
    "smoothgrad": {"samples": 3}, "integrated_gradients": {"steps": 3}, "expected_gradients": {"samples": 3},
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_equals_one_by_one(net: Network, x: Tensor, method: str) -> None:
    each = ["ant", 2, targets.unit("conv2", 1) if "cam" not in method else "bee"]
    options = FEW.get(method, {})
    whole = deepro.heatmap(net, x, each, method=method, **options)
    singles = [deepro.heatmap(net, x[n : n + 1], each[n], method=method, **options) for n in range(3)]
    close(whole.values, torch.from_numpy(np.concatenate([s.values for s in singles])))
    close(whole.scores, torch.from_numpy(np.concatenate([s.scores for s in singles])))
    assert whole.targets == tuple(s.targets[0] for s in singles)


@pytest.mark.parametrize("method", METHODS)
def test_the_module_is_untouched(net: Network, x: Tensor, method: str) -> None:
    before = {k: v.clone() for k, v in net.module.state_dict().items()}
    given = x.clone()
    state = torch.get_rng_state()
    deepro.heatmap(net, given, method=method, **FEW.get(method, {}))
    assert net.module.training
    assert all(m.training for m in net.module.modules())
    assert all(p.grad is None and p.requires_grad for p in net.module.parameters())
    assert all(torch.equal(v, before[k]) for k, v in net.module.state_dict().items())
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in net.module.modules())
    assert torch.equal(given, x)
    assert not given.requires_grad
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("method", METHODS)
def test_no_target_is_the_predicted_class(net: Network, x: Tensor, method: str) -> None:
    options = FEW.get(method, {})
    classes = net.logits(x).argmax(1).tolist()
    heat = deepro.heatmap(net, x, method=method, **options)
    assert heat.targets == tuple(LABELS[c] for c in classes)
    close(heat.values, torch.from_numpy(deepro.heatmap(net, x, classes, method=method, **options).values))


def test_targets_add_and_scale(net: Network, x: Tensor) -> None:
    difference = 2 * targets.logit(net, "ant") - targets.logit(net, "dog")
    heat = deepro.heatmap(net, x, difference)
    module = net.module.eval()
    for n in range(3):
        expected = reference.saliency(lambda x: 2 * module(x)[0, 0] - module(x)[0, 3], x[n : n + 1])
        close(heat.values[n], expected)


@pytest.mark.parametrize("axes", [1, 3])
def test_signals_and_volumes(axes: int) -> None:
    conv = (nn.Conv1d, nn.Conv3d)[axes // 3]
    pool = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool3d)[axes // 3]
    net = build(nn.Sequential(conv(2, 5, 3, 2), nn.ReLU(), pool(1), nn.Flatten(), nn.Linear(5, 4)))
    x = torch.randn(2, 2, *(9, 8, 7)[:axes], dtype=torch.float64)
    for method in METHODS:
        if method == "occlusion":
            with pytest.raises(UnsupportedError, match="parts of pictures"):
                deepro.heatmap(net, x, "cow", method=method)
            continue
        heat = deepro.heatmap(net, x, "cow", method=method, **FEW.get(method, {}))
        assert heat.values.shape == (2, *x.shape[2:])
    plain = deepro.heatmap(net, x[:1], "cow").values[0]
    close(plain, reference.autograd(score_of(net, 2), x[:1])[0].abs().amax(0))


def test_dense_inputs_keep_their_features() -> None:
    net = build(nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4)))
    x = torch.randn(2, 6, dtype=torch.float64)
    close(deepro.heatmap(net, x[:1], 1).values[0], reference.autograd(score_of(net, 1), x[:1])[0].abs())
    assert deepro.heatmap(net, x, 1, method="integrated_gradients").values.shape == (2, 6)
    with pytest.raises(UnsupportedError, match="one to three axes"):
        deepro.heatmap(net, x, 1, method="gradcam")


def test_float32_and_photographs() -> None:
    preprocess = Preprocess(size=(24, 32), mean=(0.5,) * 3, std=(0.5,) * 3)
    net = deepro.load(Small().float(), labels=LABELS, preprocess=preprocess)
    photographs = [np.full((40, 60, 3), 90, np.uint8), np.arange(48 * 32 * 3, dtype=np.uint8).reshape(48, 32, 3)]
    heat = deepro.heatmap(net, photographs)
    assert heat.values.shape == (2, 24, 32)
    assert heat.values.dtype == np.float32
    assert heat.pictures is not None
    assert heat.pictures.shape == (2, 24, 32, 3)
    assert heat.provenance is not None
    assert heat.provenance.method == "gradient"


def test_refusals(net: Network, x: Tensor) -> None:
    with pytest.raises(UsageError, match="did you mean gradient"):
        deepro.heatmap(net, x, method="gradiant")
    with pytest.raises(UsageError, match="did you mean samples"):
        deepro.heatmap(net, x, method="smoothgrad", sample=3)
    with pytest.raises(UsageError, match="expected 1 to"):
        deepro.heatmap(net, x, method="smoothgrad", samples=0)
    with pytest.raises(LabelError, match="did you mean bee"):
        deepro.heatmap(net, x, "beee")
    with pytest.raises(UsageError, match="2 targets for 3 images"):
        deepro.heatmap(net, x, ["ant", "bee"])
    with pytest.raises(ShapeError, match="holds NaN"):
        deepro.heatmap(net, torch.full_like(x, torch.nan))
    constant = targets.Target("one", lambda _logits, outputs: torch.ones(len(outputs["conv1"])), layers=("conv1",))
    with pytest.raises(UnsupportedError, match="'one' has no gradient at the input"):
        deepro.heatmap(net, x, constant)
    early = targets.unit("conv1", 0)
    with pytest.raises(UnsupportedError, match="does not depend on the layer 'relu2'"):
        deepro.heatmap(net, x, early, method="gradcam", layer="relu2")
    with torch.no_grad():
        next(net.module.parameters()).fill_(torch.nan)
    with pytest.raises(NetworkError, match="logits are not finite"):
        deepro.heatmap(net, x)
