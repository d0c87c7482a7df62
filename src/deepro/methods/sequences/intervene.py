"""A recurrent pass taken step by step, in which a state or gate can be changed on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from deepro.errors import LayerError, UnsupportedError, UsageError, near
from deepro.methods.sequences.gates import GATES, Weights, flip
from deepro.methods.sequences.recurrent import _normalise, recurrent_modules, registered

# Called in place with the step's number and the value (N, U) right after it was computed, before anything uses it.
Edit = Callable[[int, Tensor], None]


@dataclass(frozen=True)
class Hold:
    """Units of one layer held at a value: `state` is h, c or a gate; from `start` on, before `stop`.

    layer: rnn or rnn.l1. units, values: (M,). rows: None for every sequence of the batch, or for each held unit the
    batch row in which it is held, so that one pass holds another unit in each row. when: None for every step from
    `start` on, or (M, T) bool, the steps at which each of them is held.
    """

    layer: str
    state: str
    units: Sequence[int]
    values: Sequence[float]
    direction: int = 0
    start: int = 0
    stop: int | None = None
    rows: Sequence[int] | None = None
    when: Tensor | None = None

    def __call__(self, step: int, value: Tensor) -> None:
        if step < self.start or (self.stop is not None and step >= self.stop):
            return
        held = torch.as_tensor(self.values, dtype=value.dtype, device=value.device)
        if self.when is not None and self.rows is not None:
            if step < self.when.shape[1]:
                now = self.when[:, step].to(value.device)
                rows, units = torch.as_tensor(self.rows)[now], torch.as_tensor(self.units)[now]
                value[rows, units] = held[now]
        elif self.rows is None:
            value[:, list(self.units)] = held
        else:
            value[list(self.rows), list(self.units)] = held


@dataclass(frozen=True)
class Swap:
    """A unit's state replaced by what it was in another sequence: values (T,), from `start` on."""

    layer: str
    state: str
    unit: int
    values: Tensor
    direction: int = 0
    start: int = 0

    def __call__(self, step: int, value: Tensor) -> None:
        if self.start <= step < len(self.values):
            value[:, self.unit] = self.values[step]


