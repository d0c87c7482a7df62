"""What layers know: CKA, probes on planted codes, dimension, separation; against references and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group
from tests.reference import spaces as reference
from torch import nn

import deepro
from deepro import registry
from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces import probing
from deepro.methods.spaces.knowledge import compare_networks
from deepro.methods.spaces.neighbours import Finder
from deepro.methods.spaces.similarity import cka_matrix, linear_cka


def noise(n: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, size))


@pytest.mark.parametrize(("n", "d", "e"), [(40, 6, 9), (12, 30, 5), (10, 40, 50)])
def test_cka_is_what_its_definition_says(n: int, d: int, e: int) -> None:
    a, b = noise(n, d) + 3, noise(n, e, 1) @ np.diag(np.arange(1, e + 1)) + 2
    assert linear_cka(a, b) == pytest.approx(reference.linear_cka(a, b), abs=1e-10)
    assert linear_cka(a, b, debiased=True) == pytest.approx(reference.unbiased_cka(a, b), abs=1e-10)


def test_cka_of_a_rotation_is_one_and_of_noise_near_zero() -> None:
    a = noise(400, 12) @ np.diag(np.arange(1, 13))
    rotated = 2.5 * a @ ortho_group.rvs(12, random_state=0) + 4
    assert linear_cka(a, rotated) == pytest.approx(1, abs=1e-12)
    assert linear_cka(a, noise(400, 12, 1)) < 0.05
    assert np.isnan(linear_cka(a, np.ones((400, 3))))


def test_few_examples_make_noise_look_alike_and_a_warning_says_so() -> None:
    a, b = noise(20, 300), noise(20, 300, 1)
    plain, warned = cka_matrix([a, b])
    assert plain[0, 1] > 0.8
    assert "20 examples for codes of up to 300 numbers" in warned[0]
    corrected, silent = cka_matrix([a, b], debiased=True)
    assert abs(corrected[0, 1]) < 0.3
    assert not silent
    with pytest.raises(ShapeError, match="of the same examples"):
        linear_cka(a, b[:5])
    with pytest.raises(UsageError, match="at least 4 examples, got 3"):
        linear_cka(a[:3], b[:3])


def planted(n: int = 300, size: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Codes in which one direction tells three classes apart."""
    labels = np.arange(n) % 3
    codes = noise(n, size)
    codes[:, 4] = 0.1 * codes[:, 4] + labels
    return codes.astype(np.float32), labels


def test_a_probe_finds_what_was_planted_and_its_control_does_not() -> None:
    codes, labels = planted()
    found = probing.linear_probe(codes, labels)
    assert found.accuracy > 0.95
    assert found.control < 0.5
    assert found.chance == pytest.approx(1 / 3, abs=0.01)
    assert found.selectivity == found.accuracy - found.control
    nothing = probing.linear_probe(noise(300, 10, 5).astype(np.float32), labels)
    assert nothing.accuracy < 0.5


def test_the_control_shows_a_probe_that_learns_by_heart() -> None:
    found = probing.linear_probe(noise(100, 400).astype(np.float32), np.arange(100) % 2, strength=100.0)
    assert found.control_fit > 0.95
    assert found.accuracy < 0.75


def test_the_probe_is_scikit_learns_on_the_same_split() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    codes, labels = planted(200)
    codes[:, 4] += noise(200, 1, 3)[:, 0] * 0.8
    test = probing._held_out(labels, 0.2, np.random.default_rng(7))
    known = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(codes[~test], labels[~test])
    assert probing.linear_probe(codes, labels, seed=7).accuracy == pytest.approx(known.score(codes[test], labels[test]))


def test_several_splits_give_the_mean_and_its_spread() -> None:
    codes, labels = planted(60)
    codes[:, 4] += noise(60, 1, 3)[:, 0] * 0.8
    found = probing.linear_probe(codes, labels, splits=10, seed=1)
    single = [probing.linear_probe(codes, labels, seed=s).accuracy for s in range(40)]
    assert abs(found.accuracy - np.mean(single)) < 3 * np.std(single) / 10**0.5
    assert 0.5 * np.std(single) < found.spread < 2 * np.std(single)
    assert np.isnan(probing.linear_probe(codes, labels).spread)


def test_examples_without_a_label_are_left_out() -> None:
    codes, labels = planted()
    some = np.where(np.arange(300) % 5 == 0, -1, labels)
    codes[::5] = 1e4
    assert probing.linear_probe(codes, some).accuracy > 0.95
    assert probing.between_class_share(codes, some) < 1


