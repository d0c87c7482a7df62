"""The space of states: where they lie in two dimensions, and between which regions they move."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from deepro.errors import UsageError
from deepro.kinds.sequences.state_space import StateSpace
from deepro.methods.sequences.cells import gather
from deepro.methods.sequences.trace import read
from deepro.methods.sequences.tracks import make_tracks
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences
from deepro.parameters import AnySequences, Bounds, LayerName
from deepro.registry import Paper, method

_FIT = 6_000  # steps on which regions are fitted; the others are assigned


@method(
    family="sequences",
    paper=Paper(
        "Omlin, Giles", 1996, "Extraction of rules from discrete-time recurrent neural networks",
        "https://doi.org/10.1016/0893-6080(95)00086-0",
    ),
    summary="Trajectories of the state in two dimensions, and the graph of moves between its regions.",
)  # fmt: skip
def state_space(
    net: Network,
    sequences: AnySequences,
    layer: LayerName | None = None,
    *,
    state: Annotated[str, "h, c or a gate"] = "h",
    regions: Annotated[int, Bounds(2, 200), "parts into which the space is divided"] = 8,
    seed: Annotated[int, Bounds(0, 2**31), "of the regions"] = 0,
) -> StateSpace:
    """States of one layer laid out by principal components, divided into regions (k-means), with the moves between.

    layer: the last recurrent one by default. The regions' stability is the mean adjusted Rand index between the
    division and those fitted on halves of the steps. The graph's fidelity: how often the next region, held out, is the
    one most often seen after the present region and the token read (or the present region alone, for series); its
    baseline is the better of two that know no graph: staying, and the most frequent region.
    Omlin & Giles 1996.
    Example: `deepro.state_space(net, texts, "lstm.l1")`
    """
    sequences = as_sequences(net, sequences)
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    if sequences.call is not None:
        raise UsageError("state_space takes a list with one text or array for each sequence, not ready tensors")
    found = gather(read(net, sequences, layer), (state,), sequences)
    place = len(found.places) - 1
    states = found.states[:, found.place == place].astype(np.float64)
    steps = len(states)
    if steps < 2 * regions:
        raise UsageError(f"{steps} steps cannot be divided into {regions} regions; give more or ask for fewer")
    centre = states.mean(0)
    _, sizes, axes = np.linalg.svd((states - centre)[:: max(1, steps // _FIT)], full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(len(axes[:2])), np.abs(axes[:2]).argmax(1)])[:, None]
    flat = np.zeros((steps, 2))
    flat[:, : len(axes)] = (states - centre) @ axes.T
    explained = np.zeros(2)
    explained[: len(axes)] = sizes[:2] ** 2 / max(float((sizes**2).sum()), 1e-12)

    def divide(chosen: np.ndarray, number: int, tries: int) -> np.ndarray:
        some = chosen[:: max(1, len(chosen) // _FIT)]
        fitted: Any = KMeans(regions, n_init=tries, random_state=number)  # pyright: ignore[reportArgumentType]
        return np.asarray(fitted.fit(states[some]).predict(states))

    whole = divide(np.arange(steps), seed, 4)
    order = np.argsort(-np.bincount(whole, minlength=regions), kind="stable")
    names = np.empty(regions, dtype=np.int64)
    names[order] = np.arange(regions)
    whole = names[whole]
    generator = np.random.default_rng(seed)
    halves = [np.sort(generator.permutation(steps)[: steps // 2]) for _ in range(4)]
    stability = float(np.mean([adjusted_rand_score(whole, divide(h, seed + 1 + n, 2)) for n, h in enumerate(halves)]))
    ends = np.cumsum([0, *found.lengths])
    parts = [whole[a:b] for a, b in itertools.pairwise(ends)]
    moves = np.zeros((regions, regions), dtype=np.int64)
    for part in parts:
        np.add.at(moves, (part[:-1], part[1:]), 1)
    readings = _readings(sequences, found.lengths)
    fidelity, baseline = graph_fidelity(parts, readings, regions)
    return StateSpace(
        layer=found.places[place][0], direction=found.places[place][1], state=state,
        trajectories=tuple(flat[a:b].astype(np.float32) for a, b in itertools.pairwise(ends)),
        explained=explained, regions=tuple(parts), moves=moves, stability=stability, fidelity=fidelity,
        baseline=baseline, about=_about(net, sequences, found.lengths, whole, readings, regions), texts=sequences.texts,
    )  # fmt: skip


def _readings(sequences: Sequences, lengths: Sequence[int]) -> list[np.ndarray] | None:
    """The token read at each step, where steps are tokens."""
    if sequences.items[0].is_floating_point() or [len(i) for i in sequences.items] != list(lengths):
        return None
    return [item.cpu().numpy() for item in sequences.items]


def graph_fidelity(
    parts: Sequence[np.ndarray], readings: Sequence[np.ndarray] | None, regions: int
) -> tuple[float, float]:
    """(held-out share of right next regions, the better of what staying and the most frequent region get right).

    Every second sequence is told from the others; a single one's second half from its first.
    """
    if len(parts) == 1:
        half = len(parts[0]) // 2
        parts = [parts[0][:half], parts[0][half:]]
        readings = None if readings is None else [readings[0][:half], readings[0][half:]]
    counts: dict[tuple[int, int], np.ndarray] = {}
    plain = np.zeros((regions, regions))
    for n in range(0, len(parts), 2):
        for step in range(1, len(parts[n])):
            now, before = int(parts[n][step]), int(parts[n][step - 1])
            plain[before, now] += 1
            if readings is not None:
                counts.setdefault((before, int(readings[n][step])), np.zeros(regions))[now] += 1
    usual = int(plain.sum(0).argmax())
    right = frequent = stayed = total = 0
    for n in range(1, len(parts), 2):
        for step in range(1, len(parts[n])):
            now, before = int(parts[n][step]), int(parts[n][step - 1])
            seen = counts.get((before, int(readings[n][step]))) if readings is not None else None
            guess = int((seen if seen is not None else plain[before]).argmax())
            right += guess == now
            frequent += usual == now
            stayed += before == now
            total += 1
    return (right / total, max(frequent, stayed) / total) if total else (float("nan"), float("nan"))


def _about(
    net: Network, sequences: Sequences, lengths: Sequence[int], whole: np.ndarray,
    readings: Sequence[np.ndarray] | None, regions: int,
) -> tuple[Mapping[str, Any], ...]:  # fmt: skip
    """What is over-represented in each region: tokens read on the way in, and annotations that hold there."""
    tokens = np.concatenate(readings) if readings is not None else None
    base = np.bincount(tokens) / len(tokens) if tokens is not None else None
    marks = {}
    if any(t is not None for t in sequences.texts) or sequences.items[0].is_floating_point():
        tracks = make_tracks(sequences, None, lengths)
        marks = {t.name: np.concatenate(t.values) for t in tracks if t.measure == "auc"}
    rows = []
    for region in range(regions):
        inside = whole == region
        row: dict[str, Any] = {"region": region, "steps": int(inside.sum()), "tokens": (), "tracks": ()}
        if tokens is not None and base is not None and inside.any():
            share = np.bincount(tokens[inside], minlength=len(base)) / inside.sum()
            lift = np.where(share > 0.02, share / np.maximum(base, 1e-12), 0)
            best = [int(k) for k in np.argsort(-lift, kind="stable")[:5] if lift[k] > 1]
            row["tokens"] = tuple((_symbol(net, k), float(share[k]), float(lift[k])) for k in best)
        held = []
        for name, values in marks.items():
            known = ~np.isnan(values)
            usual = float((values[known] > 0.5).mean()) if known.any() else 0.0
            here = known & inside
            if here.any() and usual > 0:
                share = float((values[here] > 0.5).mean())
                held.append((name, share, share / usual))
        row["tracks"] = tuple(sorted((h for h in held if h[2] > 1.5), key=lambda h: -h[2])[:4])
        rows.append(row)
    return tuple(rows)


def _symbol(net: Network, token: int) -> str:
    from deepro.network.vocabulary import Vocabulary

    return net.preprocess.tokens[token] if isinstance(net.preprocess, Vocabulary) else str(token)
