"""Statistics of a layer's units that merge: any shards in any order, merged in any tree, give the same bytes.

Each has `update` with a batch, `merge` with another, `state` as arrays, `load` from them, and `compute`.
C units. Memory does not grow with the data set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from deepro.survey.exact import ExactSum
from deepro.survey.layer_summary import LayerSummary, Summary

Arrays = dict[str, np.ndarray]


class Statistic(Protocol):
    """The methods that all statistics below have."""

    def update(self, seen: Any) -> None: ...
    def merge(self, other: Any) -> None: ...
    def state(self) -> Arrays: ...
    def load(self, state: Mapping[str, np.ndarray]) -> None: ...
    def compute(self) -> Arrays: ...


class TopK:
    """Each unit's k strongest images: value, image and position.

    An image enters once, by its largest value, at the first position (row by row) that has it. Larger values first; of
    equal ones the image that stands earlier in the data set. Free places hold NaN, image -1 and position -1.
    """

    def __init__(self, units: int, k: int, axes: int, dtype: torch.dtype = torch.float32) -> None:
        self.k = k
        self.values = torch.full((units, k), -torch.inf, dtype=dtype)
        self.images = torch.full((units, k), -1, dtype=torch.int64)
        self.positions = torch.full((units, k, axes), -1, dtype=torch.int32)

    def update(self, seen: LayerSummary) -> None:
        maxima, indices = seen.maxima.to(self.values.dtype), seen.indices.numpy()
        if seen.valid is not None:
            maxima = torch.where(seen.valid, maxima, -torch.inf)
        maxima, kept, images = maxima.numpy(), self.values.numpy(), self.images.numpy()
        last = kept[:, -1]
        beaten = maxima > last
        # An equal value enters only where its image stands earlier in the data set than the last one kept.
        if indices.min() < images[:, -1].max():
            beaten |= (maxima == last) & (indices[:, None] < images[:, -1])
        units = np.flatnonzero(beaten.any(0))
        if len(units):
            self._enter(seen, maxima, beaten[:, units], units)

    def _enter(self, seen: LayerSummary, maxima: np.ndarray, beaten: np.ndarray, units: np.ndarray) -> None:
        """Sort the images of a batch that may enter (N, U) into the lists of these units."""
        unit, row = beaten.T.nonzero()
        counts = np.bincount(unit)
        place = self.k + np.arange(len(unit)) - np.repeat(np.cumsum(counts) - counts, counts)
        shape = len(units), self.k + int(counts.max())
        values, images = np.full(shape, -np.inf, dtype=maxima.dtype), np.full(shape, -1, dtype=np.int64)
        values[:, : self.k], images[:, : self.k] = self.values.numpy()[units], self.images.numpy()[units]
        values[unit, place], images[unit, place] = maxima[row, units[unit]], seen.indices.numpy()[row]
        rows = np.full(shape, -1)
        rows[unit, place] = row
        order = _order(values, images, self.k)
        self.values.numpy()[units] = np.take_along_axis(values, order, 1)
        self.images.numpy()[units] = np.take_along_axis(images, order, 1)
        positions = self.positions.numpy()[units[:, None], np.minimum(order, self.k - 1)]
        rows = np.take_along_axis(rows, order, 1)
        unit, place = (rows >= 0).nonzero()
        positions[unit, place] = seen.locate(rows[unit, place], units[unit])
        self.positions.numpy()[units] = positions

    def merge(self, other: TopK) -> None:
        values = torch.cat([self.values, other.values], 1)
        images = torch.cat([self.images, other.images], 1)
        positions = torch.cat([self.positions, other.positions], 1)
        order = torch.from_numpy(_order(values.numpy(), images.numpy(), self.k))
        self.values, self.images = values.gather(1, order), images.gather(1, order)
        self.positions = positions.gather(1, order[..., None].expand(*order.shape, positions.shape[2]))

    def state(self) -> Arrays:
        return {
            "values": self.values.numpy(),
            "images": self.images.numpy(),
            "positions": self.positions.numpy(),
        }

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        self.values, self.images, self.positions = (
            torch.from_numpy(state[k].copy()) for k in ("values", "images", "positions")
        )

    def compute(self) -> Arrays:
        values = torch.where(self.images < 0, torch.nan, self.values)
        return {"values": values.numpy(), "images": self.images.numpy(), "positions": self.positions.numpy()}


def _order(values: np.ndarray, images: np.ndarray, k: int) -> np.ndarray:
    """(C, k) places of the first k: larger value first, then smaller image; free places last."""
    if values.dtype == np.float32 and images.max() < 2**31:
        # Value and image in one whole number: a float's bits sort like one, once those of negative floats are turned.
        bits = values.view(np.int32)
        bits = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).astype(np.int64)
        return np.argsort(((-1 - bits) << 32) | np.where(images < 0, 2**31, images), axis=1)[:, :k]
    return np.lexsort((np.where(images < 0, np.iinfo(np.int64).max, images), -values), axis=1)[:, :k]


class Moments:
    """Mean and variance over all places of all images, and how many places are above zero."""

    def __init__(self, units: int) -> None:
        self.count = torch.zeros(units, dtype=torch.int64)
        self.positives = torch.zeros(units, dtype=torch.int64)
        self.sums, self.squares = ExactSum.zeros([units]), ExactSum.zeros([units])

    def update(self, seen: Summary) -> None:
        sums, squares, positives = seen.sums, seen.squares, seen.positives
        images: int | Tensor = len(sums)
        if seen.valid is not None:
            sums, squares = sums.where(seen.valid, 0.0), squares.where(seen.valid, 0.0)
            positives = positives.where(seen.valid, 0)
            images = seen.valid.sum(0)
        self.count += images * torch.as_tensor(seen.places)
        self.positives += positives.sum(0)
        self.sums.add(sums.sum(0))
        self.squares.add(squares.sum(0))

    def merge(self, other: Moments) -> None:
        self.count += other.count
        self.positives += other.positives
        self.sums.limbs += other.sums.limbs
        self.squares.limbs += other.squares.limbs

    def state(self) -> Arrays:
        return {
            "count": self.count.numpy(),
            "positives": self.positives.numpy(),
            "sums": self.sums.limbs.numpy(),
            "squares": self.squares.limbs.numpy(),
        }

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        self.count, self.positives, self.sums.limbs, self.squares.limbs = (
            torch.from_numpy(state[k].copy()) for k in ("count", "positives", "sums", "squares")
        )

    def compute(self) -> Arrays:
        count = self.count.double()
        mean = self.sums.value() / count
        variance = (self.squares.value() / count - mean.square()).clamp_min(0)
        share = self.positives.double() / count
        return {
            "mean": mean.float().numpy(),
            "variance": variance.float().numpy(),
            "share_active": share.float().numpy(),
        }


class Extremes:
    """Smallest and largest value anywhere, and in how many images the unit is above zero at all."""

    def __init__(self, units: int, dtype: torch.dtype = torch.float32) -> None:
        self.low = torch.full((units,), torch.inf, dtype=dtype)
        self.high = torch.full((units,), -torch.inf, dtype=dtype)
        self.images = torch.zeros(units, dtype=torch.int64)
        self.active = torch.zeros(units, dtype=torch.int64)
        self.broken = torch.zeros(units, dtype=torch.int64)

    def update(self, seen: Summary) -> None:
        low, high = seen.minima.to(self.low.dtype), seen.maxima.to(self.high.dtype)
        images: int | Tensor = len(low)
        if seen.valid is not None:
            low, high = low.where(seen.valid, torch.inf), high.where(seen.valid, -torch.inf)
            images = seen.valid.sum(0)
            self.broken += len(low) - images
        self.low = torch.minimum(self.low, low.amin(0))
        self.high = torch.maximum(self.high, high.amax(0))
        self.active += (high > 0).sum(0)
        self.images += images

    def merge(self, other: Extremes) -> None:
        self.low, self.high = torch.minimum(self.low, other.low), torch.maximum(self.high, other.high)
        self.images += other.images
        self.active += other.active
        self.broken += other.broken

    _NAMES: ClassVar = ("low", "high", "images", "active", "broken")

    def state(self) -> Arrays:
        return {name: getattr(self, name).numpy() for name in self._NAMES}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        for name in self._NAMES:
            setattr(self, name, torch.from_numpy(state[name].copy()))

    def compute(self) -> Arrays:
        nothing = self.images == 0
        return {
            "minimum": self.low.masked_fill(nothing, torch.nan).numpy(),
            "maximum": self.high.masked_fill(nothing, torch.nan).numpy(),
            "share_images": (self.active.double() / self.images.double()).float().numpy(),
            "broken": self.broken.numpy(),
        }


def half_octaves(peaks: Tensor) -> Tensor:
    """The bins of `Histogram` that hold `peaks`, int32; 0 also where a value is not a number."""
    peaks = peaks.float().contiguous()
    # The exponent and the first bit of the mantissa number the half octaves.
    bins = ((peaks.view(torch.int32) >> 22) - ((127 - 16) << 1) + 2).clamp(1, Histogram.BINS - 1)
    return bins.masked_fill(~(peaks > 0), 0)


class Histogram:
    """How many images have their largest value in each bin: not above 0, then half octaves from 2^-16 to 2^16.

    Bins 1 and 66 take what is below and above the octaves. `EDGES[b]` is the lower edge of bin b.
    """

    BINS: ClassVar = 67
    EDGES: ClassVar = np.array(
        [-np.inf, 0.0] + [2.0**e * m for e in range(-16, 16) for m in (1.0, 1.5)] + [2.0**16], dtype=np.float32
    )

    def __init__(self, units: int) -> None:
        self.counts = torch.zeros(units, self.BINS, dtype=torch.int32)

    def update(self, seen: Summary) -> None:
        bins = half_octaves(seen.maxima).long()
        ones = torch.ones_like(bins, dtype=torch.int32) if seen.valid is None else seen.valid.to(torch.int32)
        self.counts.scatter_add_(1, bins.T, ones.T)

    def merge(self, other: Histogram) -> None:
        self.counts += other.counts

    def state(self) -> Arrays:
        return {"counts": self.counts.numpy()}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        self.counts = torch.from_numpy(state["counts"].copy())

    def compute(self) -> Arrays:
        return {"histogram": self.counts.numpy()}


class ClassMeans:
    """Each unit's mean over the places of a class's images, for labelled data: (classes, C).

    Of the units seen only the last `units` are kept, and of the classes those that stay within MOST numbers: memory
    does not grow with the number of classes either.
    """

    MOST: ClassVar = 8_000_000  # classes x units; 20 bytes each

    def __init__(self, units: int, classes: int = 0) -> None:
        self.units = units
        self.limit = max(1, self.MOST // max(1, units))
        self.counts = torch.zeros(classes, units, dtype=torch.int32)  # images, without those left out
        self.sums = ExactSum.zeros([classes, units], limbs=2, low=-44)

    def update(self, seen: Summary) -> None:
        labelled = (seen.labels >= 0) & (seen.labels < self.limit)
        if not self.units or not labelled.any():
            return
        labels = seen.labels[labelled]
        self._grow(int(labels.max()) + 1)
        places = seen.places[-self.units :] if isinstance(seen.places, Tensor) and seen.places.ndim else seen.places
        means = seen.sums[labelled][:, -self.units :] / places
        valid = means.abs() < self.sums.limit  # false also where it is not a number
        means = means.where(valid, 0.0)
        self.counts.index_add_(0, labels, valid.to(torch.int32))
        self.sums.limbs.index_add_(1, labels, self.sums.parts(means))

    def _grow(self, classes: int) -> None:
        more = classes - len(self.counts)
        if more > 0:
            self.counts = torch.cat([self.counts, self.counts.new_zeros(more, self.units)])
            limbs = self.sums.limbs
            self.sums.limbs = torch.cat([limbs, limbs.new_zeros(len(limbs), more, self.units)], 1)

    def merge(self, other: ClassMeans) -> None:
        self._grow(len(other.counts))
        self.counts[: len(other.counts)] += other.counts
        self.sums.limbs[:, : len(other.counts)] += other.sums.limbs

    def state(self) -> Arrays:
        return {"counts": self.counts.numpy(), "sums": self.sums.limbs.numpy()}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        self.counts = torch.from_numpy(state["counts"].copy())
        self.sums.limbs = torch.from_numpy(state["sums"].copy())

    def compute(self) -> Arrays:
        means = self.sums.value() / self.counts.double()
        images = self.counts.amax(1) if self.units else self.counts.new_zeros(len(self.counts))
        return {"class_means": means.float().numpy(), "class_images": images.numpy()}


class Pairs:
    """Which units of a layer fire together: the correlation, over the images, of their largest values in half octaves.

    Half octaves are small whole numbers, so that sums of their products are exact in any order; a value that is not
    finite counts as silence. widths: units of each layer. Layers wider than MOST are left out.
    """

    MOST: ClassVar = 2048  # units of a layer; their products take 32 MB
    PARTNERS: ClassVar = 16
    WAITING: ClassVar = 1024  # images whose products are summed in one go; 66 * 66 * 1024 is exact in float32

    def __init__(self, widths: Sequence[int]) -> None:
        self.widths = tuple(widths)
        self.images = 0  # in `sums` and `products`
        self.sums = torch.zeros(sum(widths), dtype=torch.int64)
        self.products: dict[int, Tensor] = {}  # layer -> (C, C) int64
        self._waiting: list[Tensor] = []  # (N, units) uint8

    def update(self, seen: Summary) -> None:
        bins = half_octaves(seen.maxima)
        bins = bins if seen.valid is None else bins.masked_fill(~seen.valid, 0)
        self._waiting.append(bins.to(torch.uint8))
        self._settle()

    def _settle(self, least: int = WAITING) -> None:
        """Sum the products of what waits, once there are `least` images."""
        if sum(map(len, self._waiting)) < max(1, least):
            return
        for codes in torch.cat(self._waiting).split(self.WAITING):
            self.images += len(codes)
            self.sums += codes.sum(0, dtype=torch.int64)
            for layer, part in enumerate(codes.split(self.widths, 1)):
                if part.shape[1] <= self.MOST:
                    values = part.numpy().astype(np.float32)
                    found = torch.from_numpy((values.T @ values).astype(np.int64))
                    self.products[layer] = self.products[layer] + found if layer in self.products else found
        self._waiting = []

    def merge(self, other: Pairs) -> None:
        self.images += other.images
        self.sums += other.sums
        for layer, found in other.products.items():
            self.products[layer] = self.products[layer] + found if layer in self.products else found
        self._waiting += other._waiting
        self._settle()

    def state(self) -> Arrays:
        rows = sorted(row.tobytes() for codes in self._waiting for row in codes.numpy())  # whatever order they came in
        waiting = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), len(self.sums))
        products = {f"products.{layer}": found.numpy() for layer, found in self.products.items()}
        return {
            "images": np.array(self.images), "sums": self.sums.numpy(), "waiting": waiting, **products
        }  # fmt: skip

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        self.images = int(state["images"])
        self.sums = torch.from_numpy(state["sums"].copy())
        self._waiting = [torch.from_numpy(state["waiting"].copy())] if len(state["waiting"]) else []
        self.products = {
            int(name.partition(".")[2]): torch.from_numpy(found.copy())
            for name, found in state.items()
            if name.startswith("products.")
        }

    def compute(self) -> Arrays:
        """partners (C, PARTNERS) the units that correlate most, correlations beside them; free places -1 and NaN."""
        whole = Pairs(self.widths)
        whole.merge(self)
        whole._settle(1)
        partners = np.full((len(self.sums), self.PARTNERS), -1, dtype=np.int32)
        correlations = np.full(partners.shape, np.nan, dtype=np.float32)
        start = 0
        for layer, width in enumerate(self.widths):
            if layer in whole.products and width > 1:
                among, values = _strongest_pairs(
                    whole.products[layer].numpy(), whole.sums[start : start + width].numpy(), whole.images
                )
                kept = min(self.PARTNERS, width - 1)
                partners[start : start + width, :kept] = among[:, :kept]
                correlations[start : start + width, :kept] = values[:, :kept]
            start += width
        partners[np.isnan(correlations)] = -1
        return {"partners": partners, "correlations": correlations}


def _strongest_pairs(products: np.ndarray, sums: np.ndarray, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Every unit's others, the largest correlation first, then the smaller number; NaN where a unit never changes."""
    covariance = images * products.astype(np.float64) - np.multiply.outer(sums, sums).astype(np.float64)
    deviation = np.sqrt(np.diagonal(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = covariance / np.multiply.outer(deviation, deviation)
    found[~np.isfinite(found)] = np.nan
    np.fill_diagonal(found, np.nan)
    order = _smallest(np.where(np.isnan(found), np.inf, -found), Pairs.PARTNERS)
    return order.astype(np.int32), np.take_along_axis(found, order, 1).astype(np.float32)


def _smallest(keys: np.ndarray, count: int) -> np.ndarray:
    """The first `count` columns of a stable argsort of each row, several times as fast."""
    if keys.shape[1] <= count:
        return np.argsort(keys, axis=1, kind="stable")
    part = np.argpartition(keys, count - 1, axis=1)[:, :count]
    last = np.take_along_axis(keys, part, 1).max(1, keepdims=True)
    part.sort(1)
    order = np.take_along_axis(part, np.take_along_axis(keys, part, 1).argsort(1, kind="stable"), 1)
    tied = np.flatnonzero((keys <= last).sum(1) > count)  # which of equal ones were taken is chance
    order[tied] = np.argsort(keys[tied], axis=1, kind="stable")[:, :count]
    return order
