"""What methods return: frozen values that know how they were made and nothing about how they will be shown.

Arrays are NumPy on the CPU, float32, or float64 where the network computes in float64. `N` images, `U` units, `C H W`
the network's input. `pictures` (N, H, W, 3) uint8 are the inputs as the network saw them, for display; None where the
input is no picture. Each kind of result stands in `deepro.kinds`.
"""

from __future__ import annotations

from deepro.results.base import SCHEMA, Provenance, Result, UnknownResult, spelled

__all__ = ["SCHEMA", "Provenance", "Result", "UnknownResult", "spelled"]
