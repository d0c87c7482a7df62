"""Units that track something: the search, and beside every finding the controls that say whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from deepro import progress
from deepro.errors import UsageError
from deepro.kinds.sequences.cells import Cells
from deepro.kinds.sequences.trace import Trace
from deepro.methods.sequences.controls import clamp, random_twin, shifted_best
from deepro.methods.sequences.scores import MEASURES, auc, information, ranks, spearman, strength
from deepro.methods.sequences.trace import read
from deepro.methods.sequences.tracks import Track, Wanted, make_tracks
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences
from deepro.parameters import AnySequences, Bounds, LayerNames, Value
from deepro.registry import Paper, method

MARGIN = 0.05  # a finding must be better by this than what random weights reach,
CLOSED = 0.5  # and close this share of the gap that they leave to a perfect score
FEWEST = 8  # steps on which a score says anything at all
LEVEL = 0.05  # and rarer than this under shifted tracks
BEATEN = 0.9  # and matter to the track more than this share of other units


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
    version=2,
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
    top: Annotated[int, Bounds(1, 100), "findings a track"] = 3,
    controls: Annotated[int, Bounds(0, 20), "networks with random weights to compare with"] = 3,
    shifts: Annotated[int, Bounds(0, 10_000), "tracks shifted in time, for the chance of the best of many"] = 100,
    others: Annotated[int, Bounds(0, 500), "other units to clamp beside the best; 0 leaves the clamp test out"] = 30,
    clamp_steps: Annotated[int, Bounds(1, 100_000), "steps of each sequence read in the clamp test"] = 400,
    seed: Annotated[int, Bounds(0, 2**31), "of the split, the shifts and the random networks"] = 0,
) -> Cells:
    """Search all units of recurrent layers for those that track an annotation.

    sequences: several texts, token arrays or series. tracks: None for the built-in ones, their names, or a mapping
    from a name to one's own column for each sequence, see `deepro.methods.sequences.tracks.make_tracks`.
    A unit is chosen on one part of the sequences and scored on the other; where there is only one sequence it is cut in
    time. Yes-or-no tracks are measured by AUC, numbers by Spearman's rank correlation, kinds by
    mutual information (nats).
    A finding survives when held out it beats random weights by 0.05 and by half of what they miss to a perfect score,
    is not matched by the best of all units on tracks shifted in time (p <= 0.05) and, where the clamp test can be made,
    moves the prediction where the track is on, beyond what it moves elsewhere, more than nine in ten other units do.
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
    search, split = _split(own.lengths, held_out, seed)
    if min(search.sum(), (~search).sum()) < FEWEST:
        raise UsageError(
            f"{len(search)} steps in {len(own.lengths)} sequences are too few: {int(search.sum())} to search in and "
            f"{int((~search).sum())} held out, at least {FEWEST} each are needed; give longer or more sequences"
        )
    kinds = [t.measure if measure == "auto" else measure for t in made]
    columns = [np.concatenate(t.values) for t in made]
    ranked = _Ranked(own.states[search])
    scored = _score(own.states, columns, kinds, search, ranked)
    progress.tell("search", 1, 2 + controls)
    probes = _probe(own.states, columns, kinds, search)
    twins, twin_probes = [], []
    for number in range(controls):
        twin = random_twin(net, seed + number)
        other = gather(read(twin, sequences, layers), names, sequences)
        twins.append(_best(_score(other.states, columns, kinds, search), kinds))
        twin_probes.append(_probe(other.states, columns, kinds, search))
        progress.tell("search", 2 + number, 2 + controls)
    findings: list[Mapping[str, Any]] = []
    shown: list[int] = []
    generator = np.random.default_rng(seed)
    for k, track in enumerate(made):
        power = strength(scored.search[k], kinds[k])
        if np.isnan(power).all():
            continue  # never on, or always
        order = np.argsort(-np.nan_to_num(power, nan=-1), kind="stable")[:top]
        control = tuple(t[k] for t in twins)
        null = _null(ranked, columns[k][search], kinds[k], shifts, seed)
        for index in order:
            about = _describe(own, int(index), columns[k], search, kinds[k])
            finding: dict[str, Any] = {
                "track": track.name,
                "measure": kinds[k],
                **about,
                "search": oriented(float(scored.search[k, index]), about["sign"], kinds[k]),
                "held_out": oriented(float(scored.held_out[k, index]), about["sign"], kinds[k]),
                "control": max(control, default=float("nan")),
                "controls": control,
                "p": _p(power[index], null),
                "clamp": None,
            }
            if others and index == order[0] and survives(finding):  # costly, and needed only by what is left
                finding["clamp"] = _clamp(net, sequences, own, int(index), track, kinds[k], others, clamp_steps,
                                          columns[k], search, split, generator)  # fmt: skip
            # Only the best of a track is held still: the next ones are shown, and nothing is claimed for them.
            finding["survives"] = survives(finding) and (index == order[0] or not others)
            findings.append(finding)
            shown.append(int(index))
    progress.tell("search", 2 + controls, 2 + controls)
    return Cells(
        tracks=tuple(t.name for t in made),
        measures=tuple(kinds),
        findings=tuple(findings),
        states=own.places,
        places=own.place,
        units=own.unit,
        scores=scored.search,
        held_out=scored.held_out,
        probes={
            t.name: {"held_out": probes[k], "control": max((p[k] for p in twin_probes), default=float("nan"))}
            for k, t in enumerate(made)
        },
        values={t.name: t.values for t in made},
        split={"by": split["by"], "held_out": split["held_out"], "steps": len(search), "searched": int(search.sum())},
        texts=sequences.texts,
        activity=own.states[:, shown].T.astype(np.float16),
    )


