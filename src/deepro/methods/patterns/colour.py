"""Colours that vary as they do in photographs.

A picture is optimised along three opponent axes (light - dark, red - blue, magenta - green) that hardly correlate in
photographs, each as wide as photographs are. An optimiser that steps equally along them paints natural colours; one
that steps along R, G and B paints saturated ones.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Columns: the principal axes of the pixels of photographs, rounded to opponent colours, and their standard deviations
# (of 1), measured over 100 ImageNet photographs by benchmarks/patterns.py.
_AXES = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -2.0], [1.0, -1.0, 1.0]], dtype=torch.float64)
_WIDTHS = torch.tensor([0.43, 0.13, 0.06], dtype=torch.float64)
MATRIX = _AXES / _AXES.norm(dim=0) * _WIDTHS
WIDTH = 0.26  # of a single grey channel


def to_rgb(opponent: Tensor) -> Tensor:
    """(N, 3, H, W) along the opponent axes, in standard deviations, to red, green and blue around zero."""
    return torch.einsum("rc,nchw->nrhw", MATRIX.to(opponent), opponent)
