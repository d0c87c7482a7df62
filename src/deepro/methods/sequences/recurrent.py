"""States and gates of recurrent modules, recovered from what went in and what came out.

`nn.LSTM` hides its cell states and gates. A hook keeps the module's input; the fused kernel runs again one layer and
direction at a time for every h; then the gates of all steps are two matrix products,

    G = X W_ih' + b_ih + H_(t-1) W_hh' + b_hh,

and only c needs a scan over time. h computed from the gates must equal h that the module returned: `Layer.check` is the
largest difference.

Everything inside is (T, N, features), padded at the end where the sequences differ in length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from deepro.errors import LayerError, NetworkError, UnsupportedError, UsageError, near
from deepro.methods.sequences.stack import LayerByLayer
from deepro.network.sequences import check_tokens
from deepro.probe import first_tensor

CellFunction = Callable[[nn.Module, tuple[Any, ...], Mapping[str, Any], Any], Mapping[str, Tensor]]

GATES = {"LSTM": ("i", "f", "g", "o"), "GRU": ("r", "z", "n"), "RNN": ()}
_CELLS: dict[type[nn.Module], CellFunction] = {}


def register_cell(cell: type[nn.Module], function: CellFunction) -> None:
    """Let `trace` see a recurrent module of one's own that reads one step a call.

    function(module, args, kwargs, output) -> {"h": (N, U), and, where there are such, "c" and gates by name}.
    Raises UsageError where the class is registered already.
    """
    if cell in _CELLS:
        raise UsageError(f"{cell.__name__} is registered already")
    _CELLS[cell] = function


@dataclass
class LayerStates:
    """One layer of one recurrent module. h, c, gates: (D, N, T, U) for D directions; inputs (N, T, F); lengths (N,).

    check: largest difference between h recomputed from the gates and h as the module (or its kernel) made it; of a
    registered cell, between its function's h and what it returned, NaN where that has another shape.
    """

    name: str
    kind: str
    h: Tensor
    c: Tensor | None
    gates: dict[str, Tensor]
    inputs: Tensor | None
    lengths: Tensor
    check: float
    known: tuple[str, ...] = ()


@dataclass
class Call:
    """One call of a recurrent module: x (T, N, F), h0 and c0 (L * D, N, U), own output (T, N, D * P)."""

    module: nn.Module
    x: Tensor
    h0: Tensor
    c0: Tensor | None
    lengths: Tensor
    output: Tensor
    resumes: bool  # was given a state, so that it goes on where an earlier call stopped
    stack: list[Tensor] | None = None  # (T, N, D * P) of each layer, where the kernel call showed them


@dataclass
class _Custom:
    module: nn.Module
    values: Mapping[str, Tensor]
    check: float  # of h with what the module returned, where that has its shape; else NaN


@dataclass
class Recorder:
    """Inside, every call of a recurrent module within `module` is kept, under the module's name."""

    module: nn.Module
    names: Mapping[str, nn.Module] = field(init=False)
    calls: dict[str, list[Call | _Custom]] = field(init=False)

    def __post_init__(self) -> None:
        self.names = recurrent_modules(self.module)
        self.calls = {}
        self._handles: list[Any] = []

    def __enter__(self) -> Recorder:
        self.calls = {name: [] for name in self.names}
        for name, module in self.names.items():
            self._handles += [
                module.register_forward_pre_hook(self._before, with_kwargs=True),
                module.register_forward_hook(self._after(name), with_kwargs=True),
            ]
        for module in self.module.modules():
            if isinstance(module, nn.Embedding):
                self._handles.append(module.register_forward_pre_hook(check_tokens))
        self._inputs: list[tuple[Any, ...]] = []
        self._kernels = LayerByLayer()
        self._kernels.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._kernels.__exit__(*exc)
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Copies: what the network later does in place must not change them.
        kept = _copy(args) if type(module) not in _CELLS else args
        self._inputs.append((kept, _copy(kwargs)))

    def _after(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, _args: Any, _kwargs: Any, output: Any) -> None:
            args, kwargs = self._inputs.pop()
            if type(module) in _CELLS:
                values = {k: v.detach().clone() for k, v in _CELLS[type(module)](module, args, kwargs, output).items()}
                if "h" not in values:
                    raise UsageError(f"the function registered for {type(module).__name__} gave no 'h'")
                own = first_tensor(output)
                check = float("nan")
                if own is not None and own.shape == values["h"].shape:
                    check = float((values["h"] - own.detach()).abs().max())
                self.calls[name].append(_Custom(module, values, check))
            else:
                call = _normalise(module, *_arguments(*args, **kwargs), output)
                call.stack, self._kernels.outputs = _laid(module, args, self._kernels.outputs), None
                self.calls[name].append(call)

        return hook

    def layers(self, wanted: Sequence[str] | None = None) -> list[LayerStates]:
        """States and gates of what was called, in the order of the modules. See `choose` for `wanted`."""
        called = {name: calls for name, calls in self.calls.items() if calls}
        names = choose(wanted, self.names, called)
        made: list[LayerStates] = []
        for name in names:
            for turn, calls in enumerate(_sequences(called[name]), 1):
                place = name or type(self.names[name]).__name__.lower()
                made += _recompute(place if turn == 1 else f"{place}:{turn}", calls)
        return made


