"""Layers worth showing."""

from __future__ import annotations

import pytest
import torchvision
from torch import nn

import deepro
from deepro.methods.units.representative import representative_layers


def _load(name: str) -> deepro.Network:
    return deepro.load(getattr(torchvision.models, name)(weights=None), input_shape=(3, 64, 64))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alexnet", ["features.1", "features.4", "features.7", "features.9", "features.11"]),
        ("resnet18", ["relu", "layer1", "layer2", "layer3", "layer4"]),
    ],
)
def test_the_stages_of_known_networks(name: str, expected: list[str]) -> None:
    assert representative_layers(_load(name)) == expected


def test_they_are_rectified_in_order_and_see_more_and_more() -> None:
    net = _load("squeezenet1_0")
    for count in (1, 3, 6):
        names = representative_layers(net, count)
        assert len(names) == count
        order = [list(net.layers).index(name) for name in names]
        assert order == sorted(set(order))
        sizes = [net.layers[name].receptive_field.size[0] for name in names]
        assert sizes == sorted(sizes)


def test_networks_without_rectified_maps_still_have_layers() -> None:
    smooth = nn.Sequential(nn.Conv2d(1, 2, 3), nn.SiLU(), nn.Conv2d(2, 3, 3), nn.Tanh())
    assert set(representative_layers(deepro.load(smooth, input_shape=(1, 9, 9)), 2)) <= {"0", "1", "2", "3"}
    dense = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    assert representative_layers(deepro.load(dense, input_shape=(4,)), 3) == ["1"]
