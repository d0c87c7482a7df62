"""Layers, units, and the numbers that are explained or raised."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from torch import Tensor

from deepro.errors import UsageError
from deepro.network import Network
from deepro.parameters.base import Context, Type, only, several
from deepro.targets import Target, as_target

_RECURRENT = ("LSTM", "GRU", "RNN")
_STACKED = re.compile(r"\.l\d+$")  # one layer of a recurrent stack


class _Layer(Type):
    """One layer, by name."""

    name = "layer"

    def value(self, net: Network, given: Any) -> Any:
        if not isinstance(given, str):
            raise UsageError(f"layer is {given!r}, expected a name; see `deepro layers`")
        return given  # recurrent layers have names of their own beside those of modules: the method knows

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        for layer in several(sent):
            net.check_layer(_STACKED.sub("", layer))  # refused before it waits for its turn
        return sent

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return only(words, "layer")

    def sample(self, net: Network) -> Any:
        kinds = {name: layer.kind for name, layer in net.layers.items()}
        wanted = [n for n, kind in kinds.items() if kind in _RECURRENT] or [
            n for n, kind in kinds.items() if "Conv" in kind
        ]
        return wanted[-1]


class _Layers(_Layer):
    """One or several layers, by name."""

    name, several = "layers", True

    def value(self, net: Network, given: Any) -> Any:
        return [super(_Layers, self).value(net, layer) for layer in several(given)]

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return list(words)

    def words(self, kept: Any) -> list[str] | None:
        return [str(k) for k in several(kept)]

    def sample(self, net: Network) -> Any:
        return [super().sample(net)]


class _OtherLayers(_Layers):
    """One or several layers of the other network, by name."""

    name = "other_layers"

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        return sent

    def sample(self, net: Network) -> Any:
        return None


class _Unit(Type):
    """One unit of the layer, by its index."""

    name = "unit"

    def value(self, net: Network, given: Any) -> int:
        return _index(given)

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return _index(only(words, "unit"))

    def sample(self, net: Network) -> Any:
        return 1


class _Units(Type):
    """Units of the layer: an index, several, or for each image its own."""

    name = "units"

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return [_index(w) for w in only(words, "list of units").split(",")]

    def words(self, kept: Any) -> list[str] | None:
        flat = several(kept)
        return None if any(isinstance(k, list) for k in flat) else [",".join(map(str, flat))]

    def python(self, kept: Any) -> str:
        kept = several(kept)
        whole = len(kept) > 2 and kept == list(range(int(kept[0]), int(kept[0]) + len(kept)))
        return f"range({kept[0]}, {kept[-1] + 1})" if whole else repr(kept)

    def sample(self, net: Network) -> Any:
        return [0, 2]


class _LayerUnits(Type):
    """Units of several layers: layer -> indices."""

    name, several = "layer_units", True

    def value(self, net: Network, given: Any) -> dict[str, list[int]]:
        if not isinstance(given, Mapping) or not given:
            raise UsageError(f"units is {given!r}, expected layer -> indices")
        return {net.check_layer(str(layer)): [_index(u) for u in several(units)] for layer, units in given.items()}

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return layer_units(words)

    def words(self, kept: Any) -> list[str] | None:
        return [f"{layer}#{','.join(map(str, units))}" for layer, units in kept.items()]

    def sample(self, net: Network) -> Any:
        layers = [n for n, layer in net.layers.items() if "Conv" in layer.kind]
        return {layers[-1]: [0, 3], layers[0]: [5]}


class _Target(Type):
    """What is explained: a label, a class index, LAYER#UNIT; each image's prediction where nothing is said."""

    name = "target"

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return _aim(net, only(words, "target"))

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        for one in several(sent):
            as_target(net, one)  # refused before it waits for its turn
        return sent

    def sample(self, net: Network) -> Any:
        return net.label(1) if net.labels else 1


class _Class(_Target):
    """One class: a label or its index."""

    name = "class"


class _Targets(_Target):
    """What is raised: labels, class indices, LAYER#UNIT."""

    name, several = "targets", True

    def value(self, net: Network, given: Any) -> Any:
        if isinstance(given, list | tuple) and not given:
            raise UsageError("no target was given: expected at least one target, a label, a class index, or LAYER#UNIT")
        return given

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return [_aim(net, word) for word in words]

    def words(self, kept: Any) -> list[str] | None:
        return [str(k) for k in several(kept)]

    def sample(self, net: Network) -> Any:
        return [super().sample(net), 2]


LayerName = Annotated[str, _Layer()]
LayerNames = Annotated[str | Sequence[str], _Layers()]
OtherLayers = Annotated[str | Sequence[str], _OtherLayers()]
Unit = Annotated[int, _Unit()]
Units = Annotated[int | Sequence[Any] | np.ndarray | Tensor, _Units()]
LayerUnits = Annotated[Mapping[str, Sequence[int]], _LayerUnits()]
OneClass = Annotated[str | int, _Class()]
OneTarget = Annotated[str | int | Target | Sequence[str | int | Target], _Target()]
Targets = Annotated[str | int | Target | Sequence[str | int | Target], _Targets()]


def layer_units(words: Sequence[str]) -> dict[str, list[int]]:
    """['a#3,5-7', 'b#0'] as {'a': [3, 5, 6, 7], 'b': [0]}. Raises UsageError."""
    found: dict[str, list[int]] = {}
    for word in words:
        layer, _, numbers = word.rpartition("#")
        try:
            for piece in numbers.split(","):
                first, dash, last = piece.partition("-")
                found.setdefault(layer, []).extend(range(int(first), int(last if dash else first) + 1))
        except ValueError:
            layer = ""
        if not layer:
            raise UsageError(f"units {word!r}: expected LAYER#UNITS, such as features.10#3,17-20")
    return found


def _index(given: Any) -> int:
    text = str(given).strip()
    if isinstance(given, bool) or not text.isdecimal():
        raise UsageError(f"unit is {given!r}, expected a whole number from 0 on")
    return int(text)


def _aim(net: Network, word: str) -> str | int:
    """A label, or a class index where no label is written so."""
    return int(word) if word.isdecimal() and net.find_label(word) is None else word
