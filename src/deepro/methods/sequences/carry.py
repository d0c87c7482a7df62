"""A long sequence read in pieces: each recurrent module goes on from the state in which the last piece left it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from deepro.methods.sequences.recurrent import recurrent_modules


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
