"""Images made for targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepro.render import colour, picture
from deepro.render.document import PatternImage, PatternSet
from deepro.render.views.base import Keep, Put, Saver, finite, record
from deepro.results import Pattern, Result

THUMB = 200  # pixels


class Patterns:
    """They stand on the overview and have no page of their own to load."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._sets: list[PatternSet] = []
        self._records: dict[str, Any] = {}

    def add(self, result: Result) -> bool:
        if not (isinstance(result, Pattern) and result.images.ndim == 4 and result.provenance is not None):
            return False
        self._sets.append(pattern_set(result, self._put))
        self._records[result.provenance.key] = record(result)
        return True

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        return {"patterns": self._sets, "records": self._records}


def pattern_set(result: Pattern, put: Put) -> PatternSet:
    """Images made for targets."""
    assert result.provenance is not None
    save = Saver(put, f"patterns-{result.provenance.key}")
    history = np.atleast_2d(np.asarray(result.history, dtype=float))
    images = [
        PatternImage(
            target=target,
            picture=save(f"{i}.png", pixels),
            thumb=save(f"{i}.jpg", picture.fit(pixels, THUMB)) if max(pixels.shape) > THUMB else None,
            score=finite(result.scores[i]),
            probability=finite(result.probabilities[i]),
            history=[finite(v) for v in _thin(history[i])] if i < len(history) else [],
        )
        for i, (target, pixels) in enumerate(zip(result.targets, map(colour.unit_range, result.images), strict=True))
    ]
    return PatternSet(
        record=result.provenance.key,
        network=str(result.provenance.network.get("fingerprint", "")),
        steps=history.shape[-1],
        images=images,
    )


def _thin(history: np.ndarray, most: int = 200) -> np.ndarray:
    """At most `most` points of a curve, first and last kept."""
    if len(history) <= most:
        return history
    return history[np.unique(np.linspace(0, len(history) - 1, most).round().astype(int))]
