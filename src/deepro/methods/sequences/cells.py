"""Units that track something: the search, and beside every finding the controls that say whether to believe it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from deepro import progress
from deepro.errors import UsageError
from deepro.kinds.sequences.cells import Cells
from deepro.kinds.sequences.trace import Trace
from deepro.methods.sequences.controls import clamp, random_twin, shifted_best
from deepro.methods.sequences.scores import MEASURES, Ordered, auc, ranks, spearman, strength
from deepro.methods.sequences.trace import read
from deepro.methods.sequences.tracks import Track, Wanted, make_tracks
from deepro.methods.sequences.verdict import NOT_ASKED, NOT_HELD, control_interval, jackknife, verdict
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences
from deepro.parameters import AnySequences, Bounds, LayerNames, Value
from deepro.registry import Paper, method

FEWEST = 8  # steps on which a score says anything at all
ALONE = 4  # fewer sequences than this are cut in time
PIECES = 8  # into so many pieces in all
MOST = 20  # pieces at most: more sequences are taken together


@dataclass(frozen=True)
class Searched:
    """What one network offers. states: (T, S) over all sequences in a row; places and units say whose column it is.

    lengths: steps of each sequence in these layers.
    """

    places: tuple[tuple[str, int, str], ...]
    place: np.ndarray
    unit: np.ndarray
    states: np.ndarray
    lengths: tuple[int, ...]


Tracks = Annotated[str | Sequence[str] | Mapping[str, Any], Value("names, or name -> a column for each sequence")]


@method(
    family="sequences",
    paper=Paper(
        "Karpathy, Johnson, Fei-Fei", 2015, "Visualizing and understanding recurrent networks",
        "https://arxiv.org/abs/1506.02078",
    ),
    summary="Units that track quotes, brackets, indentation, trends or one's own annotation, with controls.",
    version=3,
)  # fmt: skip
def find_cells(
    net: Network,
    sequences: AnySequences,
    tracks: Annotated[str | Sequence[str] | Mapping[str, Any], Value("names, or name -> a column a sequence")]
    | None = None,
    layers: LayerNames | None = None,
    *,
    states: Annotated[str, "what to search, with commas: h, c, or gates such as i,f,g,o"] = "h,c",
    measure: Annotated[str, "auto, auc, rank or information"] = "auto",
    held_out: Annotated[float, Bounds(0.05, 0.9), "share of the sequences that the search does not see"] = 0.3,
    splits: Annotated[int, Bounds(1, 100), "times that other sequences are held out"] = 5,
    top: Annotated[int, Bounds(1, 100), "findings a track"] = 3,
    controls: Annotated[int, Bounds(0, 20), "networks with random weights to compare with"] = 5,
    shifts: Annotated[int, Bounds(0, 10_000), "tracks shifted in time, for the chance of the best of many"] = 100,
    others: Annotated[
        int, Bounds(0, 500), "other units to hold still at a time, until the answer is clear; 0 leaves the test out"
    ] = 40,
    clamp_steps: Annotated[int, Bounds(1, 100_000), "steps of each stretch read in the test by holding still"] = 400,
    seed: Annotated[int, Bounds(0, 2**31), "of the splits, the shifts and the random networks"] = 0,
) -> Cells:
    """Search all units of recurrent layers for those that track an annotation.

    sequences: several texts, token arrays or series. tracks: None for the built-in ones, their names, or a mapping
    from a name to one's own column for each sequence, see `deepro.methods.sequences.tracks.make_tracks`.
    Units are chosen on one part of the sequences and scored on the other, `splits` times; fewer than four sequences
    are cut in time. Yes-or-no tracks are measured by AUC, numbers by Spearman's rank correlation, kinds by
    mutual information (nats).
    A finding survives when held out it beats random weights by 0.05 and by half of what they miss to a perfect score,
    is not matched by the best of all units on tracks shifted in time (p <= 0.05) and, where the unit can be held still,
    moves the prediction where the track is on, beyond what it moves elsewhere, more than nine in ten other units do.
    Each of the three has an interval: over sequences, random networks, shifts and other units. A finding whose
    intervals allow both answers is undecided, see `deepro.methods.sequences.verdict.verdict`.
    Karpathy, Johnson, Fei-Fei 2015, arXiv 1506.02078.
    Example: `deepro.find_cells(net, texts, ["double quotes"])`
    """
    sequences = as_sequences(net, sequences)
    if sequences.call is not None:
        raise UsageError("find_cells takes a list with one text or array for each sequence, not ready tensors")
    if measure != "auto" and measure not in MEASURES:
        raise UsageError(f"measure is {measure!r}, expected auto, {', '.join(MEASURES)}")
    wanted: Wanted = tracks
    names = tuple(s.strip() for s in states.split(",") if s.strip())
    progress.tell("search", 0, 2 + controls)
    own = gather(read(net, sequences, layers), names, sequences)
    made = make_tracks(sequences, wanted, own.lengths)
    pieces, by = _pieces(own.lengths)
    parts = _splits(pieces, held_out, splits, seed)
    kinds = [t.measure if measure == "auto" else measure for t in made]
    columns = [np.concatenate(t.values) for t in made]
    ordered = Ordered(own.states)
    scored = _score(ordered, columns, kinds, parts)
    progress.tell("search", 1, 2 + controls)
    probes = _probe(own.states, columns, kinds, parts[0])
    twins, twin_probes = [], []
    for number in range(controls):
        twin = random_twin(net, seed + number)
        other = gather(read(twin, sequences, layers), names, sequences)
        twins.append(_best(_score(Ordered(other.states), columns, kinds, parts), kinds))
        twin_probes.append(_probe(other.states, columns, kinds, parts[0]))
        progress.tell("search", 2 + number, 2 + controls)
    findings: list[Mapping[str, Any]] = []
    shown: list[int] = []
    for k, track in enumerate(made):
        powers = np.nan_to_num(strength(scored.search[:, k], kinds[k]), nan=-1)
        power = _mean(strength(scored.search[:, k], kinds[k]))
        if np.isnan(power).all():
            continue  # never on, or always
        order = np.argsort(-np.nan_to_num(power, nan=-1), kind="stable")[:top]
        control = tuple(t[k] for t in twins)
        known = ~np.isnan(columns[k])
        null = _null(ordered, known, columns[k], kinds[k], shifts, seed)
        for index in order:
            about = _describe(own, int(index), columns[k], known, kinds[k])
            held = oriented(float(_mean(scored.held_out[:, k, index])), about["sign"], kinds[k])
            first = index == order[0] or not others  # nothing is claimed for the next ones, which are not held still
            spread = jackknife(own.states[:, index], columns[k], kinds[k], pieces) if first else float("nan")
            whole = float(strength(_scores(ordered.ranks(known)[index][None], columns[k][known][:, None], kinds[k]),
                                   kinds[k])[0, 0])  # fmt: skip
            low, middle, high = control_interval(control)
            finding: dict[str, Any] = {
                "track": track.name,
                "measure": kinds[k],
                **about,
                "search": oriented(float(_mean(scored.search[:, k, index])), about["sign"], kinds[k]),
                "held_out": held,
                "low": held - spread,
                "high": held + spread,
                "chosen": float((powers.argmax(1) == index).mean()),
                "control": middle,
                "control_low": low,
                "control_high": high,
                "controls": control,
                "p": _p(whole, null),
                "shifts": len(null),
                "clamp": None,
            }
            if others and first and verdict(finding)[0] == NOT_HELD:  # costly, and needed only by what is left
                finding["clamp"] = _clamp(net, sequences, own, int(index), track, kinds[k], others, clamp_steps,
                                          columns[k], np.random.default_rng(seed))  # fmt: skip
            said, why = verdict(finding) if first else (NOT_ASKED, ())
            findings.append({**finding, "verdict": said, "why": why, "survives": said.startswith("survives")})
            shown.append(int(index))
    progress.tell("search", 2 + controls, 2 + controls)
    return Cells(
        tracks=tuple(t.name for t in made),
        measures=tuple(kinds),
        findings=tuple(findings),
        states=own.places,
        places=own.place,
        units=own.unit,
        scores=_mean(scored.search),
        held_out=_mean(scored.held_out),
        probes={
            t.name: {"held_out": probes[k], "control": max((p[k] for p in twin_probes), default=float("nan"))}
            for k, t in enumerate(made)
        },
        values={t.name: t.values for t in made},
        split={"by": by, "splits": splits, "pieces": int(pieces.max()) + 1, "held_out": (), "steps": len(pieces),
               "searched": round(float(np.mean([p.sum() for p in parts])))},
        texts=sequences.texts,
        activity=own.states[:, shown].T.astype(np.float16),
    )  # fmt: skip


def oriented(score: float, sign: int, measure: str) -> float:
    """A score in the direction that a unit was found to point in: held out, a unit that turned round scores low."""
    if sign > 0:
        return score
    return 1 - score if measure == "auc" else -score


def gather(trace: Trace, states: Sequence[str], sequences: Sequences) -> Searched:
    """All units of the wanted states side by side, of the layers that have a step for each of the sequences' own.

    Where there is none (a convolution comes before them) those with as many steps as the first are taken.
    """
    lengths = [len(item) for item in sequences.items]
    first = list(trace.lengths[trace.layers[0]])
    steps = lengths if any(list(v) == lengths for v in trace.lengths.values()) else first
    fit = [name for name in trace.layers if list(trace.lengths[name]) == steps]
    known = trace.kept
    for state in states:
        if state not in known:
            raise UsageError(
                f"unknown state {state!r}; these layers have {', '.join(k for k, v in known.items() if v is not None)}"
            )
    places, place, unit, columns = [], [], [], []
    for name in fit:
        for state in states:
            values = known[state]
            if values is None or name not in values:
                continue
            for direction in range(values[name].shape[0]):
                joined = np.concatenate(trace.states(name, state, direction))
                place.append(np.full(joined.shape[1], len(places)))
                unit.append(np.arange(joined.shape[1]))
                places.append((name, direction, state))
                columns.append(joined.astype(np.float32, copy=False))
    if not places:
        have = [k for k, v in known.items() if v is not None and any(name in v for name in fit)]
        raise UsageError(f"no layer here has any of the states {', '.join(states)}; they have {', '.join(have)}")
    return Searched(
        tuple(places), np.concatenate(place), np.concatenate(unit), np.concatenate(columns, 1),
        tuple(int(t) for t in steps),
    )  # fmt: skip


def _pieces(lengths: Sequence[int]) -> tuple[np.ndarray, str]:
    """(T,) the piece that each step belongs to, and whether pieces are sequences or stretches of time."""
    if len(lengths) >= ALONE:
        group = np.arange(len(lengths)) * min(MOST, len(lengths)) // len(lengths)
        return np.repeat(group, lengths), "sequence"
    each = -(-PIECES // len(lengths))
    stretches = [n * each + np.arange(length) * each // max(1, length) for n, length in enumerate(lengths)]
    return np.unique(np.concatenate(stretches), return_inverse=True)[1], "time"


def _splits(pieces: np.ndarray, share: float, count: int, seed: int) -> list[np.ndarray]:
    """(T,) bool, what the search sees, for each split; every piece is held out about equally often."""
    number = int(pieces.max()) + 1
    out = max(1, min(number - 1, round(number * share)))
    generator = np.random.default_rng(seed)
    order = np.concatenate([generator.permutation(number) for _ in range(-(-count * out // number) + 1)])
    made = []
    for b in range(count):
        search = ~np.isin(pieces, order[b * out : (b + 1) * out])
        if number < 2 or min(search.sum(), (~search).sum()) < FEWEST:
            raise UsageError(
                f"{len(pieces)} steps in {number} pieces are too few: {int(search.sum())} to search in and "
                f"{int((~search).sum())} held out, at least {FEWEST} each are needed; give longer or more sequences"
            )
        made.append(search)
    return made


@dataclass(frozen=True)
class _Scored:
    search: np.ndarray  # (splits, K, S)
    held_out: np.ndarray


def _mean(scores: np.ndarray) -> Any:
    """Mean over splits, of those in which there is a score."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of no score at all
        return np.nanmean(scores, 0)


