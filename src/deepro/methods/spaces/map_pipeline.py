"""Makes a map of examples: captures codes, lays a sample out, places the rest, measures the quality.

The order of the points in all of this depends on their codes alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from deepro import progress
from deepro.data.examples import Examples
from deepro.errors import UsageError
from deepro.kinds.spaces.map import Map
from deepro.methods.spaces.codes import Codes, Pool, capture
from deepro.methods.spaces.layouts import Layout, pca_layout, random_layout
from deepro.methods.spaces.neighbours import Finder, Metric, Neighbours
from deepro.methods.spaces.placement import NEAREST, place
from deepro.methods.spaces.quality import SIZES, agreement, kept, quality
from deepro.network import Network

KEPT = 15  # neighbours of each point that go with the map

Lay = Callable[[np.ndarray, Neighbours, np.ndarray], Layout]  # codes, their neighbours, a start (N, 2)


@dataclass(frozen=True)
class MapOptions:
    """Options that all map methods share. memory: MiB for the codes. thumbnails: longest side in pixels."""

    layer: str
    pool: Pool
    step: int
    metric: Metric
    batch_size: int
    memory: int
    thumbnails: int
    keep_codes: bool
    seed: int


@dataclass(frozen=True)
class LayoutPlan:
    """How one method lays points out. nearest: neighbours that `lay` needs for n points; raises where n is too small.

    sample: the most points fitted, None for all. stability: number of further maps from random starts. least: the
    fewest points.
    """

    method: str
    lay: Lay
    nearest: Callable[[int], int] = lambda _n: 0
    sample: int | None = None
    stability: int = 0
    least: int = 3


def threads() -> int:
    """The number of threads that torch may use."""
    return torch.get_num_threads()


def make_map(net: Network, examples: Examples, options: MapOptions, plan: LayoutPlan) -> Map:
    """Capture the codes and lay them out; see `map_codes`."""
    captured = capture(
        net,
        examples,
        options.layer,
        pool=options.pool,
        step=options.step,
        batch_size=options.batch_size,
        memory=options.memory << 20,
        thumbnails=options.thumbnails,
        seed=options.seed,
    )
    return map_captured(net, examples, captured, options, plan)


def map_captured(
    net: Network,
    examples: Examples,
    captured: Codes,
    options: MapOptions,
    plan: LayoutPlan,
    start: np.ndarray | None = None,
) -> Map:
    """A `Map` of codes that were captured already. start: (N, 2) first positions, by default the PCA's."""
    codes = in_memory(captured.arrays[options.layer])
    places = int(np.prod(captured.places.get(options.layer) or (1,)))
    repeat = lambda values: np.repeat(values, places, axis=0)  # noqa: E731 - one row an example, or one a position
    labels = repeat(captured.labels) if (captured.labels >= 0).any() else None
    laid = map_codes(codes, options.metric, plan, labels=labels, seed=options.seed, start=start)
    columns = {}
    if captured.predictions is not None and captured.confidence is not None:
        columns = {"prediction": repeat(captured.predictions), "confidence": repeat(captured.confidence)}
        correct = _correct(net, examples, captured)
        if correct is not None:
            columns["correct"] = repeat(correct)
    notes = [*captured.notes]
    if captured.unreadable:
        first = next(iter(captured.unreadable.values()))
        notes.append(f"{len(captured.unreadable)} of {len(examples)} examples could not be read, the first: {first}")
    label_names = examples.classes or (tuple(net.labels) if labels is not None and net.labels else ())
    return replace(
        laid,
        layer=options.layer,
        pool=options.pool,
        ids=_ids(examples, captured, options.layer),
        labels=labels,
        label_names=label_names if labels is None or len(label_names) > labels.max() else (),
        columns=columns,
        column_names={"prediction": tuple(net.labels)} if columns and net.labels else {},
        facts={**laid.facts, **_facts(options, captured, codes.shape[1])},
        notes=(*notes, *laid.notes),
        codes=codes if options.keep_codes else None,
        pictures=captured.pictures if places == 1 else None,
    )


def in_memory(codes: np.ndarray) -> np.ndarray:
    """Codes as float32, apart from the file that may hold them."""
    return np.array(codes, dtype=np.float32) if isinstance(codes, np.memmap) else np.asarray(codes, dtype=np.float32)


