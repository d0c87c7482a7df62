"""Between the network's input and the photograph it came from.

Pixel i of either covers i to i + 1; values stand for its middle, i + 1/2.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from deepro.methods.regions.graph_cut import Mask
from deepro.network import Inputs, Network, Preprocess, View

Plane = Float[np.ndarray, "H W"]
Grid = Float[np.ndarray, "h w"]  # the same at another size
Picture = UInt8[np.ndarray, "H W 3"]


def squeezed(net: Network, image: Inputs) -> Inputs:
    """The same photograph, the whole of it resized to the input whatever its proportions; a tensor as it is."""
    photograph = image.photographs[0]
    if photograph is None or not isinstance(net.preprocess, Preprocess):
        return image
    tensor, view = replace(net.preprocess, resize=None)(photograph.image)
    tensor = tensor[None].to(image.tensor)
    return Inputs(tensor, (replace(photograph, view=view),), net.pictures(tensor), image.fingerprints)


def original(image: Inputs) -> tuple[Picture, View]:
    """(H, W, 3) the photograph and where the input lies in it. A tensor is its own original."""
    photograph = image.photographs[0]
    if photograph is not None:
        return np.asarray(photograph.image.convert("RGB")), photograph.view
    view = View(0.0, 0.0, 1.0, 1.0)
    if image.pictures is not None:
        return image.pictures[0], view
    x = image.tensor[0].detach().double().cpu().numpy()
    x = x[:3] if len(x) >= 3 else x[:1].repeat(3, 0)
    x = (x - x.min()) / max(float(x.max() - x.min()), 1e-12)
    return (x.transpose(1, 2, 0) * 255).round().astype(np.uint8), view


def onto_photograph(values: Plane, view: View, size: tuple[int, int], grid: tuple[int, int]) -> tuple[Grid, Grid]:
    """The input's values in the middles of a (h, w) grid over the whole photograph of `size` (H, W), and what was seen.

    The second is 1 where the network looked, else 0; there the nearest value inside the view stands.
    """
    ys = ((np.arange(grid[0]) + 0.5) * size[0] / grid[0] - view.top) / view.scale_y
    xs = ((np.arange(grid[1]) + 0.5) * size[1] / grid[1] - view.left) / view.scale_x
    seen = ((ys >= 0) & (ys <= values.shape[0]))[:, None] & ((xs >= 0) & (xs <= values.shape[1]))
    u, v = np.meshgrid((xs - 0.5).astype(np.float32), (ys - 0.5).astype(np.float32))
    return cv2.remap(values, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), seen.astype(np.float64)


def onto_input(mask: Mask, view: View, size: tuple[int, int]) -> Grid:
    """A photograph's mask (H, W) bool on an input of `size`: 1 inside, 0 outside, between them on the border."""
    step_y, step_x = max(1, int(view.scale_y)), max(1, int(view.scale_x))
    h, w = -(-mask.shape[0] // step_y), -(-mask.shape[1] // step_x)
    small = cv2.resize(mask.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA)
    ys = (view.top + (np.arange(size[0]) + 0.5) * view.scale_y) * h / mask.shape[0] - 0.5
    xs = (view.left + (np.arange(size[1]) + 0.5) * view.scale_x) * w / mask.shape[1] - 0.5
    u, v = np.meshgrid(xs.astype(np.float32), ys.astype(np.float32))
    return cv2.remap(small, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
