"""Networks with several inputs: one is explained, the others are held fixed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from deepro.errors import NetworkError, UsageError, near
from deepro.network.fingerprint import digest_tensor
from deepro.probe import first_tensor

EXPLAINED = "explained"


class Held(nn.Module):
    """`inner` as a module of one input; the names and the memory of its layers and weights are its own.

    given: name or place of each argument -> "explained", or what it is held at; a mapping, list or tuple that holds
    "explained" somewhere within is passed with the input in its place. A tensor whose first axis is 1 is held for each
    example of a batch, any other is passed as it is.
    """

    def __init__(self, inner: nn.Module, given: Mapping[str | int, Any]) -> None:
        object.__setattr__(self, "inner", inner)  # no child: layers keep their names
        training = inner.training
        super().__init__()
        inner.training = training
        self.given = {key: _read(key, value) for key, value in given.items()}
        places = sum(_count(value) for value in self.given.values())
        if places != 1:
            raise UsageError(f"inputs= names {places} inputs as {EXPLAINED!r}, expected one: the others are held fixed")
        self._args, self._names = _arguments(inner, self.given)
        for name in ("_modules", "_parameters", "_buffers", "_non_persistent_buffers_set"):
            object.__setattr__(self, name, getattr(inner, name))

    def card(self) -> dict[str, Any]:
        """As JSON: which input is explained, and what the others are held at; tensors by their hash."""
        return {str(key): _card(value) for key, value in self.given.items()}

    def extra_repr(self) -> str:
        return type(self.inner).__name__

    @property
    def training(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return vars(self)["inner"].training

    @training.setter
    def training(self, mode: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        vars(self)["inner"].training = mode

    def forward(self, x: Tensor) -> Any:
        given = {key: _filled(value, x) for key, value in self.given.items()}
        args = [given[key] for key in self._args]
        output = vars(self)["inner"](*args, **{str(key): given[key] for key in self._names})
        first = first_tensor(output)
        if first is not None and first.ndim and len(first) != len(x):
            raise NetworkError(
                f"{len(x)} examples gave {len(first)} answers: an input that is held fixed needs a first axis of 1"
            )
        return output


def _arguments(module: nn.Module, given: Mapping[str | int, Any]) -> tuple[list[str | int], list[str | int]]:
    """Which of `given` are passed by place, in order, and which by name. Raises UsageError for what does not fit."""
    places = [key for key in given if isinstance(key, int) or str(key).isdecimal()]
    named = [key for key in given if key not in places]
    signature = inspect.signature(module.forward)
    known = [p.name for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    for key in named:
        if key not in known and not open_ended:
            raise UsageError(
                f"inputs=: forward takes no {key!r}{near(str(key), known) or '; it takes ' + listed(module)}"
            )
    places.sort(key=int)
    first = [
        key for key in named if key in known and signature.parameters[key].kind is inspect.Parameter.POSITIONAL_ONLY
    ]
    try:
        signature.bind(*range(len(places) + len(first)), **{str(k): 0 for k in named if k not in first})
    except TypeError as error:
        raise UsageError(f"inputs=: {error}; forward takes {listed(module)}") from None
    return [*places, *first], [key for key in named if key not in first]


def needed(module: nn.Module) -> list[str]:
    """The inputs without which the forward of `module` cannot run; empty where that cannot be known."""
    if isinstance(module, Held | torch.jit.ScriptModule):
        return []
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def listed(module: nn.Module) -> str:
    return ", ".join(inspect.signature(module.forward).parameters) or "nothing"


def advice(module: nn.Module) -> str:
    """What to do with a module that takes several inputs; '' where it takes one."""
    names = needed(module)
    if len(names) < 2 and not (
        names and inspect.signature(module.forward).parameters[names[0]].kind.name == "KEYWORD_ONLY"
    ):
        return ""
    rest = "".join(f", {name!r}: tensor" for name in names[1:])
    return (
        f"its forward takes {', '.join(names)}: name what is explained, as inputs={{{names[0]!r}: 'explained'{rest}}}"
    )


def _card(value: Any) -> Any:
    if isinstance(value, Tensor):
        return f"{tuple(value.shape)} {digest_tensor(value)[:12]}"
    if isinstance(value, Mapping):
        return {str(k): _card(v) for k, v in value.items()}
    return [_card(v) for v in value] if isinstance(value, list | tuple) else value if value is None else str(value)


def _count(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_count, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_count, value))
    return isinstance(value, str) and value == EXPLAINED


def _filled(value: Any, x: Tensor) -> Any:
    if isinstance(value, str) and value == EXPLAINED:
        return x
    if isinstance(value, Tensor):
        value = value.to(x.device, x.dtype if value.is_floating_point() and x.is_floating_point() else None)
        return value.expand(len(x), *value.shape[1:]) if value.ndim and len(value) == 1 else value
    if isinstance(value, Mapping):
        return type(value)({k: _filled(v, x) for k, v in value.items()})  # type: ignore[call-arg]
    if isinstance(value, list | tuple):
        return type(value)(_filled(v, x) for v in value)
    return value


def _read(key: str | int, value: Any) -> Any:
    """A value as it was given; the contents of a file for the path of one, a tensor for an array."""
    if isinstance(value, Path) or (isinstance(value, str) and value != EXPLAINED and Path(value).suffix in _FILES):
        return _from_file(key, Path(value))
    if hasattr(value, "__array__") and not isinstance(value, Tensor):
        return torch.as_tensor(value)
    return value


_FILES = (".npy", ".pt", ".safetensors", ".csv")


def _from_file(key: str | int, path: Path) -> Tensor:
    import numpy as np

    try:
        if path.suffix == ".npy":
            return torch.from_numpy(np.load(path, allow_pickle=False))
        if path.suffix == ".csv":
            return torch.from_numpy(np.loadtxt(path, delimiter=",", ndmin=2, dtype=np.float32))
        from deepro.network.weights import read_weights

        found = torch.load(path, weights_only=True) if path.suffix == ".pt" else read_weights(path)
    except (OSError, ValueError, RuntimeError, EOFError) as error:
        raise UsageError(f"inputs= {key}: cannot read {path} ({type(error).__name__}: {str(error)[:120]})") from None
    tensor = first_tensor(found)
    if tensor is None:
        raise UsageError(f"inputs= {key}: {path} holds no tensor")
    return tensor
