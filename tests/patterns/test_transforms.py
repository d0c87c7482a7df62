"""Views are seeded, differentiable, the same for every picture, and go where they say."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator

from deepro.methods.patterns.transforms import Views, warp

STILL = (0.0, 1.0, (0.0, 0.0))


def test_a_view_of_nothing_changed_is_the_picture() -> None:
    pictures = torch.rand(2, 3, 12, 18, dtype=torch.float64)
    assert torch.allclose(warp(pictures, (12, 18), *STILL), pictures, atol=1e-12)


@pytest.mark.parametrize("size", [(16, 16), (12, 20)])
def test_a_quarter_turn_and_a_half_turn(size: tuple[int, int]) -> None:
    pictures = torch.rand(1, 1, *size, dtype=torch.float64)
    half = warp(pictures, size, math.pi, 1.0, (0.0, 0.0))
    assert torch.allclose(half, pictures.flip(2, 3), atol=1e-9)
    if size[0] == size[1]:
        quarter = warp(pictures, size, math.pi / 2, 1.0, (0.0, 0.0))
        assert torch.allclose(quarter, pictures.rot90(-1, (2, 3)), atol=1e-9) or torch.allclose(
            quarter, pictures.rot90(1, (2, 3)), atol=1e-9
        )


def test_shapes_keep_their_angles_in_a_picture_that_is_not_square() -> None:
    ys, xs = torch.meshgrid(torch.arange(40.0) - 19.5, torch.arange(80.0) - 39.5, indexing="ij")
    hill = torch.exp(-(ys**2 + xs**2) / 60)[None, None]
    assert (warp(hill, (40, 80), 0.3, 1.0, (0.0, 0.0)) - hill).abs().max() < 0.01


def test_zoom_enlarges_and_shift_moves() -> None:
    spot = torch.zeros(1, 1, 32, 32)
    spot[..., 12:20, 12:20] = 1
    assert float(warp(spot, (32, 32), 0.0, 2.0, (0.0, 0.0)).sum()) == pytest.approx(4 * 64, rel=0.05)
    moved = warp(spot, (32, 32), 0.0, 1.0, (0.5, 0.0))  # the view goes right by 8 pixels, the spot left
    assert torch.allclose(moved, spot.roll(-8, 3), atol=1e-5)


def test_a_shrunken_view_is_smoothed_first() -> None:
    stripes = torch.arange(64).remainder(2).float().expand(1, 1, 64, 64)
    assert float(warp(stripes, (24, 24), 0.0, 1.0, (0.0, 0.0)).std()) < 0.1


def test_views_are_seeded_differ_and_are_shared() -> None:
    pictures = torch.rand(1, 3, 20, 20).repeat(2, 1, 1, 1)
    views, generator = Views(), Generator().manual_seed(4)
    first, second = (views(pictures, (20, 20), generator) for _ in range(2))
    assert torch.equal(first, views(pictures, (20, 20), Generator().manual_seed(4)))
    assert not torch.allclose(first, second, atol=0.01)
    assert torch.equal(first[0], first[1])


def test_views_pass_gradients() -> None:
    pictures = torch.rand(1, 2, 9, 11, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: Views()(p, (5, 6), Generator().manual_seed(0)), pictures)
