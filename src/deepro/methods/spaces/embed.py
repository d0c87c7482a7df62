"""One function for the maps of every method: `deepro.embed(net, dataset, layer, method=...)`."""

from __future__ import annotations

from typing import Annotated, Any

from deepro.data.examples import as_examples
from deepro.errors import UsageError, near
from deepro.kinds.spaces.map import Map
from deepro.methods.spaces.codes import Pool
from deepro.methods.spaces.layouts import Layout, pca_layout, random_layout, tsne_layout, umap_layout
from deepro.methods.spaces.map_pipeline import LayoutPlan, MapOptions, make_map, threads
from deepro.methods.spaces.neighbours import Metric
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerName
from deepro.registry import Method, Paper, method, methods

PoolOption = Annotated[Pool, "how an output becomes a code: over space or time, or one code a position or step"]
StepOption = Annotated[int, "which step, for pool=step; -1 is the last"]
MetricOption = Annotated[Metric, "distance between codes"]
SampleOption = Annotated[int, Bounds(10, 10_000_000), "most points fitted; others are placed beside them"]
StabilityOption = Annotated[int, Bounds(0, 10), "further maps from random starts, to see what stays"]
BatchOption = Annotated[int, Bounds(1, 100_000), "images a pass"]
MemoryOption = Annotated[int, Bounds(1, 1_000_000), "MiB that codes may take; wider ones are projected at random"]
ThumbnailsOption = Annotated[int, Bounds(0, 1024), "longest side of the pictures kept, 0 for none"]
KeepOption = Annotated[bool, "keep the codes with the map: needed to place new points and to find neighbours"]
SeedOption = Annotated[int, Bounds(0, 2**31 - 1), "of the sample, the start and the baselines"]


def embed(net: Network, dataset: Any, layer: str, method: str = "tsne", *, labels: Any = None, **options: Any) -> Map:
    """A map of what `layer` answers to the examples of a data set, values (N, 2), with its quality numbers.

    dataset: a folder, list, table or tar of pictures, a torch Dataset, or a float tensor (N, *input shape).
    labels: (N,) class indices or names, where the data set has none. method: tsne, pca, umap or random_projection;
    `deepro methods` lists them with their options. Raises UsageError for an unknown method or option, for too few
    points, for codes that are all equal or not finite; LayerError for an unknown layer.
    Example: `deepro.embed(net, "photos/", "classifier.0", method="pca")`
    """
    known = map_methods()
    if method not in known:
        raise UsageError(f"unknown map method {method!r}{near(method, known) or '; methods are ' + ', '.join(known)}")
    data = dataset if labels is None else (dataset, labels)
    return known[method].bind(net, data, layer, **options).run()


def map_methods() -> dict[str, Method]:
    """The methods that lay out a data set's examples, by name."""
    return {name: record for name, record in methods().items() if record.function.__module__ == __name__}


@method(
    family="spaces",
    paper=Paper("Hotelling", 1933, "Analysis of a complex of statistical variables into principal components",
                "https://doi.org/10.1037/h0071325"),
    summary="A map along the two directions in which a layer's codes vary most.",
)  # fmt: skip
def pca(
    net: Network,
    dataset: DataSet,
    layer: LayerName,
    *,
    pool: PoolOption = "mean",
    step: StepOption = -1,
    metric: MetricOption = "euclidean",
    batch_size: BatchOption = 32,
    memory: MemoryOption = 2048,
    thumbnails: ThumbnailsOption = 48,
    keep_codes: KeepOption = True,
    seed: SeedOption = 0,
) -> Map:
    """Principal components of the codes, values (N, 2) in the codes' units. facts: the variance each axis explains.

    Example: `deepro.pca(net, "photos/", "classifier.0")`
    """
    dataset = as_examples(net, dataset)
    options = MapOptions(layer, pool, step, metric, batch_size, memory, thumbnails, keep_codes, seed)
    return make_map(
        net, dataset, options, LayoutPlan("pca", lambda codes, _near, _start: pca_layout(codes, seed), least=3)
    )


@method(
    family="spaces",
    paper=Paper("Johnson & Lindenstrauss", 1984, "Extensions of Lipschitz mappings into a Hilbert space",
                "https://doi.org/10.1090/conm/026/737400"),
    summary="A map along two random directions: what every other map must beat.",
)  # fmt: skip
def random_projection(
    net: Network,
    dataset: DataSet,
    layer: LayerName,
    *,
    pool: PoolOption = "mean",
    step: StepOption = -1,
    metric: MetricOption = "euclidean",
    batch_size: BatchOption = 32,
    memory: MemoryOption = 2048,
    thumbnails: ThumbnailsOption = 48,
    keep_codes: KeepOption = True,
    seed: SeedOption = 0,
) -> Map:
    """The codes along two Gaussian directions, values (N, 2).

    Example: `deepro.random_projection(net, "photos/", "classifier.0")`
    """
    dataset = as_examples(net, dataset)
    options = MapOptions(layer, pool, step, metric, batch_size, memory, thumbnails, keep_codes, seed)
    plan = LayoutPlan("random_projection", lambda codes, _near, _start: random_layout(codes, seed), least=3)
    return make_map(net, dataset, options, plan)