def recurrent_modules(module: nn.Module) -> dict[str, nn.Module]:
    """Name -> recurrent module, in the module's own order; '' is the module itself.

    Raises UnsupportedError for quantised and scripted ones and LayerError where there is none.
    """
    found: dict[str, nn.Module] = {}
    for name, m in module.named_modules():
        scripted = isinstance(m, torch.jit.ScriptModule)
        kind = getattr(m, "original_name", "") if scripted else type(m).__name__
        place = f"{name or 'the network'} ({kind})"
        if scripted and kind.startswith(("LSTM", "GRU", "RNN")):
            raise UnsupportedError(
                f"{place} is scripted: hooks cannot reach into it; build it in Python and load its weights"
            )
        if "quantized" in type(m).__module__ and kind.startswith(
            ("LSTM", "GRU", "RNN", "QuantizedLSTM", "QuantizedGRU")
        ):
            raise UnsupportedError(
                f"{place} is quantised: its gates are not kept as floats; trace the network it was made from"
            )
        if isinstance(m, nn.RNNBase | nn.RNNCellBase) or type(m) in _CELLS:
            found[name] = m
    if not found:
        if isinstance(module, torch.jit.ScriptModule):
            raise UnsupportedError(
                "the network is scripted: hooks cannot reach into it; build it in Python and load its weights"
            )
        raise LayerError(
            f"{type(module).__name__} has no recurrent module (nn.RNN, nn.GRU, nn.LSTM or a cell); "
            "register one's own with deepro.methods.sequences.recurrent.register_cell"
        )
    return found


def choose(wanted: Sequence[str] | None, known: Mapping[str, nn.Module], called: Mapping[str, Any]) -> list[str]:
    """Module names that `wanted` means: modules, or a layer of a stack such as rnn.l1. None: all that were called."""
    if wanted is None:
        if not called:
            raise NetworkError(
                f"the forward pass never called its recurrent module {', '.join(n or 'itself' for n in known)}; "
                "there is nothing to trace"
            )
        return list(called)
    chosen = []
    for name in [wanted] if isinstance(wanted, str) else wanted:
        base = name.partition(":")[0]
        match = next((k for k in known if base in (k, k or type(known[k]).__name__.lower())), None)
        if match is None:
            match = _layer_of(base, known)
        if match is None:
            raise LayerError(f"{name!r} is no recurrent layer{near(name, known) or '; those are ' + ', '.join(known)}")
        if match not in called:
            raise NetworkError(f"the forward pass never called {match!r}; called were {', '.join(called) or 'none'}")
        if match not in chosen:
            chosen.append(match)
    return chosen


