"""A survey with known numbers, its galleries, health and experiments, for tests of what is shown. No network runs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from deepro.kinds.experiments.ablation import Ablation
from deepro.kinds.experiments.comparison import Comparison
from deepro.kinds.experiments.correspondence import Correspondence
from deepro.kinds.experiments.evolution import Evolution
from deepro.kinds.experiments.invariance import Invariance
from deepro.kinds.experiments.occlusion_maps import OcclusionMaps
from deepro.kinds.surveys.diagnosis import Diagnosis
from deepro.kinds.surveys.feeds import Feeds
from deepro.kinds.surveys.gallery import Gallery
from deepro.kinds.surveys.survey import Survey
from deepro.kinds.surveys.unit_statistics import UnitStatistics
from deepro.store import Workspace
from deepro.survey.statistics import Histogram
from tests import synthetic

IMAGES, TOP = 40, 9
DATA = ("folder /data/photos",)


def statistics(units: int, classes: int = 4, axes: int = 2) -> UnitStatistics:
    random = np.random.default_rng(units)
    peaks = np.sort(random.uniform(1, 20, (units, TOP)).astype(np.float32), 1)[:, ::-1].copy()
    images = np.stack([random.permutation(IMAGES)[:TOP] for _ in range(units)])
    histogram = np.zeros((units, Histogram.BINS), dtype=np.int32)
    histogram[:, 0], histogram[:, 36], histogram[:, 38] = 10, 20, 10
    return UnitStatistics(
        values=peaks,
        images=images,
        positions=random.integers(0, 8, (units, TOP, axes), dtype=np.int32),
        mean=np.full(units, 1.0, dtype=np.float32),
        variance=np.full(units, 4.0, dtype=np.float32),
        share_active=np.linspace(0, 1, units, dtype=np.float32),
        minimum=np.zeros(units, dtype=np.float32),
        maximum=peaks[:, 0],
        share_images=np.full(units, 0.75, dtype=np.float32),
        broken=np.zeros(units, dtype=np.int64),
        histogram=histogram,
        class_means=random.uniform(0, 5, (classes, units)).astype(np.float32),
        class_images=np.full(classes, 10),
        partners=np.tile(np.arange(16, dtype=np.int32), (units, 1)) % units,
        correlations=np.tile(np.linspace(0.9, 0.1, 16, dtype=np.float32), (units, 1)),
    )


def survey(layers: dict[str, int]) -> Survey:
    return Survey(
        provenance=synthetic.provenance("survey", DATA, layers=list(layers), top_k=TOP, batch_size=16, shard_size=128),
        dataset=DATA[0],
        images=IMAGES,
        read=IMAGES - 1,
        unreadable=1,
        skipped=({"id": "broken.jpg", "reason": "truncated"},),
        top_k=TOP,
        classes=("ape", "bee", "cow", synthetic.NASTY),
        layers={name: statistics(units) for name, units in layers.items()},
        shown=np.arange(IMAGES),
        ids=tuple(f"some/{i:03}.jpg" for i in range(IMAGES)),
        edges=Histogram.EDGES,
    )


def gallery(found: Survey, layer: str, units: int) -> Gallery:
    """Each patch is one colour, which says unit and rank."""
    assert found.provenance is not None
    of = found.layers[layer]
    patches = np.zeros((units, TOP, 8, 8, 3), dtype=np.uint8)
    for unit in range(units):
        for rank in range(TOP):
            patches[unit, rank] = (4 * (unit % 60), 20 * rank, 100)
    random = np.random.default_rng(0)
    windows = np.zeros((units, TOP, 2, 2), dtype=np.int64)
    windows[..., 0, :], windows[..., 1, :] = (4, 12), (8, 16)
    shown = np.unique(of.images[:units])
    return Gallery(
        provenance=synthetic.provenance(
            "gallery", DATA, survey=found.provenance.key, layer=layer, units=list(range(units)), count=TOP,
            tile=64, rule="deconvnet",
        ),
        layer=layer,
        rule="deconvnet",
        units=np.arange(units),
        values=of.values[:units],
        images=of.images[:units],
        positions=of.positions[:units],
        windows=windows,
        boxes=np.tile(np.array([10, 5, 30, 25], dtype=np.float32), (units, TOP, 1)),
        patches=patches,
        projections=random.normal(size=(units, TOP, 3, 8, 8)).astype(np.float32),
        shown=shown,
        ids=tuple(found.ids[i] for i in shown),
        digests=tuple(f"{i:064}" for i in shown),
        sizes=np.tile([80, 50], (len(shown), 1)),
        thumbnails=np.tile((6 * shown).astype(np.uint8)[:, None, None, None], (1, 128, 128, 3)),
    )  # fmt: skip


def diagnosis(found: Survey, layer: str) -> Diagnosis:
    assert found.provenance is not None
    units = len(found.layers[layer].values)
    random = np.random.default_rng(1)

    def one(unit: int, fault: str, **evidence: float) -> dict[str, Any]:
        return {
            "layer": layer, "unit": unit, "fault": fault, "threshold": 0.5, "evidence": evidence, "suggestion": "train"
        }  # fmt: skip

    names = ("dead", "always on", "duplicate filters", "duplicate activations", "high-frequency", "breadth", "aliased")
    return Diagnosis(
        provenance=synthetic.provenance("diagnose", DATA, survey=found.provenance.key, thresholds={}),
        findings=(
            one(1, "dead", share_images=0.0, minimum=0.0, maximum=0.0),
            one(2, "always on", share_active=0.999, mean=3.0, standard_deviation=0.5),
            one(4, "duplicate", of=3, cosine=0.99, correlation=0.98, common_examples=0.8),
            one(5, "high-frequency", share_of_power=0.8, breadth=0.6),
            one(6, "aliased", share_of_power=0.9),
        ),
        measures={layer: {"high_frequency": random.uniform(size=units), "breadth": random.uniform(size=units)}},
        thresholds={**dict.fromkeys(names, 0.5), "aliased projections": 0.6, "dead": 0.0},
        examined={layer: ("broken", "dead", "always on", "duplicate", "high-frequency", "aliased")},
        filters={layer: random.normal(size=(units, 3, 7, 7)).astype(np.float32)},
        strides={layer: (2, 2)},
        spectra={layer: random.uniform(size=(units, 32, 32)).astype(np.float32)},
    )


def feeds(found: Survey, layer: str, units: int) -> Feeds:
    assert found.provenance is not None
    return Feeds(
        provenance=synthetic.provenance(
            "feeds", DATA, survey=found.provenance.key, layer=layer, units=list(range(units)), examples=3
        ),
        layer=layer,
        units=np.arange(units),
        classes=np.tile([2, 0, -1], (units, 1)),
        logits=np.tile(np.array([1.5, 0.5, np.nan], dtype=np.float32), (units, 1)),
        examples=3,
        labels={"0": "ape", "2": "cow"},
    )


def experiments(found: Survey, layer: str) -> list[Any]:
    random = np.random.default_rng(2)
    boxes = np.zeros((3, 4, 4), dtype=np.int64)
    boxes[..., 2:] = 8
    boxes[..., 0] = boxes[..., 2] = np.arange(4) * 10
    boxes[..., 2] += 8
    curves = {"a": random.uniform(size=(2, 3)).astype(np.float32)}
    shown = gallery(found, layer, 2)
    three = {
        key: getattr(shown, key)[:, :3]
        for key in ("values", "images", "positions", "windows", "boxes", "patches", "projections")
    }
    changed = {
        "weights": np.array([0.2, 0.1, np.nan], dtype=np.float32),
        "shift": np.array([-1.0, 0.5, 0.0], dtype=np.float32),
        "examples": np.array([1.0, 0.5, 0.0], dtype=np.float32),
        "preferred": np.array([[0, 1], [2, 2], [-1, -1]]),
    }
    return [
        OcclusionMaps(
            provenance=synthetic.provenance("occlusion_maps", layer=layer),
            layer=layer, unit=3, target=1, label="bee", boxes=boxes,
            response=random.uniform(0, 9, (3, 4)).astype(np.float32),
            probability=random.uniform(0, 1, (3, 4)).astype(np.float32),
            predicted=np.array([[1, 1, 1, 0], [1, 2, 1, 1], [1, 1, 0, 1]]),
            plain_response=8.0, plain_probability=0.9, plain_predicted=1,
            labels={"0": "ape", "1": "bee", "2": "cow"}, pictures=synthetic.pictures(0)[1][None],
        ),
        Correspondence(
            provenance=synthetic.provenance("correspondence", ("cat.png", "dog.png"), layers=[layer]),
            distances={layer: {"eye": np.array([0.1]), "random": np.array([0.3, 0.2])}},
            means={layer: {"eye": 0.1, "random": 0.25}}, errors={layer: {"eye": 0.02, "random": 0.03}},
        ),
        Invariance(
            provenance=synthetic.provenance("invariance", ("cat.png", "dog.png"), layers=["a"]),
            steps={"scale": np.array([1.0, 1.4, 1.8], dtype=np.float32)},
            distances={"scale": curves}, probabilities={"scale": curves["a"]}, targets=np.array([1, 2]),
        ),
        Evolution(
            provenance=synthetic.provenance("evolution", DATA, layer=layer, units=[0, 1], checkpoints={"e1": "f"}),
            checkpoints=("e1", "e2", "e3"),
            gallery=dataclasses.replace(shown, **three),
            jumps=np.array([[False, True, False], [False, False, True]]),
        ),
        Ablation(
            provenance=synthetic.provenance("ablate", DATA, units={layer: [3, 4]}, each=True, fill="zero"),
            silenced=({}, {layer: (3,)}, {layer: (4,)}),
            accuracy=np.array([0.8, 0.7, 0.8], dtype=np.float32), loss=np.array([1, 1.2, 0.9], dtype=np.float32),
            changed=np.array([0, 0.1, 0.05], dtype=np.float32), images=40, fill="zero",
        ),
        Comparison(
            provenance=synthetic.provenance("compare", DATA, before="x", after="y"),
            layers={layer: changed}, classes={layer: np.array([0.1, 0.7, 0.2, 0.0], dtype=np.float32)},
            names=("ape", "bee", "cow", "doe"),
        ),
    ]  # fmt: skip


def workspace(folder: Path, layers: dict[str, int] | None = None, shown: int = 70) -> Workspace:
    """A survey of `layers`; the first has `shown` units with examples, in two blocks, and everything else."""
    layers = layers or {"features.0": 80, "features.3": 40}
    ws = Workspace(folder)
    first = next(iter(layers))
    found = survey(layers)
    for result in (
        found, gallery(found, first, shown), diagnosis(found, first), feeds(found, first, shown),
        synthetic.pattern((f"{first}#3",)), *experiments(found, first),
    ):  # fmt: skip
        ws.add(result)
    row = {"kind": "ReLU", "parameters": 0, "depth": 1}
    field = {"size": [7, 7], "stride": [2, 2], "offset": [0, 0]}
    about = {
        "card": {"name": "tiny", "source": "builtin:tiny", "fingerprint": synthetic.FINGERPRINT},
        "layers": [
            {**row, "name": name, "shape": [units, 8, 8], "units": units, "receptive_field": field}
            for name, units in layers.items()
        ],
        "labels": 4,
        "parameters": 10,
        "notes": [],
        "refused": {},
    }
    (ws.folder / "networks").mkdir(exist_ok=True)
    (ws.folder / "networks" / "tiny.json").write_text(json.dumps(about))
    return ws
