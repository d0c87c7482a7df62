"""What a class or a unit looks like to the network: pictures made by gradient ascent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor

from deepro import progress
from deepro.errors import DeeproError, NetworkError, UnsupportedError, UsageError
from deepro.kinds.patterns.pattern import Pattern
from deepro.methods.patterns.ascent import Ascent
from deepro.methods.patterns.colour import WIDTH
from deepro.methods.patterns.erosion import Erosion
from deepro.methods.patterns.fourier import FourierImages
from deepro.methods.patterns.transforms import Views
from deepro.network import Network, Preprocess
from deepro.parameters import Bounds, Targets
from deepro.registry import Paper, method
from deepro.shapes import to_array
from deepro.targets import Target, as_target


@method(
    family="patterns",
    paper=Paper(
        "Olah, Mordvintsev & Schubert", 2017, "Feature Visualization", "https://distill.pub/2017/feature-visualization"
    ),
    summary="Pictures that the network itself makes for classes or units, by gradient ascent from noise.",
    version=3,
)
def imagine(
    net: Network,
    targets: Targets,
    *,
    steps: Annotated[int, Bounds(1, 10_000), "gradient steps"] = 400,
    size: Annotated[int | None, Bounds(4, 4096), "shorter side in pixels; the network's own input by default"] = None,
    learning_rate: Annotated[float, Bounds(1e-4, 1.0), "length of a step, in contrasts of a photograph"] = 0.1,
    seed: Annotated[int, Bounds(0, 2**31 - 1), "of the starting noise and the views"] = 0,
) -> Pattern:
    """One picture for each target, all made together; none depends on those made beside it.

    targets: a label, a class index, 'layer#unit', a Target, or a list. Returns a Pattern: images (T, C, H, W) in 0..1
    as the network sees them before normalisation (its very input where it has no preprocessing), and what the network
    says of them as they are. On the way a picture is shown turned, shifted, enlarged and with grain, to a network that
    lacks a few channels, others each time: what survives is what others can see too. A network that runs on smaller
    inputs sees coarse pictures first.
    Raises UnsupportedError for a network whose input is no picture, NetworkError where the ascent meets NaN.
    Example: `deepro.imagine(net, ["goose", "features.11#34"])`
    """
    goals = _goals(net, targets)
    channels, full = _picture_shape(net, size)
    generator, missing = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    like = torch.zeros((), dtype=net.dtype, device=net.device)
    pictures = FourierImages(len(goals), channels, full, generator, like, *_tone(net, channels))
    small = min(full) < SMALL
    ascent = Ascent(pictures.parameters, learning_rate, steps, decay=DECAY / 2 if small else DECAY)
    views = GENTLE if small else Views()
    flexible = _runs_at(net, goals, channels, _coarse(full, COARSE))
    layout = _layout(net, goals, channels, full)
    share = min(MOST_ERODED, ERODED / max(1, _depth(net, goals, channels, full))) * _patience(steps)
    history = torch.full((len(goals), steps), torch.nan)
    for step in progress.steps(range(steps), "imagine"):
        now = _coarse(full, COARSE + (FINE - COARSE) * min(1.0, step / (0.75 * steps)))
        view = views(pictures(now), now if flexible else full, generator)
        with Erosion(share, missing):
            values, logits = _run(net, goals, view, layout)
        history[:, step] = values.detach()
        (gradient,) = torch.autograd.grad(_ambition(net, goals, values, logits).sum(), pictures.parameters)
        _check_finite(goals, values, gradient, step)
        ascent.step(gradient)
    with torch.no_grad():
        images = pictures()
        scores, logits = _run(net, goals, images)
    return Pattern(
        images=to_array(images.float()),
        targets=tuple(goal.name for goal in goals),
        scores=to_array(scores),
        probabilities=to_array(_probabilities(net, goals, logits)),
        history=to_array(history),
    )


COARSE, FINE = 0.5, 0.86  # of the picture's side: what the network sees at the first step and in the last quarter
SMALL = 96  # pixels of the shorter side: below, there is nothing coarser to begin with, and a pixel is a large shape
GENTLE = Views(turn=5.0, zoom=(0.95, 1.1))  # for small pictures, whose networks know each thing at one place and size
ERODED = 0.35  # share of a nonlinearity's channels missing at a step, summed over all of them
MOST_ERODED = 0.03  # of one nonlinearity's
DECAY = 0.8  # the pull back to grey, against one step up: pictures settle near a photograph's contrast


def _goals(net: Network, targets: Targets) -> list[Target]:
    items = [targets] if isinstance(targets, str | int | Target) else list(targets)
    if not items:
        raise UsageError("imagine needs at least one target: a label, a class index, layer#unit or a Target")
    return [as_target(net, item) for item in items]


def _picture_shape(net: Network, size: int | None) -> tuple[int, tuple[int, int]]:
    """Channels and (H, W) of the pictures: the network's input, its shorter side made `size`."""
    shape = net.input_shape
    if shape is None:
        raise UsageError("the shape of the network's input is not known: pass input_shape=(C, H, W) to deepro.load")
    if len(shape) != 3:
        raise UnsupportedError(f"imagine makes pictures, but this network's input is {tuple(shape)}, not (C, H, W)")
    channels, height, width = shape
    scale = 1.0 if size is None else size / min(height, width)
    return channels, (round(height * scale), round(width * scale))


