"""Captures codes: a layer's output for each of many inputs as one row of numbers an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.data.examples import Examples
from deepro.data.reading import Batch, ReadExample
from deepro.errors import ImageError, UnsupportedError, UsageError
from deepro.methods.spaces.code_cache import cache_for
from deepro.methods.spaces.code_table import CodeTable
from deepro.methods.spaces.reduce import RandomProjection
from deepro.network import Layer, Network
from deepro.probe import untouched

Pool = Literal["mean", "max", "flatten", "positions", "step"]

MEMORY = 2 << 30  # bytes of codes held for one layer, unless `memory` says otherwise
_REDUCED = 512  # dimensions that codes too wide for memory are projected to
_HALF = 65504.0  # the largest number of half precision


@dataclass(frozen=True)
class Codes:
    """What `capture` found in M readable examples.

    arrays: layer -> (M, D), or (M * positions, D) for pool 'positions'. places: layer -> shape of an example's
    positions, () where it has one row. indices: (M,) which example each is. labels: (M,) int64, -1 where unknown.
    predictions: (M,) int64 and confidence (M,) float32, None where the network gives no logits.
    pictures: (M, h, w, 3) uint8 thumbnails, None where the input is no picture. unreadable: index -> reason.
    projections: layer -> the random projection that its codes went through. notes: what was reduced.
    """

    arrays: Mapping[str, np.ndarray]
    places: Mapping[str, tuple[int, ...]]
    indices: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray | None = None
    confidence: np.ndarray | None = None
    pictures: np.ndarray | None = None
    unreadable: Mapping[int, str] = field(default_factory=dict)
    projections: Mapping[str, RandomProjection] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def pool_output(output: Tensor, layer: Layer, pool: Pool, step: int = -1) -> Tensor:
    """A layer's output as codes (N, D). pool: over everything but example and unit.

    mean, max: (N, U). flatten: (N, U * positions). positions: (N * positions, U), an example's positions together.
    step: (N, U) at one position along the first axis that is left, such as a time step; -1 is the last.
    """
    if output.ndim < 2:
        return output.reshape(len(output), -1)
    output = output.movedim((layer.batch_axis, layer.unit_axis), (0, 1))
    if not output.is_floating_point() or output.dtype in (torch.float16, torch.bfloat16):
        output = output.float()
    n, units = output.shape[:2]
    if pool == "flatten" or output.ndim == 2:
        return output.reshape(n, -1)
    if pool == "step":
        length = output.shape[2]
        if not -length <= step < length:
            raise UsageError(f"step is {step}, layer {layer.name!r} has steps 0 to {length - 1}")
        return output[:, :, step].reshape(n, -1)
    output = output.reshape(n, units, -1)
    if pool == "positions":
        return output.transpose(1, 2).reshape(-1, units)
    return output.mean(2) if pool == "mean" else output.amax(2)


def capture(
    net: Network,
    examples: Examples,
    layers: str | Sequence[str],
    *,
    pool: Pool = "mean",
    step: int = -1,
    batch_size: int = 32,
    dtype: Any = np.float32,
    memory: int = MEMORY,
    predictions: bool = True,
    thumbnails: int = 0,
    seed: int = 0,
    table: CodeTable | None = None,
) -> Codes:
    """Codes of several layers in one pass over the examples.

    memory: bytes that one layer's codes may take; wider ones are reduced by a random projection, and a note says so.
    predictions: run the pass to its end and keep the network's class and its probability. thumbnails: longest side of
    the pictures kept, 0 for none. table: where the rows are kept (in memory by default); one that holds rows already
    goes on where it ended.
    Raises UsageError for codes that are not finite or beyond half precision, UnsupportedError where a layer's output
    does not keep the examples apart, ImageError where nothing could be read.
    """
    names = [layers] if isinstance(layers, str) else list(dict.fromkeys(layers))
    if not names:
        raise UsageError("no layer given; `deepro layers` lists them")
    for name in names:
        net.check_layer(name)
    asked, pictured = names, thumbnails
    if table is None and (cache := cache_for(names, thumbnails)) is not None:
        names, predictions, thumbnails = list(dict.fromkeys(cache.layers)), True, cache.thumbnails
        about = {"pool": pool, "step": step, "dtype": np.dtype(dtype).name, "memory": memory, "seed": seed}
        table = cache.table(net, examples, about)
    table = table if table is not None else CodeTable(len(examples))
    rows = _Rows(table, len(examples), np.dtype(dtype), memory, seed)
    unreadable: list[ReadExample] = []
    kinds: Mapping[str, Layer] = {}
    if table.start < len(examples):
        progress.tell("codes", table.start, len(examples))
    with untouched(net.module), torch.no_grad():
        for batch in examples.batches(net, batch_size, table.start, unreadable):
            inputs = batch.tensor.to(net.device, net.dtype)
            kinds = kinds or net.trace(inputs)
            with net.probe(names, stop=not predictions) as probe:
                output = probe(inputs)
            found: dict[str, np.ndarray] = {"index": batch.indices.numpy(), "label": batch.labels.numpy()}
            for name in names:
                found[f"code:{name}"] = rows.code(name, probe[name], kinds[name], pool, step, batch)
            logits = _logits(net, output, len(inputs)) if predictions else None
            if logits is not None:
                share, index = logits.float().softmax(1).max(1)
                found["prediction"], found["confidence"] = index.cpu().numpy(), share.cpu().numpy()
            if thumbnails and (pictures := net.pictures(inputs)) is not None:
                found["picture"] = _thumbnails(pictures, thumbnails)
            reasons = {str(r.index): r.reason for r in unreadable}
            table.about = rows.about() | {"unreadable": table.about.get("unreadable", {}) | reasons}
            table.add(found, int(batch.indices[-1]) + 1)
            progress.tell("codes", int(batch.indices[-1]) + 1, len(examples))
    if not table.count:
        why = f": {unreadable[0].reason}" if unreadable else ""
        raise ImageError(f"none of {len(examples)} examples could be read{why}")
    missed = table.about.get("unreadable", {}) | {str(r.index): r.reason for r in unreadable}
    got = table.arrays()
    labels = got["label"] if examples.labels is None else examples.labels[got["index"]]
    return Codes(
        arrays={name: got[f"code:{name}"] for name in asked},
        places=rows.places,
        indices=got["index"],
        labels=labels,
        predictions=got.get("prediction"),
        confidence=got.get("confidence"),
        pictures=got.get("picture") if pictured else None,
        unreadable={int(i): reason for i, reason in missed.items()},
        projections={name: p for name, p in rows.projections.items() if name in asked},
        notes=tuple(note for name, note in rows.notes.items() if name in asked),
    )


def _thumbnails(pictures: np.ndarray, longest: int) -> np.ndarray:
    """(N, H, W, 3) uint8 made smaller where a side is longer than `longest`."""
    height, width = pictures.shape[1:3]
    scale = longest / max(height, width)
    if scale >= 1:
        return pictures
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = torch.nn.functional.interpolate(torch.from_numpy(pictures).permute(0, 3, 1, 2).float(), size, mode="area")
    return small.round().byte().permute(0, 2, 3, 1).numpy()


def _logits(net: Network, output: Any, n: int) -> Tensor | None:
    """(N, K) where the network is a classifier, else None."""
    try:
        logits = net.logits_of(output)
    except Exception:  # a network without logits still has codes
        return None
    return logits if isinstance(logits, Tensor) and logits.ndim == 2 and len(logits) == n else None


def _bytes(n: int) -> str:
    return f"{n / 2**30:.3g} GiB" if n >= 2**30 else f"{n / 2**20:.3g} MiB"


class _Rows:
    """Turns a layer's output into rows: pooled, checked, reduced where they would not fit."""

    def __init__(self, table: CodeTable, n: int, dtype: np.dtype, memory: int, seed: int) -> None:
        self.n, self.dtype, self.memory, self.seed = n, dtype, memory, seed
        known = table.about
        self.places = {name: tuple(shape) for name, shape in known.get("places", {}).items()}
        self.projections = {
            name: RandomProjection(s[0], s[1], seed) for name, s in known.get("projections", {}).items()
        }
        self.notes: dict[str, str] = dict(known.get("notes", {}))
        self._sizes: dict[str, tuple[int, int]] = {}  # rows an example, numbers a row

    def about(self) -> dict[str, Any]:
        """As JSON, for a pass that goes on later."""
        projections = {name: [p.size, p.count] for name, p in self.projections.items()}
        return {"places": {k: list(v) for k, v in self.places.items()}, "projections": projections, "notes": self.notes}

    def code(self, name: str, output: Tensor, kind: Layer, pool: Pool, step: int, batch: Batch) -> np.ndarray:
        n = len(batch.indices)
        if output.ndim < 1 or output.shape[min(kind.batch_axis, output.ndim - 1)] != n:
            raise UnsupportedError(
                f"layer {name!r} returns {tuple(output.shape)} for {n} examples: no axis keeps them apart"
            )
        codes = pool_output(output, kind, pool, step)
        if not bool(torch.isfinite(codes).all()):
            row = int((~torch.isfinite(codes)).any(1).nonzero()[0]) // (len(codes) // n)
            raise UsageError(
                f"layer {name!r} gives NaN or infinity for example {int(batch.indices[row])}; "
                "leave it out or mend the network"
            )
        if name not in self.places:
            self._open(name, codes, output, kind, n)
        now = (len(codes) // n, codes.shape[1])
        if self._sizes.setdefault(name, now) != now:
            raise UsageError(
                f"layer {name!r} gives codes of {now[1]} numbers for example {int(batch.indices[0])}, of "
                f"{self._sizes[name][1]} before: inputs of different sizes need pool mean or max"
            )
        values = codes.cpu().numpy()
        if name in self.projections:
            values = self.projections[name](values)
        if self.dtype == np.float16 and np.abs(values).max(initial=0) > _HALF:
            most = np.abs(values).max()
            raise UsageError(f"layer {name!r} reaches {most:.3g}, beyond half precision: use dtype float32")
        return values.astype(self.dtype)

    def _open(self, name: str, codes: Tensor, output: Tensor, kind: Layer, n: int) -> None:
        rows, width = len(codes) // n, codes.shape[1]
        shape = output.movedim((kind.batch_axis, kind.unit_axis), (0, 1)).shape[2:] if output.ndim > 1 else ()
        self.places[name] = tuple(shape) if rows > 1 else ()
        needed = self.n * rows * width * self.dtype.itemsize
        if needed <= self.memory:
            return
        count = min(_REDUCED, max(2, self.memory // max(1, self.n * rows * self.dtype.itemsize)))
        if count < width:
            self.projections[name] = RandomProjection(width, count, self.seed)
            self.notes[name] = (
                f"the codes of {name} ({self.n * rows} x {width}) would take {_bytes(needed)}: reduced to "
                f"{count} numbers by a random projection (seed {self.seed})"
            )