def _scores(ranked: np.ndarray, matrix: np.ndarray, kind: str) -> np.ndarray:
    """(U, K) by one measure. ranked: (U, T). matrix: (T, K) of known values."""
    return auc(ranked, matrix > 0.5) if kind == "auc" else MEASURES[kind](ranked, matrix)


def _score(
    states: Ordered, columns: Sequence[np.ndarray], kinds: Sequence[str], parts: Sequence[np.ndarray]
) -> _Scored:
    groups: dict[tuple[bytes, str], list[int]] = {}
    for k, column in enumerate(columns):
        groups.setdefault((np.packbits(~np.isnan(column)).tobytes(), kinds[k]), []).append(k)
    made = np.full((2, len(parts), len(columns), states.units), np.nan)
    for number, search in enumerate(parts):
        for side, part in enumerate((search, ~search)):
            ranked: dict[bytes, np.ndarray] = {}  # most tracks are known everywhere and share one ranking
            for (key, kind), members in groups.items():
                known = part & ~np.isnan(columns[members[0]])
                if known.sum() < 2:
                    continue
                if key not in ranked:
                    ranked[key] = states.ranks(known)
                matrix = np.stack([columns[k][known] for k in members], 1)
                made[side, number, members] = _scores(ranked[key], matrix, kind).T
    return _Scored(*made)


