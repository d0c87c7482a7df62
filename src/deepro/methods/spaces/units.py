"""Units as points: a map of one layer's units by how they answer to the same examples."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from deepro.data.examples import as_examples
from deepro.errors import UsageError
from deepro.kinds.spaces.map import Map
from deepro.methods.spaces.codes import capture
from deepro.methods.spaces.layouts import Layout, pca_layout, tsne_layout
from deepro.methods.spaces.map_pipeline import LayoutPlan, map_codes, threads
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerName
from deepro.registry import Paper, method


@method(
    family="spaces",
    paper=Paper("Rauber et al.", 2017, "Visualizing the Hidden Activity of Artificial Neural Networks",
                "https://doi.org/10.1109/TVCG.2016.2598838"),
    summary="A map of a layer's units: near are those that answer to the same examples.",
)  # fmt: skip
def unit_map(
    net: Network,
    dataset: DataSet,
    layer: LayerName,
    *,
    perplexity: Annotated[float | None, Bounds(2, 1000), "neighbours that count; 30, fewer for few units"] = None,
    steps: Annotated[int, Bounds(0, 100_000), "gradient steps after the early ones"] = 500,
    batch_size: Annotated[int, Bounds(1, 100_000), "images a pass"] = 32,
    memory: Annotated[int, Bounds(1, 1_000_000), "MiB that the codes may take"] = 2048,
    seed: Annotated[int, Bounds(0, 2**31 - 1), "of the start and the baselines"] = 0,
) -> Map:
    """Units laid out by t-SNE (by PCA where there are fewer than 7), values (U, 2).

    A unit's code is its mean answer to each example, centred and scaled to length 1: two units' squared distance is
    2 - 2 x their correlation. ids: the units' numbers. columns: mean, spread, and where there are labels the class with
    the highest mean (class) and how far its mean lies above the others', in spreads (class_gap). Units that never
    change are left out. Raises UsageError for fewer than 3 units that answer.
    Example: `deepro.unit_map(net, "photos/", "features.11")`
    """
    dataset = as_examples(net, dataset)
    found = capture(net, dataset, layer, pool="mean", batch_size=batch_size, memory=memory << 20, predictions=False)
    if found.projections:
        raise UsageError(f"layer {layer!r} has more units than memory={memory} MiB holds; give more memory")
    answers = found.arrays[layer].T.astype(np.float64)  # (U, N)
    mean, spread = answers.mean(1), answers.std(1)
    alive = np.nonzero(spread > 1e-12 * max(1e-30, float(np.abs(answers).max())))[0]
    if len(alive) < 3:
        raise UsageError(f"layer {layer!r} has {len(alive)} units whose answers differ, a map needs 3")
    codes = answers[alive] - mean[alive][:, None]
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)

    def lay(points: np.ndarray, near: object, start: np.ndarray) -> Layout:
        n = len(points)
        if n < 7:
            return pca_layout(points, seed)
        used = min(perplexity or 30.0, (n - 1) / 3)
        return tsne_layout(near, start, perplexity=used, steps=steps, seed=seed, jobs=threads())  # type: ignore[arg-type]

    plan = LayoutPlan("tsne", lay, nearest=lambda n: min(n - 1, int(3 * (perplexity or 30.0))))
    laid = map_codes(codes.astype(np.float32), "euclidean", plan, seed=seed)
    notes = list(laid.notes)
    if len(alive) < len(answers):
        notes.append(f"{len(answers) - len(alive)} of {len(answers)} units answer the same to every example: left out")
    columns = {"mean": mean[alive].astype(np.float32), "spread": spread[alive].astype(np.float32)}
    columns |= _classes(answers[alive], found.labels)
    return replace(
        laid,
        method="unit_map",
        layer=layer,
        pool="mean",
        ids=tuple(str(u) for u in alive),
        label_names=dataset.classes,
        columns=columns,
        notes=tuple(notes),
        codes=codes.astype(np.float32),
    )


def _classes(answers: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    classes = np.unique(labels[labels >= 0])
    if len(classes) < 2:
        return {}
    means = np.stack([answers[:, labels == c].mean(1) for c in classes], 1)
    best = means.argmax(1)
    rest = (means.sum(1) - means.max(1)) / (len(classes) - 1)
    gap = (means.max(1) - rest) / answers.std(1)
    return {"class": classes[best].astype(np.int64), "class_gap": gap.astype(np.float32)}
