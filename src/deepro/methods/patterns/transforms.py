"""Seeded views of a picture: what survives them all is what one sees; what does not is the network's private noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True)
class Views:
    """How far views may differ. Each call draws one view and shows it of every picture, so that pictures made together
    and pictures made alone see the same ones.

    turn: degrees, either way. zoom: from and to; 2 shows things twice as large. shift: of half the side, either way,
    besides what a zoomed view leaves outside. noise: standard deviation of the grain laid over it.
    """

    turn: float = 10.0
    zoom: tuple[float, float] = (0.8, 1.6)
    shift: float = 0.05
    noise: float = 0.03

    def __call__(self, pictures: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
        """One random view (T, C, h, w) of (T, C, H, W). Outside the pictures their mirror images. Differentiable."""
        turn, zoom, across, down = torch.rand(4, generator=generator, dtype=torch.float64).tolist()
        factor = self.zoom[0] * (self.zoom[1] / self.zoom[0]) ** zoom
        room = max(0.0, 1 - 1 / factor) + self.shift
        view = warp(
            pictures, size, math.radians(self.turn) * (2 * turn - 1), factor,
            (room * (2 * across - 1), room * (2 * down - 1)),
        )  # fmt: skip
        grain = torch.randn(1, *view.shape[1:], generator=generator, dtype=torch.float32)
        return view + self.noise * grain.to(view)


def warp(pictures: Tensor, size: tuple[int, int], angle: float, zoom: float, shift: tuple[float, float]) -> Tensor:
    """(T, C, H, W) turned by `angle` (radians), `zoom` times as large, moved by `shift` (x, y) half sides."""
    height, width = size
    seen = [round(side * zoom) for side in size]
    if seen[0] < 0.75 * pictures.shape[2]:  # smoothed before it shrinks: thin waves would beat against the pixels
        small = (max(1, seen[0]), max(1, seen[1]))
        pictures = F.interpolate(pictures, small, mode="bilinear", antialias=True, align_corners=False)
    cos, sin, aspect = math.cos(angle) / zoom, math.sin(angle) / zoom, height / width
    theta = [[cos, -sin * aspect, shift[0]], [sin / aspect, cos, shift[1]]]
    grid = F.affine_grid(torch.tensor([theta]).to(pictures), [1, 1, height, width], align_corners=False)
    grid = grid.expand(len(pictures), -1, -1, -1)
    return F.grid_sample(pictures, grid, "bilinear", "reflection", align_corners=False)
