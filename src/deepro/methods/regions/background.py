"""What the photograph's border reaches without crossing an edge is more often background than object.

Wei, Wen, Zhu, Sun 2012, Geodesic Saliency Using Background Priors.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from deepro.methods.regions.graph_cut import STEPS, Colours, Mask, pairs
from deepro.methods.regions.photograph import Plane

FRAME = 0.04  # width of the photograph's border, of its longer side
KEPT = 0.5  # least share of its saliency that is left to what the border reaches freely
SMOOTHED = 1.5  # sigma, in pixels of the picture that is cut


def frame(size: tuple[int, int]) -> Mask:
    """The photograph's border."""
    width = max(1, round(FRAME * max(size)))
    found = np.ones(size, bool)
    found[width : size[0] - width, width : size[1] - width] = False
    return found


def distance(colours: Colours) -> Plane:
    """Length of the shortest way from the picture's border to each pixel, in units of colour.

    A step is as long as its change of colour exceeds the picture's mean change: a slow change, as in sky, is free.
    """
    height, width = colours.shape[:2]
    number = np.arange(height * width).reshape(height, width)
    soft = cv2.GaussianBlur(colours, (0, 0), 1.0).reshape(colours.shape)
    ends = [pairs((height, width), step) for step in STEPS[:2]]
    steps = np.concatenate([np.linalg.norm(soft[here] - soft[there], axis=-1).ravel() for here, there in ends])
    rim = np.unique(np.concatenate([number[0], number[-1], number[:, 0], number[:, -1]]))
    starts = np.concatenate([*(number[here].ravel() for here, _ in ends), np.full(len(rim), number.size)])
    stops = np.concatenate([*(number[there].ravel() for _, there in ends), rim])
    # 0 would mean no step at all
    lengths = np.concatenate([np.maximum(steps - steps.mean(), 0), np.zeros(len(rim))]) + 1e-3
    graph = coo_array((lengths, (starts, stops)), shape=(number.size + 1,) * 2).tocsr()
    return dijkstra(graph, directed=False, indices=number.size)[:-1].reshape(height, width)


def enclosed(colours: Colours, salience: Plane) -> Plane:
    """The salience, less by up to half the nearer a pixel is to the border than the salient ones are on average.

    A border as salient as the rest belongs to the object, and nothing is taken away.
    """
    kept = min(1.0, max(KEPT, float(salience[frame(salience.shape)].mean() / salience.mean())))
    away = distance(colours)
    usual = float((away * salience).sum() / salience.sum())
    found = salience * (kept + (1 - kept) * np.minimum(1, away / usual))
    found = cv2.GaussianBlur(found, (0, 0), SMOOTHED)
    return found / found.max()