@contextmanager
def intervening(module: nn.Module, changes: Sequence[Hold | Swap]) -> Iterator[None]:
    """Inside, the recurrent modules of `module` run step by step with the changes applied.

    A module that is called many times counts its steps on from call to call.
    Raises LayerError for an unknown layer and UsageError for a state or unit that it has not.
    """
    known = recurrent_modules(module)
    by_module: dict[str, dict[tuple[int, int], dict[str, list[Edit]]]] = {}
    for change in changes:
        name, layer = _place(change.layer, known)
        target = known[name]
        if registered(target) is not None:  # its states are known once it runs
            place = by_module.setdefault(name, {}).setdefault((0, 0), {})
            place.setdefault(change.state, []).append(change)
            continue
        kind = Weights.of(target, layer).kind
        states = ("h", *(("c",) if kind == "LSTM" else ()), *GATES[kind])
        if change.state not in states:
            raise UsageError(f"layer {change.layer!r} has no state {change.state!r}; it has {', '.join(states)}")
        width: Any = target.hidden_size
        if change.state == "h":
            width = getattr(target, "proj_size", 0) or width
        units = change.units if isinstance(change, Hold) else [change.unit]
        if any(not 0 <= u < width for u in units):
            raise UsageError(f"layer {change.layer!r} has units 0 to {int(width) - 1}, got {list(units)}")
        place = by_module.setdefault(name, {}).setdefault((layer, change.direction), {})
        place.setdefault(change.state, []).append(change)
    handles = []
    try:
        for name, edits in by_module.items():
            handles.append(known[name].register_forward_hook(_hook(edits), with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def reading(module: nn.Module, change: Callable[[Tensor, int], Tensor]) -> Iterator[None]:
    """Inside, what the first recurrent module reads, (N, T, F), goes through `change`, with its first step's number.

    A module that is called step by step, going on from its last state, is changed in every call.
    """
    first: nn.Module | None = None
    steps = 0

    def before(m: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal first, steps
        x: Any = args[0] if args else kwargs["input"]
        resumes = (args[1] if len(args) > 1 else kwargs.get("hx")) is not None
        if first is None:
            first = m
        elif m is not first or not resumes:
            return None
        if isinstance(x, PackedSequence):
            x = _packed(x, lambda data: change(data, steps))
        elif (isinstance(m, nn.RNNCellBase) or registered(m) is not None) and x.ndim == 2:
            x = change(x[:, None], steps)[:, 0]
            steps += 1
        elif isinstance(m, nn.RNNBase) and x.ndim == 3:
            turn = not m.batch_first
            x = change(x.transpose(0, 1) if turn else x, steps)
            steps += x.shape[1]
            x = x.transpose(0, 1) if turn else x
        return ((x, *args[1:]), kwargs) if args else (args, kwargs | {"input": x})

    handles = [m.register_forward_pre_hook(before, with_kwargs=True) for m in recurrent_modules(module).values()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _packed(x: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A packed batch of equal lengths changed as (N, T, F), in the order of the batch; others are left as they are."""
    copies = int(x.batch_sizes[0])
    if copies != int(x.batch_sizes[-1]):
        return x
    order, back = x.sorted_indices, x.unsorted_indices  # the steps lie one after the other
    data = x.data.view(len(x.batch_sizes), copies, -1).transpose(0, 1)
    data = change(data if back is None else data[back])
    data = (data if order is None else data[order]).transpose(0, 1)
    return x._replace(data=data.reshape(-1, data.shape[2]))


@contextmanager
def stepwise(module: nn.Module) -> Iterator[None]:
    """Inside, every recurrent module runs step by step, by the arithmetic of `intervening`."""
    handles = [m.register_forward_hook(_hook({}), with_kwargs=True) for m in recurrent_modules(module).values()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _place(layer: str, known: Mapping[str, nn.Module]) -> tuple[str, int]:
    for name, module in known.items():
        shown = name or type(module).__name__.lower()
        if layer in (name, shown):
            return name, 0
        stem, _, last = layer.rpartition(".l")
        if stem in (name, shown) and last.isdecimal() and int(last) < getattr(module, "num_layers", 1):
            return name, int(last)
    raise LayerError(f"{layer!r} is no recurrent layer{near(layer, known) or '; those are ' + ', '.join(known)}")


def _hook(edits: Mapping[tuple[int, int], Mapping[str, Sequence[Edit]]]) -> Callable[..., Any]:
    taken = 0

    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> Any:
        nonlocal taken
        function = registered(module)
        if function is not None:
            taken += 1
            changed = edits.get((0, 0), {})
            return _edited(module, output, function(module, args, kwargs, output), changed, taken - 1)
        x, hx = args[0] if args else kwargs["input"], args[1] if len(args) > 1 else kwargs.get("hx")
        call = _normalise(module, x, hx, output)
        below, last_h, last_c = call.x, [], []
        directions = 2 if getattr(module, "bidirectional", False) else 1
        ends = (call.lengths - 1, torch.arange(len(call.lengths)))
        for layer in range(getattr(module, "num_layers", 1)):
            both = []
            for direction in range(directions):
                row = layer * directions + direction
                ins = flip(below, call.lengths) if direction else below
                changed = edits.get((layer, direction), {})
                weights = Weights.of(module, layer, direction)
                h, c = play(weights, ins, call.h0[row], None if call.c0 is None else call.c0[row], changed, taken)
                last_h.append(h[ends])
                last_c.append(c[ends] if c is not None else None)
                both.append(flip(h, call.lengths) if direction else h)
            below = torch.cat(both, 2) if directions > 1 else both[0]
        taken += call.x.shape[0]
        return _as_output(module, x, output, below, call.lengths, last_h, last_c)

    return hook


def _edited(
    module: nn.Module, output: Any, values: Mapping[str, Tensor], edits: Mapping[str, Sequence[Edit]], step: int
) -> Any:
    """What a registered cell returned, with its states changed: those that are part of it go on into the next step."""
    for state, changes in edits.items():
        kind = type(module).__name__
        if state not in values:
            raise UsageError(f"{kind} has no state {state!r}; it has {', '.join(values)}")
        value = values[state]
        units = [u for c in changes for u in (c.units if isinstance(c, Hold) else [c.unit])]  # type: ignore[attr-defined]
        if any(not 0 <= u < value.shape[-1] for u in units):
            raise UsageError(f"{kind} has units 0 to {value.shape[-1] - 1}, got {units}")
        parts = list(output) if isinstance(output, tuple | list) else [output]
        place = next((n for n, p in enumerate(parts) if isinstance(p, Tensor) and _same(p, value)), None)
        if place is None:
            raise UnsupportedError(
                f"{kind} does not return its {state!r}: a change of it would not go on; there is no way"
            )
        parts[place] = parts[place].clone()
        for change in changes:
            change(step, parts[place])
        output = type(output)(parts) if isinstance(output, tuple | list) else parts[0]
    return output


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool(torch.equal(one.detach(), other.detach()))


def _as_output(
    module: nn.Module, x: Any, output: Any, h: Tensor, lengths: Tensor, last_h: list[Tensor], last_c: list[Any]
) -> Any:
    """What the module would have returned, in the layout in which it was called."""
    states = [torch.stack(last_h)] + ([torch.stack(last_c)] if last_c[0] is not None else [])
    if isinstance(module, nn.RNNCellBase):
        states = [s[0] if x.ndim == 2 else s[0, 0] for s in states]
        return tuple(states) if len(states) > 1 else states[0]
    if isinstance(x, PackedSequence):
        # Sorted as the module's own input was, so that whoever unpacks it finds each sequence in its place.
        out: Any = pack_padded_sequence(h, lengths, enforce_sorted=x.sorted_indices is None)
    else:
        flat = x.ndim == 2
        out = h[:, 0] if flat else h.transpose(0, 1) if module.batch_first else h
        states = [s[:, 0] for s in states] if flat else states
    return out, tuple(states) if len(states) > 1 else states[0]


def play(
    weights: Weights,
    x: Tensor,
    h: Tensor,
    c: Tensor | None,
    edits: Mapping[str, Sequence[Edit]],
    first: int = 0,
) -> tuple[Tensor, Tensor | None]:
    """(T, N, P) and (T, N, U): one layer and direction, step by step, with changes on the way."""

    def change(name: str, step: int, value: Tensor) -> Tensor:
        for edit in edits.get(name, ()):
            edit(step, value)
        return value

    linear = nn.functional.linear
    from_x = linear(x, weights.w_ih, weights.b_ih)
    hs, cs = [], []
    for t in range(len(x)):
        step = first + t
        from_h = linear(h, weights.w_hh, weights.b_hh)
        if weights.kind == "LSTM":
            parts = (from_x[t] + from_h).chunk(4, 1)
            i, f, o = (change(n, step, parts[k].sigmoid()) for n, k in (("i", 0), ("f", 1), ("o", 3)))
            g = change("g", step, parts[2].tanh())
            assert c is not None
            c = change("c", step, f * c + i * g)
            h = o * c.tanh()
            if weights.w_hr is not None:
                h = h @ weights.w_hr.t()
            cs.append(c)
        elif weights.kind == "GRU":
            xs, hs_ = from_x[t].chunk(3, 1), from_h.chunk(3, 1)
            r = change("r", step, (xs[0] + hs_[0]).sigmoid())
            z = change("z", step, (xs[1] + hs_[1]).sigmoid())
            n = change("n", step, (xs[2] + r * hs_[2]).tanh())
            h = torch.lerp(n, h, z)
        else:
            total = from_x[t] + from_h
            h = total.tanh() if weights.nonlinearity == "tanh" else total.relu()
        h = change("h", step, h)
        hs.append(h)
    return torch.stack(hs), torch.stack(cs) if cs else None
