"""The number that is explained or raised: a class logit, a unit, a direction. Targets add and scale.

    logit(net, "goose")                       the class's logit
    unit("features.11", 34)                   the unit's mean over space
    unit("features.11", 34, position=(3, 7))  the unit at one place
    place(net, "cat", (40, 40, 90, 120))      a class over a box of a segmentation network's output
    found("box", 0)                           the score of a detector's best finding
    direction("avgpool", vector)              the layer's mean over space along a vector
    2 * logit(net, "goose") - logit(net, "duck")

A target maps the logits (N, K) and the captured layers (N, C, *space) to one number an input, (N,).
Every target says what it rewards; the sign is flipped once, by whoever descends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import torch
from torch import Tensor

from deepro.errors import LayerError, NetworkError, ShapeError, UsageError
from deepro.probe import OUTPUT

if TYPE_CHECKING:
    from deepro.network import Network

Measure = Callable[[Tensor | None, Mapping[str, Any]], Tensor]


@dataclass(frozen=True, eq=False)
class Target:
    """One number an input. `layers` are captured for it; `needs_logits` says whether the pass must reach the end."""

    name: str
    measure: Measure
    layers: tuple[str, ...] = ()
    needs_logits: bool = False
    classes: tuple[int, ...] | None = None  # where the target is a class logit: the class of each input, or one for all

    def __call__(self, logits: Tensor | None, outputs: Mapping[str, Any]) -> Tensor:
        """(N, K) logits and layer -> output, to (N,). Raises ShapeError unless there is one number an input."""
        value = self.measure(logits, outputs)
        if value.ndim != 1:
            raise ShapeError(f"target {self.name!r} gave {tuple(value.shape)}, expected one number an input (N,)")
        return value

    def __add__(self, other: Target) -> Target:
        return _combine(f"{self.name} + {other.name}", self, other, lambda a, b: a + b)

    def __sub__(self, other: Target) -> Target:
        return _combine(f"{self.name} - {other.name}", self, other, lambda a, b: a - b)

    def __mul__(self, factor: float) -> Target:
        return Target(
            f"{factor:g} * ({self.name})", lambda x, o: factor * self.measure(x, o), self.layers, self.needs_logits
        )

    __rmul__ = __mul__

    def __neg__(self) -> Target:
        return -1 * self


def _combine(name: str, a: Target, b: Target, how: Callable[[Tensor, Tensor], Tensor]) -> Target:
    return Target(
        name,
        lambda x, o: how(a.measure(x, o), b.measure(x, o)),
        tuple(dict.fromkeys((*a.layers, *b.layers))),
        a.needs_logits or b.needs_logits,
    )


def logit(net: Network, label: str | int) -> Target:
    """The logit of one class, by label or index."""
    index = net.label_index(label)

    def measure(logits: Tensor | None, _outputs: Mapping[str, Tensor]) -> Tensor:
        assert logits is not None
        if logits.ndim != 2 or index >= logits.shape[1]:
            raise ShapeError(f"expected logits (N, K) with K > {index}, the network gave {tuple(logits.shape)}")
        return logits[:, index]

    return Target(net.label(index), measure, needs_logits=True, classes=(index,))


def predicted(net: Network, inputs: Tensor, logits: Tensor) -> Target:
    """For each input the logit of the class that `predict` names; logits: (N, K) of a pass of `inputs`."""
    classes = net.first_classes(inputs, logits)
    indices = torch.tensor(classes)

    def measure(now: Tensor | None, _outputs: Mapping[str, Tensor]) -> Tensor:
        assert now is not None
        return now.gather(1, indices[:, None].to(now.device))[:, 0]

    return Target("prediction", measure, needs_logits=True, classes=classes)


def unit(layer: str, index: int, position: tuple[int, ...] | None = None, axis: int = 1) -> Target:
    """One unit of a layer: its mean over space, or its value at `position`.

    axis: where the layer's output counts its units; -1 for tokens and other channels-last layouts.
    """

    def measure(_logits: Tensor | None, outputs: Mapping[str, Tensor]) -> Tensor:
        out = outputs[layer]
        have = out.shape[axis] if out.ndim > 1 else 0
        if not 0 <= index < have:
            raise UsageError(f"layer {layer!r} has units 0..{have - 1}, not {index}")
        values = out.select(axis, index)
        if position is None:
            return values.flatten(1).mean(1) if values.ndim > 1 else values
        space = tuple(values.shape[1:])
        if len(position) != len(space) or not all(0 <= p < s for p, s in zip(position, space, strict=True)):
            raise UsageError(f"position {tuple(position)} is outside layer {layer!r}, whose space is {space}")
        return values[(slice(None), *position)]

    at = "" if position is None else "@" + ",".join(map(str, position))
    return Target(f"{layer}#{index}{at}", measure, layers=(layer,))


def direction(layer: str, vector: Tensor) -> Target:
    """The layer's output, averaged over space, along `vector` (C,)."""
    vector = torch.as_tensor(vector)

    def measure(_logits: Tensor | None, outputs: Mapping[str, Tensor]) -> Tensor:
        out = outputs[layer]
        if out.shape[1:2] != vector.shape:
            raise ShapeError(f"direction of {tuple(vector.shape)} for layer {layer!r} of {out.shape[1]} units")
        code = out.flatten(2).mean(2) if out.ndim > 2 else out
        return code @ vector.to(code)

    return Target(f"direction in {layer}", measure, layers=(layer,))


