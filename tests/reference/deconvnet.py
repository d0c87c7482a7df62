"""The DeconvNet written out: unpool by recorded switches, rectify, convolve with the transposed filters. No autograd.

A slow second form. torch.fx lists the network's operations; each is run once going up, and undone by hand going down.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.fx
from torch import Tensor, nn
from torch.nn import functional

Sent = Iterator[tuple[Any, Tensor]]  # (the node it goes to, what it gets)


def project(net: nn.Module, x: Tensor, layer: str, unit: int, position: tuple[int, ...] | None, rule: str) -> Tensor:
    """(1, *input shape): the activation of `unit` of `layer` at `position` (None: where it is strongest) sent back."""
    with torch.no_grad():
        return _Undo(net, rule)(x, layer, unit, position)


class _Undo:
    def __init__(self, net: nn.Module, rule: str) -> None:
        self.graph = torch.fx.Tracer().trace(net)
        self.net, self.rule = net, rule

    def __call__(self, x: Tensor, layer: str, unit: int, position: tuple[int, ...] | None) -> Tensor:
        end = self._end(layer)
        values: dict[Any, Tensor] = {}
        switches: dict[Any, Tensor] = {}
        order = []
        for node in self.graph.nodes:
            order.append(node)
            values[node] = self._up(node, values, switches, x)
            if node is end:
                break
        out = values[end]
        signal = torch.zeros_like(out)
        own = out[0, unit]
        at = position if position is not None else tuple(int(i) for i in torch.unravel_index(own.argmax(), own.shape))
        signal[(0, unit, *at)] = out[(0, unit, *at)]
        signals = {end: signal}
        shapes = {node: v.shape for node, v in values.items() if isinstance(v, Tensor)}
        for node in reversed(order):
            if node.op == "placeholder":
                return signals.get(node, torch.zeros_like(x))
            if node in signals:
                for source, sent in self._down(node, values, shapes, switches, signals.pop(node)):
                    signals[source] = signals[source] + sent if source in signals else sent
        raise AssertionError("no input")

    def _end(self, layer: str) -> Any:
        """The node whose value is what module `layer` returns."""
        name, _, call = layer.partition(":")
        calls = [n for n in self.graph.nodes if n.op == "call_module" and n.target == name]
        if calls:
            return calls[int(call or 1) - 1]
        return [n for n in self.graph.nodes if name in n.meta.get("nn_module_stack", {})][-1]

    # ---- up

    def _up(self, node: Any, values: dict[Any, Tensor], switches: dict[Any, Tensor], x: Tensor) -> Any:
        get = lambda a: torch.fx.node.map_arg(a, values.__getitem__)  # noqa: E731
        if node.op == "placeholder":
            return x.clone()
        if node.op == "get_attr":
            return operator.attrgetter(node.target)(self.net)
        args, kwargs = get(node.args), get(node.kwargs)
        if node.op == "call_method":
            return getattr(args[0], node.target)(*args[1:], **kwargs)
        act = self.net.get_submodule(node.target) if node.op == "call_module" else node.target
        pool = _max_pool(node, act)
        if pool:
            out, switches[node] = pool(args[0])
            return out
        return act(*args, **kwargs)

    # ---- down

    def _down(self, node: Any, values: Any, shapes: Any, switches: Any, signal: Tensor) -> Sent:
        act = self.net.get_submodule(node.target) if node.op == "call_module" else node.target
        source = node.args[0] if node.args else node.kwargs.get("input")
        shape = shapes.get(source) if isinstance(source, torch.fx.Node) else None
        name = type(act).__name__ if isinstance(act, nn.Module) else getattr(act, "__name__", str(act))
        if _rectifies(name):
            passed = signal.clamp(min=0)
            if self.rule == "gradient":
                passed = signal * _open(values[node], name)
            elif self.rule == "guided":
                passed = passed * (values[node] > 0)
            yield source, passed
        elif name.startswith(("Conv", "Conv2dStatic")):
            yield source, _transposed(act.weight, signal, shape, act.stride, act.padding, act.dilation, act.groups)
        elif name.startswith("BatchNorm"):
            scale = act.weight / (act.running_var + act.eps).sqrt()
            yield source, signal * scale.view(1, -1, *[1] * (signal.ndim - 2))
        elif name == "Linear":
            yield source, signal @ act.weight
        elif node in switches:
            yield source, _unpooled(signal, switches[node], shape)
        elif "adaptive_avg" in name or name.startswith("AdaptiveAvg"):
            yield source, _spread(signal, shape)
        elif name.startswith("AvgPool") or name.startswith("avg_pool"):
            yield source, _shared_out(signal, shape, *_avg_arguments(act, node))
        elif name in ("add", "iadd", "add_"):
            for part in node.args:
                if isinstance(part, torch.fx.Node):
                    yield part, _summed(signal, shapes[part])
        elif name in ("cat", "concat"):
            parts = node.args[0]
            axis = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)
            yield from zip(parts, signal.split([shapes[p][axis] for p in parts], axis), strict=True)
        elif name in ("flatten", "Flatten", "view", "reshape"):
            yield source, signal.reshape(shape)
        elif name in ("mul", "imul"):
            yield source, signal * node.args[1]
        elif name == "pad":
            yield source, _unpadded(signal, node.args[1], shape)
        elif name in ("Dropout", "dropout", "Identity", "contiguous"):
            yield source, signal
        else:
            raise NotImplementedError(f"{node.op} {name}")


def _rectifies(name: str) -> bool:
    return name in ("ReLU", "ReLU6", "relu", "relu_", "relu6")


def _open(out: Tensor, name: str) -> Tensor:
    """Where a rectifier neither cuts off below nor above, from what it returned."""
    return (out > 0) & (out < 6) if name in ("ReLU6", "relu6") else out > 0


def _transposed(
    weight: Tensor, signal: Tensor, shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    """Each output value times its filter, added where the filter lay."""
    kernel, axes = weight.shape[2:], signal.ndim - 2
    if padding == "same":
        padding = [d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True)]
    elif padding == "valid":
        padding = [0] * axes
    per_out, per_in = weight.shape[0] // groups, weight.shape[1]
    room = [n + 2 * p for n, p in zip(shape[2:], padding, strict=True)]
    back = signal.new_zeros(shape[0], shape[1], *room)
    for offset in itertools.product(*map(range, kernel)):
        window = tuple(
            slice(o * d, o * d + (n - 1) * s + 1, s)
            for o, d, s, n in zip(offset, dilation, stride, signal.shape[2:], strict=True)
        )
        for group in range(groups):
            outs = slice(group * per_out, (group + 1) * per_out)
            ins = slice(group * per_in, (group + 1) * per_in)
            taps = weight[(outs, slice(None), *offset)]  # (out, in)
            back[(slice(None), ins, *window)] += torch.einsum("no...,oi->ni...", signal[:, outs], taps)
    return back[(..., *[slice(p, p + n) for p, n in zip(padding, shape[2:], strict=True)])]


def _max_pool(node: Any, act: Any) -> Callable[[Tensor], tuple[Tensor, Tensor]] | None:
    """For a max-pool, a function that also returns the switches: the flat index of each window's winner."""
    name = type(act).__name__ if isinstance(act, nn.Module) else getattr(act, "__name__", str(act))
    if name.startswith("AdaptiveMaxPool"):
        run = getattr(functional, f"adaptive_max_pool{name[-2]}d")
        return lambda x: run(x, act.output_size, return_indices=True)
    if name.startswith("MaxPool"):
        run = getattr(functional, f"max_pool{name[-2]}d")
        return lambda x: run(x, act.kernel_size, act.stride, act.padding, act.dilation, act.ceil_mode, True)
    if name in ("boolean_dispatch", "fn") or "max_pool" in name:
        axes = next((n for n in (1, 2, 3) if act is getattr(functional, f"max_pool{n}d")), None)
        if axes is not None:
            run = getattr(functional, f"max_pool{axes}d")
            more = {k: v for k, v in node.kwargs.items() if k != "return_indices"}
            return lambda x: run(x, *node.args[1:], **more, return_indices=True)
    return None


