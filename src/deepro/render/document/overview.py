"""What the viewer reads first."""

from __future__ import annotations

from pydantic import Field

from deepro.render.document.base import Model, ProvenanceView, Skipped, Values
from deepro.render.document.experiments import Experiment, ExperimentCard
from deepro.render.document.networks import NetworkView
from deepro.render.document.patterns import PatternSet
from deepro.render.document.photographs import Photograph, PhotographCard
from deepro.render.document.sequence_figures import FigurePage
from deepro.render.document.sequences import (
    CellsPage,
    GuessesPage,
    MatchesPage,
    MemoryPage,
    SequenceCard,
    SequencePage,
    SequenceResult,
    StatesPage,
)
from deepro.render.document.spaces import AtlasCard, AtlasPage, KnowledgeView, MapCard, MapNeighbours, MapPage
from deepro.render.document.studio import StudioApi
from deepro.render.document.surveys import HealthPage, SurveyCard, SurveyLayerPage, SurveyPage, SurveyUnitsPage

SCHEMA = 1


class Computed(Model):
    """How many results a method has made. The same method may stand several times: the numbers add up."""

    method: str
    count: int


class Overview(Model):
    """The first thing the viewer reads. Photographs follow one by one when they are looked at."""

    schema_version: int = SCHEMA
    title: str
    created: str
    deepro: str
    networks: list[NetworkView]
    photographs: list[PhotographCard]
    patterns: list[PatternSet]
    maps: list[MapCard] = Field(default_factory=list)
    knowledge: list[KnowledgeView] = Field(default_factory=list)
    atlases: list[AtlasCard] = Field(default_factory=list)
    surveys: list[SurveyCard] = Field(default_factory=list)
    experiments: list[ExperimentCard] = Field(default_factory=list)
    sequences: list[SequenceCard] = Field(default_factory=list)
    sequence_results: list[SequenceResult] = Field(default_factory=list)
    computed: list[Computed] = Field(default_factory=list)
    skipped: list[Skipped]
    damaged: list[Skipped]
    records: dict[str, ProvenanceView]


class Viewer(Model):
    """The root of the generated types: every kind of page, packed numbers, and what a live server speaks."""

    overview: Overview
    photograph: Photograph
    map: MapPage
    neighbours: MapNeighbours
    atlas: AtlasPage
    survey: SurveyPage
    survey_layer: SurveyLayerPage
    survey_units: SurveyUnitsPage
    survey_health: HealthPage
    experiment: Experiment
    sequence: SequencePage
    states: StatesPage
    guesses: GuessesPage
    cells: CellsPage
    memory: MemoryPage
    matches: MatchesPage
    figure: FigurePage
    values: Values
    studio: StudioApi
