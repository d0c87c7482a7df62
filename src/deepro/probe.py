"""Capture, edit or stop a forward pass, and leave the module exactly as it was.

    with Probe(net.module, capture=["features.11"], stop=True) as probe:
        probe(inputs)
    probe["features.11"]            # what the module returned, in the graph, safe under in-place successors

A layer is a dotted module name. A module that is called several times is named by call: `layer1.0.relu` is the first
call, `layer1.0.relu:2` the second.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import random
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepro.errors import DeeproError, LayerError, NetworkError, UnsupportedError, near, one_line

Edit = Callable[[Tensor], Tensor]
OUTPUT = ""  # captured under this name: the module's own output


class _Stop(BaseException):
    """Raised by the last hook needed and caught by its probe; no `except Exception` on the way takes it."""


@contextlib.contextmanager
def untouched(module: nn.Module) -> Iterator[nn.Module]:
    """Evaluation mode without parameter gradients inside; outside, after success or exception, all as before.

    Restores: training flags, `requires_grad`, `.grad`, buffers (content, identity, those the forward pass registered),
    and the random states of torch (CPU and CUDA), NumPy and Python. Hooks are left alone: whoever adds one removes it,
    and those that a module adds to itself at its first forward pass are its own. One thread at a time has a module.
    Gradients can be taken inside even where the caller is in `no_grad` or `inference_mode`.
    """
    with _lock(module), _restored(module):
        yield module


_LOCKS: weakref.WeakKeyDictionary[nn.Module, threading.RLock] = weakref.WeakKeyDictionary()
_LOCKING = threading.Lock()


def _lock(module: nn.Module) -> threading.RLock:
    """One lock a module, so that two methods at once on it do not put back what the other changed."""
    with _LOCKING:
        return _LOCKS.setdefault(getattr(module, "inner", module), threading.RLock())


@contextlib.contextmanager
def _restored(module: nn.Module) -> Iterator[None]:
    modules = list(module.modules())
    training = [m.training for m in modules]
    plain = [m for m in modules if not isinstance(m, torch.jit.ScriptModule)]  # scripted ones keep theirs out of reach
    owners = [(m, dict(m._buffers), set(m._non_persistent_buffers_set)) for m in plain]
    contents = [(b, b.detach().clone()) for b in module.buffers()]
    parameters = [(p, p.requires_grad, p.grad) for p in module.parameters()]
    devices = sorted({p.device.index or 0 for p, _, _ in parameters if p.device.type == "cuda"})
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices), torch.inference_mode(False), torch.enable_grad():
        try:
            for m in modules:
                m.training = False
            for p, flag, _ in parameters:
                if flag:
                    p.requires_grad_(False)
                p.grad = None  # so that nothing can be added to the caller's
            yield
        finally:
            for m, flag in zip(modules, training, strict=True):
                m.training = flag
            for p, flag, grad in parameters:
                if p.requires_grad != flag:
                    p.requires_grad_(flag)
                if p.grad is not grad:
                    p.grad = grad
            for m, buffers, transient in owners:
                m._buffers.clear()
                m._buffers.update(buffers)
                m._non_persistent_buffers_set = transient
            for buffer, content in contents:
                _restore(buffer, content)
            random.setstate(states[0])
            np.random.set_state(states[1])


def _restore(buffer: Tensor, content: Tensor) -> None:
    """Give `buffer` its content back. The content is compared: a change through `.data` leaves no other mark."""
    if buffer.shape == content.shape and torch.equal(buffer, content):
        return
    with torch.inference_mode(buffer.is_inference()), torch.no_grad():
        if buffer.shape != content.shape:
            buffer.resize_(content.shape)
        buffer.copy_(content)


def split_call(layer: str) -> tuple[str, int]:
    """'layer1.0.relu:2' as ('layer1.0.relu', 2); the first call needs no number."""
    name, _, call = layer.partition(":")
    return (name, int(call)) if call.isdecimal() and int(call) > 0 else (layer, 1)


def first_tensor(output: Any) -> Tensor | None:
    """The tensor a module's output is about: itself, or the first in a tuple, mapping, dataclass or ModelOutput."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, torch.nn.utils.rnn.PackedSequence):
        return output.data
    if isinstance(output, Mapping):
        items: Iterable[Any] = output.values()
    elif dataclasses.is_dataclass(output):
        items = [getattr(output, f.name) for f in dataclasses.fields(output)]
    else:
        items = output if isinstance(output, tuple | list) else ()
    return next((t for t in map(first_tensor, items) if t is not None), None)


def _replace_first(output: Any, new: Tensor) -> Any:
    """`output` with its first tensor replaced by `new`."""
    if isinstance(output, Tensor):
        return new
    if isinstance(output, torch.nn.utils.rnn.PackedSequence):
        return output._replace(data=new)
    if isinstance(output, Mapping):
        key = next(k for k, v in output.items() if first_tensor(v) is not None)
        changed = copy.copy(output)
        changed[key] = _replace_first(output[key], new)  # type: ignore[index]
        return changed
    if dataclasses.is_dataclass(output):
        name = next(f.name for f in dataclasses.fields(output) if first_tensor(getattr(output, f.name)) is not None)
        return dataclasses.replace(output, **{name: _replace_first(getattr(output, name), new)})  # type: ignore[type-var]
    index = next(i for i, v in enumerate(output) if first_tensor(v) is not None)
    items = [_replace_first(v, new) if i == index else v for i, v in enumerate(output)]
    return type(output)(*items) if hasattr(output, "_fields") else type(output)(items)


