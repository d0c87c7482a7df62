"""One forward and one backward pass: the score of each image and its gradient at the input or at a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Union

import torch
from torch import Tensor

from deepro.errors import NetworkError, ShapeError, UnsupportedError, UsageError
from deepro.network import Network
from deepro.shapes import Batch, Scores
from deepro.targets import Target, TargetLike, as_target, predicted

Aim = Union[TargetLike, Sequence[TargetLike], None]  # noqa: UP007 - evaluated at run time by the registry


@dataclass(frozen=True, eq=False)
class Pass:
    """A finished forward pass. scores: (N,) in the graph. target: what was scored, fixed, to be asked again.

    names: for each image the description of its target. outputs: captured layers, in the graph. logits: (N, K), or None
    where the target does not need them.
    """

    inputs: Batch
    scores: Scores
    target: Target
    names: tuple[str, ...]
    outputs: Mapping[str, Any]
    logits: Tensor | None

    def gradient(self, at: Tensor | None = None, what: str = "input") -> Tensor:
        """d scores / d `at` for each image, in the shape of `at`, which is the input where it is not given.

        Images of one batch do not mix in evaluation mode, so the gradient of the sum is each image's own.
        Raises UnsupportedError where the score does not depend on it, NetworkError where it is not finite.
        """
        if not self.scores.requires_grad:
            raise UnsupportedError(f"the score of {self.target.name!r} has no gradient at the {what}")
        if at is not None and not at.requires_grad:
            raise UnsupportedError(f"the {what} does not depend on the input")
        (gradient,) = torch.autograd.grad(self.scores.sum(), self.inputs if at is None else at, allow_unused=True)
        if gradient is None:
            raise UnsupportedError(f"the score of {self.target.name!r} does not depend on the {what}")
        if not gradient.isfinite().all():
            raise NetworkError(f"the gradient of {self.target.name!r} at the {what} is not finite (NaN or infinite)")
        return gradient


def forward(net: Network, inputs: Batch, target: Aim = None, capture: Sequence[str] = ()) -> Pass:
    """Score `inputs` (N, C, *space) in the graph, the layers of `capture` kept.

    target: a label, an index, a Target, a list of them (one an image), or None for each image's predicted class, read
    from this very pass. Raises NetworkError for scores that are NaN or infinite.
    """
    if not inputs.is_floating_point():
        raise UnsupportedError(f"heatmaps need an input with a gradient, got whole numbers ({inputs.dtype})")
    net.check_space(inputs)
    inputs = inputs.detach().clone().requires_grad_(True)
    fixed = None if target is None else joined(net, target, len(inputs))
    layers = () if fixed is None else fixed.layers
    with torch.enable_grad(), net.probe(tuple(dict.fromkeys((*layers, *capture)))) as probe:
        output = probe(inputs)
        logits = net.logits_of(output) if fixed is None or fixed.needs_logits else None
        if logits is not None and not logits.isfinite().all():
            raise NetworkError("the network's logits are not finite (NaN or infinite): look at its weights and input")
    if fixed is None:
        assert logits is not None
        fixed = predicted(net, inputs, logits.detach())
    with torch.enable_grad():
        scores = fixed(logits, probe.outputs)
    if not scores.isfinite().all():
        raise NetworkError(f"the score of {fixed.name!r} is not finite (NaN or infinite)")
    return Pass(inputs, scores, fixed, names(net, fixed, target, len(inputs)), dict(probe.outputs), logits)


def joined(net: Network, target: TargetLike | Sequence[TargetLike], count: int) -> Target:
    """One target, or a list of `count` of them as one that scores image i by the i-th."""
    if isinstance(target, str) or not isinstance(target, Sequence):
        return as_target(net, target)
    if len(target) != count:
        raise UsageError(f"{len(target)} targets for {count} images: give one target, or one for each image")
    each = [as_target(net, t) for t in target]

    def measure(logits: Tensor | None, outputs: Mapping[str, Tensor]) -> Tensor:
        values = {id(t): t(logits, outputs) for t in each}
        if any(len(v) != count for v in values.values()):
            raise ShapeError(f"a list of {count} targets scores batches of {count} images")
        return torch.stack([values[id(t)][i] for i, t in enumerate(each)])

    layers = tuple(dict.fromkeys(layer for t in each for layer in t.layers))
    classes = [t.classes[0] for t in each if t.classes is not None and len(t.classes) == 1]
    whole = Target("one target an image", measure, layers, any(t.needs_logits for t in each))
    return replace(whole, classes=tuple(classes)) if len(classes) == count else whole


def each(net: Network, done: Pass, target: Aim) -> list[Target]:
    """The target of each image of a finished pass, to be asked of that image alone."""
    count = len(done.inputs)
    if target is None:
        assert done.target.classes is not None
        return [as_target(net, c) for c in done.target.classes]
    if isinstance(target, str) or not isinstance(target, Sequence):
        return [as_target(net, target)] * count
    return [as_target(net, t) for t in target]


def names(net: Network, fixed: Target, target: Aim, count: int) -> tuple[str, ...]:
    """For each image the description of its target."""
    if target is None:
        assert fixed.classes is not None
        return tuple(net.label(c) for c in fixed.classes)
    if isinstance(target, str) or not isinstance(target, Sequence):
        return (fixed.name,) * count
    return tuple(as_target(net, t).name for t in target)
