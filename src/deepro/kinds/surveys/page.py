"""The pages of a survey. Everything that names one survey belongs to it, in whatever order it comes.

A survey has four kinds of pages, so that ten thousand units stay light: the survey itself with the small photographs
that all others show, one page a layer with a row of numbers a unit, one page a block of units with everything else
about them, and the health. Numbers of many units are packed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from deepro.render.document import Model, Picture, ProvenanceView, Scale, Skipped, Values
from deepro.render.site import Saver, Section, Site, key
from deepro.results import Result

SIDE = 64  # pixels of an example in the page
BLOCK = 64  # units on a picture, and on a page of details
COLUMNS = 8  # of units on a picture, of photographs on a sheet


class SurveyCard(Model):
    """A survey on the overview. records: the keys of every result that it stands on. names: of the layers.

    shown: number of units with examples. findings: how many there are, None where nobody looked. faults: fault -> the
    number of units that have it. cover: the examples of some units.
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
    """A layer of a survey. page: the id of its page. examples: number of units with pictures.

    faults: fault that was looked for -> the number of units that have it. active: minimum, quartiles and maximum of
    the units' shares of places above zero.
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
    """A photograph of the data set: its id, the hash of its pixels, its size, and its square on a sheet, once known."""

    id: str
    sha256: str
    width: int
    height: int
    sheet: int = 0
    place: int = 0


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
    """Examples of some units on two pictures of squares of `side` pixels. Each unit has one square of `across` x
    `across` examples, the strongest first."""

    patches: Picture
    projections: Picture


class SurveyLayerPage(Model):
    """All units of a layer. Arrays have one value a unit unless said otherwise.

    maximum, mean, deviation, share_images, share_active: float32. prefers: int32, the class with the largest mean in
    standard deviations, -1 without labels, or where no class of five images stands above what is chance. faults: fault
    -> units. cell: int32, the unit's place in the galleries, which is block * per_block + place, -1 without examples.
    photo: int32, the strongest example's place in SurveyPage.photos. box: (units, 4) left, top, right, bottom as shares
    of that photograph.
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


class ExampleView(Model):
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
    """A unit's mean over a class's images, and how many standard deviations it lies above the mean of all.

    noise: what it may lie above by chance.
    """

    name: str
    images: int
    mean: float
    above: float
    noise: float


class Partner(Model):
    """A unit of the same layer that fires in the same images. correlation: of the largest values' logarithms."""

    unit: int
    correlation: float


class Fed(Model):
    """A class whose logit the unit raises (or lowers) on its strongest photographs, by that much on average."""

    name: str
    logit: float


class FaultView(Model):
    """A fault of a unit with the evidence."""

    layer: str
    unit: int
    fault: str
    threshold: float
    evidence: dict[str, float | None]
    suggestion: str


class UnitDetail(Model):
    """Everything about one unit. histogram: numbers of images, from bin `first` on. scale: of its projections."""

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
    examples: list[ExampleView]
    classes: list[ClassMean]
    partners: list[Partner]
    feeds: list[Fed]
    findings: list[FaultView]
    scale: Scale | None
    imagine: str | None


class SurveyUnitsPage(Model):
    """A block of a layer's units. edges: the histogram bins' lower ends; the first bin holds zero and below."""

    survey: str
    layer: str
    edges: list[float]
    units: list[UnitDetail]


class FilterTable(Model):
    """A first layer's filters and their spectra, a square each, `columns` a row.

    high: of each filter the share of its power beyond a quarter of a cycle a pixel. aliased: beyond what the stride can
    sample.
    """

    layer: str
    size: list[int]
    stride: list[int]
    filters: Picture
    spectra: Picture
    side: int
    columns: int
    high: list[float]
    aliased: list[float]


class HealthPage(Model):
    """What was looked for and what was found. thresholds: by name. examined: layer -> faults that were looked for."""

    survey: str
    record: str
    thresholds: dict[str, float]
    examined: dict[str, list[str]]
    findings: list[FaultView]
    filters: list[FilterTable]


class Shown(NamedTuple):
    """One unit's examples, k places. cell: its place in the galleries. filled: how many places hold an example.

    images (k,), windows (k, 2, 2), boxes (k, 4): as in a Gallery.
    """

    cell: int
    filled: int
    scale: Scale
    images: np.ndarray
    windows: np.ndarray
    boxes: np.ndarray
    rule: str


@dataclass
class Parts:
    """What has come of one survey: each kind of result fills its own part. id: the survey's, in addresses.

    survey: hands the survey's pages on, once all has come, and returns its card. health: makes the page of the latest
    diagnosis. shown, feeds: layer -> unit -> its examples, the classes that it raises. blocks: layer -> pictures of
    examples. photographs: place in the data set -> the photograph and its thumbnail. covers: layer -> pictures of its
    first six units. made: kind and layer -> how the first result of that kind was made.
    """

    id: str
    save: Saver
    survey: Callable[[Parts], SurveyCard] | None = None
    health: Callable[[Parts], HealthPage] | None = None
    shown: dict[str, dict[int, Shown]] = field(default_factory=dict)
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    feeds: dict[str, dict[int, list[Fed]]] = field(default_factory=dict)
    photographs: dict[int, tuple[Photo, np.ndarray]] = field(default_factory=dict)
    covers: dict[str, list[np.ndarray]] = field(default_factory=dict)
    made: dict[tuple[str, str], ProvenanceView] = field(default_factory=dict)


class Surveys(Section):
    """A page for each survey, each of its layers, each block of units, and its health."""

    pages: ClassVar[Mapping[str, type[Model]]] = {
        "survey": SurveyPage,
        "survey_layer": SurveyLayerPage,
        "survey_units": SurveyUnitsPage,
        "survey_health": HealthPage,
    }
    cards: ClassVar[Mapping[str, type[Model]]] = {"surveys": SurveyCard}

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._parts: dict[str, Parts] = {}

    def of(self, result: Result, layer: str = "") -> Parts:
        """What has come of the survey that a result is about. How the result was made is kept with it.

        Of several results about one layer the first says how all were made; of others, the latest.
        """
        assert result.provenance is not None
        (about,) = scopes(key(result), {"parameters": result.provenance.parameters})
        parts = self._parts.setdefault(about, Parts(about[:12], Saver(self.site.put, f"survey-{about[:12]}")))
        if not layer or (result.kind, layer) not in parts.made:
            parts.made.pop((result.kind, layer), None)  # the latest stands last
            parts.made[result.kind, layer] = self.site.describe(result)
        return parts

    def finish(self) -> Mapping[str, Sequence[Model]]:
        whole = [(parts, parts.survey) for parts in self._parts.values() if parts.survey is not None]
        for parts, _ in whole:
            self.site.records |= {made.key: made for made in parts.made.values()}
        return {"surveys": [pages(parts) for parts, pages in whole]}


def scopes(key: str, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """The survey that a result is about."""
    return (str(provenance["parameters"].get("survey", key)),)


def across(count: int) -> int:
    """Examples a row of a unit's square."""
    return max(1, math.ceil(math.sqrt(count)))
