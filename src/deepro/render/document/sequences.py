"""Sequences: what was read, what the states did, and what was found in them.

States are heavy and are asked for in pieces: `StatesPage` is one layer, direction and state over `chunk` steps.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from deepro.render.document.base import Model, ProvenanceView, Values

Reading = Literal["text", "tokens", "series", "sound"]


class StatePlace(Model):
    """One kind of state of one layer and direction, and where its numbers are.

    units: their numbers, row by row. high: (U,) float32, what 127 (or 255, where `share`) stands for in each row.
    share: a gate between 0 and 1; else zero is 128. similar: rows ordered so that like ones are near. half_lives: (U,)
    float32 in steps, NaN where they are not known. pages: ids of `StatesPage`, one a chunk.
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
    """(T,) float32 over the steps: an input or output of a series."""

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

    chunk: steps in a page of states or guesses. guesses: ids of `GuessesPage`.
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
    sheet: SheetView | None = Field(default=None)
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


class Moved(Model):
    """A class whose probability changes, and its mean before and after."""

    label: str
    before: float
    after: float


class ClampView(Model):
    """How far predictions move with the unit held, in total variation, or standard deviations of the output.

    effect: where the track is on; elsewhere: where it is off; others, others_elsewhere: other units held. falls,
    rises: where the track is on.
    """

    effect: float
    elsewhere: float | None
    others: list[float]
    others_elsewhere: list[float | None]
    beaten: float | None
    steps: int
    falls: Moved | None
    rises: Moved | None


class CellFinding(Model):
    """One unit for one track. control, p, clamp: None where they were not made."""

    track: str
    measure: str
    layer: str
    direction: int
    state: str
    unit: int
    sign: int
    search: float | None
    held_out: float | None
    controls: list[float | None]
    control: float | None
    p: float | None
    on_mean: float
    off_mean: float
    clamp: ClampView | None
    survives: bool


class ProbeView(Model):
    """A linear probe on all units together, held out, and on a network with random weights."""

    track: str
    held_out: float | None
    control: float | None


class CellsPage(Model):
    """Units that track something. sequences: ids, held out or not."""

    record: str
    network: str
    findings: list[CellFinding]
    probes: list[ProbeView]
    searched: int
    units: int
    steps: int
    split: str
    sequences: list[str]
    held_out: list[str]
    records: dict[str, ProvenanceView]


class GateView(Model):
    """(U,) shares of steps in which a gate is shut and open."""

    gate: str
    shut: Values
    opened: Values


class LayerMemory(Model):
    layer: str
    direction: int
    gates: list[GateView]
    half_lives: Values | None


class MemoryPage(Model):
    """influence: (S, T) float32, how much output s depends on input t; decay: its mean by lag."""

    record: str
    network: str
    low: float
    layers: list[LayerMemory]
    influence: Values | None
    decay: list[float]
    reach: int | None
    factor: float | None
    records: dict[str, ProvenanceView]


class MatchCell(Model):
    layer: str
    direction: int
    state: str
    unit: int
    threshold: float
    sign: int


class Curve(Model):
    """A stretch of a series from step `first` on: (T, F) float32, each input from 0 to 1 over its whole series."""

    first: int
    values: Values


class MatchView(Model):
    """A place where the cells are on again; on: the annotations that hold where it begins."""

    sequence: str
    start: int
    stop: int
    share: float
    before: str
    inside: str
    after: str
    curve: Curve | None = Field(default=None)
    on: list[str]


class Enrichment(Model):
    track: str
    hits: int
    matches: int
    share: float
    corpus: float
    lift: float
    p: float


class Nearest(Model):
    sequence: str
    step: int
    cosine: float
    before: str
    after: str
    curve: Curve | None = Field(default=None)


class MatchesPage(Model):
    """selection: the range that was selected. count: matches in all, of which `matches` are the best.

    miss: where there is no match, the place at which most of the cells are on.
    """

    record: str
    network: str
    selection: MatchView
    cells: list[MatchCell]
    matches: list[MatchView]
    count: int
    steps: int
    tracks: list[str]
    enrichment: list[Enrichment]
    nearest: list[Nearest]
    miss: MatchView | None = Field(default=None)
    records: dict[str, ProvenanceView]


class SequenceResult(Model):
    """A result of sequences on the overview. kind: the kind of its page; id: the page's. facts: a few numbers of it.

    sequence: what it read, where it read one alone: the text's beginning, or a name.
    """

    kind: str
    id: str
    network: str
    record: str
    facts: dict[str, Any]
    sequence: str | None = Field(default=None)
