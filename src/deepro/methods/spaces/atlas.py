"""The activation atlas: what a layer represents, as pictures laid out by likeness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.data.examples import as_examples
from deepro.errors import ShapeError, UnsupportedError, UsageError
from deepro.kinds.spaces.atlas import Atlas
from deepro.methods.patterns.imagine import imagine
from deepro.methods.spaces.codes import Codes, capture
from deepro.methods.spaces.layouts import pca_layout, tsne_layout
from deepro.methods.spaces.map_pipeline import canonical_order, in_memory, threads
from deepro.methods.spaces.neighbours import Finder
from deepro.methods.spaces.quality import kept, map_neighbours
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerName
from deepro.registry import Paper, method
from deepro.targets import Target

_TOGETHER = 12  # pictures made in one batch
_SHOWN = 3  # examples and classes listed for each cell


@method(
    family="spaces",
    paper=Paper("Carter et al.", 2019, "Activation Atlas", "https://distill.pub/2019/activation-atlas"),
    summary="A layer's space as pictures: its codes mapped, averaged cell by cell, a picture made for each average.",
)  # fmt: skip
def atlas(
    net: Network,
    dataset: DataSet,
    layer: LayerName,
    *,
    grid: Annotated[int, Bounds(2, 64), "cells along the map's longer side"] = 8,
    least: Annotated[int, Bounds(1, 10_000), "codes that a cell must hold to get a picture"] = 3,
    sample: Annotated[int, Bounds(7, 1_000_000), "most codes that are mapped, drawn at random of more"] = 5000,
    steps: Annotated[int, Bounds(1, 10_000), "gradient steps of a picture"] = 128,
    size: Annotated[int | None, Bounds(4, 4096), "pictures' shorter side; the network's own input by default"] = None,
    pool: Annotated[
        Literal["positions", "mean"], "a code a position, as in the paper, or one an example"
    ] = "positions",
    batch_size: Annotated[int, Bounds(1, 100_000), "images a pass"] = 32,
    memory: Annotated[int, Bounds(1, 1_000_000), "MiB that the codes may take"] = 2048,
    seed: Annotated[int, Bounds(0, 2**31 - 1), "of the sample, the map and the pictures"] = 0,
) -> Atlas:
    """Pictures for the mean directions of a layer's codes, see Atlas.

    A direction is the mean code of a cell less the mean of all codes: what sets these examples apart. The picture is
    made by `imagine` to move the layer's mean that way, and its cosine says how nearly it does.
    Raises UsageError for fewer than 7 codes or codes that are all equal, UnsupportedError where the layer does not
    count its units on axis 1 or its codes do not fit in memory.
    Example: `deepro.atlas(net, "photos/", "features.11", grid=12)`
    """
    dataset = as_examples(net, dataset)
    found = capture(
        net, dataset, layer, pool=pool, batch_size=batch_size, memory=memory << 20, thumbnails=48, seed=seed
    )
    if found.projections:
        raise UnsupportedError(f"the codes of {layer} do not fit in {memory} MiB: give more memory or fewer examples")
    whole = in_memory(found.arrays[layer])
    owner = np.repeat(np.arange(len(found.indices)), len(whole) // len(found.indices))  # the example of each code
    notes = [*found.notes]
    order = canonical_order(whole)
    if len(whole) > sample:
        order = order[np.sort(np.random.default_rng(seed).choice(len(whole), sample, replace=False))]
        notes.append(f"{sample} of {len(whole)} codes were mapped, drawn at random (seed {seed})")
    codes, owner = np.ascontiguousarray(whole[order]), owner[order]
    if len(codes) < 7:
        raise UsageError(f"an atlas needs at least 7 codes, got {len(codes)}: more examples, or pool=positions")
    if (codes == codes[:1]).all():
        raise UsageError(f"all {len(codes)} codes are equal, no map can tell them apart: choose another layer")
    values, share = _mapped(codes, seed)
    cells, members = _cells(values, grid, least)
    if not members:
        raise UsageError(f"no cell holds {least} codes: a smaller grid than {grid}, or least={max(1, least - 1)}")
    middle = codes.mean(0, dtype=np.float64)
    directions = np.stack([codes[m].mean(0, dtype=np.float64) - middle for m in members]).astype(np.float32)
    images, cosines = _pictures(net, layer, directions, middle, steps, size, seed)
    examples = np.stack([_nearest(codes[m], directions[p] + middle, owner[m]) for p, m in enumerate(members)])
    classes, shares = _classes(found, [np.unique(owner[m]) for m in members])
    predicted = found.predictions is not None
    return Atlas(
        layer=layer,
        pool=pool,
        cells=cells,
        counts=np.array([len(m) for m in members]),
        directions=directions,
        images=images,
        cosines=cosines,
        classes=classes,
        shares=shares,
        class_names=tuple(net.labels or ()) if predicted else dataset.classes,
        examples=examples,
        example_ids=dataset.ids(found.indices),
        pictures=None if found.pictures is None else np.asarray(found.pictures[examples]),
        kept=share,
        notes=tuple(notes),
    )


def _mapped(codes: np.ndarray, seed: int) -> tuple[np.ndarray, float | None]:
    """(N, 2) by t-SNE, and the share of 15 neighbours that it kept."""
    n = len(codes)
    perplexity = min(30.0, (n - 1) / 3)
    near = Finder(codes).of_all(min(n - 1, max(15, int(3 * perplexity))))
    values = tsne_layout(near, pca_layout(codes, seed).values, perplexity=perplexity, seed=seed, jobs=threads()).values
    if n <= 30:
        return values, None
    return values, float(kept(near.indices[:, :15], map_neighbours(values, 15).indices).mean())


def _cells(values: np.ndarray, grid: int, least: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """(R, C) which cell holds enough, numbered row by row from the top, and the points of each."""
    low, span = values.min(0), np.ptp(values, axis=0)
    side = float(span.max()) / grid or 1.0
    columns, rows = (max(1, int(np.ceil(s / side - 1e-9))) for s in span)
    x = np.minimum(((values[:, 0] - low[0]) / side).astype(int), columns - 1)
    y = rows - 1 - np.minimum(((values[:, 1] - low[1]) / side).astype(int), rows - 1)
    cells, members = np.full((rows, columns), -1, np.int32), []
    for r in range(rows):
        for c in range(columns):
            inside = np.nonzero((x == c) & (y == r))[0]
            if len(inside) >= least:
                cells[r, c] = len(members)
                members.append(inside)
    return cells, members


def _pictures(
    net: Network, layer: str, directions: np.ndarray, middle: np.ndarray, steps: int, size: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(P, C, H, W) in 0..1 and (P,) cosines."""
    from deepro.network import Preprocess

    goals = [towards(net, layer, d, middle) for d in directions]
    images, cosines = [], []
    batches = [range(i, min(i + _TOGETHER, len(goals))) for i in range(0, len(goals), _TOGETHER)]
    for batch in progress.steps(batches, "atlas"):
        made = imagine(net, [goals[i] for i in batch], steps=steps, size=size, seed=seed)
        images.append(made.images)
        inputs = torch.from_numpy(made.images).to(net.device, net.dtype)
        if isinstance(net.preprocess, Preprocess):
            inputs = net.preprocess.normalise(inputs)
        with torch.no_grad(), net.probe([layer], stop=True) as probe:
            probe(inputs)
            code = _mean(probe[layer]).double().cpu().numpy() - middle
        length = np.linalg.norm(code, axis=1) * np.linalg.norm(directions[list(batch)], axis=1)
        cosines.append((code * directions[list(batch)]).sum(1) / np.maximum(length, 1e-30))
    return np.concatenate(images), np.concatenate(cosines).astype(np.float32)


