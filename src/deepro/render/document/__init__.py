"""What the viewer reads: the one definition of its data.

`viewer/src/generated/document.ts` is generated from these models (`make types`), never written by hand.
The report writes them as files, a live server answers with them. Words are left to the viewer, which knows the reader's
language: here stand numbers, names and the kinds of things.
"""

from __future__ import annotations

from deepro.render.document.base import (
    Compressed,
    Guess,
    Model,
    Paper,
    Picture,
    ProvenanceView,
    Scale,
    Skipped,
    Values,
    Window,
)
from deepro.render.document.experiments import Experiment, ExperimentCard
from deepro.render.document.networks import LayerRow, NetworkView, ReceptiveField
from deepro.render.document.surveys import (
    HealthPage,
    SurveyCard,
    SurveyLayerPage,
    SurveyLayerRow,
    SurveyPage,
    SurveyUnitsPage,
)

__all__ = [
    "Compressed",
    "Experiment",
    "ExperimentCard",
    "Guess",
    "HealthPage",
    "LayerRow",
    "Model",
    "NetworkView",
    "Paper",
    "Picture",
    "ProvenanceView",
    "ReceptiveField",
    "Scale",
    "Skipped",
    "SurveyCard",
    "SurveyLayerPage",
    "SurveyLayerRow",
    "SurveyPage",
    "SurveyUnitsPage",
    "Values",
    "Window",
]
