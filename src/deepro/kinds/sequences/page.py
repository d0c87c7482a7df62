"""The page of one sequence, as one network reads it, and the list of what was found in sequences.

States are large and are asked for in pieces: `StatesPage` is one layer, direction and state over `CHUNK` steps.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from deepro.kinds.sequences.signals import envelope, series_tracks, spectrogram
from deepro.kinds.sequences.states import Packed
from deepro.kinds.sequences.texts import text_tracks
from deepro.render import address
from deepro.render.document import Model, ProvenanceView, Values
from deepro.render.pack import floats, plain, values, view
from deepro.render.site import Keep, Section, Site, fingerprint, key
from deepro.results import Result

CHUNK = 4096  # steps in one page of states
GUESSES = 5
LINES = 8  # up to so many features of a series are drawn as lines, more of them as a sheet
SIDE = 40  # steps shown to each side of a place
_RANGE = 70.0  # dB shown of a spectrogram

Place = tuple[str, int, str]  # layer, direction, h or c or a gate
Reading = Literal["text", "tokens", "series", "sound"]


class StatePlace(Model):
    """One state of one layer and direction, and where its numbers are.

    units: their numbers, row by row. high: (U,) float32, the value that 127 (255 where `share`) stands for in each row.
    share: whether the state is a gate between 0 and 1; else zero is 128. similar: rows in an order in which like ones
    are near. half_lives: (U,) float32 in steps, None where they are not known. pages: ids of `StatesPage`, one a chunk.
    """

    layer: str
    direction: int
    state: str
    share: bool
    units: Values
    high: Values
    similar: Values
    half_lives: Values | None
    pages: list[str]


class StatesPage(Model):
    """values: (U, n) uint8 of steps `first` to `first` + n."""

    first: int
    values: Values


class GuessesPage(Model):
    """What the network expected after each of n steps.

    tokens: (n, k) uint16, the most probable next tokens; shares: (n, k) uint8, 255 is certain. entropy: (n,) nats.
    loss: (n,) nats for the token that did come next, NaN where none did.
    """

    first: int
    tokens: Values
    shares: Values
    entropy: Values
    loss: Values


class TrackView(Model):
    """An annotation. values: (T,) uint8 0, 1 or 2 (unknown) where `measure` is auc, else float32."""

    name: str
    measure: str
    values: Values


class LineView(Model):
    """An input or output of a series. values: (T,) float32 over the steps."""

    name: str
    values: Values


class SheetView(Model):
    """Many features over the steps. values: (F, T) uint8, 0 is `low` and 255 `high`."""

    values: Values
    low: float
    high: float


class SoundView(Model):
    """envelope: (S, 4, 2) float32, lowest and highest sample in each quarter of a step. spectrogram: (F, S) uint8.

    0 is `range` dB below the loudest, 255 the loudest. highest: Hz of the topmost row.
    """

    rate: int
    envelope: Values
    spectrogram: Values
    range: float
    highest: float


class SequencePage(Model):
    """One sequence and one network. text: where each character is a step; else tokens are named by `symbols`.

    chunk: steps in a page of states or guesses. guesses: ids of `GuessesPage`. check: the largest difference between h
    from the gates and h as the network returned it.
    """

    id: str
    name: str
    network: str
    reading: Reading
    steps: int
    text: str | None
    tokens: Values | None
    symbols: list[str] | None
    chunk: int
    places: list[StatePlace]
    guesses: list[str]
    tracks: list[TrackView]
    inputs: list[LineView]
    outputs: list[LineView]
    sound: SoundView | None
    sheet: SheetView | None
    check: float | None
    records: dict[str, ProvenanceView]


class SequenceCard(Model):
    """A sequence on the overview. places: 'layer|direction|state' of which every unit is there."""

    id: str
    name: str
    network: str
    reading: Reading
    steps: int
    beginning: str
    places: list[str]


class SequenceResult(Model):
    """A result of sequences on the overview. id: of its page. facts: a few numbers of it.

    sequence: what it read, where it read one alone: the beginning of the text, or a name.
    """

    kind: str
    id: str
    network: str
    record: str
    facts: dict[str, Any]
    sequence: str | None


class ResultPage(Model):
    """The page of one result."""

    record: str
    network: str
    records: dict[str, ProvenanceView]


@dataclass
class ReadSequence:
    """One sequence as the results describe it. length: in steps, 0 if unknown. outputs: (T, K) of the network."""

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
    tracks: dict[str, tuple[str, np.ndarray]] = field(default_factory=dict)  # measure and values of each
    records: dict[str, ProvenanceView] = field(default_factory=dict)

    @property
    def page(self) -> str | None:
        """The id of its page; None where too little is known for one."""
        return self.id if self.length and (self.states or self.tracks) else None

    @property
    def reading(self) -> Reading:
        """What kind of steps it has."""
        if self.rate:
            return "sound"
        if self.series is not None:
            return "series"
        return "text" if self.text is not None and len(self.text) == self.length else "tokens"

    @property
    def label(self) -> str:
        """What to call it in a list: its name, or its words where it has no name."""
        words = self.piece(0, 24)
        return f"“{words}”" if words and self.name == "sequence 0" else self.name

    def piece(self, start: int, stop: int) -> str:
        """What stands at steps `start` to `stop`, as text; empty where there is none."""
        start = max(0, start)
        if self.text is not None and (not self.length or len(self.text) == self.length):
            return self.text[start:stop]
        if self.tokens is None or self.symbols is None:
            return ""
        words = [self.symbols[k] for k in self.tokens[start:stop]]
        return ("" if all(len(w) == 1 for w in self.symbols) else " ").join(words)

    def context(self, start: int, stop: int) -> dict[str, str]:
        """What stands before, inside and after steps `start` to `stop` (keyword in context)."""
        ends = {"before": (start - SIDE, start), "inside": (start, stop), "after": (stop, stop + SIDE)}
        return {name: self.piece(*two) for name, two in ends.items()}

    def word(self, label: str) -> str:
        """The token that an output without a label stands for, where outputs are tokens; else the label as it is."""
        if self.symbols is None or self.outputs is None or self.outputs.shape[1] != len(self.symbols):
            return label
        kind, _, number = label.partition(" ")
        known = kind == "class" and number.isdecimal() and int(number) < len(self.symbols)
        return self.symbols[int(number)] if known else label

    def own_tracks(self) -> dict[str, tuple[str, np.ndarray]]:
        """Its built-in annotations."""
        if self.text is not None and len(self.text) == self.length:
            found = text_tracks(self.text)
        elif self.reading == "series" and self.series is not None and len(self.series) == self.length:
            found = series_tracks(self.series)
        else:
            return {}
        return {n: ("auc" if v.dtype == bool else "rank", v.astype(float)) for n, v in found.items()}


class SequencePages(Section):
    """One page for each sequence and network, joined from all results that read it, and a list of the results.

    groups: results that share one page, by what they have in common.
    """

    pages: ClassVar[Mapping[str, type[Model]]] = {
        "sequence": SequencePage, "states": StatesPage, "guesses": GuessesPage,
    }  # fmt: skip
    cards: ClassVar[Mapping[str, type[Model]]] = {"sequences": SequenceCard, "sequence_results": SequenceResult}

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.groups: dict[Hashable, list[Any]] = {}
        self._read: dict[tuple[str, str], ReadSequence] = {}
        self._results: list[SequenceResult] = []
        self._later: list[Callable[[], None]] = []

    def of(self, result: Result) -> list[ReadSequence]:
        """The sequences of a result, in its order, with their texts where it has these."""
        assert result.provenance is not None
        network, ones, texts = fingerprint(result), [], getattr(result, "texts", ())
        for number, item in enumerate(result.provenance.data):
            where = network, str(item["sha256"])
            if where not in self._read:
                name = str(item.get("name") or f"sequence {number}")
                self._read[where] = ReadSequence(address.photograph(name, *where), name, network)
            one = self._read[where]
            one.text = one.text or (texts[number] if number < len(texts) else None)
            ones.append(one)
        return ones

    def later(self, make: Callable[[], None]) -> None:
        """Make something when all results are known: what they read may be in a trace that comes after them."""
        self._later.append(make)

    def page(self, page: str, model: type[ResultPage], result: Result, facts: Mapping[str, Any], **more: Any) -> None:
        """Keep the page of a result, from its fields of the same names and from `more`, and list the result."""
        made = self.site.list(result)
        about = {"record": made.key, "network": made.network, "records": {made.key: made}}
        self.site.keep(page, made.key, view(model, result, **about, **more))
        self.list(result, facts)

    def list(self, result: Result, facts: Mapping[str, Any]) -> None:
        """Name a result on the overview."""
        ones, made = self.of(result), key(result)
        self._results.append(
            SequenceResult(
                kind=result.kind, id=made, network=fingerprint(result), record=made, facts=plain(facts),
                sequence=ones[0].label if len(ones) == 1 else None,
            )
        )  # fmt: skip

    def finish(self) -> Mapping[str, Sequence[Model]]:
        for make in self._later:
            make()
        shown = [one for one in self._read.values() if one.page]
        for one in shown:
            _keep(one, self.site.keep)
        return {"sequences": [_card(one) for one in shown], "sequence_results": self._results}


def scopes(made: str, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """A sequence, as one network reads it."""
    network = str(provenance["network"].get("fingerprint", ""))
    return tuple(f"sequences:{network}:{d.get('sha256', '')}" for d in provenance["data"]) or (made,)


def _keep(one: ReadSequence, keep: Keep) -> None:
    """Keep the page of a sequence, and the large numbers of its states and guesses, piece by piece."""
    chunks = range(0, one.length, CHUNK)
    places = []
    for number, ((layer, direction, state), packed) in enumerate(one.states.items()):
        pages = [f"{one.id}-{number}-{first // CHUNK}" for first in chunks]
        for id, first in zip(pages, chunks, strict=True):
            keep("states", id, StatesPage(first=first, values=values(packed.values[:, first : first + CHUNK])))
        places.append(view(StatePlace, packed, layer=layer, direction=direction, state=state, pages=pages))
    guesses = []
    if one.tokens is not None and one.outputs is not None and one.symbols is not None:
        guesses = [f"{one.id}-{first // CHUNK}" for first in chunks]
        for id, first in zip(guesses, chunks, strict=True):
            keep("guesses", id, _guesses(one.outputs, one.tokens, first))
    is_text, is_series, is_sound = (one.reading == kind for kind in ("text", "series", "sound"))
    page = view(
        SequencePage, one, steps=one.length, records=one.records, text=one.text if is_text else None,
        tokens=None if one.tokens is None or is_text else values(one.tokens.astype(np.int32)),
        chunk=CHUNK, places=places, guesses=guesses, tracks=[_track(n, *about) for n, about in one.tracks.items()],
        inputs=lines(one.series) if is_series else [], outputs=lines(one.outputs) if is_series or is_sound else [],
        sound=sound(one.series, one.rate, one.length), sheet=sheet(one.series) if is_series else None,
    )  # fmt: skip
    keep("sequence", one.id, page)


def _card(one: ReadSequence) -> SequenceCard:
    places = ["|".join(map(str, place)) for place, packed in one.states.items() if packed.whole]
    return view(SequenceCard, one, steps=one.length, beginning=one.piece(0, 160), places=places)


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
    scaled = np.rint(255 * (rows.T - low) / ((high - low) or 1)).astype(np.uint8)
    return SheetView(values=values(scaled), low=low, high=high)


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