def oriented(score: float, sign: int, measure: str) -> float:
    """A score in the direction that a unit was found to point in: held out, a unit that turned round scores low."""
    if sign > 0:
        return score
    return 1 - score if measure == "auc" else -score


def survives(finding: Mapping[str, Any]) -> bool:
    """Whether a finding passes its controls; a control that was not made does not count against it."""
    score, measure = finding["held_out"], finding["measure"]
    if np.isnan(score):
        return False
    control = finding["control"]
    gap = control if measure == "information" else 1 - control  # information has no largest score
    beats = not score <= control + max(MARGIN, CLOSED * gap)
    rare = not finding["p"] > LEVEL
    matters = finding["clamp"] is None or not finding["clamp"]["beaten"] < BEATEN
    return bool(beats and rare and matters)


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


def _split(lengths: Sequence[int], share: float, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """(T,) bool, what the search sees; by sequence, or in time where there is one."""
    total = sum(lengths)
    if len(lengths) == 1:
        cut = max(1, round(total * (1 - share)))
        return np.arange(total) < cut, {"by": "time", "held_out": (0,)}
    order = np.random.default_rng(seed).permutation(len(lengths))
    out = set(order[: max(1, min(len(lengths) - 1, round(len(lengths) * share)))].tolist())
    mask = np.concatenate([np.full(t, n not in out) for n, t in enumerate(lengths)])
    return mask, {"by": "sequence", "held_out": tuple(sorted(out))}


class _Ranked:
    """Ranks of the states over the known steps; most tracks are known everywhere and share one ranking."""

    def __init__(self, states: np.ndarray) -> None:
        self.states = states
        self._kept: dict[bytes, np.ndarray] = {}

    def __call__(self, known: np.ndarray) -> np.ndarray:
        key = b"" if known.all() else np.packbits(known).tobytes()
        if key not in self._kept:
            self._kept[key] = ranks(self.states if known.all() else self.states[known])
        return self._kept[key]


@dataclass(frozen=True)
class _Scored:
    search: np.ndarray  # (K, S)
    held_out: np.ndarray


def _score(
    states: np.ndarray,
    columns: Sequence[np.ndarray],
    kinds: Sequence[str],
    search: np.ndarray,
    searched: _Ranked | None = None,
) -> _Scored:
    made = []
    for part in (search, ~search):
        ranked = searched if searched is not None and part is search else _Ranked(states[part])
        values = [c[part] for c in columns]
        scores = np.full((len(columns), states.shape[1]), np.nan)
        groups: dict[tuple[bytes, str], list[int]] = {}
        for k, column in enumerate(values):
            groups.setdefault((np.packbits(~np.isnan(column)).tobytes(), kinds[k]), []).append(k)
        for (_, kind), members in groups.items():
            known = ~np.isnan(values[members[0]])
            if known.sum() < 2:
                continue
            matrix = np.stack([values[k][known] for k in members], 1)
            if kind == "auc":
                scores[members] = auc(ranked(known), matrix > 0.5).T
            else:
                scores[members] = (spearman if kind == "rank" else information)(ranked(known), matrix).T
        made.append(scores)
    return _Scored(*made)


def _best(scored: _Scored, kinds: Sequence[str]) -> list[float]:
    """For each track the held-out strength of the unit that the search would choose."""
    best = []
    for k, kind in enumerate(kinds):
        power = strength(scored.search[k], kind)
        if np.isnan(power).all():
            best.append(float("nan"))
            continue
        best.append(float(strength(scored.held_out[k, int(np.nanargmax(power))], kind)))
    return best


def _null(ranked: _Ranked, values: np.ndarray, kind: str, shifts: int, seed: int) -> np.ndarray:
    known = ~np.isnan(values)
    if not shifts or kind == "information" or known.sum() < 40:
        return np.zeros(0)
    return shifted_best(ranked(known), values[known], kind, shifts, seed)


def _p(power: float, null: np.ndarray) -> float:
    return float((1 + (null >= power).sum()) / (1 + len(null))) if len(null) else float("nan")


def _describe(own: Searched, index: int, column: np.ndarray, search: np.ndarray, kind: str) -> dict[str, Any]:
    layer, direction, state = own.places[own.place[index]]
    values, track = own.states[search, index], column[search]
    known = ~np.isnan(track)
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
    column: np.ndarray, search: np.ndarray, split: Mapping[str, Any], generator: np.random.Generator,
) -> Mapping[str, Any] | None:  # fmt: skip
    if list(own.lengths) != [len(item) for item in sequences.items]:
        return None
    place = own.place[index]
    same = np.flatnonzero(own.place == place)
    rest = generator.permutation(same[same != index])[:others]
    chosen = [index, *rest.tolist()]
    off = search & ~np.isnan(column)
    if kind == "auc":
        off &= ~(column > 0.5)
    if not off.any():
        return None
    levels = {int(own.unit[i]): float(own.states[off, i].mean()) for i in chosen}
    part = sequences.subset(list(split["held_out"]))
    values = [track.values[k] for k in split["held_out"]]
    on = [np.nan_to_num(v, nan=0.0) > 0.5 if kind == "auc" else ~np.isnan(v) for v in values]
    units = [int(own.unit[i]) for i in chosen]
    return clamp(net, part, on, own.places[place], units[0], units[1:], levels, steps)


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
