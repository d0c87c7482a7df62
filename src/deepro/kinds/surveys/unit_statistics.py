"""What a survey knows of the units of one layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.results import Result


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


KIND = register(Kind(UnitStatistics, "What a survey knows of one layer's units."))
