"""What the viewer reads first."""

from __future__ import annotations

from deepro.render.document.base import Model, ProvenanceView, Skipped, Values
from deepro.render.document.networks import NetworkView
from deepro.render.document.patterns import PatternSet
from deepro.render.document.photographs import Photograph, PhotographCard
from deepro.render.document.studio import StudioApi

SCHEMA = 1


class Overview(Model):
    """The first thing the viewer reads. Photographs follow one by one when they are looked at."""

    schema_version: int = SCHEMA
    title: str
    created: str
    deepro: str
    networks: list[NetworkView]
    photographs: list[PhotographCard]
    patterns: list[PatternSet]
    skipped: list[Skipped]
    damaged: list[Skipped]
    records: dict[str, ProvenanceView]


class Viewer(Model):
    """The root of the generated types: every kind of page, packed numbers, and what a live server speaks."""

    overview: Overview
    photograph: Photograph
    values: Values
    studio: StudioApi
