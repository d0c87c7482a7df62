"""What units answer, what drives them, and what they look for in a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deepro.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class UnitStatistics(Result):
    """What a survey knows of one layer's U units.

    values, images: (U, k) each unit's largest values, one an image, largest first, of equal ones the earlier image;
    images are places in the data set. positions: (U, k, axes) where in the layer's map. Free places: NaN, -1, -1.
    mean, variance, minimum, maximum: (U,) over all places of all images. share_active: (U,) places above zero;
    share_images: (U,) images with such a place. broken: (U,) images with a value that is not finite, left out.
    histogram: (U, bins) images by their largest value; bin b begins at Survey.edges[b].
    class_means: (K, U) over the places of a class's images, NaN where it has none; class_images: (K,) how many it has;
    both empty without labels, and in the layers that the survey's notes name.
    partners: (U, 16) the layer's units that fire most often together with this one; correlations: over the images, of
    the largest values' half octaves. Free places: -1, NaN.
    """

    kind = "unit_statistics"
    values: np.ndarray
    images: np.ndarray
    positions: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    share_active: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    share_images: np.ndarray
    broken: np.ndarray
    histogram: np.ndarray
    class_means: np.ndarray
    class_images: np.ndarray
    partners: np.ndarray
    correlations: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Survey(Result):
    """One pass over a data set: every unit's strongest images and its statistics.

    layers: name -> UnitStatistics, in execution order. images: how many the data set has; read: how many were read;
    unreadable: how many could not be; skipped: the first hundred of those, with id and reason. classes: labels' names.
    shown: (M,) the images that stand in any unit's top k, ascending; ids: theirs. edges: the histograms' lower edges.
    """

    kind = "survey"
    dataset: str
    images: int
    read: int
    unreadable: int
    skipped: tuple[Mapping[str, str], ...]
    top_k: int
    classes: tuple[str, ...]
    layers: Mapping[str, UnitStatistics]
    shown: np.ndarray
    ids: tuple[str, ...]
    edges: np.ndarray

    def image_id(self, image: int) -> str:
        """The id of an image in some unit's top k."""
        at = int(np.searchsorted(self.shown, image))
        if at == len(self.shown) or self.shown[at] != image:
            raise KeyError(f"image {image} stands in no unit's top {self.top_k}")
        return self.ids[at]


@dataclass(frozen=True, eq=False, kw_only=True)
class Gallery(Result):
    """The strongest examples of U units of one layer, k each.

    units: (U,). values, images, positions: as in UnitStatistics. windows: (U, k, 2, 2) start and stop of what the unit
    saw, rows then columns, in input pixels; it may reach past the border. boxes: (U, k, 4) left, top, right, bottom of
    the same in the photograph, in the input where there is none. patches: (U, k, h, w, 3) uint8, what it saw.
    projections: (U, k, C, h, w) what of it drove the unit. shown, ids, digests: (M,) the images, their ids, and the
    SHA-256 of their pixels. sizes: (M, 2) width and height of the photographs. thumbnails: (M, 128, 128, 3) uint8, the
    photographs squeezed to squares.
    """

    kind = "gallery"
    layer: str
    rule: str
    units: np.ndarray
    values: np.ndarray
    images: np.ndarray
    positions: np.ndarray
    windows: np.ndarray
    boxes: np.ndarray
    patches: np.ndarray
    projections: np.ndarray
    shown: np.ndarray
    ids: tuple[str, ...]
    digests: tuple[str, ...]
    sizes: np.ndarray
    thumbnails: np.ndarray