def _keep(value: Tensor, args: Any) -> tuple[Tensor, Tensor]:
    """(kept, passed on): equal, gradients run through both, what successors do in place never reaches the kept one.

    A module that returns its input's own memory (in-place, Identity, a view) has others holding it too. There the value
    is kept aside and written back where it lay, so that whoever holds that memory sees what it would have seen.
    """
    if not _shares(value, args):
        return value, value.clone()
    kept = value.clone()
    if kept.requires_grad:
        try:
            # The content does not change, so no earlier operation's saved values are spoiled.
            with torch.autograd._unsafe_preserve_version_counter(value):  # pyright: ignore[reportPrivateImportUsage]
                value.copy_(kept)
        except RuntimeError:  # a leaf, or memory that autograd will not have written
            return kept, kept.clone()
    return kept, value


def _shares(value: Tensor, args: Any) -> bool:
    """Whether `value` lies in the memory of any tensor within `args`."""
    if isinstance(args, Tensor):
        try:
            return args.untyped_storage().data_ptr() == value.untyped_storage().data_ptr()
        except (RuntimeError, NotImplementedError):  # a tensor without storage
            return args is value
    if isinstance(args, Mapping):
        args = args.values()
    elif isinstance(args, torch.nn.utils.rnn.PackedSequence):
        args = (args.data,)
    elif not isinstance(args, tuple | list):
        return False
    return any(_shares(value, item) for item in args)


class Probe:
    """A context in which calls of a module are watched.

    capture: layers whose outputs are kept. edit: layer -> function of the output, applied before anyone sees it.
    stop: end the pass once every captured layer has been seen; the call then returns None. OUTPUT among the captured
    keeps what `whole` makes of the module's own output.
    Raises LayerError for an unknown layer (near names in the message) and NetworkError when a captured layer never ran.
    """

    def __init__(
        self,
        module: nn.Module,
        capture: Sequence[str] = (),
        edit: Mapping[str, Edit] | None = None,
        *,
        stop: bool = False,
        whole: Callable[[Any], Any] | None = None,
    ) -> None:
        self.module = module
        self.capture = tuple(layer for layer in capture if layer != OUTPUT)
        self.whole = whole if OUTPUT in capture else None
        self.edit = dict(edit or {})
        self.stop = stop and self.whole is None
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
                self._handles.append(modules[name].register_forward_hook(hook, with_kwargs=True))
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

    def _hook(self, name: str) -> Callable[[nn.Module, Any, Any, Any], Any]:
        def hook(_module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
            self._calls[name] = call = self._calls.get(name, 0) + 1
            layer = name if call == 1 else f"{name}:{call}"
            if layer not in self.capture and layer not in self.edit:
                return None
            value = first_tensor(output)
            if value is None:
                raise LayerError(
                    f"layer {layer!r} returns no tensor but {type(output).__name__}; choose a layer within it"
                )
            if value.is_complex():
                raise UnsupportedError(
                    f"layer {layer!r} gives complex numbers, which no method follows; choose one whose output is real"
                )
            if layer in self.edit:
                value = self.edit[layer](value)
            if layer in self.capture:
                kept, value = _keep(value, (args, kwargs))
                self.outputs[layer] = kept
                if self.stop and len(self.outputs) == len(set(self.capture)):
                    raise _Stop(self)
            return _replace_first(output, value)

        return hook

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """One forward pass. Returns the module's output, or None when it was stopped early.

        The network gets copies of the tensors: what it does to its input in place never reaches the caller's.
        """
        args = tuple(a.clone() if isinstance(a, Tensor) else a for a in args)
        self.outputs = {}
        self._calls = {}
        output = None
        try:
            output = self.module(*args, **kwargs)
        except _Stop as stop:
            if stop.args[0] is not self:  # another probe's, further out
                raise
        except DeeproError:
            raise
        except Exception as error:
            shapes = ", ".join(str(tuple(a.shape)) for a in args if isinstance(a, Tensor))
            raise NetworkError(f"the network failed on an input of {shapes}: {one_line(error)}") from error
        if self.whole is not None:
            self.outputs[OUTPUT] = self.whole(output)
        missing = [layer for layer in self.capture if layer not in self.outputs]
        if missing:
            calls = {split_call(layer)[0]: self._calls.get(split_call(layer)[0], 0) for layer in missing}
            said = ", ".join(f"{name!r} ran {n} time{'s' * (n != 1)}" for name, n in calls.items())
            raise NetworkError(f"the forward pass never reached layer {', '.join(missing)} ({said})")
        return output

    def __getitem__(self, layer: str) -> Tensor:
        return self.outputs[layer]
