"""The one table of nonlinearities: what each is, how it is written, and what every method needs of it.

Another nonlinearity is one more line of `_TABLE` (or a call of `register`). Who meets one:

- the DeconvNet's and guided rules replace the way back through a rectifier (`rectifiers.py`); everything else keeps its
  gradient and is named in the fidelity note;
- windows (`methods/units/windows.py`) and receptive fields (`network/sight_rules.py`) follow what is pointwise;
- the diagnosis of units judges dead where a unit below zero is silent, always on where it passes unchanged above;
- erosion takes whole channels from what is a unit's activation.

`Watch` is the torch function mode that they share: it sees a module, a function and a method alike, and rectifiers in
disguise: `x * (x > 0)`, `where(x > 0, x, 0)`, `x.masked_fill(x < 0, 0)`, `x[x < 0] = 0`, `(x + x.abs()) / 2`,
`fmax(x, 0)`, `stack([x, zeros]).amax(0)`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


@dataclass(frozen=True, eq=False)
class Behaviour:
    """silent: far below zero a unit says nothing. linear: above zero, and only there, it passes as it is. unit: it is a
    unit's activation, not a gate or a share. pointwise: each place answers for itself."""

    silent: bool = False
    linear: bool = False
    unit: bool = False
    pointwise: bool = False


RECTIFIER = Behaviour(silent=True, linear=True, unit=True, pointwise=True)  # max(x, 0), cut off at a ceiling perhaps
GATED = Behaviour(silent=True, linear=True, unit=True, pointwise=True)  # x times a smooth gate of x
SOFT = Behaviour(silent=True, unit=True, pointwise=True)  # the same made smooth: its answer is always above zero
LEAKY = Behaviour(linear=True, unit=True, pointwise=True)  # below zero something passes too
SQUASHING = Behaviour(unit=True, pointwise=True)
GATE = Behaviour(pointwise=True)  # also what only clips
SHARED = Behaviour()  # along one axis


@dataclass(frozen=True)
class Nonlinearity:
    """name: the torch function's. module: its class in torch.nn. nodes: what autograd calls it, where not by its name
    (without case, underscores and "Backward0")."""

    name: str
    kind: Behaviour
    module: str = ""
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Met:
    """One call of a nonlinearity. x: what goes in. into: the tensor that the call overwrites, if any.

    Of a rectifier, ceiling: where it is cut off above; times: what max(x, 0) is multiplied by; indexed: whether the
    call answers (values, indices).
    """

    name: str
    kind: Behaviour
    x: Tensor
    ceiling: float | None = None
    times: float = 1.0
    into: Tensor | None = None
    indexed: bool = False


_Read = Callable[..., Met | None]
_TABLE = (
    Nonlinearity("relu", RECTIFIER, "ReLU"),
    Nonlinearity("relu6", RECTIFIER, "ReLU6"),
    Nonlinearity("gelu", GATED, "GELU"),
    Nonlinearity("silu", GATED, "SiLU"),
    Nonlinearity("mish", GATED, "Mish"),
    Nonlinearity("hardswish", GATED, "Hardswish"),
    Nonlinearity("leaky_relu", LEAKY, "LeakyReLU"),
    Nonlinearity("prelu", LEAKY, "PReLU", ("prelukernel",)),
    Nonlinearity("rrelu", LEAKY, "RReLU", ("rreluwithnoise",)),
    Nonlinearity("elu", LEAKY, "ELU"),
    Nonlinearity("selu", LEAKY, "SELU"),  # autograd knows it as elu
    Nonlinearity("celu", LEAKY, "CELU"),
    Nonlinearity("softplus", SOFT, "Softplus"),
    Nonlinearity("tanh", SQUASHING, "Tanh"),
    Nonlinearity("hardtanh", SQUASHING, "Hardtanh"),  # from 0 up: a rectifier
    Nonlinearity("threshold", SQUASHING, "Threshold"),  # at 0 to 0: a rectifier
    Nonlinearity("softsign", SQUASHING, "Softsign"),
    Nonlinearity("softshrink", LEAKY, "Softshrink"),
    Nonlinearity("hardshrink", LEAKY, "Hardshrink"),
    Nonlinearity("tanhshrink", LEAKY, "Tanhshrink"),
    Nonlinearity("sigmoid", GATE, "Sigmoid"),
    Nonlinearity("hardsigmoid", GATE, "Hardsigmoid"),
    Nonlinearity("logsigmoid", GATE, "LogSigmoid"),
    Nonlinearity("clamp", GATE, nodes=("clamp", "clampmin", "clampmax")),  # from 0 up: a rectifier
    Nonlinearity("softmax", SHARED, "Softmax"),
    Nonlinearity("log_softmax", SHARED, "LogSoftmax"),
    Nonlinearity("glu", SHARED, "GLU"),
)
_ENTRIES: dict[str, Nonlinearity] = {}
_BY_MODULE: dict[str, Nonlinearity] = {}
_BY_NODE: dict[str, Nonlinearity] = {}
_BY_CALL: dict[Any, tuple[Nonlinearity, bool]] = {}  # and whether the call works in place
_HOMES: tuple[Any, ...] = (functional, torch, Tensor, getattr(torch._C, "_nn"))  # noqa: B009 - a module of builtins


