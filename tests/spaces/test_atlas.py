"""The activation atlas: planted groups get cells, directions and pictures of their own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro import registry
from deepro.errors import UnsupportedError, UsageError
from deepro.methods.spaces.atlas import _cells, _nearest, towards
from deepro.network import Network, Preprocess

N = 60
QUICK = {"pool": "mean", "steps": 40, "grid": 3, "least": 3}


class Quarters(nn.Module):
    """Unit u answers to brightness in quarter u of an 8 x 8 picture."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(4)
        self.flat = nn.Flatten()
        self.head = nn.Linear(4, 4)
        with torch.no_grad():
            self.head.weight.copy_(8 * torch.eye(4))
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.flat(self.pool(x)))


def net() -> Network:
    return deepro.load(
        Quarters(),
        preprocess=Preprocess(size=(8, 8), mean=(0.4,), std=(0.3,), order="L"),
        labels=["nw", "ne", "sw", "se"],
    )


def bright_quarters() -> tuple[Tensor, np.ndarray]:
    """Pictures, as inputs, with one bright quarter each."""
    kinds = np.arange(N) % 4
    pictures = torch.full((N, 1, 8, 8), 0.1)
    for i, k in enumerate(kinds.tolist()):
        pictures[i, :, 4 * (k // 2) : 4 * (k // 2) + 4, 4 * (k % 2) : 4 * (k % 2) + 4] = 0.9
    noise = 0.05 * torch.randn(N, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return (pictures + noise - 0.4) / 0.3, kinds


@pytest.fixture(scope="module")
def made() -> deepro.Atlas:
    return registry.get("atlas")(net(), bright_quarters()[0], "flat", **QUICK)


def test_each_group_gets_a_picture_of_what_sets_it_apart(made: deepro.Atlas) -> None:
    seen = set()
    for p in range(len(made.images)):
        quarter = int(made.directions[p].argmax())
        if made.shares[p, 0] < 1:
            continue  # a cell that two groups share
        seen.add(quarter)
        assert made.class_names[made.classes[p, 0]] == ["nw", "ne", "sw", "se"][quarter]
        brightness = made.images[p, 0].reshape(2, 4, 2, 4).mean((1, 3)).ravel()
        assert brightness.argmax() == quarter
        assert made.cosines[p] > 0.8
        assert set(made.examples[p] % 4) == {quarter}
    assert seen == {0, 1, 2, 3}
    assert made.counts.sum() <= N
    assert sorted(made.cells[made.cells >= 0].tolist()) == list(range(len(made.images)))


def test_directions_are_means_less_the_mean_of_all(made: deepro.Atlas) -> None:
    x, _ = bright_quarters()
    codes = nn.Sequential(nn.AvgPool2d(4), nn.Flatten())(x).numpy()
    for p in range(len(made.images)):
        # Whatever points are in the cell, their mean is within the hull of the codes: check by its nearest examples.
        near = np.linalg.norm(codes - codes.mean(0) - made.directions[p], axis=1).argsort()[:3]
        assert made.examples[p, 0] in near


def test_directions_of_all_codes_cancel() -> None:
    made = registry.get("atlas")(net(), bright_quarters()[0], "flat", **{**QUICK, "steps": 1, "least": 1})
    assert made.counts.sum() == N
    np.testing.assert_allclose(made.counts @ made.directions, 0, atol=1e-4)
    assert np.abs(made.directions).max() > 0.1


def test_an_atlas_is_the_same_in_any_order_and_is_kept(made: deepro.Atlas, tmp_path: object) -> None:
    x, _ = bright_quarters()
    order = np.random.default_rng(1).permutation(N)
    other = registry.get("atlas")(net(), x[order], "flat", **QUICK)
    np.testing.assert_array_equal(other.cells, made.cells)
    np.testing.assert_allclose(other.directions, made.directions, atol=1e-5)
    assert [other.example_ids[i] for i in other.examples[:, 0]] == [
        str(np.nonzero(order == i)[0][0]) for i in made.examples[:, 0]
    ]
    made.save(f"{tmp_path}/atlas")
    np.testing.assert_array_equal(deepro.open(f"{tmp_path}/atlas").images, made.images)


def test_positions_are_codes_of_their_own() -> None:
    x, _ = bright_quarters()
    one = registry.get("atlas")(net(), x, "pool", pool="positions", steps=2, grid=2, sample=100)
    assert one.counts.sum() <= 100
    assert "100 of 240 codes" in one.notes[0]
    assert one.directions.shape[1] == 1


def test_the_target_is_the_distance_along_the_direction_times_the_cosine() -> None:
    goal = towards(net(), "flat", np.array([1.0, 0, 0, 0]), np.array([0.5, 0, 0, 0]))
    outputs = {"flat": torch.tensor([[2.5, 0, 0, 0], [2.5, 2, 0, 0], [-1.5, 0, 0, 0]])}
    assert goal(None, outputs).tolist() == pytest.approx([2, 2 / 2**0.5, -2 * 0.1])


def test_cells_are_numbered_from_the_top_left() -> None:
    cells, members = _cells(np.array([[0.0, 0], [4, 0], [0, 4], [4, 4], [0.1, 3.9]]), 2, 1)
    assert cells.tolist() == [[0, 1], [2, 3]]
    assert [m.tolist() for m in members] == [[2, 4], [3], [0], [1]]
    cells, _ = _cells(np.array([[0.0, 0], [4, 0], [0, 4], [4, 4], [0.1, 3.9]]), 2, 2)
    assert cells.tolist() == [[0, -1], [-1, -1]]
    wide, _ = _cells(np.array([[0.0, 0], [4, 1]]), 4, 1)
    assert wide.tolist() == [[0, -1, -1, 1]]


def test_an_example_is_told_once() -> None:
    codes = np.array([[0.0], [0.1], [0.2], [5]])
    assert _nearest(codes, np.zeros(1), np.array([7, 7, 3, 9])).tolist() == [7, 3, 9]
    assert _nearest(codes[:2], np.zeros(1), np.array([7, 7])).tolist() == [7, 7, 7]


def test_bad_input_is_one_line() -> None:
    x, _ = bright_quarters()
    run = registry.get("atlas")
    with pytest.raises(UsageError, match="at least 7 codes, got 5"):
        run(net(), x[:5], "flat", pool="mean")
    with pytest.raises(UsageError, match="all 60 codes are equal"):
        run(net(), torch.zeros_like(x), "flat", pool="mean")
    with pytest.raises(UsageError, match="no cell holds 59 codes: a smaller grid than 8, or least=58"):
        run(net(), x, "flat", pool="mean", least=59)
    flat = deepro.load(nn.Sequential(nn.Linear(8, 9)), input_shape=(8,))
    with pytest.raises(UnsupportedError, match="imagine makes pictures"):
        run(flat, torch.randn(20, 8), "0", pool="mean", steps=1, least=1)
