"""What was found in sequences and is drawn from its numbers: attention, steps, losses, spaces, automata."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from deepro.render.document.base import Model, ProvenanceView, Values
from deepro.render.document.sequences import LineView, SheetView, SoundView


class ReadView(Model):
    """What was read, laid along `steps` places. sequence: the id of its page, where there is one.

    tokens: one a place where they are tokens. lines, sheet, sound: of a series, over its own steps, which the places
    divide into equal parts.
    """

    sequence: str | None
    steps: int
    tokens: list[str]
    lines: list[LineView]
    sheet: SheetView | None
    sound: SoundView | None


class AttentionView(Model):
    """weights: (T_out, T_in) float32, rows sum to 1. written: what stands at each output step, or nothing."""

    kind: Literal["attention"] = "attention"
    weights: Values
    read: ReadView
    written: list[str]
    places: int
    sharpness: float


class StepsView(Model):
    """Row s is about the output of `targets[s]` at step `outputs[s]`, told by result `made[s]`.

    values: (S, T) float32. controls: rank correlation with what networks with random weights give. features: (T, F) of
    each row where they are few. deletion, random: (S, T + 1), the output after so many steps were set to zero.
    """

    kind: Literal["steps"] = "steps"
    how: str
    read: ReadView
    made: list[str]
    outputs: list[int]
    targets: list[str]
    scores: list[float]
    gaps: list[float | None]
    controls: list[float | None]
    values: Values
    features: list[Values | None]
    deletion: Values
    random: Values


class InterventionView(Model):
    """change: (T,) how far the prediction moves; losses, changed: (T,) nats, NaN where there is no next token."""

    kind: Literal["intervention"] = "intervention"
    read: ReadView
    layer: str
    direction: int
    state: str
    unit: int
    how: str
    value: float | None
    start: int
    classes: bool
    change: Values
    losses: Values | None
    changed: Values | None
    best: list[str]
    changed_best: list[str]
    written: str | None
    changed_text: str | None


class LossRow(Model):
    group: str
    steps: int
    share_of_steps: float
    loss: float
    share_of_loss: float | None
    ngram: float
    gain: float


class LossPlace(Model):
    """A token that surprised the network, in its context."""

    sequence: str | None
    step: int
    before: str
    token: str
    after: str
    loss: float
    ngram: float | None


class LossesView(Model):
    """groups: kinds of steps; places: the tokens of the largest loss. counted: tokens that the n-gram model counted."""

    kind: Literal["losses"] = "losses"
    groups: list[LossRow]
    order: int
    counted: int | None
    places: list[LossPlace]


class Standing(Model):
    """A token or annotation that stands out: its share in the region, and times its share in all."""

    name: str
    share: float
    lift: float


class RegionAbout(Model):
    """What stands out in a region of the state space."""

    steps: int
    tokens: list[Standing]
    tracks: list[Standing]


class StateSpaceView(Model):
    """points: (N, 2) float32 and regions: (N,) uint8, sequence after sequence, `lengths` of each.

    moves: (R, R) uint32. steps: of all sequences, where not every one is drawn.
    """

    kind: Literal["state_space"] = "state_space"
    layer: str
    direction: int
    state: str
    points: Values
    regions: Values
    lengths: list[int]
    sequences: list[str | None]
    texts: list[str | None]
    steps: int
    explained: list[float]
    moves: Values
    about: list[RegionAbout]
    stability: float
    fidelity: float
    baseline: float


class Pair(Model):
    """A number about the groups of tokens and one about the groups of units."""

    tokens: float | None
    units: float | None


class ResponsesView(Model):
    """values: (V, U) float32, the mean change of each unit when a token is read."""

    kind: Literal["responses"] = "responses"
    layer: str
    direction: int
    state: str
    tokens: list[str]
    counts: list[int]
    values: Values
    token_clusters: list[int]
    unit_clusters: list[int]
    stability: Pair
    chance: Pair
    noise: float | None


class ResponseSimilarityView(Model):
    """likeness: (2, V, V) float32 cosines of two tokens' responses, in this network and in the other."""

    kind: Literal["response-similarity"] = "response-similarity"
    layer: str
    direction: int
    state: str
    other: str
    other_layer: str
    other_direction: int
    tokens: list[str]
    likeness: Values
    agreement: list[float]
    correlation: float
    p: float


class AutomatonView(Model):
    """transitions: of each state, the next for each letter; state 0 begins."""

    kind: Literal["automaton"] = "automaton"
    alphabet: list[str]
    transitions: list[list[int]]
    accepting: list[bool]
    fidelity: float
    balanced: float | None
    baseline: float
    words: int
    counterexamples: list[list[str]]
    queries: int
    complete: bool


Shown = Annotated[
    AttentionView
    | StepsView
    | InterventionView
    | LossesView
    | StateSpaceView
    | ResponsesView
    | ResponseSimilarityView
    | AutomatonView,
    Field(discriminator="kind"),
]


class FigurePage(Model):
    """A result that is shown as one figure, drawn from its numbers in the reader's language."""

    record: str
    kind: str
    network: str
    shown: Shown
    records: dict[str, ProvenanceView]
