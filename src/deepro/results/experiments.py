"""Zeiler & Fergus' experiments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deepro.results.base import Result
from deepro.results.units import Gallery


@dataclass(frozen=True, eq=False, kw_only=True)
class OcclusionMaps(Result):
    """Zeiler & Fergus 2014, figure 6: one image with a grey square at every place of a grid.

    boxes: (rows, columns, 4) left, top, right, bottom of the square in input pixels, clipped. response: (rows,
    columns) the unit's activations summed over its map. probability: of the class. predicted: the class put first.
    Each beside its value without a square.
    """

    kind = "occlusion_maps"
    layer: str
    unit: int
    target: int
    label: str
    boxes: np.ndarray
    response: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    plain_response: float
    plain_probability: float
    plain_predicted: int
    labels: Mapping[str, str]
    pictures: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Correspondence(Result):
    """Zeiler & Fergus 2014, table 1: does hiding the same part of different images change a layer in the same way?

    distances: layer -> part -> (pairs,) share of signs in which two images' changes differ, 0 all alike, 0.5 as
    chance. The part "random" is the control: squares of the same sizes at random places, over several draws. means,
    errors: layer -> part -> mean and standard error over the images.
    """

    kind = "correspondence"
    distances: Mapping[str, Mapping[str, np.ndarray]]
    means: Mapping[str, Mapping[str, float]]
    errors: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Invariance(Result):
    """Zeiler & Fergus 2014, figure 5: how far layers and the prediction move when the image does.

    steps: transform -> (T,) pixels, factors or degrees. distances: transform -> layer -> (N, T) Euclidean distance
    to the untouched image's features, divided by their length. probabilities: transform -> (N, T) of the class in
    `targets`.
    """

    kind = "invariance"
    steps: Mapping[str, np.ndarray]
    distances: Mapping[str, Mapping[str, np.ndarray]]
    probabilities: Mapping[str, np.ndarray]
    targets: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Evolution(Result):
    """Zeiler & Fergus 2014, figure 4: a unit's strongest example at each of T training checkpoints.

    checkpoints: names. gallery: its second axis is the checkpoints. jumps: (U, T) whether the strongest image is
    another than at the checkpoint before.
    """

    kind = "evolution"
    checkpoints: tuple[str, ...]
    gallery: Gallery
    jumps: np.ndarray
