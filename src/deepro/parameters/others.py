"""What stands beside the network and its data: other networks, other sequences, results that are there already."""

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
        return _load(net, only(words, "network"))

    def keep(self, value: Any) -> Any:
        return kept_network(value)

    def python(self, kept: Any) -> str:
        source = _source(kept)
        return "OTHER" if source == "module" else f"deepro.load({source!r})"

    def words(self, kept: Any) -> list[str] | None:
        source = _source(kept)
        return None if source == "module" else [source]

    def sample(self, net: Network) -> Any:
        return net


class _Networks(_Network):
    """Other networks by name, such as the checkpoints of a training."""

    name, several = "networks", True

    def value(self, net: Network, given: Any) -> Any:
        if not isinstance(given, Mapping) or not given:
            raise UsageError(f"expected name -> network, got {type(given).__name__}")
        return {str(name): super(_Networks, self).value(net, one) for name, one in given.items()}

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        pairs = [w.partition("=") for w in words]
        if not all(equals for _, equals, _ in pairs):
            raise UsageError("expected NAME=MODEL, such as last=net.py:make")
        return {name: _load(net, source) for name, _, source in pairs}

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


class _Stored(Type):
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
        return value.provenance.key if value.provenance else None

    def python(self, kept: Any) -> str:
        return f"deepro.open({f'WORKSPACE/results/{self.kind.kind}-{kept}'!r})"

    def sample(self, net: Network) -> Any:
        return None


class _SeveralStored(_Stored):
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

    def python(self, kept: Any) -> str:
        return f"[{', '.join(super(_SeveralStored, self).python(one) for one in kept)}]"

    def words(self, kept: Any) -> list[str] | None:
        return [str(one) for one in kept]


class _Folder(Type):
    """The workspace that keeps unfinished work; whoever runs the method gives it, and nobody is asked for it."""

    name = "workspace"

    def keep(self, value: Any) -> Any:
        return None


def stored(kind: type[Result]) -> Type:
    """The type of a result of one kind: `survey: Annotated[Survey, stored(Survey)]`."""
    return _Stored(kind)


def several_stored(kind: type[Result]) -> Type:
    """The type of results of one kind."""
    return _SeveralStored(kind)


OtherNetwork = Annotated[Network, _Network()]
OtherNetworks = Annotated[Mapping[str, Network], _Networks()]
OtherSequence = Annotated[One | Sequence[One], _OtherSequence()]
WorkFolder = Annotated[Any, _Folder()]


def _load(net: Network, source: str) -> Network:
    """Another network; one without preprocessing of its own is shown what the first is shown."""
    other = load(source)
    if other.preprocess is None and net.preprocess is not None:
        other = load(source, preprocess=net.preprocess, labels=net.labels, input_shape=net.input_shape)
    return other


def kept_network(net: Network) -> dict[str, str]:
    """What a provenance keeps of another network."""
    return {"name": net.name, "source": net.source, "fingerprint": net.fingerprint}


def _source(kept: Any) -> str:
    """What the provenance keeps of another network is its card; older ones kept its fingerprint alone."""
    return str(kept.get("source", "module")) if isinstance(kept, Mapping) else "module"
