"""What each unit does, on average, when a token (or a value) is read: RNNVis' expected response, co-clustered."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from deepro.errors import UsageError
from deepro.kinds.sequences.response_similarity import ResponseSimilarity
from deepro.kinds.sequences.responses import Responses
from deepro.methods.sequences.cells import gather
from deepro.methods.sequences.trace import read
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences
from deepro.network.vocabulary import Vocabulary
from deepro.parameters import AnySequences, Bounds, LayerName, OtherNetwork, Value
from deepro.probe import untouched
from deepro.registry import Paper, method, record

_ROUNDS = 6


@method(
    family="sequences",
    paper=Paper(
        "Ming et al.", 2017, "Understanding hidden memories of recurrent neural networks",
        "https://arxiv.org/abs/1710.10777",
    ),
    summary="The expected update of each unit for each token or input bin, co-clustered, with its stability.",
)  # fmt: skip
def responses(
    net: Network,
    sequences: AnySequences,
    layer: LayerName | None = None,
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
    Example: `deepro.responses(net, texts, "lstm.l1")`
    """
    sequences = as_sequences(net, sequences)
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


def alike(
    one: Responses, other: Responses, name: str = "", *, permutations: int = 500, seed: int = 0
) -> ResponseSimilarity:
    """How alike two networks treat the tokens that both know, whatever units they have.

    Of each network the cosines between its responses to two tokens; compared by Spearman's correlation over all pairs,
    and for each token over its pairs with the others. p: how often the first is reached with the other's tokens
    shuffled. Tokens stand in the order of the first network's clusters. Kriegeskorte et al. 2008 (representational
    similarity), 10.3389/neuro.06.004.2008.
    Raises UsageError with fewer than four tokens in common.
    """
    shared = [one.tokens[k] for k in np.argsort(one.token_clusters, kind="stable") if one.tokens[k] in other.tokens]
    if len(shared) < 4:
        raise UsageError(f"the two have {len(shared)} tokens in common; at least four are needed to compare them")
    mine, theirs = (_likeness(made, shared) for made in (one, other))
    upper = np.triu_indices(len(shared), 1)
    found = _rank_correlation(mine[upper], theirs[upper])
    generator = np.random.default_rng(seed)
    reached = 0
    for _ in range(permutations):
        order = generator.permutation(len(shared))
        reached += _rank_correlation(mine[upper], theirs[order][:, order][upper]) >= found
    others = ~np.eye(len(shared), dtype=bool)
    return ResponseSimilarity(
        layer=one.layer, direction=one.direction, state=one.state,
        other=name,
        other_layer=other.layer, other_direction=other.direction,
        tokens=tuple(shared), likeness=np.stack([mine, theirs]).astype(np.float32),
        agreement=np.array(
            [_rank_correlation(a[k], b[k]) for a, b, k in zip(mine, theirs, others, strict=True)], dtype=np.float32
        ),
        correlation=found, p=(1 + reached) / (1 + permutations),
    )  # fmt: skip


@method(
    family="sequences",
    paper=Paper(
        "Kriegeskorte, Mur, Bandettini", 2008, "Representational similarity analysis",
        "https://doi.org/10.3389/neuro.06.004.2008",
    ),
    summary="How alike two recurrent networks treat the tokens that both know, whatever units they have.",
)  # fmt: skip
def compare_responses(
    net: Network,
    other: OtherNetwork,
    sequences: AnySequences,
    layer: LayerName | None = None,
    other_layer: Annotated[str, Value("recurrent layer of the other network")] | None = None,
    *,
    state: Annotated[str, "h or c"] = "h",
    tokens: Annotated[int, Bounds(2, 10_000), "tokens looked at, the most frequent ones"] = 60,
    bins: Annotated[int, Bounds(2, 100), "equally full bins of each feature, for series"] = 10,
    clusters: Annotated[int, Bounds(2, 100), "groups of tokens and of units"] = 6,
    permutations: Annotated[int, Bounds(1, 1_000_000), "shuffles of the tokens, for the chance"] = 500,
    seed: Annotated[int, Bounds(0, 2**31), "of the clusters and of the halves"] = 0,
) -> ResponseSimilarity:
    """`responses` of both networks to the same sequences, compared by `alike`.

    Texts are read by each network's own vocabulary. other_layer: the last recurrent one by default.
    Example: `deepro.compare_responses(net, other, texts)`
    """
    sequences = as_sequences(net, sequences)
    theirs = sequences
    if sequences.texts and all(text is not None for text in sequences.texts):
        theirs = as_sequences(other, list(sequences.texts))
    options: dict[str, Any] = {"state": state, "tokens": tokens, "bins": bins, "clusters": clusters, "seed": seed}
    measure: Any = record(responses).function
    one = measure(net, sequences, layer, **options)
    with untouched(other.module):
        two = measure(other, theirs, other_layer, **options)
    return alike(one, two, other.name, permutations=permutations, seed=seed)


def _likeness(made: Responses, tokens: Sequence[str]) -> np.ndarray:
    """(V, V) cosines between the responses to two tokens."""
    rows = made.values[[made.tokens.index(t) for t in tokens]].astype(np.float64)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows @ rows.T


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's; 0 where one of them does not vary."""
    from scipy.stats import spearmanr

    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one, other)[0])  # pyright: ignore[reportArgumentType]


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
