"""The backward rules of rectifiers, for every rectifier a forward pass meets.

    with rectifiers("deconvnet"):
        out = module(x)                       # gradients of `out` follow the rule from here on
    print(nonlinearities(out))                # what stands between `out` and the inputs

A torch function mode sees `nn.ReLU`, `F.relu`, `x.relu_()`, `x.clamp(min=0)` and one module called ten times alike, and
the network is not touched. Libraries that attach to `nn.ReLU` modules miss all but the first, and then hand out the
plain gradient under the DeconvNet's name.

| rule | what comes back through y = max(x, 0), given the signal R from above | paper |
|---|---|---|
| gradient | R where x > 0 | Simonyan et al. 2014, arXiv 1312.6034 |
| deconvnet | R where R > 0 | Zeiler & Fergus 2014, arXiv 1311.2901 |
| guided | R where R > 0 and x > 0 | Springenberg et al. 2015, arXiv 1412.6806 |

A ceiling (ReLU6) stops the gradient, and neither of the other two: a unit at its ceiling is as much on as can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from deepro.errors import UsageError

Rule = Literal["deconvnet", "guided", "gradient"]
RULES: tuple[Rule, ...] = ("deconvnet", "guided", "gradient")


class _Rectify(torch.autograd.Function):
    """max(x, 0), cut off at `ceiling` where there is one, with the backward rule of `guided`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float | None, guided: bool, kind: str) -> Tensor:
        ctx.rectifier = kind
        ctx.guided = guided
        if guided:
            # The mask, not x: an in-place successor may overwrite x.
            ctx.save_for_backward(x > 0)
        return x.clamp(0, ceiling)

    @staticmethod
    def backward(ctx: Any, signal: Tensor) -> tuple[Tensor, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        signal = signal.clamp_min(0)
        if ctx.guided:
            signal = signal * ctx.saved_tensors[0]
        return signal, None, None, None


@dataclass(frozen=True)
class _Met:
    """A rectifier as it was called: its input, its ceiling, and whether it overwrites its input."""

    x: Tensor
    kind: str
    ceiling: float | None
    in_place: bool


def _number(value: Any) -> float | None:
    """A number or a one-element tensor as a float; None for everything else."""
    if isinstance(value, Tensor):
        return float(value) if value.numel() == 1 and not value.requires_grad else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _relu(input: Tensor, inplace: bool = False) -> _Met:
    return _Met(input, "relu", None, inplace)


def _relu6(input: Tensor, inplace: bool = False) -> _Met:
    return _Met(input, "relu6", 6.0, inplace)


def _hardtanh(input: Tensor, min_val: Any = -1.0, max_val: Any = 1.0, inplace: bool = False) -> _Met | None:
    return _clamp(input, min_val, max_val, inplace=inplace)


def _clamp(input: Tensor, min: Any = None, max: Any = None, *, inplace: bool = False) -> _Met | None:
    ceiling = None if max is None else _number(max)
    if _number(min) != 0 or (max is not None and (ceiling is None or ceiling <= 0)):
        return None
    if ceiling == float("inf"):
        ceiling = None
    kind = "relu" if ceiling is None else "relu6" if ceiling == 6 else f"relu up to {ceiling:g}"
    return _Met(input, kind, ceiling, inplace)


def _clamp_min(input: Tensor, min: Any, *, inplace: bool = False) -> _Met | None:
    return _clamp(input, min, inplace=inplace)


def _threshold(input: Tensor, threshold: Any, value: Any, inplace: bool = False) -> _Met | None:
    return _Met(input, "relu", None, inplace) if _number(threshold) == 0 and _number(value) == 0 else None


def _maximum(input: Tensor, other: Any = None, *rest: Any, **more: Any) -> _Met | None:
    """`max` and `maximum` of a tensor and zero, on either side; every other use is something else."""
    if rest or more or not isinstance(other, Tensor) or not isinstance(input, Tensor):
        return None
    for x, floor in ((input, other), (other, input)):
        if floor.requires_grad or floor.is_complex() or floor.dtype == torch.bool or bool((floor != 0).any()):
            continue
        if torch.broadcast_shapes(x.shape, floor.shape) == x.shape:
            return _Met(x, "relu", None, False)
    return None


def _in_place(read: Callable[..., _Met | None]) -> Callable[..., _Met | None]:
    return lambda *args, **kwargs: read(*args, inplace=True, **kwargs)


def _table() -> Mapping[Any, Callable[..., _Met | None]]:
    kernels: Any = getattr(torch._C, "_nn")  # noqa: B009 - where F.relu6 and F.hardtanh_ end up
    table: dict[Any, Callable[..., _Met | None]] = {
        functional.relu: _relu,
        functional.relu_: _in_place(_relu),
        functional.relu6: _relu6,
        functional.hardtanh: _hardtanh,
        functional.hardtanh_: _in_place(_hardtanh),
        functional.threshold: _threshold,
        kernels.relu6: _relu6,
        kernels.hardtanh: _hardtanh,
        kernels.hardtanh_: _in_place(_hardtanh),
    }
    reads = {
        "relu": _relu,
        "clamp": _clamp,
        "clip": _clamp,
        "clamp_min": _clamp_min,
        "maximum": _maximum,
        "max": _maximum,
    }
    for name, read in reads.items():
        for home in (torch, torch.Tensor):
            table[getattr(home, name)] = read
            if hasattr(home, f"{name}_"):
                table[getattr(home, f"{name}_")] = _in_place(read)
    table[torch.threshold] = _threshold
    table[torch.threshold_] = _in_place(_threshold)
    return table


_READ = _table()


def is_rectifier(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether this call, as a torch function mode sees it, is max(x, 0) with or without a ceiling."""
    read = _READ.get(func)
    return read is not None and read(*args, **kwargs) is not None


class rectifiers(TorchFunctionMode):  # noqa: N801 - reads as a verb: with rectifiers("deconvnet"):
    """A context in which every rectifier's gradient follows `rule`.

    What a forward pass returns is the same under every rule, in-place forms stay in place. The rule is fixed when the
    forward pass runs. largest: bytes of the largest tensor made inside. Not seen: what runs inside a scripted or
    compiled module, and a rectifier written as `x * (x > 0)`; `nonlinearities` finds the first.
    Raises UsageError for an unknown rule.
    """

    def __init__(self, rule: Rule = "deconvnet") -> None:
        super().__init__()
        if rule not in RULES:
            raise UsageError(f"rule is {rule!r}, expected one of {', '.join(RULES)}")
        self.rule = rule
        self.largest = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        read = _READ.get(func) if self.rule != "gradient" else None
        met = read(*args, **kwargs) if read else None
        if met is not None and met.x.requires_grad and torch.is_grad_enabled():
            return self._rectify(met)
        result = func(*args, **kwargs)
        if type(result) is Tensor:
            self.largest = max(self.largest, result.numel() * result.element_size())
        return result

    def _rectify(self, met: _Met) -> Tensor:
        value = _Rectify.apply(met.x, met.ceiling, self.rule == "guided", met.kind)
        return met.x.copy_(value) if met.in_place else value


_SMOOTH = {
    "CeluBackward0": "celu", "CosBackward0": "cos", "EluBackward0": "elu", "ErfBackward0": "erf", "ExpBackward0": "exp",
    "GeluBackward0": "gelu", "GluBackward0": "glu", "HardsigmoidBackward0": "hardsigmoid",
    "HardswishBackward0": "hardswish", "LeakyReluBackward0": "leaky_relu", "LogSigmoidBackward0": "logsigmoid",
    "LogSoftmaxBackward0": "log_softmax", "MishBackward0": "mish", "NativeGroupNormBackward0": "group_norm",
    "NativeLayerNormBackward0": "layer_norm", "PreluKernelBackward0": "prelu", "PreluBackward0": "prelu",
    "RreluWithNoiseBackward0": "rrelu", "SigmoidBackward0": "sigmoid", "SiluBackward0": "silu", "SinBackward0": "sin",
    "SoftmaxBackward0": "softmax", "SoftplusBackward0": "softplus", "SoftshrinkBackward0": "softshrink",
    "TanhBackward0": "tanh",
}  # fmt: skip
_PRODUCTS = {"MulBackward0": "product", "BmmBackward0": "product", "MmBackward0": "product", "DivBackward0": "quotient"}
_SEALED = ("DifferentiableGraph", "CompiledFunction", "CheckpointFunction", "CudnnRnn", "MiopenRnn")


@dataclass
class Nonlinearities:
    """What stands between a tensor and the inputs, counted by kind.

    rectified: follows the rule. left: smooth nonlinearities, gates and normalisations, which keep their gradient.
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
    if kind := getattr(node, "rectifier", None):
        found.rectified[kind] += 1
    elif name == "ReluBackward0":
        found.hidden["relu"] += 1
    elif name in ("HardtanhBackward0", "ClampBackward1", "ClampMinBackward0", "ThresholdBackward0"):
        low = getattr(node, "_saved_min_val", getattr(node, "_saved_min", getattr(node, "_saved_threshold", None)))
        (found.hidden if low == 0 else found.left)["relu" if low == 0 else "clamp"] += 1
    elif "MaxPool" in name:
        found.switches += 1
    elif name in _SMOOTH:
        found.left[_SMOOTH[name]] += 1
    elif name in _PRODUCTS:
        if sum(successor is not None for successor, _ in node.next_functions) > 1:
            found.left[_PRODUCTS[name]] += 1
    elif "MkldnnRnn" in name:  # only ever an LSTM
        found.left["lstm"] += 1
    elif "ScaledDot" in name:
        found.left["attention"] += 1
    elif any(sealed in name for sealed in _SEALED):
        found.hidden[name.rpartition("::")[2].removesuffix("Backward")] += 1
    elif isinstance(node, torch.autograd.function.BackwardCFunction):
        found.left[name.removesuffix("Backward")] += 1
