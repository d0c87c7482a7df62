"""The base classes of parameters and of their types."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from deepro.errors import UsageError
from deepro.network.fingerprint import digest_json

if TYPE_CHECKING:
    from deepro.network import Inputs, Network


class Context(Protocol):
    """What a command or the Studio supplies beside the arguments that the user typed."""

    def picture(self) -> Inputs:
        """The picture on the page of the Studio that is asked from. Raises UsageError where there is none."""
        ...

    def text(self) -> str:
        """The text that was typed into a form. Raises UsageError where there is none."""
        ...

    def data(self) -> Any:
        """The data set that the Studio was started with. Raises UsageError where there is none."""
        ...

    def stored(self, kind: str, key: str) -> Any:
        """A result of the workspace. Raises UsageError where there is none."""
        ...


class Type:
    """Base class of the types of arguments: how each is read, stored and printed. A new type is one subclass.

    name: what a form draws a field by. data: whether it says what the network is shown: its card stands in the
    provenance as data, not as a parameter. several: whether a command may repeat it.
    """

    name: ClassVar[str]
    data: ClassVar[bool] = False
    several: ClassVar[bool] = False

    def value(self, net: Network, given: Any) -> Any:
        """Convert a Python value to what the method takes. Raises UsageError or a subclass where it does not fit."""
        return given

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        """Convert words of a command line to a Python value. Raises UsageError."""
        raise NotImplementedError

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        """Convert the JSON value that a form sent to a Python value. Raises UsageError."""
        return sent

    def keep(self, value: Any) -> Any:
        """Convert the method's value to JSON for the provenance."""
        return plain(value)

    def shown(self, value: Any) -> Sequence[Mapping[str, Any]]:
        """The cards of what the network is shown: of data, or of the data that a result was made of."""
        return value.card() if self.data else ()

    def python(self, kept: Any) -> str:
        """Python code for a value in the provenance. kept: the list of cards if the parameter is data, else JSON."""
        return repr(kept)

    def words(self, kept: Any) -> list[str] | None:
        """Words of a command line for a value in the provenance, None if a command line cannot express it."""
        return [str(kept)]

    def says(self) -> str:
        """A sentence for users about the values that this type takes."""
        return (type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()

    def sample(self, net: Network) -> Any:
        """A small value for tests that fits the network."""
        raise NotImplementedError


class Value(Type):
    """Any value that can be written as JSON, such as boxes by name or a list of names."""

    name = "value"

    def __init__(self, help: str, sample: Any = None) -> None:
        self.help, self._sample = help, sample

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        try:
            return json.loads(words[0])
        except ValueError:
            return words[0]

    def words(self, kept: Any) -> list[str] | None:
        return [kept if isinstance(kept, str) else json.dumps(kept)]

    def says(self) -> str:
        return self.help

    def sample(self, net: Network) -> Any:
        return self._sample


@dataclass(frozen=True)
class Parameter:
    """One argument of a method after the network."""

    name: str
    type: Type
    default: Any = inspect.Parameter.empty

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    def value(self, net: Network, given: Any) -> Any:
        """Convert a Python value to what the method takes; None stays None if it is the default."""
        return None if given is None and self.default is None else self.type.value(net, given)


def plain(value: Any) -> Any:
    """A value as JSON; of large arrays their hash."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple | range):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if hasattr(value, "card"):
        return plain(value.card())
    if hasattr(value, "tolist"):
        count = value.numel() if hasattr(value, "numel") else getattr(value, "size", 1)
        return value.tolist() if count <= 1000 else digest_json(value.tolist())
    return getattr(value, "name", None) or repr(value)


def several(given: Any) -> list[Any]:
    """A list of the items given, also where it is a single one."""
    return list(given) if isinstance(given, list | tuple) else [given]


def only(words: Sequence[str], what: str) -> str:
    """The only word of `words`. Raises UsageError where there are more or none."""
    if len(words) != 1:
        raise UsageError(f"expected one {what}, got {len(words)}")
    return words[0]


def names(cards: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """The names of data in a provenance, None if one of them has no name."""
    found = [c.get("name") for c in cards]
    return [str(n) for n in found] if all(found) else None