def test_neighbour_accuracy_is_a_leave_one_out_vote() -> None:
    from sklearn.model_selection import LeaveOneOut, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    codes, labels = planted(60)
    near = Finder(codes).of_all(5)
    known = cross_val_score(KNeighborsClassifier(1), codes, labels, cv=LeaveOneOut()).mean()
    assert probing.neighbour_accuracy(near, labels, 1) == pytest.approx(known)
    votes = labels[near.indices]
    right = []
    for row, label in zip(votes.tolist(), labels.tolist(), strict=True):
        most = max(row.count(c) for c in row)
        right.append(next(c for c in row if row.count(c) == most) == label)
    assert probing.neighbour_accuracy(near, labels, 5) == pytest.approx(np.mean(right))


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_intrinsic_dimension_of_a_flat_sheet(dimension: int) -> None:
    flat = np.random.default_rng(0).random((1500, dimension))
    codes = (flat @ noise(dimension, 20, 1)).astype(np.float32)
    near = Finder(codes).of_all(20)
    assert probing.two_nn(near) == pytest.approx(dimension, rel=0.12)
    assert probing.levina_bickel(near) == pytest.approx(dimension, rel=0.2)


def test_two_neighbours_dimension_is_what_its_paper_says() -> None:
    codes = np.random.default_rng(0).standard_normal((200, 6)) ** 3  # long tails: what is discarded matters
    near = Finder(codes.astype(np.float32)).of_all(2)
    assert probing.two_nn(near) == pytest.approx(reference.two_nn(near.distances), rel=1e-6)


def test_intrinsic_dimension_bears_duplicates() -> None:
    flat = np.random.default_rng(0).random((800, 2)).astype(np.float32)
    near = Finder(np.concatenate([flat, flat[:100]])).of_all(20)
    assert probing.two_nn(near) == pytest.approx(2, rel=0.2)
    assert np.isnan(probing.two_nn(Finder(np.ones((30, 2), np.float32)).of_all(5)))


def test_class_separation() -> None:
    from sklearn.metrics import silhouette_score

    codes, labels = planted()
    x = codes.astype(np.float64)
    within = sum(np.square(x[labels == c] - x[labels == c].mean(0)).sum() for c in range(3))
    assert probing.between_class_share(codes, labels) == pytest.approx(1 - within / np.square(x - x.mean(0)).sum())
    assert probing.silhouette(codes, labels) == pytest.approx(silhouette_score(x, labels))


def test_scores_of_layers_from_one_pass() -> None:
    torch.manual_seed(0)
    net = deepro.load(nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 3)), input_shape=(10,))
    codes, labels = planted(120)
    found = registry.get("layer_scores")(net, (torch.from_numpy(codes), labels), ["0", "1", "2"])
    assert found.layers == ("0", "1", "2")
    assert all(len(v) == 3 for v in found.scores.values())
    with torch.no_grad():
        first = net.module[0](torch.from_numpy(codes)).numpy()
    assert found.scores["probe"][0] == probing.linear_probe(first, labels, splits=10).accuracy
    assert found.similarity.shape == (3, 3)
    np.testing.assert_allclose(np.diag(found.similarity), 1)
    between = compare_networks(net, net, torch.from_numpy(codes), ["0", "2"], ["1"])
    assert (between.layers, between.other_layers, between.examples) == (("0", "2"), ("1",), 120)
    np.testing.assert_allclose(between.similarity[:, 0], found.similarity[[0, 2], 1], atol=1e-9)


def test_bad_labels_are_one_line() -> None:
    net = deepro.load(nn.Linear(10, 3), input_shape=(10,))
    net = deepro.load(nn.Sequential(net.module), input_shape=(10,))
    codes = torch.from_numpy(planted(30)[0])
    score = registry.get("layer_scores")
    with pytest.raises(UsageError, match="no example has a label: pass labels="):
        score(net, codes, ["0"])
    with pytest.raises(UsageError, match="all 30 labelled examples are of one class"):
        score(net, (codes, [1] * 30), ["0"])
    with pytest.raises(UsageError, match="at least 5 examples, got 3"):
        score(net, (codes[:3], [0, 1, 0]), ["0"])
    with pytest.raises(UsageError, match="at least two examples"):
        probing.linear_probe(codes[:5].numpy(), np.arange(5))
