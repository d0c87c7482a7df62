"""Sequences as pages: states are packed to bytes, in chunks that load as they are seen."""

from __future__ import annotations

from deepro.render.views.sequences.section import Sequences

__all__ = ["Sequences"]
