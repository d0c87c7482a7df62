"""The token grid of every layer, found by changing patches of an input and seeing which places answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from deepro.errors import LayerError, NetworkError, UnsupportedError, one_line
from deepro.network.token_grid import Agreement, TokenGrid, boxes, folded, layouts, oddness, spaces
from deepro.probe import first_tensor, untouched

_AT_ONCE = 4  # patches in one pass
_SURE = 0.8  # agreement at which no other layout is tried
_ENOUGH = 0.5
_ENOUGH_MAPS = 0.4  # for (N, C, *space), which every convolution gives
_ENOUGH_FOLDED = 0.75  # for tokens in blocks, of which there are many that differ little


@dataclass(frozen=True)
class _Seen:
    """One layer's answers: unit axis -> (K, places), and the output's shape for one input."""

    shape: tuple[int, ...]
    batch_axis: int
    answers: dict[int, np.ndarray]


class Grids:
    """The grids of a module's layers for inputs of one shape, each worked out when it is asked for.

    A network whose layers all look like maps of the input, (N, C, *space) in its proportions, is taken at its word:
    nothing is run but the pass that saw the shapes. Layers of all others are probed.
    """

    def __init__(self, module: nn.Module, inputs: Tensor, shapes: Mapping[str, tuple[int, ...]] | None = None) -> None:
        self.module = module
        self.inputs = inputs[:1].detach().clone()
        self.picture = tuple(inputs.shape[2:])
        self.shapes = dict(_run(module, self.inputs)) if shapes is None else dict(shapes)
        self.convolutional = len(self.picture) > 1 and all(
            len(s) < 3 or self._looks_like_maps(s) for s in self.shapes.values()
        )
        self._seen: dict[str, _Seen | None] = {}
        self._found: dict[str, TokenGrid | str] = {}

    def __getitem__(self, layer: str) -> TokenGrid:
        """Raises LayerError where the layer's places cannot be found in the input."""
        found = self._look_up(layer)
        if isinstance(found, str):
            raise LayerError(found)
        return found

    def get(self, layer: str) -> TokenGrid | None:
        """None where the layer has no grid."""
        found = self._look_up(layer)
        return None if isinstance(found, str) else found

    def look(self, *layers: str) -> None:
        """Probes several layers at once, which costs little more than one."""
        new = {name for name in layers if name not in self._seen and len(self.shapes.get(name, ())) > 2}
        if new and not self.convolutional:
            self._seen.update(dict.fromkeys(new) | self._probe(new))

    def tell(self, layer: str, grid: TokenGrid) -> None:
        """Takes `grid` as the layer's, whatever was found."""
        self._found[layer] = grid

    def _look_up(self, layer: str) -> TokenGrid | str:
        if layer not in self._found:
            self._found[layer] = self._find(layer)
        return self._found[layer]

    def _looks_like_maps(self, shape: tuple[int, ...]) -> bool:
        if len(shape) != self.inputs.ndim:
            return False
        sizes = [p / s for p, s in zip(self.picture, shape[2:], strict=True) if s]
        return prod(shape[2:]) == 1 or (len(sizes) == len(self.picture) and max(sizes) <= 2 * min(sizes))

    def _find(self, layer: str) -> TokenGrid | str:
        shape = self.shapes.get(layer)
        if shape is None:
            return f"layer {layer!r} gives no tensor"
        said = f"layer {layer!r} gives {tuple(shape[1:])}"
        axes = len(self.picture)
        if not 1 <= axes <= 3 or not self.inputs.is_floating_point():
            return f"{said}, and an input of {tuple(self.inputs.shape)} has no rows and columns"
        if len(shape) < 3:
            return f"{said}, which has no places, only units; name a layer with places"
        if self.convolutional:
            return TokenGrid(tuple(shape[2:]), 1)
        self.look(layer)
        seen = self._seen[layer]
        if seen is None:
            return f"{said}, whose places cannot be told apart for each input; choose another layer"
        return self._best(seen) or (
            f"{said}, and its places do not answer to places of the input: it is no map; choose another layer, "
            "such as a block's output"
        )

    def _best(self, seen: _Seen) -> TokenGrid | None:
        """The layout that agrees best with the answers; None where none does, or two unit axes do."""
        around = boxes(self.picture)
        fits: list[tuple[float, TokenGrid]] = []
        for axis, answers in seen.answers.items():
            places = answers.shape[1]
            inner = [n for d, n in enumerate(seen.shape) if d != axis and n > 1]
            maps = axis == 1 and seen.shape[2:] in spaces(places, self.picture) and seen.batch_axis == 0
            agreement = Agreement(answers, around, self.picture)
            best: tuple[float, TokenGrid] | None = None
            for some in (layouts(places, self.picture, len(inner) == 1), folded(places, self.picture)):
                if best is None or best[0] < _SURE:
                    for grid in some:
                        fit = agreement(grid) - oddness(grid, self.picture)
                        if best is None or fit > best[0] + 1e-6:
                            best = fit, grid
            if best is None:
                continue
            fit, grid = best[0] + oddness(best[1], self.picture), best[1]
            natural = maps and grid == TokenGrid(tuple(seen.shape[2:]), 0)
            plain = len(grid.levels) == 1 and not grid.across
            if fit >= (_ENOUGH_MAPS if natural else _ENOUGH if plain else _ENOUGH_FOLDED):
                fits.append((fit, replace(grid, unit_axis=axis, batch_axis=seen.batch_axis, agreement=round(fit, 3))))
        return fits[0][1] if len(fits) == 1 else None

    def _probe(self, layers: set[str]) -> dict[str, _Seen]:
        """The layers' answers to patches of the input that are changed one at a time."""
        around = boxes(self.picture)
        found: dict[str, list[dict[int, np.ndarray]]] = {}
        axes: dict[str, int] = {}

        def note(name: str, value: Tensor) -> None:
            if name not in layers:
                return
            batch = self._batch_axis(name, tuple(value.shape), count)
            if batch is None or not value.is_floating_point():
                return
            axes[name] = batch
            parts = value.detach().movedim(batch, 0).unflatten(0, (count, -1))  # (count, folded, rest ...)
            change = (parts[1:] - parts[:1]).abs().float()
            shape = self.shapes[name]
            rest = [d for d in range(len(shape)) if d != batch]
            answers = {}
            for k, axis in enumerate(rest):
                places = prod(shape) // shape[axis]
                lone = sum(n > 1 for d, n in enumerate(shape) if d != axis) == 1
                if shape[axis] > 0 and (layouts(places, self.picture, lone) or folded(places, self.picture)):
                    answers[axis] = change.sum(k + 2).reshape(count - 1, -1).cpu().numpy()
            found.setdefault(name, []).append(answers)

        for start in range(0, len(around), _AT_ONCE):
            some = around[start : start + _AT_ONCE]
            count = len(some) + 1
            batch = _changed(self.inputs, some)
            try:
                _run(self.module, batch, note)
            except Exception as error:
                raise UnsupportedError(
                    f"the network cannot run on {count} inputs at once, by which its layers' places are found: "
                    f"{one_line(error)}"
                ) from error
        whole = {
            name: {axis: np.concatenate([p[axis] for p in parts]) for axis in parts[0]}
            for name, parts in found.items()
            if len(parts) * _AT_ONCE >= len(around)
        }
        return {n: _Seen(self.shapes[n], axes[n], {a: _own(v) for a, v in w.items()}) for n, w in whole.items()}

    def _batch_axis(self, name: str, shape: tuple[int, ...], count: int) -> int | None:
        """The one axis that is `count` times as long for `count` inputs."""
        one = self.shapes.get(name)
        if one is None or len(one) != len(shape):
            return None
        longer = [d for d, (a, b) in enumerate(zip(one, shape, strict=True)) if a != b]
        return longer[0] if len(longer) == 1 and shape[longer[0]] == count * one[longer[0]] else None


