"""Exact neighbours against every distance written out, in memory and in half precision on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.reference import spaces as reference

from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces import neighbours
from deepro.methods.spaces.neighbours import Finder


def points(n: int, size: int, seed: int = 0, offset: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((n, size)) + offset).astype(np.float32)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and blocks so small that every seam between them is crossed."""
    monkeypatch.setattr(neighbours, "_ROWS", 16)
    monkeypatch.setattr(neighbours, "_BLOCK", 11)
    monkeypatch.setattr(neighbours, "_SPARE", 2)  # or measuring again would mend a wrong product


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_all_neighbours_are_those_of_every_distance(metric: str, offset: float) -> None:
    codes = points(70, 9, offset=offset)
    table = reference.distances(codes, codes, metric)
    found = Finder(codes, metric).of_all(12)
    assert found.indices.tolist() == [row[:12] for row in reference.ranked(table)]
    expected = np.take_along_axis(table, found.indices, 1)
    np.testing.assert_allclose(found.distances, expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("queries", [1, 3, 25])
def test_neighbours_of_queries_in_half_precision_on_disk(tmp_path: Path, queries: int) -> None:
    codes = points(90, 6).astype(np.float16)
    np.save(tmp_path / "codes.npy", codes)
    mapped = np.load(tmp_path / "codes.npy", mmap_mode="r")
    asked = points(queries, 6, seed=1)
    table = reference.distances(asked, codes)
    found = Finder(mapped).of(asked, 7)
    assert found.indices.tolist() == np.argsort(table, axis=1, kind="stable")[:, :7].tolist()


def test_equal_points_come_in_the_order_of_their_index() -> None:
    codes = np.repeat(points(4, 3), 5, axis=0)
    found = Finder(codes).of_all(4)
    assert found.indices.tolist() == [[j for j in range(5 * (i // 5), 5 * (i // 5) + 5) if j != i] for i in range(20)]
    assert not found.distances.any()


def test_near_ties_are_settled_exactly() -> None:
    """Distances that differ by less than float32 can tell when taken from products."""
    angles = np.linspace(0, 1, 40)
    codes = np.stack([np.cos(angles), np.sin(angles)], 1) * (1 + 1e-6 * np.arange(40)[:, None]) + 50
    found = Finder(codes.astype(np.float32)).of(np.array([50.0, 50.0]), 40)
    table = reference.distances(np.array([[50.0, 50.0]]), codes.astype(np.float32))
    assert found.indices[0].tolist() == np.argsort(table[0], kind="stable").tolist()


def test_bad_input_is_one_line() -> None:
    codes = points(5, 3)
    with pytest.raises(UsageError, match="5 neighbours asked for among 5 codes, expected 1 to 4"):
        Finder(codes).of_all(5)
    with pytest.raises(UsageError, match="6 neighbours"):
        Finder(codes).of(codes, 6)
    with pytest.raises(ShapeError, match="queries have 2 numbers, the codes 3"):
        Finder(codes).of(codes[:, :2], 1)
    with pytest.raises(ShapeError, match="expected"):
        Finder(codes[0])
    codes[3, 1] = np.nan
    with pytest.raises(UsageError, match="code 3 holds NaN"):
        Finder(codes)
