"""Pictures for classes and units: they do what they say, on any picture network, and leave nothing behind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import deepro
from deepro import progress
from deepro.errors import LabelError, LayerError, NetworkError, UnsupportedError, UsageError
from deepro.network import Network, Preprocess
from deepro.targets import logit


def small(channels: int = 3, size: tuple[int, int] = (32, 32), **options: object) -> Network:
    """A little convolutional classifier whose weights are fixed."""
    torch.manual_seed(3)
    module = nn.Sequential(
        nn.Conv2d(channels, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(8, 3),
    )
    return deepro.load(module, input_shape=(channels, *size), labels=["goose", "duck", "swan"], **options)


@pytest.fixture(scope="module")
def lite0() -> Network:
    return deepro.load("builtin:efficientnet-lite0")


@pytest.mark.parametrize(("channels", "size"), [(1, (8, 8)), (1, (28, 28)), (3, (32, 32)), (3, (24, 40)), (2, (9, 7))])
def test_the_ascent_raises_what_it_is_asked_to(channels: int, size: tuple[int, int]) -> None:
    net = small(channels, size)
    targets = ["goose", "0#2", "4#1", logit(net, "goose") - logit(net, "swan")]
    short, long = (deepro.imagine(net, targets, steps=steps) for steps in (1, 40))
    assert long.images.shape == (4, channels, *size)
    assert long.images.dtype == np.float32
    assert 0 <= long.images.min() < long.images.max() <= 1
    assert long.history.shape == (4, 40)
    assert np.isfinite(long.history).all()
    assert (long.scores > short.scores).all()
    assert long.targets == ("goose", "0#2", "4#1", "goose - swan")


def test_scores_and_probabilities_are_the_networks_own_of_the_finished_picture() -> None:
    net = small(
        preprocess=Preprocess(size=(32, 32), order="BGR", range=255.0, mean=(104.0, 117.0, 123.0), std=(60.0,) * 3)
    )
    pattern = deepro.imagine(net, ["swan", "0#1"], steps=5)
    inputs = net.preprocess.normalise(torch.from_numpy(pattern.images))
    assert pattern.probabilities[0] == pytest.approx(dict(net.predict(inputs[:1], top=3))["swan"], abs=1e-5)
    assert np.isnan(pattern.probabilities[1])
    assert pattern.scores[0] == pytest.approx(float(net.logits(inputs)[0, 2]), abs=1e-4)
    with torch.no_grad():
        assert pattern.scores[1] == pytest.approx(float(net.module[0](inputs[1:])[0, 1].mean()), abs=1e-4)


def test_the_network_is_eroded_on_the_way_and_whole_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    net = small()
    plain = deepro.imagine(net, "swan", steps=160)
    monkeypatch.setattr("deepro.methods.patterns.imagine.ERODED", 100.0)
    monkeypatch.setattr("deepro.methods.patterns.imagine.MOST_ERODED", 2.0)  # 0.4 of the channels in 160 steps
    eroded = deepro.imagine(net, "swan", steps=160)
    assert np.abs(np.diff(eroded.history[0])).mean() > 2 * np.abs(np.diff(plain.history[0])).mean()
    inputs = torch.from_numpy(eroded.images)
    assert eroded.scores[0] == pytest.approx(float(net.logits(inputs)[0, 2]), abs=1e-5)


def test_the_seed_decides_to_the_last_bit() -> None:
    net = small()
    again = [deepro.imagine(net, "duck", steps=6, seed=seed).images for seed in (1, 1, 2)]
    assert np.array_equal(again[0], again[1])
    assert not np.allclose(again[0], again[2], atol=1e-3)


def test_company_does_not_change_a_picture() -> None:
    net = small()
    alone = deepro.imagine(net, "duck", steps=10).images[0]
    together = deepro.imagine(net, ["goose", "duck", "0#1"], steps=10).images[1]
    assert np.abs(alone - together).max() < 1e-3


def test_nothing_is_left_behind_even_when_the_listener_stops_it() -> None:
    net = small()
    net.module.train()
    net.module[0].weight.requires_grad_(False)
    state = {k: v.clone() for k, v in net.module.state_dict().items()}
    flags = [p.requires_grad for p in net.module.parameters()]
    noise = torch.get_rng_state()

    def stop(step: progress.Step) -> None:
        if step.done == 3:
            raise KeyboardInterrupt

    deepro.imagine(net, "duck", steps=2)
    with progress.listening(stop), pytest.raises(KeyboardInterrupt):
        deepro.imagine(net, ["duck", "0#1"], steps=50)
    assert all(torch.equal(v, state[k]) for k, v in net.module.state_dict().items())
    assert [p.requires_grad for p in net.module.parameters()] == flags
    assert all(p.grad is None for p in net.module.parameters())
    assert all(m.training and not m._forward_hooks for m in net.module.modules())
    assert torch.equal(torch.get_rng_state(), noise)


def test_progress_is_told_step_by_step() -> None:
    heard: list[progress.Step] = []
    with progress.listening(heard.append):
        deepro.imagine(small(), 0, steps=4)
    assert [(s.what, s.done, s.total) for s in heard] == [("imagine", n, 4) for n in range(5)]


def test_a_network_of_one_input_size_only() -> None:
    module = nn.Sequential(nn.AvgPool2d(16), nn.Flatten(), nn.Linear(3 * 8 * 8, 4))
    pattern = deepro.imagine(deepro.load(module, input_shape=(3, 128, 128)), 2, steps=15)
    assert pattern.images.shape == (1, 3, 128, 128)
    assert pattern.scores[0] > pattern.history[0, 0]


class Viewing(nn.Module):
    """Flattens by `view`, which channels kept last do not allow."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.dense = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4 * 16 * 16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.convolution(x))
        return self.dense(x.view(len(x), -1))


