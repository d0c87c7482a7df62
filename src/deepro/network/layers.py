"""The layers of a network in execution order, seen in one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from deepro.errors import DeeproError, LayerError, NetworkError, one_line
from deepro.network.receptive_field import ReceptiveField, from_sight
from deepro.network.sight import Sight
from deepro.network.sight_mode import SightMode
from deepro.network.token_grid import TokenGrid
from deepro.probe import first_tensor, untouched


@dataclass(frozen=True)
class Layer:
    """A named place whose output can be captured. shape is without the batch axis; units counts channels or neurons."""

    name: str
    kind: str
    shape: tuple[int, ...]
    units: int
    receptive_field: ReceptiveField | None  # None where it is not known
    parameters: int = 0  # this module's own and its children's
    depth: int = 0  # how many modules contain it
    unit_axis: int = 1  # axis of the units in the output, batch axis included
    batch_axis: int = 0  # 1 in recurrent layers that count time first
    find_grid: Callable[[str], TokenGrid] | None = field(default=None, repr=False, compare=False)

    @property
    def grid(self) -> TokenGrid:
        """Where the layer's places lie in the input, found by running the network when it is first asked for.

        Raises LayerError where that cannot be found.
        """
        if self.find_grid is None:
            raise LayerError(f"layer {self.name!r} was seen without its network, so its grid is not known")
        return self.find_grid(self.name)

    def card(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "units": self.units,
            "receptive_field": self.receptive_field.card() if self.receptive_field else None,
            "parameters": self.parameters,
            "depth": self.depth,
        }


def trace_layers(module: nn.Module, inputs: Tensor) -> dict[str, Layer]:
    """The layers of `trace_pass`."""
    return trace_pass(module, inputs)[0]


def trace_pass(module: nn.Module, inputs: Tensor) -> tuple[dict[str, Layer], bool]:
    """Every layer that returns a real tensor for `inputs` (N, ...), by name, in the order of their outputs.

    And whether the pass drew random numbers. Raises NetworkError where the forward pass fails.
    """
    with untouched(module), torch.no_grad():
        try:
            return _drawn(_Trace(module, inputs, follow=True))
        except Exception:
            pass
        try:
            return _drawn(_Trace(module, inputs, follow=False))
        except DeeproError:
            raise
        except Exception as error:
            shape = tuple(inputs.shape)
            raise NetworkError(f"the network cannot run on an input of {shape}: {one_line(error)}") from error


def _drawn(trace: _Trace) -> tuple[dict[str, Layer], bool]:
    device = trace.inputs.device
    state = torch.cuda.get_rng_state if device.type == "cuda" else torch.get_rng_state
    before = state()
    return trace.run(), not torch.equal(before, state())


class _Trace:
    """One pass with a hook on every module."""

    def __init__(self, module: nn.Module, inputs: Tensor, *, follow: bool) -> None:
        self.module, self.inputs = module, inputs
        self.mode = SightMode(inputs) if follow else None
        self.calls: dict[str, int] = {}
        self.seen: list[tuple[str, nn.Module, tuple[int, ...], Sight | None]] = []

    def run(self) -> dict[str, Layer]:
        handles = []
        try:
            for name, module in self.module.named_modules():
                if name and not isinstance(module, torch.jit.ScriptModule):
                    handles.append(module.register_forward_hook(self._hook(name)))
            if self.mode is None:
                self.module(self.inputs)
            else:
                # Below autograd composite operations stay whole; in-place changes of buffers are counted by hand.
                with torch._C._AutoDispatchBelowAutograd(), self.mode:
                    self.module(self.inputs)
        finally:
            for handle in handles:
                handle.remove()
        return {layer.name: layer for layer in map(self._layer, self.seen)}

    def _hook(self, name: str) -> Any:
        def hook(module: nn.Module, _args: Any, output: Any) -> None:
            tensor = first_tensor(output)
            self.calls[name] = call = self.calls.get(name, 0) + 1
            if tensor is None or tensor.is_complex():
                return
            sight = self.mode.see(tensor) if self.mode else None
            self.seen.append((name if call == 1 else f"{name}:{call}", module, tuple(tensor.shape), sight))

        return hook

    def _layer(self, seen: tuple[str, nn.Module, tuple[int, ...], Sight | None]) -> Layer:
        name, module, shape, sight = seen
        rank = len(shape)
        batch: int | None = 0
        units = _unit_axis(module, rank)
        field = None
        if sight is not None:
            batch = next(
                (d for d in range(rank) if sight.steps[0][d]), 0 if shape[:1] == self.inputs.shape[:1] else None
            )
            units = sight.units if sight.units is not None else units
            space = self._space()
            if space:
                places = [d for d in range(rank) if d not in (batch, units)]
                field = from_sight(sight, places, space, self.inputs.shape)
        inner = shape if batch is None else (*shape[:batch], *shape[batch + 1 :])
        return Layer(
            name=name,
            kind=type(module).__name__,
            shape=inner,
            units=shape[units] if rank > units else 1,
            receptive_field=field,
            parameters=sum(p.numel() for p in module.parameters()),
            depth=name.count("."),
            unit_axis=units,
            batch_axis=batch or 0,
        )

    def _space(self) -> tuple[int, ...]:
        """The input's spatial axes: after the channels, or those that the network walks along."""
        rank = self.inputs.ndim
        if rank > 3:
            return tuple(range(2, rank))
        walked = self.mode.space if self.mode else None
        if rank == 3:
            return walked or (2,)
        return walked or ((1,) if rank == 2 and not self.inputs.is_floating_point() else ())


_LAST = (nn.Linear, nn.LayerNorm, nn.Embedding, nn.EmbeddingBag, nn.RNNBase, nn.MultiheadAttention, nn.Transformer)


def _unit_axis(module: nn.Module, rank: int) -> int:
    """Where the pass could not be followed: features stand last in dense and recurrent layers, channels second."""
    if rank < 2:
        return 0
    return rank - 1 if isinstance(module, _LAST) else 1


Layers = Mapping[str, Layer]
