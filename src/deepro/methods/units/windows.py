"""Going down from a unit through the windows it can see, layer by layer.

A unit at one place reaches 1 x 1 of its layer, 3 x 3 of the layer below, and so on to its receptive field. Autograd
would carry whole maps of zeros around them. Here the same graph is gone down by hand, with each unit's signal kept in
a window of its own: the switches of max-poolings and the masks of rectifiers are those of the one forward pass, so
nothing is computed twice and every value is what autograd gives.

Known are operations that are local along the two axes of a picture: convolution, max and average pooling, batch norm in
evaluation mode, pointwise nonlinearities, sums, concatenation of channels, padding by zeros. A graph with any other is
not gone down this way: `Windows.read` answers None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from deepro import progress
from deepro.nonlinearities import of_node

# Bytes in flight: on a CPU few units at a time, so that a batch's units are near each other and its windows tight.
_BUDGET = {"cpu": 64 * 2**20}
_ELSEWHERE = 512 * 2**20
_FIRST = 4  # units in the first batch, which tells how many fit


@dataclass(frozen=True)
class _Signal:
    """values: (U, C, h, w), what comes back, each unit's in a window of the map. start: (U, 2) the windows' corners."""

    values: Tensor
    start: Tensor

    def times(self, factor: Any) -> _Signal:
        return _Signal(self.values * factor, self.start)


_Down = Callable[[_Signal], _Signal]
_Ways = list[tuple[int, _Down]]  # for each edge that the signal takes, how it changes on it


class Windows:
    """The graph from a layer's output (1, units, H, W) down to the image (1, C, H, W)."""

    def __init__(self, out: Tensor, image: Tensor, ways: dict[Any, _Ways]) -> None:
        self._out, self._image, self._ways = out, image, ways
        self._arrivals = Counter(node.next_functions[edge][0] for node, way in ways.items() for edge, _ in way)
        self._largest = 0  # numbers a unit needs at its widest, once seen

    @classmethod
    def read(cls, out: Tensor, image: Tensor) -> Windows | None:
        """The way down from `out`; None where an operation on it is not among those known here."""
        if out.ndim != 4 or image.ndim != 4 or len(out) != 1 or out.grad_fn is None:
            return None
        ways: dict[Any, _Ways] = {}
        todo: list[Any] = [out.grad_fn]
        while todo:
            node = todo.pop()
            if node in ways:
                continue
            if getattr(node, "variable", None) is image:
                ways[node] = []
                continue
            try:
                way = (_KNOWN.get(node.name()) or _pointwise)(node)
            except RuntimeError:  # what it kept has been overwritten since
                return None
            if way is None or any(node.next_functions[edge][0] is None for edge, _ in way):
                return None
            ways[node] = way
            todo += [node.next_functions[edge][0] for edge, _ in way]
        return cls(out, image, ways)

    def back(self, units: Tensor, places: Tensor, seeds: Tensor) -> Tensor:
        """(U, *image) the signal `seeds` (U,) of `units` (U,) at `places` (U, 2), sent back."""
        image = self._image
        values = image.new_zeros(len(units), *image.shape[1:])
        alive = seeds.nonzero()[:, 0]
        # Neighbours go together: their windows are trimmed alike at the map's edges.
        order = alive[(places[alive, 0] * self._out.shape[3] + places[alive, 1]).argsort()]
        done, budget = 0, _BUDGET.get(image.device.type, _ELSEWHERE)
        progress.tell("deconvnet", 0, len(order))
        with torch.no_grad():
            while done < len(order):
                room = self._largest * 4 * image.element_size()
                rows = order[done : done + (max(1, budget // room) if room else _FIRST)]
                found = self._down(units[rows], places[rows], seeds[rows])
                values[rows] = _laid([found], tuple(image.shape[2:]), whole=True).values
                done += len(rows)
                progress.tell("deconvnet", done, len(order))
        return values

    def _down(self, units: Tensor, places: Tensor, seeds: Tensor) -> _Signal:
        values = self._out.new_zeros(len(units), self._out.shape[1], 1, 1)
        values[torch.arange(len(units)), units, 0, 0] = seeds
        root = self._out.grad_fn
        arrived: dict[Any, list[_Signal]] = {root: [_Signal(values, places)]}
        missing = Counter(self._arrivals)
        ready: list[Any] = [root]
        while True:
            node = ready.pop()
            signal = _laid(arrived.pop(node), _space(node))
            if not self._ways[node]:
                return signal
            for edge, down in self._ways[node]:
                below = node.next_functions[edge][0]
                sent = down(signal)
                self._largest = max(self._largest, sent.values[0].numel())
                arrived.setdefault(below, []).append(sent)
                missing[below] -= 1
                if not missing[below]:
                    ready.append(below)


def _space(node: Any) -> tuple[int, ...]:
    """(H, W) of the map whose signal arrives at `node`."""
    return _shape(node)[2:]


def _laid(parts: Sequence[_Signal], space: tuple[int, ...], whole: bool = False) -> _Signal:
    """The sum of `parts` in windows that lie inside a map of `space`: what falls outside it is padding and is lost.

    whole: in one window, the map.
    """
    if len(parts) == 1 and not whole:
        start, size = parts[0].start, torch.tensor(parts[0].values.shape[2:], device=parts[0].start.device)
        if bool(((start >= 0) & (start + size <= torch.tensor(space, device=start.device))).all()):
            return parts[0]
    start, size = _hull(parts, space) if not whole else (torch.zeros_like(parts[0].start), space)
    first = parts[0].values
    total = first.new_zeros(*first.shape[:2], *size)
    for part in parts:
        shifts, which = torch.unique(part.start - start, dim=0, return_inverse=True)
        for group, shift in enumerate(shifts.tolist()):
            rows: Any = slice(None) if len(shifts) == 1 else (which == group).nonzero()[:, 0]
            to, of = [], []
            for by, have, room in zip(shift, part.values.shape[2:], size, strict=True):
                low, high = max(0, by), min(room, by + have)
                to.append(slice(low, max(low, high)))
                of.append(slice(low - by, max(low, high) - by))
            total[(rows, slice(None), *to)] += part.values[(rows, slice(None), *of)]
    return _Signal(total, start)


def _hull(parts: Sequence[_Signal], space: tuple[int, ...]) -> tuple[Tensor, tuple[int, ...]]:
    """(U, 2) corners and the one size of windows inside the map that hold what of `parts` lies inside it."""
    device = parts[0].start.device
    limits = torch.tensor(space, device=device)
    low = torch.stack([part.start for part in parts]).amin(0).clamp_min(0)
    ends = [part.start + torch.tensor(part.values.shape[2:], device=device) for part in parts]
    high = torch.minimum(torch.stack(ends).amax(0), limits)
    size = torch.minimum((high - low).amax(0).clamp_min(1), limits)
    return torch.minimum(low, limits - size), tuple(size.tolist())


def _seen(kept: Tensor, signal: _Signal) -> Tensor:
    """(U, C, h, w) what of `kept` (1, C, H, W) lies in each unit's window."""
    h, w = signal.values.shape[2:]
    windows = kept[0].unfold(1, h, 1).unfold(2, w, 1)  # (C, H-h+1, W-w+1, h, w), a view
    return windows[:, signal.start[:, 0], signal.start[:, 1]].movedim(0, 1)


# ---- the operations: node -> how its signal goes on, None where this use of it is not known


def _same(signal: _Signal) -> _Signal:
    return signal


def _pass(node: Any) -> _Ways:
    return [(0, _same)]


def _copy(node: Any) -> _Ways:
    return [(1, _same)]  # x.copy_(y): nothing of x is left


def _convolution(node: Any) -> _Ways | None:
    weight = node._saved_weight
    if node._saved_transposed or weight.ndim != 4:
        return None
    stride, padding, dilation = (list(v) for v in (node._saved_stride, node._saved_padding, node._saved_dilation))
    groups = node._saved_groups
    channels = weight.shape[1] * groups

    def down(signal: _Signal) -> _Signal:
        values = signal.values
        size = _below(values.shape[2:], weight.shape[2:], stride, dilation)
        below = values.new_empty(len(values), channels, *size)
        back, _, _ = torch.ops.aten.convolution_backward(
            values, below, weight, None, stride, [0, 0], dilation, False, [0, 0], groups, [True, False, False]
        )
        return _Signal(back, _corner(signal.start, stride, padding))

    return [(0, down)]


def _max_pool(node: Any) -> _Ways:
    kernel, padding, dilation = (list(v) for v in (node._saved_kernel_size, node._saved_padding, node._saved_dilation))
    kernel, padding, dilation = (v * 2 if len(v) == 1 else v for v in (kernel, padding, dilation))
    stride = list(node._saved_stride) or kernel
    stride = stride * 2 if len(stride) == 1 else stride
    width = node.next_functions[0][0]._input_metadata[0].shape[3]
    switches = node._saved_result1  # (1, C, h, w) places in the map below, row by row

    def down(signal: _Signal) -> _Signal:
        size = _below(signal.values.shape[2:], kernel, stride, dilation)
        start = _corner(signal.start, stride, padding)
        there = _seen(switches, signal)
        rows = there.div(width, rounding_mode="floor")
        corner = (start[:, 0] * size[1] + start[:, 1])[:, None, None, None]
        inside = there + rows * (size[1] - width) - corner  # the same places, in the window
        values = signal.values.contiguous()
        back = torch.ops.aten.max_pool2d_with_indices_backward(
            values,
            values.new_empty(*values.shape[:2], *size),
            kernel,
            stride,
            [0, 0],
            dilation,
            False,
            inside.contiguous(),
        )
        return _Signal(back, start)

    return [(0, down)]


def _average_pool(node: Any) -> _Ways | None:
    kernel, padding = list(node._saved_kernel_size), list(node._saved_padding)
    kernel, padding = (v * 2 if len(v) == 1 else v for v in (kernel, padding))
    stride = list(node._saved_stride) or kernel
    stride = stride * 2 if len(stride) == 1 else stride
    counted = node._saved_count_include_pad or not any(padding)
    if node._saved_ceil_mode or not counted:
        return None  # windows at the edge are divided by another number
    divisor = node._saved_divisor_override

    def down(signal: _Signal) -> _Signal:
        values = signal.values
        size = _below(values.shape[2:], kernel, stride, (1, 1))
        back = torch.ops.aten.avg_pool2d_backward(
            values, values.new_empty(*values.shape[:2], *size), kernel, stride, [0, 0], False, True, divisor
        )
        return _Signal(back, _corner(signal.start, stride, padding))

    return [(0, down)]


def _batch_norm(node: Any) -> _Ways | None:
    if node._saved_training:
        return None
    scale = (1 / (node._saved_running_var.double() + node._saved_eps).sqrt()).to(node._saved_running_var.dtype)
    if node._saved_weight is not None:
        scale = scale * node._saved_weight
    return [(0, lambda signal: signal.times(scale[:, None, None]))]


def _rectify(node: Any) -> _Ways:
    def down(signal: _Signal) -> _Signal:
        values = signal.values.clamp_min(0) if node.times == 1 else signal.values.clamp_min(0) * node.times
        return _Signal(values * _seen(node.saved_tensors[0], signal) if node.guided else values, signal.start)

    return [(0, down)]


def _pointwise(node: Any) -> _Ways | None:
    """A pointwise nonlinearity: each place times the derivative there, which is what comes back of ones."""
    edges = [edge for edge, (below, _) in enumerate(node.next_functions) if below is not None]
    entry = of_node(node.name())
    if len(edges) != 1 or entry is None or not entry.kind.pointwise:
        return None
    made = node._input_metadata[0]
    if _shape(node.next_functions[edges[0]][0]) != _shape(node):
        return None
    with torch.no_grad():
        back = node(torch.ones(made.shape, dtype=made.dtype, device=made.device))
    slope = back[edges[0]] if isinstance(back, tuple) else back
    return [(edges[0], lambda signal: signal.times(_seen(slope, signal)))]


def _add(node: Any) -> _Ways | None:
    shape = _shape(node)
    edges = [edge for edge, (below, _) in enumerate(node.next_functions) if below is not None]
    if any(_shape(node.next_functions[edge][0]) != shape for edge in edges):
        return None  # spread over a larger shape
    alpha = node._saved_alpha
    return [(edge, _same if edge == 0 or alpha == 1 else lambda signal: signal.times(alpha)) for edge in edges]


def _concatenate(node: Any) -> _Ways | None:
    if node._saved_dim not in (1, 2**64 - 3):  # the second is how -3 is kept
        return None
    ways: _Ways = []
    first = 0
    for edge, (below, output) in enumerate(node.next_functions):
        if below is None or output:
            return None
        last = first + _shape(below)[1]
        ways.append((edge, lambda s, part=slice(first, last): _Signal(s.values[:, part], s.start)))
        first = last
    return ways if first == node._input_metadata[0].shape[1] else None


def _pad(node: Any) -> _Ways | None:
    left, _, top, _, *rest = (*node._saved_pad, 0, 0)
    if any(rest):
        return None  # of channels
    return [(0, lambda s: _Signal(s.values, s.start - torch.tensor([top, left], device=s.start.device)))]


_KNOWN: dict[str, Callable[[Any], _Ways | None]] = {
    "AddBackward0": _add,
    "AvgPool2DBackward0": _average_pool,
    "CatBackward0": _concatenate,
    "CloneBackward0": _pass,
    "ConstantPadNdBackward0": _pad,
    "ConvolutionBackward0": _convolution,
    "MaxPool2DWithIndicesBackward0": _max_pool,
    "NativeBatchNormBackward0": _batch_norm,
    "_RectifyBackward": _rectify,
    "torch::autograd::CopyBackwards": _copy,
}


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(node.variable.shape if hasattr(node, "variable") else node._input_metadata[0].shape)


def _below(size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """How much of the map below a window of `size` sees."""
    return [(n - 1) * s + d * (k - 1) + 1 for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)]


def _corner(start: Tensor, stride: Sequence[int], padding: Sequence[int]) -> Tensor:
    """(U, 2) where in the map below the windows at `start` begin, in its padding perhaps."""
    return start * torch.tensor(stride, device=start.device) - torch.tensor(padding, device=start.device)
