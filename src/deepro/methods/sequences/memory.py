"""What a recurrent network keeps and for how long: gates at their ends, half-lives, the reach of an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.errors import NetworkError, UsageError
from deepro.kinds.sequences.memory import Memory
from deepro.kinds.sequences.trace import Trace
from deepro.methods.sequences.intervene import reading
from deepro.methods.sequences.sweep import Swept
from deepro.methods.sequences.trace import read
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences, run
from deepro.parameters import AnySequences, Bounds, LayerNames
from deepro.probe import first_tensor
from deepro.registry import Paper, method

SIGMOIDS = ("i", "f", "o", "r", "z")
FEWEST = 10  # outputs that a lag is averaged over at least, or a tenth of the window where that is more
SAME = 0.9  # of the reach that half the window gives at least, where the window does not decide it
_ROOM = 1 << 24  # numbers that one layer gives for all copies at most


@method(
    family="sequences",
    paper=Paper(
        "Karpathy, Johnson, Fei-Fei", 2015, "Visualizing and understanding recurrent networks",
        "https://arxiv.org/abs/1506.02078",
    ),
    summary="Gate saturation, half-lives, and how far back an output depends on its input.",
)  # fmt: skip
def memory(
    net: Network,
    sequences: AnySequences,
    layers: LayerNames | None = None,
    *,
    steps: Annotated[int, Bounds(0, 2000), "steps of the output-by-input matrix; 0 leaves it out"] = 100,
    count: Annotated[int, Bounds(1, 1000), "sequences averaged in the matrix"] = 2,
    low: Annotated[float, Bounds(0, 0.5), "a gate below this is shut, above 1 minus this it is open"] = 0.1,
) -> Memory:
    """How a recurrent network remembers.

    Saturation: for every unit of every sigmoid gate the share of steps in which it is shut and in which it is open.
    Half-life: steps until a cell has lost half of what it held, ln 2 / -mean(ln f), f the forget gate (the update gate
    in a GRU). Influence: the norm of d y_s / d x_t, y_s the largest output of step s, x_t what the first recurrent
    layer reads at step t, averaged over the first `count` sequences that are long enough. Reach: the number of steps
    that hold 95 % of the influence on an output, on average, with its spread over outputs. Lags that fewer than ten
    outputs have (or a tenth of the window) are left out. Where half the window gives another reach, the window decides
    it: the result is `censored`, and says "at least".
    Example: `deepro.memory(net, texts)`
    """
    sequences = as_sequences(net, sequences)
    if sequences.call is not None:
        raise UsageError("memory takes a list with one text or array for each sequence, not ready tensors")
    trace = read(net, sequences, layers)
    shut, opened = saturation(trace, low)
    first = trace.lengths[trace.layers[0]].tolist()
    matrix = influence(net, sequences, steps, count, first if len(first) == len(sequences) else None) if steps else None
    curve = decay(matrix) if matrix is not None else None
    each = reaches(matrix) if matrix is not None else np.zeros(0)
    return Memory(
        layers=trace.layers,
        shut=shut,
        opened=opened,
        low=low,
        half_lives={n: lives for n in trace.layers if (lives := trace.half_lives(n)) is not None},
        influence=matrix,
        decay=curve,
        reach=reach(curve) if curve is not None else None,
        reach_spread=(int(np.quantile(each, 0.1)), int(np.quantile(each, 0.9))) if len(each) else None,
        censored=curve is not None and cut_short(curve),
        steps=len(matrix) if matrix is not None else 0,
        factor=factor(curve) if curve is not None else None,
    )


Shares = dict[str, dict[str, np.ndarray]]


def saturation(trace: Trace, low: float = 0.1) -> tuple[Shares, Shares]:
    """(shut, open): gate -> layer -> (D, U) share of steps."""
    shut: Shares = {}
    opened: Shares = {}
    for gate in (g for g in SIGMOIDS if g in trace.gates):
        for layer in trace.gates[gate]:
            values = [np.concatenate(trace.states(layer, gate, d)) for d in range(trace.gates[gate][layer].shape[0])]
            shut.setdefault(gate, {})[layer] = np.stack([(v < low).mean(0) for v in values])
            opened.setdefault(gate, {})[layer] = np.stack([(v > 1 - low).mean(0) for v in values])
    return shut, opened


def influence(
    net: Network, sequences: Sequences, steps: int, count: int, read: Sequence[int] | None = None
) -> np.ndarray:
    """(S, T): norm of d y_s / d x_t, mean over sequences.

    read: steps of the first recurrent layer for each sequence, where they are fewer than the sequence's own.
    The sequence stands in the batch once for each output step; row s contributes only its output s, so that a single
    backward pass fills the whole matrix. Through recurrent layers that pass is one sweep (`sweep.Swept`).
    Raises NetworkError where the network gives no output a step.
    """
    lengths = [len(item) for item in sequences.items] if read is None else list(read)
    long = [k for k, length in enumerate(lengths) if length >= steps] or [int(np.argmax(lengths))]
    made = []
    for k in progress.steps(long[:count], "influence"):
        item = sequences.items[k]
        made.append(_influence_of(net, item[: max(1, len(item) * min(steps, lengths[k]) // lengths[k])], sequences))
    size = min(len(matrix) for matrix in made)
    return np.mean([matrix[:size, :size] for matrix in made], axis=0)


def _influence_of(net: Network, item: Tensor, given: Sequences) -> np.ndarray:
    steps, numbers = _size_of(net, item, given)
    # As many outputs at a time as there is room for.
    rows = torch.arange(steps, device=item.device).split(max(1, _ROOM // (steps * numbers)))
    return np.concatenate([_influence_on(net, item, given, steps, part) for part in rows])


def _size_of(net: Network, item: Tensor, given: Sequences) -> tuple[int, int]:
    """How many steps the first recurrent layer reads of an item, and the most numbers a step, read or given."""
    seen: list[torch.Size] = []

    def look(x: Tensor, _start: int) -> Tensor:
        seen.append(x.shape)
        return x

    with torch.no_grad(), reading(net.module, look):
        output = first_tensor(run(net, (given.laid(item[None]),), {}))
    if not seen:
        raise NetworkError(
            "the first recurrent layer is not called with a sequence: there are no inputs to look back to; "
            "steps=0 leaves the matrix out"
        )
    steps = sum(size[1] for size in seen)
    if output is None or output.ndim != 3:
        raise NetworkError(
            "the network returns no row for each step: its outputs cannot be set against its inputs; "
            "steps=0 leaves the matrix out"
        )
    output = given.rows(output)
    if output.shape[1] != steps:
        raise NetworkError(
            f"the network returns {output.shape[1]} rows for {steps} steps; one each is needed, or steps=0"
        )
    return steps, max(seen[0][2], output.shape[2])


def _influence_on(net: Network, item: Tensor, given: Sequences, steps: int, outputs: Tensor) -> np.ndarray:
    """(S, T) the rows of some outputs."""
    batch = item[None].expand(len(outputs), *item.shape).contiguous()
    leaves: list[Tensor] = []

    def leaf(x: Tensor, _start: int) -> Tensor:
        if len(x) != len(outputs):
            raise NetworkError(f"the first recurrent layer reads a batch of {len(x)} where {len(outputs)} were given")
        leaves.append(x[:1].detach().expand_as(x).clone().requires_grad_())
        return leaves[-1]

    with torch.enable_grad(), Swept(), reading(net.module, leaf):
        output = first_tensor(run(net, (given.laid(batch),), {}))
        assert output is not None
        rows = torch.arange(len(outputs), device=output.device)
        own = given.rows(output)[rows, outputs]
        best = own.gather(1, own.argmax(1, keepdim=True)).sum()
        gradients = torch.autograd.grad(best, leaves, materialize_grads=True)
    return torch.cat(gradients, 1).norm(dim=2).double().cpu().numpy()


def decay(matrix: np.ndarray) -> np.ndarray:
    """(L,) mean influence of the input `lag` steps back, over the outputs that have one; of lags that enough have."""
    steps = len(matrix)
    least = min(max(FEWEST, -(-steps // 10)), -(-steps // 2))
    return np.array([np.diagonal(matrix, -lag).mean() for lag in range(steps - least + 1)])


def reaches(matrix: np.ndarray) -> np.ndarray:
    """The reach of each output in the window's second half, which have half a window behind them at least."""
    found = [reach(matrix[s, s::-1]) for s in range(len(matrix) // 2, len(matrix))]
    return np.array([r for r in found if r])


def cut_short(curve: np.ndarray) -> bool:
    """Whether the window decides the reach: half the lags would give another."""
    whole = reach(curve)
    return whole > 1 and reach(curve[: max(1, len(curve) // 2)]) < SAME * whole


def reach(curve: np.ndarray, share: float = 0.95) -> int:
    """Steps, the present one included, that hold `share` of the summed influence."""
    total = curve.sum()
    return int(np.searchsorted(np.cumsum(curve), share * total) + 1) if total > 0 else 0


def factor(curve: np.ndarray) -> float:
    """What the influence is multiplied by from one step back to the next, fitted over the curve.

    Far below 1 the gradient vanishes on its way back, above 1 it explodes.
    """
    known = np.flatnonzero(curve > 0)
    if len(known) < 2:
        return float("nan")
    return float(np.exp(np.polyfit(known, np.log(curve[known]), 1)[0]))