def _best(scored: _Scored, kinds: Sequence[str]) -> list[float]:
    """For each track the held-out strength of the unit that the search would choose, on average over the splits."""
    best = []
    for k, kind in enumerate(kinds):
        power = _mean(strength(scored.search[:, k], kind))
        if np.isnan(power).all():
            best.append(float("nan"))
            continue
        best.append(float(strength(_mean(scored.held_out[:, k, int(np.nanargmax(power))]), kind)))
    return best


def _null(ordered: Ordered, known: np.ndarray, values: np.ndarray, kind: str, shifts: int, seed: int) -> np.ndarray:
    if not shifts or kind == "information" or known.sum() < 40:
        return np.zeros(0)
    return shifted_best(ordered.ranks(known), values[known], kind, shifts, seed)


def _p(power: float, null: np.ndarray) -> float:
    return float((1 + (null >= power).sum()) / (1 + len(null))) if len(null) else float("nan")


def _describe(own: Searched, index: int, column: np.ndarray, known: np.ndarray, kind: str) -> dict[str, Any]:
    layer, direction, state = own.places[own.place[index]]
    values, track = own.states[:, index], column
    about: dict[str, Any] = {"layer": layer, "direction": direction, "state": state, "unit": int(own.unit[index])}
    if kind == "auc":
        on = known & (track > 0.5)
        off = known & ~on
        on_mean, off_mean = float(values[on].mean()), float(values[off].mean())
        sign = 1 if float(auc(ranks(values[known][:, None]), on[known][:, None])[0, 0]) >= 0.5 else -1
        return about | {
            "sign": sign,
            "threshold": suggest(values[on], values[off]),
            "on_mean": on_mean,
            "off_mean": off_mean,
        }
    mean = float(values.mean())
    sign = 1
    if kind == "rank":
        sign = 1 if float(spearman(ranks(values[known][:, None]), track[known][:, None])[0, 0]) >= 0 else -1
    return about | {"sign": sign, "threshold": mean, "on_mean": mean, "off_mean": mean}


