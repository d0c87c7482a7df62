"""What a class or a unit looks like to the network: pictures made by gradient ascent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor

from deepro import progress
from deepro.errors import NetworkError, UnsupportedError, UsageError
from deepro.methods.patterns.fourier import FourierImages
from deepro.methods.patterns.transforms import warp
from deepro.network import Network
from deepro.registry import Bounds, Paper, method
from deepro.results import Pattern
from deepro.shapes import to_array
from deepro.targets import Target, TargetLike, as_target


@method(
    name="imagine",
    family="patterns",
    needs=("targets",),
    paper=Paper(
        "Olah, Mordvintsev & Schubert", 2017, "Feature Visualization", "https://distill.pub/2017/feature-visualization"
    ),
    summary="Pictures that the network itself makes for classes or units, by gradient ascent from noise.",
)
def imagine(
    net: Network,
    targets: TargetLike | Sequence[TargetLike],
    *,
    steps: Annotated[int, Bounds(1, 10_000), "gradient steps"] = 160,
    size: Annotated[int | None, Bounds(4, 4096), "shorter side in pixels; the network's own input by default"] = None,
    learning_rate: Annotated[float, Bounds(1e-4, 1.0), "largest step of the optimiser"] = 0.05,
    seed: Annotated[int, Bounds(0, 2**31 - 1), "of the starting noise and the views"] = 0,
) -> Pattern:
    """One picture for each target, all made together.

    targets: a label, a class index, 'layer#unit', a Target, or a list of them. Returns a Pattern with images
    (T, C, H, W) in 0..1 as the network sees them before normalisation, and what the network says of them as they are.
    Raises UnsupportedError for a network whose input is no picture, NetworkError where the ascent meets NaN.
    """
    goals = _targets(net, targets)
    channels, full = _picture_shape(net, size)
    generator = torch.Generator().manual_seed(seed)
    like = torch.zeros((), dtype=net.dtype, device=net.device)
    pictures = FourierImages(len(goals), channels, full, generator, like)
    optimiser = torch.optim.Adam([pictures.parameters], lr=learning_rate, betas=(0.9, 0.99))
    history = torch.full((len(goals), steps), torch.nan)
    for step in progress.steps(range(steps), "imagine"):
        stage = min(1.0, 0.5 + 0.5 * step / (0.75 * steps))
        now = tuple(max(1, round(s * stage / 16) * 16) if s >= 64 else s for s in full)
        view = warp(pictures(now), generator, turn=10, zoom=(0.9, 1.3), shift=0.08, size=now)
        values = _values(net, goals, view)
        history[:, step] = values.detach().cpu()
        if not bool(torch.isfinite(values).all()):
            raise NetworkError(f"{goals[int((~values.isfinite()).nonzero()[0])].name!r} became {values.tolist()} at step {step}")
        optimiser.zero_grad()
        (-values.sum()).backward()
        optimiser.step()
    with torch.no_grad():
        images = pictures()
        scores, probabilities = _verdict(net, goals, images)
    return Pattern(
        images=to_array(images), targets=tuple(g.name for g in goals), scores=to_array(scores),
        probabilities=to_array(probabilities), history=history.numpy(),
    )


def _targets(net: Network, targets: TargetLike | Sequence[TargetLike]) -> list[Target]:
    items = [targets] if isinstance(targets, str | int | Target) else list(targets)
    if not items:
        raise UsageError("imagine needs at least one target: a label, a class index, layer#unit or a Target")
    return [as_target(net, t) for t in items]


def _picture_shape(net: Network, size: int | None) -> tuple[int, tuple[int, int]]:
    shape = net.input_shape
    if shape is None:
        raise UsageError("the network's input shape is not known: pass input_shape=(C, H, W) to deepro.load")
    if len(shape) != 3:
        raise UnsupportedError(f"imagine makes pictures, but this network's input is {tuple(shape)}, not (C, H, W)")
    channels, height, width = shape
    if size is not None:
        scale = size / min(height, width)
        height, width = round(height * scale), round(width * scale)
    return channels, (height, width)


def _run(net: Network, goals: Sequence[Target], images: Tensor) -> tuple[Tensor, Tensor | None]:
    """(T,) each target's value on its own image, and the logits where some target needs them."""
    inputs = net.preprocess.normalise(images) if net.preprocess else images
    layers = tuple(dict.fromkeys(layer for g in goals for layer in g.layers))
    needs_logits = any(g.needs_logits for g in goals)
    with net.probe(layers, stop=not needs_logits) as probe:
        output = probe(inputs)
    logits = net.logits_of(output) if needs_logits else None
    values = []
    for i, goal in enumerate(goals):
        own = slice(i, i + 1)
        values.append(goal(logits[own] if logits is not None else None, {k: probe[k][own] for k in goal.layers}))
    return torch.cat(values), logits


def _values(net: Network, goals: Sequence[Target], images: Tensor) -> Tensor:
    return _run(net, goals, images)[0]


def _verdict(net: Network, goals: Sequence[Target], images: Tensor) -> tuple[Tensor, Tensor]:
    values, logits = _run(net, goals, images)
    probabilities = torch.full_like(values, torch.nan)
    for i, goal in enumerate(goals):
        if goal.classes is not None and logits is not None:
            probabilities[i] = logits[i].softmax(0)[goal.classes[0]]
    return values, probabilities
