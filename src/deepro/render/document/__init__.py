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
    PaperView,
    Picture,
    ProvenanceView,
    Scale,
    Skipped,
    Values,
    Window,
)
from deepro.render.document.networks import LayerRow, NetworkView, ReceptiveFieldView

__all__ = [
    "Compressed",
    "Guess",
    "LayerRow",
    "Model",
    "NetworkView",
    "PaperView",
    "Picture",
    "ProvenanceView",
    "ReceptiveFieldView",
    "Scale",
    "Skipped",
    "Values",
    "Window",
]
