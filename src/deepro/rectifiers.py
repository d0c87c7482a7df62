"""The backward rules of rectifiers, for every rectifier a forward pass meets.

    with rectifiers("deconvnet"):
        out = module(x)                       # gradients of `out` follow the rule from here on
    print(nonlinearities(out))                # what stands between `out` and the inputs

A torch function mode (`deepro.nonlinearities.Watch`) sees every way in which a rectifier can be written and one module
called ten times alike, and the network is not touched. Libraries that attach to `nn.ReLU` modules miss all but the
first, and then hand out the plain gradient under the DeconvNet's name.

| rule | what comes back through y = max(x, 0), given the signal R from above | paper |
|---|---|---|
| gradient | R where x > 0 | Simonyan et al. 2014, arXiv 1312.6034 |
| deconvnet | R where R > 0 | Zeiler & Fergus 2014, arXiv 1311.2901 |
| guided | R where R > 0 and x > 0 | Springenberg et al. 2015, arXiv 1412.6806 |

A ceiling (ReLU6) stops the gradient, and neither of the other two: a unit at its ceiling is as much on as can be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from deepro.errors import UnsupportedError, UsageError
from deepro.nonlinearities import RECTIFIER, Met, Watch, named, of_node, plain_rectifier

Rule = Literal["deconvnet", "guided", "gradient"]
RULES: tuple[Rule, ...] = ("deconvnet", "guided", "gradient")


class _Rectify(torch.autograd.Function):
    """`times` max(x, 0), cut off at `ceiling` where there is one, with the backward rule of `guided`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float | None, times: float, guided: bool, kind: str) -> Tensor:
        ctx.rectifier = kind
        ctx.guided = guided
        ctx.times = times
        if guided:
            # The mask, not x: an in-place successor may overwrite x.
            ctx.save_for_backward(x > 0)
        return x.clamp(0, ceiling) if times == 1 else x.clamp(0, ceiling) * times

    @staticmethod
    def backward(ctx: Any, signal: Tensor) -> tuple[Tensor, None, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        signal = signal.clamp_min(0)
        if ctx.guided:
            signal = signal * ctx.saved_tensors[0]
        return signal if ctx.times == 1 else signal * ctx.times, None, None, None, None


class rectifiers(Watch):  # noqa: N801 - reads as a verb: with rectifiers("deconvnet"):
    """A context in which every rectifier's gradient follows `rule`.

    What a forward pass returns is the same under every rule, in-place forms stay in place. The rule is fixed when the
    forward pass runs. largest: bytes of the largest tensor made inside. Not seen: what runs inside a scripted or
    compiled module; `nonlinearities` finds it, and names whatever else is not linear.
    Raises UsageError for an unknown rule.
    """

    def __init__(self, rule: Rule = "deconvnet") -> None:
        super().__init__()
        if rule not in RULES:
            raise UsageError(f"rule is {rule!r}, expected one of {', '.join(RULES)}")
        self.rule = rule
        self.largest = 0
        self._outside = False  # whether anything was computed from the image outside the graph

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = super().__torch_function__(func, types, args, kwargs)
        if type(result) is Tensor:
            self.largest = max(self.largest, result.numel() * result.element_size())
        if self._outside or type(result) is not Tensor or not result.requires_grad:
            self._outside |= _mark(func, (*args, *(kwargs or {}).values()), result)
        return result

    def met(self, found: Met, run: Callable[[], Any]) -> Any:
        follows = found.kind is RECTIFIER and self.rule != "gradient"
        if not (follows and found.x.requires_grad and torch.is_grad_enabled()):
            return run()
        value: Any = _Rectify.apply(found.x, found.ceiling, found.times, self.rule == "guided", found.name)
        if found.into is not None:
            return found.into.copy_(value)
        if found.indexed:
            with torch.no_grad():
                plain = run()
            return type(plain)((value, plain.indices))
        return value


_NUMBERLESS = ("_like", "new_")  # a tensor of another's shape and type holds none of its numbers
_AS = ("to", "type_as", "expand_as", "view_as", "reshape_as")  # so does the first made like the second


def _mark(func: Any, values: Sequence[Any], result: Any) -> bool:
    """Follow what is computed from the image outside the graph (a mask, an index); mark where the graph takes it in.

    `y * (z > 0)` is linear in y, as autograd sees it; the note must say that it is not.
    Whether `result` is computed so.
    """
    outside = False
    name = getattr(func, "__name__", "")
    read = _tensors(values[:1] if name in _AS else values)
    free = [x for x in read if not x.requires_grad]
    if name == "__setitem__":
        result = values[0]
    for made in _tensors([result]):
        node: Any = made.grad_fn
        if node is not None:
            marked = any(getattr(x, "_detached", False) for x in free)
            if marked and getattr(node, "rectifier", None) is None:
                node.metadata["left"] = "detached"
        elif isinstance(result, Tensor) or not made.is_floating_point():
            counted = len(free) < len(read) or any(getattr(x, "_detached", False) for x in free)
            if counted and not made.requires_grad and not any(word in name for word in _NUMBERLESS):
                made._detached = outside = True  # pyright: ignore[reportAttributeAccessIssue]
    return outside


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    return [
        x for value in values for x in (value if isinstance(value, tuple | list) else (value,)) if isinstance(x, Tensor)
    ]


# Autograd's nodes that are linear in the one tensor that they get: nothing to be said of them.
_LINEAR = re.compile(
    r"(accumulate_grad|copy_|alias|clone|contiguous|to_copy|_to_copy|view|_?unsafe_|_?reshape|unflatten|expand|permute"
    r"|transpose|t$|squeeze|unsqueeze|slice|select|split|unbind|cat|stack|narrow|index|gather|take|scatter|as_strided"
    r"|diagonal|tril|triu|roll|flip|rot90|repeat|constant_pad|reflection_pad|replication_pad|unfold|im2col|col2im"
    r"|pixel_|channel_shuffle|add|sub|rsub|neg|sum|nansum|mean|cumsum|trace|avg_pool|adaptive_avg_pool"
    r"|mkldnn_adaptive_avg_pool|upsample|_upsample|grid_sampler|dropout|fft|real|imag|lift|swap|movedim|to_|fill"
    r"|masked_select|masked_scatter|zero|batch_norm|cudnn_batch_norm|miopen_batch_norm)"
)
# Linear in one tensor, a product where the graph brings two: which of their edges are multiplied.
_PRODUCTS = {
    "mul": slice(None), "bmm": slice(None), "mm": slice(None), "mv": slice(None), "dot": slice(None),
    "div": slice(None), "addmm": slice(1, 3), "addmv": slice(1, 3), "addbmm": slice(1, 3), "baddbmm": slice(1, 3),
    "convolution": slice(2), "mkldnn_convolution": slice(2), "linear": slice(2), "mkldnn_linear": slice(2),
}  # fmt: skip
_SEALED = ("DifferentiableGraph", "CompiledFunction", "CheckpointFunction", "CudnnRnn", "MiopenRnn")


@dataclass
class Nonlinearities:
    """What stands between a tensor and the inputs, counted by kind.

    rectified: follows the rule. left: whatever else is not linear, which keeps its gradient: smooth nonlinearities,
    gates, normalisations; "detached" is a mask or factor computed from the image that has no gradient of its own.
    switches: max-poolings, which send their signal back to where the image had its maximum.
    hidden: rectifiers the rule did not reach, or sealed pieces that may hold some (scripted, compiled or fused
    modules).
    """

    rectified: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    switches: int = 0


def nonlinearities(out: Tensor) -> Nonlinearities:
    """What the gradients of `out` pass through, read from its graph."""
    found = Nonlinearities()
    todo = [out.grad_fn] if out.grad_fn is not None else []
    seen = set(todo)
    while todo:
        node = todo.pop()
        assert node is not None
        _count(node, found)
        for successor, _ in node.next_functions:
            if successor is not None and successor not in seen:
                seen.add(successor)
                todo.append(successor)
    return found


def _count(node: Any, found: Nonlinearities) -> None:
    name = node.name()
    kind = named(name)
    if "NotImplemented" in name:
        raise UnsupportedError("an operation on the way has no gradient (quantised weights?): load the float network")
    if rectifier := getattr(node, "rectifier", None):
        found.rectified[rectifier] += 1
    elif hidden := plain_rectifier(node):
        found.hidden[hidden] += 1
    elif "MaxPool" in name or (kind in ("max", "amax") and _over_space(node)):
        found.switches += 1
    elif any(sealed in name for sealed in _SEALED):
        found.hidden[name.rpartition("::")[2].removesuffix("Backward")] += 1
    elif kind in _PRODUCTS and sum(below is not None for below, _ in node.next_functions[_PRODUCTS[kind]]) > 1:
        found.left["quotient" if kind == "div" else "product"] += 1
    elif "MkldnnRnn" in name:  # only ever an LSTM
        found.left["lstm"] += 1
    elif "ScaledDot" in name:
        found.left["attention"] += 1
    elif isinstance(node, torch.autograd.function.BackwardCFunction):
        found.left[name.removesuffix("Backward")] += 1
    elif "BatchNorm" in name and node._saved_training:
        found.left["instance_norm"] += 1
    elif of_node(name) or not (kind in _PRODUCTS or _LINEAR.match(kind)):
        found.left[kind] += 1
    elif marked := node.metadata.get("left"):
        found.left[marked] += 1


def _over_space(node: Any) -> bool:
    """Whether a maximum is over a picture's axes, as a pooling's is, and not over things computed beside each other."""
    below = node.next_functions[0][0]
    dims = getattr(node, "_saved_dim", ())
    axes = len(below._input_metadata[0].shape) if not hasattr(below, "variable") else below.variable.ndim
    wrapped = [(d - 2**64 if d >= 2**63 else d) % axes for d in (dims if isinstance(dims, tuple) else (dims,))]
    return bool(wrapped) and min(wrapped) >= 2 and "Stack" not in below.name()
