"""The one table of colours, and numbers to colours. Every scale says what its ends mean; nothing is stretched silently.

Figures, pages, sheets and notebooks name colours by what they say; `deepro.render.tables` hands the same to the viewer.
All are told apart by colour-blind eyes.

Values are arrays, colours are uint8 (H, W, 3). A scale's limit is a robust maximum: a few extreme pixels would
otherwise leave the rest invisible.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from deepro.results import Result

# What a scale is for -> the matplotlib map that it is.
SCALES: Mapping[str, str] = {
    "sequential": "inferno",  # from nothing (dark) up
    "diverging": "RdBu_r",  # blue below zero, white, red above
    "states": "PuOr_r",  # of recurrent units, zero in white
    "share": "viridis",  # from 0 to 1
    "counts": "Greys",
    "places": "tab20",  # numbers that are names
}
ACCENT = "#0a665e"  # what a figure is about
ACCENT_ANYWHERE = "#0a8a7f"  # the same on a ground that may be light or dark
BELOW, ABOVE = "#185ca6", "#c46200"  # a number's sign; the second is also what a figure compares with its accent
BELOW_ON_DARK, ABOVE_ON_DARK = "#5ca5e8", "#f49836"
QUIET = "#999999"  # a control, a chance level
OUTLINE, BOX = "#00e5c3", "#ffd23f"  # drawn on photographs
PAPER, INK = "#ffffff", "#1e1e1e"  # of contact sheets
# Classes: Petroff's ten, on white and on black (arXiv 2107.02270); the grey is for what has no colour of its own.
CLASSES = ("#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#92dadd", "#717581")
NO_CLASS = "#94a4a2"
RIGHT, WRONG = CLASSES[0], CLASSES[5]
MEASURES: Mapping[str, str] = {  # what is drawn over the layers of a network
    "probe": CLASSES[0],
    "neighbours": CLASSES[5],
    "between_class": CLASSES[4],
    "control": CLASSES[0],
    "chance": NO_CLASS,
}
# Classes as grounds of a picture: Paul Tol's "light"; all others share the last.
GROUNDS = ("#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff", "#44bb99", "#bbcc33", "#aaaa00", "#dddddd")

PERCENTILE = 99.5
MIDDLE = 128  # the grey of zero on a signed scale


def limit(values: np.ndarray, percentile: float = PERCENTILE) -> float:
    """The `percentile` of |values| over those that are not zero; 1 where all are. The ± end of a scale."""
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.percentile(size, percentile)) if size.size else 1.0


def channels_last(values: np.ndarray) -> np.ndarray:
    """(C, H, W) with any C, or (H, W), to (H, W, 3) or (H, W): other than three channels are summed, signs kept."""
    if values.ndim == 2:
        return values
    if len(values) == 3:
        return values.transpose(1, 2, 0)
    return values.sum(0)


def is_bgr(result: Result) -> bool:
    """Whether the network that made a result reads blue first: its input's channels are then drawn in reverse."""
    made = result.provenance.network.get("preprocess") if result.provenance else None
    return isinstance(made, Mapping) and made.get("order") == "BGR"


def signed(values: np.ndarray, high: float, *, bgr: bool = False) -> np.ndarray:
    """(C, H, W) or (H, W) with zero in middle grey, +high white and -high black, for each colour."""
    scaled = np.nan_to_num(channels_last(values[::-1] if bgr and values.ndim == 3 else values)) / (high or 1.0)
    return _rgb(np.clip(np.rint(MIDDLE + 127 * scaled), 1, 255).astype(np.uint8))


def grey(values: np.ndarray, high: float) -> np.ndarray:
    """(H, W) with zero and below black, `high` white."""
    scaled = np.clip(np.nan_to_num(values) / (high or 1.0), 0, 1)
    return _rgb(np.rint(255 * scaled).astype(np.uint8))


def sequential(values: np.ndarray, high: float) -> np.ndarray:
    """(H, W) from 0 (dark) to `high` (bright), in a scale that colour-blind eyes read in the same order."""
    scaled = np.clip(np.nan_to_num(values) / (high or 1.0), 0, 1)
    return table("sequential")[np.rint(255 * scaled).astype(int)]


def diverging(values: np.ndarray, high: float) -> np.ndarray:
    """(H, W) from -high (blue) over 0 (white) to +high (red), safe for colour-blind eyes."""
    scaled = np.clip(np.nan_to_num(values) / (high or 1.0), -1, 1)
    return table("diverging")[np.rint(127.5 + 127.5 * scaled).astype(int)]


def heat(values: np.ndarray, is_signed: bool, high: float) -> np.ndarray:
    """A heatmap's colours: diverging where it is signed, sequential where it is not."""
    return diverging(values, high) if is_signed else sequential(values, high)


def cover(values: np.ndarray, high: float) -> np.ndarray:
    """(H, W) opacity, uint8: nothing at zero, whole at ±`high`."""
    scaled = np.clip(np.abs(np.nan_to_num(values)) / (high or 1.0), 0, 1)
    return np.rint(255 * scaled).astype(np.uint8)


def unit_range(image: np.ndarray) -> np.ndarray:
    """(C, H, W) in 0..1 as it is, to uint8."""
    return _rgb(np.rint(255 * np.clip(np.nan_to_num(channels_last(image)), 0, 1)).astype(np.uint8))


def gradient(scale: str, stops: int = 9) -> str:
    """One of SCALES as CSS paints it, from left to right."""
    picked = table(scale)[np.linspace(0, 255, stops).round().astype(int)]
    return f"linear-gradient(90deg, {', '.join(f'rgb({r} {g} {b})' for r, g, b in picked.tolist())})"


@functools.cache
def table(scale: str) -> np.ndarray:
    """The 256 colours of one of SCALES, (256, 3) uint8."""
    from matplotlib import colormaps

    colours: Any = colormaps[SCALES[scale]](np.linspace(0, 1, 256))
    return np.rint(255 * colours[:, :3]).astype(np.uint8)


def _rgb(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
