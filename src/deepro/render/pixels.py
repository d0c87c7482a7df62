"""Colours a unit's map, a projection or a heatmap; returns the pixels with their scale."""

from __future__ import annotations

import numpy as np

from deepro.render import colour
from deepro.render.document import Scale


def signed_pixels(values: np.ndarray, *, bgr: bool = False) -> tuple[np.ndarray, Scale]:
    """(C, H, W) sent back to the input, at its own gain. bgr: the network reads blue first; red is drawn as red."""
    high = colour.limit(values)
    return colour.signed(values, high, bgr=bgr), Scale(kind="signed", high=high, percentile=colour.PERCENTILE)


def map_pixels(values: np.ndarray) -> tuple[np.ndarray, Scale]:
    """One activation map (H, W), or a dense layer's number: zero and below black, its own maximum white."""
    values = np.asarray(values, dtype=float)
    values = values if values.ndim == 2 else values.reshape(1, -1)
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
    high = top if top > 0 else 1.0
    return colour.grey(values, high), Scale(kind="grey", high=high)


def heat_pixels(values: np.ndarray, is_signed: bool) -> tuple[np.ndarray, Scale]:
    """(H, W) of one heatmap as (H, W, 4): laid over the photograph, zero lets it through and `high` covers it."""
    scale = heat_scale(values, is_signed)
    return np.dstack([colour.heat(values, is_signed, scale.high), colour.cover(values, scale.high)]), scale


def heat_levels(values: np.ndarray, is_signed: bool) -> tuple[np.ndarray, Scale]:
    """(H, W) of one heatmap in whole steps of its scale: int8 with ±127 at ±`high`, or uint8 with 255 at `high`."""
    scale = heat_scale(values, is_signed)
    scaled = np.clip(np.nan_to_num(values) / scale.high, -1 if is_signed else 0, 1)
    return np.rint(scaled * (127 if is_signed else 255)).astype(np.int8 if is_signed else np.uint8), scale


def heat_scale(values: np.ndarray, is_signed: bool) -> Scale:
    """The scale of a heatmap at its own gain."""
    kind = "diverging" if is_signed else "sequential"
    return Scale(kind=kind, high=colour.limit(values), percentile=colour.PERCENTILE)