def _own(answers: np.ndarray) -> np.ndarray:
    """What each place answers beyond what it answers to any patch: a class token answers to all alike."""
    answers = np.where(np.isfinite(answers), answers, 0)
    return answers**2 / np.maximum(answers.mean(0, keepdims=True), 1e-20)


def _changed(inputs: Tensor, around: np.ndarray) -> Tensor:
    """(1 + K, ...): the input, and for each box the input with other values there."""
    batch = inputs.repeat(len(around) + 1, *(1,) * (inputs.ndim - 1))
    generator = torch.Generator().manual_seed(1)
    for k, box in enumerate(around.astype(int)):
        where = (k + 1, slice(None), *(slice(a, b) for a, b in box))
        noise = torch.randn(batch[where].shape, generator=generator) * 2 + 1
        batch[where] = noise.to(batch.device, batch.dtype)
    return batch


def _run(module: nn.Module, inputs: Tensor, note: object = None) -> Mapping[str, tuple[int, ...]]:
    """One pass that calls `note` (name, output) for every layer; the outputs' shapes."""
    calls: dict[str, int] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    handles = []

    def hook(name: str) -> object:
        def seen(_module: object, _args: object, output: object) -> None:
            calls[name] = call = calls.get(name, 0) + 1
            value = first_tensor(output)
            if value is not None:
                layer = name if call == 1 else f"{name}:{call}"
                shapes[layer] = tuple(value.shape)
                if callable(note):
                    note(layer, value)

        return seen

    with untouched(module), torch.no_grad():
        try:
            for name, child in module.named_modules():
                if name and not isinstance(child, torch.jit.ScriptModule):
                    handles.append(child.register_forward_hook(hook(name)))  # type: ignore[arg-type]
            module(inputs.clone())
        except Exception as error:
            if callable(note):
                raise
            shape = tuple(inputs.shape)
            raise NetworkError(f"the network cannot run on an input of {shape}: {one_line(error)}") from error
        finally:
            for handle in handles:
                handle.remove()
    return shapes
