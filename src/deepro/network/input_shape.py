"""An input that a network accepts, found by trying what its first layer asks for."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from deepro.errors import NetworkError, one_line
from deepro.network.held import advice
from deepro.probe import untouched

_SIDES = (224, 96, 64, 32, 28, 299, 256, 227, 128, 160, 192, 384, 512, 48, 40, 16, 8)
_LENGTHS = (1024, 16_000, 4096, 256, 128, 100, 64, 50, 40, 32, 28, 16, 10, 8)
_VOLUMES = ((16, 112, 112), (32, 32, 32), (16, 16, 16), (64, 64, 64), (28, 28, 28), (8, 8, 8))
_STEPS = (32, 16, 10, 8, 64, 128)
_TRIED_MODULES = 4


def example(module: nn.Module, shape: tuple[int, ...], batch: int = 1) -> Tensor:
    """(batch, *shape) of small random numbers, or of token 0 where the network begins with an embedding."""
    first = next(_parametrised(module), None)
    parameter = next((p for p in module.parameters() if p.is_floating_point()), None)
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    if isinstance(first, nn.Embedding | nn.EmbeddingBag):
        return torch.zeros(batch, *shape, dtype=torch.long, device=device)
    values = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))
    return values.to(device, parameter.dtype if parameter is not None else torch.float32)


def find_input_shape(module: nn.Module) -> tuple[int, ...]:
    """The first plausible shape, without the batch axis, on which the network runs.

    Raises NetworkError that lists what was tried and asks for input_shape=.
    """
    tried: list[str] = []
    reason = "it has no layer with parameters"
    with untouched(module), torch.no_grad():
        for shape in _candidates(module):
            try:
                module(example(module, shape))
                return shape
            except Exception as error:
                tried.append("x".join(map(str, shape)))
                reason = one_line(error)
    said = f"tried {', '.join(tried[:6])}{' ...' if len(tried) > 6 else ''}; last: {reason}" if tried else reason
    if said_of_inputs := advice(module):
        raise NetworkError(said_of_inputs)
    raise NetworkError(
        f"no input shape found that the network accepts ({said}); pass input_shape= without the batch axis"
    )


def _parametrised(module: nn.Module) -> Iterator[nn.Module]:
    """Modules with parameters of their own, in the order in which they were registered."""
    return (m for m in module.modules() if next(m.parameters(recurse=False), None) is not None)


def _candidates(module: nn.Module) -> Iterator[tuple[int, ...]]:
    seen: set[tuple[int, ...]] = set()
    for layer, _ in zip(_parametrised(module), range(_TRIED_MODULES), strict=False):
        for shape in _shapes(layer):
            if shape not in seen:
                seen.add(shape)
                yield shape


def _shapes(layer: nn.Module) -> Iterator[tuple[int, ...]]:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        yield from ((layer.in_channels, side, side) for side in _SIDES)
    elif isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
        yield from ((layer.in_channels, length) for length in _LENGTHS)
        if layer.in_channels == 1:  # a waveform without its channel axis
            yield from ((length,) for length in _LENGTHS[:2])
    elif isinstance(layer, nn.Conv3d | nn.ConvTranspose3d):
        yield from ((layer.in_channels, *volume) for volume in _VOLUMES)
    elif isinstance(layer, nn.BatchNorm2d):
        yield from ((layer.num_features, side, side) for side in _SIDES)
    elif isinstance(layer, nn.Linear):
        yield (layer.in_features,)
        yield from ((steps, layer.in_features) for steps in _STEPS)
        yield from _squares(layer.in_features)
    elif isinstance(layer, nn.Embedding | nn.EmbeddingBag):
        yield from ((steps,) for steps in _STEPS)
    elif isinstance(layer, nn.RNNBase):
        yield from ((steps, layer.input_size) for steps in _STEPS)
    elif isinstance(layer, nn.RNNCellBase):
        yield (layer.input_size,)
        yield from ((steps, layer.input_size) for steps in _STEPS)
    elif isinstance(layer, nn.LayerNorm | nn.BatchNorm1d):
        yield from [tuple(layer.normalized_shape) if isinstance(layer, nn.LayerNorm) else (layer.num_features,)]


def _squares(features: int) -> Iterator[tuple[int, ...]]:
    """Pictures with as many numbers as a dense first layer takes."""
    for channels in (1, 3):
        side = round((features / channels) ** 0.5)
        if channels * side * side == features:
            yield (channels, side, side)
