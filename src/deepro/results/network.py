"""What a network says of one photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepro.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction(Result):
    """What the network says of one photograph. labels, probabilities: the top ones, most probable first.

    logits: (K,) all of them. picture: (H, W, 3) uint8, the original. view: top, left, scale_y, scale_x of what the
    network saw of it (see network.preprocess.View); seen: (H', W', 3) uint8, that view at the input's size.
    """

    kind = "prediction"
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    logits: np.ndarray
    picture: np.ndarray | None = None
    seen: np.ndarray | None = None
    view: tuple[float, float, float, float] | None = None