def _layer_of(name: str, known: Mapping[str, nn.Module]) -> str | None:
    """The module that rnn.l1 is a layer of, or None. Raises LayerError where it has fewer layers."""
    stem, _, last = name.rpartition(".l")
    match = next((k for k, m in known.items() if stem and stem in (k, k or type(m).__name__.lower())), None)
    if match is None or not last.isdecimal():
        return None
    layers = getattr(known[match], "num_layers", 1)
    if int(last) >= layers:
        raise LayerError(f"{name!r}: {stem} has layers l0 to l{layers - 1}")
    return match


def _copy(value: Any) -> Any:
    if isinstance(value, PackedSequence):
        return value._replace(data=value.data.detach().clone())
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, Mapping):
        return {k: _copy(v) for k, v in value.items()}
    return tuple(_copy(v) for v in value) if isinstance(value, tuple | list) else value


def _laid(module: nn.Module, args: tuple[Any, ...], outputs: list[Tensor] | None) -> list[Tensor] | None:
    """The layers' outputs with time in front, as everything here."""
    if outputs is None or len(outputs) != getattr(module, "num_layers", 1):
        return None
    first = getattr(module, "batch_first", False)
    turned = [h.detach().transpose(0, 1) if first and h.ndim == 3 else h.detach() for h in outputs]
    return [h if h.ndim == 3 else h[:, None] for h in turned]


def _arguments(input: Any, hx: Any = None) -> tuple[Any, Any]:
    return input, hx


def _normalise(module: nn.Module, x: Any, hx: Any, output: Any) -> Call:
    if isinstance(module, nn.RNNCellBase):
        h = output[0] if isinstance(output, tuple) else output
        flat = x.ndim == 1
        up = (lambda t: t[None, None]) if flat else (lambda t: t[None])
        x, output = up(x), up(h.detach())
        lengths = torch.full((x.shape[1],), 1)
        hx = tuple(map(up, hx)) if isinstance(hx, tuple | list) else None if hx is None else up(hx)
    else:
        assert isinstance(module, nn.RNNBase)
        own = output[0]
        flat = isinstance(x, Tensor) and x.ndim == 2
        if isinstance(x, PackedSequence):
            x, lengths = pad_packed_sequence(x)
            own, _ = pad_packed_sequence(own)
            own = own.detach()
        else:
            own = own.detach()
            if flat:
                x, own = x[:, None], own[:, None]
            elif module.batch_first:
                x, own = x.transpose(0, 1), own.transpose(0, 1)
            lengths = torch.full((x.shape[1],), x.shape[0])
        output = own
        if flat and hx is not None:
            hx = tuple(s[:, None] for s in hx) if isinstance(hx, tuple | list) else hx[:, None]
    h0, c0 = hx if isinstance(hx, tuple | list) else (hx, None)
    units, projected = module.hidden_size, getattr(module, "proj_size", 0) or module.hidden_size
    rows = getattr(module, "num_layers", 1) * (2 if getattr(module, "bidirectional", False) else 1)
    resumes = h0 is not None and bool((h0 != 0).any())
    if h0 is None:
        h0 = x.new_zeros(rows, x.shape[1], projected)
    if c0 is None and kind_of(module) == "LSTM":
        c0 = x.new_zeros(rows, x.shape[1], units)
    return Call(module, x, h0, c0, lengths.cpu(), output.clone(), resumes)


def kind_of(module: nn.Module) -> str:
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return "LSTM"
    if isinstance(module, nn.GRU | nn.GRUCell):
        return "GRU"
    return "RNN"


def _sequences(calls: Iterable[Any]) -> list[list[Any]]:
    """Calls that go on from a given state belong to the sequence before them; a call from zero begins a new one."""
    groups: list[list[Any]] = []
    for call in calls:
        if isinstance(call, _Custom):
            goes_on = bool(groups) and groups[-1][0].values["h"].shape == call.values["h"].shape
        else:
            both = getattr(call.module, "bidirectional", False)
            goes_on = bool(groups) and call.resumes and not both and groups[-1][0].x.shape[1:] == call.x.shape[1:]
            # A padded call ends at different steps: what comes after it is a sequence of its own.
            goes_on = goes_on and bool((groups[-1][-1].lengths == groups[-1][-1].x.shape[0]).all())
        if goes_on:
            groups[-1].append(call)
        else:
            groups.append([call])
    return groups


