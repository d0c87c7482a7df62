"""Occlusion, one whole forward pass for each hidden part."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def hidden(module: nn.Module, x: Tensor, instead: Tensor, masks: list[Tensor]) -> Tensor:
    """(P, K) what the module answers to x (1, C, H, W) with each of masks (H, W) replaced by `instead`."""
    with torch.no_grad():
        return torch.cat([module(torch.where(mask, instead, x)) for mask in masks]).detach()


def heatmap(losses: Tensor, masks: list[Tensor]) -> Tensor:
    """(H, W) the mean loss (P,) of the masks that hold a pixel, 0 where none does."""
    space = masks[0].shape
    values = torch.zeros(space, dtype=torch.float64)
    for y in range(space[0]):
        for x in range(space[1]):
            here = [float(loss) for loss, mask in zip(losses, masks, strict=True) if mask[y, x]]
            values[y, x] = sum(here) / len(here) if here else 0.0
    return values
