"""All statistics of all layers of a survey: updated by batches, merged, and written as plain arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from deepro.data import Batch
from deepro.data.reading import Read
from deepro.errors import LayerError, StoreError
from deepro.survey.responses import Responses, respond
from deepro.survey.statistics import ClassMeans, Extremes, Histogram, Moments, Statistic, TopK

KEPT_REASONS = 100  # unreadable images whose reason is kept; all are counted


class LayerState:
    """One layer's statistics."""

    def __init__(self, units: int, k: int, axes: int, dtype: torch.dtype) -> None:
        self.shape = (units, k, axes)
        self.dtype = dtype
        self.statistics: dict[str, Statistic] = {
            "top": TopK(units, k, axes, dtype),
            "moments": Moments(units),
            "extremes": Extremes(units, dtype),
            "histogram": Histogram(units),
            "classes": ClassMeans(units),
        }

    def update(self, seen: Responses) -> None:
        for statistic in self.statistics.values():
            statistic.update(seen)

    def merge(self, other: LayerState) -> None:
        for name, statistic in self.statistics.items():
            statistic.merge(other.statistics[name])

    def compute(self) -> dict[str, np.ndarray]:
        return {k: v for statistic in self.statistics.values() for k, v in statistic.compute().items()}


@dataclass(frozen=True)
class ShardRecord:
    """What is known of a shard that is done: a hash of all it read, and its first image with that image's hash."""

    digest: str
    read: int
    first: int
    first_digest: str


@dataclass
class SurveyState:
    """The statistics so far, the shards that are in them, and what could not be read."""

    layers: dict[str, LayerState] = field(default_factory=dict)
    done: dict[int, ShardRecord] = field(default_factory=dict)
    unreadable: int = 0
    reasons: dict[int, str] = field(default_factory=dict)  # image -> reason, for the first KEPT_REASONS

    def update(self, layer: str, seen: Responses, k: int) -> None:
        units, axes = seen.maxima.shape[1], len(seen.space)
        if layer not in self.layers:
            self.layers[layer] = LayerState(units, k, axes, seen.maxima.dtype)
        elif self.layers[layer].shape != (units, k, axes):
            was = self.layers[layer].shape
            raise LayerError(
                f"layer {layer!r} gave {units} units over {axes} axes, before {was[0]} over {was[2]}: its shape "
                "changes with the input in a way that units cannot be told apart; leave it out with layers="
            )
        self.layers[layer].update(seen)

    def finish(self, shard: int, read: list[Read], failed: list[Read]) -> None:
        """Record that `shard` is in. read: digests without tensors are enough."""
        sha = hashlib.sha256()
        for one in sorted([*read, *failed], key=lambda r: r.index):
            sha.update(f"{one.index} {one.label} {one.digest}\n".encode())
        first = min(read, key=lambda r: r.index, default=None)
        self.done[shard] = ShardRecord(
            sha.hexdigest(), len(read), first.index if first else -1, first.digest if first else ""
        )
        self.unreadable += len(failed)
        self.reasons.update({one.index: one.reason for one in failed})
        self._trim()

    def merge(self, other: SurveyState) -> None:
        """Take in other shards. Raises ValueError where a shard would count twice."""
        if twice := set(self.done) & set(other.done):
            raise ValueError(f"shards {sorted(twice)} are in both")
        for name, layer in other.layers.items():
            if name in self.layers:
                self.layers[name].merge(layer)
            else:
                self.layers[name] = layer
        self.done.update(other.done)
        self.unreadable += other.unreadable
        self.reasons.update(other.reasons)
        self._trim()

    def _trim(self) -> None:
        self.reasons = {i: self.reasons[i] for i in sorted(self.reasons)[:KEPT_REASONS]}

    @property
    def images(self) -> int:
        return sum(record.read for record in self.done.values())

    @property
    def digest(self) -> str:
        """Of everything that was read."""
        text = "\n".join(f"{shard} {self.done[shard].digest}" for shard in sorted(self.done))
        return hashlib.sha256(text.encode()).hexdigest()

    # ---- as plain values

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            f"{name}|{kind}|{key}": array
            for name, layer in self.layers.items()
            for kind, statistic in layer.statistics.items()
            for key, array in statistic.state().items()
        }

    def card(self) -> dict:
        """The rest, as JSON."""
        return {
            "layers": {n: [*layer.shape, str(layer.dtype).removeprefix("torch.")] for n, layer in self.layers.items()},
            "done": {str(s): [r.digest, r.read, r.first, r.first_digest] for s, r in sorted(self.done.items())},
            "unreadable": self.unreadable,
            "reasons": {str(i): reason for i, reason in self.reasons.items()},
        }

    @classmethod
    def from_parts(cls, card: Mapping, arrays: Mapping[str, np.ndarray]) -> SurveyState:
        """The state that `card` and `arrays` describe. Raises StoreError where they do not fit."""
        try:
            layers = {}
            for name, (units, k, axes, dtype) in card["layers"].items():
                layers[name] = layer = LayerState(units, k, axes, getattr(torch, dtype))
                for kind, statistic in layer.statistics.items():
                    prefix = f"{name}|{kind}|"
                    statistic.load({k[len(prefix) :]: a for k, a in arrays.items() if k.startswith(prefix)})
            done = {int(shard): ShardRecord(*record) for shard, record in card["done"].items()}
            reasons = {int(i): reason for i, reason in card["reasons"].items()}
            return cls(layers, done, card["unreadable"], reasons)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(f"the checkpoint is damaged ({type(error).__name__}: {error})") from error


def observe(state: SurveyState, layer: str, output: torch.Tensor, batch: Batch, axes: tuple[int, int], k: int) -> None:
    """Take a layer's output for a batch into the statistics. axes: where the batch and the units stand."""
    if output.ndim < 2:
        raise LayerError(
            f"layer {layer!r} gives {tuple(output.shape)} for {len(batch.indices)} images: it has no units; "
            "choose another layer"
        )
    moved = output.detach().movedim(axes, (0, 1))
    if len(moved) != len(batch.indices):
        raise LayerError(
            f"layer {layer!r} gives {tuple(output.shape)} for {len(batch.indices)} images: not one row an image; "
            "leave it out with layers="
        )
    state.update(layer, respond(moved, batch.indices, batch.labels), k)