def _tone(net: Network, channels: int) -> tuple[float, float]:
    """Middle and standard deviation of grey pictures: what the preprocessing takes away, or a photograph's."""
    made = net.preprocess
    if channels == 1 and isinstance(made, Preprocess) and len(made.mean) == len(made.std) == 1:
        middle, width = made.mean[0] / made.range, made.std[0] / made.range
        if 0.02 <= middle <= 0.98 and 0.02 <= width <= 0.5:
            return middle, width
    return 0.5, WIDTH


def _coarse(full: tuple[int, int], share: float) -> tuple[int, int]:
    """`share` of the picture's size in whole strides; small pictures stay whole."""
    if min(full) < SMALL:
        return full
    height, width = (min(side, round(side * share / 16) * 16) for side in full)
    return height, width


def _runs_at(net: Network, goals: Sequence[Target], channels: int, size: tuple[int, int]) -> bool:
    """Whether the network takes inputs of `size` too."""
    try:
        with torch.no_grad():
            _run(net, goals, torch.full((len(goals), channels, *size), 0.5, dtype=net.dtype, device=net.device))
    except (RuntimeError, ValueError, AssertionError, DeeproError):
        return False
    return True


def _patience(steps: int) -> float:
    """How much of the erosion an ascent has time for: a missing channel slows it, and a short one must hurry."""
    return min(1.0, max(0.0, (steps - 100) / 300))


def _depth(net: Network, goals: Sequence[Target], channels: int, size: tuple[int, int]) -> int:
    """How many nonlinearities a pass meets."""
    grey = torch.full((len(goals), channels, *size), 0.5, dtype=net.dtype, device=net.device)
    with torch.no_grad(), Erosion(0.0, torch.Generator()) as passed:
        _run(net, goals, grey)
    return passed.count


def _layout(net: Network, goals: Sequence[Target], channels: int, size: tuple[int, int]) -> torch.memory_format:
    """How pictures lie in memory: channels last on a CPU, about a fifth faster there, where the network takes it."""
    if torch.device(net.device).type != "cpu":
        return torch.contiguous_format
    grey = torch.full((len(goals), channels, *size), 0.5, dtype=net.dtype)
    try:
        with torch.no_grad():
            _run(net, goals, grey, torch.channels_last)
    except (RuntimeError, ValueError, AssertionError, DeeproError):
        return torch.contiguous_format
    return torch.channels_last


def _run(
    net: Network, goals: Sequence[Target], images: Tensor, layout: torch.memory_format = torch.contiguous_format
) -> tuple[Tensor, Tensor | None]:
    """(T,) each target's value on its own picture, and (T, K) logits where some target needs them."""
    inputs = net.preprocess.normalise(images) if isinstance(net.preprocess, Preprocess) else images
    inputs = inputs.contiguous(memory_format=layout)
    layers = tuple(dict.fromkeys(layer for goal in goals for layer in goal.layers))
    needs_logits = any(goal.needs_logits for goal in goals)
    with net.probe(layers, stop=not needs_logits) as probe:
        output = probe(inputs)
    logits = net.logits_of(output) if needs_logits else None
    values = []
    for i, goal in enumerate(goals):
        own = slice(i, i + 1)
        values.append(goal(None if logits is None else logits[own], {name: probe[name][own] for name in goal.layers}))
    return torch.cat(values), logits


def _ambition(net: Network, goals: Sequence[Target], values: Tensor, logits: Tensor | None) -> Tensor:
    """(T,) what is raised: the target, and for a class also its log-probability.

    The logit alone is happy with a picture of anything near; the log-probability pushes the rivals out, and moves a
    picture whose logit is rectified and still silent. The logit counts in standard deviations of all of them.
    """
    if logits is None:
        return values
    spread = logits.detach().std(1).clamp_min(1e-6) if logits.shape[1] > 1 else torch.ones_like(values)
    raised = []
    for i, goal in enumerate(goals):
        raised.append(values[i])
        if goal.classes is not None:
            raised[i] = values[i] / spread[i] + _log(net, logits[i])[goal.classes[0]]
    return torch.stack(raised)


def _log(net: Network, logits: Tensor) -> Tensor:
    """(K,) log-probabilities."""
    said = net.probabilities(logits)
    return logits.clamp_min(1e-12).log() if said is logits else logits.log_softmax(0)


def _check_finite(goals: Sequence[Target], values: Tensor, gradient: Tensor, step: int) -> None:
    for what, good in (("value", values.isfinite()), ("gradient", gradient.flatten(1).isfinite().all(1))):
        if not bool(good.all()):
            name = goals[int((~good).nonzero()[0])].name
            raise NetworkError(f"the {what} of {name!r} is not finite at step {step + 1}: look for NaN in the weights")


def _probabilities(net: Network, goals: Sequence[Target], logits: Tensor | None) -> Tensor:
    """(T,) probability of the class where the target is one, else NaN."""
    found = torch.full((len(goals),), torch.nan)
    for i, goal in enumerate(goals):
        if goal.classes is not None and logits is not None:
            found[i] = net.probabilities(logits[i])[goal.classes[0]]
    return found
