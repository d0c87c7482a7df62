"""What a network answers where only a window of its input changes, with only what the window reaches computed again.

One plain pass is recorded, operation by operation, with all that it made. Where a window of the input changes, an
operation that is known to be local (convolution, pooling, whatever is pointwise, concatenation, padding) is computed
on the window that the change reaches, its surroundings taken from the record; every other value is the recorded one.
Where the space ends (global pooling, a linear head) values are put together whole. From the first operation on that is
not known, the recorded operations run in full. (Nakandala, Kumar, Papakonstantinou 2019, Incremental and Approximate
Inference for Faster Occlusion-based Deep CNN Explanations, https://doi.org/10.1145/3299869.3319874; exact here, and
the windows of several changes make one batch.)

The first change is also shown to the network itself. Where the answers differ, because the pass depends on numbers in
ways that no record shows, the network itself answers all.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map, tree_map_only

from deepro import progress
from deepro.network import Network
from deepro.network.sight_mode import bind
from deepro.nonlinearities import is_pointwise

Axes = tuple[int, int]  # of space, counted from the back
WHOLE = 0.7  # of a map: a window that covers more is computed as the whole map, which needs no cutting
# Of the largest answer: what the order of sums explains.
_TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-8}


@dataclass(frozen=True, eq=False)
class WindowChange:
    """A window of the input from (top, left), and what stands there: values (C, height, width)."""

    top: int
    left: int
    values: Tensor


@dataclass(frozen=True, eq=False)
class Answer:
    """What changes, named by their numbers, lead to. logits: (B, K), or None. outputs: layer -> (B, ...)."""

    numbers: np.ndarray
    logits: Tensor | None
    outputs: Mapping[str, Tensor]


@dataclass(frozen=True)
class _Ref:
    """Stands for a recorded tensor in an operation's arguments."""

    slot: int


@dataclass(eq=False)
class _Op:
    """args, kwargs: as they were given, tensors that depend on the input as _Ref. bound: by name, with defaults."""

    call: Any
    name: str
    args: Any
    kwargs: Any
    bound: dict[str, Any]
    outs: list[int]
    used: int = 1  # of outs, up to the last that is needed
    rule: Callable[..., Any] | None = None
    more: Any = None

    def refs(self) -> list[int]:
        return [leaf.slot for leaf in tree_leaves((self.args, self.kwargs)) if isinstance(leaf, _Ref)]


@dataclass(eq=False)
class _Part:
    """values: (B, ...), of the windows that begin at starts (B, 2), or whole where starts is None."""

    values: Tensor
    starts: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class _Reach:
    """What each change reaches of a tensor: [low, high), (P, 2) each."""

    low: np.ndarray
    high: np.ndarray

    def of(self, rows: np.ndarray, space: Sequence[int]) -> tuple[np.ndarray, tuple[int, int]]:
        """Windows of one size that hold what the changes `rows` reach: (B, 2) starts, and the size."""
        low, high = self.low[rows], self.high[rows]
        size = np.maximum((high - low).max(0), 1)
        return np.clip(low, 0, np.array(space) - size), (int(size[0]), int(size[1]))


