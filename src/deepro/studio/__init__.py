"""The Studio: the viewer of a report, live. `serve` opens a workspace; torch stays in a process of its own."""

from __future__ import annotations

from deepro.studio.serve import serve
from deepro.studio.worker import Spec

__all__ = ["Spec", "serve"]
