"""Images made for targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepro.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Pattern(Result):
    """Images made for targets.

    images: (T, C, H, W) in 0..1, as the network sees them before normalisation. scores: (T,) each target's value.
    probabilities: (T,) where the target is a class, else NaN. history: (T, steps) the target's value on the way.
    """

    kind = "pattern"
    images: np.ndarray
    targets: tuple[str, ...]
    scores: np.ndarray
    probabilities: np.ndarray
    history: np.ndarray
