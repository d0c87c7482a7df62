"""Which layer's output reaches which layer: the edges of the network's graph, seen in one forward pass.

Every tensor carries the layers it comes from. A layer's output comes from that layer alone; whatever is computed
between layers (sums, concatenations, a functional rectifier) comes from all that went in. A layer that hands its input
on as it is, such as an identity, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from deepro.probe import untouched

Sources = frozenset[str]


def edges(module: nn.Module, inputs: Tensor) -> list[tuple[str, str]]:
    """(from, to) of modules without children and of torch's own layers, in the order in which they run.

    They are named as layers are: a second call is `name:2`. Empty where the pass fails. inputs: (N, ...).
    """
    flow = _Flow()
    handles = []
    with untouched(module), torch.no_grad():
        try:
            for name, leaf in module.named_modules():
                if name and _is_layer(leaf):
                    handles.append(leaf.register_forward_pre_hook(flow.enter(name), with_kwargs=True))
                    handles.append(leaf.register_forward_hook(flow.leave))
            with flow:
                module(inputs)
        except Exception:
            return []
        finally:
            for handle in handles:
                handle.remove()
    return list(dict.fromkeys(flow.edges))


class _Flow(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.edges: list[tuple[str, str]] = []
        self._sources: dict[int, tuple[Tensor, Sources]] = {}  # the tensor is kept, so that its id stays its own
        self._calls: dict[str, int] = {}
        self._inside: list[tuple[str, dict[int, int]]] = []  # names, and the versions of what went in

    def enter(self, name: str) -> Any:
        def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
            call = self._calls[name] = self._calls.get(name, 0) + 1
            here = name if call == 1 else f"{name}:{call}"
            self._inside.append((here, {id(t): t._version for t in _tensors([args, kwargs])}))
            if len(self._inside) == 1:
                self.edges += [(source, here) for source in sorted(self._of([args, kwargs]))]

        return hook

    def leave(self, _module: nn.Module, _args: Any, output: Any) -> None:
        here, entered = self._inside.pop()
        if self._inside:
            return  # part of another layer
        made = [t for t in _tensors(output) if entered.get(id(t)) != t._version]
        if not made:
            self.edges = [edge for edge in self.edges if edge[1] != here]
        for tensor in made:
            self._mark(tensor, frozenset([here]))

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = function(*args, **(kwargs or {}))
        if not self._inside:
            sources = self._of([args, kwargs or {}])
            if sources:
                for tensor in _tensors(output):
                    self._mark(tensor, sources)
        return output

    def _mark(self, tensor: Tensor, sources: Sources) -> None:
        self._sources[id(tensor)] = tensor, sources

    def _of(self, values: Any) -> Sources:
        return frozenset(s for t in _tensors(values) if id(t) in self._sources for s in self._sources[id(t)][1])


def _is_layer(module: nn.Module) -> bool:
    if isinstance(module, torch.jit.ScriptModule):
        return False
    kinds = (kind.__module__ for kind in type(module).__mro__)
    return not list(module.children()) or any(k.startswith("torch.nn.modules.") and k not in _HOLDERS for k in kinds)


_HOLDERS = {f"torch.nn.modules.{name}" for name in ("module", "container", "transformer")}


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from _each(value.values())
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from _each(value)


def _each(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        yield from _tensors(value)