@method(
    family="spaces",
    paper=Paper("van der Maaten & Hinton", 2008, "Visualizing Data using t-SNE",
                "https://jmlr.org/papers/v9/vandermaaten08a.html"),
    summary="A map that keeps each code's nearest neighbours together.",
)  # fmt: skip
def tsne(
    net: Network,
    dataset: DataSet,
    layer: LayerName,
    *,
    perplexity: Annotated[float | None, Bounds(2, 1000), "neighbours that count; 30, fewer for few points"] = None,
    steps: Annotated[int, Bounds(0, 100_000), "gradient steps after the early ones"] = 500,
    early_steps: Annotated[int, Bounds(0, 100_000), "steps with exaggerated attraction"] = 250,
    exaggeration: Annotated[float, Bounds(1, 100), "attraction in the later steps; above 1 clumps"] = 1.0,
    sample: SampleOption = 50_000,
    stability: StabilityOption = 0,
    pool: PoolOption = "mean",
    step: StepOption = -1,
    metric: MetricOption = "euclidean",
    batch_size: BatchOption = 32,
    memory: MemoryOption = 2048,
    thumbnails: ThumbnailsOption = 48,
    keep_codes: KeepOption = True,
    seed: SeedOption = 0,
) -> Map:
    """t-SNE by openTSNE from exact neighbours, started from the PCA, values (N, 2). facts: kl_divergence, perplexity.

    Above `sample` points a sample, stratified by label, is fitted and the others are placed beside it. Stopped by
    progress.Stopped or from the keyboard, the map so far is returned with finished=False.
    Raises UsageError for fewer than 7 points or a perplexity that needs more.
    Example: `deepro.tsne(net, "photos/", "classifier.0", perplexity=30)`
    """
    dataset = as_examples(net, dataset)

    def count(n: int) -> float:
        most = (n - 1) / 3
        if n < 7:
            raise UsageError(f"{n} points are too few neighbours for t-SNE, which needs 7: use method pca")
        if perplexity is not None and perplexity > most:
            raise UsageError(
                f"perplexity {perplexity:g} needs at least {int(3 * perplexity) + 1} points, got {n}: "
                f"at most {int(most)} here, or use method pca"
            )
        return float(perplexity) if perplexity is not None else min(30.0, most)

    def lay(codes: Any, near: Any, start: Any) -> Layout:
        used = count(len(codes))
        made = tsne_layout(
            near, start, perplexity=used, steps=steps, early_steps=early_steps, exaggeration=exaggeration, seed=seed,
            jobs=threads(),
        )  # fmt: skip
        return Layout(made.values, made.finished, {**made.facts, "perplexity": used})

    options = MapOptions(layer, pool, step, metric, batch_size, memory, thumbnails, keep_codes, seed)
    plan = LayoutPlan("tsne", lay, nearest=lambda n: int(3 * count(n)), sample=sample, stability=stability)
    return make_map(net, dataset, options, plan)


@method(
    family="spaces",
    paper=Paper("McInnes, Healy & Melville", 2018, "UMAP: Uniform Manifold Approximation and Projection",
                "https://arxiv.org/abs/1802.03426"),
    summary="A map from the neighbour graph of a layer's codes; needs umap-learn.",
)  # fmt: skip
def umap(
    net: Network,
    dataset: DataSet,
    layer: LayerName,
    *,
    neighbours: Annotated[int | None, Bounds(2, 1000), "neighbours that count; 15, fewer for few points"] = None,
    min_dist: Annotated[float, Bounds(0, 1), "how close points may come"] = 0.1,
    steps: Annotated[int | None, Bounds(1, 100_000), "rounds; umap-learn's choice by default"] = None,
    sample: SampleOption = 50_000,
    stability: StabilityOption = 0,
    pool: PoolOption = "mean",
    step: StepOption = -1,
    metric: MetricOption = "euclidean",
    batch_size: BatchOption = 32,
    memory: MemoryOption = 2048,
    thumbnails: ThumbnailsOption = 48,
    keep_codes: KeepOption = True,
    seed: SeedOption = 0,
) -> Map:
    """UMAP by umap-learn, seeded, from exact neighbours, started from the PCA, values (N, 2).

    Raises UnsupportedError where umap-learn is not installed, UsageError for fewer than 5 points.
    Example: `deepro.umap(net, "photos/", "classifier.0", neighbours=15)`
    """
    dataset = as_examples(net, dataset)

    def count(n: int) -> int:
        if n < 5:
            raise UsageError(f"{n} points are too few neighbours for UMAP, which needs 5: use method pca")
        if neighbours is not None and neighbours >= n:
            raise UsageError(f"{neighbours} neighbours need more than {neighbours} points, got {n}")
        return neighbours if neighbours is not None else min(15, n - 1)

    def lay(codes: Any, near: Any, start: Any) -> Layout:
        return umap_layout(codes, near, start, size=count(len(codes)), min_dist=min_dist, steps=steps, seed=seed)

    options = MapOptions(layer, pool, step, metric, batch_size, memory, thumbnails, keep_codes, seed)
    plan = LayoutPlan("umap", lay, nearest=count, sample=sample, stability=stability)
    return make_map(net, dataset, options, plan)
