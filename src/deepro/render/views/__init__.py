"""Results to what the viewer reads."""

from __future__ import annotations

from deepro.render.views.base import Keep, Put, Saver, Section, finite, plain, record, values
from deepro.render.views.experiments import Experiments
from deepro.render.views.networks import network
from deepro.render.views.patterns import Patterns, pattern_set
from deepro.render.views.photographs import Page, Photographs
from deepro.render.views.pixels import flat_map, heat_pixels, map_pixels, projection_pixels
from deepro.render.views.sequences import Sequences
from deepro.render.views.spaces import Spaces
from deepro.render.views.surveys import Surveys

__all__ = [
    "Experiments",
    "Keep",
    "Page",
    "Patterns",
    "Photographs",
    "Put",
    "Saver",
    "Section",
    "Sequences",
    "Spaces",
    "Surveys",
    "finite",
    "flat_map",
    "heat_pixels",
    "map_pixels",
    "network",
    "pattern_set",
    "plain",
    "projection_pixels",
    "record",
    "values",
]
