"""States and gates of recurrent modules, recovered from what went in and what came out.

`nn.LSTM` hides its cell states and gates. A hook keeps the module's input, and the kernel is seen one layer and
direction at a time (`stack`) for every h; then the gates of all steps are two matrix products,

    G = X W_ih' + b_ih + H_(t-1) W_hh' + b_hh,

where the kernel did not keep them itself, and only c needs a scan over time. h computed from the gates must equal h
that the module returned: `LayerStates.check` is the largest difference.

Everything inside is (T, N, features), padded at the end where the sequences differ in length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from deepro.errors import LayerError, NetworkError, UnsupportedError, UsageError, near
from deepro.methods.sequences.gates import Weights, flip, kind_of, silence_padding
from deepro.methods.sequences.stack import LayerByLayer, LayerRun
from deepro.network.sequences import check_tokens
from deepro.probe import first_tensor

CellFunction = Callable[[nn.Module, tuple[Any, ...], Mapping[str, Any], Any], Mapping[str, Tensor]]

_CELLS: dict[type[nn.Module], CellFunction] = {}


def register_cell(cell: type[nn.Module], function: CellFunction) -> None:
    """Let `trace` see a recurrent module of one's own that reads one step a call.

    function(module, args, kwargs, output) -> {"h": (N, U), and, where there are such, "c" and gates by name}.
    Traces, searches, matches, half-lives and state spaces work with it as with any other, and so do interventions (and
    the search's test by holding still) on a state that the cell returns. Its gates can be seen, not held. Gradients go
    through the module's own autograd. A second registration of the class raises UsageError.
    """
    if cell in _CELLS:
        raise UsageError(f"{cell.__name__} is registered already")
    _CELLS[cell] = function


def registered(cell: nn.Module) -> CellFunction | None:
    """The function that a cell of one's own was registered with, or None."""
    return _CELLS.get(type(cell))


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
class RecurrentCall:
    """One call of a recurrent module: x (T, N, F), h0 and c0 (L * D, N, U), own output (T, N, D * P)."""

    module: nn.Module
    x: Tensor
    h0: Tensor
    c0: Tensor | None
    lengths: Tensor
    output: Tensor
    resumes: bool  # was given a state, so that it goes on where an earlier call stopped
    runs: list[LayerRun] | None = None  # each layer, time in front, where the kernel call showed them

    def seen(self, layer: int, direction: int) -> tuple[Tensor | None, list[Tensor] | None]:
        """What the call showed of a layer, in the direction's order of steps: (T, N, P) or None, and its gates."""
        run = self.runs[layer] if self.runs else None
        last = layer == getattr(self.module, "num_layers", 1) - 1
        h = self.output if last else None if run is None else run.h
        if h is not None:
            h = h.tensor_split(2 if getattr(self.module, "bidirectional", False) else 1, 2)[direction]
            h = flip(h, self.lengths) if direction else h
        return h, None if run is None else run.gates[direction]


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
    calls: dict[str, list[RecurrentCall | _Custom]] = field(init=False)

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
                call.runs, self._kernels.runs = _laid(module, self._kernels.runs), None
                self.calls[name].append(call)

        return hook

    @torch.no_grad()
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


def _laid(module: nn.Module, runs: list[LayerRun] | None) -> list[LayerRun] | None:
    """The layers with time in front, as everything here."""
    if runs is None or len(runs) != getattr(module, "num_layers", 1):
        return None
    first = getattr(module, "batch_first", False)
    return [replace(run, h=run.h.transpose(0, 1)) if first else run for run in runs]


def _arguments(input: Any, hx: Any = None) -> tuple[Any, Any]:
    return input, hx


def _normalise(module: nn.Module, x: Any, hx: Any, output: Any) -> RecurrentCall:
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
    # A copy, for what the network later does in place must not change it; steps side by side, as a result holds them.
    kept = output.transpose(0, 1).clone(memory_format=torch.contiguous_format).transpose(0, 1)
    return RecurrentCall(module, x, h0, c0, lengths.cpu(), kept, resumes)


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
            seen = [call.seen(layer, direction) for call in calls]
            if not all(own is not None for own, _ in seen):
                seen = [(weights.run(x, *start), None) for x, start in zip(ins, starts, strict=True)]
            own, kept = zip(*seen, strict=True)
            if own[0].dtype != weights.w_hh.dtype:
                raise UnsupportedError(
                    f"layer {name!r} gives {own[0].dtype} from weights in {weights.w_hh.dtype}: its forward runs under "
                    "autocast; trace it without"
                )
            states = weights.gates(ins, own, starts, kept)
            parts.append(states if not direction else {k: flip(v, calls[0].lengths) for k, v in states.items()})
        if layer < layers - 1:
            wide = torch.cat([p["h"] for p in parts], 2) if directions > 1 else parts[0]["h"]
            wide = silence_padding(wide, lengths)
            xs_next = list(wide.split([x.shape[0] for x in xs]))
        else:
            xs_next = []
        stacked = {
            k: torch.stack([silence_padding(p[k], lengths).transpose(0, 1) for p in parts])
            if directions > 1
            else silence_padding(v, lengths).transpose(0, 1)[None]
            for k, v in parts[0].items()
        }
        error = stacked.pop("again").sub_(stacked["h"]).abs_()
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
