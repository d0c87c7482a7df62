"""Plans a survey: layers, shards and every option on which its bytes depend."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from deepro.data import Dataset
from deepro.errors import LayerError, NetworkError, StoreError, UsageError
from deepro.methods.units.representative import neurons
from deepro.network import Layer, Network
from deepro.network.fingerprint import digest_json
from deepro.network.input_shape import example
from deepro.network.token_grid import TokenGrid
from deepro.probe import split_call
from deepro.survey.statistics import ClassMeans

T = TypeVar("T")

VERSION = 2
FEW = 5  # layers of a survey that names none
ALL = "all"
_UNNAMED = 1000  # classes that labels without names are taken to have


@dataclass(frozen=True)
class Plan:
    """The plan of a survey; equal plans over equal data give equal bytes. layers: name -> (batch axis, unit axis).

    classed: how many of the last layers keep class means, so that classes x units stay within a bound.
    """

    layers: Mapping[str, tuple[int, int]]
    grids: Mapping[str, TokenGrid]  # of layers whose places are tokens of a picture
    classed: int
    top_k: int
    batch_size: int
    shard_size: int
    images: int
    dataset: str
    network: str  # fingerprint
    network_name: str
    device: str
    torch_version: str
    version: int = VERSION

    @property
    def shards(self) -> int:
        return -(-self.images // self.shard_size)

    def indices(self, shard: int) -> range:
        """The images of a shard."""
        start = shard * self.shard_size
        return range(start, min(start + self.shard_size, self.images))

    @property
    def key(self) -> str:
        """The key of the unfinished work. The number of images is no part of it, so that added data are noticed."""
        about = self.card()
        del about["images"]
        return digest_json(about)[:20]

    def card(self) -> dict[str, Any]:
        about = asdict(self) | {"layers": {name: list(axes) for name, axes in self.layers.items()}}
        grids = {name: str(grid) for name, grid in self.grids.items()}
        return {**{k: v for k, v in about.items() if k != "grids"}, **({"grids": grids} if grids else {})}

    def differences(self, card: Mapping[str, Any]) -> list[str]:
        """How another plan's card differs from this plan, a phrase for each difference."""
        words = {
            "network": "the network's weights or preprocessing",
            "network_name": "the network",
            "dataset": "the data set",
            "torch_version": "torch",
        }
        found = []
        for name, now in self.card().items():
            was = card.get(name)
            if name == "layers" and was is not None and list(was) != list(now):
                found.append(f"layers: {len(was)} then, {len(now)} now")
            elif name == "network" and was != now:
                found.append(words[name])
            elif was != now and name not in ("layers", "network"):
                found.append(f"{words.get(name, name)}: {was} then, {now} now")
        return found


