"""The pixels of a unit's map, a projection and a heatmap, each with the scale it was drawn on."""

from __future__ import annotations

import numpy as np

from deepro.render import colour
from deepro.render.document import Scale
from deepro.results import Projection


def projection_pixels(result: Projection, i: int, u: int) -> tuple[np.ndarray, Scale]:
    """The projection of unit `u` of image `i` as pixels, at its own gain, red drawn as red."""
    values = result.values[i, u]
    high = colour.limit(values)
    return colour.signed(values, high, bgr=colour.is_bgr(result)), Scale(
        kind="signed", high=high, percentile=colour.PERCENTILE
    )


def map_pixels(values: np.ndarray) -> tuple[np.ndarray, Scale]:
    """(H, W) of one activation map: zero and below black, its own maximum white."""
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
    high = top if top > 0 else 1.0
    return colour.grey(values, high), Scale(kind="grey", high=high)


def heat_pixels(values: np.ndarray, is_signed: bool) -> tuple[np.ndarray, Scale]:
    """(H, W) of one heatmap as (H, W, 4): laid over the photograph, zero lets it through and `high` covers it."""
    high = colour.limit(values)
    kind = "diverging" if is_signed else "sequential"
    pixels = np.dstack([colour.heat(values, is_signed, high), colour.cover(values, high)])
    return pixels, Scale(kind=kind, high=high, percentile=colour.PERCENTILE)


def flat_map(values: np.ndarray) -> np.ndarray:
    """A unit's map as (H, W): a dense layer's single number becomes one pixel."""
    values = np.asarray(values, dtype=float)
    return values if values.ndim == 2 else values.reshape(1, -1)
