"""A step's length, its schedule and its pull."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor

from deepro.methods.patterns.ascent import Ascent


def gradient(seed: int) -> Tensor:
    return torch.randn(2, 3, 8, 5, 2, generator=Generator().manual_seed(seed), dtype=torch.float64)


def test_the_scale_of_a_gradient_does_not_matter_and_pictures_are_apart() -> None:
    scales = torch.tensor([1e-4, 1e6]).view(2, 1, 1, 1, 1)
    up, other = (Ascent(torch.zeros_like(gradient(0)), 0.1, 50) for _ in range(2))
    for seed in range(3):
        up.step(gradient(seed))
        other.step(gradient(seed) * scales)
    assert torch.allclose(up.parameters, other.parameters, rtol=1e-9, atol=0)


def test_the_first_step_is_as_long_as_the_schedule_says() -> None:
    up = Ascent(torch.zeros_like(gradient(0)), 0.1, 50)
    up.step(gradient(0))
    lengths = up.parameters.square().mean((1, 2, 3, 4)).sqrt()
    assert lengths.tolist() == pytest.approx([0.1 / up.warm_up * (1 - up.momentum)] * 2)


def test_no_gradient_moves_nothing_and_decay_draws_to_grey() -> None:
    up = Ascent(gradient(0), 0.1, 50, decay=0.5)
    up.step(torch.zeros_like(up.parameters))
    assert torch.allclose(up.parameters, gradient(0) * (1 - 0.5 * 0.1 / up.warm_up), rtol=1e-12)


def test_the_length_of_steps_falls_to_nothing() -> None:
    up = Ascent(torch.zeros_like(gradient(0)), 0.1, 40)
    moved = []
    for seed in range(40):
        before = up.parameters.clone()
        up.step(gradient(seed))
        moved.append(float((up.parameters - before).norm()))
    assert moved[0] < moved[10]
    assert moved[39] < 0.01 * max(moved)
