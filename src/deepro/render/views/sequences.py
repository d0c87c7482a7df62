"""Traces, cells, memory and matches as pages: states are packed to bytes, in chunks that load as they are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.methods.sequences.signals import envelope, series_tracks, spectrogram
from deepro.methods.sequences.tracks import text_tracks
from deepro.render import address
from deepro.render.document import Model, Picture, ProvenanceView
from deepro.render.document.sequences import (
    CellFinding,
    CellsPage,
    ClampView,
    Enrichment,
    FigurePage,
    GateView,
    GuessesPage,
    LayerMemory,
    LineView,
    MatchCell,
    MatchesPage,
    MatchView,
    MemoryPage,
    Moved,
    Nearest,
    ProbeView,
    SequenceCard,
    SequencePage,
    SequenceResult,
    SoundView,
    StatePlace,
    StatesPage,
    TrackView,
)
from deepro.render.views.base import Keep, Put, finite, record, values
from deepro.results import (
    Attention,
    Automaton,
    Cells,
    Intervention,
    Losses,
    Matches,
    Memory,
    Responses,
    Result,
    StateSpace,
    Steps,
    Trace,
)

CHUNK = 4096  # steps in one page of states
GUESSES = 5
_SHARES = ("i", "f", "o", "r", "z")
_LINES = 8  # inputs or outputs of a series drawn
_SORTED = 2048  # more units than these are ordered by their first principal component
_RANGE = 70.0  # dB shown of a spectrogram
_SIDE = 40  # characters to each side of a match

_Figured = Losses | StateSpace | Responses | Automaton | Attention | Steps | Intervention

Place = tuple[str, int, str]


@dataclass
class _States:
    """Rows of one place packed. values: (U, T) uint8."""

    units: np.ndarray
    high: np.ndarray
    share: bool
    values: np.ndarray
    order: np.ndarray
    half_lives: np.ndarray | None
    whole: bool


@dataclass
class _One:
    """What is known of one sequence."""

    id: str
    name: str
    network: str
    length: int = 0
    text: str | None = None
    tokens: np.ndarray | None = None
    symbols: tuple[str, ...] | None = None
    series: np.ndarray | None = None
    rate: int | None = None
    outputs: np.ndarray | None = None
    check: float | None = None
    states: dict[Place, _States] = field(default_factory=dict)
    tracks: dict[str, tuple[str, np.ndarray]] = field(default_factory=dict)
    records: dict[str, ProvenanceView] = field(default_factory=dict)


class Sequences:
    """One page a sequence, joined from all that was found in it, and one page a result."""

    def __init__(self, put: Put) -> None:
        self._ones: dict[tuple[str, str], _One] = {}
        self._pages: list[tuple[str, str, Model]] = []
        self._results: list[SequenceResult] = []
        self._records: dict[str, ProvenanceView] = {}
        self._waiting: list[Matches] = []
        self._put = put

    def add(self, result: Result) -> bool:
        if result.provenance is None or not isinstance(result, Trace | Cells | Memory | Matches | _Figured):
            return False
        key = result.provenance.key
        made = record(result)
        self._records[key] = made
        if isinstance(result, Trace):
            self._trace(result, made)
        elif isinstance(result, Cells):
            self._cells(result, made)
        elif isinstance(result, Memory):
            self._pages.append(("memory", key, memory_page(result, made)))
            self._list("memory", result, {"reach": result.reach, "layers": len(result.layers)})
        elif isinstance(result, Matches):
            self._waiting.append(result)
        else:
            self._pages.append(("figure", key, figure_page(result, made, self._put)))
            self._list(result.kind, result, _facts(result))
        return True

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        for result in self._waiting:
            self._matches(result)
        for kind, id, page in self._pages:
            keep(kind, id, page)
        shown = [one for one in self._ones.values() if one.length and (one.states or one.tracks)]
        for one in shown:
            _keep_sequence(one, keep)
        cards = [
            SequenceCard(
                id=one.id, name=one.name, network=one.network, reading=_reading(one), steps=one.length,
                beginning=(one.text or "")[:160],
                places=["|".join(map(str, place)) for place, s in one.states.items() if s.whole],
            )
            for one in shown
        ]  # fmt: skip
        return {"sequences": cards, "sequence_results": self._results, "records": self._records}

    def _list(self, kind: str, result: Result, facts: Mapping[str, Any]) -> None:
        assert result.provenance is not None
        network = str(result.provenance.network.get("fingerprint", ""))
        key = result.provenance.key
        self._results.append(SequenceResult(kind=kind, id=key, network=network, record=key, facts=dict(facts)))

    def _of(self, result: Result) -> list[_One]:
        """The sequences of a result, in its order."""
        assert result.provenance is not None
        network = str(result.provenance.network.get("fingerprint", ""))
        ones = []
        for number, item in enumerate(result.provenance.data):
            sha = str(item["sha256"])
            name = item.get("name")
            known = self._ones.get((network, sha))
            if known is None:
                shown = str(name or f"sequence {number}")
                known = _One(address.photograph(shown, network, sha), shown, network)
                self._ones[network, sha] = known
            ones.append(known)
        return ones

    # ---- traces

    def _trace(self, result: Trace, made: ProvenanceView) -> None:
        ones = self._of(result)
        first = result.lengths[result.layers[0]]
        if len(ones) != len(first):
            return  # ready tensors: nobody knows what stands in them
        fit = [n for n in result.layers if list(result.lengths[n]) == list(first)]
        places: dict[Place, list[np.ndarray]] = {}
        half_lives: dict[tuple[str, int], np.ndarray] = {}
        for name in fit:
            for state in ("h", "c", *result.gates):
                known = {"h": result.h, "c": result.c, **result.gates}[state]
                if known is None or name not in known:
                    continue
                for direction in range(known[name].shape[0]):
                    parts = result.states(name, state, direction)
                    places[name, direction, state] = parts
                    if state in ("f", "z"):
                        with np.errstate(divide="ignore"):
                            kept = np.log(np.concatenate(parts).astype(np.float64)).mean(0)
                            half_lives[name, direction] = -np.log(2) / kept
        for (name, direction, state), parts in places.items():
            packed = _packed(parts, state in _SHARES, half_lives.get((name, direction)))
            for one, states in zip(ones, packed, strict=True):
                one.states[name, direction, state] = states
        for n, one in enumerate(ones):
            one.length = int(first[n])
            one.records[made.key] = made
            one.text = result.texts[n] if n < len(result.texts) else None
            one.tokens = None if result.tokens is None else result.tokens[n]
            one.symbols = result.symbols
            one.series = None if result.series is None else result.series[n]
            one.rate = result.rates[n] if n < len(result.rates) else None
            one.outputs = None if result.outputs is None else result.outputs[n, : one.length].astype(np.float32)
            one.check = max(result.checks.values())
            if not one.tracks:
                one.tracks = _own_tracks(one)

    # ---- cells

    def _cells(self, result: Cells, made: ProvenanceView) -> None:
        assert result.provenance is not None
        ones = self._of(result)
        lengths = [len(v) for v in next(iter(result.values.values()), ())]
        if len(lengths) != len(ones):
            lengths = [0] * len(ones)
        ends = np.cumsum([0, *lengths])
        for n, one in enumerate(ones):
            one.length = one.length or lengths[n]
            one.text = one.text or (result.texts[n] if n < len(result.texts) else None)
            one.records[made.key] = made
            for name, measure in zip(result.tracks, result.measures, strict=True):
                one.tracks[name] = (measure, result.values[name][n])
        if result.activity is not None:
            for place in result.states:
                rows = {
                    int(f["unit"]): k
                    for k, f in enumerate(result.findings)
                    if (f["layer"], f["direction"], f["state"]) == place
                }
                if not rows:
                    continue
                parts = [result.activity[list(rows.values()), ends[n] : ends[n + 1]].T for n in range(len(ones))]
                packed = _packed(parts, place[2] in _SHARES, None, np.array(list(rows)))
                for one, states in zip(ones, packed, strict=True):
                    one.states.setdefault(place, states)
        findings = [_finding(f) for f in result.findings]
        held = set(result.split.get("held_out", ()))
        self._pages.append(
            ("cells", made.key, CellsPage(
                record=made.key, network=made.network, findings=findings,
                probes=[ProbeView(track=t, **{k: finite(v) for k, v in p.items()}) for t, p in result.probes.items()],
                searched=int(result.split["searched"]), units=len(result.units), steps=int(result.split["steps"]),
                split=str(result.split["by"]), sequences=[one.id for one in ones],
                held_out=[one.id for n, one in enumerate(ones) if n in held], records={made.key: made},
            ))
        )  # fmt: skip
        alive = list(dict.fromkeys(f.track for f in findings if f.survives))
        self._list("cells", result, {"tracks": len(result.tracks), "survive": alive})

    # ---- matches

    def _matches(self, result: Matches) -> None:
        assert result.provenance is not None
        ones = self._of(result)
        made = self._records[result.provenance.key]
        for n, one in enumerate(ones):
            one.text = one.text or (result.texts[n] if n < len(result.texts) else None)
        names = list(result.tracks)
        marks = np.stack([result.tracks[n] for n in names]) if names else np.zeros((0, len(result.starts)), bool)

        def view(n: int, start: int, stop: int, share: float, on: list[str]) -> MatchView:
            before, inside, after = _context(ones[n].text, start, stop)
            return MatchView(
                sequence=ones[n].id,
                start=start,
                stop=stop,
                share=share,
                before=before,
                inside=inside,
                after=after,
                on=on,
            )

        rows = zip(result.sequences, result.starts, result.stops, result.shares, strict=True)
        page = MatchesPage(
            record=made.key, network=made.network,
            selection=view(*result.selection, 1.0, []),
            cells=[MatchCell(**dict(c)) for c in result.cells],
            matches=[
                view(int(n), int(a), int(b), float(s), [t for t, on in zip(names, marks[:, k], strict=True) if on])
                for k, (n, a, b, s) in enumerate(rows)
            ],
            count=result.count, steps=result.steps, tracks=names,
            enrichment=[Enrichment(**dict(r)) for r in result.enrichment],
            nearest=[
                Nearest(sequence=ones[r["sequence"]].id, step=r["step"], cosine=r["cosine"],
                        before=_context(ones[r["sequence"]].text, r["step"] + 1, r["step"] + 1)[0],
                        after=_context(ones[r["sequence"]].text, r["step"] + 1, r["step"] + 1)[2])
                for r in result.nearest
            ],
            records={made.key: made},
        )  # fmt: skip
        self._pages.append(("matches", made.key, page))
        self._list("matches", result, {"count": result.count, "steps": result.steps, "cells": len(result.cells)})


def memory_page(result: Memory, made: ProvenanceView) -> MemoryPage:
    """Gate saturation, half-lives and influence, packed."""
    layers = []
    for name in result.layers:
        gates = [g for g in result.shut if name in result.shut[g]]
        known = next((result.shut[g][name] for g in gates), None)
        lives = result.half_lives.get(name)
        directions = len(known) if known is not None else len(lives) if lives is not None else 0
        for d in range(directions):
            layers.append(
                LayerMemory(
                    layer=name, direction=d,
                    gates=[
                        GateView(
                            gate=g, shut=_floats(result.shut[g][name][d]), opened=_floats(result.opened[g][name][d])
                        )
                        for g in gates
                    ],
                    half_lives=None if lives is None else _floats(lives[d]),
                )
            )  # fmt: skip
    return MemoryPage(
        record=made.key, network=made.network, low=result.low, layers=layers,
        influence=None if result.influence is None else _floats(result.influence),
        decay=[] if result.decay is None else [float(v) for v in result.decay],
        reach=result.reach, factor=None if result.factor is None else finite(result.factor), records={made.key: made},
    )  # fmt: skip


def figure_page(result: Result, made: ProvenanceView, put: Put) -> FigurePage:
    """The result's figure, without its caption: the page has words of its own in the reader's language."""
    import io

    from PIL import Image

    from deepro.render.figures import draw

    held = io.BytesIO()
    draw(result).savefig(held, format="png", dpi=110, facecolor="white")
    with Image.open(held) as image:
        size = image.size
    picture = Picture(source=put(f"{made.key}/figure.png", held.getvalue()), width=size[0], height=size[1])
    return FigurePage(
        record=made.key, kind=result.kind, network=made.network, picture=picture, records={made.key: made}
    )


def _facts(result: Result) -> dict[str, Any]:
    """The numbers by which a figure is judged."""
    if isinstance(result, Losses) and result.groups:
        return {"loss": result.groups[0]["loss"], "ngram": result.groups[0]["ngram"], "order": result.order}
    if isinstance(result, StateSpace):
        return {"stability": result.stability, "fidelity": result.fidelity, "baseline": result.baseline}
    if isinstance(result, Responses):
        return {"stability": result.stability[0], "chance": result.chance[0], "noise": result.noise}
    if isinstance(result, Automaton):
        return {"states": len(result.accepting), "fidelity": result.fidelity, "baseline": result.baseline}
    if isinstance(result, Attention):
        return {"sharpness": result.sharpness}
    if isinstance(result, Steps):
        return {"score": result.score}
    return {}


# ---- one sequence


def _keep_sequence(one: _One, keep: Keep) -> None:
    places = []
    for number, ((layer, direction, state), packed) in enumerate(one.states.items()):
        pages = []
        for first in range(0, one.length, CHUNK):
            id = f"{one.id}-{number}-{first // CHUNK}"
            keep("states", id, StatesPage(first=first, values=values(packed.values[:, first : first + CHUNK])))
            pages.append(id)
        places.append(
            StatePlace(
                layer=layer, direction=direction, state=state, share=packed.share,
                units=values(packed.units.astype(np.uint16)), high=_floats(packed.high),
                similar=values(packed.order.astype(np.uint16)),
                half_lives=None if packed.half_lives is None else _floats(packed.half_lives), pages=pages,
            )
        )  # fmt: skip
    guesses = []
    if one.tokens is not None and one.outputs is not None and one.symbols is not None:
        for first in range(0, one.length, CHUNK):
            id = f"{one.id}-{first // CHUNK}"
            keep("guesses", id, _guesses(one.outputs, one.tokens, first))
            guesses.append(id)
    reading = _reading(one)
    lines = one.outputs if reading in ("series", "sound") else None
    keep(
        "sequence", one.id,
        SequencePage(
            id=one.id, name=one.name, network=one.network, reading=reading, steps=one.length,
            text=one.text if reading == "text" else None,
            tokens=None if one.tokens is None or reading == "text" else values(one.tokens.astype(np.int32)),
            symbols=None if one.symbols is None else list(one.symbols),
            chunk=CHUNK, places=places, guesses=guesses,
            tracks=[_track(name, *about) for name, about in one.tracks.items()],
            inputs=_lines("", one.series) if reading == "series" and one.series is not None else [],
            outputs=_lines("", lines) if lines is not None else [],
            sound=_sound(one), check=one.check, records=one.records,
        ),
    )  # fmt: skip


def _reading(one: _One) -> Any:
    if one.rate:
        return "sound"
    if one.series is not None:
        return "series"
    return "text" if one.text is not None and len(one.text) == one.length else "tokens"


def _packed(
    parts: Sequence[np.ndarray], share: bool, half_lives: np.ndarray | None, units: np.ndarray | None = None
) -> list[_States]:
    """(T, U) of each sequence as bytes on one scale a unit."""
    joined = np.concatenate(parts).astype(np.float32)
    high = np.ones(joined.shape[1], np.float32) if share else np.maximum(np.abs(joined).max(0), 1e-12)
    order = _similar(joined)
    made = []
    for part in parts:
        scaled = part.astype(np.float32) / high
        packed = np.clip(np.rint(255 * scaled if share else 128 + 127 * scaled), 0, 255).astype(np.uint8)
        numbers = np.arange(joined.shape[1]) if units is None else units
        rows = np.ascontiguousarray(packed.T)
        made.append(_States(numbers, high, share, rows, order, half_lives, units is None))
    return made


def _similar(joined: np.ndarray) -> np.ndarray:
    """Rows so ordered that units which go together lie together (average linkage of 1 - r)."""
    steps, units = joined.shape
    if units < 3 or steps < 3:
        return np.arange(units)
    some = joined[:: max(1, steps // 4000)]
    centred = some - some.mean(0)
    centred /= np.maximum(np.linalg.norm(centred, axis=0), 1e-12)
    if units > _SORTED:
        return np.argsort(np.linalg.svd(centred, full_matrices=False)[2][0], kind="stable")
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distance = np.clip(1 - centred.T @ centred, 0, 2).astype(np.float64)
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform((distance + distance.T) / 2, checks=False), "average"))


def _guesses(outputs: np.ndarray, tokens: np.ndarray, first: int) -> GuessesPage:
    part = outputs[first : first + CHUNK].astype(np.float64)
    part -= part.max(1, keepdims=True)
    log = part - np.log(np.exp(part).sum(1, keepdims=True))
    p = np.exp(log)
    best = np.argsort(-p, axis=1, kind="stable")[:, :GUESSES]
    following = np.append(tokens, -1)[first + 1 : first + 1 + len(part)]
    known = (following >= 0) & (following < p.shape[1])
    loss = np.full(len(part), np.nan)
    loss[known] = -log[known, following[known]]
    shares = np.rint(255 * np.take_along_axis(p, best, 1)).astype(np.uint8)
    return GuessesPage(
        first=first, tokens=values(best.astype(np.uint16)), shares=values(shares),
        entropy=_floats(-(p * log).sum(1)), loss=_floats(loss),
    )  # fmt: skip


def _own_tracks(one: _One) -> dict[str, tuple[str, np.ndarray]]:
    if one.text is not None and len(one.text) == one.length:
        found = text_tracks(one.text)
    elif one.series is not None and not one.rate and len(one.series) == one.length:
        found = series_tracks(one.series)
    else:
        return {}
    return {n: ("auc" if v.dtype == bool else "rank", v.astype(float)) for n, v in found.items()}


def _track(name: str, measure: str, column: np.ndarray) -> TrackView:
    if measure != "auc":
        return TrackView(name=name, measure=measure, values=_floats(column))
    marks = np.where(np.isnan(column), 2, np.nan_to_num(column) > 0.5).astype(np.uint8)
    return TrackView(name=name, measure=measure, values=values(marks))


def _lines(name: str, rows: np.ndarray) -> list[LineView]:
    return [LineView(name=f"{name}{k}", values=_floats(rows[:, k])) for k in range(min(_LINES, rows.shape[1]))]


def _sound(one: _One) -> SoundView | None:
    if not one.rate or one.series is None:
        return None
    samples = one.series[:, 0]
    level = spectrogram(samples, one.rate, one.length, below=_RANGE)
    return SoundView(
        rate=one.rate, envelope=_floats(envelope(samples, 4 * one.length).reshape(one.length, 4, 2)),
        spectrogram=values(np.rint(255 * (level + _RANGE) / _RANGE).astype(np.uint8)),
        range=_RANGE, highest=one.rate / 2,
    )  # fmt: skip


def _finding(found: Mapping[str, Any]) -> CellFinding:
    clamp = found["clamp"]
    view = None
    if clamp:
        view = ClampView(
            effect=clamp["effect"], elsewhere=finite(clamp.get("elsewhere", float("nan"))),
            others=list(clamp["others"]),
            others_elsewhere=[finite(v) for v in clamp.get("others_elsewhere", ())], beaten=finite(clamp["beaten"]),
            steps=clamp["steps"], falls=_moved(clamp.get("falls")), rises=_moved(clamp.get("rises")),
        )  # fmt: skip
    plain = ("track", "measure", "layer", "direction", "state", "unit", "sign", "on_mean", "off_mean", "survives")
    return CellFinding(
        **{k: found[k] for k in plain}, search=finite(found["search"]), held_out=finite(found["held_out"]),
        controls=[finite(c) for c in found["controls"]], control=finite(found["control"]), p=finite(found["p"]),
        clamp=view,
    )  # fmt: skip


def _moved(told: Any) -> Moved | None:
    return None if told is None else Moved(label=str(told[0]), before=float(told[1]), after=float(told[2]))


def _context(text: str | None, start: int, stop: int) -> tuple[str, str, str]:
    text = text or ""
    return text[max(0, start - _SIDE) : start], text[start:stop], text[stop : stop + _SIDE]


def _floats(array: Any) -> Any:
    return values(np.asarray(array, dtype=np.float32))
