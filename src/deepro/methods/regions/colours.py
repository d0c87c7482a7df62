"""Colours of object and background, as shares of the picture's own main colours."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float

from deepro.methods.regions.graph_cut import Colours, Mask

WORDS = 96  # main colours
PIXELS = 4000  # enough to find them; more is only slower
SPREAD = 6.0  # how far a colour speaks for its likes, in Lab units
FLOOR = 0.002  # share that a colour never seen is given


def likelihood_ratio(
    colours: Colours, inside: Mask, outside: Mask | Float[np.ndarray, "H W"], seed: int
) -> Float[np.ndarray, "H W"]:
    """Log of how much likelier each pixel's colour is among `inside` than among `outside`, in nats.

    outside: a mask, or how much each pixel counts. 0 everywhere where one of the two is empty.
    """
    if not inside.any() or not outside.any():
        return np.zeros(inside.shape)
    flat = np.ascontiguousarray(colours.reshape(-1, colours.shape[-1]), np.float32)
    some = flat
    if len(flat) > PIXELS:
        some = flat[np.random.default_rng(seed).choice(len(flat), PIXELS, replace=False)]
    count = min(WORDS, len(np.unique(some, axis=0)))
    cv2.setRNGSeed(seed % 2**31)
    rough = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 8, 0.5)
    _, _, words = cv2.kmeans(some, count, None, rough, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    nearest = ((words**2).sum(1) - 2 * flat @ words.T).argmin(1)
    alike = np.exp(-((words[:, None] - words) ** 2).sum(-1) / (2 * SPREAD**2))

    def shares(weight: np.ndarray) -> np.ndarray:
        found = alike @ np.bincount(nearest, weight.ravel().astype(np.float64), count)
        return found / found.sum() + FLOOR

    return np.log(shares(inside) / shares(outside))[nearest].reshape(inside.shape)
