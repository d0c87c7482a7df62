"""Heatmaps written out by hand: one image at a time, no hooks, the score asked for again at each step."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Score = Callable[[Tensor], Tensor]  # (1, C, *space) to one number


def slope(score: Score, x: Tensor, epsilon: float = 1e-6) -> Tensor:
    """Central differences, element by element: no autograd at all."""
    out = torch.zeros_like(x)
    flat, result = x.flatten(), out.flatten()
    for i in range(len(flat)):
        step = torch.zeros_like(flat)
        step[i] = epsilon
        up, down = (flat + step).view_as(x), (flat - step).view_as(x)
        result[i] = (score(up) - score(down)) / (2 * epsilon)
    return result.view_as(x)


def autograd(score: Score, x: Tensor) -> Tensor:
    """d score / d x of one image, by autograd."""
    x = x.detach().clone().requires_grad_()
    score(x.clone()).backward()
    assert x.grad is not None
    return x.grad


def saliency(score: Score, x: Tensor) -> Tensor:
    """max over colours of |gradient|, pixel by pixel."""
    gradient = autograd(score, x)[0]
    rows = [torch.stack([abs(colour) for colour in pixel]).max() for pixel in gradient.flatten(1).T]
    return torch.stack(rows).view(gradient.shape[1:])


def integrated(score: Score, x: Tensor, start: Tensor, steps: int) -> Tensor:
    """(x - start) * the mean gradient at the middles of `steps` equal pieces, summed over colours."""
    total = torch.zeros_like(x)
    for k in range(steps):
        total += autograd(score, start + (k + 0.5) / steps * (x - start))
    return ((x - start) * total / steps)[0].sum(0)


def smoothed(score: Score, x: Tensor, grains: list[Tensor], noise: float) -> Tensor:
    """max over colours of |mean gradient| over the given noise, its spread a share of max - min."""
    spread = noise * (x.max() - x.min())
    mean = torch.stack([autograd(score, x + spread * g) for g in grains]).mean(0)
    return mean[0].abs().max(0).values


def bilinear(values: Tensor, size: tuple[int, int]) -> Tensor:
    """(h, w) enlarged to (H, W): each pixel's centre laid into the small map, the four around it weighed."""
    (h, w), (height, width) = values.shape, size
    out = torch.zeros(size, dtype=values.dtype)
    for y in range(height):
        for x in range(width):
            v = min(max((y + 0.5) * h / height - 0.5, 0), h - 1)
            u = min(max((x + 0.5) * w / width - 0.5, 0), w - 1)
            y0, x0 = math.floor(v), math.floor(u)
            y1, x1 = min(y0 + 1, h - 1), min(x0 + 1, w - 1)
            a, b = v - y0, u - x0
            top = (1 - b) * values[y0, x0] + b * values[y0, x1]
            bottom = (1 - b) * values[y1, x0] + b * values[y1, x1]
            out[y, x] = (1 - a) * top + a * bottom
    return out


def blurred(picture: Tensor, sigmas: tuple[float, float]) -> Tensor:
    """(C, H, W) under a Gaussian, pixel by pixel; what lies outside has no weight."""
    out = torch.zeros_like(picture)
    _, height, width = picture.shape
    for y in range(height):
        for x in range(width):
            rows = torch.tensor([math.exp(-((y - v) ** 2) / (2 * sigmas[0] ** 2)) for v in range(height)])
            columns = torch.tensor([math.exp(-((x - u) ** 2) / (2 * sigmas[1] ** 2)) for u in range(width)])
            weights = rows.double()[:, None] * columns.double()
            out[:, y, x] = (picture * weights).sum((1, 2)) / weights.sum()
    return out
