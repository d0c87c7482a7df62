"""The object's mask in the photograph: class saliency, the colours of object and background, and a graph cut.

Simonyan et al. take the strongest 5 % of the saliency as certain object and the weakest 30 % as certain background,
which settles in advance how large the object may be. Here the smoothed saliency only leans a pixel to either side
(`seeds="soft"`), so that colours and contrast can overrule it. `seeds="quantile"` is their recipe.

The gradient is strong at few points, also off the object; LayerCAM of the last spatial layer is coarse but stays on it.
Their geometric mean (`saliency="focused"`) is strong where both agree. Patches of one colour give back what the
smoothing carried into them. What the photograph's border reaches without crossing an edge, such as sky, is more often
background: its saliency counts half, and the border's colours count more. The cut is made on a small picture, and its
border laid again on a larger one.
"""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
import numpy as np

from deepro.errors import UnsupportedError, UsageError
from deepro.kinds.photographs.region import Region
from deepro.methods.regions.background import enclosed, frame
from deepro.methods.regions.cams import layercam
from deepro.methods.regions.colours import likelihood_ratio
from deepro.methods.regions.differentiate import Aim, forward
from deepro.methods.regions.faithfulness import faithfulness
from deepro.methods.regions.gradients import SALIENCY, strongest
from deepro.methods.regions.graph_cut import Colours, Mask, Weights, contrast_weights, cut
from deepro.methods.regions.heatmap import heatmap
from deepro.methods.regions.patches import unspilled
from deepro.methods.regions.photograph import Plane, onto_photograph, original, squeezed
from deepro.methods.regions.refine import refined
from deepro.methods.regions.shape import box_of, enlarged, main_part, outline_of
from deepro.network import Inputs, Network
from deepro.parameters import Bounds, Image, OneTarget
from deepro.registry import method
from deepro.shapes import to_array

WORKING_SIDE = 160  # longer side of the picture that is cut, in pixels
CERTAIN = 1e6  # a cost no colour or border can pay
LEAN = 4.0  # the most that one pixel's colour may say, in nats
REFINED_BORDER = 2.0  # how much more a border costs when it is laid again on more pixels
FRAME_COUNTS = 4.0  # how much more than others a border pixel's colour counts as background
SHARP = 0.008  # sigma of the gradient's smoothing before it is averaged over patches, of the input's shorter side
COARSE = 0.05  # sigma of LayerCAM's smoothing, of the input's shorter side


@method(
    family="regions",
    paper=SALIENCY,
    summary="The object's mask, outline and box, by a graph cut from class saliency and colours.",
    version=3,
)
def segment(
    net: Network,
    image: Image,
    target: OneTarget | None = None,
    *,
    saliency: Annotated[
        Literal["focused", "gradient", "smoothgrad"],
        "where the network looks: gradient and LayerCAM together, the gradient alone, or its mean over noise",
    ] = "focused",
    view: Annotated[
        Literal["squeeze", "crop"], "show the network the whole photograph, squeezed into its input, or its own crop"
    ] = "squeeze",
    seeds: Annotated[
        Literal["soft", "quantile"],
        "soft: saliency leans each pixel; quantile: strongest 5 %, weakest 30 % are certain",
    ] = "soft",
    threshold: Annotated[
        float,
        Bounds(0.001, 1),
        "smoothed saliency that leans to neither side, a share of its 98 % quantile; at least its mean",
    ] = 0.45,
    trust: Annotated[float, Bounds(0, 100), "weight of the saliency against the colours (soft seeds)"] = 1.0,
    blur: Annotated[float, Bounds(0, 1), "sigma of the saliency's smoothing, of the input's shorter side"] = 0.027,
    border: Annotated[
        float, Bounds(0, 1000), "cost of a border of one colour, a hundredth of the picture's longer side long"
    ] = 1.0,
    rounds: Annotated[
        int, Bounds(0, 20), "times that the colours are learned and the picture is cut; 0: no colours"
    ] = 1,
    seed: Annotated[int, Bounds(0, 2**32 - 1), "of the main colours"] = 0,
) -> Region:
    """The object that speaks for the target, in pixels of the original photograph; of a tensor, in the input's.

    target: as in `heatmap`; None is the class that the network predicts from its own view, whatever `view` says.
    mask, outline and box are None where nothing speaks for the target (saliency zero everywhere) and where the picture
    has one colour, so that nothing tells an object from its background.
    evidence: `area`, the mask's share of the photograph; `saliency_inside` and `saliency_outside`, the heatmap's means;
    `score`, and what is left of it with only the region shown (`score_region`), with the region removed
    (`score_without`) and with a centred box of the same area shown instead (`score_centred`), the rest filled with the
    input's mean colour; the same as `probability...` where the target is a class; `centred_overlap`, the box's
    intersection over union with a centred box of half the photograph.
    Raises UnsupportedError for an input that is no picture, UsageError for more than one image.
    Example: `deepro.segment(net, "cat.jpg", "tabby").box`
    """
    image = net.prepare(image)
    if len(image) != 1:
        raise UsageError(f"segment takes one image, got {len(image)}")
    if image.tensor.ndim != 4:
        raise UnsupportedError(f"segment takes pictures (1, C, H, W), got {tuple(image.tensor.shape)}")
    target = net.first_classes(image.tensor)[0] if target is None else target
    if view == "squeeze" and image.photographs[0] is not None:
        image = squeezed(net, image)
    heat = heatmap(net, image, target, method="gradient" if saliency == "focused" else saliency)
    picture, look = original(image)
    height, width = picture.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    grid = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = cv2.resize(picture, grid[::-1], interpolation=cv2.INTER_AREA)
    values = heat.values[0].astype(np.float64)
    if saliency == "focused":  # the mirrored picture halves the gradient's noise
        mirrored = forward(net, image.tensor.flip(3), target).gradient().flip(3)
        values = (values + to_array(strongest(mirrored))[0]) / 2
    smooth = smoothed(values, blur)
    if saliency == "focused":
        smooth = focused(net, image, target, smooth)
    mask = np.zeros((height, width), bool)
    if smooth.max() > 0 and (small != small[0, 0]).any():
        salience, seen = onto_photograph(smooth / smooth.max(), look, (height, width), grid)
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float64)
        if saliency == "focused":
            before, after = (
                onto_photograph(smoothed(values, b), look, (height, width), grid)[0] for b in (SHARP, blur)
            )
            salience = enclosed(lab, unspilled(small, salience, before, after))
        weights = contrast_weights(lab, border * max(grid) / 100)
        if seeds == "quantile":
            found = from_quantiles(lab, salience, weights, seed)
        else:
            found = from_leaning(lab, salience, seen, weights, threshold, trust, rounds, seed)
        mask = enlarged(refined(picture, found, REFINED_BORDER * border, seed), (height, width))
    box = box_of(mask)
    return Region(
        mask=mask if box else None,
        outline=outline_of(mask) if box else None,
        box=box,
        heatmap=heat,
        target=heat.targets[0],
        evidence=faithfulness(net, image, target, heat, mask, look),
        picture=picture,
    )


