"""Surveys: what every unit of a network looks for, and which units are sick.

A survey has four kinds of pages, so that ten thousand units stay light: the survey itself with the small photographs
that all others show, one page a layer with a row of numbers a unit, one page a block of units with everything else
about them, and the health. Numbers of many units are packed.
"""

from __future__ import annotations

from pydantic import Field

from deepro.render.document.base import Model, Picture, Scale, Skipped, Values


class SurveyCard(Model):
    """A survey on the overview. shown: units with examples. records: of everything that it stands on.

    findings: None where nobody looked. faults: how many units have each fault that was found. cover: some units'
    examples. names: of the layers.
    """

    id: str
    records: list[str]
    names: list[str]
    network: str
    dataset: str
    images: int
    layers: int
    units: int
    shown: int
    findings: int | None
    faults: dict[str, int] = Field(default_factory=dict)
    classes: int = 0
    cover: Picture | None


class SurveyLayerRow(Model):
    """A layer of a survey. examples: units with pictures. faults: how many units have each fault that was looked for.

    active: of the units' shares of places above zero, minimum, quartiles and maximum.
    """

    name: str
    page: str
    kind: str
    units: int
    examples: int
    receptive_field: list[int] | None
    faults: dict[str, int]
    active: list[float]


class Photo(Model):
    """A photograph of the data set: its id, the hash of its pixels, its size, and its square on a sheet."""

    id: str
    sha256: str
    width: int
    height: int
    sheet: int
    place: int


class SurveyPage(Model):
    """A survey. photos: those that galleries show, on `sheets` of squares of `side` pixels, `columns` a row."""

    id: str
    record: str
    network: str
    dataset: str
    images: int
    read: int
    unreadable: int
    skipped: list[Skipped]
    classes: list[str]
    top_k: int
    block: int
    layers: list[SurveyLayerRow]
    health: bool
    photos: list[Photo]
    sheets: list[Picture]
    side: int
    columns: int


class Block(Model):
    """Examples of some units on two pictures of squares of `side` pixels; a unit's stand in a square of its own,
    `across` a row, the strongest first."""

    patches: Picture
    projections: Picture


class SurveyLayerPage(Model):
    """All units of a layer. Arrays have one value a unit unless said otherwise.

    maximum, mean, deviation, share_images, share_active: float32. prefers: int32, the class with the largest mean in
    standard deviations, -1 without labels. faults: fault -> units. cell: int32, the unit's place in the galleries,
    which is block * per_block + place, -1 without examples. photo: int32, the strongest example's place in
    SurveyPage.photos. box: (units, 4) left, top, right, bottom as shares of that photograph.
    """

    survey: str
    name: str
    kind: str
    units: int
    rule: str | None
    record: str | None
    receptive_field: list[int] | None
    maximum: Values
    mean: Values
    deviation: Values
    share_images: Values
    share_active: Values
    prefers: Values
    faults: dict[str, list[int]]
    cell: Values
    photo: Values
    box: Values
    blocks: list[Block]
    per_block: int
    columns: int
    side: int
    across: int
    examples: int


class Example(Model):
    """One of a unit's strongest photographs. photo: its place in SurveyPage.photos, None where no gallery shows it.

    window: left, top, right, bottom of what the unit saw, in input pixels. box: the same as shares of the photograph.
    """

    id: str
    value: float
    position: list[int]
    photo: int | None
    window: list[int] | None
    box: list[float] | None


class ClassMean(Model):
    """A unit's mean over a class's images, and how many standard deviations it lies above the mean of all."""

    name: str
    images: int
    mean: float
    above: float


class Partner(Model):
    """A unit of the same layer that fires in the same images. correlation: of the largest values' logarithms."""

    unit: int
    correlation: float


class Fed(Model):
    """A class whose logit the unit raises (or lowers) on its strongest photographs, by that much on average."""

    name: str
    logit: float


class Finding(Model):
    """A fault of a unit with the evidence."""

    layer: str
    unit: int
    fault: str
    threshold: float
    evidence: dict[str, float | None]
    suggestion: str


class UnitDetail(Model):
    """Everything about one unit. histogram: counts of images, from bin `first` on. scale: of its projections."""

    unit: int
    maximum: float | None
    minimum: float | None
    mean: float | None
    deviation: float | None
    share_images: float | None
    share_active: float | None
    broken: int
    first: int
    histogram: list[int]
    examples: list[Example]
    classes: list[ClassMean]
    partners: list[Partner]
    feeds: list[Fed]
    feeds_record: str | None
    findings: list[Finding]
    scale: Scale | None
    imagine: str | None


class SurveyUnitsPage(Model):
    """A block of a layer's units. edges: the histogram bins' lower ends; the first is not above zero."""

    survey: str
    layer: str
    edges: list[float]
    units: list[UnitDetail]


class FilterView(Model):
    """A filter on the input with its spectrum. Shares of its power: high, beyond a quarter of a cycle a pixel; aliased,
    beyond what the stride can sample. breadth: over how much of the spectrum it is spread."""

    unit: int
    high: float
    breadth: float
    aliased: float


class FilterTable(Model):
    """A first layer's filters and their spectra, a square each, `columns` a row."""

    layer: str
    size: list[int]
    stride: list[int]
    filters: Picture
    spectra: Picture
    side: int
    columns: int
    units: list[FilterView]


class HealthPage(Model):
    """What was looked for, where, and what was found. looked: layer -> faults looked for. thresholds: by name."""

    survey: str
    record: str
    thresholds: dict[str, float]
    layers: dict[str, list[str]]
    units: dict[str, int]
    findings: list[Finding]
    suggestions: dict[str, str]
    filters: list[FilterTable]
