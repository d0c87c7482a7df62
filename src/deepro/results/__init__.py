"""What methods return: frozen values that know how they were made and nothing about how they will be shown.

Arrays are NumPy on the CPU, float32, or float64 where the network computes in float64. `N` images, `U` units, `C H W`
the network's input. `pictures` (N, H, W, 3) uint8 are the inputs as the network saw them, for display; None where the
input is no picture.
"""

from __future__ import annotations

from deepro.results.base import SCHEMA, Provenance, Result, spelled
from deepro.results.sequences import (
    Attention,
    Automaton,
    Cells,
    Intervention,
    Layered,
    Losses,
    Matches,
    Memory,
    Responses,
    ResponseSimilarity,
    StateSpace,
    Steps,
    Trace,
)

__all__ = [
    "SCHEMA",
    "Attention",
    "Automaton",
    "Cells",
    "Intervention",
    "Layered",
    "Losses",
    "Matches",
    "Memory",
    "Provenance",
    "ResponseSimilarity",
    "Responses",
    "Result",
    "StateSpace",
    "Steps",
    "Trace",
    "spelled",
]