def focused(net: Network, image: Inputs, target: Aim, smooth: Plane) -> Plane:
    """Geometric mean of the smoothed gradient and LayerCAM; the gradient alone where no layer can say where."""
    try:
        coarse = layercam(net, image, target).values[0].astype(np.float64)
    except UnsupportedError:
        return smooth
    both = np.sqrt(smooth * smoothed(coarse.clip(0), COARSE))
    return both if both.max() > 0 else smooth


def smoothed(values: Plane, blur: float) -> Plane:
    """Gaussian smoothing, sigma `blur` times the shorter side."""
    sigma = blur * min(values.shape)
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) if sigma > 0 else values


def split(favour: Plane, weights: Weights) -> Mask:
    """The cut where `favour` is what each pixel gains by being object."""
    return cut(np.stack([np.zeros_like(favour), -favour], -1), weights)


def from_leaning(
    lab: Colours,
    salience: Plane,
    seen: Plane,
    weights: Weights,
    threshold: float,
    trust: float,
    rounds: int,
    seed: int,
) -> Mask:
    """Soft seeds: each pixel leans by trust * log(salience / threshold) and by its colour's likelihood ratio.

    Where the network did not look, colours and borders alone decide.
    """
    # What is less salient than the picture's average never leans to the object, however spread out the saliency is.
    threshold = min(max(threshold * float(np.quantile(salience, 0.98)), float(salience.mean()), 1e-3), 0.9)
    lean = trust * np.log(np.maximum(salience, 1e-3) / threshold) * seen
    mask = (salience >= threshold) & (seen > 0)
    counts = np.where(frame(mask.shape), FRAME_COUNTS, 1.0)
    for _ in range(max(1, rounds)):
        colour = likelihood_ratio(lab, mask, ~mask * counts, seed) if rounds else np.zeros_like(lean)
        found = split(lean + np.clip(colour, -LEAN, LEAN), weights)
        if not found.any():
            break
        mask = found
        if mask.all():
            break
    return main_part(mask, salience)


def from_quantiles(lab: Colours, salience: Plane, weights: Weights, seed: int) -> Mask:
    """Simonyan's seeds: object above the 95 % quantile, background below the 30 % quantile, colours between them."""
    low, high = np.quantile(salience, [0.30, 0.95])
    inside, outside = salience >= high, salience <= low
    colour = likelihood_ratio(lab, inside, outside, seed)
    favour = np.where(inside, CERTAIN, np.where(outside, -CERTAIN, colour))
    mask = split(favour, weights)
    return main_part(mask, np.ones_like(salience))
