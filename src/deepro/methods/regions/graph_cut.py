"""Cut a picture in two: the labelling of least energy, by max-flow.

    E(labels) = sum over pixels of cost[label] + sum over neighbours with different labels of their weight

A pixel is 1 where it belongs to the object, else 0. Neighbours are the eight around a pixel. Max-flow is PyMaxflow's.
Boykov & Jolly 2001, Interactive Graph Cuts; Rother, Kolmogorov, Blake 2004, GrabCut.
"""

from __future__ import annotations

import maxflow
import numpy as np
from jaxtyping import Bool, Float

Costs = Float[np.ndarray, "H W 2"]
Colours = Float[np.ndarray, "H W C"]
Weights = Float[np.ndarray, "4 H W"]
Mask = Bool[np.ndarray, "H W"]

# Half of the eight neighbours; the other half are the same pairs seen from the other pixel.
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def pairs(shape: tuple[int, int], step: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the pixels that have a neighbour at `step`, and of these neighbours."""
    (h, w), (dy, dx) = shape, step
    here = (slice(0, max(0, h - dy)), slice(max(0, -dx), max(0, w - max(0, dx))))
    there = (slice(dy, h), slice(max(0, dx), max(0, w + min(0, dx))))
    return here, there


def contrast_weights(colours: Colours, strength: float) -> Weights:
    """(4, H, W): weight of each pixel with its neighbour at each of STEPS, 0 where there is none.

    `strength` / distance between two pixels of one colour, less the more they differ: exp(-d² / (2 mean d²)), the mean
    over the whole picture.
    """
    shape = colours.shape[:2]
    weights = np.zeros((len(STEPS), *shape))
    squares = []
    for step in STEPS:
        here, there = pairs(shape, step)
        squares.append(((colours[here] - colours[there]) ** 2).sum(-1))
    count = sum(s.size for s in squares)
    mean = sum(s.sum() for s in squares) / count if count else 0.0
    for k, (step, square) in enumerate(zip(STEPS, squares, strict=True)):
        here, _ = pairs(shape, step)
        weights[k][here] = strength / np.hypot(*step) * np.exp(-square / (2 * mean) if mean > 0 else -square)
    return weights


def energy(mask: Mask, costs: Costs, weights: Weights) -> float:
    """E of a labelling."""
    total = np.where(mask, costs[..., 1], costs[..., 0]).sum()
    for weight, step in zip(weights, STEPS, strict=True):
        here, there = pairs(mask.shape, step)
        total += weight[here][mask[here] != mask[there]].sum()
    return float(total)


def cut(costs: Costs, weights: Weights) -> Mask:
    """The labelling of least energy.

    costs: (H, W, 2) finite, of background and object. weights: (4, H, W) not negative.
    """
    graph = maxflow.GraphFloat()
    nodes = graph.add_grid_nodes(costs.shape[:2])
    for weight, (dy, dx) in zip(weights, STEPS, strict=True):
        structure = np.zeros((3, 3))
        structure[1 + dy, 1 + dx] = 1
        graph.add_grid_edges(nodes, weights=weight, structure=structure, symmetric=True)
    # A node cut off from the source is labelled True by PyMaxflow: it then pays its capacity from the source.
    least = costs.min(-1)
    graph.add_grid_tedges(nodes, costs[..., 1] - least, costs[..., 0] - least)
    graph.maxflow()
    return graph.get_grid_segments(nodes)