def make_plan(
    net: Network, dataset: Dataset, layers: str | Sequence[str] | None, top_k: int, batch_size: int, shard_size: int
) -> Plan:
    """Make a plan. Raises UsageError and LayerError for options and layers that do not fit."""
    for name, value in (("top_k", top_k), ("batch_size", batch_size), ("shard_size", shard_size)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise UsageError(f"{name} is {value!r}, expected a whole number of at least 1")
    chosen = choose_layers(net, layers)
    return Plan(
        layers={layer.name: (layer.batch_axis, layer.unit_axis) for layer in chosen},
        grids=_grids(net, chosen),
        classed=_classed(chosen, len(dataset.classes) or _UNNAMED),
        top_k=top_k,
        batch_size=batch_size,
        shard_size=shard_size,
        images=len(dataset),
        dataset=dataset.name,
        network=net.fingerprint,
        network_name=net.name,
        device=str(net.device),
        torch_version=torch.__version__,
    )


def _grids(net: Network, layers: Sequence[Layer]) -> dict[str, TokenGrid]:
    """Where the tokens of those layers lie in a picture that are no maps; nothing for other networks."""
    shape = net.input_shape
    if shape is None or len(shape) != 3:
        return {}
    try:
        grids = net.grids(example(net.module, shape))
        if grids.convolutional:
            return {}
        grids.look(*(layer.name for layer in layers))
        found = {layer.name: grids.get(layer.name) for layer in layers}
    except NetworkError:
        return {}
    return {name: grid for name, grid in found.items() if grid is not None and grid.tokens}


def _classed(layers: Sequence[Layer], classes: int) -> int:
    """How many of the last layers fit into the bound; at least the last."""
    totals = list(itertools.accumulate(layer.units for layer in reversed(layers)))
    return max(1, sum(total * classes <= ClassMeans.MOST for total in totals))


def choose_layers(net: Network, layers: str | Sequence[str] | None) -> list[Layer]:
    """The named layers in execution order; `ALL` for all convolutions, or all layers with weights, None for a few."""
    known = net.layers
    if layers is None:
        return spread(choose_layers(net, ALL), FEW)
    if layers in (ALL, [ALL]) and ALL not in known:
        # By type: a subclass has another name, and a block such as Conv2dNormActivation is none.
        convolutions = {n for n, m in net.module.named_modules() if isinstance(m, nn.modules.conv._ConvNd)}
        convolutions |= {layer.name for layer in neurons(net, known)}  # else a transformer's stem stood for all of it
        found = [layer for layer in known.values() if {layer.name, split_call(layer.name)[0]} & convolutions]
        return found or _weighted(net, known)
    names = [layers] if isinstance(layers, str) else list(layers)
    if not names:
        raise UsageError("no layer given; `deepro layers` lists them")
    for name in names:
        net.check_layer(name)
        if name not in known:
            raise LayerError(f"layer {name!r} returned no tensor in the forward pass; choose another")
        if not known[name].shape or known[name].units < 1:
            raise LayerError(f"layer {name!r} gives one number an image: it has no units; choose another")
    order = {name: i for i, name in enumerate(known)}
    return [known[name] for name in sorted(set(names), key=order.__getitem__)]


def spread(items: Sequence[T], count: int) -> list[T]:
    """Up to `count` of the items, at even distances from the first to the last."""
    if len(items) <= count:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(1, count - 1))] for i in range(count)]


def _weighted(net: Network, known: Mapping[str, Layer]) -> list[Layer]:
    """Layers with parameters of their own and at least one unit."""
    own = {n for n, m in net.module.named_modules() if next(m.parameters(recurse=False), None) is not None}
    found = [layer for layer in known.values() if split_call(layer.name)[0] in own and layer.shape]
    if not found:
        raise LayerError("the network has no layer with weights; name layers with layers=")
    return found


# ---- the data set as it was when the survey began


def listing(dataset: Dataset) -> Iterator[str]:
    """One line an image: id and stamp. Nothing where the data set has no stamps."""
    if len(dataset) and dataset.stamp(0) is None:
        return
    for index in range(len(dataset)):
        yield json.dumps([dataset.id(index), dataset.stamp(index)], ensure_ascii=False)


def check_listing(dataset: Dataset, file: Path, images: int) -> None:
    """Raises StoreError where the data set is no longer what `file` lists, naming the first difference."""
    if len(dataset) != images:
        _compare(dataset, file, f"it had {images} images and has {len(dataset)}")
        raise StoreError(_refusal(f"it had {images} images and has {len(dataset)}"))
    _compare(dataset, file, "")


def _compare(dataset: Dataset, file: Path, count: str) -> None:
    try:
        with file.open(encoding="utf-8") as lines:
            for then, now in itertools.zip_longest(map(str.rstrip, lines), listing(dataset)):
                if then == now:
                    continue
                was = json.loads(then) if then else None
                have = json.loads(now) if now else None
                raise StoreError(_refusal("; ".join(filter(None, [count, _difference(was, have)]))))
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} is damaged ({error}); begin anew without resume") from error


def _difference(was: list | None, have: list | None) -> str:
    if was is None:
        assert have is not None
        return f"{have[0]} is new"
    if have is None or (was[0] != have[0] and was[0] < have[0]):
        return f"{was[0]} is gone"
    if was[0] != have[0]:
        return f"{have[0]} is new"
    return f"{was[0]} changed ({was[1]} then, {have[1]} now)"


def _refusal(what: str) -> str:
    return f"the data set changed since this survey began: {what}; begin anew without resume"
