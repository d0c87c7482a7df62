"""Two-dimensional layouts of codes: PCA, random projection, t-SNE, UMAP. Users call `embed`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepro import progress
from deepro.errors import UnsupportedError, UsageError
from deepro.methods.spaces.neighbours import Neighbours
from deepro.methods.spaces.reduce import RandomProjection, principal_components


@dataclass(frozen=True)
class Layout:
    """values: (N, 2) float64. finished: False where the work was stopped before its end. facts: the method's own."""

    values: np.ndarray
    finished: bool
    facts: dict[str, float]


def pca_layout(codes: np.ndarray, seed: int = 0) -> Layout:
    """The two directions of largest variance. facts: the share of the variance each explains."""
    count = min(2, *codes.shape)
    found = principal_components(codes, count, seed)
    values = np.zeros((len(codes), 2))
    values[:, :count] = found.project(codes)
    explained = [*found.explained, 0.0][:2]
    return Layout(values, True, {"explained_1": float(explained[0]), "explained_2": float(explained[1])})


def random_layout(codes: np.ndarray, seed: int = 0) -> Layout:
    """Two random directions: what any map must beat."""
    return Layout(RandomProjection(codes.shape[1], 2, seed)(codes).astype(np.float64), True, {})


def tsne_layout(
    neighbours: Neighbours,
    start: np.ndarray,
    *,
    perplexity: float = 30.0,
    steps: int = 500,
    early_steps: int = 250,
    exaggeration: float = 1.0,
    seed: int = 0,
    jobs: int = 1,
) -> Layout:
    """t-SNE by openTSNE, from known neighbours and a start (N, 2).

    neighbours: at least 3 x perplexity of each point. The start is scaled to 0.0001 and keeps its shape. Stopped by a
    listener that raises progress.Stopped, or from the keyboard, the layout reached so far is returned, unfinished.
    facts: kl_divergence. van der Maaten & Hinton 2008; Policar, Strazar & Zupan 2024, 10.18637/jss.v109.i03.
    """
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n, known = neighbours.indices.shape
    need = min(n - 1, int(3 * perplexity))
    if known < need:
        raise UsageError(f"perplexity {perplexity:g} needs {need} neighbours of each point, {known} are known")
    near = neighbours.first(need)
    index = PrecomputedNeighbors(near.indices, near.distances.astype(np.float64))
    affinities = PerplexityBasedNN(
        perplexity=perplexity,  # type: ignore[arg-type]
        knn_index=index,
        n_jobs=jobs,
        random_state=seed,
    )
    embedding = openTSNE.TSNEEmbedding(
        _shrunk(start, seed),
        affinities,
        negative_gradient_method="bh" if n < 10_000 else "fft",
        n_jobs=jobs,
        random_state=seed,
    )
    total = early_steps + steps
    phases = ((0, early_steps, 12.0), (early_steps, steps, exaggeration))
    error = float("nan")
    try:
        progress.tell("t-SNE", 0, total)
        for done, count, pull in phases:
            if count:
                listen = _telling("t-SNE", done, total)
                embedding = embedding.optimize(
                    count,
                    inplace=True,
                    exaggeration=pull,
                    momentum=0.8,
                    propagate_exception=True,
                    callbacks=listen,
                    callbacks_every_iters=25,
                )
                # Threads add in any order: the last bits are not the map's.
                error = float(f"{embedding.kl_divergence:.8g}")
        progress.tell("t-SNE", total, total)
    except (progress.Stopped, KeyboardInterrupt):
        # openTSNE works in place: what it holds is the map so far.
        return Layout(np.array(embedding), False, {})
    return Layout(np.array(embedding), True, {"kl_divergence": error})


def _telling(what: str, done: int, total: int) -> Callable[..., bool]:
    def listen(step: int, _error: float, _embedding: np.ndarray) -> bool:
        progress.tell(what, done + step, total)
        return False

    return listen


def _shrunk(start: np.ndarray, seed: int) -> np.ndarray:
    """The start at the scale that t-SNE wants, a hundredth of it in noise so that nothing is stuck on a line."""
    start = np.array(start, dtype=np.float64)
    start -= start.mean(0)
    spread = start.std(0).max()
    start /= spread if spread > 0 else 1.0
    start += np.random.default_rng(seed).normal(0, 0.01, start.shape)
    return start * 1e-4


def umap_layout(
    codes: np.ndarray,
    neighbours: Neighbours,
    start: np.ndarray,
    *,
    size: int = 15,
    min_dist: float = 0.1,
    steps: int | None = None,
    seed: int = 0,
) -> Layout:
    """UMAP by umap-learn, seeded and single-threaded, from known neighbours and a start (N, 2).

    size: neighbours of each point that count, itself included. It cannot be stopped half-way.
    McInnes, Healy & Melville 2018, arXiv 1802.03426. Raises UnsupportedError where umap-learn is not installed.
    """
    try:
        import umap
    except ImportError as error:
        raise UnsupportedError("UMAP needs umap-learn: pip install 'deepro[umap]', or use method tsne") from error
    import warnings

    n = len(codes)
    size = min(size, n)
    near = neighbours.first(size - 1)
    indices = np.concatenate([np.arange(n)[:, None], near.indices], 1)
    distances = np.concatenate([np.zeros((n, 1), np.float32), near.distances], 1)
    start = np.array(start, dtype=np.float64)
    spread = np.abs(start - start.mean(0)).max()
    start = (start - start.mean(0)) / (spread if spread > 0 else 1.0) * 10
    progress.tell("UMAP", 0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that a seed means one thread, which is wanted
        values = umap.UMAP(
            n_neighbors=size,
            min_dist=min_dist,
            n_epochs=steps,
            init=(start + np.random.default_rng(seed).normal(0, 0.001, start.shape)).astype(np.float32),  # type: ignore[arg-type]
            random_state=seed,
            precomputed_knn=(indices, distances),
            transform_seed=seed,
            n_jobs=1,
        ).fit_transform(np.ascontiguousarray(codes, dtype=np.float32))
    progress.tell("UMAP", 1, 1)
    return Layout(np.asarray(values, dtype=np.float64), True, {})
