"""How each tensor operation changes what its output sees.

One rule an ATen operation, by name; element-wise operations share one. Composite operations without a rule are taken
apart into those that have one. An operation that nobody knows sees everything that its inputs see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from torch import Tensor

from deepro.network.sight import Sight, union
from deepro.nonlinearities import SHARED, entries

See = Callable[[Any], Sight | None]  # a tensor's sight; None for one that does not depend on the input
Rule = Callable[[Mapping[str, Any], See, Any], Any]  # arguments by name, see, output -> Sight | None, or one an output

RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    def record(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return record


def elementwise(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    """Each output element from the elements at its own place."""
    sights = [s for s in map(see, tensors(a.values())) if s is not None]
    return union(sights, tuple(out.shape)) if sights else None


def unknown(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    """Each output element from all elements."""
    sights = [s for s in map(see, tensors(a.values())) if s is not None]
    return union([s.whole(tuple(out.shape)) for s in sights], tuple(out.shape)) if sights else None


def tensors(values: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += tensors(value)
    return found


def _each(value: Any, count: int) -> list[Any]:
    """One number for each spatial axis."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    return values * count if len(values) == 1 else values


_ELEMENTWISE = """
clone contiguous alias detach lift lift_fresh to _to_copy dropout feature_dropout alpha_dropout feature_alpha_dropout
type_as positive where masked_fill copy nan_to_num expand_as addcmul addcdiv lerp resolve_conj resolve_neg
quantize_per_tensor dequantize
"""
RULES.update(dict.fromkeys(_ELEMENTWISE.split(), elementwise))

_FRESH = """
empty_like zeros_like ones_like full_like rand_like randn_like randint_like new_empty new_zeros new_ones new_full
new_empty_strided
"""
RULES.update(dict.fromkeys(_FRESH.split(), lambda _a, _see, _out: None))

# ---- windows: convolutions, pools, padding, interpolation


