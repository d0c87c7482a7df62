"""Units sent back to the pixels by the DeconvNet (Zeiler & Fergus 2014)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.errors import LayerError, NetworkError, UnsupportedError, UsageError
from deepro.network import Inputs, Network, ReceptiveField
from deepro.rectifiers import Nonlinearities, Rule, nonlinearities, rectifiers
from deepro.registry import Bounds, Paper, method
from deepro.results import Projection
from deepro.shapes import to_array

_BUDGET = 256 * 2**20  # bytes of signals in flight in one backward pass

Units = int | Sequence[int] | np.ndarray | Tensor | None
Positions = Sequence[Any] | np.ndarray | Tensor | None


@method(
    name="deconvnet",
    family="units",
    needs=("images", "layer"),
    paper=Paper(
        "Zeiler & Fergus",
        2014,
        "Visualizing and Understanding Convolutional Networks",
        "https://arxiv.org/abs/1311.2901",
    ),
    summary="What in the image drove a unit: its activation sent back to the pixels.",
)
def deconvnet(
    net: Network,
    images: Inputs,
    layer: str,
    units: Units = None,
    positions: Positions = None,
    *,
    rule: Annotated[Rule, "what comes back through a rectifier"] = "deconvnet",
    top: Annotated[int, Bounds(1, 100_000), "how many of the strongest units, where none are named"] = 9,
) -> Projection:
    """Send units' activations back to the input, all else in the layer set to zero.

    Convolutions are transposed, max-pooling is undone at its switches (where windows overlap their signals add up), batch
    norm scales, biases play no part, and every rectifier on the way passes what `rule` lets through (see
    deepro.rectifiers). A signal c times as strong gives a projection c times as strong, for c > 0.

    layer: a convolution's, rectifier's, block's or dense layer's name, axes (N, C, *space). units: an index, several (U,),
    or for each image its own (N, U); None for the `top` strongest of each image, by their maximum over space. positions:
    for each unit its place in the layer's map, (axes,), (U, axes) or (N, U, axes); None for the unit's strongest.
    Returns values (N, U, *input shape), signed and unscaled.
    Raises LayerError and UsageError for a layer, unit or position that is not there, and UnsupportedError where the network
    has no rectifier for the rule to act on: the result would be the plain gradient under another name.
    """
    net.check_layer(layer)
    field = _receptive_field(net, layer)
    rows, fidelity = [], {}
    for n in range(len(images)):
        image = images.tensor[n : n + 1]
        run = _Pass(net, image, layer, rule)
        if n == 0:
            fidelity = _fidelity(net, image, layer, rule, run.met)
        chosen = _choose(run.maps, layer, units, top, n, len(images))
        places = _places(run.maps, layer, chosen, positions, n, len(images))
        seeds = run.maps[(chosen, *places.T)]
        values = torch.cat(list(run.project(chosen, places, seeds)))
        space = tuple(image.shape[2:])
        windows = [_window(field, tuple(place), space) for place in places.tolist()]
        rows.append(
            (values, chosen, seeds, places, run.maps[chosen], np.array(windows).reshape(len(chosen), len(space), 2))
        )
    values, chosen, seeds, places, maps, windows = zip(*rows, strict=True)
    return Projection(
        layer=layer,
        rule=rule,
        values=to_array(torch.stack(values)),
        units=to_array(torch.stack(chosen)),
        activations=to_array(torch.stack(seeds)),
        positions=to_array(torch.stack(places)),
        maps=to_array(torch.stack(maps)),
        windows=np.stack(windows),
        fidelity=fidelity,
        pictures=images.pictures,
    )


class _Pass:
    """One image's forward pass up to a layer, from which any of its units is sent back."""

    def __init__(self, net: Network, image: Tensor, layer: str, rule: Rule) -> None:
        self.image = image.detach().clone().requires_grad_()
        with torch.enable_grad(), rectifiers(rule) as self._mode, net.probe([layer], stop=True) as probe:
            probe(self.image.clone())  # a copy: the network may overwrite its input
        self.out = probe[layer]
        if self.out.ndim < 2:
            raise LayerError(f"layer {layer!r} gives {tuple(self.out.shape)}, expected (N, units, *space)")
        if not self.out.requires_grad:
            raise LayerError(f"layer {layer!r} does not depend on the input by anything differentiable")
        self.met = nonlinearities(self.out)

    @property
    def maps(self) -> Tensor:
        """(C, *space) the layer's answer."""
        return self.out.detach()[0]

    def project(self, units: Tensor, places: Tensor, seeds: Tensor) -> Iterator[Tensor]:
        """(U, *input shape) in chunks that fit the memory budget."""
        chunk = max(1, _BUDGET // max(1, 3 * self._mode.largest))
        parts = list(zip(units.split(chunk), places.split(chunk), seeds.split(chunk), strict=True))
        for part, (unit, place, seed) in enumerate(progress.steps(parts, "deconvnet"), 1):
            signals = self.out.new_zeros(len(unit), *self.out.shape)
            signals[(torch.arange(len(unit)), 0, unit, *place.T)] = seed
            yield self._back(signals, keep=part < len(parts))

    def _back(self, signals: Tensor, keep: bool) -> Tensor:
        (values,) = torch.autograd.grad(self.out, self.image, signals, retain_graph=keep, is_grads_batched=True)
        return values[:, 0]


def _choose(maps: Tensor, layer: str, units: Units, top: int, n: int, count: int) -> Tensor:
    """(U,) indices of the units of image `n`."""
    have = len(maps)
    if units is None:
        return maps.reshape(have, -1).amax(1).topk(min(top, have)).indices
    asked = torch.as_tensor(units)
    if asked.is_floating_point() or asked.dtype == torch.bool or asked.ndim > 2 or asked.numel() == 0:
        raise UsageError(f"units is {units!r}, expected an index, a list of indices, or a list for each image")
    if asked.ndim == 2:
        if len(asked) != count:
            raise UsageError(f"units has {len(asked)} rows for {count} images")
        asked = asked[n]
    asked = asked.reshape(-1).long().to(maps.device)
    bad = asked[(asked < 0) | (asked >= have)].tolist()
    if bad:
        raise UsageError(f"layer {layer!r} has units 0..{have - 1}, not {', '.join(map(str, bad[:5]))}")
    return asked


def _places(maps: Tensor, layer: str, units: Tensor, positions: Positions, n: int, count: int) -> Tensor:
    """(U, spatial axes) where in the map each unit of image `n` stands."""
    space = tuple(maps.shape[1:])
    if positions is None:
        flat = maps[units].reshape(len(units), -1).argmax(1)
        return torch.stack(torch.unravel_index(flat, space), 1) if space else flat.new_zeros(len(units), 0)
    asked = torch.as_tensor(positions)
    if asked.ndim == 3:
        if len(asked) != count:
            raise UsageError(f"positions has {len(asked)} rows for {count} images")
        asked = asked[n]
    try:
        asked = asked.long().to(maps.device).expand(len(units), len(space))
    except RuntimeError:
        raise UsageError(
            f"positions are {tuple(asked.shape)}, expected {len(space)} numbers for each of {len(units)} units"
        ) from None
    limits = torch.tensor(space, device=maps.device)
    bad = ((asked < 0) | (asked >= limits)).any(1)
    if bad.any():
        raise UsageError(f"position {tuple(asked[bad][0].tolist())} is outside layer {layer!r}'s map {space}")
    return asked


def _receptive_field(net: Network, layer: str) -> ReceptiveField | None:
    try:
        found = net.layers.get(layer)
    except NetworkError:
        return None
    return found.receptive_field if found else None


def _window(
    field: ReceptiveField | None, place: tuple[int, ...], space: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """What of the input the unit at `place` can see; all of it where that is not known."""
    if field is None or len(field.size) != len(space) or len(place) != len(space) or 0 in field.stride:
        return tuple((0, size) for size in space)
    return field.window(place, space)


def _fidelity(net: Network, image: Tensor, layer: str, rule: Rule, met: Nonlinearities) -> Mapping[str, Any]:
    """What the projection passed on its way, or UnsupportedError where the rule had nothing to act on."""
    rectified = met.rectified
    if rule == "gradient":
        rectified = met.hidden
    elif met.hidden:
        kinds = ", ".join(met.hidden)
        raise UnsupportedError(
            f"the {rule} rule cannot reach {sum(met.hidden.values())} places on the way to {layer!r} ({kinds}: scripted, "
            'compiled or fused); load the plain module, or use rule="gradient"'
        )
    elif not met.rectified and (met.left or not _has_rectifier(net, image, rule)):
        instead = f" but {', '.join(met.left)}" if met.left else ""
        raise UnsupportedError(
            f"no rectifier on the way to {layer!r}{instead}: the {rule} rule would give the plain gradient under another "
            'name; ask for it with rule="gradient"'
        )
    return {
        "rule": rule,
        "rectifiers": sum(rectified.values()),
        "kinds": dict(rectified),
        "left": dict(met.left),
    }


def _has_rectifier(net: Network, image: Tensor, rule: Rule) -> bool:
    with torch.enable_grad(), rectifiers(rule):
        out = net.logits_of(net.module(image.clone().requires_grad_().clone()))
    return bool(nonlinearities(out).rectified)