def _recompute(name: str, calls: list[Any]) -> list[LayerStates]:
    if isinstance(calls[0], _Custom):
        return [_custom(name, calls)]
    module = calls[0].module
    layers, directions = getattr(module, "num_layers", 1), 2 if getattr(module, "bidirectional", False) else 1
    lengths = torch.stack([call.lengths for call in calls]).sum(0)
    made = []
    xs = [call.x for call in calls]
    for layer in range(layers):
        parts = []
        for direction in range(directions):
            row = layer * directions + direction
            weights = Weights.of(module, layer, direction)
            ins = [flip(x, call.lengths) if direction else x for x, call in zip(xs, calls, strict=True)]
            starts = [(call.h0[row], None if call.c0 is None else call.c0[row]) for call in calls]
            if layer == layers - 1 or all(call.stack is not None for call in calls):
                outputs = [call.output if call.stack is None else call.stack[layer] for call in calls]
                own = [h.tensor_split(directions, 2)[direction] for h in outputs]
                own = [flip(h, call.lengths) if direction else h for h, call in zip(own, calls, strict=True)]
            else:
                own = [weights.run(x, *start) for x, start in zip(ins, starts, strict=True)]
            states = weights.gates(ins, own, starts)
            parts.append(states if not direction else {k: flip(v, calls[0].lengths) for k, v in states.items()})
        if layer < layers - 1:
            wide = torch.cat([p["h"] for p in parts], 2) if directions > 1 else parts[0]["h"]
            wide = _silence_padding(wide, lengths)
            xs_next = list(wide.split([x.shape[0] for x in xs]))
        else:
            xs_next = []
        stacked = (
            {k: torch.stack([_silence_padding(p[k], lengths) for p in parts]) for k in parts[0]}
            if (directions > 1)
            else {k: _silence_padding(v, lengths)[None] for k, v in parts[0].items()}
        )
        error = stacked.pop("again").sub_(stacked["h"]).abs_()
        stacked = {k: v.transpose(1, 2) for k, v in stacked.items()}
        h = stacked.pop("h")
        made.append(
            LayerStates(
                name=name if layers == 1 else f"{name}.l{layer}",
                kind=kind_of(module),
                h=h,
                c=stacked.pop("c", None),
                gates=stacked,
                inputs=torch.cat(xs).transpose(0, 1),
                lengths=lengths,
                check=float(error.max()) if error.numel() else 0.0,
            )
        )
        xs = xs_next
    return made


def _custom(name: str, calls: list[_Custom]) -> LayerStates:
    values = {k: torch.stack([c.values[k] for c in calls], 1)[None] for k in calls[0].values}
    h = values.pop("h")
    lengths = torch.full((h.shape[1],), h.shape[2])
    check = max(c.check for c in calls)
    return LayerStates(name, type(calls[0].module).__name__, h, values.pop("c", None), values, None, lengths, check)


def flip(x: Tensor, lengths: Tensor) -> Tensor:
    """(T, N, F) with each sequence turned round within its length; the padding stays at the end."""
    steps = x.shape[0]
    if bool((lengths == steps).all()):
        return x.flip(0)
    time = torch.arange(steps, device=x.device)[:, None]
    ends = lengths.to(x.device)[None]
    return x[torch.where(time < ends, ends - 1 - time, time), torch.arange(x.shape[1], device=x.device)]


def _silence_padding(x: Tensor, lengths: Tensor) -> Tensor:
    if bool((lengths == x.shape[0]).all()):
        return x
    beyond = torch.arange(x.shape[0])[:, None] >= lengths[None]
    return x.masked_fill(beyond[..., None].to(x.device), 0)