@rule("convolution", "_convolution", "cudnn_convolution", "mkldnn_convolution")
def _convolution(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    x, weight = a["input"], a["weight"]
    sight = see(x)
    if sight is None or see(weight) is not None:
        return unknown(a, see, out)
    space = weight.ndim - 2
    stride, padding = _each(a["stride"], space), _each(a["padding"], space)
    dilation = _each(a["dilation"], space)
    depthwise = a["groups"] == x.shape[1] == out.shape[1]
    if not depthwise:
        sight = sight.widen(1, length=out.shape[1])
    for d in range(space):
        reach = (weight.shape[2 + d] - 1) * dilation[d]
        length = out.shape[2 + d]
        if a["transposed"]:
            one = Fraction(1, stride[d])
            sight = sight.walk(2 + d, one, (padding[d] - reach) * one, reach * one, length)
        else:
            sight = sight.walk(2 + d, stride[d], -padding[d], reach, length)
    return sight.with_units(1)


@rule(*(f"{kind}_pool{n}d{more}" for kind in ("max", "avg") for n in (1, 2, 3) for more in ("", "_with_indices")))
def _pool(a: Mapping[str, Any], see: See, out: Any) -> Any:
    first = out[0] if isinstance(out, tuple) else out
    sight = see(a["self"])
    if sight is None:
        return None
    space = int(a["#name"].partition("_pool")[2][0])
    kernel = _each(a["kernel_size"], space)
    stride = _each(a["stride"], space) if a["stride"] not in (None, [], ()) else kernel
    padding, dilation = _each(a["padding"], space), _each(a.get("dilation", 1), space)
    for d in range(space):
        dim = first.ndim - space + d
        sight = sight.walk(dim, stride[d], -padding[d], (kernel[d] - 1) * dilation[d], first.shape[dim])
    return (sight,) * len(out) if isinstance(out, tuple) else sight


@rule(*(f"{kind}adaptive_{pool}_pool{n}d" for kind in ("", "_") for pool in ("avg", "max") for n in (1, 2, 3)))
def _adaptive_pool(a: Mapping[str, Any], see: See, out: Any) -> Any:
    first = out[0] if isinstance(out, tuple) else out
    sight = see(a["self"])
    if sight is None:
        return None
    space = len(a["output_size"])
    for dim in range(first.ndim - space, first.ndim):
        n, m = sight.shape[dim], first.shape[dim]
        if m == 1:
            sight = sight.widen(dim, length=1)
        elif m:
            step = Fraction(n, m)
            slack = Fraction((m - 1) if n % m else 0, m)
            sight = sight.walk(dim, _plain(step), -slack, step + 2 * slack - 1, m)
    return (sight,) * len(out) if isinstance(out, tuple) else sight


@rule("constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d")
@rule("replication_pad2d", "replication_pad3d")
def _pad(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None:
        return None
    pads = a["pad"] if "pad" in a else a["padding"]
    # A padded place shows an element that lies up to twice (mirrored) or once (repeated) the padding away.
    mirrored = 2 if "reflection" in a["#name"] else 1 if "replication" in a["#name"] else 0
    for k in range(len(pads) // 2):
        before, after = pads[2 * k], pads[2 * k + 1]
        left, right = mirrored * max(before, 0), mirrored * max(after, 0)
        dim = out.ndim - 1 - k
        sight = sight.walk(dim, 1, -before - right, left + right, out.shape[dim])
    return sight


@rule(*(f"upsample_{kind}{n}d" for kind in ("nearest", "_nearest_exact") for n in (1, 2, 3)))
@rule("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d")
@rule("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "_upsample_nearest_exact1d", "_upsample_nearest_exact2d")
@rule("_upsample_nearest_exact3d", "_upsample_lanczos2d_aa")
def _upsample(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a.get("input", a.get("self")))
    if sight is None:
        return None
    name = a["#name"]
    taps = 3 if "lanczos" in name else 2 if "bicubic" in name else 1
    for dim in range(2, out.ndim):
        n, m = sight.shape[dim], out.shape[dim]
        if n == m:
            continue
        if "nearest" in name:
            ratio = Fraction(n, m)
            slack = 1 - Fraction(1, ratio.denominator)
            low, high = -slack, Fraction(0)
            if "exact" in name:
                low, high = ratio / 2 - 1, ratio / 2
        elif a.get("align_corners"):
            ratio = Fraction(n - 1, max(m - 1, 1))
            low, high = Fraction(-taps), Fraction(taps)
        else:
            ratio = Fraction(n, m)
            span = taps * max(ratio, 1) if name.endswith("_aa") else taps
            low, high = ratio / 2 - Fraction(1, 2) - span, ratio / 2 - Fraction(1, 2) + span
        if n % m and m % n and not a.get("align_corners"):  # a given scale factor may differ from n / m
            low, high = low - ratio, high + ratio
        sight = sight.walk(dim, _plain(ratio), low, high - low, m)
    return sight


@rule("pixel_shuffle")
def _pixel_shuffle(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None:
        return None
    sight, r = sight.widen(-3, length=out.shape[-3]), a["upscale_factor"]
    for dim in (out.ndim - 2, out.ndim - 1):
        sight = sight.walk(dim, Fraction(1, r), Fraction(1 - r, r), Fraction(r - 1, r), out.shape[dim])
    return sight.with_units(-3)


@rule("pixel_unshuffle")
def _pixel_unshuffle(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None:
        return None
    sight, r = sight.widen(-3, length=out.shape[-3]), a["downscale_factor"]
    for dim in (out.ndim - 2, out.ndim - 1):
        sight = sight.walk(dim, r, 0, r - 1, out.shape[dim])
    return sight.with_units(-3)


# ---- sums over axes: dense layers, attention, normalisation, reductions


@rule("linear")
def _linear(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["input"])
    if sight is None or see(a["weight"]) is not None:
        return unknown(a, see, out)
    return sight.widen(-1, length=out.shape[-1]).with_units(-1)


@rule("matmul", "mm", "bmm")
def _matmul(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    left, right = a["self"], a.get("other", a.get("mat2"))
    if left.ndim < 2 or right.ndim < 2:
        return unknown(a, see, out)
    shape, parts = tuple(out.shape), []
    if (sight := see(left)) is not None:
        parts.append(sight.widen(-1, length=shape[-1]).expand(shape).with_units(-1))
    if (sight := see(right)) is not None:
        parts.append(sight.widen(-2, length=shape[-2]).expand(shape).with_units(-1))
    return union(parts, shape) if parts else None


@rule("addmm", "baddbmm")
def _addmm(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    left = a.get("mat1", a.get("batch1"))
    product = _matmul({"self": left, "mat2": a.get("mat2", a.get("batch2"))}, see, out)
    parts = [s for s in (product, see(a["self"])) if s is not None]
    return union(parts, tuple(out.shape)) if parts else None


@rule("scaled_dot_product_attention")
def _attention(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    shape, parts = tuple(out.shape), []
    for name in ("query", "key", "value", "attn_mask"):
        sight = see(a[name]) if isinstance(a[name], Tensor) else None
        if sight is None:
            continue
        sight = sight.widen(-1, length=shape[-1])
        if name in ("key", "value"):
            sight = sight.widen(-2, length=shape[-2])
        if sight.rank == len(shape) and sight.shape[1] != shape[1]:  # grouped queries
            sight = sight.widen(1, length=shape[1])
        parts.append(sight.expand(shape).with_units(-1))
    return union(parts, shape) if parts else None


@rule("batch_norm", "_batch_norm_impl_index", "native_batch_norm", "cudnn_batch_norm", "_native_batch_norm_legit")
def _batch_norm(a: Mapping[str, Any], see: See, out: Any) -> Any:
    sight = see(a["input"])
    if sight is None:
        return None
    if a.get("training"):
        sight = sight.widen(*(d for d in range(sight.rank) if d != 1))
    sight = sight.with_units(1)
    return (sight, *(None for _ in out[1:])) if isinstance(out, tuple) else sight


@rule("layer_norm", "rms_norm")
def _layer_norm(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["input"])
    return sight.widen(*range(-len(a["normalized_shape"]), 0)) if sight is not None else None


@rule("group_norm")
def _group_norm(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["input"])
    return sight.widen(*range(1, sight.rank)).with_units(1) if sight is not None else None


@rule("instance_norm")
def _instance_norm(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["input"])
    return sight.widen(*range(2, sight.rank)).with_units(1) if sight is not None else None


@rule("cumsum", "cumprod", "logcumsumexp", "sort", "roll", "index_select", "gather", "topk", "renorm")
@rule("cummax", "cummin", *(f"{mark}{e.name}" for e in entries() if e.kind is SHARED for mark in ("", "_")))
def _along(a: Mapping[str, Any], see: See, out: Any) -> Any:
    """Mixing along one axis, which stays."""
    first = out[0] if isinstance(out, tuple) else out
    sight = see(a["self"])
    dims = a.get("dim", a.get("dims"))
    if sight is None or any(see(t) is not None for t in tensors(v for k, v in a.items() if k != "self")):
        return unknown(a, see, first) if not isinstance(out, tuple) else tuple(unknown(a, see, t) for t in out)
    for dim in dims if isinstance(dims, list | tuple) else [dims]:
        sight = sight.widen(dim, length=first.shape[dim])
    return (sight,) * len(out) if isinstance(out, tuple) else sight


@rule("mean", "sum", "amax", "amin", "max", "min", "argmax", "argmin", "var", "std", "prod", "any", "all", "norm")
@rule(
    "linalg_vector_norm",
    "logsumexp",
    "var_mean",
    "std_mean",
    "median",
    "nanmean",
    "nansum",
    "mode",
    "aminmax",
    "kthvalue",
)
def _reduce(a: Mapping[str, Any], see: See, out: Any) -> Any:
    first = out[0] if isinstance(out, tuple) else out
    if a.get("other") is not None:  # torch.max(x, y)
        return elementwise(a, see, first)
    sight = see(a["self"])
    if sight is None:
        return None
    dims = a.get("dim")
    dims = list(range(sight.rank)) if dims in (None, []) else dims if isinstance(dims, list | tuple) else [dims]
    dims = sorted({sight.axis(d) for d in dims})
    sight = sight.widen(*dims, length=1)
    if first.ndim != sight.rank:
        sight = sight.permute([d for d in range(sight.rank) if d not in dims])
    return (sight,) * len(out) if isinstance(out, tuple) else sight


# ---- the same elements elsewhere


@rule("view", "reshape", "_unsafe_view", "_reshape_alias", "flatten", "unflatten", "view_as", "reshape_as", "squeeze")
def _view(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None or len(tuple(sight.shape)) != a["self"].ndim:
        return sight
    if a["#name"] == "squeeze":
        asked = a.get("dim")
        asked = range(sight.rank) if asked is None else asked if isinstance(asked, list | tuple) else [asked]
        gone = {sight.axis(d) for d in asked if sight.shape[d] == 1}
        return sight.permute([d for d in range(sight.rank) if d not in gone])
    return sight.view(tuple(out.shape))


@rule("permute")
def _permute(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    return sight.permute(a["dims"]) if sight is not None else None


@rule("transpose", "t", "swapaxes", "swapdims")
def _transpose(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None or sight.rank < 2:
        return sight
    one, two = (sight.axis(a.get(k, d)) for k, d in (("dim0", 0), ("dim1", 1)))
    if "axis0" in a:
        one, two = sight.axis(a["axis0"]), sight.axis(a["axis1"])
    order = list(range(sight.rank))
    order[one], order[two] = two, one
    return sight.permute(order)


@rule("unsqueeze")
def _unsqueeze(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    return sight.insert(a["dim"]) if sight is not None else None


@rule("expand")
def _expand(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    return sight.expand(tuple(out.shape)) if sight is not None else None


@rule("select")
def _select(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    return sight.drop(a["dim"], a["index"]) if sight is not None else None


@rule("slice")
def _slice(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None:
        return None
    dim = sight.axis(a["dim"])
    start, _, step = slice(a["start"], a["end"], a["step"]).indices(sight.shape[dim])
    return sight.walk(dim, step, start, 0, out.shape[dim])


@rule("narrow")
def _narrow(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None or isinstance(a["start"], Tensor):
        return unknown(a, see, out)
    start = a["start"] + sight.shape[a["dim"]] if a["start"] < 0 else a["start"]
    return sight.walk(a["dim"], 1, start, 0, out.shape[a["dim"]])


@rule("split", "split_with_sizes", "chunk", "tensor_split", "unsafe_split", "unsafe_chunk", "unsafe_split_with_sizes")
def _split(a: Mapping[str, Any], see: See, out: Any) -> Any:
    sight = see(a["self"])
    if sight is None:
        return None
    dim, start, parts = sight.axis(a["dim"]), 0, []
    for piece in out:
        parts.append(sight.walk(dim, 1, start, 0, piece.shape[dim]))
        start += piece.shape[dim]
    return tuple(parts)


@rule("unbind")
def _unbind(a: Mapping[str, Any], see: See, out: Any) -> Any:
    sight = see(a["self"])
    return tuple(sight.drop(a["dim"], i) for i in range(len(out))) if sight is not None else None


@rule("cat", "concat", "concatenate")
def _cat(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    dim = a["dim"] + out.ndim if a["dim"] < 0 else a["dim"]
    parts, start = [], 0
    for tensor in a["tensors"]:
        if tensor.ndim != out.ndim:  # an empty tensor of one axis is allowed
            continue
        if (sight := see(tensor)) is not None:
            parts.append(sight.walk(dim, 1, -start, 0, out.shape[dim]))
        start += tensor.shape[dim]
    return union(parts, tuple(out.shape)) if parts else None


@rule("stack")
def _stack(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    dim = a["dim"] + out.ndim if a["dim"] < 0 else a["dim"]
    parts = [s.insert(dim, out.shape[dim]) for s in map(see, a["tensors"]) if s is not None]
    return union(parts, tuple(out.shape)) if parts else None


@rule("flip")
def _flip(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None:
        return None
    for dim in a["dims"]:
        n = sight.shape[dim]
        sight = sight.walk(dim, -1, n - 1, 0, n)
    return sight


@rule("unfold")
def _unfold(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["self"])
    if sight is None:
        return None
    dim = sight.axis(a["dimension"])
    inner = sight.insert(sight.rank, a["size"])
    steps = tuple((*row[:-1], row[dim]) for row in inner.steps)
    inner = Sight(inner.shape, steps, inner.offset, inner.size, inner.units)
    return inner.walk(dim, a["step"], 0, 0, out.shape[dim])


# ---- sequences


@rule("embedding")
def _embedding(a: Mapping[str, Any], see: See, out: Tensor) -> Sight | None:
    sight = see(a["indices"])
    return sight.insert(-1, out.shape[-1]).with_units(-1) if sight is not None else None


@rule("lstm", "gru", "rnn_tanh", "rnn_relu")
def _recurrent(a: Mapping[str, Any], see: See, out: Any) -> Any:
    """Forward layers see the past; backward ones make each step see all."""
    sight = see(a["input"]) if "input" in a else None
    if sight is None or "batch_first" not in a or see_any(see, a["hx"]):
        return tuple(unknown(a, see, t) for t in out)
    time = 1 if a["batch_first"] else 0
    steps, features = out[0].shape[time], out[0].shape[-1]
    sight = sight.widen(-1, length=features).with_units(-1)
    if sight.rank != 3:
        return tuple(unknown(a, see, t) for t in out)
    last = sight.widen(time, length=1).drop(time).insert(0)
    states = tuple(last.expand((t.shape[0], last.shape[1], t.shape[2])) for t in out[1:])
    if a["bidirectional"]:
        return (sight.widen(time), *states)
    return (sight.walk(time, 1, 1 - steps, steps - 1, steps), *states)


@rule("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
def _cell(a: Mapping[str, Any], see: See, out: Any) -> Any:
    first = out[0] if isinstance(out, tuple) else out
    sights = [see(t) for t in tensors([a["input"], a["hx"]])]
    parts = [s.widen(-1, length=first.shape[-1]).with_units(-1) for s in sights if s is not None]
    sight = union(parts, tuple(first.shape)) if parts else None
    return (sight,) * len(out) if isinstance(out, tuple) else sight


def see_any(see: See, value: Any) -> bool:
    return any(see(t) is not None for t in tensors(value if isinstance(value, list | tuple) else [value]))


def _plain(number: Fraction) -> int | Fraction:
    return ceil(number) if number.denominator == 1 else number
