"""Follow a forward pass operation by operation and keep, for every tensor, what it sees of the input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from deepro.network.sight import Sight, union
from deepro.network.sight_rules import RULES, elementwise, tensors, unknown
from deepro.nonlinearities import is_pointwise


class SightMode(TorchDispatchMode):
    """Inside, `mode.see(tensor)` is the tensor's Sight, or None where it does not depend on the input.

    Enter `torch._C._AutoDispatchBelowAutograd()` before it: composite operations (linear, attention, recurrent layers)
    then arrive whole. `space` are the input axes that the first structured operation walks along.
    """

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()
        self.inputs = inputs
        self.space: tuple[int, ...] | None = None
        self._clock = 0
        self._sights = WeakTensorKeyDictionary()
        self._sights[inputs] = (Sight.of_input(tuple(inputs.shape)), 0)
        # Storages that were written to: views taken before see at least what was written.
        self._written: dict[int, tuple[StorageWeakRef, Sight, int]] = {}

    def see(self, tensor: Any) -> Sight | None:
        if not isinstance(tensor, Tensor):
            return None
        sight, when = self._sights.get(tensor) or (None, -1)
        if self._written:
            written = self._written.get(_storage(tensor))
            if written is not None and written[2] > when and not written[0].expired():
                shape = tuple(tensor.shape)
                parts = [written[1].whole(shape)] + ([sight] if sight is not None else [])
                return union(parts, shape)
        return sight

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.partition("::")[2]
        name = name if name.startswith("__") else name.rstrip("_") if func._schema.is_mutable else name
        known = RULES.get(name) or (elementwise if torch.Tag.pointwise in func.tags or is_pointwise(name) else None)
        if known is None and not func._schema.is_mutable:
            with self:
                out = func.decompose(*args, **kwargs)
            if out is not NotImplemented:
                return out
        self._clock += 1
        bound, mutated = bind(func, name, args, kwargs)
        self._note_space(name, bound)
        before = {id(t): self.see(t) for t in mutated}
        out = func(*args, **kwargs)
        for tensor in mutated:  # autograd, which counts changes, is not on the way
            if not tensor.is_inference():
                torch.autograd.graph.increment_version(tensor)
        if name in ("zero", "fill") and len(mutated) == 1:
            return out
        results = out if isinstance(out, tuple | list) else (out,)
        sights = self._apply(known or unknown, bound, out)
        for tensor, sight in zip(results, sights, strict=True):
            if not isinstance(tensor, Tensor):
                continue
            self._remember(tensor, sight)
            if id(tensor) in before and sight is not None and sight != before[id(tensor)]:
                self._write(tensor, sight)
        returned = {id(t) for t in results}
        for tensor in mutated:
            if id(tensor) not in returned and (sight := unknown(bound, self.see, tensor)) is not None:
                self._remember(tensor, sight)
                self._write(tensor, sight)
        return out

    def _apply(self, rule: Any, bound: Mapping[str, Any], out: Any) -> tuple[Sight | None, ...]:
        several = isinstance(out, tuple | list)
        results = tuple(out) if several else (out,)
        try:
            if rule in (unknown, elementwise) and several:
                sights = tuple(rule(bound, self.see, t) if isinstance(t, Tensor) else None for t in results)
            else:
                sights = rule(bound, self.see, tuple(out) if several else out)
                sights = (sights,) * len(results) if sights is None or isinstance(sights, Sight) else tuple(sights)
            for tensor, sight in zip(results, sights, strict=True):
                if sight is not None and isinstance(tensor, Tensor) and sight.shape != tuple(tensor.shape):
                    raise ValueError("the rule does not know this use of the operation")
            return sights
        except (ValueError, IndexError, KeyError, TypeError, AttributeError):
            # A use that the rule does not understand: see everything rather than something wrong.
            return tuple(unknown(bound, self.see, t) if isinstance(t, Tensor) else None for t in results)

    def _remember(self, tensor: Tensor, sight: Sight | None) -> None:
        if sight is not None:
            self._sights[tensor] = (sight, self._clock)
        elif tensor in self._sights:
            del self._sights[tensor]

    def _write(self, tensor: Tensor, sight: Sight) -> None:
        key, wide = _storage(tensor), sight.whole(())
        if key in self._written and not self._written[key][0].expired():
            wide = union([wide, self._written[key][1]], ())
        # The written tensor itself has its sight of this moment, so only older views are affected.
        self._written[key] = (StorageWeakRef(tensor.untyped_storage()), wide, self._clock)

    def _note_space(self, name: str, bound: Mapping[str, Any]) -> None:
        if self.space is not None:
            return
        if "convolution" in name or "_pool" in name:
            dims = range(2, 6)
        elif name in ("lstm", "gru", "rnn_tanh", "rnn_relu") and "batch_first" in bound:
            dims = (1 if bound["batch_first"] else 0,)
        elif name in ("linear", "embedding"):
            dims = range(1, self.inputs.ndim - 1) if name == "linear" else range(1, 2)
        else:
            return
        sight = self.see(bound.get("input", bound.get("self", bound.get("indices"))))
        if sight is None:
            return
        rows = enumerate(sight.steps)
        self.space = tuple(a for a, row in rows if a and any(d < len(row) and row[d] for d in dims))


def bind(func: Any, name: str, args: Any, kwargs: Any) -> tuple[dict[str, Any], list[Tensor]]:
    """Arguments by name with their defaults, and the tensors that the operation writes to."""
    bound: dict[str, Any] = {"#name": name}
    mutated: list[Tensor] = []
    for i, argument in enumerate(func._schema.arguments):
        if i < len(args):
            value = args[i]
        elif argument.name in kwargs:
            value = kwargs[argument.name]
        else:
            value = argument.default_value if argument.has_default_value() else None
        if argument.alias_info is not None and argument.alias_info.is_write:
            mutated += tensors([value])
            if argument.kwarg_only:  # out=: what stood there is lost
                continue
        bound[argument.name] = value
    return bound, mutated


def _storage(tensor: Tensor) -> int:
    try:
        return tensor.untyped_storage()._cdata
    except (RuntimeError, NotImplementedError):  # sparse and other tensors without a storage
        return 0
