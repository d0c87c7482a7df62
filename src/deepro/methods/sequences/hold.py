"""What changes when one unit is silenced, held at a value, or given what it was in another sequence."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from deepro.errors import UnsupportedError, UsageError
from deepro.kinds.sequences.intervention import Intervention
from deepro.methods.sequences.intervene import Hold, Swap, intervening, stepwise
from deepro.methods.sequences.trace import read
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences, run
from deepro.network.vocabulary import Vocabulary
from deepro.parameters import AnySequence, Bounds, LayerName, OtherSequence
from deepro.probe import first_tensor
from deepro.registry import Paper, method
from deepro.shapes import to_array


@method(
    family="sequences",
    paper=Paper(
        "Lakretz et al.", 2019, "The emergence of number and syntax units in LSTM language models",
        "https://arxiv.org/abs/1903.07435",
    ),
    summary="Silence, hold or swap a unit from a step on: how predictions, loss and the written text change.",
)  # fmt: skip
def intervene(
    net: Network,
    sequence: AnySequence,
    layer: LayerName,
    other: OtherSequence | None = None,
    *,
    unit: Annotated[int, Bounds(0, 1_000_000), "the unit"] = 0,
    state: Annotated[str, "h, c or a gate"] = "c",
    how: Annotated[Literal["silence", "clamp", "swap"], "0; `value`; or what it was in `other`"] = "silence",
    value: Annotated[float, "what the unit is held at with clamp"] = 0.0,
    direction: Annotated[int, Bounds(0, 1), "1: the one that reads backwards"] = 0,
    start: Annotated[int, Bounds(0, 2**31), "first step of the change"] = 0,
    write: Annotated[int, Bounds(0, 10_000), "tokens that the network goes on to write, the most probable each"] = 0,
) -> Intervention:
    """One sequence read twice, untouched and with one unit changed from `start` on.

    other: the sequence whose states the unit gets with swap, step by step as far as it goes.
    change: total variation of the predicted probabilities at each step (in standard deviations of the output where it
    is no class). losses, changed_losses: nats for the token that came next. written, changed_text: what the network
    writes when it goes on from the end by its most probable token, where it has a vocabulary.
    Lakretz et al. 2019, arXiv 1903.07435.
    Example: `deepro.intervene(net, "def f(x):", "lstm.l0", unit=5, start=3)`
    """
    sequence = as_sequences(net, sequence)
    if len(sequence.items) != 1:
        raise UsageError(f"intervene takes one sequence at a time, got {len(sequence)} or ready tensors")
    item = sequence.items[0]
    if start >= len(item):
        raise UsageError(f"start is {start}, the sequence has steps 0 to {len(item) - 1}")
    change = _change(net, layer, state, unit, direction, how, value, other, start)
    with stepwise(net.module):  # the same arithmetic as below, so that what does not change is zero
        plain = _rows(net, sequence, item)
    with intervening(net.module, [change]):
        edited = _rows(net, sequence, item)
    classes = plain.shape[1] > 1 and (net.labels is not None or not item.is_floating_point())
    if classes:
        before, after = plain.softmax(1), edited.softmax(1)
        moved = (after - before).abs().sum(1) / 2
    else:
        moved = (edited - plain).abs().mean(1) / plain.std(correction=0).clamp(min=1e-12)
    words = net.preprocess if isinstance(net.preprocess, Vocabulary) else None
    told = (None, None)
    if write and classes and not item.is_floating_point():
        told = (_written(net, sequence, item, write, words, None), _written(net, sequence, item, write, words, change))
    next_token = not item.is_floating_point() and classes and int(item.max()) < plain.shape[1]
    return Intervention(
        layer=layer, direction=direction, state=state, unit=unit, how=how, start=start,
        change=to_array(moved), losses=_losses(plain, item) if next_token else None,
        changed_losses=_losses(edited, item) if next_token else None,
        best=tuple(net.label(int(k)) for k in plain.argmax(1)) if classes else (),
        changed_best=tuple(net.label(int(k)) for k in edited.argmax(1)) if classes else (),
        written=told[0], changed_text=told[1], text=sequence.texts[0],
    )  # fmt: skip


def _change(
    net: Network, layer: str, state: str, unit: int, direction: int, how: str, value: float, other: Any, start: int
) -> Hold | Swap:
    if how != "swap":
        held = 0.0 if how == "silence" else value
        return Hold(layer, state, [unit], [held], direction=direction, start=start)
    if other is None:
        raise UsageError("swap needs `other`, the sequence whose states the unit gets")
    given = other if isinstance(other, Sequences) else as_sequences(net, other)
    traced = read(net, given, layer)
    values = traced.states(traced.layers[0], state, direction)[0]
    if unit >= values.shape[1]:
        raise UsageError(f"layer {layer!r} has units 0 to {values.shape[1] - 1}, got {unit}")
    column = torch.from_numpy(np.ascontiguousarray(values[:, unit])).to(net.device)
    return Swap(layer, state, unit, column, direction=direction, start=start)


def _rows(net: Network, sequence: Sequences, item: Tensor) -> Tensor:
    """(T, K) what the network gives at each step of one item."""
    with torch.no_grad():
        output = first_tensor(run(net, (sequence.laid(item[None]),), {}))
    if output is None or output.ndim != 3:
        raise UnsupportedError("the network gives no row for each step: there is no prediction to see change")
    return sequence.rows(output)[0].double()


def _losses(rows: Tensor, item: Tensor) -> np.ndarray:
    """(T,) nats for the token that came next; NaN at the last step."""
    told = -rows[:-1].log_softmax(1).gather(1, item[1:, None])[:, 0]
    return np.append(told.cpu().numpy(), np.nan)


def _written(
    net: Network, sequence: Sequences, item: Tensor, count: int, words: Vocabulary | None, change: Hold | Swap | None
) -> str:
    made = item
    for _ in range(count):
        # A fresh context each time: a module counts its steps on from call to call.
        if change is None:
            rows = _rows(net, sequence, made)
        else:
            with intervening(net.module, [change]):
                rows = _rows(net, sequence, made)
        made = torch.cat([made, rows[-1].argmax()[None].to(made)])
    numbers = made[len(item) :].tolist()
    return words.decode(numbers) if words is not None else " ".join(map(str, numbers))
