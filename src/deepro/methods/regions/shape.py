"""A mask's parts, outline and box."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float

from deepro.methods.regions.graph_cut import Mask

Box = tuple[int, int, int, int]


def main_part(mask: Mask, weight: Float[np.ndarray, "H W"]) -> Mask:
    """The connected part (corners connect) with the largest sum of `weight`."""
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    sums = np.bincount(parts.ravel(), weights=weight.ravel(), minlength=count)
    return parts == 1 + int(sums[1:].argmax())


def enlarged(mask: Mask, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The mask at another size (H, W): the half-way line of its linear interpolation."""
    return cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5


def box_of(mask: Mask) -> Box | None:
    """(left, top, right, bottom), half open; None for an empty mask."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1) if len(xs) else None


def outline_of(mask: Mask) -> tuple[np.ndarray, ...]:
    """Outer borders of the mask's parts: (points, 2) int, x and y of the border's pixels."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return tuple(contour[:, 0, :] for contour in found)


def centred_box(size: tuple[int, int], share: float = 0.5) -> Box:
    """The box in the middle with the picture's proportions and `share` of its area."""
    height, width = size
    margin = (1 - share**0.5) / 2
    left, top = int(margin * width), int(margin * height)
    return left, top, width - left, height - top


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0, width) * max(0, height)
    area = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return common / (area - common) if area > common else 0.0


def filled(box: Box, size: tuple[int, int]) -> Mask:
    """A box as a mask of `size` (H, W)."""
    mask = np.zeros(size, bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask
