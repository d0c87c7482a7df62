"""Takes back what smoothing carried over an edge.

The gradient is strong at single pixels and must be smoothed to become an area; the smoothing spills over the object's
border. A patch of one colour (superpixel; Achanta et al. 2012, SLIC Superpixels) into which much has spilled, and where
little was strong before, loses some of its saliency.
"""

from __future__ import annotations

import numpy as np
from skimage.segmentation import slic

from deepro.methods.regions.photograph import Picture, Plane

PATCHES = 150
COMPACTNESS = 10.0  # Lab units that count as much as a patch's width
KEPT = 0.3  # least share of its saliency that a patch keeps
DOUBT = 0.05  # of the mean: below it neither map says anything


def unspilled(picture: Picture, salience: Plane, sharp: Plane, smooth: Plane) -> Plane:
    """`salience` times what each patch had of it before the smoothing, as a share of what it has after; at most 1.

    picture: (H, W, 3). sharp, smooth: (H, W), the saliency before and after it was smoothed.
    """
    patch = slic(picture, n_segments=PATCHES, compactness=COMPACTNESS, start_label=0)
    count = np.bincount(patch.ravel())

    def share(values: Plane) -> np.ndarray:
        return np.bincount(patch.ravel(), values.ravel()) / count / values.mean() + DOUBT

    return salience * np.clip(share(sharp) / share(smooth), KEPT, 1.0)[patch]
