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
from deepro.methods.spaces import doubting, finding
from deepro.methods.spaces.leaving_out import LeftOut
from deepro.methods.spaces.neighbours import Finder, Metric
from deepro.render.grid import picture_grid


def three_blobs(each: int = 40, size: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.normal(6 * i, 1, (each, size)) for i in range(3)])
    return codes.astype(np.float32), np.repeat([0, 1, 2], each)


def test_the_odd_one_is_the_farthest_out_alone_or_faint_in_a_crowd() -> None:
    # A faint answer lies among all others by its distance, and points elsewhere.
    random = np.random.default_rng(0)
    codes = np.abs(random.normal(0, 1, (200, 40))).astype(np.float32) * random.uniform(0.3, 3, (200, 1)).astype("f4")
    codes[7] *= 100
    assert finding.outliers(codes).argmax() == 7
    codes[7] /= 100
    codes[11] = 0
    codes[11, :3] = 0.1
    assert finding.outliers(codes).argmax() == 11
    assert np.isfinite(finding.outliers(np.repeat(codes[:10], 5, axis=0), 3)).all()


def test_left_out_answers_are_those_of_regressions_made_without_each() -> None:
    random = np.random.default_rng(0)
    for shape in ((12, 4), (9, 30)):
        codes, target = random.normal(size=shape), np.eye(3)[np.arange(shape[0]) % 3]
        x = codes / np.linalg.norm(codes, axis=1, keepdims=True)
        x -= x.mean(0)
        found = LeftOut(codes).answers(target)
        usual = np.square(x).sum() / len(x)
        expected = min(
            (reference.left_out(x, target, penalty * usual) for penalty in np.geomspace(1e-4, 1e2, 13)),
            key=lambda answers: np.square(answers - target).sum(),
        )
        np.testing.assert_allclose(found, expected, atol=1e-8)


def hard_blobs(n: int = 300, classes: int = 6, size: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Classes that overlap, and of unequal brightness."""
    random = np.random.default_rng(1)
    labels = random.integers(0, classes, n)
    codes = random.normal(0, 1, (classes, size))[labels] + random.normal(0, 1.6, (n, size))
    return (codes * random.uniform(0.3, 3, (n, 1))).astype(np.float32), labels


def test_planted_label_errors_are_found_and_few_others() -> None:
    codes, labels = hard_blobs()
    right = listed = planted = 0
    for seed in range(5):
        random = np.random.default_rng(seed)
        at = random.choice(len(labels), 15, replace=False)
        wrong = labels.copy()
        wrong[at] = (wrong[at] + random.integers(1, 6, 15)) % 6
        found, _ = doubting.label_errors(codes, wrong)
        right, listed, planted = right + np.isin(found.suspects, at).sum(), listed + len(found.suspects), planted + 15
        assert (found.given == wrong[found.suspects]).all()
        assert (found.likely != found.given).all()
        assert (np.diff(found.trust) >= 0).all()
    assert right / listed > 0.55
    assert right / planted > 0.7


def test_right_labels_are_hardly_doubted_and_the_control_says_what_is_chance() -> None:
    codes, labels = hard_blobs()
    labels[5] = -1
    found, control = doubting.label_errors(codes, labels)
    assert len(found.suspects) <= 0.04 * len(labels)
    assert 5 not in found.suspects
    assert control.clean <= len(found.suspects)
    assert control.planted == 15
    assert control.found >= 10
    assert control.alarms <= 0.04 * len(labels)


def test_many_examples_are_answered_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    codes, labels = hard_blobs()
    labels[:10] = (labels[:10] + 1) % 6
    monkeypatch.setattr(doubting, "_TOGETHER", 160)
    found, _ = doubting.label_errors(codes, labels)
    assert np.isin(np.arange(10), found.suspects).sum() >= 6


def test_natural_neighbours_are_no_duplicates_and_copies_are_in_spite_of_many_others() -> None:
    random = np.random.default_rng(0)
    codes = random.normal(size=(300, 64)).astype(np.float32)
    assert not len(finding.near_duplicates(Finder(codes).of_all(8)).pairs)
    copies = codes[:90] + random.normal(0, 0.2, (90, 64)).astype(np.float32)
    found = finding.near_duplicates(Finder(np.concatenate([codes, copies])).of_all(8))
    assert sorted(map(tuple, found.pairs.tolist())) == [(i, 300 + i) for i in range(90)]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_picture_and_its_mirror_image_are_the_same(metric: Metric) -> None:
    random = np.random.default_rng(0)
    codes, mirrored = random.normal(size=(2, 30, 6)).astype(np.float32)
    codes[7], mirrored[7] = mirrored[3], codes[3]
    near = finding.either_way(codes, mirrored, metric, 5)
    assert (near.indices[3, 0], near.indices[7, 0]) == (7, 3)
    assert near.distances[3, 0] == pytest.approx(0, abs=1e-5)
    rows = np.arange(30)[:, None]
    assert not (near.indices == rows).any()
    assert all(len(set(row)) == 5 for row in near.indices.tolist())
    both, turned = np.concatenate([codes, mirrored], 1), np.concatenate([mirrored, codes], 1)
    table = np.minimum(reference.distances(both, both, metric), reference.distances(both, turned, metric))
    np.fill_diagonal(table, np.inf)
    scale = 2**0.5 if metric == "euclidean" else 1
    np.testing.assert_allclose(near.distances, np.sort(table, 1)[:, :5] / scale, atol=1e-5)


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
