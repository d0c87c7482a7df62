"""Small maps with known numbers, for the tests of what is shown. No network runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from deepro.kinds.spaces.aligned_maps import AlignedMaps
from deepro.kinds.spaces.atlas import Atlas
from deepro.kinds.spaces.findings import Findings
from deepro.kinds.spaces.layer_scores import LayerScores
from deepro.kinds.spaces.map import Map
from deepro.methods.spaces.neighbours import Finder
from deepro.store import Workspace
from tests.synthetic import NASTY, provenance

N, CLASSES = 60, ("cat", "dog", NASTY)
DATA = ("photos",)
LAYERS = ("features.0", "features.3")


def codes(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(N, 6) codes of three classes, and their labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(N) % 3
    return (random.normal(size=(3, 6))[labels] * 4 + random.normal(size=(N, 6))).astype(np.float32), labels


def example_map(layer: str = LAYERS[1], seed: int = 0, **changes: Any) -> Map:
    code, labels = codes(seed)
    near = Finder(code).of_all(15)
    random = np.random.default_rng(seed)
    wrong = np.arange(N) % 10 == 0
    parts: dict[str, Any] = {
        "provenance": provenance("tsne", DATA, layer=layer),
        "method": "tsne",
        "layer": layer,
        "pool": "mean",
        "values": code[:, :2] + random.normal(0, 0.1, (N, 2)).astype(np.float32),
        "ids": tuple(f"{i:03d}.png" for i in range(N)),
        "per_point": np.linspace(0, 1, N, dtype=np.float32),
        "per_point_size": 15,
        "quality": {"neighbours@15": 0.62, "trustworthiness@15": 0.91, "distance_correlation": 0.4},
        "baselines": {"pca": {"neighbours@15": 0.41}, "random_projection": {"neighbours@15": 0.11}},
        "labels": labels,
        "label_names": CLASSES,
        "columns": {
            "prediction": np.where(wrong, (labels + 1) % 3, labels),
            "confidence": np.linspace(0.2, 1, N, dtype=np.float32),
            "correct": np.where(wrong, 0, 1).astype(np.int8),
        },
        "column_names": {"prediction": CLASSES},
        "facts": {"code_size": 6, "metric": "euclidean", "step": -1, "seed": 0},
        "notes": (f"a note about {NASTY}",),
        "codes": code,
        "neighbours": near.indices.astype(np.int32),
        "neighbour_distances": near.distances,
        "pictures": random.integers(0, 256, (N, 8, 6, 3), dtype=np.uint8),
    }
    return Map(**(parts | changes))


def aligned() -> AlignedMaps:
    maps = tuple(example_map(layer, i, provenance=None) for i, layer in enumerate(LAYERS))
    changed = np.zeros((2, N), np.float32)
    changed[1, :7] = 0.8
    return AlignedMaps(
        provenance=provenance("aligned_maps", DATA, layers=list(LAYERS)),
        steps=LAYERS,
        maps=maps,
        changed=changed,
        moved=changed,
    )


def units() -> Map:
    random = np.random.default_rng(4)
    answers = random.normal(size=(12, N)).astype(np.float32)
    return example_map(
        provenance=provenance("unit_map", DATA, layer=LAYERS[1]),
        method="unit_map",
        values=random.normal(size=(12, 2)).astype(np.float32),
        ids=tuple(str(3 * u) for u in range(12)),
        per_point=np.ones(12, np.float32),
        labels=None,
        columns={"mean": answers.mean(1), "class": np.arange(12) % 3},
        column_names={},
        codes=answers,
        neighbours=((np.arange(12)[:, None] + np.arange(1, 4)) % 12).astype(np.int32),
        neighbour_distances=np.ones((12, 3), np.float32),
        pictures=None,
    )


def findings() -> Findings:
    _, labels = codes()
    return Findings(
        provenance=provenance("findings", DATA, layer=LAYERS[1]),
        layer=LAYERS[1],
        pool="mean",
        ids=tuple(f"{i:03d}.png" for i in range(N)),
        labels=labels,
        label_names=CLASSES,
        outliers=np.array([5, 9]),
        outlier_factors=np.linspace(3, 1, N, dtype=np.float32),
        duplicates=np.array([[1, 4]]),
        duplicate_distances=np.array([0.01], np.float32),
        duplicate_distance=0.05,
        suspects=np.array([7]),
        given=np.array([1]),
        likely=np.array([2]),
        trust=np.array([0.1], np.float32),
        control={"clean": 0, "shuffled": 5, "planted": 3, "found": 2, "alarms": 1},
        cluster=np.where(labels == 2, -1, labels).astype(np.int32),
        cluster_units=np.array([[1, 2], [3, 0]]),
        cluster_effects=np.array([[4.0, 2.0], [3.0, 1.0]], np.float32),
    )


def scores() -> LayerScores:
    return LayerScores(
        provenance=provenance("layer_scores", DATA, layers=list(LAYERS)),
        layers=LAYERS,
        scores={
            "probe": np.array([0.5, 0.9]),
            "control": np.array([0.3, 0.31]),
            "neighbours": np.array([0.4, 0.8]),
            "chance": np.array([0.33, 0.33]),
            "silhouette": np.array([np.nan, 0.2]),
        },
        similarity=np.array([[1.0, 0.4], [0.4, 1.0]]),
        notes=("fewer examples than dimensions",),
    )


def atlas() -> Atlas:
    random = np.random.default_rng(6)
    return Atlas(
        provenance=provenance("atlas", DATA, layer=LAYERS[1]),
        layer=LAYERS[1],
        pool="mean",
        cells=np.array([[0, -1, 1], [-1, 2, -1]], np.int32),
        counts=np.array([12, 30, 5]),
        directions=random.normal(size=(3, 6)).astype(np.float32),
        images=random.random((3, 3, 40, 40)).astype(np.float32),
        cosines=np.array([0.9, 0.75, 0.4], np.float32),
        classes=np.array([[0, 1, -1], [2, -1, -1], [1, 0, 2]]),
        shares=np.array([[0.7, 0.3, 0], [1, 0, 0], [0.5, 0.3, 0.2]], np.float32),
        class_names=CLASSES,
        examples=np.array([[0, 3, 6], [2, 2, 2], [1, 4, 4]]),
        example_ids=tuple(f"{i:03d}.png" for i in range(N)),
        pictures=random.integers(0, 256, (3, 3, 8, 6, 3), dtype=np.uint8),
        kept=0.55,
    )


def workspace(folder: Path) -> Workspace:
    made = Workspace(folder)
    for result in (example_map(), aligned(), units(), findings(), scores(), atlas()):
        made.add(result)
    return made
