"""Numbers, choices and words: options with bounds and a default, read from their annotation."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin

from deepro.errors import UsageError
from deepro.parameters.base import Context, Parameter, Type, only

if TYPE_CHECKING:
    from deepro.network import Network


@dataclass(frozen=True)
class Bounds:
    """Inclusive limits of a number."""

    low: float
    high: float


@dataclass(frozen=True)
class Sample:
    """A value that tests use for an option without a default."""

    value: Any


_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_JSON: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


@dataclass(frozen=True)
class Scalar(Type):
    """A number, a word or one of several choices."""

    name: ClassVar[str] = "option"
    kind: type
    help: str
    choices: tuple[Any, ...] | None = None
    bounds: Bounds | None = None
    optional: bool = False
    example: Any = None

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return only(words, self.kind.__name__)

    def says(self) -> str:
        return self.help

    def sample(self, net: Network) -> Any:
        return self.example


@dataclass(frozen=True)
class Option(Parameter):
    """A parameter that is a number, a word or a choice. It is checked without a network."""

    type: Scalar = field()

    @property
    def help(self) -> str:
        return self.type.help

    def check(self, value: Any) -> Any:
        """Convert `value` to this option's type. Raises UsageError where it is of another type or out of bounds."""
        about = self.type
        if value is None and about.optional:
            return None
        if about.choices is not None:
            if value not in about.choices:
                raise UsageError(f"{self.name} is {value!r}, expected one of {', '.join(map(str, about.choices))}")
            return value
        try:
            value = _as(about.kind, value)
        except (TypeError, ValueError, OverflowError):
            raise UsageError(f"{self.name} is {value!r}, expected {about.kind.__name__}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"{self.name} is {value!r}, expected a finite number")
        if about.bounds and not about.bounds.low <= value <= about.bounds.high:
            raise UsageError(f"{self.name} is {value!r}, expected {about.bounds.low:g} to {about.bounds.high:g}")
        return value

    def value(self, net: Network, given: Any) -> Any:
        return self.check(given)

    def schema(self) -> dict[str, Any]:
        """The JSON schema (draft 2020-12) of this option."""
        about = self.type
        kind = _JSON.get(about.kind, "string")
        made: dict[str, Any] = {"type": [kind, "null"] if about.optional else kind, "description": about.help}
        if about.choices:
            made["enum"] = [*about.choices, None] if about.optional else list(about.choices)
        if about.bounds:
            low, high = about.bounds.low, about.bounds.high
            made["minimum"], made["maximum"] = (int(low), int(high)) if kind == "integer" else (low, high)
        if self.default is None or isinstance(self.default, bool | int | float | str):
            made["default"] = self.default
        return made


def option(parameter: inspect.Parameter, hint: Any) -> Option:
    """Make an option from a parameter's annotation."""
    notes: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        notes = tuple(rest)
    optional = type(None) in get_args(hint)
    if optional:
        hint = next(a for a in get_args(hint) if a is not type(None))
    choices = get_args(hint) if get_origin(hint) is Literal else None
    kind = type(choices[0]) if choices else (get_origin(hint) or hint)

    def note(of: type) -> Any:
        return next((n for n in notes if isinstance(n, of)), None)

    example = note(Sample)
    about = Scalar(kind, note(str) or "", choices, note(Bounds), optional, example and example.value)
    return Option(parameter.name, default=parameter.default, type=about)


def _as(kind: Any, value: Any) -> Any:
    """`value`, perhaps text from the command line, as a `kind`; ValueError where something would be lost."""
    if kind is bool and isinstance(value, str):
        return _WORDS[value.lower()] if value.lower() in _WORDS else _refuse()
    if isinstance(value, bool) or kind is bool:
        return value if isinstance(value, kind) and kind is bool else _refuse()
    if kind is int and not isinstance(value, int):
        return int(value) if isinstance(value, str) or float(value).is_integer() else _refuse()
    return value if isinstance(value, kind) else kind(value)


def _refuse() -> Any:
    raise ValueError
