"""A parameter of a method, and what its type must say."""

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
    """What a command or the Studio has at hand beside the words and values that it was given."""

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
    """What one type of argument is. A new type is one class.

    name: what a form draws a field by. data: whether it says what the network is shown: its card stands in the
    provenance as data, not as a parameter. several: whether a command may repeat it.
    """

    name: ClassVar[str]
    data: ClassVar[bool] = False
    several: ClassVar[bool] = False

    def value(self, net: Network, given: Any) -> Any:
        """What the method gets of a Python value. Raises UsageError and its children."""
        return given

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        """A Python value of the words on a command line. Raises UsageError."""
        raise NotImplementedError

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        """A Python value of what a form sent as JSON. Raises UsageError."""
        return sent

    def keep(self, value: Any) -> Any:
        """What the provenance keeps of the method's value, as JSON."""
        return plain(value)

    def shown(self, value: Any) -> Sequence[Mapping[str, Any]]:
        """The cards of what the network is shown: of data, or of the data that a result was made of."""
        return value.card() if self.data else ()

    def python(self, kept: Any) -> str:
        """The text in Python of what the provenance keeps: of data the list of its cards, else the plain value."""
        return repr(kept)

    def words(self, kept: Any) -> list[str] | None:
        """The same as words of a command; None where they cannot say it."""
        return [str(kept)]

    def says(self) -> str:
        """What it takes, in one sentence."""
        return (type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()

    def sample(self, net: Network) -> Any:
        """A small value that fits the network, for tests."""
        raise NotImplementedError


class Value(Type):
    """Anything that JSON can say: boxes by name, lists of names."""

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
        """What the method gets; None stays where it is the default."""
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
    """One or several, as a list."""
    return list(given) if isinstance(given, list | tuple) else [given]


def only(words: Sequence[str], what: str) -> str:
    """The one word that was given. Raises UsageError for more."""
    if len(words) != 1:
        raise UsageError(f"expected one {what}, got {len(words)}")
    return words[0]


def names(cards: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """The names of data as the provenance keeps them; None where one has no name."""
    found = [c.get("name") for c in cards]
    return [str(n) for n in found] if all(found) else None
