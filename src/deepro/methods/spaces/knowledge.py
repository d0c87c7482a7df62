"""What each layer knows of the labels, from first to last, with the controls that keep such numbers honest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from deepro import progress
from deepro.data.examples import as_examples
from deepro.errors import UsageError
from deepro.kinds.spaces.layer_scores import LayerScores
from deepro.kinds.spaces.similarity import Similarity
from deepro.methods.spaces import probing
from deepro.methods.spaces.codes import Pool, capture
from deepro.methods.spaces.neighbours import Finder
from deepro.methods.spaces.similarity import cka_matrix
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerNames, OtherLayers, OtherNetwork
from deepro.registry import Paper, method


@method(
    family="spaces",
    paper=Paper("Alain & Bengio", 2016, "Understanding intermediate layers using linear classifier probes",
                "https://arxiv.org/abs/1610.01644"),
    summary="What each layer knows of the labels: linear probes with controls, neighbours, dimension, separation, CKA.",
)  # fmt: skip
def layer_scores(
    net: Network,
    dataset: DataSet,
    layers: LayerNames,
    *,
    neighbours: Annotated[int, Bounds(1, 1000), "nearest neighbours that vote"] = 10,
    held_out: Annotated[float, Bounds(0.01, 0.9), "share of the examples that test the probe"] = 0.2,
    strength: Annotated[float, Bounds(1e-9, 1e9), "inverse of the probe's L2 penalty"] = 1.0,
    splits: Annotated[int, Bounds(1, 100), "how often another part of the examples tests the probe"] = 10,
    debiased: Annotated[bool, "correct CKA for few examples"] = False,
    pool: Annotated[Pool, "how an output becomes a code"] = "mean",
    batch_size: Annotated[int, Bounds(1, 100_000), "images a pass"] = 32,
    memory: Annotated[int, Bounds(1, 1_000_000), "MiB that a layer's codes may take"] = 2048,
    seed: Annotated[int, Bounds(0, 2**31 - 1), "of the held-out examples and the control"] = 0,
) -> LayerScores:
    """Scores (L,) by layer, from one pass over the examples.

    probe, its spread over the splits, control, control_fit, selectivity, chance: see probing.linear_probe.
    neighbours: leave-one-out vote.
    dimension_twonn, dimension_mle: intrinsic. between_class: share of the variance. silhouette. code_size.
    similarity: linear CKA. Raises UsageError where there are no labels, one class, or fewer than 5 examples.
    Example: `deepro.layer_scores(net, "photos/", ["features.3", "features.11"])`
    """
    dataset = as_examples(net, dataset)
    if pool == "positions":
        raise UsageError("pool=positions gives several codes an example; layer_scores needs one: mean, max or flatten")
    names = [layers] if isinstance(layers, str) else list(layers)
    if len(dataset) < 5:
        raise UsageError(f"scores of layers need at least 5 examples, got {len(dataset)}")
    found = capture(
        net, dataset, names, pool=pool, batch_size=batch_size, memory=memory << 20, predictions=False, seed=seed
    )
    labels = found.labels
    known = probing.check_labels(labels, len(labels))
    notes = list(found.notes)
    if not known.all():
        notes.append(f"{int((~known).sum())} of {len(known)} examples have no label and were left out")
    rows: dict[str, list[float]] = {}
    codes = [found.arrays[name][known] for name in names]
    for code in progress.steps(codes, "scores"):
        for measure, value in _scores(code, labels[known], neighbours, held_out, strength, splits, seed).items():
            rows.setdefault(measure, []).append(value)
    similarity, warned = cka_matrix(codes, debiased=debiased)
    scores = {measure: np.array(values, dtype=np.float64) for measure, values in rows.items()}
    return LayerScores(
        layers=tuple(names), scores=scores, similarity=similarity, notes=(*notes, *warned, *_wide(names, codes))
    )


def _scores(
    codes: np.ndarray, labels: np.ndarray, votes: int, held_out: float, strength: float, splits: int, seed: int
) -> dict[str, float]:
    near = Finder(codes).of_all(min(len(codes) - 1, max(votes, 20)))
    probe = probing.linear_probe(codes, labels, held_out=held_out, strength=strength, splits=splits, seed=seed)
    return {
        "probe": probe.accuracy,
        "probe_spread": probe.spread,
        "control": probe.control,
        "control_fit": probe.control_fit,
        "selectivity": probe.selectivity,
        "chance": probe.chance,
        "neighbours": probing.neighbour_accuracy(near, labels, min(votes, near.indices.shape[1])),
        "dimension_twonn": probing.two_nn(near),
        "dimension_mle": probing.levina_bickel(near),
        "between_class": probing.between_class_share(codes, labels),
        "silhouette": probing.silhouette(codes, labels, seed=seed),
        "code_size": float(codes.shape[1]),
    }


def _wide(names: Sequence[str], codes: Sequence[np.ndarray]) -> list[str]:
    """Where a probe has more weights a class than examples, what it finds may be chance: the control says how much."""
    wide = [name for name, code in zip(names, codes, strict=True) if code.shape[1] > len(code)]
    return (
        [f"probe: more numbers a code than examples in {', '.join(wide)}; read it beside the control"] if wide else []
    )


@method(
    family="spaces",
    paper=Paper("Kornblith, Norouzi, Lee & Hinton", 2019, "Similarity of Neural Network Representations Revisited",
                "https://arxiv.org/abs/1905.00414"),
    summary="How alike two networks arrange the same examples: linear CKA between their layers.",
)  # fmt: skip
def compare_networks(
    net: Network,
    other: OtherNetwork,
    dataset: DataSet,
    layers: LayerNames,
    other_layers: OtherLayers | None = None,
    *,
    pool: Annotated[Pool, "how an output becomes a code"] = "mean",
    batch_size: Annotated[int, Bounds(1, 100_000), "images a pass"] = 32,
    debiased: Annotated[bool, "correct CKA for few examples"] = False,
) -> Similarity:
    """Linear CKA between layers of two networks shown the same examples.

    other_layers: of the other network; the same names by default. Examples that one of them cannot read are left out,
    and said. Labels play no part.
    Raises UsageError for fewer than 4 examples, LayerError for a layer that is not there.
    Example: `deepro.compare_networks(net, other, "photos/", ["features.3"])`
    """
    dataset = as_examples(net, dataset)
    names_a = [layers] if isinstance(layers, str) else list(layers)
    names_b = names_a if other_layers is None else [other_layers] if isinstance(other_layers, str) else [*other_layers]
    for shown, names in ((net, names_a), (other, names_b)):
        for name in names:
            shown.check_layer(name)
    a, b = (
        capture(shown, dataset, names, pool=pool, batch_size=batch_size, predictions=False)
        for shown, names in ((net, names_a), (other, names_b))
    )
    both, rows_a, rows_b = np.intersect1d(a.indices, b.indices, return_indices=True)
    values, warned = cka_matrix(
        [a.arrays[n][rows_a] for n in names_a], [b.arrays[n][rows_b] for n in names_b], debiased=debiased
    )
    missing = max(len(a.indices) + len(a.unreadable), len(b.indices) + len(b.unreadable)) - len(both)
    notes = [*a.notes, *b.notes, *warned]
    if missing:
        notes.append(f"{missing} examples could not be read by both networks and were left out")
    return Similarity(
        layers=tuple(names_a),
        other=other.name,
        other_layers=tuple(names_b),
        similarity=values,
        examples=len(both),
        notes=tuple(dict.fromkeys(notes)),
    )
