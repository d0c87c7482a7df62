"""Aligned maps: identical layers, Procrustes, who is marked."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

import deepro
from deepro import registry
from deepro.errors import UsageError
from deepro.methods.spaces.aligned import align_networks, procrustes

N = 50
QUICK = {"steps": 60, "early_steps": 40}


def turned(points: np.ndarray, angle: float = 1.0, mirror: bool = True) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, -s], [s, c]]) @ np.diag([-1 if mirror else 1, 1])


def test_procrustes_undoes_shift_turn_mirror_and_scale() -> None:
    target = np.random.default_rng(0).standard_normal((40, 2))
    np.testing.assert_allclose(procrustes(target, 3 * turned(target) + 7), target, atol=1e-10)


def test_procrustes_can_keep_the_spread() -> None:
    rng = np.random.default_rng(0)
    target, values = rng.standard_normal((2, 40, 2))
    small, same = procrustes(target, values), procrustes(target, values, shrink=False)
    assert same.var(0).sum() == pytest.approx(target.var(0).sum())
    assert small.var(0).sum() < 0.5 * target.var(0).sum()
    middle = target.mean(0)
    factor = np.sqrt(same.var(0).sum() / small.var(0).sum())
    np.testing.assert_allclose((small - middle) * factor, same - middle, atol=1e-10)


def test_procrustes_is_the_best_of_all_similarities() -> None:
    from scipy.spatial import procrustes as known

    rng = np.random.default_rng(0)
    target, values = rng.standard_normal((2, 40, 2))
    found = procrustes(target, values)
    # scipy's disparity is of the standardised target.
    scale = np.square(target - target.mean(0)).sum()
    assert np.square(found - target).sum() / scale == pytest.approx(known(target, values)[2], abs=1e-10)


class Twice(nn.Module):
    """Two equal layers, then one that sees half of the code."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = nn.Linear(6, 8), nn.Identity(), nn.Linear(8, 8)
        with torch.no_grad():
            self.third.weight.copy_(torch.diag(torch.tensor([1.0, 1, 1, 1, 0, 0, 0, 0])))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.third(self.second(self.first(x)))


@pytest.fixture(scope="module")
def made() -> deepro.AlignedMaps:
    torch.manual_seed(0)
    net = deepro.load(Twice(), input_shape=(6,))
    return registry.get("aligned_maps")(net, torch.randn(N, 6), ["first", "second", "third"], **QUICK)


def test_aligned_maps_of_identical_layers_are_identical(made: deepro.AlignedMaps) -> None:
    np.testing.assert_allclose(made.maps[1].values, made.maps[0].values, atol=1e-4 * made.maps[0].values.std())
    assert not made.changed[1].any()
    assert made.moved[1].max() < 1e-3


def test_points_are_marked_by_their_neighbours_and_not_by_their_way(made: deepro.AlignedMaps) -> None:
    from deepro.methods.spaces.neighbours import Finder
    from deepro.methods.spaces.quality import kept

    a, b = (Finder(m.codes).of_all(15).indices for m in made.maps[1:])
    np.testing.assert_allclose(made.changed[2], 1 - kept(a, b), atol=1e-6)
    assert made.changed[2].mean() > 0.1
    spread = np.sqrt(made.maps[2].values.var(0).sum())
    way = np.linalg.norm(made.maps[2].values - made.maps[1].values, axis=1) / spread
    np.testing.assert_allclose(made.moved[2], way, rtol=1e-4)


def test_a_map_is_no_worse_for_having_been_aligned(made: deepro.AlignedMaps) -> None:
    from deepro.methods.spaces.embed import embed

    torch.manual_seed(0)
    net = deepro.load(Twice(), input_shape=(6,))
    fresh = embed(net, torch.randn(N, 6), "third", **QUICK)
    assert made.maps[2].quality["neighbours@15"] > fresh.quality["neighbours@15"] - 0.05


def test_checkpoints_of_one_layer() -> None:
    torch.manual_seed(0)
    nets = [deepro.load(Twice(), input_shape=(6,)) for _ in range(2)]
    nets[1] = deepro.load(copy.deepcopy(nets[0].module), input_shape=(6,))
    made = align_networks(nets, torch.randn(N, 6), "first", ["start", "end"], **QUICK)
    assert made.steps == ("start", "end")
    np.testing.assert_allclose(made.maps[1].values, made.maps[0].values, atol=1e-4 * made.maps[0].values.std())
    with pytest.raises(UsageError, match="1 names for 2 networks"):
        align_networks(nets, torch.randn(N, 6), "first", ["start"])


def test_bad_input_is_one_line() -> None:
    net = deepro.load(Twice(), input_shape=(6,))
    with pytest.raises(UsageError, match="4 points are too few"):
        registry.get("aligned_maps")(net, torch.randn(4, 6), ["first"])
    with pytest.raises(UsageError, match="not positions"):
        registry.get("aligned_maps")(net, torch.randn(9, 6), ["first"], pool="positions")
