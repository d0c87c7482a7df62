"""Sequences: texts, token numbers, series, sounds."""

from __future__ import annotations

import collections.abc
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from deepro.network import Network
from deepro.network import sequences as network
from deepro.network.sequences import as_sequences
from deepro.network.sound import Sound
from deepro.parameters.base import Context, Type, names

One: TypeAlias = (
    str
    | Path
    | Sound
    | np.ndarray
    | Tensor
    | PackedSequence
    | list[Any]
    | tuple[Any, ...]
    | collections.abc.Mapping[str, Any]
    | network.Sequences
)
STEPS, TOKENS = 30, 5  # of a sample


class _Sequences(Type):
    """Sequences: texts, files, token numbers, series, sounds, or what the network's forward takes."""

    name, data, several = "sequences", True, True
    count = 6

    def value(self, net: Network, given: Any) -> network.Sequences:
        return as_sequences(net, given)

    def read(self, net: Network, words: collections.abc.Sequence[str], context: Context) -> Any:
        return as_sequences(net, [Path(w) for w in words])

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        return [context.text()]

    def python(self, kept: Any) -> str:
        found = self.words(kept)
        if found is None:
            return "SEQUENCES"  # given as values: they are for the reader to supply
        return f"Path({found[0]!r})" if len(found) == 1 else f"[{', '.join(f'Path({n!r})' for n in found)}]"

    def words(self, kept: Any) -> list[str] | None:
        return names(kept)

    def sample(self, net: Network) -> Any:
        make = np.random.default_rng(0)
        return [make.normal(size=(STEPS, 3)).astype(np.float32) for _ in range(self.count)]


class _Sequence(_Sequences):
    """One sequence."""

    name, several = "sequence", False
    count = 1

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        return context.text()

    def sample(self, net: Network) -> Any:
        return super().sample(net)[0]


class _TokenSequences(_Sequences):
    """Sequences of tokens."""

    def sample(self, net: Network) -> Any:
        make = np.random.default_rng(0)
        return [make.integers(0, TOKENS, STEPS) for _ in range(self.count)]


class _TokenSequence(_TokenSequences, _Sequence):
    """One sequence of tokens."""

    def sample(self, net: Network) -> Any:
        return super().sample(net)[0]


class _Alphabet(Type):
    """The tokens that sequences are made of: their numbers or texts; all that the network knows by default."""

    name = "alphabet"

    def read(self, net: Network, words: collections.abc.Sequence[str], context: Context) -> Any:
        parts = [w for word in words for w in word.split(",")]
        return [int(p) if p.isdecimal() else p for p in parts]

    def words(self, kept: Any) -> list[str] | None:
        return [",".join(map(str, kept))] if isinstance(kept, list) else [str(kept)]

    def sample(self, net: Network) -> Any:
        return [0, 1, 2]


AnySequences = Annotated[One | collections.abc.Sequence[One], _Sequences()]
AnySequence = Annotated[One, _Sequence()]
TokenSequences = Annotated[One | collections.abc.Sequence[One], _TokenSequences()]
TokenSequence = Annotated[One, _TokenSequence()]
Alphabet = Annotated[str | collections.abc.Sequence[int | str], _Alphabet()]
