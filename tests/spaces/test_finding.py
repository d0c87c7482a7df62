"""Outliers, duplicates, label errors, clusters, grids and units, on planted data and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.reference import spaces as reference
from torch import nn

import deepro
from deepro import registry
from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces import finding
from deepro.methods.spaces.neighbours import Finder
from deepro.render.grid import picture_grid


def three_blobs(each: int = 40, size: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.normal(6 * i, 1, (each, size)) for i in range(3)])
    return codes.astype(np.float32), np.repeat([0, 1, 2], each)


def test_outliers_are_scikit_learns() -> None:
    from sklearn.neighbors import LocalOutlierFactor

    codes, _ = three_blobs()
    codes[7] += 30
    found = finding.outliers(Finder(codes).of_all(12))
    known = -LocalOutlierFactor(12).fit(codes.astype(np.float64)).negative_outlier_factor_
    np.testing.assert_allclose(found, known, rtol=1e-5)
    assert found.argmax() == 7


def test_planted_duplicates_are_found_in_groups() -> None:
    codes, _ = three_blobs()
    codes = np.concatenate([codes, codes[[4, 4, 9]] + 1e-4])
    found = finding.near_duplicates(Finder(codes).of_all(8))
    assert found.groups == ((4, 120, 121), (9, 122))
    assert sorted(map(tuple, found.pairs.tolist())) == [(4, 120), (4, 121), (9, 122), (120, 121)]
    assert (np.diff(found.distances) >= 0).all()
    assert not finding.near_duplicates(Finder(three_blobs()[0]).of_all(8)).groups
    with pytest.raises(UsageError, match=r"within is -1\.0"):
        finding.near_duplicates(Finder(codes).of_all(8), -1.0)


def test_planted_label_errors_are_found() -> None:
    codes, labels = three_blobs()
    wrong = labels.copy()
    wrong[[3, 50, 90]] = (labels[[3, 50, 90]] + 1) % 3
    wrong[5] = -1
    found = finding.label_errors(Finder(codes).of_all(15), wrong)
    assert sorted(found.suspects.tolist()) == [3, 50, 90]
    assert (found.likely == labels[found.suspects]).all()
    assert (found.given == wrong[found.suspects]).all()
    assert found.trust.max() < 0.2
    assert not len(finding.label_errors(Finder(codes).of_all(15), labels).suspects)


def test_label_errors_are_what_confident_learning_says() -> None:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((90, 2)).astype(np.float32)
    labels = (codes[:, 0] + rng.normal(0, 0.8, 90) > 0.7).astype(int) + 2 * (codes[:, 1] > 1)
    near = Finder(codes).of_all(10)
    found = finding.label_errors(near, labels, 10)
    expected = reference.label_errors(near.indices, labels)
    assert 5 < len(expected) < 45
    assert dict(zip(found.suspects.tolist(), found.likely.tolist(), strict=True)) == expected


def test_clusters_with_the_labels_and_units_that_mark_them() -> None:
    codes, labels = three_blobs()
    codes[:40, 2] += 15
    found = finding.clusters(codes, labels, smallest=10)
    assert sum(len(c.members) > 30 for c in found) == 3
    marked = next(c for c in found if c.label_shares.get(0, 0) > 0.9)
    assert marked.units[0][0] == 2
    assert set(marked.members) <= set(range(40))
    with pytest.raises(UsageError, match="expected 2 to 120"):
        finding.clusters(codes, smallest=500)


def test_nearest_examples_by_name() -> None:
    codes, _ = three_blobs()
    names = [f"p{i}" for i in range(120)]
    found = finding.nearest_examples(codes, names, codes[17] + 1e-4, 3)
    assert found[0][0] == "p17"
    table = reference.distances((codes[17] + 1e-4)[None], codes)[0]
    assert [n for n, _ in found] == [names[i] for i in np.argsort(table)[:3]]


# ---- grids


def test_a_small_grid_is_the_best_of_all() -> None:
    points = np.random.default_rng(0).random((7, 2))
    made = picture_grid(points, columns=4)
    assert made.cells.shape == (2, 4)
    assert sorted(made.cells[made.cells >= 0].tolist()) == list(range(7))
    scaled = (points - points.min(0)) / np.ptp(points, axis=0)
    places = np.array([((c + 0.5) / 4, 1 - (r + 0.5) / 2) for r in range(2) for c in range(4)])
    assert made.cost * 7 == pytest.approx(reference.best_assignment(scaled, places))


def test_the_hierarchical_grid_gives_every_point_a_cell_and_is_nearly_as_good() -> None:
    points = np.random.default_rng(0).random((390, 2))
    best, cut = picture_grid(points), picture_grid(points, exact=50)
    assert sorted(cut.cells[cut.cells >= 0].tolist()) == list(range(390))
    assert best.cost <= cut.cost < 1.6 * best.cost


def test_seams_are_the_true_distances() -> None:
    points = np.array([[0.0, 1], [1, 1], [0, 0], [1, 0]])
    codes = np.array([[0.0], [1], [5], [7]])
    made = picture_grid(points, codes)
    assert made.cells.tolist() == [[0, 1], [2, 3]]
    assert made.seams_right.tolist() == [[1], [2]]
    assert made.seams_down.tolist() == [[5, 6]]
    assert np.isnan(picture_grid(points[:3], codes[:3]).seams_right[1, 0])
    with pytest.raises(ShapeError, match="expected"):
        picture_grid(points[:, :1])


# ---- units


def test_units_that_answer_alike_lie_together_and_dead_ones_are_left_out() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 9), nn.ReLU())
    with torch.no_grad():
        module[0].weight[3] = 2 * module[0].weight[7]
        module[0].bias[3] = 2 * module[0].bias[7]
        module[0].weight[5] = 0
    net = deepro.load(module, input_shape=(4,))
    x = torch.randn(40, 4)
    made = registry.get("unit_map")(net, (x, (x[:, 0] > 0).long()), "1", steps=50)
    assert made.ids == ("0", "1", "2", "3", "4", "6", "7", "8")
    assert "1 of 9 units answer the same" in " ".join(made.notes)
    correlation = np.corrcoef(net.module(x).detach().numpy().T[[0, 1, 2, 3, 4, 6, 7, 8]])
    np.testing.assert_allclose(made.codes @ made.codes.T, correlation, atol=1e-5)
    apart = np.linalg.norm(made.values[3] - made.values, axis=1)
    assert np.argsort(apart)[1] == 6
    answers, kinds = net.module(x).detach().numpy().T[[0, 1, 2, 3, 4, 6, 7, 8]], (x[:, 0] > 0).numpy()
    above = answers[:, kinds].mean(1) - answers[:, ~kinds].mean(1)
    assert made.columns["class"].tolist() == (above > 0).astype(int).tolist()
    np.testing.assert_allclose(made.columns["class_gap"], np.abs(above) / answers.std(1), rtol=1e-4)
