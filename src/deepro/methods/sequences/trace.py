"""States and gates of every recurrent layer over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.errors import NetworkError, UnsupportedError, UsageError, near
from deepro.kinds.sequences.trace import Layered, Trace
from deepro.methods.sequences.carry import carrying
from deepro.methods.sequences.recurrent import LayerStates, Recorder
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences, run
from deepro.network.vocabulary import Vocabulary
from deepro.parameters import AnySequence, LayerNames
from deepro.probe import first_tensor
from deepro.registry import Paper, method
from deepro.shapes import to_array

LONG = 32_768  # steps; in half precision a longer sequence is read in quarters of it
_TRIED = 192  # steps on which it is tried whether pieces give what the whole gives
_NEAR = 1e-4

# A module whose kernel and whose own weights disagree by more than this is not what it says (a changed forward).
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}


@method(
    family="sequences",
    paper=Paper("Strobelt et al.", 2016, "LSTMVis: visual analysis for RNNs", "https://arxiv.org/abs/1606.07461"),
    summary="States and gates of recurrent layers, step by step.",
)
def trace(
    net: Network,
    sequence: AnySequence,
    layers: LayerNames | None = None,
    *,
    states: Annotated[str, "what to keep, with commas: h, c, gates such as i,f,g,o, inputs, outputs; or all"] = "all",
    precision: Annotated[
        Literal["full", "half"], "half: float16, in which 1 and 1.001 are still two; long sequences are read in pieces"
    ] = "full",
) -> Trace:
    """h, c and every gate of every recurrent layer for all steps; the module is untouched.

    sequence: text, token numbers, floats or tensors, see `deepro.network.sequences.as_sequences`. layers: recurrent
    modules or layers of a stack (rnn.l1), None for all that the forward calls.
    Works for nn.RNN, nn.GRU, nn.LSTM (stacked, bidirectional, projected, packed, called many times) and their cells.
    Raises LayerError for a layer that is not recurrent, NetworkError for one that the forward never calls or for NaN in
    its states, UnsupportedError for quantised and scripted modules.
    The self-test is made in full precision before anything is left out. A long float32 LSTM on a CPU is called as it is
    outside torch.no_grad, where its kernel keeps the gates: h is the module's to rounding (decision 14).
    Strobelt et al. 2016, arXiv 1606.07461.
    Example: `deepro.trace(net, "def f(x):").h["lstm.l0"]`
    """
    sequence = as_sequences(net, sequence)
    wanted = None if states.strip() == "all" else tuple(k.strip() for k in states.split(",") if k.strip())
    return read(net, sequence, layers, wanted, half=precision == "half")


def read(
    net: Network,
    sequence: Sequences,
    layers: str | Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    *,
    half: bool = False,
) -> Trace:
    """The trace of prepared sequences; for other methods, inside `untouched`. keep: None for everything."""
    parts = list(_read(net, sequence, layers, keep, half))
    if keep is not None:
        _known(keep, parts[0][1])
    names = list(dict.fromkeys(states.name for _, made, _ in parts for states in made))
    by_name = [(rows, {s.name: s for s in made}) for rows, made, _ in parts]
    lengths = {n: _join([(rows, m[n].lengths.numpy()) for rows, m in by_name if n in m], sequence) for n in names}

    def gather(get: Any) -> dict[str, np.ndarray]:
        gathered = {}
        for name in names:
            values = [(rows, get(m[name])) for rows, m in by_name if name in m]
            if all(v is not None for _, v in values):
                arrays = [(rows, to_array(v)) for rows, v in values]
                gathered[name] = _pad([(rows, a.astype(np.float16) if half else a) for rows, a in arrays], sequence)
        return gathered

    first = {s.name: s for _, made, _ in reversed(parts) for s in made}
    gate_names = list(dict.fromkeys(g for s in first.values() for g in s.gates))
    return Trace(
        layers=tuple(names),
        kinds=tuple(first[n].kind for n in names),
        h=Layered(gather(lambda s: s.h) if keep is None or "h" in keep else {}),
        c=Layered(gather(lambda s: s.c)) if any(s.c is not None for s in first.values()) else None,
        gates={g: Layered(gather(lambda s, g=g: s.gates.get(g))) for g in gate_names},
        inputs={n: v[0] for n, v in gather(lambda s: None if s.inputs is None else s.inputs[None]).items()},
        lengths=lengths,
        checks={n: max(m[n].check for _, m in by_name if n in m) for n in names},
        outputs=_outputs(parts, sequence, lengths),
        series=_series(sequence),
        rates=sequence.rates,
        tokens=_tokens(sequence),
        texts=sequence.texts,
        symbols=net.preprocess.tokens if isinstance(net.preprocess, Vocabulary) else None,
    )


Part = tuple[tuple[int, ...], list[LayerStates], Tensor | None]


def _read(
    net: Network, sequence: Sequences, layers: str | Sequence[str] | None, keep: Sequence[str] | None, half: bool
) -> Iterator[Part]:
    """Sequences of equal length together; where memory is to be saved, a long one by itself and a piece at a time."""
    long = [n for n, item in enumerate(sequence.items) if half and len(item) > LONG and _goes_on(net, sequence, n)]
    rest = [n for n in range(len(sequence.items)) if n not in long]
    for number in long:
        yield _in_pieces(net, sequence, number, layers, keep)
    for rows, args, kwargs in (sequence.subset(rest) if long else sequence).batches():
        with torch.no_grad(), Recorder(net.module) as recorder:
            output = run(net, args, kwargs)
        made = pick(recorder.layers(layers), layers)
        for states in made:
            check(states)
        own = tuple(rest[r] for r in rows) if long else rows
        yield own, [_only(s, keep, half) for s in made], _wanted("outputs", keep, first_tensor(output))


def _goes_on(net: Network, sequence: Sequences, number: int) -> bool:
    try:
        check_pieces(net, sequence, number)
    except (UnsupportedError, NetworkError):
        return False
    return True


def _in_pieces(
    net: Network, sequence: Sequences, number: int, layers: str | Sequence[str] | None, keep: Sequence[str] | None
) -> Part:
    """One long sequence in half precision. Only what is kept, and one piece, is in memory at a time."""
    item = sequence.items[number]
    whole: list[LayerStates] = []
    outputs: list[Tensor] = []
    at = 0
    with carrying(net.module):
        for part in progress.steps(item.split(LONG // 4), "trace"):
            _, made, output = next(_read(net, piece(sequence, number, part), layers, keep, True))
            if not whole:
                whole = [_still_empty(states, len(item)) for states in made]
            if output is not None:
                outputs.append(output if sequence.batch_first else output.transpose(0, 1))
            for states, into in zip(made, whole, strict=True):
                for mine, theirs in zip(_arrays(into), _arrays(states), strict=True):
                    mine[:, :, at : at + len(part)] = theirs
                into.check = max(into.check, states.check)
            at += len(part)
    joined = torch.cat(outputs, 1) if outputs else None
    return (number,), whole, joined if joined is None or sequence.batch_first else joined.transpose(0, 1)


def _arrays(states: LayerStates) -> list[Tensor]:
    """(D, N, T, U) each, of what is kept; inputs with an axis in front."""
    inputs = None if states.inputs is None else states.inputs[None]
    return [v for v in (states.h, states.c, *states.gates.values(), inputs) if v is not None]


def _still_empty(states: LayerStates, steps: int) -> LayerStates:
    """The same for so many steps, still empty."""

    def empty(value: Tensor, axis: int = 2) -> Tensor:
        return value.new_empty((*value.shape[:axis], steps, *value.shape[axis + 1 :]))

    return replace(
        states,
        h=empty(states.h),
        c=None if states.c is None else empty(states.c),
        gates={g: empty(v) for g, v in states.gates.items()},
        inputs=None if states.inputs is None else empty(states.inputs, 1),
        lengths=torch.full_like(states.lengths, steps),
    )


def check_pieces(net: Network, sequences: Sequences, number: int) -> None:
    """Raises UnsupportedError where pieces of a sequence do not give the states that the whole gives.

    So it is with a network that reads backwards, looks ahead by a convolution, or keeps more than recurrent states.
    """
    item = sequences.items[number][:_TRIED]
    half = len(item) // 2
    if half < 1:
        return

    def states(*parts: Tensor) -> Mapping[str, Tensor]:
        made: dict[str, list[Tensor]] = {}
        with carrying(net.module):
            for part in parts:
                trace = read(net, piece(sequences, number, part))
                for name in trace.layers:
                    made.setdefault(name, []).append(torch.from_numpy(trace.h[name][:, 0]))
        return {name: torch.cat(values, 1) for name, values in made.items()}

    whole, cut = states(item), states(item[:half], item[half:])
    for name, values in whole.items():
        if name not in cut or cut[name].shape != values.shape or float((cut[name] - values).abs().max()) > _NEAR:
            raise UnsupportedError(
                f"layer {name!r} does not go on where a piece ends (it reads backwards, or sees steps beside its own): "
                f"sequences of {len(sequences.items[number])} steps must be read whole; raise `steps`"
            )


def piece(sequences: Sequences, number: int, part: Tensor) -> Sequences:
    """One part of one sequence, as a sequence of its own."""
    one = sequences.subset([number])
    return replace(one, items=(part,), texts=(None,))


def _wanted(name: str, keep: Sequence[str] | None, value: Any) -> Any:
    return value if keep is None or name in keep else None


def _only(states: LayerStates, keep: Sequence[str] | None, half: bool) -> LayerStates:
    """What is kept of a layer, in half precision where that is asked for."""

    def short(value: Tensor | None) -> Tensor | None:
        return value.half() if half and value is not None else value

    return replace(
        states,
        h=short(states.h) if keep is None or "h" in keep else states.h[..., :0],
        c=short(_wanted("c", keep, states.c)),
        gates={g: short(v) for g, v in states.gates.items() if keep is None or g in keep},
        inputs=short(_wanted("inputs", keep, states.inputs)),
        known=("h", *(("c",) if states.c is not None else ()), *states.gates),
    )


def _known(keep: Sequence[str], made: Sequence[LayerStates]) -> None:
    known = [*dict.fromkeys(k for s in made for k in s.known), "inputs", "outputs"]
    for name in keep:
        if name not in known:
            raise UsageError(f"states: unknown {name!r}{near(name, known) or '; there are ' + ', '.join(known)}")


def _series(sequence: Sequences) -> tuple[np.ndarray, ...] | None:
    if not sequence.items or not sequence.items[0].is_floating_point():
        return None
    return tuple(to_array(item) for item in sequence.items)


def pick(made: list[LayerStates], wanted: str | Sequence[str] | None) -> list[LayerStates]:
    """Only the layer rnn.l1 of a stack, where that is what was asked for."""
    if wanted is None:
        return made
    names = {wanted} if isinstance(wanted, str) else set(wanted)
    chosen = [s for s in made if s.name in names or any(s.name.startswith((f"{n}.l", f"{n}:")) for n in names)]
    return chosen or made


def check(states: LayerStates) -> None:
    """Raises NetworkError for NaN and where the gates do not give the states that the module returned."""
    bad = ~torch.isfinite(states.h).flatten(3).all(3)
    if bool(bad.any()):
        _, sequence, step = bad.nonzero()[0].tolist()
        raise NetworkError(
            f"layer {states.name!r} has NaN or infinity in its state at step {step} of sequence {sequence}; "
            "look at the weights and at the scale of the input"
        )
    limit = TOLERANCE.get(states.h.dtype, 1e-2)
    if states.h.is_cuda:
        limit = max(limit, 5e-3)  # cuDNN rounds what it multiplies to ten bits, unless it is told not to
    if states.check > limit * max(1.0, float(states.h.abs().max())):
        raise NetworkError(
            f"layer {states.name!r}: states from its weights differ from what it returned by {states.check:.2g}; "
            "its forward is not that of the class it inherits from: register it with register_cell"
        )


def _join(values: list[tuple[tuple[int, ...], np.ndarray]], sequence: Sequences) -> np.ndarray:
    if sequence.call is not None:
        return values[0][1]
    joined = np.zeros(len(sequence), dtype=np.int64)
    for rows, value in values:
        joined[list(rows)] = value
    return joined


def _pad(values: list[tuple[tuple[int, ...], np.ndarray]], sequence: Sequences) -> np.ndarray:
    """(D, N, T, U) of all sequences in their order, zero beyond their ends."""
    if len(values) == 1:
        return values[0][1]
    directions, _, _, units = values[0][1].shape
    steps = max(v.shape[2] for _, v in values)
    padded = np.zeros((directions, len(sequence), steps, units), dtype=values[0][1].dtype)
    for rows, value in values:
        padded[:, list(rows), : value.shape[2]] = value
    return padded


def _tokens(sequence: Sequences) -> tuple[np.ndarray, ...] | None:
    if not sequence.items or sequence.items[0].ndim != 1:
        return None
    return tuple(item.cpu().numpy() for item in sequence.items)


def _outputs(
    parts: list[tuple[tuple[int, ...], list[LayerStates], Tensor | None]],
    sequence: Sequences,
    lengths: Mapping[str, np.ndarray],
) -> np.ndarray | None:
    """(N, T, K) where the network returns one row a step, else None."""
    values = []
    for rows, _, output in parts:
        if output is None or output.ndim != 3 or not rows:
            return None
        output = sequence.rows(output)
        steps = {len(sequence.items[rows[0]]), *(int(v[rows[0]]) for v in lengths.values())}
        if output.shape[0] != len(rows) or output.shape[1] not in steps:
            return None
        values.append((rows, to_array(output)[None]))
    return _pad(values, sequence)[0]
