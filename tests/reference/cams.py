"""Class activation maps written out by hand: one image, one unit, one place at a time, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from tests.reference.gradients import bilinear


def plus_plus(maps: Tensor, gradient: Tensor) -> Tensor:
    """Grad-CAM++ of maps and gradients (C, h, w), not enlarged; equations 10 and 11 and the alphas of equation 19."""
    out = torch.zeros(maps.shape[1:], dtype=maps.dtype)
    for a, g in zip(maps, gradient, strict=True):
        weight = 0.0
        for slope in g.flatten().tolist():
            below = 2 * slope**2 + sum(v * slope**3 for v in a.flatten().tolist())
            weight += slope**2 / below * max(slope, 0) if below else 0
        out += weight * a
    return out


def score_weighted(score: Callable[[Tensor], float], x: Tensor, maps: Tensor) -> Tensor:
    """Score-CAM of one image (1, 3, H, W) and its maps (C, h, w), not enlarged; the blank image's score taken off."""
    blank = score(torch.zeros_like(x))
    raised: dict[int, float] = {}
    for k, a in enumerate(maps):
        big = bilinear(a, (x.shape[2], x.shape[3]))
        if a.max() > a.min():
            raised[k] = score(x * ((big - big.min()) / (big.max() - big.min()))) - blank
    total = sum(math.exp(r) for r in raised.values())
    return sum((math.exp(r) / total * maps[k] for k, r in raised.items()), torch.zeros_like(maps[0]))


def first_component(maps: Tensor) -> Tensor:
    """Eigen-CAM of maps (C, h, w), not enlarged: the first right singular vector by powers of A^T A."""
    rows = maps.flatten(1).T
    v = torch.ones(len(maps), dtype=maps.dtype) + torch.arange(len(maps)) / 100
    for _ in range(20_000):
        v = rows.T @ (rows @ v)
        v = v / v.norm()
    along = rows @ v
    return (along if float((along * rows.sum(1)).sum()) >= 0 else -along).view(maps.shape[1:])