class Incremental:
    """One input (1, C, H, W), of which windows will change. layers: whose outputs are answered beside the logits.

    head: whether the logits are asked. logits, outputs: of the input as it is. only: layer -> the one unit of
    it that is answered, whose axis is kept. full: why the whole network runs for every change, None where it does not.
    rest: the first operation that is not known, from which on all is computed in full; None where all are known.
    """

    def __init__(self, net: Network, x: Tensor, layers: Sequence[str] = (), head: bool = True) -> None:
        self._net, self._x, self._layers = net, x, tuple(layers)
        self.only: dict[str, int] = {}
        self.logits: Tensor | None = None
        record = _Recorder(x.clone())
        with torch.no_grad():
            with torch._C._AutoDispatchBelowAutograd(), net.probe(self._layers) as probe, record:  # pyright: ignore[reportPrivateUsage]
                output = probe(record.x)
                self.logits = net.logits_of(output) if head else None
            self.outputs = dict(probe.outputs)
        self.full = record.lost
        self._bases, self._ops = record.bases, record.ops
        asked = [*([] if self.logits is None else [self.logits]), *self.outputs.values()]
        slots = [record.slot(t) for t in asked]
        self._wanted = [s for s in slots if s is not None]
        if None in slots:
            self.full = self.full or "what is asked does not depend on the input"
        self.rest: str | None = None
        self._checked = False
        if not self.full:
            self._prune()
            self._space = _plan(self._ops, self._bases)
            self._known = next((i for i, op in enumerate(self._ops) if op.rule is None), len(self._ops))
            if self._known < len(self._ops):
                self.rest = self._ops[self._known].name
            self._last = {slot: i for i, op in enumerate(self._ops) for slot in op.refs()}

    def _prune(self) -> None:
        """Leave out what nothing that is asked depends on."""
        needed, kept = set(self._wanted), []
        for op in reversed(self._ops):
            if needed & set(op.outs):
                needed |= set(op.refs())
                kept.append(op)
        self._ops = kept[::-1]
        for op in self._ops:
            op.used = 1 + max(k for k, slot in enumerate(op.outs) if slot in needed)

    def answers(self, changes: Sequence[WindowChange], batch_size: int, what: str) -> Iterator[Answer]:
        """In batches, changes of like reach together, each of `changes` once. what: the work's name, for progress."""
        if not changes:
            return
        order = np.arange(len(changes))
        reach: dict[int, _Reach] = {}
        if not self.full:
            reach = self._reaches(changes)
            order = np.lexsort([k for r in reach.values() for k in (r.high - r.low).T])
        parts = np.array_split(order, -(-len(order) // batch_size))
        for rows in progress.steps(parts, what):
            with torch.no_grad():
                yield self._answer([changes[r] for r in rows], rows, reach)

    def _answer(self, changes: list[WindowChange], rows: np.ndarray, reach: dict[int, _Reach]) -> Answer:
        if not self.full:
            try:
                found = self._replay(changes, rows, reach)
                if self._checked or self._right(changes[0], found):
                    self._checked = True
                    head = None if self.logits is None else found.pop(0)
                    return Answer(rows, head, dict(zip(self.outputs, found, strict=True)))
                self.full = "the record does not give what the network gives"
            except (RuntimeError, ValueError, IndexError) as error:
                self.full = f"the record cannot be followed: {error}"
        return replace(self.plain(*changes), numbers=rows)

    def plain(self, *changes: WindowChange) -> Answer:
        """What the network itself answers."""
        inputs = self._x.repeat(len(changes), 1, 1, 1)
        for i, change in enumerate(changes):
            height, width = change.values.shape[1:]
            inputs[i, :, change.top : change.top + height, change.left : change.left + width] = change.values
        with torch.no_grad(), self._net.probe(self._layers) as probe:
            output = probe(inputs)
            logits = None if self.logits is None else self._net.logits_of(output)
        outputs = {layer: self._unit(layer, out) for layer, out in probe.outputs.items()}
        return Answer(np.arange(len(changes)), logits, outputs)

    def _unit(self, layer: str | None, out: Tensor) -> Tensor:
        return out[:, (u := self.only[layer]) : u + 1] if layer in self.only else out

    def _right(self, change: WindowChange, found: list[Tensor]) -> bool:
        want = self.plain(change)
        expected = [*([] if want.logits is None else [want.logits]), *want.outputs.values()]
        tolerance = _TOLERANCES.get(expected[0].dtype, 1e-2)
        return all(
            bool(((a[:1] - b).abs() <= tolerance * (b.abs().amax() + 1e-12)).all())
            for a, b in zip(found, expected, strict=True)
        )

    # ---- where changes reach

    def _reaches(self, changes: Sequence[WindowChange]) -> dict[int, _Reach]:
        low = np.array([(c.top, c.left) for c in changes])
        reach = {0: _Reach(low, low + np.array([c.values.shape[1:] for c in changes]))}
        for op in self._ops[: self._known]:
            slots = [s for s in op.refs() if s in reach]
            space = self._space.get(op.outs[0])
            if space is None or not slots:
                continue
            low = np.minimum.reduce([reach[s].low for s in slots])
            high = np.maximum.reduce([reach[s].high for s in slots])
            if isinstance(op.more, _Halo):
                low, high = op.more.reach(low, high)
            elif op.rule is _pad:
                low, high = low + op.more, high + op.more
            limit = np.array(_lengths(self._bases[op.outs[0]], space))
            low, high = np.clip(low, 0, limit), np.clip(high, 0, limit)
            reach.update(dict.fromkeys(op.outs, _Reach(low, high)))
        return reach

    # ---- one batch of changes

    def _replay(self, changes: list[WindowChange], rows: np.ndarray, reach: dict[int, _Reach]) -> list[Tensor]:
        run = _Run(self._bases, self._space, reach, rows)
        starts, size = run.window(0)
        values = cut(self._bases[0], starts, size)
        for i, c in enumerate(changes):
            y, x = c.top - starts[i, 0], c.left - starts[i, 1]
            values[i, :, y : y + c.values.shape[1], x : x + c.values.shape[2]] = c.values
        run.parts[0] = _Part(values, starts)
        for i, op in enumerate(self._ops[: self._known]):
            assert op.rule is not None
            made = op.rule(run, op)
            run.parts.update(zip(op.outs, made if isinstance(made, list) else [made], strict=False))
            for slot in op.refs():
                if self._last[slot] == i and slot not in self._wanted:
                    run.parts.pop(slot, None)
        if self._known == len(self._ops):
            names = [*([] if self.logits is None else [None]), *self.outputs]
            return [run.whole(s, self.only.get(n or "")) for n, s in zip(names, self._wanted, strict=True)]
        found = self._remainder(run)
        head = len(found) - len(self.outputs)
        return [*found[:head], *map(self._unit, self.outputs, found[head:])]

    def _remainder(self, run: _Run) -> list[Tensor]:
        """All from the first unknown operation on, in full, each change by itself, as in the record."""
        ops = self._ops[self._known :]
        alive = [s for s in run.parts if s in self._wanted or self._last.get(s, -1) >= self._known]

        def one(*given: Tensor) -> tuple[Tensor, ...]:
            now = dict(zip(alive, given, strict=True))
            for op in ops:
                args, kwargs = tree_map_only(_Ref, lambda r: now.get(r.slot, self._bases[r.slot]), (op.args, op.kwargs))
                out = op.call(*args, **kwargs)
                made = out if isinstance(out, tuple | list) else [out]
                now.update(zip(op.outs, made, strict=False))
            return tuple(now[s] for s in self._wanted)

        values = [run.whole(s)[:, None] for s in alive]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an operation without a batching rule runs one by one, and is right
            try:
                found = torch.vmap(one)(*values)
            except RuntimeError:
                each = [one(*(v[i] for v in values)) for i in range(len(values[0]))]
                found = tuple(torch.stack(column) for column in zip(*each, strict=True))
        return [f.flatten(0, 1) for f in found]


class _Recorder(TorchDispatchMode):
    """Keeps each operation on what depends on x, and its outcome. lost: why the record is of no use, if it is."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.x = x
        self.bases: list[Tensor] = [x]
        self.ops: list[_Op] = []
        self.lost: str | None = None
        self._slots: dict[int, tuple[int, int, Tensor]] = {id(x): (0, x._version, x)}  # by id: slot, version
        self._fresh: list[Tensor] = []  # from the last operation, whose versions are only known after it

    def slot(self, tensor: Tensor) -> int | None:
        for last in self._fresh:
            self._slots[id(last)] = (self._slots[id(last)][0], last._version, last)
        self._fresh = []
        slot, version, _ = self._slots.get(id(tensor), (None, 0, None))
        if slot is not None and version != tensor._version:
            self.lost = "a view of memory that is overwritten"
        return slot

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        bare = func._schema.name.partition("::")[2]
        name = bare.rstrip("_") if func._schema.is_mutable and not bare.startswith("__") else bare
        held = tree_map(self._held, (args, kwargs))
        if not any(isinstance(leaf, _Ref) for leaf in tree_leaves(held)):
            return func(*args, **kwargs)
        (bound, _), (_, mutated) = bind(func, name, *held), bind(func, name, args, kwargs)
        call = func
        if mutated or func._schema.is_mutable:
            into = args[0] if args else None
            if not isinstance(into, Tensor) or self.slot(into) is None or len(mutated) != 1:
                self.lost = f"{bare} writes into what does not depend on the input"
                return func(*args, **kwargs)
            self._save(into)
            out = func(*args, **kwargs)
            torch.autograd.graph.increment_version(into)
            self._fresh = [into]
            source = bound.get("src")
            if name == "copy" and isinstance(source, _Ref) and self.bases[source.slot].shape == into.shape:
                self._slots[id(into)] = (source.slot, into._version, into)
                return out
            call = getattr(getattr(torch.ops.aten, name, None), func._overloadname, None)
            if call is None:
                self.lost = f"{bare} is only known in place"
        else:
            out = func(*args, **kwargs)
        made = out if isinstance(out, tuple | list) else [out]
        if not all(isinstance(t, Tensor) for t in made):
            self.lost = f"{bare} makes a number of the input"
            return out
        if torch.Tag.nondeterministic_seeded in func.tags and not (name == "dropout" and not bound.get("train")):
            self.lost = f"{bare} draws random numbers"
        outs = []
        for tensor in made:
            self._slots[id(tensor)] = (len(self.bases), tensor._version, tensor)
            self._fresh.append(tensor)
            outs.append(len(self.bases))
            self.bases.append(tensor)
        self.ops.append(_Op(call, name, held[0], held[1], bound, outs))
        return out

    def _held(self, value: Any) -> Any:
        slot = self.slot(value) if isinstance(value, Tensor) else None
        return value if slot is None else _Ref(slot)

    def _save(self, into: Tensor) -> None:
        """Keep what lies in memory that will be overwritten."""
        where = into.untyped_storage().data_ptr()
        for slot, base in enumerate(self.bases):
            if base.untyped_storage().data_ptr() == where:
                self.bases[slot] = base.clone()


# ---- windows


def cut(base: Tensor, starts: np.ndarray, size: tuple[int, int], axes: Axes = (-2, -1)) -> Tensor:
    """(B, ...) the windows of `size` of base (1, ...) that begin at starts (B, 2)."""
    shape = [*base.shape]
    shape[axes[0]], shape[axes[1]] = size
    made = base.new_empty(len(starts), *shape[1:])
    for window, (y, x) in zip(made, starts.tolist(), strict=True):
        window.copy_(base[0].narrow(axes[0], y, size[0]).narrow(axes[1], x, size[1]))
    return made


def _paste(into: Tensor, corners: np.ndarray, values: Tensor, starts: np.ndarray, axes: Axes) -> None:
    """Write windows `values` that begin at `starts` into windows that begin at `corners`, where they meet."""
    inner, outer = (np.array([t.shape[a] for a in axes]) for t in (values, into))
    low = np.maximum(corners, starts)
    size = np.minimum(corners + outer, starts + inner) - low
    for i, ((h, w), (y, x), (v, u)) in enumerate(
        zip(size.tolist(), (low - corners).tolist(), (low - starts).tolist(), strict=True)
    ):
        if h > 0 and w > 0:
            part = values[i].narrow(axes[0], v, h).narrow(axes[1], u, w)
            into[i].narrow(axes[0], y, h).narrow(axes[1], x, w).copy_(part)


def _lengths(base: Tensor, axes: Axes) -> tuple[int, int]:
    return base.shape[axes[0]], base.shape[axes[1]]


class _Run:
    """One batch of changes on its way through the record. parts: slot -> what became of it, where it changed."""

    def __init__(self, bases: list[Tensor], space: dict[int, Axes], reach: dict[int, _Reach], rows: np.ndarray) -> None:
        self.bases, self.space, self.reach, self.rows = bases, space, reach, rows
        self.parts: dict[int, _Part] = {}

    def window(self, slot: int) -> tuple[np.ndarray, tuple[int, int]]:
        return self.reach[slot].of(self.rows, _lengths(self.bases[slot], self.space[slot]))

    def large(self, slot: int) -> bool:
        if slot not in self.reach:
            return True
        return prod(self.window(slot)[1]) > WHOLE * prod(_lengths(self.bases[slot], self.space[slot]))

    def whole(self, slot: int, unit: int | None = None) -> Tensor:
        """(B, ...) all of a tensor, or of one unit."""
        base, part = self.bases[slot], self.parts.get(slot)
        if unit is not None:
            one = _Run([base[:, unit : unit + 1]], {0: self.space.get(slot, (-2, -1))}, {}, self.rows)
            if part is not None:
                one.parts[0] = _Part(part.values[:, unit : unit + 1], part.starts)
            return one.whole(0)
        if part is None:
            return base.expand(len(self.rows), *base.shape[1:])
        if part.starts is not None:
            values = base.expand(len(self.rows), *base.shape[1:]).clone()
            _paste(values, np.zeros_like(part.starts), part.values, part.starts, self.space[slot])
            self.parts[slot] = part = _Part(values)
        return part.values

    def windows(self, slot: int, starts: np.ndarray, size: tuple[int, int], base: Tensor | None = None) -> Tensor:
        """(B, ...) windows of a tensor, changed where it changed. base: the tensor, padded so that starts fit."""
        axes, part = self.space[slot], self.parts.get(slot)
        if base is None and part is not None and part.starts is not None:
            same = _lengths(part.values, axes) == size and bool((part.starts == starts).all())
            if same:
                return part.values
        values = cut(self.bases[slot] if base is None else base, starts, size, axes)
        if part is not None:
            first = np.zeros_like(starts) if part.starts is None else part.starts
            _paste(values, starts, part.values, first, axes)
        return values

    def dense(self, op: _Op) -> Any:
        """The operation on whole tensors, as many as there are changes."""
        args, kwargs = tree_map_only(_Ref, lambda r: self.whole(r.slot), (op.args, op.kwargs))
        return op.call(*args, **kwargs)


# ---- rules: what an operation does to windows. plans return None where they do not know the use.


@dataclass(eq=False)
class _Halo:
    """An operation that looks at a kernel's window: pairs for height and width. before: padding at top and left.

    run: the operation without padding. padded: the recorded input with the padding around it, once it is made.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    dilation: tuple[int, int]
    fill: float
    run: Callable[[Tensor], Tensor]
    padded: Tensor | None = None

    @property
    def span(self) -> np.ndarray:
        return np.array([d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True)])

    def reach(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        stride, before = np.array(self.stride), np.array(self.before)
        return -((self.span - 1 - low - before) // stride), (high - 1 + before) // stride + 1

    def around(self, base: Tensor, out: Tensor) -> Tensor:
        if self.padded is None:
            after = [
                max(0, (n - 1) * s + span - b - have)
                for n, s, span, b, have in zip(
                    out.shape[2:], self.stride, self.span.tolist(), self.before, base.shape[2:], strict=True
                )
            ]
            top, left = self.before
            pads = (left, after[1], top, after[0])
            self.padded = functional.pad(base, pads, value=self.fill) if any(pads) else base
        return self.padded


def _pair(value: Any) -> tuple[int, int]:
    value = [value] if isinstance(value, int) else list(value)
    return (value[0], value[-1])


def _as_halo(op: _Op, x: Tensor, out: Tensor) -> _Halo | None:
    a = op.bound
    if op.name == "conv2d":
        weight, bias, stride, dilation = a["weight"], a["bias"], _pair(a["stride"]), _pair(a["dilation"])
        if isinstance(weight, _Ref) or isinstance(bias, _Ref):
            return None
        kernel = (weight.shape[2], weight.shape[3])
        if isinstance(a["padding"], str):
            none = a["padding"] == "valid"
            before = _pair([0 if none else d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)])
        else:
            before = _pair(a["padding"])
        groups = a["groups"]
        run = lambda v: torch.conv2d(v, weight, bias, stride, 0, dilation, groups)  # noqa: E731
        return _Halo(kernel, stride, before, dilation, 0.0, run)
    if op.name == "adaptive_avg_pool2d":
        have, want = x.shape[2:], out.shape[2:]
        if any(n % m for n, m in zip(have, want, strict=True)) or list(want) == [1, 1]:
            return None
        kernel = _pair([n // m for n, m in zip(have, want, strict=True)])
        return _Halo(kernel, kernel, (0, 0), (1, 1), 0.0, lambda v: functional.avg_pool2d(v, kernel))
    kernel, before = _pair(a["kernel_size"]), _pair(a["padding"])
    stride = _pair(a["stride"]) if a["stride"] else kernel
    if op.name == "max_pool2d":
        dilation = _pair(a["dilation"])
        run = lambda v: functional.max_pool2d(v, kernel, stride, 0, dilation)  # noqa: E731
        return _Halo(kernel, stride, before, dilation, -torch.inf, run)
    if a["ceil_mode"] or (any(before) and not a["count_include_pad"]):
        return None  # windows at the edge are divided by another number
    divisor = a["divisor_override"]
    run = lambda v: functional.avg_pool2d(v, kernel, stride, divisor_override=divisor)  # noqa: E731
    return _Halo(kernel, stride, before, (1, 1), 0.0, run)


def _halo(run: _Run, op: _Op) -> _Part:
    halo, (slot,), out = op.more, op.refs(), op.outs[0]
    if run.large(out):
        return _Part(run.dense(op))
    starts, size = run.window(out)
    stride, base = np.array(halo.stride), run.bases[slot]
    first = starts * stride
    need = (np.array(size) - 1) * stride + halo.span
    part = run.parts[slot]
    lean = halo.kernel == (1, 1) and halo.stride == (1, 1) and not any(halo.before)
    if lean and part.starts is not None:
        return _Part(halo.run(part.values), part.starts)
    values = cut(halo.around(base, run.bases[out]), first, (int(need[0]), int(need[1])))
    begin = np.zeros_like(starts) if part.starts is None else part.starts
    _paste(values, first, part.values, begin + np.array(halo.before), (-2, -1))
    return _Part(halo.run(values), starts)


def _point(run: _Run, op: _Op) -> _Part:
    """Each place for itself: all operands on one window."""
    out = op.outs[0]
    if run.large(out):
        return _Part(run.dense(op))
    axes = run.space[out]
    limit = _lengths(run.bases[out], axes)
    changed = [s for s in op.refs() if s in run.parts]
    parts = [run.parts[s] for s in changed]
    if len(parts) == 1 and parts[0].starts is not None:
        starts, size = parts[0].starts, _lengths(parts[0].values, axes)
    else:
        starts, size = run.window(out)

    def seen(leaf: Any) -> Any:
        if isinstance(leaf, _Ref):
            base = run.bases[leaf.slot]
            return run.windows(leaf.slot, starts, size) if _wide(base, axes, limit) else run.whole(leaf.slot)
        if op.more and isinstance(leaf, Tensor) and _wide(leaf, axes, limit):
            return cut(leaf.reshape(*[1] * (run.bases[out].ndim - leaf.ndim), *leaf.shape), starts, size, axes)
        return leaf

    args, kwargs = tree_map(seen, (op.args, op.kwargs))
    return _Part(op.call(*args, **kwargs), starts)


def _wide(tensor: Tensor, axes: Axes, limit: tuple[int, int]) -> bool:
    """Whether a tensor spreads over space."""
    have = [tensor.shape[a] if tensor.ndim >= -a else 1 for a in axes]
    return have != [1, 1] or limit == (1, 1)


def _along(run: _Run, op: _Op) -> Any:
    """An operation that leaves space and the batch as they are, on the one tensor that it takes."""
    (slot,) = op.refs()
    part = run.parts[slot]
    args, kwargs = tree_map_only(_Ref, lambda _: part.values, (op.args, op.kwargs))
    made = op.call(*args, **kwargs)
    if isinstance(made, tuple | list):
        return [_Part(t, part.starts) for t in made]
    return _Part(made, part.starts)


def _same(run: _Run, op: _Op) -> _Part:
    return run.parts[op.refs()[0]]


def _pad(run: _Run, op: _Op) -> _Part:
    part, out = run.parts[op.refs()[0]], op.outs[0]
    if part.starts is None or run.large(out):
        return _Part(run.dense(op))
    return _Part(part.values, part.starts + op.more)


def _dense(run: _Run, op: _Op) -> Any:
    made = run.dense(op)
    return [_Part(t) for t in made] if isinstance(made, tuple | list) else _Part(made)


def _view(run: _Run, op: _Op) -> _Part:
    (slot,) = op.refs()
    return _Part(run.whole(slot).reshape(len(run.rows), *run.bases[op.outs[0]].shape[1:]))


_HALOS = {"conv2d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"}
_SAME = {"alias", "detach", "contiguous", "lift_fresh"}  # a tensor as it is
_VIEWS = {"view", "reshape", "flatten", "unflatten", "_unsafe_view", "squeeze"}
_AXIS = {
    "permute",
    "transpose",
    "select",
    "slice",
    "unsqueeze",
    "chunk",
    "split",
    "split_with_sizes",
    "unbind",
    "narrow",
}
_MIXED = {"batch_norm", "layer_norm", "linear", "softmax", "log_softmax", "cat", "clone"}
_WITHIN = _HALOS | _AXIS | _MIXED | {
    "mean", "sum", "amax", "amin", "adaptive_max_pool2d", "avg_pool1d", "conv1d", "conv_transpose2d", "group_norm",
    "instance_norm", "upsample_nearest2d", "upsample_bilinear2d", "pad", "constant_pad_nd", "reflection_pad2d",
    "matmul", "_native_multi_head_attention", "scaled_dot_product_attention", "pixel_shuffle", "channel_shuffle",
    "rms_norm", "local_response_norm", "linalg_vector_norm",
}  # fmt: skip # each input of a batch for itself, along axis 0


def _plan(ops: list[_Op], bases: list[Tensor]) -> dict[int, Axes]:
    """Give each operation its rule, None where there is none. Returns the axes of space, of what has windows."""
    space: dict[int, Axes] = {0: (-2, -1)}
    for op in ops:
        refs, out = op.refs(), bases[op.outs[0]]
        if any(bases[s].ndim == 0 or len(bases[s]) != 1 for s in (*refs, *op.outs)):
            continue
        local = _local(op, bases, space) if all(s in space for s in refs) else None
        if local is not None:
            op.rule, op.more, axes = local
            space.update(dict.fromkeys(op.outs, axes))
        elif op.name in _SAME or (op.name == "dropout" and not op.bound["train"]):
            op.rule = _same
        elif op.name in _VIEWS and len(refs) == 1:
            op.rule = _view
        elif (op.name in _WITHIN or _is_point(op)) and _keeps_batch(op, bases[refs[0]], out):
            op.rule = _dense
    return space


_Local = tuple[Callable[..., Any], Any, Axes]


def _local(op: _Op, bases: list[Tensor], space: dict[int, Axes]) -> _Local | None:
    refs, out = op.refs(), bases[op.outs[0]]
    x, axes = bases[refs[0]], space[refs[0]]
    if op.name in _HALOS and len(refs) == 1 and axes == (-2, -1) and x.ndim == 4:
        halo = _as_halo(op, x, out)
        return halo and (_halo, halo, axes)
    if op.name in _SAME or (op.name == "dropout" and not op.bound["train"]):
        return _same, None, axes
    if op.name in ("pad", "constant_pad_nd") and axes == (-2, -1) and op.bound.get("mode", "constant") == "constant":
        pads = [*op.bound["pad"], 0, 0, 0, 0]
        if min(pads) >= 0 and not any(pads[4:]):
            return _pad, np.array([pads[2], pads[0]]), axes
        return None
    if op.name in _AXIS and len(refs) == 1:
        if op.name == "slice" and op.bound["dim"] % x.ndim == 0 and out.shape == x.shape:
            return _same, None, axes
        moved = _moved(op, axes, x.ndim)
        return moved and (_along, None, moved)
    taken = {a % x.ndim for a in axes}
    dims: set[int] | None = None  # what the operation mixes
    if _is_point(op) or op.name == "clone":
        dims = set()
    elif op.name == "batch_norm" and not op.bound["training"]:
        dims = {1}
    elif op.name == "layer_norm":
        dims = set(range(x.ndim - len(op.bound["normalized_shape"]), x.ndim))
    elif op.name == "linear" and len(refs) == 1:
        dims = {x.ndim - 1}
    elif op.name in ("softmax", "log_softmax") or op.name == "cat":
        dims = {op.bound["dim"] % x.ndim}
    if dims is None or dims & (taken | {0}):
        return None
    spread = _lengths(out, axes)
    for leaf in tree_leaves((op.args, op.kwargs)):
        tensor = bases[leaf.slot] if isinstance(leaf, _Ref) else leaf
        if isinstance(leaf, _Ref) and (space[leaf.slot] != axes or _lengths(tensor, axes) != spread):
            return None  # one number for many places: it changes everywhere
        if isinstance(tensor, Tensor) and not dims and tensor.ndim:
            have = [tensor.shape[a] if tensor.ndim >= -a else 1 for a in axes]
            if have != [1, 1] and have != list(spread):
                return None
        if op.name == "cat" and isinstance(leaf, Tensor):
            return None
    return _point, not dims, axes


def _is_point(op: _Op) -> bool:
    return torch.Tag.pointwise in op.call.tags or is_pointwise(op.name)


def _moved(op: _Op, axes: Axes, rank: int) -> Axes | None:
    """The axes of space after an operation on axes; None where it touches them or the batch."""
    a, places = op.bound, [axis % rank for axis in axes]
    if op.name == "permute":
        order = [d % rank for d in a["dims"]]
        return None if order[0] else _pair([order.index(p) - rank for p in places])
    if op.name == "transpose":
        order = list(range(rank))
        one, two = a["dim0"] % rank, a["dim1"] % rank
        order[one], order[two] = two, one
        return None if order[0] else _pair([order.index(p) - rank for p in places])
    if op.name == "unsqueeze":
        dim = a["dim"] % (rank + 1)
        return None if dim == 0 else _pair([p + (dim <= p) - rank - 1 for p in places])
    dim = a["dim"] % rank
    if dim == 0 or dim in places:
        return None
    if op.name in ("select", "unbind"):
        return _pair([p - (dim < p) - rank + 1 for p in places])
    return axes


def _keeps_batch(op: _Op, x: Tensor, out: Tensor) -> bool:
    """Whether the operation treats axis 0 as a batch."""
    a, rank = op.bound, x.ndim
    if op.name == "batch_norm":
        return not a["training"]
    if op.name == "permute":
        return a["dims"][0] % rank == 0
    if op.name == "matmul":
        sides = [a["self"], a["other"]]
        return not isinstance(sides[1], Tensor) or sides[1].ndim <= 2
    if op.name == "linear":
        return isinstance(a["input"], _Ref) and len(op.refs()) == 1 and rank > 1
    if op.name in _HALOS or "conv" in op.name or "pool" in op.name:
        return len(op.refs()) == 1 and rank == out.ndim > 2
    dims = [a[k] for k in ("dim", "dim0", "dim1") if k in a]
    if any(d is None or d == [] for d in dims):
        return False
    return all(d % max(rank, out.ndim) for ds in dims for d in (ds if isinstance(ds, list | tuple) else [ds]))
