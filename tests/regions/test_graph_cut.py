"""The graph cut against every labelling of small pictures, and the parts, outlines and boxes of masks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.reference import graph_cut as reference

from deepro.methods.regions.colours import likelihood_ratio
from deepro.methods.regions.graph_cut import contrast_weights, cut, energy
from deepro.methods.regions.photograph import onto_input, onto_photograph
from deepro.methods.regions.shape import box_of, centred_box, enlarged, filled, main_part, outline_of, overlap
from deepro.network import View

SHAPES = [(3, 4), (4, 3), (1, 5), (5, 1), (1, 1), (2, 2), (2, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_the_cut_is_the_least_of_all_labellings(shape: tuple[int, int], strength: float) -> None:
    random = np.random.default_rng(shape[0] * 10 + shape[1])
    costs, colours = random.normal(size=(*shape, 2)), random.random((*shape, 3))
    least, labelling = reference.least(costs, colours, strength)
    weights = contrast_weights(colours, strength)
    found = cut(costs, weights)
    assert reference.energy(found, costs, colours, strength) == pytest.approx(least, abs=1e-10)
    assert energy(found, costs, weights) == pytest.approx(least, abs=1e-10)
    assert np.array_equal(found, labelling)  # with random costs the minimum is unique


def test_borders_matter() -> None:
    """A lone pixel that leans the other way gives in when the border costs more than it gains."""
    costs = np.zeros((3, 3, 2))
    costs[..., 1] = 1
    costs[1, 1] = (3, 0)
    colours = np.zeros((3, 3, 1))
    assert cut(costs, contrast_weights(colours, 0.1))[1, 1]
    assert not cut(costs, contrast_weights(colours, 1.0)).any()


def test_contrast_weights() -> None:
    colours = np.zeros((2, 3, 1))
    colours[:, 2] = 5
    right, down, _, _ = contrast_weights(colours, 2.0)
    assert right[0, 0] == pytest.approx(2.0)
    assert right[0, 1] < right[0, 0]
    assert (right[:, 2] == 0).all()
    assert (down[1] == 0).all()
    flat = contrast_weights(np.ones((2, 2, 3)), 1.0)
    assert flat[0, 0, 0] == 1
    assert flat[2, 0, 0] == pytest.approx(0.5**0.5)
    assert flat[3, 0, 1] == pytest.approx(0.5**0.5)


def test_colours_find_their_side() -> None:
    random = np.random.default_rng(0)
    picture = random.normal(size=(20, 30, 3)) + np.array([0.0, 0, 0])
    picture[:, 15:] += 30
    known = np.zeros((20, 30), bool)
    left, right = known.copy(), known.copy()
    left[:, :5] = True
    right[:, 25:] = True
    ratio = likelihood_ratio(picture, right, left, seed=1)
    assert (ratio[:, 15:] > 0).all()
    assert (ratio[:, :15] < 0).all()
    assert np.array_equal(ratio, likelihood_ratio(picture, right, left, seed=1))
    assert not likelihood_ratio(picture, known, left, seed=1).any()


def test_main_part_weighs_its_pixels() -> None:
    mask = np.zeros((6, 9), bool)
    mask[:5, :4] = True
    mask[1:3, 6:8] = True
    weight = np.ones((6, 9))
    assert main_part(mask, weight)[:, :4].sum() == 20
    weight[:, 6:] = 100
    assert box_of(main_part(mask, weight)) == (6, 1, 8, 3)
    corners = np.eye(4, dtype=bool)
    assert np.array_equal(main_part(corners, np.ones((4, 4))), corners)
    assert not main_part(np.zeros((2, 2), bool), np.ones((2, 2))).any()


def test_box_and_outline_agree_with_the_mask() -> None:
    mask = np.zeros((40, 50), bool)
    cv2.ellipse(canvas := mask.astype(np.uint8), (20, 18), (13, 7), 20, 0, 360, 1, -1)
    mask = canvas.astype(bool)
    outline = outline_of(mask)
    assert len(outline) == 1
    redrawn = cv2.fillPoly(np.zeros((40, 50), np.uint8), list(outline), 1)
    assert np.array_equal(redrawn.astype(bool), mask)
    left, top, right, bottom = box_of(mask) or (0, 0, 0, 0)
    assert (left, top) == tuple(outline[0].min(0))
    assert (right - 1, bottom - 1) == tuple(outline[0].max(0))
    assert mask[top:bottom, left:right].sum() == mask.sum()
    assert box_of(np.zeros((3, 3), bool)) is None
    assert box_of(np.ones((3, 4), bool)) == (0, 0, 4, 3)


def test_centred_box_and_overlap() -> None:
    box = centred_box((100, 200), 0.25)
    assert box == (50, 25, 150, 75)
    assert filled(box, (100, 200)).mean() == pytest.approx(0.25)
    assert centred_box((1, 1)) == (0, 0, 1, 1)
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert overlap((0, 0, 2, 2), (2, 0, 3, 3)) == 0
    assert overlap(box, box) == 1


def test_enlarged_keeps_a_block() -> None:
    small = np.zeros((6, 8), bool)
    small[2:4, 3:6] = True
    assert box_of(enlarged(small, (60, 80))) == pytest.approx((30, 20, 60, 40), abs=1)
    assert np.array_equal(enlarged(small, (6, 8)), small)


@pytest.mark.parametrize("view", [View(0, 0, 3, 2), View(12, 30, 1.5, 1.5), View(0, 0, 0.5, 0.25)])
def test_positions_survive_the_way_to_the_photograph(view: View) -> None:
    """A plane of coordinates must come back as the coordinates of the photograph."""
    ys, xs = np.mgrid[:40, :60].astype(np.float64)
    size = (int(view.top * 2 + 40 * view.scale_y), int(view.left * 2 + 60 * view.scale_x))
    got_y, seen = onto_photograph(view.top + (ys + 0.5) * view.scale_y, view, size, size)
    got_x, _ = onto_photograph(view.left + (xs + 0.5) * view.scale_x, view, size, size)
    want_y, want_x = np.mgrid[: size[0], : size[1]] + 0.5
    inside = seen > 0
    margin = max(view.scale_y, view.scale_x)  # the outermost half pixel is held
    assert np.abs(got_y - want_y)[inside].max() <= margin
    inner = inside & (np.abs(want_y - size[0] / 2) < 20 * view.scale_y - margin)
    inner &= np.abs(want_x - size[1] / 2) < 30 * view.scale_x - margin
    assert inner.any()
    # OpenCV interpolates at 1/32 of a pixel
    assert np.abs(got_y - want_y)[inner].max() <= view.scale_y / 32
    assert np.abs(got_x - want_x)[inner].max() <= view.scale_x / 32
    assert seen.sum() == pytest.approx(40 * view.scale_y * 60 * view.scale_x, rel=0.05)


def test_a_mask_on_the_input() -> None:
    mask = filled((100, 40, 160, 80), (120, 300))
    shown = onto_input(mask, View(0, 0, 2, 5), (60, 60))
    assert box_of(shown > 0.5) == (20, 20, 32, 40)
    crop = onto_input(mask, View(0, 90, 2, 2), (60, 60))
    assert box_of(crop > 0.5) == (5, 20, 35, 40)
    assert (onto_input(np.ones((9, 7), bool), View(0, 0, 1, 1), (9, 7)) == 1).all()
