"""What stands out in a layer's space, in one result: outliers, near duplicates, likely label errors, clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from deepro.data.examples import Examples, as_examples
from deepro.data.reading import Batch, ReadExample
from deepro.errors import UsageError
from deepro.kinds.spaces.findings import Findings
from deepro.methods.spaces.code_table import CodeTable
from deepro.methods.spaces.codes import Pool, capture
from deepro.methods.spaces.doubting import label_errors
from deepro.methods.spaces.finding import clusters, either_way, near_duplicates, outliers
from deepro.methods.spaces.map_pipeline import in_memory
from deepro.methods.spaces.neighbours import Finder, Metric
from deepro.network import Network, Preprocess
from deepro.parameters import Bounds, DataSet, LayerName
from deepro.registry import Paper, method

_CLUSTERED = 5000  # codes whose clusters are looked for; of more, a sample, and the others go with their nearest
_UNITS = 5


@method(
    family="spaces",
    paper=Paper("Northcutt, Jiang & Chuang", 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels",
                "https://arxiv.org/abs/1911.00068"),
    summary="What stands out among a layer's codes: outliers, near duplicates, likely label errors, clusters.",
    version=2,
)  # fmt: skip
def findings(
    net: Network,
    dataset: DataSet,
    layer: LayerName,
    *,
    neighbours: Annotated[int, Bounds(2, 1000), "nearest neighbours that are looked at"] = 20,
    smallest: Annotated[int, Bounds(2, 1_000_000), "members that a cluster must have"] = 10,
    within: Annotated[
        float | None, Bounds(0, 1e30), "distance of duplicates; by default from how near the nearest usually are"
    ] = None,
    most: Annotated[int, Bounds(1, 100_000), "outliers and pairs that are listed"] = 100,
    pool: Annotated[Pool, "how an output becomes a code"] = "mean",
    metric: Annotated[Metric, "distance between codes, for duplicates and clusters"] = "euclidean",
    mirror: Annotated[bool, "find duplicates of pictures in their mirror images too: a second pass"] = True,
    batch_size: Annotated[int, Bounds(1, 100_000), "images a pass"] = 32,
    memory: Annotated[int, Bounds(1, 1_000_000), "MiB that the codes may take"] = 2048,
    seed: Annotated[int, Bounds(0, 2**31 - 1), "of the sample and the controls"] = 0,
) -> Findings:
    """Indices into the readable examples; see Findings, methods.spaces.finding and .doubting for each measure.

    Without labels, or with one class, there are no likely label errors, and a note says so.
    Raises UsageError for fewer than 3 examples, codes that are all equal, or pool=positions.
    Example: `deepro.findings(net, "photos/", "classifier.0")`
    """
    dataset = as_examples(net, dataset)
    if pool == "positions":
        raise UsageError("findings are examples: pool is mean, max or flatten, not positions")
    found = capture(net, dataset, layer, pool=pool, batch_size=batch_size, memory=memory << 20, seed=seed)
    codes = np.ascontiguousarray(in_memory(found.arrays[layer]))
    n = len(codes)
    if n < 3:
        raise UsageError(f"findings need at least 3 examples, got {n}")
    if (codes == codes[:1]).all():
        raise UsageError(f"all {n} codes are equal, nothing stands out: choose another layer or pool")
    k = min(neighbours, n - 1)
    notes = [*found.notes]
    mirrored = None
    if mirror and isinstance(net.preprocess, Preprocess):
        about = {"pool": pool, "batch_size": batch_size, "memory": memory << 20, "seed": seed}
        other = capture(net, Mirrored(dataset), layer, predictions=False, table=CodeTable(len(dataset)), **about)
        mirrored = in_memory(other.arrays[layer])
    near = Finder(codes, metric).of_all(k) if mirrored is None else either_way(codes, mirrored, metric, k)
    factors = outliers(codes, k)
    twins = near_duplicates(near, within)
    labels = found.labels if (found.labels >= 0).any() else None
    doubted: dict[str, Any] = dict.fromkeys(("suspects", "given", "likely"), np.empty(0, np.int64))
    doubted["trust"] = np.empty(0, np.float32)
    if labels is None or len(np.unique(labels[labels >= 0])) < 2:
        notes.append("likely label errors need labels of at least two classes")
    else:
        suspects, control = label_errors(codes, labels, seed=seed)
        doubted = {**vars(suspects), "control": vars(control)}
    group, units, effects, told = _clusters(codes, metric, smallest, seed)
    return Findings(
        layer=layer,
        pool=pool,
        ids=dataset.ids(found.indices),
        labels=labels,
        label_names=dataset.classes,
        outliers=np.argsort(-factors, kind="stable")[:most],
        outlier_factors=factors.astype(np.float32),
        duplicates=twins.pairs[:most],
        duplicate_distances=twins.distances[:most],
        duplicate_distance=twins.within,
        cluster=group,
        cluster_units=units,
        cluster_effects=effects,
        notes=(*notes, *told),
        **doubted,
    )


class Mirrored(Examples):
    """The same examples, left and right exchanged."""

    def __init__(self, examples: Examples) -> None:
        super().__init__(examples.dataset, examples.labels, examples.classes)

    def batches(
        self, net: Network, size: int, start: int = 0, unreadable: list[ReadExample] | None = None
    ) -> Iterator[Batch]:
        for batch in super().batches(net, size, start, unreadable):
            yield replace(batch, tensor=batch.tensor.flip(-1))


def _clusters(codes: np.ndarray, metric: Metric, smallest: int, seed: int) -> tuple[Any, Any, Any, list[str]]:
    """(N,) cluster of each code, and (C, u) the units that mark each, with their effects."""
    n, notes = len(codes), []
    group = np.full(n, -1, np.int32)
    picked = np.arange(n)
    if n > _CLUSTERED:
        picked = np.sort(np.random.default_rng(seed).choice(n, _CLUSTERED, replace=False))
        notes.append(f"clusters were looked for among {_CLUSTERED} of {n} codes; the others go with their nearest")
    if len(picked) < max(2, smallest):
        return group, np.empty((0, _UNITS), np.int64), np.empty((0, _UNITS), np.float32), notes
    made = clusters(codes[picked], smallest=smallest, units=_UNITS, metric=metric)
    for c, one in enumerate(made):
        group[picked[one.members]] = c
    if len(picked) < n:
        rest = np.setdiff1d(np.arange(n), picked)
        nearest = Finder(np.ascontiguousarray(codes[picked]), metric).of(codes[rest], 1).indices[:, 0]
        group[rest] = group[picked[nearest]]
    count = min(_UNITS, codes.shape[1])
    units = np.array([[u for u, _ in one.units] for one in made], np.int64).reshape(len(made), count)
    effects = np.array([[e for _, e in one.units] for one in made], np.float32).reshape(len(made), count)
    return group, units, effects, notes
