"""Types of further arguments: other networks, other sequences, stored results, the workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from deepro.errors import UsageError
from deepro.network import Network, load
from deepro.network.sequences import as_sequences
from deepro.parameters.base import Context, Type, names, only
from deepro.parameters.sequences import One
from deepro.results import Result


class _Network(Type):
    """Another network, as `deepro.load` takes its name."""

    name = "network"

    def value(self, net: Network, given: Any) -> Any:
        if not isinstance(given, Network):
            raise UsageError(f"expected another network from deepro.load, got {type(given).__name__}")
        return given

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return named(net, only(words, "network"))

    def keep(self, value: Any) -> Any:
        return kept_network(value)

    def python(self, kept: Any) -> str:
        return "OTHER" if _source(kept) == "module" else loading(kept)

    def words(self, kept: Any) -> list[str] | None:
        if _source(kept) == "module":
            return None
        return ["@".join(str(kept[k]) for k in ("source", "weights") if kept.get(k))]

    def sample(self, net: Network) -> Any:
        return net


class _Networks(_Network):
    """Other networks by name, such as the checkpoints of a training."""

    name, several = "networks", True

    def value(self, net: Network, given: Any) -> Any:
        if not isinstance(given, Mapping) or not given:
            raise UsageError(f"expected at least one network, as name -> network, got {given!r}")
        return {str(name): super(_Networks, self).value(net, one) for name, one in given.items()}

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        pairs = [w.partition("=") for w in words]
        if not all(equals for _, equals, _ in pairs):
            raise UsageError("expected NAME=MODEL or NAME=MODEL@WEIGHTS, such as last=net.py:make@last.pt")
        return {name: named(net, word) for name, _, word in pairs}

    def keep(self, value: Any) -> Any:
        return {name: super(_Networks, self).keep(one) for name, one in value.items()}

    def python(self, kept: Any) -> str:
        return "{" + ", ".join(f"{n!r}: {super(_Networks, self).python(one)}" for n, one in kept.items()) + "}"

    def words(self, kept: Any) -> list[str] | None:
        found = {name: super(_Networks, self).words(one) for name, one in kept.items()}
        return None if None in found.values() else [f"{name}={one[0]}" for name, one in found.items() if one]

    def sample(self, net: Network) -> Any:
        return {"one": net, "two": net}


class _OtherSequence(Type):
    """Another sequence or several, as a method's sequences are given."""

    name = "other_sequence"

    def value(self, net: Network, given: Any) -> Any:
        return as_sequences(net, given)

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return [Path(w) for w in words]

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        return str(sent)

    def python(self, kept: Any) -> str:
        found = names(kept)
        return "SEQUENCES" if found is None else f"[{', '.join(f'Path({n!r})' for n in found)}]"

    def words(self, kept: Any) -> list[str] | None:
        return names(kept)

    def sample(self, net: Network) -> Any:
        return None


class Stored(Type):
    """A result that is there already, kept as its key."""

    name = "result"

    def __init__(self, kind: type[Result]) -> None:
        self.kind = kind

    def value(self, net: Network, given: Any) -> Any:
        if not isinstance(given, self.kind) or given.provenance is None:
            raise UsageError(f"expected a {self.kind.kind} that was made or opened, got {type(given).__name__}")
        return given

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return context.stored(self.kind.kind, only(words, "key"))

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        return context.stored(self.kind.kind, str(sent))

    def keep(self, value: Any) -> Any:
        return value.provenance.key

    def shown(self, value: Any) -> Sequence[Mapping[str, Any]]:
        return value.provenance.data

    def python(self, kept: Any) -> str:
        return f"deepro.open({f'WORKSPACE/results/{self.kind.kind}-{kept}'!r})"

    def sample(self, net: Network) -> Any:
        return None


class _SeveralStored(Stored):
    """Results that are there already, kept as their keys."""

    name, several = "results", True

    def value(self, net: Network, given: Any) -> Any:
        return [super(_SeveralStored, self).value(net, one) for one in given]

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return [context.stored(self.kind.kind, word) for word in words]

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        return [context.stored(self.kind.kind, str(one)) for one in sent]

    def keep(self, value: Any) -> Any:
        return sorted(super(_SeveralStored, self).keep(one) for one in value)

    def shown(self, value: Any) -> Sequence[Mapping[str, Any]]:
        return [card for one in value for card in super(_SeveralStored, self).shown(one)]

    def python(self, kept: Any) -> str:
        return f"[{', '.join(super(_SeveralStored, self).python(one) for one in kept)}]"

    def words(self, kept: Any) -> list[str] | None:
        return [str(one) for one in kept]


class _Folder(Type):
    """The workspace that keeps unfinished work. `Call.run` fills it in; users do not give it."""

    name = "workspace"

    def keep(self, value: Any) -> Any:
        return None


def stored(kind: type[Result]) -> Type:
    """The type of a result of one kind: `survey: Annotated[Survey, stored(Survey)]`."""
    return Stored(kind)


def several_stored(kind: type[Result]) -> Type:
    """The type of results of one kind."""
    return _SeveralStored(kind)


OtherNetwork = Annotated[Network, _Network()]
OtherNetworks = Annotated[Mapping[str, Network], _Networks()]
OtherSequence = Annotated[One | Sequence[One], _OtherSequence()]
WorkFolder = Annotated[Any, _Folder()]


def named(net: Network, word: str) -> Network:
    """The network of MODEL or MODEL@WEIGHTS, shown what `net` is shown."""
    source, at, weights = word.rpartition("@")
    return beside(net, source, weights) if at else beside(net, word)


def beside(net: Network, source: str, weights: str | Path | None = None) -> Network:
    """Another network, shown what `net` is shown: one of the same source has all of its settings, another one only
    where it has no preprocessing of its own."""
    given: dict[str, Any] = {} if weights is None else {"weights": str(weights)}
    shown: dict[str, Any] = {"preprocess": net.preprocess, "input_shape": net.input_shape}
    if source == net.source:
        return load(source, **given, **shown, labels=net.labels, output=net.output)
    other = load(source, **given)
    return load(source, **given, **shown) if other.preprocess is None and net.preprocess is not None else other


def loading(card: Mapping[str, Any]) -> str:
    """The text in Python that loads the network of a card."""
    source, weights = card.get("source", "module"), card.get("weights")
    if source == "module":
        return "deepro.load(module)"
    return f"deepro.load({source!r}, weights={weights!r})" if weights else f"deepro.load({source!r})"


def kept_network(net: Network) -> dict[str, str]:
    """What a provenance keeps of another network."""
    about = {"name": net.name, "source": net.source, "fingerprint": net.fingerprint}
    return about if net.weights is None else {**about, "weights": net.weights}


def _source(kept: Any) -> str:
    """What the provenance keeps of another network is its card; older ones kept its fingerprint alone."""
    return str(kept.get("source", "module")) if isinstance(kept, Mapping) else "module"
