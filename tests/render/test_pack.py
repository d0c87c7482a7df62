"""Results' fields as the viewer reads them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.render.document import Model, Values
from deepro.render.pack import view


@dataclass
class Source:
    layer: str = "conv1"
    notes: tuple[str, ...] = ("a",)
    share: float = float("nan")
    scores: dict[str, Any] = field(default_factory=lambda: {"probe": np.array([0.5, np.nan])})
    rows: np.ndarray = field(default_factory=lambda: np.array([[1, 2]]))
    cluster: np.ndarray = field(default_factory=lambda: np.array([3, -1]))
    curve: np.ndarray = field(default_factory=lambda: np.array([0.5, np.nan]))
    none: np.ndarray | None = None
    kind: str = "of the result"
    unshown: int = 1


class View(Model):
    layer: str
    notes: list[str]
    share: float | None
    scores: dict[str, list[float | None]]
    rows: list[list[int]]
    cluster: Values
    curve: Values | None
    none: Values | None
    kind: str
    record: str


class Change(Model):
    before: float
    after: float | None


def test_a_view_takes_over_the_fields_of_the_same_names() -> None:
    made = view(View, Source(), kind="of the view", record="key")
    assert (made.layer, made.notes, made.share, made.none) == ("conv1", ["a"], None, None)
    assert (made.scores, made.rows) == ({"probe": [0.5, None]}, [[1, 2]])
    assert (made.kind, made.record) == ("of the view", "key")
    assert (made.cluster.dtype, made.cluster.shape) == ("int32", [2])
    assert made.curve is not None
    curve = np.frombuffer(base64.b64decode(made.curve.data), made.curve.dtype)
    np.testing.assert_array_equal(curve, np.array([0.5, np.nan], np.float32))
    row = {"before": 0.5, "after": float("nan"), "unshown": 1}
    assert view(Change, row) == view(Change, (0.5, None)) == Change(before=0.5, after=None)
    assert view(View, made, layer="conv2") == made.model_copy(update={"layer": "conv2"})