def map_codes(
    codes: np.ndarray,
    metric: Metric,
    plan: LayoutPlan,
    *,
    labels: np.ndarray | None = None,
    seed: int = 0,
    start: np.ndarray | None = None,
) -> Map:
    """A map of codes (N, D): a sample is fitted, the others are placed, and all is measured. Points have no names yet.

    The codes are taken in the order of their contents, so that another order of the same points gives the same map.
    Raises UsageError for fewer points than the method needs, codes that are all equal, or not finite.
    """
    n = len(codes)
    if n < plan.least:
        raise UsageError(f"a map needs at least {plan.least} points, got {n}")
    if not np.isfinite(codes).all():
        raise UsageError(f"code {int((~np.isfinite(codes)).any(1).argmax())} holds NaN or infinity")
    if (codes == codes[:1]).all():
        raise UsageError(f"all {n} codes are equal, no map can tell them apart: choose another layer or pool")
    order = canonical_order(codes)
    sorted_codes = codes[order]
    fitted = np.arange(n)
    notes: list[str] = []
    if plan.sample is not None and n > plan.sample:
        fitted = stratified(labels[order] if labels is not None else None, n, plan.sample, seed)
        by = "stratified by label" if labels is not None else "drawn at random"
        notes.append(f"{len(fitted)} of {n} points were fitted, {by} (seed {seed}); the others were placed beside them")
    points = np.ascontiguousarray(sorted_codes[fitted])
    need = plan.nearest(len(points))
    near = Finder(points, metric).of_all(min(len(points) - 1, max(need, *SIZES)))
    begin = pca_layout(points, seed).values if start is None else np.asarray(start, dtype=np.float64)[order][fitted]
    layout = plan.lay(points, near, begin)
    if not layout.finished:
        notes.append("the work was stopped: this is the map as it was then")
    with contextlib.nullcontext() if layout.finished else progress.listening(None):
        measured = quality(points, layout.values, metric=metric, neighbours=near, seed=seed)
        baselines = {
            name: quality(points, other.values, metric=metric, neighbours=near, seed=seed).numbers
            for name, other in (("pca", pca_layout(points, seed)), ("random_projection", random_layout(points, seed)))
            if name != plan.method
        }
        numbers, facts = dict(measured.numbers), dict(layout.facts)
        if plan.stability and layout.finished:
            numbers["stability@15"] = _stability(points, near, layout, plan, seed)
    values, per_point = np.empty((n, 2)), np.empty(n, np.float32)
    here = order[fitted]
    values[here], per_point[here] = layout.values, measured.per_point
    k = min(KEPT, near.indices.shape[1])
    around = Neighbours(np.empty((n, k), np.int64), np.empty((n, k), np.float32))
    around.indices[here], around.distances[here] = here[near.indices[:, :k]], near.distances[:, :k]
    placed = None
    if len(fitted) < n:
        rest = np.setdiff1d(np.arange(n), fitted)
        there = order[rest]
        placed = np.ones(n, bool)
        placed[here] = False
        found = Finder(points, metric).of(sorted_codes[rest], min(len(points), max(measured.size, NEAREST, k)))
        values[there], per_point[there] = _beside(points, sorted_codes[rest], layout.values, found, measured.size)
        around.indices[there], around.distances[there] = here[found.indices[:, :k]], found.distances[:, :k]
        numbers[f"placed_neighbours@{measured.size}"] = float(per_point[there].mean())
    notes += measured.notes
    return Map(
        method=plan.method,
        layer="",
        pool="",
        values=values.astype(np.float32),
        ids=(),
        per_point=per_point,
        per_point_size=measured.size,
        quality=numbers,
        baselines=baselines,
        facts=facts,
        placed=placed,
        finished=layout.finished,
        notes=tuple(notes),
        neighbours=around.indices.astype(np.int32),
        neighbour_distances=around.distances,
    )


def canonical_order(codes: np.ndarray) -> np.ndarray:
    """(N,) the rows in an order that depends on their contents alone."""
    rows = np.ascontiguousarray(codes + 0.0)  # -0 becomes 0
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0].argsort(kind="stable")


def stratified(labels: np.ndarray | None, n: int, size: int, seed: int) -> np.ndarray:
    """(size,) sorted indices out of n, each label in its share (at least one), drawn by the seed."""
    rng = np.random.default_rng(seed)
    if labels is None:
        return np.sort(rng.choice(n, size, replace=False))
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * size / n
    take = np.maximum(np.floor(exact).astype(int), 1)
    # What rounding left over goes to the classes that lost most; what it gave too much is taken from the largest.
    for c in np.argsort(take - exact, kind="stable")[: max(0, size - int(take.sum()))]:
        take[c] += 1
    while take.sum() > size and take.max() > 1:
        take[take.argmax()] -= 1
    picked = [rng.choice(np.nonzero(labels == c)[0], t, replace=False) for c, t in zip(classes, take, strict=True)]
    return np.sort(np.concatenate(picked))


def _beside(
    points: np.ndarray, others: np.ndarray, values: np.ndarray, near: Neighbours, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the others, and the share of each one's nearest points that are near it on the map too."""
    from scipy.spatial import KDTree

    at = place(values, points, others, neighbours=near)
    _, on_map = KDTree(values).query(at, size)
    return at, kept(near.indices[:, :size], np.asarray(on_map).reshape(len(at), size))


def _stability(points: np.ndarray, near: Neighbours, layout: Layout, plan: LayoutPlan, seed: int) -> float:
    """Mean share of 15 neighbours on the map that other random starts give too."""
    found = []
    for other in range(plan.stability):
        start = np.random.default_rng([seed, other + 1]).standard_normal((len(points), 2))
        found.append(agreement(layout.values, plan.lay(points, near, start).values))
    return float(np.mean(found))


def _correct(net: Network, examples: Examples, captured: Codes) -> np.ndarray | None:
    """(M,) int8: 1 right, 0 wrong, -1 unknown; None where labels and classes cannot be compared."""
    labels = captured.labels
    if captured.predictions is None or not (labels >= 0).any():
        return None
    if examples.classes and net.labels:
        known = np.array([-1 if (i := net.find_label(c)) is None else i for c in examples.classes])
        if (known < 0).all():
            return None
        labels = np.where(labels >= 0, known[np.maximum(labels, 0)], -1)
    return np.where(labels >= 0, captured.predictions == labels, -1).astype(np.int8)


def _facts(options: MapOptions, captured: Codes, size: int) -> dict[str, Any]:
    """What is needed to give another example a code like these."""
    facts: dict[str, Any] = {"code_size": size, "metric": options.metric, "step": options.step, "seed": options.seed}
    projection = captured.projections.get(options.layer)
    return facts | ({"projected_from": projection.size} if projection else {})


def _ids(examples: Examples, captured: Codes, layer: str) -> tuple[str, ...]:
    ids = examples.ids(captured.indices)
    shape = captured.places.get(layer)
    if not shape:
        return ids
    return tuple(f"{i}@{','.join(map(str, p))}" for i in ids for p in np.ndindex(shape))
