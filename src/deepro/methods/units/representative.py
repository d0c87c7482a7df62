"""Chooses the layers that are shown by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log, prod

import torch
from torch import Tensor, nn

from deepro.network import Layer, Network
from deepro.network.input_shape import example
from deepro.probe import Probe, split_call, untouched

_PASSING = ("Pool", "Dropout", "Identity", "Flatten", "Pad", "StochasticDepth")  # repeat what an earlier layer said


@dataclass(frozen=True)
class _Seen:
    """What a layer answered to one input."""

    rectified: bool  # never negative, often nothing: its units are on or off
    mark: tuple[float, float, int]  # equal for layers that answer the same


def representative_layers(net: Network, count: int = 5) -> list[str]:
    """Up to `count` layers worth showing, from first to last, spread over depth and receptive field.

    Rectified maps (a rectifier's, or a block's that ends in one or joins several) come before all others, because their
    units are on or off; blocks come before what is inside them, where there are enough of them. A network of tokens
    gives its blocks, one without such maps its other spatial layers, one without spatial layers its dense ones.
    Raises NetworkError where the network cannot be run.
    """
    layers = net.layers
    seen = _look(net, layers)
    own = [layer for layer in layers.values() if layer.name in seen and not _repeats(layer, layers, seen)]
    blocks = _blocks(net, [layer for layer in layers.values() if layer.name in seen])
    if blocks:
        return _spread(_level(blocks, min(count, 3)), count, net.input_shape or ())
    axes = len(net.input_shape or ()) - 1
    maps = [layer for layer in own if axes > 0 and len(layer.shape) == axes + 1 and prod(layer.shape) > layer.units]
    for candidates in (
        [c for c in maps if seen[c.name].rectified],
        maps,
        [c for c in own if seen[c.name].rectified],
        own,
    ):
        if candidates:
            return _spread(_level(candidates, count), count, net.input_shape or ())
    return []


def neurons(net: Network, layers: Mapping[str, Layer]) -> list[Layer]:
    """The hidden neurons of MLPs that work place by place: what follows a dense layer that widens.

    Told by sizes: inner modules seen in order, d -> h and then h -> d with h > d, over more than one place.
    """
    modules = dict(net.module.named_modules(remove_duplicate=False))
    inner = [(layer, modules[split_call(name)[0]]) for name, layer in layers.items()]
    inner = [(layer, m) for layer, m in inner if not any(m.children())]
    dense = [i for i, (_, m) in enumerate(inner) if isinstance(m, nn.Linear)]
    found = []
    for a, b in pairwise(dense):
        (layer, wide), (_, narrow) = inner[a], inner[b]
        assert isinstance(wide, nn.Linear)
        assert isinstance(narrow, nn.Linear)
        widens = wide.in_features < wide.out_features == narrow.in_features > narrow.out_features
        if widens and prod(layer.shape) > layer.units == wide.out_features:
            after = inner[a + 1][0]
            same = after.shape == layer.shape and not any(word in after.kind for word in _PASSING)
            found.append(after if same else layer)
    return found


def _blocks(net: Network, layers: list[Layer]) -> list[Layer]:
    """The neurons of a network of tokens, in blocks of which it has several alike; else those blocks, or none."""
    inputs = example(net.module, net.input_shape or ())
    if inputs.ndim < 4 or not inputs.is_floating_point():
        return []
    grids = net.grids(inputs)
    if grids.convolutional:
        return []
    modules = dict(net.module.named_modules(remove_duplicate=False))
    blocks = [layer for layer in layers if any(modules[split_call(layer.name)[0]].children())]
    grids.look(*(layer.name for layer in blocks))
    placed = [layer for layer in blocks if (grid := grids.get(layer.name)) is not None and prod(grid.space) > 1]
    kinds = Counter(layer.kind for layer in placed)
    if not any(grids[layer.name].tokens for layer in placed if kinds[layer.kind] > 1):
        return []
    blocks = [layer for layer in placed if kinds[layer.kind] > 1]
    within = [n for n in neurons(net, net.layers) if any(n.name.startswith(f"{b.name}.") for b in blocks)]
    grids.look(*(n.name for n in within))
    return [n for n in within if grids.get(n.name) is not None] or blocks


def _look(net: Network, layers: Mapping[str, Layer]) -> dict[str, _Seen]:
    seen: dict[str, _Seen] = {}

    def observe(name: str, value: Tensor) -> Tensor:
        if value.is_floating_point() and value.numel():
            mark = (float(value.double().sum()), float(value.double().square().sum()), value.numel())
            seen[name] = _Seen(bool(value.min() >= 0) and bool((value == 0).any()), mark)
        return value

    with untouched(net.module), torch.no_grad():
        torch.manual_seed(0)
        inputs = example(net.module, net.input_shape or ())
        watch = {name: lambda value, name=name: observe(name, value) for name in layers}
        with Probe(net.module, edit=watch) as probe:
            probe(inputs)
    return seen


def _repeats(layer: Layer, layers: Mapping[str, Layer], seen: Mapping[str, _Seen]) -> bool:
    """Whether another layer says the same: one further out, or an earlier one just as far."""
    if any(word in layer.kind for word in _PASSING):
        return True
    order = {name: i for i, name in enumerate(layers)}
    here = (layer.depth, order[layer.name])
    return any(
        seen[other.name].mark == seen[layer.name].mark and (other.depth, order[other.name]) < here
        for other in layers.values()
        if other.name in seen and not any(word in other.kind for word in _PASSING)
    )


def _level(candidates: list[Layer], count: int) -> list[Layer]:
    """The candidates at the outermost depth that gives `count` of them, none within another."""
    chosen: list[Layer] = []
    for depth in sorted({c.depth for c in candidates}):
        chosen = [c for c in candidates if c.depth <= depth]
        chosen = [c for c in chosen if not any(o.name.startswith(f"{c.name}.") for o in chosen)]
        if len(chosen) >= count:
            break
    return chosen


def _spread(candidates: list[Layer], count: int, input_shape: tuple[int, ...]) -> list[str]:
    """`count` of the candidates, in order, evenly spaced in depth and in the logarithm of what they see."""
    if len(candidates) <= count:
        return [c.name for c in candidates]

    def sight(layer: Layer) -> float:
        field = layer.receptive_field
        if field is None or not any(field.stride):
            return log(max(input_shape[1:], default=1) or 1)
        return max(log(max(1, min(size, limit))) for size, limit in zip(field.size, input_shape[1:], strict=True))

    logs = [sight(c) for c in candidates]
    low, high = min(logs), max(logs)
    last = len(candidates) - 1
    if high > low:
        where = [(i / last + (s - low) / (high - low)) / 2 for i, s in enumerate(logs)]
    else:
        where = [i / last for i in range(len(logs))]
    picked: list[int] = []
    for step in range(count):
        start = picked[-1] + 1 if picked else 0
        stop = last - (count - 1 - step)  # leave one for each that follows
        goal = step / max(1, count - 1)
        picked.append(min(range(start, stop + 1), key=lambda i: abs(where[i] - goal)))
    return [candidates[i].name for i in picked]
