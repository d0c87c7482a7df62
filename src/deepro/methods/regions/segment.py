"""The object's mask in the photograph: class saliency, colours, and a graph cut between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import cv2
import numpy as np
from jaxtyping import Float

from deepro.errors import ShapeError, UsageError
from deepro.methods.regions.colours import colour_costs
from deepro.methods.regions.differentiate import Aim
from deepro.methods.regions.gradients import SALIENCY
from deepro.methods.regions.graph_cut import Mask, contrast_weights, cut
from deepro.methods.regions.heatmap import heatmap
from deepro.network import Inputs, Network, View
from deepro.registry import Bounds, method
from deepro.results import Heatmap, Region

Plane = Float[np.ndarray, "H W"]


@method(
    name="segment",
    family="regions",
    needs=("image", "target"),
    paper=SALIENCY,
    summary="the object's mask, cut from class saliency and colour",
)
def segment(
    net: Network,
    image: Inputs,
    target: Aim = None,
    *,
    saliency: Annotated[Literal["gradient", "smoothgrad"], "the heatmap that says where the object is"] = "gradient",
    view: Annotated[
        Literal["crop", "squeeze"], "show the network its own crop, or the whole photograph squeezed into its input"
    ] = "squeeze",
    seeds: Annotated[
        Literal["soft", "quantile"], "soft: costs from the smoothed saliency; quantile: Simonyan's 95 % and 30 % seeds"
    ] = "soft",
    threshold: Annotated[float, Bounds(0, 1), "smoothed saliency, of its maximum, that speaks for neither side"] = 0.25,
    blur: Annotated[float, Bounds(0, 1), "sigma of the smoothing, as a share of the input's shorter side"] = 0.027,
    smoothness: Annotated[float, Bounds(0, 1000), "cost of a border between neighbours of one colour"] = 4.0,
    rounds: Annotated[int, Bounds(0, 20), "times the colours are learned from the last cut"] = 2,
    seed: Annotated[int, Bounds(0, 2**32 - 1), "of the colour mixtures"] = 0,
) -> Region:
    """Mask, outline and box of the object that speaks for the target, in pixels of the original photograph.

    A tensor input has no photograph: mask and box are then in pixels of the input.
    """
    if len(image) != 1:
        raise UsageError(f"segment takes one image, got {len(image)}")
    if image.tensor.ndim != 4:
        raise ShapeError(f"segment takes pictures (1, C, H, W), got {tuple(image.tensor.shape)}")
    if view == "squeeze":
        image = squeezed(net, image)
    heat = heatmap(net, image, target, method=saliency)
    picture, look = original(net, image)
    height, width = picture.shape[:2]
    scale = min(1.0, WORKING_SIZE / max(height, width))
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    evidence = smooth(heat.values[0].astype(np.float64), blur)
    mask = None
    if evidence.max() > 0:
        salience = onto(evidence / evidence.max(), look, (height, width), (h, w))
        small = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)
        found = find(small, salience, seeds, threshold, smoothness, rounds, seed)
        mask = enlarge(found, (height, width))
    if mask is not None and not mask.any():
        mask = None
    return Region(
        mask=mask,
        outline=None if mask is None else outline_of(mask),
        box=None if mask is None else box_of(mask),
        heatmap=heat,
        target=heat.targets[0],
        evidence=measures(heat, mask),
        picture=picture,
    )


WORKING_SIZE = 256


def squeezed(net: Network, image: Inputs) -> Inputs:
    """The same photograph, the whole of it resized to the input; a tensor as it is."""
    photograph = image.photographs[0]
    if photograph is None or net.preprocess is None:
        return image
    tensor, view = replace(net.preprocess, resize=None)(photograph.image)
    tensor = tensor[None].to(image.tensor)
    return Inputs(tensor, (replace(photograph, view=view),), net.pictures(tensor), image.fingerprints)


def original(net: Network, image: Inputs) -> tuple[np.ndarray, View]:
    """(H, W, 3) uint8 original and where the input lies in it; a tensor is its own original."""
    photograph = image.photographs[0]
    if photograph is not None:
        return np.asarray(photograph.image.convert("RGB")), photograph.view
    if image.pictures is not None:
        return image.pictures[0], View(0.0, 0.0, 1.0, 1.0)
    x = image.tensor[0].detach().double().cpu().numpy()
    x = x[:3] if len(x) >= 3 else x[:1].repeat(3, 0)
    x = (x - x.min()) / max(float(x.max() - x.min()), 1e-12)
    return (x.transpose(1, 2, 0) * 255).round().astype(np.uint8), View(0.0, 0.0, 1.0, 1.0)


def smooth(values: Plane, blur: float) -> Plane:
    """Gaussian with sigma `blur` times the shorter side."""
    sigma = blur * min(values.shape)
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) if sigma > 0 else values


def onto(values: Plane, view: View, size: tuple[int, int], grid: tuple[int, int]) -> Plane:
    """The input's values at the centres of a (h, w) grid laid over the whole photograph of `size` (H, W).

    Outside the network's view the nearest value inside is taken.
    """
    ys = ((np.arange(grid[0]) + 0.5) * size[0] / grid[0] - view.top) / view.scale_y - 0.5
    xs = ((np.arange(grid[1]) + 0.5) * size[1] / grid[1] - view.left) / view.scale_x - 0.5
    xs, ys = np.meshgrid(xs.astype(np.float32), ys.astype(np.float32))
    return cv2.remap(values, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def find(
    picture: np.ndarray, salience: Plane, seeds: str, threshold: float, smoothness: float, rounds: int, seed: int
) -> Mask:
    """The object in a small picture (h, w, 3) uint8, given its salience (h, w), at most 1."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float64)
    weights = contrast_weights(lab, smoothness)
    if seeds == "quantile":
        low, high = np.quantile(salience, [0.30, 0.95])
        inside, outside = salience >= high, salience <= low
        prior = np.where(inside, HARD, np.where(outside, -HARD, 0.0))
    else:
        inside = salience >= threshold
        outside = ~inside
        prior = GAIN * np.log(np.maximum(salience, 1e-3) / max(threshold, 1e-3))
    mask = inside
    for _ in range(max(1, rounds)):
        colour = colour_costs(lab, inside, outside, seed) if rounds else np.zeros(mask.shape)
        favour = prior + COLOUR * np.clip(colour, -CLIP, CLIP)
        mask = cut(np.stack([np.zeros_like(favour), -favour], -1), weights)
        if not mask.any() or mask.all():
            break
        if seeds == "soft":
            inside, outside = mask, ~mask
    return largest(mask, salience)


HARD = 1e6
GAIN = 2.0
COLOUR = 0.5
CLIP = 4.0


def largest(mask: Mask, salience: Plane) -> Mask:
    """The connected part of the mask with the most salience."""
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    mass = np.bincount(parts.ravel(), weights=salience.ravel(), minlength=count)
    return parts == 1 + int(mass[1:].argmax())


def enlarge(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask at another size (H, W), with a smooth border."""
    soft = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
    return soft > 0.5


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """(left, top, right, bottom), half open, of a mask with something in it."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1


def outline_of(mask: Mask) -> tuple[np.ndarray, ...]:
    """Outer borders of the mask's parts: (points, 2) x, y of its border pixels."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return tuple(contour[:, 0, :] for contour in found)


def measures(heat: Heatmap, mask: Mask | None) -> dict[str, float]:
    return {"area": 0.0 if mask is None else float(mask.mean())}