def _unpooled(signal: Tensor, switches: Tensor, shape: Any) -> Tensor:
    """Each value to its window's winner; a winner of several windows gets the sum."""
    back = signal.new_zeros(*shape[:2], shape[2:].numel())
    return back.scatter_add(2, switches.flatten(2), signal.flatten(2)).reshape(shape)


def _avg_arguments(act: Any, node: Any) -> tuple[Any, Any, Any]:
    if isinstance(act, nn.Module):
        assert not act.ceil_mode
        assert act.count_include_pad
        return act.kernel_size, act.stride, act.padding
    given = dict(zip(("input", "kernel_size", "stride", "padding"), node.args, strict=False)) | dict(node.kwargs)
    return given["kernel_size"], given.get("stride") or given["kernel_size"], given.get("padding", 0)


def _shared_out(signal: Tensor, shape: Any, kernel: Any, stride: Any, padding: Any) -> Tensor:
    axes = signal.ndim - 2
    kernel, stride, padding = ((v,) * axes if isinstance(v, int) else tuple(v) for v in (kernel, stride, padding))
    weight = torch.full((shape[1], 1, *kernel), 1 / torch.Size(kernel).numel(), dtype=signal.dtype)
    return _transposed(weight, signal, shape, stride, padding, (1,) * axes, shape[1])


def _spread(signal: Tensor, shape: Any) -> Tensor:
    """The transpose of adaptive average pooling, cell by cell."""
    back = signal.new_zeros(shape)
    grid = signal.shape[2:]
    for cell in itertools.product(*map(range, grid)):
        window = tuple(slice(c * n // g, -(-(c + 1) * n // g)) for c, n, g in zip(cell, shape[2:], grid, strict=True))
        count = torch.Size([w.stop - w.start for w in window]).numel()
        value = signal[(slice(None), slice(None), *cell)] / count
        back[(slice(None), slice(None), *window)] += value.reshape(*value.shape, *[1] * len(grid))
    return back


def _unpadded(signal: Tensor, pad: Any, shape: Any) -> Tensor:
    """Zero padding undone: what fell on the padding is gone."""
    slices: list[slice] = []
    for axis, (before, _) in enumerate(zip(pad[::2], pad[1::2], strict=True)):
        size = shape[len(shape) - 1 - axis]
        slices.insert(0, slice(before, before + size))
    return signal[(..., *slices)]


def _summed(signal: Tensor, shape: Any) -> Tensor:
    """A broadcast part of a sum gets the sum over what it was spread over."""
    return signal.sum_to_size(shape) if signal.shape != shape else signal
