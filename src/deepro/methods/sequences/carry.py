"""A long sequence read in pieces: each recurrent module goes on from the state in which the last piece left it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from deepro.errors import UnsupportedError
from deepro.methods.sequences.recurrent import recurrent_modules
from deepro.methods.sequences.trace import read
from deepro.network import Network
from deepro.network.sequences import Sequences

_TRIED = 192  # steps on which it is tried whether pieces give what the whole gives
_NEAR = 1e-4


@contextmanager
def carrying(module: nn.Module) -> Iterator[None]:
    """Inside, a recurrent module that is called without a state goes on from its last one."""
    states: dict[str, Any] = {}
    handles = []

    def before(name: str) -> Any:
        def hook(m: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if name not in states or len(args) > 1 or kwargs.get("hx") is not None:
                return None
            return args, kwargs | {"hx": states[name]}

        return hook

    def after(name: str) -> Any:
        def hook(m: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            states[name] = _detached(output[1])

        return hook

    try:
        for name, m in recurrent_modules(module).items():
            if isinstance(m, nn.RNNBase):
                handles.append(m.register_forward_pre_hook(before(name), with_kwargs=True))
                handles.append(m.register_forward_hook(after(name), with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _detached(state: Any) -> Any:
    return state.detach().clone() if isinstance(state, Tensor) else tuple(s.detach().clone() for s in state)


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
    from dataclasses import replace

    one = sequences.subset([number])
    return replace(one, items=(part,), texts=(None,))