def suggest(on: np.ndarray, off: np.ndarray) -> float:
    """The threshold that best tells `on` from `off` (most of both right, Youden 1950), midway between two values."""
    values = np.concatenate([on, off])
    order = np.argsort(values, kind="stable")
    step = np.concatenate([np.full(len(on), 1 / len(on)), np.full(len(off), -1 / len(off))])[order].cumsum()
    last = np.append(values[order][1:] != values[order][:-1], True)  # thresholds lie between different values only
    place = int(np.argmax(np.where(last, np.abs(step), -1)))
    ordered = values[order]
    return float((ordered[place] + ordered[min(place + 1, len(ordered) - 1)]) / 2)


def _clamp(
    net: Network, sequences: Sequences, own: Searched, index: int, track: Track, kind: str, others: int, steps: int,
    column: np.ndarray, generator: np.random.Generator,
) -> Mapping[str, Any] | None:  # fmt: skip
    same = np.flatnonzero(own.place == own.place[index])
    rest = generator.permutation(same[same != index])
    off = ~np.isnan(column)
    if kind == "auc":
        off &= ~(column > 0.5)
    if not off.any():
        return None
    levels = {int(own.unit[i]): float(own.states[off, i].mean()) for i in (index, *rest)}
    on = [np.nan_to_num(v, nan=0.0) > 0.5 if kind == "auc" else ~np.isnan(v) for v in track.values]
    units = [int(own.unit[i]) for i in (index, *rest)]
    return clamp(net, sequences, on, own.places[own.place[index]], units[0], units[1:], levels, steps, others)


def _probe(states: np.ndarray, columns: Sequence[np.ndarray], kinds: Sequence[str], search: np.ndarray) -> list[float]:
    """Held-out strength of a ridge regression on all units together, for each track; NaN for kinds."""
    limit = 20_000
    every = max(1, int(np.ceil(search.sum() / limit)))
    mean, spread = states[search].mean(0), states[search].std(0) + 1e-6
    fit = np.flatnonzero(search)[::every]
    x = (states[fit] - mean) / spread
    outside = (states[~search] - mean) / spread
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += 0.01 * len(x)
    found = []
    for column, kind in zip(columns, kinds, strict=True):
        y, test = column[fit], column[~search]
        known, seen = ~np.isnan(y), ~np.isnan(test)
        if kind == "information" or not known.any() or not seen.any() or y[known].std() == 0:
            found.append(float("nan"))
            continue
        centred = np.where(known, y - y[known].mean(), 0).astype(np.float32)
        guess = outside[seen] @ np.linalg.solve(gram, x.T @ centred)
        ranked = ranks(guess[:, None])
        score = auc(ranked, test[seen][:, None] > 0.5) if kind == "auc" else spearman(ranked, test[seen][:, None])
        # A probe has a sign: what points the wrong way held out is no success.
        found.append(float(score[0, 0]))
    return found
