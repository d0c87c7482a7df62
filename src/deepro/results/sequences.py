"""What a recurrent network remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.results.base import Result


class Layered(Mapping[str, np.ndarray]):
    """Arrays of recurrent layers, by name or by position: `h["lstm.l0"]` and `h[0]` are (D, N, T, U).

    `h[layer, direction, sequence, step, unit]` indexes all axes; where the layers have one shape the whole is an array
    (L, D, N, T, U), as `numpy.asarray(h)` gives it. A stack's own name stands for all of its layers, (L, D, N, T, U).
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = dict(arrays)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key in self._arrays:
                return self._arrays[key]
            stack = [v for k, v in self._arrays.items() if k.rpartition(".l")[0] == key]
            if stack:
                return np.stack(stack)
            single = key.removesuffix(".l0")
            if single in self._arrays:
                return self._arrays[single]
            from deepro.errors import LayerError, near

            raise LayerError(
                f"no layer {key!r} here{near(key, self._arrays) or '; there are ' + ', '.join(self._arrays)}"
            )
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, str):
            return self[first][tuple(rest)]
        if isinstance(first, int | np.integer):
            return list(self._arrays.values())[first][tuple(rest)]
        return np.asarray(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __contains__(self, key: object) -> bool:
        return key in self._arrays

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.stack(list(self._arrays.values())).astype(dtype or None)

    @property
    def shape(self) -> tuple[int, ...]:
        """(L, D, N, T, U); raises ValueError where the layers differ."""
        (shape,) = {v.shape for v in self._arrays.values()}
        return (len(self), *shape)

    def __repr__(self) -> str:
        return "Layered(" + ", ".join(f"{k}: {v.shape}" for k, v in self._arrays.items()) + ")"


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace(Result):
    """Recurrent states over time. h, c, gates[name]: by layer (D, N, T, U), zero beyond a sequence's length.

    Gates are i, f, g, o in an LSTM and r, z, n in a GRU. With a projection h is narrower than c. In the second of two
    directions a step's state has read from the end to that step. inputs: layer -> (N, T, F). lengths: layer -> (N,).
    checks: layer -> largest difference between h from these gates and h as the module returned it. outputs: (N, T, K)
    the network's own, where it has one row a step. tokens: (T,) a sequence. symbols: the token numbers' texts.
    series: (T, F) a sequence of floats as it was given; rates: samples a second of a sound.
    h is empty where it was not kept.
    """

    kind = "trace"
    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    h: Layered
    c: Layered | None
    gates: Mapping[str, Layered]
    inputs: Mapping[str, np.ndarray]
    lengths: Mapping[str, np.ndarray]
    checks: Mapping[str, float]
    outputs: np.ndarray | None = None
    tokens: tuple[np.ndarray, ...] | None = None
    texts: tuple[str | None, ...] = ()
    symbols: tuple[str, ...] | None = None
    series: tuple[np.ndarray, ...] | None = None
    rates: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        wrap = lambda v: v if v is None or isinstance(v, Layered) else Layered(v)  # noqa: E731
        object.__setattr__(self, "h", wrap(self.h))
        object.__setattr__(self, "c", wrap(self.c))
        object.__setattr__(self, "gates", {k: wrap(v) for k, v in self.gates.items()})

    def states(self, layer: str, which: str = "h", direction: int = 0) -> list[np.ndarray]:
        """(T, U) a sequence, without padding, of h, c or a gate."""
        values = {"h": self.h, "c": self.c, **self.gates}[which]
        assert values is not None
        return [values[layer][direction, n, :t] for n, t in enumerate(self.lengths[layer])]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cells(Result):
    """Units that track an annotation, with the controls that say whether to believe it.

    findings: best first within each track; each has track, measure (auc, rank or information), layer, direction, state,
    unit, sign (1 where the unit is high when the track is on or grows, else -1), search and held_out (the score on the
    sequences searched and on those held out, in the direction of `sign`, so that an AUC below 0.5 or a correlation
    below 0 held out has turned round), controls (the best that each network with random weights reaches by the same
    search) and control (their largest), p (how often the best of all units does as well on a track shifted in time),
    threshold, on_mean, off_mean, clamp (None where it was not made) and survives.
    scores, held_out: (K, S) for K tracks and all S units, as they are; places: (S,) index into `states`; units: (S,).
    probes: track -> the same of a linear probe on all units together. values: track -> (T,) a sequence.
    activity: (F, T) float16, what the unit of each finding did over all sequences in a row.
    """

    kind = "cells"
    tracks: tuple[str, ...]
    measures: tuple[str, ...]
    findings: tuple[Mapping[str, Any], ...]
    states: tuple[tuple[str, int, str], ...]  # layer, direction, h or c or a gate
    places: np.ndarray
    units: np.ndarray
    scores: np.ndarray
    held_out: np.ndarray
    probes: Mapping[str, Mapping[str, float]]
    values: Mapping[str, tuple[np.ndarray, ...]]
    split: Mapping[str, Any]
    texts: tuple[str | None, ...] = ()
    activity: np.ndarray | None = None

    def best(self, track: str) -> Mapping[str, Any]:
        """The first finding of a track. Raises UsageError with near names."""
        found = next((f for f in self.findings if f["track"] == track), None)
        if found is None:
            from deepro.errors import UsageError, near

            raise UsageError(
                f"no track {track!r} here{near(track, self.tracks) or '; there are ' + ', '.join(self.tracks)}"
            )
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Matches(Result):
    """Where in a corpus the cells of a selected range are on again, best first.

    selection: (sequence, start, stop). cells: layer, direction, state, unit, threshold and sign of each. sequences,
    starts, stops: (M,) of the matches kept, in steps of their sequence; shares: (M,) how many of the cells are on
    through the whole match; count: how many there are in all. tracks: annotation -> (M,) bool where the match begins.
    enrichment: one row an annotation: its share among all matches, its lift and p. nearest: sequence, step, cosine.
    miss: where there is no match, the place at which most of the cells are on: sequence, start, stop, cells.
    """

    kind = "matches"
    selection: tuple[int, int, int]
    cells: tuple[Mapping[str, Any], ...]
    sequences: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    shares: np.ndarray
    count: int
    enrichment: tuple[Mapping[str, Any], ...]
    tracks: Mapping[str, np.ndarray]
    nearest: tuple[Mapping[str, Any], ...]
    texts: tuple[str | None, ...] = ()
    steps: int = 0
    miss: Mapping[str, Any] | None = None

    def in_context(self, width: int = 30) -> list[tuple[str, str, str]]:
        """(before, match, after) of each match in a text, `width` characters to each side (keyword in context)."""
        rows = []
        for n, start, stop in zip(self.sequences, self.starts, self.stops, strict=True):
            text = self.texts[n] or ""
            rows.append((text[max(0, start - width) : start], text[start:stop], text[stop : stop + width]))
        return rows


@dataclass(frozen=True, eq=False, kw_only=True)
class Memory(Result):
    """What a recurrent network keeps.

    shut, opened: gate -> layer -> (D, U) share of steps below `low` and above 1 - `low`.

    half_lives: layer -> (D, U) in steps. influence: (S, T) norm of d output_s / d input_t; decay: (T,) its mean by lag;
    reach: steps that hold 95 % of it; factor: what it is multiplied by from lag to lag.
    """

    kind = "memory"
    layers: tuple[str, ...]
    shut: Mapping[str, Mapping[str, np.ndarray]]
    opened: Mapping[str, Mapping[str, np.ndarray]]
    low: float
    half_lives: Mapping[str, np.ndarray]
    influence: np.ndarray | None
    decay: np.ndarray | None
    reach: int | None
    factor: float | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Steps(Result):
    """What each step of one sequence counts for one output.

    values: (T,) unscaled, signed where the method is. features: (T, F) before they are summed, where there are such.
    score: the output explained, of `target` at `step`. gap: what integrated gradients miss of it. deletion, random:
    (T + 1,) the output after so many steps were set to zero, most important first, or in random order.
    control: how alike networks with random weights explain it (rank correlation of sizes), None where not asked for.
    every: the same of S outputs, where they were asked for: step, score, gap (S,), target (S names), values (S, T),
    deletion and random (S, T + 1).
    """

    kind = "steps"
    how: str
    values: np.ndarray
    features: np.ndarray | None
    target: str
    step: int
    score: float
    gap: float | None
    deletion: np.ndarray
    random: np.ndarray
    text: str | None = None
    control: float | None = None
    every: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Losses(Result):
    """Where the loss of a next-token network lies, in nats.

    groups: one row a kind of step: group, steps, share_of_steps, loss (mean), share_of_loss, ngram (mean of the n-gram
    model there) and gain (how much less the network loses). losses, ngram: (T,) a sequence, NaN where nobody tells.
    order: of the n-gram model; counted: tokens it was fitted on, None where it was fitted on the other sequences.
    """

    kind = "losses"
    groups: tuple[Mapping[str, Any], ...]
    losses: tuple[np.ndarray, ...]
    ngram: tuple[np.ndarray, ...]
    order: int
    counted: int | None
    texts: tuple[str | None, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class StateSpace(Result):
    """States of one layer in two dimensions and the moves between their regions.

    trajectories: (T, 2) a sequence; explained: (2,) share of the variance. regions: (T,) a sequence, the largest is 0.
    moves: (R, R) how often a step leads from one to another. stability: adjusted Rand index on halves of the steps.
    fidelity: held-out share of next regions that the graph tells right; baseline: of staying, or of the commonest.
    about: for each region its steps, and (name, share, lift) of tokens and annotations that stand out in it.
    """

    kind = "state_space"
    layer: str
    direction: int
    state: str
    trajectories: tuple[np.ndarray, ...]
    explained: np.ndarray
    regions: tuple[np.ndarray, ...]
    moves: np.ndarray
    stability: float
    fidelity: float
    baseline: float
    about: tuple[Mapping[str, Any], ...]
    texts: tuple[str | None, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Responses(Result):
    """Expected updates. values: (V, U) mean change of each unit when a token is read; counts: (V,) how often it was.

    token_clusters: (V,), unit_clusters: (U,). stability, chance: adjusted Rand index of (tokens, units) on halves, and
    with shuffled tokens. noise: difference between the responses of two halves over the size of the responses.
    """

    kind = "responses"
    layer: str
    direction: int
    state: str
    tokens: tuple[str, ...]
    counts: np.ndarray
    values: np.ndarray
    token_clusters: np.ndarray
    unit_clusters: np.ndarray
    stability: tuple[float, float]
    chance: tuple[float, float]
    noise: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ResponseSimilarity(Result):
    """How alike two networks treat the V tokens that both were read.

    layer, direction, state: of the first network, the one in the provenance; other: the second's name, other_layer,
    other_direction its place. likeness: (2, V, V) cosines of the responses to two tokens, in the first network and in
    the other. agreement: (V,) rank correlation of a token's two rows; correlation: of all pairs. p: how often that is
    reached with the other's tokens shuffled.
    """

    kind = "response_similarity"
    layer: str
    direction: int
    state: str
    other: str
    other_layer: str
    other_direction: int
    tokens: tuple[str, ...]
    likeness: np.ndarray
    agreement: np.ndarray
    correlation: float
    p: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Automaton(Result):
    """A deterministic finite automaton that imitates a network. transitions: (S, A) next state; state 0 begins.

    accepting: (S,) bool. fidelity, balanced, baseline: agreement on `words` new random sequences, its mean over
    accepted and rejected ones, and that of the commoner answer. counterexamples: sequences on which they differ,
    shortest first. queries: sequences the network was asked; complete: whether the last guess stood.
    """

    kind = "automaton"
    alphabet: tuple[str, ...]
    transitions: np.ndarray
    accepting: np.ndarray
    fidelity: float
    balanced: float
    baseline: float
    words: int
    counterexamples: tuple[tuple[str, ...], ...]
    queries: int
    complete: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Attention(Result):
    """weights: (T_out, T_in), rows sum to 1. read, written: what stands at each step, empty where it is no token.

    places: how many places of the network attend. sharpness: 0 for even attention, 1 for one step at a time.
    """

    kind = "attention"
    weights: np.ndarray
    read: tuple[str, ...]
    written: tuple[str, ...]
    places: int
    sharpness: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Intervention(Result):
    """What one unit's change does. change: (T,) how far the prediction moves at each step.

    losses, changed_losses: (T,) nats for the next token, None where there is none to tell. best, changed_best: the most
    probable class at each step. written, changed_text: what the network goes on to write, untouched and changed.
    """

    kind = "intervention"
    layer: str
    direction: int
    state: str
    unit: int
    how: str
    start: int
    change: np.ndarray
    losses: np.ndarray | None
    changed_losses: np.ndarray | None
    best: tuple[str, ...]
    changed_best: tuple[str, ...]
    written: str | None
    changed_text: str | None
    text: str | None = None
