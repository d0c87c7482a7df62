"""Where in an input the evidence lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Heatmap(Result):
    """Importance of each input element for a target.

    values: (N, *input space), unscaled, signed where the method is. targets: for each input its description.
    scores: (N,) the target's value. evidence: what the method says of its own trust (a completeness gap, the layer).
    """

    kind = "heatmap"
    method: str
    values: np.ndarray
    targets: tuple[str, ...]
    scores: np.ndarray
    signed: bool
    pictures: np.ndarray | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Region(Result):
    """The object's mask in the original image.

    mask: (H, W) bool at the original's size. outline: list of (points, 2) x, y polygons around the mask's parts.
    box: (left, top, right, bottom), half open; mask, outline and box are None where there is no region.
    evidence: numbers that say how far to trust it (area, score, what the centred box would give).
    """

    kind = "region"
    mask: np.ndarray | None
    outline: tuple[np.ndarray, ...] | None
    box: tuple[int, int, int, int] | None
    heatmap: Heatmap
    target: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    picture: np.ndarray | None = None  # (H, W, 3) uint8, the original