def register(entry: Nonlinearity) -> None:
    """From here on every method knows `entry`."""
    _ENTRIES[entry.name] = entry
    _BY_MODULE[entry.module] = entry
    _BY_NODE.update(dict.fromkeys(entry.nodes or (entry.name.replace("_", ""),), entry))
    _BY_CALL.update({call: (entry, in_place) for call, in_place in _calls(entry.name)})


def entries() -> tuple[Nonlinearity, ...]:
    return tuple(_ENTRIES.values())


def of_module(kind: str) -> Nonlinearity | None:
    """By the name of a module's class."""
    return _BY_MODULE.get(kind)


def of_node(name: str) -> Nonlinearity | None:
    """By the name of autograd's node, as in `grad_fn.name()`."""
    return _BY_NODE.get(_plain(name).replace("_", ""))


def named(name: str) -> str:
    """What a note calls autograd's node: the table's name, else autograd's own, "log1p" of "Log1PBackward0"."""
    entry = of_node(name)
    return entry.name if entry else _plain(name)


def plain_rectifier(node: Any) -> str | None:
    """What rectifier autograd's `node` is, where it is one that no rule took the place of."""
    entry = of_node(node.name())
    if entry is None or (entry.kind is not RECTIFIER and not is_zero(_low(node))):
        return None
    return "relu"


def _low(node: Any) -> Any:
    return getattr(node, "_saved_min_val", getattr(node, "_saved_min", getattr(node, "_saved_threshold", None)))


def is_pointwise(name: str) -> bool:
    """Whether the torch function `name` is a nonlinearity that answers each place for itself."""
    return name in _ENTRIES and _ENTRIES[name].kind.pointwise


@functools.cache
def _plain(node: str) -> str:
    bare = re.sub(r"Backward\d*$", "", node.rpartition("::")[2].removeprefix("Native"))
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", bare).lower()


def _calls(name: str) -> Iterator[tuple[Any, bool]]:
    """Every callable under `name` as a torch function mode sees it, and whether it works in place."""
    for home in _HOMES:
        for form in (name, f"_{name}", f"__{name}__", f"{name}_", f"__i{name}__"):
            if callable(call := getattr(home, form, None)):
                yield call, form in (f"{name}_", f"__i{name}__")


class Watch(TorchFunctionMode):
    """A context that sees every call of a nonlinearity. Not seen: what runs inside a scripted or compiled module."""

    def met(self, found: Met, run: Callable[[], Any]) -> Any:
        """What the call gives; `run` makes it as it was written."""
        raise NotImplementedError

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        found = _met(func, args, kwargs)
        result = self.met(found, lambda: func(*args, **kwargs)) if found else func(*args, **kwargs)
        if learn := _LEARN.get(func):
            learn(result, *args, **kwargs)
        return result


