"""Quality numbers against their definitions point by point, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference import spaces as reference

from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces.quality import agreement, distance_correlation, map_neighbours, quality


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((60, 6)).astype(np.float32)
    return codes, codes[:, :2] + 0.5 * rng.standard_normal((60, 2))


def test_every_number_is_what_its_definition_says(pair: tuple[np.ndarray, np.ndarray]) -> None:
    codes, values = pair
    found = quality(codes, values, sizes=(5, 15))
    for k in (5, 15):
        kept = reference.neighbours_kept(codes, values, k)
        assert found.numbers[f"neighbours@{k}"] == pytest.approx(kept.mean(), abs=1e-12)
        trust, back = reference.trustworthiness(codes, values, k), reference.trustworthiness(values, codes, k)
        assert found.numbers[f"trustworthiness@{k}"] == pytest.approx(trust, abs=1e-12)
        assert found.numbers[f"continuity@{k}"] == pytest.approx(back, abs=1e-12)
    np.testing.assert_allclose(found.per_point, reference.neighbours_kept(codes, values, 5), atol=1e-6)
    assert found.size == 5
    assert not found.notes


def test_the_correlation_of_distances_is_spearmans(pair: tuple[np.ndarray, np.ndarray]) -> None:
    codes, values = pair[0][:25], pair[1][:25]
    assert distance_correlation(codes, values) == pytest.approx(
        reference.distance_correlation(codes, values), abs=1e-12
    )
    sampled = distance_correlation(*pair, pairs=1500)
    assert sampled == pytest.approx(distance_correlation(*pair), abs=0.05)


def test_trustworthiness_agrees_with_scikit_learn(pair: tuple[np.ndarray, np.ndarray]) -> None:
    from sklearn.manifold import trustworthiness

    codes, values = pair
    for metric in ("euclidean", "cosine"):
        found = quality(codes, values, sizes=(7,), metric=metric).numbers["trustworthiness@7"]
        assert found == pytest.approx(trustworthiness(codes, values, n_neighbors=7, metric=metric), abs=1e-12)


def test_a_large_set_is_measured_on_a_stated_sample(pair: tuple[np.ndarray, np.ndarray]) -> None:
    whole = quality(*pair, sizes=(15,))
    part = quality(*pair, sizes=(15,), rows=40)
    assert part.notes == ("trustworthiness and continuity were measured on 40 of 60 points",)
    assert part.numbers["trustworthiness@15"] != whole.numbers["trustworthiness@15"]
    assert part.numbers["trustworthiness@15"] == pytest.approx(whole.numbers["trustworthiness@15"], abs=0.05)
    assert part.numbers["neighbours@15"] == whole.numbers["neighbours@15"]
    seeds = [quality(*pair, sizes=(15,), rows=40, seed=s).numbers["trustworthiness@15"] for s in range(8)]
    assert np.std(seeds) < 0.01
    assert np.mean(seeds) == pytest.approx(whole.numbers["trustworthiness@15"], abs=0.005)


def test_a_perfect_map_is_perfect_and_noise_is_not(pair: tuple[np.ndarray, np.ndarray]) -> None:
    values = pair[1]
    perfect = quality(values.astype(np.float32), values * 3 + 1, sizes=(5,))
    assert perfect.numbers["neighbours@5"] == 1
    assert perfect.numbers["trustworthiness@5"] == perfect.numbers["continuity@5"] == 1
    assert perfect.numbers["distance_correlation"] == pytest.approx(1, abs=1e-6)
    noise = quality(pair[0], np.random.default_rng(9).random((60, 2)), sizes=(5,)).numbers
    assert noise["neighbours@5"] < 0.2
    assert abs(noise["distance_correlation"]) < 0.15


def test_few_points_leave_large_neighbourhoods_out() -> None:
    codes = np.random.default_rng(0).random((3, 4)).astype(np.float32)
    found = quality(codes, codes[:, :2])
    assert set(found.numbers) == {"distance_correlation"}
    assert found.size == 1
    assert "15, 50, 150 were left out" in found.notes[0]
    more = quality(np.repeat(codes, 20, 0) + np.arange(60)[:, None], np.random.default_rng(1).random((60, 2)))
    assert "trustworthiness@15" in more.numbers
    assert "trustworthiness@50" not in more.numbers  # it needs more than 100 points
    with pytest.raises(UsageError, match="at least 3 points, got 2"):
        quality(codes[:2], codes[:2, :2])
    with pytest.raises(ShapeError, match="a map of 2 points for 3 codes"):
        quality(codes, codes[:2, :2])


def test_points_on_top_of_each_other_are_neighbours_but_not_of_themselves() -> None:
    values = np.repeat(np.random.default_rng(0).random((6, 2)), 4, axis=0)
    found = map_neighbours(values, 3).indices
    assert all(set(row) == set(range(4 * (i // 4), 4 * (i // 4) + 4)) - {i} for i, row in enumerate(found.tolist()))


def test_agreement_of_maps() -> None:
    a = np.random.default_rng(0).random((50, 2))
    turned = a @ np.array([[0.0, 1.0], [-1.0, 0.0]]) * 2 + 5
    assert agreement(a, turned) == 1
    assert agreement(a, np.random.default_rng(1).random((50, 2))) < 0.5
