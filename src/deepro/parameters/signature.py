"""Reads a method's parameters from the annotations of its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from deepro.parameters.base import Parameter, Type
from deepro.parameters.options import Option, option


def parameters(function: Callable[..., Any]) -> tuple[Parameter | Option, ...]:
    """The parameters of a function after its first, in order. Raises TypeError for an annotation without a type."""
    hints = get_type_hints(function, include_extras=True)
    first, *rest = inspect.signature(function).parameters.values()
    assert first.name == "net", f"{function.__name__} takes {first.name} first, expected net"
    found = []
    for p in rest:
        known = parameter_type(hints[p.name])
        found.append(option(p, hints[p.name]) if known is None else Parameter(p.name, known, p.default))
    return tuple(found)


def parameter_type(hint: Any) -> Type | None:
    """The `Type` in an annotation, None if it has none."""
    if get_origin(hint) is Annotated:
        return next((n for n in get_args(hint)[1:] if isinstance(n, Type)), None)
    return next((t for a in get_args(hint) if (t := parameter_type(a)) is not None), None)
