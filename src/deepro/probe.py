"""Capture, edit or stop a forward pass, and leave the module exactly as it was.

    with Probe(net.module, capture=["features.11"], stop=True) as probe:
        probe(inputs)
    probe["features.11"]            # what the module returned, in the graph, safe under in-place successors

A layer is a dotted module name. A module that is called several times is named by call: `layer1.0.relu` is the first
call, `layer1.0.relu:2` the second.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from deepro.errors import LayerError, NetworkError, near

Edit = Callable[[Tensor], Tensor]


class _Stop(Exception):  # noqa: N818 - control flow, never seen outside
    """Raised by the last hook needed, caught by the probe."""


@contextlib.contextmanager
def untouched(module: nn.Module) -> Iterator[nn.Module]:
    """Evaluation mode without parameter gradients inside; outside, after success or exception, all as before.

    Restores: training flags, `requires_grad`, `.grad`, buffers (content and identity), hooks left by the body, RNG state.
    """
    modules = list(module.modules())
    training = [m.training for m in modules]
    hooks = [(m, name, dict(getattr(m, name))) for m in modules for name in _HOOKS]
    owners = [(m, dict(m._buffers)) for m in modules if m._buffers]
    contents = [(b, b._version, b.detach().clone()) for _, bs in owners for b in bs.values() if b is not None]
    parameters = [(p, p.requires_grad, p.grad) for p in module.parameters()]
    devices = sorted({p.device.index or 0 for p, _, _ in parameters if p.device.type == "cuda"})
    with torch.random.fork_rng(devices):
        try:
            for m in modules:
                m.training = False
            for p, _, _ in parameters:
                p.requires_grad_(False)
            yield module
        finally:
            for m, flag in zip(modules, training, strict=True):
                m.training = flag
            for p, flag, grad in parameters:
                p.requires_grad_(flag)
                p.grad = grad
            for m, buffers in owners:
                m._buffers.clear()
                m._buffers.update(buffers)
            for buffer, version, content in contents:
                if buffer._version != version:
                    with torch.no_grad():
                        buffer.copy_(content)
            for m, name, before in hooks:
                registered = getattr(m, name)
                for key in [k for k in registered if k not in before]:
                    del registered[key]


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def split_call(layer: str) -> tuple[str, int]:
    """'layer1.0.relu:2' as ('layer1.0.relu', 2); the first call needs no number."""
    name, _, call = layer.partition(":")
    return (name, int(call)) if call.isdecimal() and int(call) > 0 else (layer, 1)


def first_tensor(output: Any) -> Tensor | None:
    """The tensor a module's output is about: itself, or the first in a tuple, mapping or ModelOutput."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, torch.nn.utils.rnn.PackedSequence):
        return output.data
    items = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    return next((t for t in map(first_tensor, items) if t is not None), None)


def _replace_first(output: Any, new: Tensor) -> Any:
    """`output` with its first tensor replaced by `new`."""
    if isinstance(output, Tensor):
        return new
    if isinstance(output, torch.nn.utils.rnn.PackedSequence):
        return output._replace(data=new)
    if isinstance(output, Mapping):
        key = next(k for k, v in output.items() if first_tensor(v) is not None)
        changed = dict(output)
        changed[key] = _replace_first(output[key], new)
        return type(output)(**changed) if hasattr(output, "to_tuple") else type(output)(changed)
    index = next(i for i, v in enumerate(output) if first_tensor(v) is not None)
    items = [_replace_first(v, new) if i == index else v for i, v in enumerate(output)]
    return type(output)(*items) if hasattr(output, "_fields") else type(output)(items)


class Probe:
    """A context in which calls of a module are watched.

    capture: layers whose outputs are kept. edit: layer -> function of the output, applied before anyone sees it.
    stop: end the pass once every captured layer has been seen; the call then returns None.
    Raises LayerError for an unknown layer (near names in the message) and NetworkError when a captured layer never ran.
    """

    def __init__(
        self,
        module: nn.Module,
        capture: Iterable[str] = (),
        edit: Mapping[str, Edit] | None = None,
        *,
        stop: bool = False,
    ) -> None:
        self.module = module
        self.capture = tuple(capture)
        self.edit = dict(edit or {})
        self.stop = stop
        self.outputs: dict[str, Tensor] = {}
        self._calls: dict[str, int] = {}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._watched = {split_call(layer)[0] for layer in (*self.capture, *self.edit)}
        known = dict(module.named_modules(remove_duplicate=False))
        for name in self._watched:
            if name not in known or name == "":
                raise LayerError(f"unknown layer {name!r}{near(name, (k for k in known if k))}")

    def __enter__(self) -> Probe:
        modules = dict(self.module.named_modules(remove_duplicate=False))
        try:
            for name in sorted(self._watched):
                hook = self._hook(name)
                # The last hook sees what the module returns after its owner's own hooks.
                self._handles.append(modules[name].register_forward_hook(hook))
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._remove()

    def _remove(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _hook(self, name: str) -> Callable[[nn.Module, Any, Any], Any]:
        def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
            self._calls[name] = call = self._calls.get(name, 0) + 1
            layer = name if call == 1 else f"{name}:{call}"
            if layer not in self.capture and layer not in self.edit:
                return None
            value = first_tensor(output)
            if value is None:
                raise LayerError(f"layer {layer!r} returns no tensor but {type(output).__name__}; choose a layer within it")
            if layer in self.edit:
                value = self.edit[layer](value)
            if layer in self.capture:
                self.outputs[layer] = value
                if self.stop and len(self.outputs) == len(set(self.capture)):
                    raise _Stop
                # Successors get a copy: what they do in place never reaches the captured value, gradients still do.
                value = value.clone()
            return _replace_first(output, value)

        return hook

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """One forward pass. Returns the module's output, or None when it was stopped early."""
        self.outputs = {}
        self._calls = {}
        output = None
        with contextlib.suppress(_Stop):
            output = self.module(*args, **kwargs)
        missing = [layer for layer in self.capture if layer not in self.outputs]
        if missing:
            calls = {split_call(layer)[0]: self._calls.get(split_call(layer)[0], 0) for layer in missing}
            said = ", ".join(f"{name!r} ran {n} times" for name, n in calls.items())
            raise NetworkError(f"the forward pass never reached layer {', '.join(missing)} ({said})")
        return output

    def __getitem__(self, layer: str) -> Tensor:
        return self.outputs[layer]
