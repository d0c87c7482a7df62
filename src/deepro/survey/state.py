"""Holds the statistics of all layers of a survey, updates them by batches, merges them, and stores them as arrays."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

from deepro.data import Batch
from deepro.data.reading import ReadExample
from deepro.errors import LayerError, NetworkError, StoreError
from deepro.survey.layer_summary import LayerSummary, Summary, join, summarise
from deepro.survey.statistics import ClassMeans, Extremes, Histogram, Moments, Pairs, Statistic, TopK

KEPT_REASONS = 100  # unreadable images whose reason is kept; all are counted


@dataclass(frozen=True)
class ShardRecord:
    """A finished shard: a hash of everything that was read, and its first image with the hash of that image."""

    digest: str
    read: int
    first: int
    first_digest: str


class SurveyState:
    """The statistics of all finished shards, the list of these shards, and the images that could not be read.

    `see` takes the layers of a batch one by one, as they answer; `close` ends the batch. The strongest examples are
    kept layer by layer, because they need its output; the other statistics run over the units of all layers at once.
    """

    def __init__(self) -> None:
        self.tops: dict[str, TopK] = {}
        self.whole: dict[str, Statistic] = {}
        self.done: dict[int, ShardRecord] = {}
        self.unreadable = 0
        self.reasons: dict[int, str] = {}  # image -> reason, for the first KEPT_REASONS
        self.classed = 0  # how many of the last layers keep class means
        self._open: dict[str, Summary] = {}

    @property
    def units(self) -> dict[str, slice]:
        """For each layer the slice of its units among the units of all layers."""
        ends = list(itertools.accumulate(len(top.values) for top in self.tops.values()))
        return {
            name: slice(end - len(top.values), end) for (name, top), end in zip(self.tops.items(), ends, strict=True)
        }

    def see(self, layer: str, seen: LayerSummary, k: int) -> None:
        """Add one layer's output for the present batch."""
        shape = (seen.maxima.shape[1], k, len(seen.space))
        if layer not in self.tops:
            if self.whole:
                raise NetworkError(
                    f"layer {layer!r} answers to some images and not to others; leave it out with layers="
                )
            self.tops[layer] = TopK(*shape, dtype=seen.maxima.dtype)
        was = tuple(self.tops[layer].positions.shape)
        if was != shape:
            raise LayerError(
                f"layer {layer!r} gave {shape[0]} units over {shape[2]} axes, before {was[0]} over {was[2]}: its shape "
                "changes with the input in a way that units cannot be told apart; leave it out with layers="
            )
        self.tops[layer].update(seen)
        self._open[layer] = Summary(**{f.name: getattr(seen, f.name) for f in fields(Summary)})

    def close(self, classed: int | None = None) -> None:
        """End the batch: all that need no output are updated once for all layers.

        classed: how many of the last layers keep class means, all by default.
        """
        missing = [name for name in self.tops if name not in self._open]
        if missing:
            raise NetworkError(
                f"layer {missing[0]!r} answers to some images and not to others; leave it out with layers="
            )
        seen = join([self._open[name] for name in self.tops])
        self._open = {}
        if not self.whole:
            self.classed = len(self.tops) if classed is None else classed
            self.whole = self._statistics(seen.maxima.dtype)
        for statistic in self.whole.values():
            statistic.update(seen)

    def _statistics(self, dtype: torch.dtype) -> dict[str, Statistic]:
        widths = [len(top.values) for top in self.tops.values()]
        return {
            "moments": Moments(sum(widths)),
            "extremes": Extremes(sum(widths), dtype),
            "histogram": Histogram(sum(widths)),
            "pairs": Pairs(widths),
            "classes": ClassMeans(sum(widths[len(widths) - self.classed :])),
        }

    def finish(self, shard: int, read: list[ReadExample], failed: list[ReadExample]) -> None:
        """Record that `shard` is finished. read: its images; only their hashes are used."""
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
        """Add the statistics of other shards. Raises ValueError where a shard would count twice."""
        if twice := set(self.done) & set(other.done):
            raise ValueError(f"shards {sorted(twice)} are in both")
        if not self.tops:
            self.tops, self.whole, self.classed = other.tops, other.whole, other.classed
        elif other.tops:
            if list(self.tops) != list(other.tops):
                raise ValueError("the states are of different layers")
            for name, top in self.tops.items():
                top.merge(other.tops[name])
            for name, statistic in self.whole.items():
                statistic.merge(other.whole[name])
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
        """A hash over all images that were read."""
        text = "\n".join(f"{shard} {self.done[shard].digest}" for shard in sorted(self.done))
        return hashlib.sha256(text.encode()).hexdigest()

    def compute(self) -> dict[str, dict[str, np.ndarray]]:
        """layer -> statistic -> array."""
        whole = {k: v for statistic in self.whole.values() for k, v in statistic.compute().items()}
        found: dict[str, dict[str, np.ndarray]] = {}
        means, images = whole.pop("class_means"), whole.pop("class_images")
        first = len(whole["mean"]) - means.shape[1]
        for number, (name, part) in enumerate(self.units.items()):
            found[name] = self.tops[name].compute() | {key: array[part] for key, array in whole.items()}
            kept = number >= len(self.tops) - self.classed
            found[name]["class_means"] = means[:, part.start - first : part.stop - first] if kept else means[:0, :0]
            found[name]["class_images"] = images if kept else images[:0]
        return found

    # ---- as plain values

    def arrays(self) -> dict[str, np.ndarray]:
        pieces = {f"top|{name}": top for name, top in self.tops.items()}
        pieces |= {f"all|{name}": statistic for name, statistic in self.whole.items()}
        return {f"{place}|{key}": a for place, piece in pieces.items() for key, a in piece.state().items()}

    def card(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON."""
        layers = {
            n: [*top.positions.shape, str(top.values.dtype).removeprefix("torch.")] for n, top in self.tops.items()
        }
        return {
            "layers": layers,
            "classed": self.classed,
            "done": {str(s): [r.digest, r.read, r.first, r.first_digest] for s, r in sorted(self.done.items())},
            "unreadable": self.unreadable,
            "reasons": {str(i): reason for i, reason in self.reasons.items()},
        }

    @classmethod
    def from_parts(cls, card: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> SurveyState:
        """The state that `card` and `arrays` describe. Raises StoreError where they do not fit."""
        state = cls()

        def load(statistic: Statistic, place: str) -> None:
            prefix = f"{place}|"
            statistic.load({k[len(prefix) :]: a for k, a in arrays.items() if k.startswith(prefix)})

        try:
            for name, (units, k, axes, dtype) in card["layers"].items():
                state.tops[name] = TopK(units, k, axes, getattr(torch, dtype))
                load(state.tops[name], f"top|{name}")
            if state.tops:
                kinds = {top.values.dtype for top in state.tops.values()}
                dtype = torch.float64 if torch.float64 in kinds else torch.float32
                state.classed = int(card["classed"])
                state.whole = state._statistics(dtype)
                for name, statistic in state.whole.items():
                    load(statistic, f"all|{name}")
            state.done = {int(shard): ShardRecord(*record) for shard, record in card["done"].items()}
            state.unreadable = int(card["unreadable"])
            state.reasons = {int(i): reason for i, reason in card["reasons"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(f"the checkpoint is damaged ({type(error).__name__}: {error})") from error
        return state


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
    state.see(layer, summarise(moved, batch.indices, batch.labels), k)
