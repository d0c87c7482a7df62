"""Maps of the same examples at several layers or checkpoints, each begun from the one before and turned onto it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from deepro import progress
from deepro.data.examples import Examples, as_examples
from deepro.errors import ShapeError, UsageError
from deepro.kinds.spaces.aligned_maps import AlignedMaps
from deepro.kinds.spaces.map import Map
from deepro.methods.spaces.codes import Codes, Pool, capture
from deepro.methods.spaces.layouts import Layout, tsne_layout
from deepro.methods.spaces.map_pipeline import LayoutPlan, MapOptions, map_captured, threads
from deepro.methods.spaces.neighbours import Finder, Metric, Neighbours
from deepro.methods.spaces.quality import kept
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerNames
from deepro.registry import Paper, method

_SAME = 15  # neighbours that are compared from step to step


@method(
    family="spaces",
    paper=Paper("Rauber et al.", 2017, "Visualizing the Hidden Activity of Artificial Neural Networks",
                "https://doi.org/10.1109/TVCG.2016.2598838"),
    summary="Maps by t-SNE of the same examples over layers, aligned; points whose neighbours changed are marked.",
)  # fmt: skip
def aligned_maps(
    net: Network,
    dataset: DataSet,
    layers: LayerNames,
    *,
    perplexity: Annotated[float | None, Bounds(2, 1000), "neighbours that count; 30, fewer for few points"] = None,
    steps: Annotated[int, Bounds(0, 100_000), "gradient steps after the early ones, a map"] = 500,
    early_steps: Annotated[int, Bounds(0, 100_000), "steps with exaggerated attraction"] = 250,
    pool: Annotated[Pool, "how an output becomes a code"] = "mean",
    metric: Annotated[Metric, "distance between codes"] = "euclidean",
    batch_size: Annotated[int, Bounds(1, 100_000), "images a pass"] = 32,
    memory: Annotated[int, Bounds(1, 1_000_000), "MiB that a layer's codes may take"] = 2048,
    thumbnails: Annotated[int, Bounds(0, 1024), "longest side of the pictures kept, 0 for none"] = 48,
    keep_codes: Annotated[bool, "keep the codes with the maps"] = True,
    seed: Annotated[int, Bounds(0, 2**31 - 1), "of the first start and the baselines"] = 0,
) -> AlignedMaps:
    """One map a layer, in the order given. changed (L, N), moved (L, N): see AlignedMaps.

    Stopped, the maps so far are returned, the last unfinished. Raises UsageError for fewer than 7 examples or
    pool=positions.
    Example: `deepro.aligned_maps(net, "photos/", ["features.3", "features.11"])`
    """
    dataset = as_examples(net, dataset)
    names = [layers] if isinstance(layers, str) else list(layers)
    if pool == "positions":
        raise UsageError("aligned maps follow examples: pool is mean, max or flatten, not positions")
    found = capture(
        net, dataset, names, pool=pool, batch_size=batch_size, memory=memory << 20, thumbnails=thumbnails, seed=seed
    )
    options = MapOptions("", pool, -1, metric, batch_size, memory, thumbnails, keep_codes, seed)
    frames = [(name, net, dataset, found, replace(options, layer=name)) for name in names]
    return _align(frames, perplexity, steps, early_steps)


def align_networks(
    nets: Sequence[Network],
    dataset: Any,
    layer: str,
    names: Sequence[str] | None = None,
    *,
    perplexity: float | None = None,
    steps: int = 500,
    early_steps: int = 250,
    pool: Pool = "mean",
    metric: Metric = "euclidean",
    batch_size: int = 32,
    seed: int = 0,
) -> AlignedMaps:
    """The same for one layer of several networks, such as the checkpoints of a training. names: of the steps."""
    if not nets:
        raise UsageError("no network given")
    names = list(names) if names is not None else [f"{i}: {net.name}" for i, net in enumerate(nets)]
    if len(names) != len(nets):
        raise UsageError(f"{len(names)} names for {len(nets)} networks")
    options = MapOptions(layer, pool, -1, metric, batch_size, 2048, 48, True, seed)
    frames = []
    for name, net in zip(names, nets, strict=True):
        examples = as_examples(net, dataset)
        found = capture(net, examples, layer, pool=pool, batch_size=batch_size, thumbnails=48, seed=seed)
        frames.append((name, net, examples, found, options))
    if any(not np.array_equal(f[3].indices, frames[0][3].indices) for f in frames):
        raise ShapeError("the networks could not read the same examples")
    return _align(frames, perplexity, steps, early_steps)


Frame = tuple[str, Network, Examples, Codes, MapOptions]


def _align(frames: Sequence[Frame], perplexity: float | None, steps: int, early_steps: int) -> AlignedMaps:
    maps: list[Map] = []
    changed: list[np.ndarray] = []
    moved: list[np.ndarray] = []
    before: Neighbours | None = None
    for name, net, examples, found, options in progress.steps(frames, "aligned maps"):
        codes = np.asarray(found.arrays[options.layer], dtype=np.float32)
        n = len(codes)
        if n < 7:
            raise UsageError(f"{n} points are too few neighbours for t-SNE, which needs 7")
        used = perplexity if perplexity is not None else min(30.0, (n - 1) / 3)
        if 3 * used > n - 1:
            raise UsageError(f"perplexity {used:g} needs at least {int(3 * used) + 1} points, got {n}")
        now = Finder(np.ascontiguousarray(codes), options.metric).of_all(min(n - 1, max(_SAME, int(3 * used))))
        last = maps[-1].values if maps else None

        def lay(
            _codes: np.ndarray,
            near: Neighbours,
            start: np.ndarray,
            same: bool = _same(before, now),
            used: float = used,
            seed: int = options.seed,
        ) -> Layout:
            if same:
                # t-SNE sees codes through their neighbours alone: the map before is the map of these too.
                return Layout(start, True, {"perplexity": used})
            made = tsne_layout(
                near, start, perplexity=used, steps=steps, early_steps=early_steps, seed=seed, jobs=threads()
            )
            return Layout(made.values, made.finished, {**made.facts, "perplexity": used})

        plan = LayoutPlan("tsne", lay, nearest=lambda _n, used=used: int(3 * used))
        made = map_captured(net, examples, found, options, plan, last)
        values = made.values if last is None else procrustes(last, made.values, shrink=False).astype(np.float32)
        maps.append(replace(made, values=values, facts={**made.facts, "frame": name}))
        k = min(_SAME, n - 1)
        changed.append(np.zeros(n) if before is None else 1 - kept(before.indices[:, :k], now.indices[:, :k]))
        spread = np.sqrt(values.var(0, dtype=np.float64).sum())
        moved.append(np.zeros(n) if last is None else np.linalg.norm(values - last, axis=1) / max(spread, 1e-30))
        before = now
        if not made.finished:
            break  # a listener that stopped one map stops the rest
    return AlignedMaps(
        steps=tuple(f[0] for f in frames[: len(maps)]),
        maps=tuple(maps),
        changed=np.stack(changed).astype(np.float32),
        moved=np.stack(moved).astype(np.float32),
    )


def _same(before: Neighbours | None, now: Neighbours) -> bool:
    """The same neighbours at the same distances, up to one scale for all."""
    if before is None or before.indices.shape != now.indices.shape or not np.array_equal(before.indices, now.indices):
        return False
    a, b = before.distances / max(before.distances.mean(), 1e-30), now.distances / max(now.distances.mean(), 1e-30)
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-6))


def procrustes(target: np.ndarray, values: np.ndarray, *, shrink: bool = True) -> np.ndarray:
    """`values` (N, d) shifted, turned, mirrored and scaled as a whole to lie as near to `target` (N, d) as can be.

    The less two maps agree, the smaller that best scale is; without `shrink` both are given the same spread instead.
    Schoenemann 1966, 10.1007/BF02289451.
    """
    if target.shape != values.shape:
        raise ShapeError(f"a map {values.shape} to be laid on one of {target.shape}")
    centre = target.mean(0, dtype=np.float64)
    a, b = target - centre, values - values.mean(0, dtype=np.float64)
    u, s, vt = np.linalg.svd(b.T @ a)
    size = np.square(b).sum()
    scale = s.sum() / size if shrink else np.sqrt(np.square(a).sum() / size)
    return (scale if size > 0 else 1.0) * (b @ (u @ vt)) + centre