def _met(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Met | None:
    if reading := _READ.get(func):
        read, in_place = reading
        try:
            found = read(*args, **kwargs)
        except TypeError:  # a use of it with other arguments
            found = None
        if found is not None:
            return replace(found, into=args[0] if args else found.x) if in_place else found
    entry, in_place = _BY_CALL.get(func, (None, False))
    x = args[0] if args else kwargs.get("input")
    if entry is None or not isinstance(x, Tensor):
        return None
    return Met(entry.name, entry.kind, x, into=x if in_place or kwargs.get("inplace") else None)


# ---- calls that are rectifiers, or may be one


def _rectifier(x: Tensor, ceiling: float | None = None, into: Tensor | None = None, times: float = 1.0) -> Met:
    kind = "relu" if ceiling is None else "relu6" if ceiling == 6 else f"relu up to {ceiling:g}"
    return Met(kind, RECTIFIER, x, ceiling, times, into)


def _relu(input: Tensor, inplace: bool = False) -> Met:
    return _rectifier(input, into=input if inplace else None)


def _relu6(input: Tensor, inplace: bool = False) -> Met:
    return _rectifier(input, 6.0, input if inplace else None)


def _hardtanh(input: Tensor, min_val: Any = -1.0, max_val: Any = 1.0, inplace: bool = False) -> Met | None:
    return _clamp(input, min_val, max_val, input if inplace else None)


def _clamp(input: Tensor, min: Any = None, max: Any = None, into: Tensor | None = None) -> Met | None:
    ceiling = None if max is None else _number(max)
    if not (is_zero(min) and _fits(min, input)) or (max is not None and (ceiling is None or ceiling <= 0)):
        return None
    return _rectifier(input, None if ceiling == float("inf") else ceiling, into)


def _threshold(input: Tensor, threshold: Any, value: Any, inplace: bool = False) -> Met | None:
    return _rectifier(input, into=input if inplace else None) if is_zero(threshold) and is_zero(value) else None


def _leaky_relu(input: Tensor, negative_slope: Any = 0.01, inplace: bool = False) -> Met | None:
    return _rectifier(input, into=input if inplace else None) if is_zero(negative_slope) else None


def _larger(input: Tensor, other: Any) -> Met | None:
    """`maximum` of a tensor and zero, on either side."""
    for x, floor in ((input, other), (other, input)):
        if isinstance(x, Tensor) and isinstance(floor, Tensor) and is_zero(floor) and _fits(floor, x):
            return _rectifier(x)
    return None


def _largest(input: Tensor, dim: Any = None, keepdim: bool = False) -> Met | None:
    """Along the axis on which a tensor and zeros were stacked."""
    pair = _is(input, "pair")
    one = dim[0] if isinstance(dim, tuple | list) and len(dim) == 1 else dim
    if pair is None or keepdim or not isinstance(one, int) or one % input.ndim != pair.axis:
        return None
    return _rectifier(input.select(one, pair.place))


def _max(input: Tensor, *rest: Any, **more: Any) -> Met | None:
    if "other" in more or (rest and isinstance(rest[0], Tensor)):
        return _larger(input, *rest, **more)
    found = _largest(input, *rest, **more)
    return replace(found, indexed=True) if found else None


def _product(input: Any, other: Any) -> Met | None:
    for x, mask in ((input, other), (other, input)):
        if _is(mask, "above", x):
            return _rectifier(x)
    return None


def _where(condition: Any, input: Any, other: Any) -> Met | None:
    for what, x, rest in (("above", input, other), ("below", other, input)):
        if _is(condition, what, x) and is_zero(rest) and _fits(rest, x):
            return _rectifier(x)
    return None


def _where_of(input: Any, condition: Any, other: Any) -> Met | None:
    return _where(condition, input, other)


def _masked_fill(input: Tensor, mask: Any, value: Any) -> Met | None:
    return _rectifier(input) if _is(mask, "below", input) and is_zero(value) else None


def _sum(input: Any, other: Any, *, alpha: Any = 1) -> Met | None:
    for x, size in ((input, other), (other, input)):
        if alpha == 1 and _is(size, "size", x):
            return _rectifier(x, times=2.0)
    return None


# ---- tensors that say something of another, for the readers above


@dataclass(frozen=True)
class _Saying:
    """A tensor that is where another is `above` zero or `below`, its `size`, or the `pair` of it and zeros.

    of: the other, as it was at `version`. own: the version of the tensor that says it. axis, place: where a pair was
    stacked, and where the other stands in it.
    """

    what: str
    of: Tensor
    version: int
    own: int
    axis: int = 0
    place: int = 0


def _say(result: Any, what: str, x: Tensor, axis: int = 0, place: int = 0) -> None:
    result._saying = _Saying(what, x.detach(), _version(x), _version(result), axis, place)


def _is(tensor: Any, what: str, x: Any = None) -> _Saying | None:
    """What `tensor` says where it is `what`, of the tensor `x` as it is now."""
    said = getattr(tensor, "_saying", None) if isinstance(tensor, Tensor) else None
    if said is None or said.what != what or said.own != _version(tensor):
        return None
    if x is not None:
        of = said.of  # kept alive, so that no other tensor can lie where it lies
        if not isinstance(x, Tensor) or (x.shape, x.dtype, x.stride()) != (of.shape, of.dtype, of.stride()):
            return None
        if x.data_ptr() != of.data_ptr() or _version(x) != said.version:
            return None
    return said


def _version(x: Tensor) -> int:
    return 0 if x.is_inference() else x._version


def _compared(above: bool) -> Callable[..., None]:
    def learn(result: Any, input: Any, other: Any) -> None:
        for x, floor, what in ((input, other, above), (other, input, not above)):
            if isinstance(x, Tensor) and is_zero(floor) and result.shape == x.shape:
                _say(result, "above" if what else "below", x)

    return learn


def _inverted(result: Any, input: Tensor) -> None:
    for what, other in (("above", "below"), ("below", "above")):
        if said := _is(input, what):
            result._saying = replace(said, what=other, own=_version(result))


def _carried(result: Any, input: Tensor, *_: Any, **__: Any) -> None:
    """A mask stays a mask as another type."""
    if (said := getattr(input, "_saying", None)) and _is(input, said.what) and said.what in ("above", "below"):
        result._saying = replace(said, own=_version(result))


def _scaled(result: Any, input: Any, other: Any) -> None:
    for mask, factor in ((input, other), (other, input)):
        if isinstance(mask, Tensor) and not isinstance(factor, Tensor) and _number(factor) == 1:
            _carried(result, mask)


def _sized(result: Tensor, input: Tensor) -> None:
    _say(result, "size", input)


def _stacked(result: Tensor, tensors: Any, dim: int = 0) -> None:
    if len(tensors) == 2:
        for place, (x, floor) in enumerate((tensors, tensors[::-1])):
            if is_zero(floor):
                return _say(result, "pair", x, dim % result.ndim, place)
    return None


def _number(value: Any) -> float | None:
    """A number or a one-element tensor as a float; None for everything else."""
    if isinstance(value, Tensor):
        return float(value) if value.numel() == 1 and not value.requires_grad else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def is_zero(value: Any) -> bool:
    """Whether it is the number zero, or a tensor of nothing else that does not depend on the input."""
    if not isinstance(value, Tensor):
        return _number(value) == 0
    if value.requires_grad or value.is_complex() or value.dtype == torch.bool or not value.numel():
        return False
    return not bool((value != 0).any())


def _fits(value: Any, x: Tensor) -> bool:
    return not isinstance(value, Tensor) or torch.broadcast_shapes(x.shape, value.shape) == x.shape


_READ: dict[Any, tuple[_Read, bool]] = {
    call: (read, in_place)
    for names, read in (
        ("relu", _relu), ("relu6", _relu6), ("hardtanh", _hardtanh), ("clamp clip clamp_min", _clamp),
        ("threshold", _threshold), ("leaky_relu", _leaky_relu), ("maximum fmax", _larger), ("max", _max),
        ("amax", _largest), ("mul multiply", _product), ("where", _where), ("masked_fill", _masked_fill),
        ("add", _sum),
    )
    for name in names.split()
    for call, in_place in _calls(name)
}  # fmt: skip
_READ[Tensor.where] = _where_of, False
_READ[Tensor.__setitem__] = _masked_fill, True
_LEARN: dict[Any, Callable[..., None]] = {
    call: learn
    for names, learn in (
        ("gt greater ge greater_equal", _compared(True)), ("lt less le less_equal", _compared(False)),
        ("logical_not bitwise_not invert", _inverted), ("abs absolute", _sized), ("stack", _stacked),
        ("float double half bfloat16 int long to type type_as clone contiguous detach", _carried),
        ("mul multiply", _scaled),
    )
    for name in names.split()
    for call, in_place in _calls(name)
    if not in_place
}  # fmt: skip
for _entry in _TABLE:
    register(_entry)
