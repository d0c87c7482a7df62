"""Units sent back to the pixels by the DeconvNet (Zeiler & Fergus 2014)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from deepro.errors import NetworkError, UnsupportedError, UsageError
from deepro.kinds.photographs.projection import Projection
from deepro.methods.units.back import Way
from deepro.network import Layer, Network, ReceptiveField
from deepro.parameters import Bounds, Images, LayerName, Units, Value
from deepro.probe import first_tensor
from deepro.rectifiers import Nonlinearities, Rule, nonlinearities, rectifiers
from deepro.registry import Paper, method
from deepro.shapes import to_array

Positions = Annotated[Sequence[Any] | np.ndarray | Tensor, Value("place of each unit in the layer's map")]


@method(
    family="units",
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
    images: Images,
    layer: LayerName,
    units: Units | None = None,
    positions: Positions | None = None,
    *,
    rule: Annotated[Rule, "what comes back through a rectifier"] = "deconvnet",
    top: Annotated[int, Bounds(1, 100_000), "how many of the strongest units, where none are named"] = 9,
    cut: Annotated[
        bool, "work on what each unit can see instead of the whole input, where that is exact and faster"
    ] = True,
) -> Projection:
    """Send units' activations back to the input, all else in the layer set to zero.

    Convolutions are transposed, max-pooling is undone at its switches (where windows overlap their signals add up),
    batch norm scales, biases play no part, and every rectifier on the way passes what `rule` lets through (see
    deepro.rectifiers). A signal c times as strong gives a projection c times as strong, for c > 0.

    layer: the name of a convolution, rectifier, block or dense layer. units: an index, several (U,), or for each image
    its own (N, U); None for the `top` strongest of each image, by their maximum over space. positions: for each unit
    its place in the layer's map, (axes,), (U, axes) or (N, U, axes); None for the unit's strongest.
    Returns values (N, U, *input shape), signed and unscaled, and in `fidelity` what was on the way: rectifiers, their
    kinds, nonlinearities left with their gradient, and the switches of max-poolings. Without any switch the `deconvnet`
    rule sends back the unit's own pattern, whatever the image shows; `guided` then still looks at the image.
    Raises LayerError and UsageError for a layer, unit or position that is not there, and UnsupportedError where the
    network has no rectifier for the rule to act on: the result would be the plain gradient under another name.
    Example: `deepro.deconvnet(net, "cat.jpg", "features.11", units=[34, 7])`
    """
    images = net.prepare(images)
    net.check_layer(layer)
    known = _known(net, images.tensor, layer)
    space = tuple(images.tensor.shape[2:])
    field = known.receptive_field if known else None
    rows, fidelity, cuts = [], {}, 0
    for n in range(len(images)):
        image = images.tensor[n : n + 1]
        way = Way(net, image, layer, rule, known)
        if n == 0:
            fidelity = _fidelity(net, image, layer, rule, way.met)
        chosen = _choose(way.maps, layer, units, top, n, len(images))
        places = _places(way.maps, layer, chosen, positions, n, len(images))
        values = way.project(chosen, places, cut)
        cuts += way.cut
        windows = np.array([_window(field, tuple(place), space) for place in places.tolist()], dtype=np.int64)
        seeds = way.maps[(chosen, *places.T)]
        rows.append((values, chosen, seeds, places, way.maps[chosen], windows.reshape(len(chosen), len(space), 2)))
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
        fidelity={**fidelity, "cut": cuts == len(images)},
        pictures=images.pictures,
    )


def _choose(maps: Tensor, layer: str, units: Units | None, top: int, n: int, count: int) -> Tensor:
    """(U,) indices of the units of image `n`."""
    have = len(maps)
    if units is None:
        flat = maps.reshape(have, -1)
        # Units that a ceiling makes equal: the one that stands out most comes first.
        order = np.lexsort((to_array(flat.mean(1)), -to_array(flat.amax(1))))
        return torch.from_numpy(order[:top].copy()).to(maps.device)
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


def _places(maps: Tensor, layer: str, units: Tensor, positions: Positions | None, n: int, count: int) -> Tensor:
    """(U, spatial axes) where in the map each unit of image `n` stands."""
    space = tuple(maps.shape[1:])
    if positions is None:
        return _strongest(maps[units])
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


def _strongest(maps: Tensor) -> Tensor:
    """(U, axes) where each of the maps (U, *space) is strongest; among equals, where its surroundings are."""
    space = tuple(maps.shape[1:])
    if not space:
        return torch.zeros(len(maps), 0, dtype=torch.long, device=maps.device)
    flat = maps.reshape(len(maps), -1)
    equal = flat == flat.amax(1, keepdim=True)
    pool = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}.get(len(space))
    if pool is not None and bool((equal.sum(1) > 1).any()):
        reach = [size // 8 for size in space]
        around = pool(maps[:, None], [2 * r + 1 for r in reach], 1, reach).reshape(flat.shape)
        flat = around.masked_fill(~equal, float("-inf"))
    return torch.stack(torch.unravel_index(flat.argmax(1), space), 1)


def _known(net: Network, inputs: Tensor, layer: str) -> Layer | None:
    try:
        return net.trace(inputs).get(layer)
    except NetworkError:
        return None  # the pass itself will say what is wrong, if anything is


def _window(
    field: ReceptiveField | None, place: tuple[int, ...], space: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """What of the input the unit at `place` can see; all of it where that is not known."""
    if field is None or len(field.size) != len(space) or (any(field.stride) and len(place) != len(space)):
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
            f"the {rule} rule cannot reach {sum(met.hidden.values())} places on the way to {layer!r} ({kinds}: "
            'scripted, compiled or fused); load the plain module, or use rule="gradient"'
        )
    elif not met.rectified and (met.left or not _has_rectifier(net, image, rule)):
        instead = f" but {', '.join(met.left)}" if met.left else ""
        raise UnsupportedError(
            f"no rectifier on the way to {layer!r}{instead}: the {rule} rule would give the plain gradient under "
            'another name; ask for it with rule="gradient"'
        )
    return {
        "rule": rule,
        "rectifiers": sum(rectified.values()),
        "kinds": dict(rectified),
        "left": dict(met.left),
        "switches": met.switches,
    }


def _has_rectifier(net: Network, image: Tensor, rule: Rule) -> bool:
    with torch.enable_grad(), rectifiers(rule):
        out = first_tensor(net.module(image.clone().requires_grad_().clone()))
    return out is not None and bool(nonlinearities(out).rectified)
