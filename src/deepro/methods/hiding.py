"""What hides a part of a picture, and which parts are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import torch
from skimage.segmentation import slic
from torch import Tensor

from deepro.errors import UsageError
from deepro.methods.incremental import WindowChange
from deepro.methods.regions.gradients import blurred
from deepro.network import Network, Preprocess

Fill = Literal["mean", "grey", "blur"]
BLUR = 0.08  # sigma of the blur that hides, of each axis's length
COMPACTNESS = 10.0  # of superpixels: how much their shape counts beside their colours


def filling(net: Network, x: Tensor, fill: str) -> Tensor:
    """(N, C, H, W) what stands where x is hidden: its mean colour, middle grey, or x under a blur.

    Grey is the middle of the range, or 0 where the network was loaded without preprocessing. Raises UsageError.
    """
    if fill == "mean":
        return x.mean((2, 3), keepdim=True).expand_as(x)
    if fill == "blur":
        return blurred(x, BLUR)
    if fill != "grey":
        raise UsageError(f"unknown fill {fill!r}; expected {', '.join(get_args(Fill))}")
    return net.preprocess.normalise(torch.full_like(x, 0.5)) if isinstance(net.preprocess, Preprocess) else x * 0


def hide(x: Tensor, instead: Tensor, part: np.ndarray) -> WindowChange:
    """x (1, C, H, W) with `instead` where part (H, W) says so: the window around it. part: not empty."""
    rows, columns = (np.flatnonzero(part.any(axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    window = (0, slice(None), slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1))
    cover = torch.from_numpy(part[window[2:]]).to(x.device)
    return WindowChange(top, left, torch.where(cover, instead[window], x[window]))


def hide_box(instead: Tensor, box: Sequence[int] | np.ndarray) -> WindowChange:
    """`instead` (1, C, H, W) within left, top, right, bottom."""
    left, top, right, bottom = (int(v) for v in box)
    return WindowChange(top, left, instead[0, :, top:bottom, left:right])


def tiles(space: Any, square: int, step: int) -> np.ndarray:
    """(P, 4) left, top, right, bottom of squares within `space` (H, W), the last ones against its end."""
    tops, lefts = (np.unique(np.append(np.arange(0, max(n - square, 0), step), max(n - square, 0))) for n in space)
    return np.array([(x, y, min(x + square, space[1]), min(y + square, space[0])) for y in tops for x in lefts])


def superpixels(x: Tensor, count: int) -> list[np.ndarray]:
    """About `count` parts (H, W) of x (1, C, H, W), each of like colour (Achanta et al. 2012, SLIC)."""
    picture = x[0].movedim(0, -1).detach().double().cpu().numpy()
    picture = (picture - picture.min()) / max(float(np.ptp(picture)), 1e-12)
    labels = slic(picture, n_segments=count, compactness=COMPACTNESS, convert2lab=picture.shape[-1] == 3)
    return [labels == label for label in np.unique(labels)]
