"""What each unit does, on average, when a token (or a value) is read: RNNVis' expected response, co-clustered."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from deepro.errors import UsageError
from deepro.methods.sequences.cells import gather
from deepro.methods.sequences.trace import read
from deepro.network import Network
from deepro.network.sequences import Sequences
from deepro.network.vocabulary import Vocabulary
from deepro.registry import Bounds, Paper, method
from deepro.results import Responses

_ROUNDS = 6


@method(
    name="responses",
    family="sequences",
    needs=("sequences",),
    paper=Paper(
        "Ming et al.", 2017, "Understanding hidden memories of recurrent neural networks",
        "https://arxiv.org/abs/1710.10777",
    ),
    summary="The expected update of each unit for each token or input bin, co-clustered, with its stability.",
)  # fmt: skip
def responses(
    net: Network,
    sequences: Any,
    layer: str | None = None,
    *,
    state: Annotated[str, "h or c"] = "h",
    tokens: Annotated[int, Bounds(2, 10_000), "tokens looked at, the most frequent ones"] = 60,
    bins: Annotated[int, Bounds(2, 100), "equally full bins of each feature, for series"] = 10,
    clusters: Annotated[int, Bounds(2, 100), "groups of tokens and of units"] = 6,
    seed: Annotated[int, Bounds(0, 2**31), "of the clusters and of the halves"] = 0,
) -> Responses:
    """Mean of s_t - s_(t-1) over the steps at which a token was read, for every unit; rows and columns co-clustered.

    layer: the last recurrent one by default; s_(-1) is zero. Tokens that were read fewer than five times are left out.
    Co-clusters: Dhillon 2001 on the sizes of the responses. Stability: the mean adjusted Rand index between the
    clusters and those of random halves of the steps, for tokens and units; chance: the same for responses whose tokens
    were shuffled among steps. noise: how far the responses of two halves differ, over their size.
    Ming et al. 2017, arXiv 1710.10777.
    """
    assert isinstance(sequences, Sequences)
    if sequences.call is not None:
        raise UsageError("responses takes a list with one text or array for each sequence, not ready tensors")
    found = gather(read(net, sequences, layer), (state,), sequences)
    place = len(found.places) - 1
    states = found.states[:, found.place == place].astype(np.float64)
    ends = np.cumsum([0, *found.lengths])
    updates = np.diff(states, axis=0, prepend=0.0)
    updates[ends[:-1]] = states[ends[:-1]]
    read_at, names = _inputs(net, sequences, found.lengths, bins)
    counts = np.bincount(read_at, minlength=len(names))
    kept = np.array([k for k in np.argsort(-counts, kind="stable")[:tokens] if counts[k] >= 5])
    if len(kept) < 2:
        raise UsageError("fewer than two tokens were read five times; give more sequences")
    clusters = min(clusters, len(kept), updates.shape[1])
    values = means(updates, read_at, kept)
    rows, columns = co_cluster(values, clusters, seed)
    generator = np.random.default_rng(seed)
    stable, chance, noise = [], [], []
    for number in range(_ROUNDS):
        half = generator.random(len(updates)) < 0.5
        first, second = means(updates[half], read_at[half], kept), means(updates[~half], read_at[~half], kept)
        noise.append(np.linalg.norm(first - second) / max(1e-12, np.linalg.norm(values)))
        stable.append(_agree((rows, columns), co_cluster(first, clusters, seed + number)))
        shuffled = generator.permutation(read_at)
        chance.append(
            _agree(
                co_cluster(means(updates, shuffled, kept), clusters, seed),
                co_cluster(means(updates[half], shuffled[half], kept), clusters, seed + number),
            )
        )
    return Responses(
        layer=found.places[place][0], direction=found.places[place][1], state=state,
        tokens=tuple(names[k] for k in kept), counts=counts[kept], values=values.astype(np.float32),
        token_clusters=rows, unit_clusters=columns,
        stability=tuple(np.mean(stable, 0).tolist()), chance=tuple(np.mean(chance, 0).tolist()),
        noise=float(np.mean(noise)),
    )  # fmt: skip


def means(updates: np.ndarray, read_at: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """(V, U) mean update for each of the tokens `kept`; zero for one that was not read."""
    size = int(max(read_at.max(initial=0), kept.max())) + 1
    onto = np.zeros((size, updates.shape[1]))
    np.add.at(onto, read_at, updates)
    counts = np.bincount(read_at, minlength=size)[:, None]
    return (onto / np.maximum(counts, 1))[kept]


def co_cluster(values: np.ndarray, clusters: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Groups of rows and of columns that go together: spectral co-clustering of the sizes (Dhillon 2001)."""
    from sklearn.cluster import SpectralCoclustering

    model = SpectralCoclustering(clusters, random_state=seed, n_init=4)
    model.fit(np.abs(values) + 1e-9)
    return np.asarray(model.row_labels_), np.asarray(model.column_labels_)


def compare_responses(one: Responses, other: Responses, *, permutations: int = 500, seed: int = 0) -> dict[str, Any]:
    """How alike two networks treat the tokens that both know: {tokens, correlation, p}.

    correlation: Spearman's, of the token-by-token cosines of their responses (units need not correspond); p: how often
    it is reached with one network's tokens shuffled. Raises UsageError with fewer than four tokens in common.
    """
    from scipy.stats import spearmanr

    shared = [t for t in one.tokens if t in other.tokens]
    if len(shared) < 4:
        raise UsageError(f"the two have {len(shared)} tokens in common; at least four are needed to compare them")

    def likeness(made: Responses) -> np.ndarray:
        rows = made.values[[made.tokens.index(t) for t in shared]].astype(np.float64)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return rows @ rows.T

    upper = np.triu_indices(len(shared), 1)
    mine, theirs = likeness(one), likeness(other)
    found = float(spearmanr(mine[upper], theirs[upper])[0])  # pyright: ignore[reportArgumentType]
    generator = np.random.default_rng(seed)
    reached = 0
    for _ in range(permutations):
        order = generator.permutation(len(shared))
        reached += float(spearmanr(mine[upper], theirs[order][:, order][upper])[0]) >= found  # pyright: ignore[reportArgumentType]
    return {"tokens": len(shared), "correlation": found, "p": (1 + reached) / (1 + permutations)}


def _agree(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one[0], other[0])), float(adjusted_rand_score(one[1], other[1]))


def _inputs(net: Network, sequences: Sequences, lengths: Sequence[int], bins: int) -> tuple[np.ndarray, list[str]]:
    """(T,) which token, or which bin of which value, was read at each step, and their names."""
    items = [item.cpu().numpy() for item in sequences.items]
    if not sequences.items[0].is_floating_point():
        if [len(i) for i in items] != list(lengths):
            raise UsageError("the recurrent layer has other steps than there are tokens; responses need one each")
        joined = np.concatenate(items)
        known = net.preprocess.tokens if isinstance(net.preprocess, Vocabulary) else None
        return joined, [known[k] if known else str(k) for k in range(int(joined.max()) + 1)]
    fitted = [i[(np.arange(1, t + 1) * len(i)) // t - 1] for i, t in zip(items, lengths, strict=True)]
    joined = np.concatenate(fitted)[:, 0]
    edges = np.unique(np.quantile(joined, np.linspace(0, 1, bins + 1)[1:-1]))
    ends = [-np.inf, *edges.tolist(), np.inf]
    return np.searchsorted(edges, joined, side="right"), [f"{a:.3g} to {b:.3g}" for a, b in itertools.pairwise(ends)]
