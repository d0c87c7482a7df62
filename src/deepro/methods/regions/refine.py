"""A coarse mask's border, cut again on more pixels: only the band it passes through is open, its colours decide."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool

from deepro.methods.regions.colours import likelihood_ratio
from deepro.methods.regions.graph_cut import contrast_weights, cut
from deepro.methods.regions.photograph import Picture
from deepro.methods.regions.shape import enlarged, main_part

SIDE = 480  # longer side of the picture that is cut, in pixels
BAND = 1.5  # how far the border may move to either side, in pixels of the coarse mask
LEAN = 2.0  # the most that one pixel's colour may say, in nats


def refined(picture: Picture, coarse: Bool[np.ndarray, "y x"], border: float, seed: int) -> Bool[np.ndarray, "h w"]:
    """(h, w) bool at no more than SIDE: `coarse` with its border laid along the edges of the (H, W, 3) picture.

    border: cost of a border of one colour, a hundredth of the picture's longer side long. A mask without inside or
    outside is only enlarged.
    """
    scale = min(1.0, SIDE / max(picture.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    mask = enlarged(coarse, (height, width))
    reach = BAND * max(height, width) / max(coarse.shape)
    if max(height, width) <= max(coarse.shape):
        return mask
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    height_above = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    inside, outside = depth > reach, height_above > reach
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float64)
    near = height_above < 4 * reach  # the background beside the object, not the whole of it
    favour = np.clip(likelihood_ratio(lab, mask, ~mask & near, seed), -LEAN, LEAN)
    certain = 1e6  # a cost no colour or border can pay
    favour = np.where(inside, certain, np.where(outside, -certain, favour))
    weights = contrast_weights(lab, border * max(height, width) / 100)
    found = cut(np.stack([np.zeros_like(favour), -favour], -1), weights)
    return main_part(found, np.ones_like(favour)) if found.any() else mask