def towards(net: Network, layer: str, vector: np.ndarray, middle: np.ndarray) -> Target:
    """How far the layer's mean over space lies from `middle` (C,) along `vector` (C,), times the cosine between them.

    The cosine keeps the picture from pleasing every unit at once: far in the direction, and only there.
    """
    record = net.layers.get(net.check_layer(layer))
    if record is not None and record.unit_axis != 1:
        raise UnsupportedError(f"an atlas needs a layer with units on axis 1, {layer!r} has them on {record.unit_axis}")
    wanted, start = torch.from_numpy(vector), torch.from_numpy(middle)

    def measure(_logits: Tensor | None, outputs: Mapping[str, Tensor]) -> Tensor:
        code = _mean(outputs[layer])
        if code.shape[1:] != wanted.shape:
            raise ShapeError(f"direction of {tuple(wanted.shape)} for layer {layer!r} of {code.shape[1]} units")
        there, moved = wanted.to(code), code - start.to(code)
        along = moved @ there / there.norm().clamp_min(1e-12)
        cosine = along / moved.norm(dim=1).clamp_min(1e-12)
        return along * cosine.clamp_min(0.1)

    return Target(f"direction in {layer}", measure, layers=(layer,))


def _mean(output: Tensor) -> Tensor:
    return output.flatten(2).mean(2) if output.ndim > 2 else output


def _nearest(codes: np.ndarray, centre: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """(_SHOWN,) examples of the codes nearest to the centre, each once; the last again where there are fewer."""
    order = owner[np.linalg.norm(codes - centre, axis=1).argsort(kind="stable")]
    _, first = np.unique(order, return_index=True)
    once = order[np.sort(first)][:_SHOWN]
    return np.concatenate([once, np.repeat(once[-1:], _SHOWN - len(once))])


def _classes(found: Codes, members: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(P, 3) commonest classes of each cell's examples and their shares, by prediction or else by label."""
    given = found.predictions if found.predictions is not None else found.labels
    classes, shares = np.full((len(members), _SHOWN), -1, np.int64), np.zeros((len(members), _SHOWN), np.float32)
    for p, examples in enumerate(members):
        here = np.asarray(given)[examples]
        known, counts = np.unique(here[here >= 0], return_counts=True)
        order = np.argsort(-counts, kind="stable")[:_SHOWN]
        classes[p, : len(order)], shares[p, : len(order)] = known[order], counts[order] / len(examples)
    return classes, shares
