"""One sequence as a page: what was read, what was expected next, annotations, and where its states are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.methods.sequences.signals import envelope, series_tracks, spectrogram
from deepro.methods.sequences.tracks import text_tracks
from deepro.render.document import ProvenanceView, Values
from deepro.render.document.sequences import (
    GuessesPage,
    LineView,
    Reading,
    SequenceCard,
    SequencePage,
    SheetView,
    SoundView,
    StatePlace,
    StatesPage,
    TrackView,
)
from deepro.render.views.base import Keep, values
from deepro.render.views.sequences.states import Packed

CHUNK = 4096  # steps in one page of states
GUESSES = 5
LINES = 8  # so many features of a series are drawn as lines; more of them as a sheet
_RANGE = 70.0  # dB shown of a spectrogram

Place = tuple[str, int, str]  # layer, direction, h or c or a gate


@dataclass
class Read:
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
    states: dict[Place, Packed] = field(default_factory=dict)
    tracks: dict[str, tuple[str, np.ndarray]] = field(default_factory=dict)
    records: dict[str, ProvenanceView] = field(default_factory=dict)

    def piece(self, start: int, stop: int) -> str:
        """What stands at steps `start` to `stop`, as text; empty where there is none."""
        start = max(0, start)
        if self.text is not None and (not self.length or len(self.text) == self.length):
            return self.text[start:stop]
        if self.tokens is None or self.symbols is None:
            return ""
        words = [self.symbols[k] for k in self.tokens[start:stop]]
        return ("" if all(len(w) == 1 for w in self.symbols) else " ").join(words)


def word(one: Read | None, label: str) -> str:
    """The token that an output without a label stands for, where outputs are tokens; else the label as it is."""
    if one is None or one.symbols is None or one.outputs is None or one.outputs.shape[1] != len(one.symbols):
        return label
    kind, _, number = label.partition(" ")
    known = kind == "class" and number.isdecimal() and int(number) < len(one.symbols)
    return one.symbols[int(number)] if known else label


def keep_page(one: Read, keep: Keep) -> None:
    """The page of a sequence, and the heavy numbers of its states and guesses, piece by piece."""
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
                units=values(packed.units.astype(np.uint16)), high=floats(packed.high),
                similar=values(packed.order.astype(np.uint16)),
                half_lives=None if packed.half_lives is None else floats(packed.half_lives), pages=pages,
            )
        )  # fmt: skip
    guesses = []
    if one.tokens is not None and one.outputs is not None and one.symbols is not None:
        for first in range(0, one.length, CHUNK):
            id = f"{one.id}-{first // CHUNK}"
            keep("guesses", id, _guesses(one.outputs, one.tokens, first))
            guesses.append(id)
    kind = reading(one)
    written = one.outputs if kind in ("series", "sound") else None
    keep(
        "sequence", one.id,
        SequencePage(
            id=one.id, name=one.name, network=one.network, reading=kind, steps=one.length,
            text=one.text if kind == "text" else None,
            tokens=None if one.tokens is None or kind == "text" else values(one.tokens.astype(np.int32)),
            symbols=None if one.symbols is None else list(one.symbols),
            chunk=CHUNK, places=places, guesses=guesses,
            tracks=[_track(name, *about) for name, about in one.tracks.items()],
            inputs=lines(one.series) if kind == "series" else [], outputs=lines(written),
            sound=sound(one.series, one.rate, one.length), sheet=sheet(one.series) if kind == "series" else None,
            check=one.check, records=one.records,
        ),
    )  # fmt: skip


def reading(one: Read) -> Reading:
    """What kind of steps it has."""
    if one.rate:
        return "sound"
    if one.series is not None:
        return "series"
    return "text" if one.text is not None and len(one.text) == one.length else "tokens"


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
        entropy=floats(-(p * log).sum(1)), loss=floats(loss),
    )  # fmt: skip


def own_tracks(one: Read) -> dict[str, tuple[str, np.ndarray]]:
    if one.text is not None and len(one.text) == one.length:
        found = text_tracks(one.text)
    elif one.series is not None and not one.rate and len(one.series) == one.length:
        found = series_tracks(one.series)
    else:
        return {}
    return {n: ("auc" if v.dtype == bool else "rank", v.astype(float)) for n, v in found.items()}


def _track(name: str, measure: str, column: np.ndarray) -> TrackView:
    if measure != "auc":
        return TrackView(name=name, measure=measure, values=floats(column))
    marks = np.where(np.isnan(column), 2, np.nan_to_num(column) > 0.5).astype(np.uint8)
    return TrackView(name=name, measure=measure, values=values(marks))


def lines(rows: np.ndarray | None) -> list[LineView]:
    """(T, F) as lines, where they are few."""
    if rows is None or rows.shape[1] > LINES:
        return []
    return [LineView(name=str(k), values=floats(rows[:, k])) for k in range(rows.shape[1])]


def sheet(rows: np.ndarray | None) -> SheetView | None:
    """(T, F) as one sheet, where there are too many for lines."""
    if rows is None or rows.shape[1] <= LINES:
        return None
    low, high = float(rows.min()), float(rows.max())
    return SheetView(
        values=values(np.rint(255 * (rows.T - low) / ((high - low) or 1)).astype(np.uint8)), low=low, high=high
    )


def sound(series: np.ndarray | None, rate: int | None, steps: int) -> SoundView | None:
    """A sound over `steps` equal stretches; None where it is none."""
    if not rate or series is None:
        return None
    samples = series[:, 0]
    level = spectrogram(samples, rate, steps, below=_RANGE)
    return SoundView(
        rate=rate, envelope=floats(envelope(samples, 4 * steps).reshape(steps, 4, 2)),
        spectrogram=values(np.rint(255 * (level + _RANGE) / _RANGE).astype(np.uint8)), range=_RANGE, highest=rate / 2,
    )  # fmt: skip


def label(one: Read) -> str:
    """What to call a sequence in a list: its name, or where it has none its words."""
    words = one.piece(0, 24)
    return f"“{words}”" if words and one.name == "sequence 0" else one.name


def card(one: Read) -> SequenceCard:
    """One sequence on the overview."""
    return SequenceCard(
        id=one.id, name=one.name, network=one.network, reading=reading(one), steps=one.length,
        beginning=one.piece(0, 160), places=["|".join(map(str, place)) for place, s in one.states.items() if s.whole],
    )  # fmt: skip


def floats(array: Any) -> Values:
    return values(np.asarray(array, dtype=np.float32))