def place(net: Network, label: str | int, box: tuple[int, int, int, int]) -> Target:
    """The mean logit of one class over a box, of a segmentation network.

    box: left, top, right, bottom in pixels of the network's output, the last two excluded. Over all places it is
    `logit`. Raises UsageError for a box without a place. Example: `place(net, "cat", (40, 40, 90, 120))`
    """
    index, (left, top, right, bottom) = net.label_index(label), box

    def measure(_logits: Tensor | None, outputs: Mapping[str, Tensor]) -> Tensor:
        maps = outputs[OUTPUT]
        if not isinstance(maps, Tensor) or maps.ndim != 4:
            raise UsageError("a class at a place needs a network that gives logits for each place (N, K, H, W)")
        height, width = maps.shape[2:]
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise UsageError(f"box {tuple(box)} is no part of the network's output, {width} wide and {height} high")
        return maps[:, index, top:bottom, left:right].flatten(1).mean(1)

    return Target(f"{net.label(index)}@{left},{top},{right},{bottom}", measure, layers=(OUTPUT,))


def found(what: str, index: int) -> Target:
    """Of a detector's finding number `index` in each picture, best first: the score of a "box", the mean of a "mask".

    Raises UsageError where fewer were found, or the detector gives no masks. Example: `found("box", 0)`
    """
    key = {"box": "scores", "mask": "masks"}[what]

    def measure(_logits: Tensor | None, outputs: Mapping[str, Tensor]) -> Tensor:
        each: Any = outputs[OUTPUT]
        if isinstance(each, Tensor) or any(key not in one for one in each):
            raise UsageError(f"{what}#{index} needs a detector that returns {key} for each picture")
        if any(len(one[key]) <= index for one in each):
            have = min(len(one[key]) for one in each)
            raise UsageError(
                f"{what}#{index}: the detector found {have} boxes; choose a smaller number or lower its threshold"
            )
        return torch.stack([one[key][index].mean() for one in each])

    return Target(f"{what}#{index}", measure, layers=(OUTPUT,))


TargetLike = Union[str, int, Target]  # noqa: UP007 - evaluated at run time by the registry


def as_target(net: Network, target: TargetLike) -> Target:
    """A label, a class index, 'layer#unit', 'label@left,top,right,bottom', 'box#0', 'mask#0' or a Target, as a Target.

    Raises LabelError for an unknown or ambiguous label, LayerError for an unknown layer.
    """
    if isinstance(target, Target):
        return target
    if isinstance(target, str) and "#" in target and net.find_label(target) is None:
        layer, _, index = target.rpartition("#")
        if layer in ("box", "mask") and index.isdecimal() and layer not in dict(net.module.named_modules()):
            return found(layer, int(index))
        if not index.isdecimal():
            raise UsageError(f"target {target!r}: expected layer#unit with a whole number, such as features.11#34")
        return _known_unit(net, net.check_layer(layer), int(index))
    if isinstance(target, str) and "@" in target and net.find_label(target) is None:
        label, _, corners = target.rpartition("@")
        numbers = corners.split(",")
        if len(numbers) != 4 or not all(n.strip().isdecimal() for n in numbers):
            raise UsageError(f"target {target!r}: expected label@left,top,right,bottom in pixels of the output")
        left, top, right, bottom = map(int, numbers)
        return place(net, label, (left, top, right, bottom))
    return logit(net, target)


def _known_unit(net: Network, layer: str, index: int) -> Target:
    """A unit that is known to exist, on the axis where its layer counts units."""
    try:
        record = net.layers.get(layer)
    except NetworkError:  # a network whose input shape nobody knows: the pass itself will tell
        record = None
    if record is None:
        return unit(layer, index)
    if index >= record.units:
        raise LayerError(f"layer {layer!r} has units 0..{record.units - 1}, not {index}")
    return unit(layer, index, axis=record.unit_axis)
