"""Targets: one number an input, composed by ordinary operators, found by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import deepro
from deepro.errors import LabelError, LayerError, ShapeError, UsageError
from deepro.network import Network
from deepro.targets import as_target, direction, logit, predicted, unit


class Tokens(nn.Module):
    """Channels last inside, as in transformers: (N, positions, units)."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 5)
        self.head = nn.Linear(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(x.flatten(2).transpose(1, 2)).mean(1))


@pytest.fixture
def net() -> Network:
    module = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3))
    return deepro.load(module, labels=["goose", "duck", "swan"], input_shape=(3, 8, 8))


@pytest.fixture
def outputs() -> dict[str, torch.Tensor]:
    return {"conv": torch.randn(4, 6, 5, 7), "code": torch.randn(4, 6), "tokens": torch.randn(4, 9, 6)}


def test_a_logit_is_one_column(net: Network) -> None:
    logits = torch.randn(4, 3)
    target = logit(net, "duck")
    assert target.name == "duck"
    assert target.classes == (1,)
    assert target.needs_logits
    assert torch.equal(target(logits, {}), logits[:, 1])


def test_logits_of_another_shape_are_refused(net: Network) -> None:
    with pytest.raises(ShapeError, match=r"\(N, K\)"):
        logit(net, "duck")(torch.randn(4, 3, 2, 2), {})


def test_the_prediction_is_each_inputs_strongest_class(net: Network) -> None:
    logits = torch.tensor([[1.0, 5.0, 2.0], [7.0, 0.0, 1.0]])
    target = predicted(net, torch.randn(2, 2, 6, 6), logits)
    assert target.classes == (1, 0)
    assert target(logits, {}).tolist() == [5.0, 7.0]


def test_a_unit_is_its_mean_over_space_or_its_value_at_a_place(outputs: dict[str, torch.Tensor]) -> None:
    conv = outputs["conv"]
    assert torch.allclose(unit("conv", 2)(None, outputs), conv[:, 2].mean((1, 2)))
    assert torch.equal(unit("conv", 2, position=(3, 6))(None, outputs), conv[:, 2, 3, 6])
    assert torch.equal(unit("code", 5)(None, outputs), outputs["code"][:, 5])
    assert torch.allclose(unit("tokens", 5, axis=-1)(None, outputs), outputs["tokens"][..., 5].mean(1))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (unit("conv", 6), r"units 0\.\.5, not 6"),
        (unit("conv", 0, position=(5, 0)), r"outside layer 'conv', whose space is \(5, 7\)"),
        (unit("conv", 0, position=(1,)), "outside"),
        (unit("code", 9), r"0\.\.5"),
    ],
)
def test_a_unit_that_is_not_there_is_named(target, message: str, outputs: dict[str, torch.Tensor]) -> None:
    with pytest.raises(UsageError, match=message):
        target(None, outputs)


def test_a_direction_is_a_weighted_sum_of_units(outputs: dict[str, torch.Tensor]) -> None:
    vector = torch.randn(6)
    expected = sum(vector[u] * outputs["conv"][:, u].mean((1, 2)) for u in range(6))
    assert torch.allclose(direction("conv", vector)(None, outputs), expected, atol=1e-6)
    with pytest.raises(ShapeError, match="6 units"):
        direction("conv", torch.randn(5))(None, outputs)


def test_targets_add_subtract_and_scale(net: Network, outputs: dict[str, torch.Tensor]) -> None:
    logits = torch.randn(4, 3)
    mixed = 2 * logit(net, "goose") - logit(net, "duck") + unit("conv", 1)
    expected = 2 * logits[:, 0] - logits[:, 1] + outputs["conv"][:, 1].mean((1, 2))
    assert torch.allclose(mixed(logits, outputs), expected)
    assert torch.equal((-logit(net, "swan"))(logits, outputs), -logits[:, 2])
    assert mixed.layers == ("conv",)
    assert mixed.needs_logits
    assert mixed.classes is None
    assert mixed.name == "2 * (goose) - duck + conv#1"


def test_names_are_understood(net: Network) -> None:
    assert as_target(net, "goose").classes == (0,)
    assert as_target(net, 2).name == "swan"
    target = as_target(net, "0#4")
    assert (target.name, target.layers, target.needs_logits) == ("0#4", ("0",), False)
    assert as_target(net, target) is target


def test_a_unit_by_name_stands_on_its_layers_axis() -> None:
    net = deepro.load(Tokens(), input_shape=(3, 4, 4))
    out = {"embed": torch.randn(2, 16, 5)}
    assert torch.allclose(as_target(net, "embed#4")(None, out), out["embed"][..., 4].mean(1))


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("gose", LabelError, "goose"),
        (3, LabelError, "out of range"),
        ("0#6", LayerError, r"units 0\.\.5, not 6"),
        ("9#0", LayerError, "unknown layer '9'"),
        ("0#first", UsageError, "layer#unit"),
    ],
)
def test_names_that_do_not_fit_are_explained(net: Network, name: str | int, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        as_target(net, name)
