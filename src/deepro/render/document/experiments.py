"""Zeiler & Fergus' experiments, ablation, and two checkpoints side by side: a page each."""

from __future__ import annotations

from typing import Literal

from deepro.render.document.base import Model, Picture, Scale

Kind = Literal["occlusion_maps", "correspondence", "invariance", "evolution", "ablation", "comparison"]


class ExperimentCard(Model):
    """An experiment on the overview. about: what it looked at. thumb: a picture of it where there is one."""

    id: str
    kind: Kind
    record: str
    network: str
    about: str
    thumb: Picture | None


class ClassColour(Model):
    """A class in the map of predictions: its share of the places and the colour it has there."""

    name: str
    colour: str
    share: float


class OcclusionView(Model):
    """Three maps over the places of a grey square of `square` input pixels, `step` apart; all in the input's extent."""

    layer: str
    unit: int
    target: str
    square: list[int]
    step: int
    picture: Picture | None
    response: Picture
    response_scale: Scale
    plain_response: float
    lowest_response: float
    probability: Picture
    probability_scale: Scale
    plain_probability: float
    lowest_probability: float
    predicted: Picture
    classes: list[ClassColour]
    plain_predicted: str


class PartDistance(Model):
    """Mean distance over the images, its standard error, and how many pairs of images stand behind it."""

    layer: str
    part: str
    mean: float
    error: float
    pairs: int


class CorrespondenceView(Model):
    """parts: in order, the control last."""

    parts: list[str]
    control: str
    rows: list[PartDistance]


class Line(Model):
    """One curve a photograph, and their mean."""

    each: list[list[float | None]]
    mean: list[float | None]


class InvarianceCurves(Model):
    """One transform: its steps, a layer's distances, the probability of the class."""

    transform: str
    steps: list[float]
    distances: dict[str, Line]
    probability: Line


class InvarianceView(Model):
    curves: list[InvarianceCurves]
    images: int
    targets: list[int]


class Strip(Model):
    """A unit through training: patches and projections, one square a checkpoint from left to right."""

    unit: int
    patches: Picture
    projections: Picture
    values: list[float | None]
    jumps: list[bool]
    ids: list[str]
    scale: Scale


class EvolutionView(Model):
    layer: str
    rule: str
    checkpoints: list[str]
    side: int
    strips: list[Strip]


class Silenced(Model):
    """One set of silenced units against the untouched network: what it costs."""

    units: dict[str, list[int]]
    accuracy: float
    loss: float
    changed: float


class AblationView(Model):
    """accuracy, loss: of the untouched network."""

    images: int
    fill: str
    accuracy: float
    loss: float
    rows: list[Silenced]


class Changed(Model):
    """What changed of a unit. weights: 1 - cosine of the filters. shift: of the mean, in standard deviations. examples:
    share of its strongest photographs that are new."""

    unit: int
    weights: float | None
    shift: float | None
    examples: float
    before: str | None
    after: str | None


class ComparedLayer(Model):
    """medians of a layer's units, and the units that changed most."""

    name: str
    units: int
    weights: float | None
    shift: float | None
    examples: float
    most: list[Changed]


class MovedClass(Model):
    name: str
    distance: float


class ComparisonView(Model):
    layers: list[ComparedLayer]
    classes_layer: str | None
    classes: list[MovedClass]


class Experiment(Model):
    """One of the views is there."""

    id: str
    kind: Kind
    record: str
    network: str
    occlusion: OcclusionView | None = None
    correspondence: CorrespondenceView | None = None
    invariance: InvarianceView | None = None
    evolution: EvolutionView | None = None
    ablation: AblationView | None = None
    comparison: ComparisonView | None = None
