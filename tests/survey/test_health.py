"""Planted faults are found, healthy filters are not accused; silencing and pruning cost what they must."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

import deepro
from deepro.errors import LabelError, StoreError, UnsupportedError, UsageError
from deepro.methods.units.diagnosis import breadth, diagnose, spectrum
from deepro.network import Network
from deepro.survey import survey
from deepro.survey.ablation import ablate, pruned_state_dict
from deepro.survey.compare import compare
from deepro.survey.gallery import gallery
from tests.survey.test_survey import fill, make


def gabor(angle: float, cycles: float, size: int = 11) -> Tensor:
    """(3, size, size) an edge detector of a few cycles across."""
    y, x = torch.meshgrid(*[torch.linspace(-1, 1, size)] * 2, indexing="ij")
    along = x * math.cos(angle) + y * math.sin(angle)
    wave = torch.sin(math.pi * cycles * along) * torch.exp(-3 * (x.square() + y.square()))
    return (wave - wave.mean()).expand(3, size, size)


class Functional(nn.Module):
    """The planted layer with a rectifier that is no module, written in several ways."""

    def __init__(self, conv: nn.Module, rectify: Any) -> None:
        super().__init__()
        self.add_module("0", conv)
        self.rectify, self.head = rectify, nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rectify(self.get_submodule("0")(x)).mean((2, 3)))


@pytest.mark.parametrize(
    "rectify",
    [functional.relu, torch.relu_, functional.relu6, lambda x: x.clamp(min=0), lambda x: torch.zeros(()).max(x)],
)
def test_a_rectifier_that_is_no_module_decides_too(rectify: Any) -> None:
    net, images = planted()
    other = deepro.load(Functional(net.module[0], rectify), input_shape=(3, 64, 64))
    found = {(f["unit"], f["fault"]) for f in diagnose(other, survey(other, images, ["0"])).findings}
    assert found == {(7, "dead"), (8, "always on"), (9, "duplicate"), (10, "high-frequency"), (11, "aliased")}


def test_what_is_added_to_before_it_is_rectified_is_not_judged_by_its_sign() -> None:
    net, images = planted()
    other = deepro.load(Functional(net.module[0], lambda x: functional.relu(x + 1)), input_shape=(3, 64, 64))
    assert {f["fault"] for f in diagnose(other, survey(other, images, ["0"])).findings}.isdisjoint(
        {"dead", "always on"}
    )


def planted() -> tuple[Network, Tensor]:
    """Twelve filters of 11x11, stride 4: healthy but 7 dead, 8 always on, 9 twice unit 2, 10 noise, 11 aliased."""
    conv = nn.Conv2d(3, 12, 11, 4)
    with torch.no_grad():
        conv.bias.zero_()
        for u in range(7):
            conv.weight[u] = gabor(u * math.pi / 7, 0.7)
        conv.weight[7], conv.bias[7] = gabor(0.3, 0.5), -1e4
        opponent = torch.tensor([1.0, 0.0, -1.0]).view(3, 1, 1)
        conv.weight[8], conv.bias[8] = 0.01 * gabor(1.9, 0.6) * opponent, 50.0
        conv.weight[9], conv.bias[9] = 2 * conv.weight[2], 0.0
        conv.weight[10] = torch.randn(3, 11, 11)
        conv.weight[11] = gabor(0.0, 2.2)
    net = deepro.load(nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(12 * 14 * 14, 4)), input_shape=(3, 64, 64))
    small = torch.randn(24, 3, 16, 16)
    return net, functional.interpolate(small, size=64, mode="bicubic")


@pytest.mark.parametrize("layer", ["0", "1"])
def test_planted_faults_are_found_and_healthy_filters_are_not_accused(layer: str) -> None:
    net, images = planted()
    health = diagnose(net, survey(net, images, [layer]))
    found = {(f["unit"], f["fault"]) for f in health.findings}
    assert found == {(7, "dead"), (8, "always on"), (9, "duplicate"), (10, "high-frequency"), (11, "aliased")}
    (twice,) = [f for f in health.findings if f["fault"] == "duplicate"]
    assert twice["evidence"]["of"] == 2
    assert twice["evidence"]["cosine"] == pytest.approx(1.0)
    assert all(f["suggestion"] and f["evidence"] for f in health.findings)
    assert health.examined[layer] == ("broken", "dead", "always on", "duplicate", "high-frequency", "aliased")


def test_near_equal_filters_that_do_not_fire_together_are_no_duplicates() -> None:
    net, images = planted()
    found = survey(net, images, ["0"])
    layer = found.layers["0"]
    apart = np.where(layer.partners == 9, 0.5, layer.correlations).astype(np.float32)
    apart[9] = np.where(layer.partners[9] == 2, 0.5, layer.correlations[9])
    other = dataclasses.replace(found, layers={"0": dataclasses.replace(layer, correlations=apart)})
    assert [f["unit"] for f in diagnose(net, found).findings if f["fault"] == "duplicate"] == [9]
    assert [f for f in diagnose(net, other).findings if f["fault"] == "duplicate"] == []


def test_filters_are_judged_once_and_shown_with_their_spectra() -> None:
    net, images = planted()
    health = diagnose(net, survey(net, images, ["0", "1"]))
    assert [f["layer"] for f in health.findings if f["fault"] in ("duplicate", "high-frequency", "aliased")] == [
        "0"
    ] * 3
    assert list(health.filters) == ["0"]
    np.testing.assert_array_equal(health.filters["0"], net.module[0].weight.detach())
    power = health.spectra["0"][11]
    assert power.shape == (32, 32)
    y, x = np.unravel_index(power.argmax(), power.shape)
    assert (y, abs(x - 16)) == (16, 7)  # 2.2 half cycles over 11 pixels, along x


@pytest.mark.parametrize(("cycles", "accused"), [(5.0, True), (0.7, False)])
def test_projections_that_the_first_stride_cannot_sample_are_aliased(cycles: float, accused: bool) -> None:
    first, second = nn.Conv2d(3, 4, 11, 4), nn.Conv2d(4, 3, 3)
    with torch.no_grad():
        first.bias.zero_()
        for u in range(4):
            first.weight[u] = gabor(u * math.pi / 4, cycles)
        second.weight.abs_()
        second.bias.zero_()
    net = deepro.load(nn.Sequential(first, nn.ReLU(), second, nn.ReLU()), input_shape=(3, 64, 64))
    small = torch.randn(12, 3, 16, 16)
    images = torch.randn(12, 3, 64, 64) if accused else functional.interpolate(small, size=64, mode="bicubic")
    found = survey(net, images, ["0", "3"], top_k=3)
    shown = gallery(net, found, images, "3")
    health = diagnose(net, found, galleries=[shown])
    units = {f["unit"] for f in health.findings if f["layer"] == "3" and f["fault"] == "aliased"}
    assert units == ({0, 1, 2} if accused else set())
    share = health.measures["3"]["aliased_projections"]
    for unit in range(3):
        want = [spectrum(torch.from_numpy(p[None]), (4, 4))[1][0] for p in shown.projections[unit]]
        assert share[unit] == pytest.approx(np.mean(want), abs=1e-5)


def test_a_negative_convolution_before_a_norm_is_not_dead() -> None:
    conv = nn.Conv2d(3, 4, 3)
    with torch.no_grad():
        conv.bias.fill_(-100.0)
        conv.weight[3].zero_()
    net = deepro.load(nn.Sequential(conv, nn.BatchNorm2d(4), nn.ReLU()), input_shape=(3, 16, 16))
    health = diagnose(net, survey(net, torch.randn(6, 3, 16, 16), ["0"]))
    assert [(f["unit"], f["fault"]) for f in health.findings] == [
        (3, "dead")
    ]  # one value for everything is dead anywhere


def test_values_that_are_not_finite_are_a_fault() -> None:
    net = make()
    with torch.no_grad():
        net.module[0].weight[2, 0, 0, 0] = torch.nan
    health = diagnose(net, survey(net, torch.randn(4, 3, 24, 24), ["0"]))
    assert ("broken", 2) in {(f["fault"], f["unit"]) for f in health.findings}


def test_the_spectrum_of_known_filters() -> None:
    waves = torch.zeros(4, 1, 16, 16)
    x = torch.arange(16.0)
    for i, frequency in enumerate((1 / 16, 3 / 16, 6 / 16)):
        waves[i, 0] = torch.cos(2 * math.pi * frequency * x).expand(16, 16)
    waves[3] = 1.0
    high, aliased = spectrum(waves, (4, 4))
    assert high[0] < 0.1  # what the window lets through
    assert high[1] < 0.2
    assert high[2] > 0.9
    assert aliased[0] < 0.2
    assert aliased[1] > 0.8  # above 1/8 of a cycle a pixel
    assert (high[3], aliased[3]) == (0, 0)
    noise, beyond = spectrum(torch.randn(200, 3, 11, 11), (2, 2))
    assert noise.mean() == pytest.approx(1 - math.pi / 16, abs=0.03)
    assert beyond.mean() == pytest.approx(0.75, abs=0.03)


def test_thresholds_can_be_changed_and_unknown_ones_are_told() -> None:
    net, images = planted()
    found = survey(net, images, ["1"])
    assert not [f for f in diagnose(net, found, {"always on": 1.1}).findings if f["fault"] == "always on"]
    with pytest.raises(UsageError, match="unknown threshold 'always'"):
        diagnose(net, found, {"always": 1.0})


# ---- ablation


def by_hand(
    net: Network, inputs: Tensor, labels: Tensor, silent: dict[str, list[int]], value: float = 0.0
) -> tuple[float, float]:
    values = inputs
    with torch.no_grad():
        for name, module in net.module.named_children():
            values = module(values)
            if name in silent:
                values = values.clone()
                values[:, silent[name]] = value
    return float((values.argmax(1) == labels).double().mean()), float(functional.cross_entropy(values.double(), labels))


@pytest.fixture
def labelled() -> tuple[Network, Tensor, Tensor, list[tuple[Tensor, int]]]:
    net = make()
    inputs, labels = torch.randn(20, 3, 24, 24), torch.arange(20) % 5
    return net, inputs, labels, list(zip(inputs, labels.tolist(), strict=True))


def test_ablation_equals_silencing_by_hand(labelled: tuple) -> None:
    net, inputs, labels, data = labelled
    lost = ablate(net, data, {"1": [0, 3], "4": [5]}, batch_size=6)
    for s, silent in enumerate([{}, {"1": [0, 3], "4": [5]}]):
        accuracy, loss = by_hand(net, inputs, labels, silent)
        assert lost.accuracy[s] == pytest.approx(accuracy)
        assert lost.loss[s] == pytest.approx(loss, rel=1e-5)
    assert lost.changed[0] == 0
    assert lost.images == 20
    assert lost.loss_error is not None
    assert lost.accuracy_error is not None
    each = [
        by_hand(net, inputs[i : i + 1], labels[i : i + 1], silent)[1]
        for silent in ({}, {"1": [0, 3], "4": [5]})
        for i in range(20)
    ]
    apart = np.subtract(each[20:], each[:20])
    assert lost.loss_error[1] == pytest.approx(apart.std(ddof=1) / 20**0.5, rel=1e-4)  # paired: far less than of each
    assert lost.loss_error[0] == lost.accuracy_error[0] == 0


def test_units_are_ranked_by_what_they_cost(labelled: tuple) -> None:
    net, inputs, labels, data = labelled
    rows = ablate(net, data, {"4": [0, 2, 7]}, each=True).ranking()
    whole = by_hand(net, inputs, labels, {})
    want = sorted((by_hand(net, inputs, labels, {"4": [u]})[1] - whole[1], u) for u in (0, 2, 7))[::-1]
    assert [row[1] for row in rows] == [u for _, u in want]
    np.testing.assert_allclose([row[3] for row in rows], [cost for cost, _ in want], atol=1e-5)


def test_a_silent_unit_may_give_its_mean(labelled: tuple) -> None:
    net, inputs, labels, data = labelled
    mean = float(survey(net, data, ["4"]).layers["4"].mean[1])
    lost = ablate(net, data, {"4": [1]}, fill="mean")
    assert lost.loss[1] == pytest.approx(by_hand(net, inputs, labels, {"4": [1]}, mean)[1], rel=1e-5)
    assert lost.loss[1] != ablate(net, data, {"4": [1]}).loss[1]


def test_pruned_weights_do_what_silencing_does(labelled: tuple) -> None:
    net, inputs, labels, _ = labelled
    pruned = make()
    pruned.module.load_state_dict(pruned_state_dict(net, {"0": [1, 4], "3": [2]}))
    assert by_hand(pruned, inputs, labels, {}) == pytest.approx(by_hand(net, inputs, labels, {"0": [1, 4], "3": [2]}))
    assert net.module[0].weight[1].any()
    with pytest.raises(UnsupportedError, match="layer '1' is ReLU"):
        pruned_state_dict(net, {"1": [0]})


def test_classes_that_are_none_of_the_networks_are_listed(tmp_path: Path) -> None:
    net = make()
    net.labels = ["ape", "cat", "dog", "elk", "fox"]
    with pytest.raises(LabelError, match=r"1 of 2 classes .* bee"):
        ablate(net, fill(tmp_path, 4), {"1": [0]})
    net.labels[1] = "bee"
    assert ablate(net, tmp_path, {"1": [0]}).images == 4


# ---- two checkpoints


def test_the_unit_that_was_changed_is_the_one_that_changed(tmp_path: Path) -> None:
    photos = fill(tmp_path, 20)
    before, after = make(), make()
    with torch.no_grad():
        after.module[3].weight[5] = after.module[3].weight[5].flip(1)
        after.module[3].bias[2] += 1
    one, two = (survey(n, photos, ["0", "3"], top_k=4) for n in (before, after))
    moved = compare(after, one, two, before)
    assert moved.layers["0"]["weights"].max() < 1e-6
    assert not moved.layers["0"]["examples"].any()
    assert moved.layers["3"]["weights"].argmax() == 5
    assert (moved.layers["3"]["weights"] > 1e-6).sum() == 1
    deviation = math.sqrt(float(one.layers["3"].variance[2] + two.layers["3"].variance[2]) / 2)
    assert moved.layers["3"]["shift"][2] == pytest.approx(1 / deviation, rel=1e-4)
    np.testing.assert_array_equal(moved.layers["3"]["preferred"][:, 0], one.layers["3"].class_means.argmax(0))
    assert moved.names == ("ape", "bee")
    assert moved.classes["3"].shape == (2,)
    assert moved.classes["0"].max() == 0
    with pytest.raises(UsageError, match="different layers"):
        compare(after, one, survey(after, photos, ["0"], top_k=4))
    with pytest.raises(StoreError, match="another network"):
        compare(after, one, two, after)
    assert compare(after, one, two).provenance.key != moved.provenance.key  # it says nothing of the filters


def test_a_unit_that_wakes_up_moves_its_classes_by_a_number_one_can_read() -> None:
    """Silent before, it has no deviation of its own to be measured by."""
    before, after = make(), make()
    with torch.no_grad():
        for unit in (4, 5):
            before.module[0].weight[unit], before.module[0].bias[unit] = 0.0, -1.0
        after.module[0].weight[5], after.module[0].bias[5] = 0.0, -1.0
    data = [(torch.randn(3, 24, 24), i % 2) for i in range(20)]
    one, two = (survey(n, data, ["1"]) for n in (before, after))
    moved = compare(after, one, two)
    mean, variance = (float(getattr(two.layers["1"], key)[4]) for key in ("mean", "variance"))
    assert moved.layers["1"]["shift"][4] == pytest.approx(mean / math.sqrt(variance / 2), rel=1e-5)
    assert moved.layers["1"]["shift"][5] == 0
    assert 0 < moved.classes["1"].max() < 3


def test_a_fast_clean_grating_is_a_detector_and_no_noise(shared_data: Path) -> None:
    grating, noise = gabor(0.4, 4.0)[None], torch.randn(50, 3, 11, 11)
    assert spectrum(grating, (1, 1))[0][0] > 0.7
    assert breadth(grating)[0] < 0.3
    assert breadth(noise).min() > 0.5
    learned = load_file(shared_data / "squeezenet1_0.safetensors")["features.0.weight"]
    assert breadth(learned)[spectrum(learned, (2, 2))[0] > 0.7].max() < 0.3


def test_filters_that_are_alike_but_not_equal_and_fast_gratings_are_healthy() -> None:
    conv = nn.Conv2d(3, 3, 11)
    with torch.no_grad():
        conv.bias.zero_()
        conv.weight[0], conv.weight[1] = gabor(0.0, 0.7), gabor(0.35, 0.7)
        conv.weight[2] = gabor(0.4, 4.0)
    net = deepro.load(nn.Sequential(conv, nn.ReLU()), input_shape=(3, 32, 32))
    flat = conv.weight.detach().flatten(1)
    assert 0.5 < float(torch.cosine_similarity(flat[0], flat[1], dim=0)) < 0.95
    found = survey(net, torch.randn(12, 3, 32, 32), ["1"])
    layer = found.layers["1"]
    always = dataclasses.replace(layer, correlations=np.where(layer.partners >= 0, 0.99, np.nan).astype(np.float32))
    assert diagnose(net, dataclasses.replace(found, layers={"1": always})).findings == ()