@dataclass
class Weights:
    """One layer and direction of a recurrent module: input to hidden, hidden to hidden, biases, projection."""

    kind: str
    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_hr: Tensor | None
    nonlinearity: str

    @classmethod
    def of(cls, module: nn.Module, layer: int = 0, direction: int = 0) -> Weights:
        end = "" if isinstance(module, nn.RNNCellBase) else f"_l{layer}{'_reverse' if direction else ''}"

        def get(name: str) -> Tensor | None:
            return getattr(module, name + end, None)

        w_ih, w_hh = get("weight_ih"), get("weight_hh")
        assert w_ih is not None
        assert w_hh is not None
        nonlinearity = getattr(module, "nonlinearity", "tanh")
        return cls(kind_of(module), w_ih, w_hh, get("bias_ih"), get("bias_hh"), get("weight_hr"), nonlinearity)

    @property
    def units(self) -> int:
        return self.w_hh.shape[0] // max(1, len(GATES[self.kind]))

    def run(self, x: Tensor, h0: Tensor, c0: Tensor | None) -> Tensor:
        """The fused kernel: every h, (T, N, P)."""
        flat = [w for w in (self.w_ih, self.w_hh, self.b_ih, self.b_hh, self.w_hr) if w is not None]
        rest = (flat, self.b_ih is not None, 1, 0.0, False, False, False)
        if self.kind == "LSTM":
            assert c0 is not None
            states = [h0[None].contiguous(), c0[None].contiguous()]
            return torch._VF.lstm(x, states, *rest)[0]  # type: ignore[attr-defined]
        name = "gru" if self.kind == "GRU" else f"rnn_{self.nonlinearity}"
        return getattr(torch._VF, name)(x, h0[None].contiguous(), *rest)[0]  # type: ignore[attr-defined]

    def gates(
        self, xs: list[Tensor], hs: list[Tensor], starts: list[tuple[Tensor, Tensor | None]]
    ) -> dict[str, Tensor]:
        """{h, again, c, gates}: (T, N, U) over all calls in a row; `again` is h computed from the gates."""
        h = torch.cat(hs) if len(hs) > 1 else hs[0]
        before = h.new_empty(h.shape)
        at = 0
        for own, (h0, _) in zip(hs, starts, strict=True):
            before[at] = h0
            before[at + 1 : at + len(own)] = own[:-1]
            at += len(own)
        x = torch.cat(xs) if len(xs) > 1 else xs[0]
        made: dict[str, Tensor] = {"h": h}
        from_x = _affine(x, self.w_ih, self.b_ih)
        if self.kind == "GRU":
            from_h = _affine(before, self.w_hh, self.b_hh)
            rz = from_x[..., : 2 * self.units].add_(from_h[..., : 2 * self.units]).sigmoid_()
            r, z = rz.chunk(2, 2)
            n = from_x[..., 2 * self.units :].addcmul_(r, from_h[..., 2 * self.units :]).tanh_()
            return made | {"r": r, "z": z, "n": n, "again": torch.lerp(n, before, z)}
        total = (
            from_x.view(-1, from_x.shape[-1]).addmm_(before.view(-1, before.shape[-1]), self.w_hh.t()).view_as(from_x)
        )
        if self.b_hh is not None:
            total += self.b_hh
        if self.kind == "RNN":
            return made | {"again": total.tanh_() if self.nonlinearity == "tanh" else total.relu_()}
        i, f, g, o = total.chunk(4, 2)
        total[..., : 2 * self.units].sigmoid_()
        g.tanh_()
        o.sigmoid_()
        c = torch.mul(i, g)
        at = 0
        for own, (_, c0) in zip(hs, starts, strict=True):
            assert c0 is not None
            last = c0
            for step in range(at, at + len(own)):
                last = c[step].addcmul_(f[step], last)
            at += len(own)
        again = torch.tanh(c).mul_(o)
        if self.w_hr is not None:
            again = again @ self.w_hr.t()
        return made | {"c": c, "i": i, "f": f, "g": g, "o": o, "again": again}


def _affine(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    return nn.functional.linear(x, w, b)
