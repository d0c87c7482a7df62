"""What segment reads from the photograph itself: the border's background, patches of one colour, the fine border."""

from __future__ import annotations

import heapq

import cv2
import numpy as np
import pytest

from deepro.methods.regions.background import distance, enclosed, frame
from deepro.methods.regions.patches import KEPT, unspilled
from deepro.methods.regions.refine import SIDE, refined
from deepro.methods.regions.shape import enlarged

SKY, CREAM = (60, 80, 140), (220, 200, 170)


def disc(size: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    ys, xs = np.mgrid[: size[0], : size[1]]
    return np.hypot(ys + 0.5 - centre[0], xs + 0.5 - centre[1]) <= radius


def painted(mask: np.ndarray, seed: int = 0) -> np.ndarray:
    """(H, W, 3) uint8: cream inside, sky outside, a little grain."""
    grain = np.random.default_rng(seed).normal(0, 3, (*mask.shape, 3))
    return np.clip(np.where(mask[..., None], CREAM, SKY) + grain, 0, 255).astype(np.uint8)


def lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float64)


def by_dijkstra(colours: np.ndarray) -> np.ndarray:
    """The shortest ways written out: a heap, four neighbours, starting from every border pixel."""
    soft = cv2.GaussianBlur(colours, (0, 0), 1.0)
    height, width = colours.shape[:2]
    steps = [np.linalg.norm(np.diff(soft, axis=axis), axis=-1) for axis in (1, 0)]
    mean = np.concatenate([s.ravel() for s in steps]).mean()
    rim = [(y, x) for y in range(height) for x in range(width) if y in (0, height - 1) or x in (0, width - 1)]
    best = {place: 1e-3 for place in rim}
    heap = [(1e-3, place) for place in rim]
    heapq.heapify(heap)
    while heap:
        far, (y, x) = heapq.heappop(heap)
        if far > best[y, x]:
            continue
        for v, u in ((y, x + 1), (y, x - 1), (y + 1, x), (y - 1, x)):
            if 0 <= v < height and 0 <= u < width:
                then = far + max(float(np.linalg.norm(soft[y, x] - soft[v, u])) - mean, 0.0) + 1e-3
                if then < best.get((v, u), np.inf):
                    best[v, u] = then
                    heapq.heappush(heap, (then, (v, u)))
    return np.array([[best[y, x] for x in range(width)] for y in range(height)])


@pytest.mark.parametrize("size", [(14, 19), (1, 7), (9, 1)])
def test_distance_from_the_border_is_the_shortest_way(size: tuple[int, int]) -> None:
    colours = np.random.default_rng(0).uniform(0, 100, (*size, 3))
    np.testing.assert_allclose(distance(colours), by_dijkstra(colours), atol=1e-9)


def test_what_the_border_reaches_loses_and_what_an_edge_holds_off_keeps() -> None:
    mask = disc((80, 100), (40, 50), 18)
    salience = cv2.GaussianBlur(disc((80, 100), (40, 50), 30).astype(float), (0, 0), 2)
    found = enclosed(lab(painted(mask)), salience / salience.max())
    ring = disc((80, 100), (40, 50), 26) & ~disc((80, 100), (40, 50), 22)
    core = disc((80, 100), (40, 50), 14)
    assert found[core].min() > 0.9
    assert 0.45 < found[ring].mean() < 0.65


def test_a_border_as_salient_as_the_rest_loses_nothing() -> None:
    even = np.ones((60, 60))
    np.testing.assert_allclose(enclosed(lab(painted(disc((60, 60), (30, 30), 15))), even), 1.0, atol=1e-9)
    assert frame((60, 60)).mean() < 0.2


def test_a_patch_that_was_only_spilled_into_gives_it_back() -> None:
    mask = disc((120, 160), (60, 80), 30)
    picture = painted(mask)
    sharp = cv2.GaussianBlur((mask & disc((120, 160), (60, 80), 26)).astype(float), (0, 0), 1)
    smooth = cv2.GaussianBlur(sharp, (0, 0), 10)
    left = unspilled(picture, smooth, sharp, smooth) / np.maximum(smooth, 1e-12)
    reached = smooth > 1e-6
    outside = disc((120, 160), (60, 80), 44) & ~disc((120, 160), (60, 80), 36)
    assert left[disc((120, 160), (60, 80), 20)].mean() > 0.95
    assert left[outside].mean() < 0.6
    assert left[reached].min() >= KEPT - 1e-9
    assert left.max() <= 1 + 1e-9


def test_saliency_that_was_not_smoothed_stays() -> None:
    mask = disc((60, 80), (30, 40), 15)
    even = np.random.default_rng(1).uniform(0.1, 1, mask.shape)
    np.testing.assert_allclose(unspilled(painted(mask), even, even, even), even)


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_the_border_is_laid_along_the_edge() -> None:
    truth = disc((720, 960), (350, 470), 211)
    coarse = cv2.resize(truth.astype(np.float32), (160, 120), interpolation=cv2.INTER_AREA) > 0.5
    moved = np.roll(coarse, 1, axis=1)  # one coarse pixel, six of the photograph's
    fine = refined(painted(truth), moved, 2.0, seed=0)
    assert fine.shape == (SIDE * 3 // 4, SIDE)
    assert agreement(enlarged(fine, truth.shape), truth) > 0.985
    assert agreement(enlarged(moved, truth.shape), truth) < 0.97


def test_the_border_stays_in_its_band() -> None:
    truth = disc((480, 480), (240, 240), 150)
    small = disc((160, 160), (80, 80), 30)  # far inside: the true edge is out of reach
    fine = refined(painted(truth), small, 2.0, seed=0)
    assert not fine[~disc((480, 480), (240, 240), 30 * 3 + 8)].any()
    assert fine[disc((480, 480), (240, 240), 30 * 3 - 8)].all()


@pytest.mark.parametrize("mask", [np.zeros((40, 40), bool), np.ones((40, 40), bool)])
def test_a_mask_without_a_border_is_only_enlarged(mask: np.ndarray) -> None:
    fine = refined(painted(disc((200, 200), (100, 100), 50)), mask, 2.0, seed=0)
    assert fine.shape == (200, 200)
    assert (fine == mask[0, 0]).all()


def test_a_small_photograph_is_not_cut_again() -> None:
    mask = disc((90, 120), (45, 60), 20)
    assert (refined(painted(disc((90, 120), (45, 60), 24)), mask, 2.0, seed=0) == mask).all()
