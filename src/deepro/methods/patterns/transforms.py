"""Small seeded views of a picture: what survives them all is seen, what does not is the network's private noise."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F


def warp(images: Tensor, generator: Generator, *, turn: float, zoom: tuple[float, float], shift: float,
         size: tuple[int, int]) -> Tensor:
    """The same random rotation, zoom and shift for each of (T, C, H, W), sampled at `size`. Differentiable.

    turn: at most so many degrees either way. zoom: 1.2 shows things 1.2 times larger. shift: at most so much of the
    side either way. Outside the picture it is mirrored.
    """
    a, z, x, y = torch.rand(4, generator=generator, dtype=torch.float64).tolist()
    angle = math.radians(turn) * (2 * a - 1)
    factor = zoom[0] * (zoom[1] / zoom[0]) ** z
    height, width = size
    cos, sin = math.cos(angle) / factor, math.sin(angle) / factor
    theta = [[cos, -sin * height / width, shift * 2 * (2 * x - 1)], [sin * width / height, cos, shift * 2 * (2 * y - 1)]]
    grid = F.affine_grid(torch.tensor([theta], dtype=images.dtype, device=images.device), [1, 1, height, width], False)
    return F.grid_sample(images, grid.expand(len(images), -1, -1, -1), "bilinear", "reflection", align_corners=False)