def test_a_network_that_wants_its_channels_first() -> None:
    torch.manual_seed(0)
    net = deepro.load(Viewing(), input_shape=(3, 16, 16))
    short, long = (deepro.imagine(net, 1, steps=steps).scores[0] for steps in (1, 20))
    assert long > short


def test_a_size_of_ones_own() -> None:
    assert deepro.imagine(small(3, (24, 40)), 0, steps=2, size=48).images.shape == (1, 3, 48, 80)


def test_a_rectified_logit_that_is_silent_at_first_still_gets_a_picture() -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 5), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.ReLU())
    with torch.no_grad():
        module[0].weight.copy_(torch.randn(2, 3, 5, 5) * 0.05)
        module[0].weight[0] -= module[0].weight[0].mean()
        module[0].bias.copy_(torch.tensor([-0.3, 1.0]))
    pattern = deepro.imagine(deepro.load(module, input_shape=(3, 24, 24)), 0, steps=60)
    assert pattern.history[0, 0] == 0
    assert pattern.probabilities[0] > 1 / (1 + np.e)  # the other class has come down from 1


def test_nan_stops_the_ascent_and_names_the_step() -> None:
    net = small()
    with torch.no_grad():
        net.module[9].weight[1] = torch.nan
    with pytest.raises(NetworkError, match="'duck' is not finite at step 1"):
        deepro.imagine(net, ["goose", "duck"], steps=5)


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        ([], UsageError, "at least one target"),
        ("gooze", LabelError, "goose"),
        (["goose", "0#8"], LayerError, r"0\.\.7"),
        ("nowhere#1", LayerError, "unknown layer"),
        (7, LabelError, "out of range"),
    ],
)
def test_targets_that_do_not_exist_are_refused(targets: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        deepro.imagine(small(), targets, steps=1)


def test_options_out_of_bounds_are_refused() -> None:
    for options in ({"steps": 0}, {"learning_rate": 0}, {"size": 1}, {"seed": -1}):
        with pytest.raises(UsageError, match=next(iter(options))):
            deepro.imagine(small(), 0, **options)


def test_a_network_that_takes_no_pictures_is_refused() -> None:
    net = deepro.load(nn.Sequential(nn.Linear(5, 3)), input_shape=(5,))
    with pytest.raises(UnsupportedError, match=r"\(5,\)"):
        deepro.imagine(net, 0)
