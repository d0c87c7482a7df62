"""Heatmaps from the gradient at the input: which elements, changed a little, change the score.

All reduce the channel axis: an input (N, C, *space) gives values (N, *space). A dense input (N, D) has no channel axis
and gives (N, D). Values are unscaled, in score per unit of the network's own (preprocessed) input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.errors import UnsupportedError
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.methods.path import HALVED, Piece, adds_up, integrate
from deepro.methods.regions.differentiate import Pass, each, forward
from deepro.network import Inputs, Network, Preprocess
from deepro.parameters import Bounds, Images, OneTarget
from deepro.rectifiers import nonlinearities, rectifiers
from deepro.registry import Paper, method
from deepro.shapes import to_array

SALIENCY = Paper(
    "Simonyan, Vedaldi, Zisserman",
    2013,
    "Deep Inside Convolutional Networks: Visualising Image Classification Models and Saliency Maps",
    "https://arxiv.org/abs/1312.6034",
)


def strongest(values: Tensor) -> Tensor:
    """(N, C, *space) to (N, *space): the largest absolute value over the channels."""
    return values.abs() if values.ndim < 3 else values.abs().amax(1)


def summed(values: Tensor) -> Tensor:
    """(N, C, *space) to (N, *space): the sum over the channels, signed."""
    return values if values.ndim < 3 else values.sum(1)


def as_heatmap(
    name: str, done: Pass, images: Inputs, values: Tensor, *, signed: bool, evidence: Mapping[str, Any] | None = None
) -> Heatmap:
    """Values (N, *space) of a finished pass as a result."""
    return Heatmap(
        method=name,
        values=to_array(values),
        targets=done.names,
        scores=to_array(done.scores),
        signed=signed,
        pictures=images.pictures,
        evidence=dict(evidence or {}),
    )


@method(
    family="regions",
    paper=SALIENCY,
    summary="Class saliency: the score's gradient at each pixel, absolute, largest over the colours.",
)
def gradient(net: Network, images: Images, target: OneTarget | None = None) -> Heatmap:
    """Class saliency: max over channels of |d score / d input|, from one backward pass. Not negative.

    Example: `deepro.gradient(net, "cat.jpg", "tabby")`
    """
    images = net.prepare(images)
    done = forward(net, images.tensor, target)
    return as_heatmap("gradient", done, images, strongest(done.gradient()), signed=False)


@method(
    family="regions",
    paper=Paper(
        "Shrikumar, Greenside, Shcherbina, Kundaje",
        2016,
        "Not Just a Black Box: Learning Important Features Through Propagating Activation Differences",
        "https://arxiv.org/abs/1605.01713",
    ),
    summary="Gradient times input: what each pixel adds to the score in a linear view of the network.",
)
def gradient_x_input(net: Network, images: Images, target: OneTarget | None = None) -> Heatmap:
    """Sum over channels of input * d score / d input, signed. Exact for a linear network without bias.

    Example: `deepro.gradient_x_input(net, "cat.jpg", "tabby")`
    """
    images = net.prepare(images)
    done = forward(net, images.tensor, target)
    return as_heatmap("gradient_x_input", done, images, summed(done.inputs.detach() * done.gradient()), signed=True)


@method(
    family="regions",
    paper=Paper(
        "Smilkov, Thorat, Kim, Viégas, Wattenberg",
        2017,
        "SmoothGrad: removing noise by adding noise",
        "https://arxiv.org/abs/1706.03825",
    ),
    summary="The gradient averaged over noisy copies of the image.",
)
def smoothgrad(
    net: Network,
    images: Images,
    target: OneTarget | None = None,
    *,
    noise: Annotated[float, Bounds(0, 10), "standard deviation, as a share of each image's max - min"] = 0.15,
    samples: Annotated[int, Bounds(1, 10_000), "noisy copies of each image"] = 25,
    square: Annotated[bool, "average the squared gradient (SmoothGrad-Squared)"] = False,
    seed: Annotated[int, Bounds(0, 2**63 - 1), "of the noise"] = 0,
) -> Heatmap:
    """Max over channels of |mean gradient| (or of the mean squared gradient) over noisy copies. Not negative.

    The target is fixed on the clean image. Every image gets the same noise, so it does not matter what else is in the
    batch. Scores are those of the clean images.
    Example: `deepro.smoothgrad(net, "cat.jpg", "tabby", samples=25)`
    """
    images = net.prepare(images)
    clean = forward(net, images.tensor, target)
    x = clean.inputs.detach()
    rest = tuple(range(1, x.ndim))
    spread = noise * (x.amax(rest, keepdim=True) - x.amin(rest, keepdim=True))
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros_like(x)
    for _ in progress.steps(range(samples), "smoothgrad"):
        grain = torch.randn(x.shape[1:], generator=generator, dtype=x.dtype).to(x.device)
        one = forward(net, x + spread * grain, clean.target).gradient()
        total += one**2 if square else one
    return as_heatmap("smoothgrad", clean, images, strongest(total / samples), signed=False)


@method(
    family="regions",
    paper=Paper(
        "Sundararajan, Taly, Yan", 2017, "Axiomatic Attribution for Deep Networks", "https://arxiv.org/abs/1703.01365"
    ),
    summary="Each pixel's share of the score's rise from a blank image, summed along the way.",
    version=2,
)
def integrated_gradients(
    net: Network,
    images: Images,
    target: OneTarget | None = None,
    *,
    steps: Annotated[int, Bounds(1, 10_000), "points of the Gauss-Legendre rule along the way"] = 50,
    baseline: Annotated[
        Literal["zero", "black"], "where the way begins: the input zero (usually the mean grey), or a black picture"
    ] = "zero",
    doublings: Annotated[int, Bounds(0, 10), HALVED] = 4,
) -> Heatmap:
    """Sum over channels of (input - baseline) * mean gradient on the straight way between them, signed.

    The values should sum to score - the baseline's score. Where they miss more than 5 % of it, the pieces of the way
    that miss most are halved, with `steps` points in each half.
    evidence, for each image: `completeness_gap`, what the values' sum is above that difference; `baseline_scores`;
    `points` of its final sum. `incomplete`, where there are any: how many images still miss more than 5 %; their
    values are rough.
    Example: `deepro.integrated_gradients(net, "cat.jpg", "tabby")`
    """
    images = net.prepare(images)
    clean = forward(net, images.tensor, target)
    x, targets = clean.inputs.detach(), each(net, clean, target)
    start = torch.zeros_like(x)
    if baseline == "black":
        if not isinstance(net.preprocess, Preprocess) or x.ndim != 4:
            raise UnsupportedError("a black baseline needs the network's preprocessing; use baseline='zero'")
        start = net.preprocess.normalise(start)
    before = forward(net, start, clean.target).scores.detach()
    rises = (clean.scores.detach() - before).tolist()
    nodes, weights = np.polynomial.legendre.leggauss(steps)

    def make(asked: list[tuple[int, float, float]]) -> Iterator[Piece]:
        for part in (asked[k : k + len(x)] for k in range(0, len(asked), len(x))):
            which = [i for i, _, _ in part]
            aim = [targets[i] for i in which]
            low, high = (torch.tensor([p[k] for p in part]).to(x).view(-1, *[1] * (x.ndim - 1)) for k in (1, 2))
            begin, way = start[which], x[which] - start[which]
            total = torch.zeros_like(way)
            for node, weight in progress.steps(list(zip(nodes, weights, strict=True)), "integrated gradients"):
                here = begin + (low + (node + 1) / 2 * (high - low)) * way
                total += weight / 2 * forward(net, here, aim).gradient()
            values = (high - low) * way * total
            ends = [forward(net, begin + t * way, aim).scores.detach() for t in (low, high)]
            missed = (values.flatten(1).sum(1) - (ends[1] - ends[0])).tolist()
            yield from (Piece(*p, values[k], missed[k]) for k, p in enumerate(part))

    pieces = integrate(make, rises, doublings)
    values = summed(torch.stack([torch.stack([p.values for p in ways]).sum(0) for ways in pieces]))
    gap = (values.flatten(1).sum(1) - (clean.scores.detach() - before)).tolist()
    evidence: dict[str, Any] = {"completeness_gap": gap, "baseline_scores": before.tolist()}
    evidence["points"] = [steps * len(ways) for ways in pieces]
    if incomplete := sum(not adds_up(g, r) for g, r in zip(gap, rises, strict=True)):
        evidence["incomplete"] = incomplete
    return as_heatmap("integrated_gradients", clean, images, values, signed=True, evidence=evidence)


@method(
    family="regions",
    paper=Paper(
        "Erion, Janizek, Sturmfels, Lundberg, Lee",
        2019,
        "Improving performance of deep learning models with axiomatic attribution priors and expected gradients",
        "https://arxiv.org/abs/1906.10670",
    ),
    summary="Integrated gradients from many baselines, blurred copies of the image, one random place on each way.",
)
def expected_gradients(
    net: Network,
    images: Images,
    target: OneTarget | None = None,
    *,
    samples: Annotated[int, Bounds(1, 10_000), "baselines of each image, and points between them and it"] = 100,
    blur: Annotated[float, Bounds(0.001, 10), "largest sigma of the baselines' blur, of each axis's length"] = 0.25,
    seed: Annotated[int, Bounds(0, 2**63 - 1), "of the blurs and the places on the way"] = 0,
) -> Heatmap:
    """Sum over channels of the mean over samples of (x - x') * gradient at x' + a (x - x'), signed; a uniform in 0..1.

    x is the image, x' a baseline. The paper draws them from a background data set; here each is the image under a
    Gaussian blur, its sigma uniform up to `blur`: a picture's missing detail, not its missing brightness, is explained,
    and no data are needed. Every image gets the same draws.
    evidence, for each image: `baseline_scores`, their mean; `completeness_gap`, the values' sum minus (score - that
    mean), 0 for infinitely many samples.
    Example: `deepro.expected_gradients(net, "cat.jpg", "tabby", samples=50)`
    """
    images = net.prepare(images)
    clean = forward(net, images.tensor, target)
    x = clean.inputs.detach()
    if x.ndim < 3:
        raise UnsupportedError(f"expected_gradients blurs an input (N, C, *space), got {tuple(x.shape)}")
    generator = torch.Generator().manual_seed(seed)
    total, before = torch.zeros_like(x), torch.zeros_like(clean.scores.detach())
    for _ in progress.steps(range(samples), "expected gradients"):
        width, place = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
        start = blurred(x, width * blur)
        before += forward(net, start, clean.target).scores.detach() / samples
        total += (x - start) * forward(net, start + place * (x - start), clean.target).gradient() / samples
    values = summed(total)
    gap = values.flatten(1).sum(1) - (clean.scores.detach() - before)
    evidence = {"completeness_gap": gap.tolist(), "baseline_scores": before.tolist()}
    return as_heatmap("expected_gradients", clean, images, values, signed=True, evidence=evidence)


def blurred(x: Tensor, sigma: float) -> Tensor:
    """(N, C, *space) under a Gaussian of `sigma` lengths of each axis, whose weights sum to 1 at the border too."""
    for axis in range(2, x.ndim):
        at = torch.arange(x.shape[axis], dtype=torch.float64)
        near = (-((at[:, None] - at) ** 2) / max(2 * (sigma * len(at)) ** 2, 1e-12)).softmax(1)
        x = (x.transpose(axis, -1) @ near.T.to(x)).transpose(axis, -1)
    return x


@method(
    family="regions",
    paper=Paper(
        "Springenberg, Dosovitskiy, Brox, Riedmiller",
        2014,
        "Striving for Simplicity: The All Convolutional Net",
        "https://arxiv.org/abs/1412.6806",
    ),
    summary="Guided backpropagation: the gradient, kept only where it is positive at every rectifier.",
)
def guided(net: Network, images: Images, target: OneTarget | None = None) -> Heatmap:
    """Sum over channels of the guided gradient, signed. It shows strong parts, whatever the class.

    evidence: `rectifiers`, how many followed the rule; `left`, the nonlinearities that kept their gradient.
    Raises UnsupportedError where there is no rectifier, or where one is out of reach: the result would be the plain
    gradient under another name.
    Example: `deepro.guided(net, "cat.jpg", "tabby")`
    """
    images = net.prepare(images)
    with rectifiers("guided"):
        done = forward(net, images.tensor, target)
    met = nonlinearities(done.scores)
    if met.hidden:
        raise UnsupportedError(
            f"guided backpropagation cannot reach {', '.join(met.hidden)} (scripted, compiled or fused); "
            "load the plain module, or use method='gradient'"
        )
    if not met.rectified:
        instead = f" but {', '.join(met.left)}" if met.left else ""
        raise UnsupportedError(
            f"no rectifier in the network{instead}: guided backpropagation would be the plain gradient"
        )
    evidence = {"rectifiers": sum(met.rectified.values()), "left": dict(met.left)}
    return as_heatmap("guided", done, images, summed(done.gradient()), signed=True, evidence=evidence)
