"""Maps of what a layer represents, and what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Map(Result):
    """Examples (or units) of one layer laid out in two dimensions.

    values: (N, 2). ids: (N,) names that stay. labels: (N,) int64 into label_names, -1 where unknown, or None.
    columns: name -> (N,), anything to colour by: prediction, confidence, correct. column_names: what a column's whole
    numbers mean, such as the network's labels for prediction. method, layer, pool: how it was made;
    codes: (N, D) what was laid out, float32, None where it was not kept.
    neighbours: (N, k) int32 which points are nearest to each in the codes, not on the map, nearest first; a placed
    point's are among the fitted ones. neighbour_distances: (N, k) float32, in the codes' units.
    quality: measure -> number, such as neighbours@15 (methods.spaces.quality); baselines: the same for the PCA and the
    random projection of these codes. per_point: (N,) share of the `per_point_size` nearest neighbours that are near on
    the map too. placed: (N,) bool, True for points laid beside a map of the others; None where all were fitted.
    facts: the method's own numbers. finished: False where the work was stopped. notes: what a reader must know.
    pictures: (N, h, w, 3) uint8 thumbnails.
    """

    kind = "map"
    method: str
    layer: str
    pool: str
    values: np.ndarray
    ids: tuple[str, ...]
    per_point: np.ndarray
    per_point_size: int
    quality: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    column_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    placed: np.ndarray | None = None
    finished: bool = True
    notes: tuple[str, ...] = ()
    codes: np.ndarray | None = None
    neighbours: np.ndarray | None = None
    neighbour_distances: np.ndarray | None = None
    pictures: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class AlignedMaps(Result):
    """Maps of the same examples at several layers or checkpoints, each turned onto the one before.

    steps: what the maps are of, in order. changed: (S, N) share of a point's nearest neighbours among the codes that it
    did not have at the step before (first row 0): who its neighbours are, not where it lies. moved: (S, N) distance on
    the maps from the step before, as a share of the map's spread.
    """

    kind = "aligned_maps"
    steps: tuple[str, ...]
    maps: tuple[Map, ...]
    changed: np.ndarray
    moved: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Findings(Result):
    """What stands out among the codes of one layer. ids: (N,) names; all else are indices into them.

    outliers: (K,) the loneliest first. outlier_factors: (N,) local outlier factor, about 1 inside a crowd.
    duplicates: (P, 2) pairs nearer than `duplicate_distance`, nearest first; duplicate_distances: (P,).
    suspects: (S,) examples whose surroundings speak against their label, the likeliest error first; given, likely: (S,)
    labels; trust: (S,) share of the neighbourhood that speaks for the given one. cluster: (N,) int32, the largest
    cluster 0, -1 in none. cluster_units: (C, u) the units by which each cluster stands out, and cluster_effects: (C, u)
    by how many standard deviations. notes: what was measured on a sample, or could not be.
    """

    kind = "findings"
    layer: str
    pool: str
    ids: tuple[str, ...]
    labels: np.ndarray | None
    label_names: tuple[str, ...]
    outliers: np.ndarray
    outlier_factors: np.ndarray
    duplicates: np.ndarray
    duplicate_distances: np.ndarray
    duplicate_distance: float
    suspects: np.ndarray
    given: np.ndarray
    likely: np.ndarray
    trust: np.ndarray
    cluster: np.ndarray
    cluster_units: np.ndarray
    cluster_effects: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Atlas(Result):
    """A layer's space as pictures: a map of its codes cut into cells, each with a picture made for its mean direction.

    cells: (R, C) int32, which of P pictures stands there, -1 for none; the first row is the map's top. counts: (P,)
    codes averaged. directions: (P, D), the mean code less the mean of all. images: (P, C, H, W) in 0..1 as in Pattern.
    cosines: (P,) between the direction and what the picture brings about in the layer, in -1..1.
    classes: (P, 3) int64, the commonest classes of the examples in the cell, by prediction or else by label, -1 for
    none; shares: (P, 3); class_names: what the numbers mean. examples: (P, k) int64, the examples whose codes lie
    nearest to the direction, and example_ids: of all N. pictures: (P, k, h, w, 3) uint8 of those, None where there are
    none. kept: the map's neighbours@15, None where there were too few codes.
    """

    kind = "atlas"
    layer: str
    pool: str
    cells: np.ndarray
    counts: np.ndarray
    directions: np.ndarray
    images: np.ndarray
    cosines: np.ndarray
    classes: np.ndarray
    shares: np.ndarray
    class_names: tuple[str, ...]
    examples: np.ndarray
    example_ids: tuple[str, ...]
    pictures: np.ndarray | None = None
    kept: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerScores(Result):
    """What each of L layers knows of the labels. layers: in the order asked for. scores: measure -> (L,).

    similarity: (L, L) linear CKA between the layers, None where it was not asked for. notes: warnings.
    """

    kind = "layer_scores"
    layers: tuple[str, ...]
    scores: Mapping[str, np.ndarray]
    similarity: np.ndarray | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Similarity(Result):
    """How alike two networks arrange the same N examples: linear CKA between layers of both.

    layers: L of the first network, the one in the provenance. other: the second's name; other_layers: M of it.
    similarity: (L, M), NaN where a layer gives the same code for all. examples: N. notes: warnings.
    """

    kind = "similarity"
    layers: tuple[str, ...]
    other: str
    other_layers: tuple[str, ...]
    similarity: np.ndarray
    examples: int
    notes: tuple[str, ...] = ()
