"""Small results with known numbers, for the tests of what is shown. No network runs."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from deepro.kinds.patterns.pattern import Pattern
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.kinds.photographs.prediction import Prediction
from deepro.kinds.photographs.projection import Projection
from deepro.kinds.photographs.region import Region
from deepro.results import Provenance, Result
from deepro.store import Workspace

SIZE = 48
NASTY = "<img src=x onerror=alert(1)>"
FINGERPRINT = "f" * 64

_START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_ticks = itertools.count()  # results are found again in the order in which they were made


def provenance(method: str, names: tuple[str, ...] = ("cat.png",), **parameters: Any) -> Provenance:
    return Provenance(
        method=method,
        version=1,
        parameters=parameters,
        network={
            "name": "tiny",
            "source": "builtin:tiny",
            "fingerprint": FINGERPRINT,
            "device": "cpu",
            "dtype": "float32",
        },
        data=tuple({"name": n, "sha256": n.encode().hex().ljust(64, "0"), "size": [90, 60]} for n in names),
        seed=0,
        libraries={"deepro": "0", "torch": "2"},
        created=(_START + timedelta(seconds=next(_ticks))).isoformat(),
        seconds=1.25,
    )


def pictures(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An original (60, 90, 3) and what the network saw of it."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    original = coarse.repeat(10, 0).repeat(10, 1)
    return original, original[6:54, 21:69].copy()


def prediction(name: str = "cat.png", label: str = "tabby", seed: int = 0) -> Prediction:
    original, seen = pictures(seed)
    return Prediction(
        provenance=provenance("predict", (name,), top=5),
        labels=(label, "lynx", "kit fox", "goose", "washer"),
        probabilities=(0.7, 0.2, 0.05, 0.03, 0.02),
        logits=np.arange(10, dtype=np.float32),
        picture=original,
        seen=seen,
        view=(6.0, 21.0, 1.0, 1.0),
    )


def projection(name: str = "cat.png", layer: str = "features.0", seed: int = 0, units: int = 3) -> Projection:
    random = np.random.default_rng([seed, len(layer), sum(map(ord, layer))])
    values = np.zeros((1, units, 3, SIZE, SIZE), dtype=np.float32)
    windows = np.zeros((1, units, 2, 2), dtype=np.int64)
    for u in range(units):
        top, left = 4 * u, 6 * u
        values[0, u, :, top : top + 12, left : left + 12] = random.normal(size=(3, 12, 12))
        windows[0, u] = [[top, top + 12], [left, left + 12]]
    return Projection(
        provenance=provenance("deconvnet", (name,), layer=layer, rule="deconvnet"),
        layer=layer,
        rule="deconvnet",
        values=values,
        units=np.arange(units)[None] * 7,
        activations=np.linspace(9, 3, units, dtype=np.float32)[None],
        positions=np.array([[[u, 2 * u] for u in range(units)]]),
        maps=random.normal(size=(1, units, 12, 12)).astype(np.float32),
        windows=windows,
        fidelity={"rule": "deconvnet", "rectifiers": 4, "kinds": {"relu": 4}, "left": {}},
        pictures=pictures(seed)[1][None],
    )


def heatmap(seed: int = 0, signed: bool = False, label: str = "tabby", name: str = "cat.png") -> Heatmap:
    values = np.random.default_rng(seed).normal(size=(1, SIZE, SIZE)).astype(np.float32)
    return Heatmap(
        provenance=provenance("gradcam" if signed else "gradient", (name,), target=label),
        method="gradcam" if signed else "gradient",
        values=values if signed else np.abs(values),
        targets=(label,),
        scores=np.array([5.0]),
        signed=signed,
        pictures=pictures(seed)[1][None],
    )


def region(name: str = "cat.png", label: str = "tabby", seed: int = 0, found: bool = True) -> Region:
    mask = np.zeros((60, 90), dtype=bool)
    mask[20:40, 30:70] = True
    square = np.array([[30, 20], [70, 20], [70, 40], [30, 40]], dtype=float)
    return Region(
        provenance=provenance("segment", (name,), target=label),
        mask=mask if found else None,
        outline=(square,) if found else None,
        box=(30, 20, 70, 40) if found else None,
        heatmap=dataclasses.replace(heatmap(seed, label=label), provenance=None),
        target=label,
        evidence={"area": float(mask.mean()) if found else 0.0},
        picture=pictures(seed)[0],
    )


def pattern(labels: tuple[str, ...] = ("goose", "washer")) -> Pattern:
    random = np.random.default_rng(5)
    return Pattern(
        provenance=provenance("imagine", (), targets=list(labels), steps=32),
        images=random.random((len(labels), 3, SIZE, SIZE)).astype(np.float32),
        targets=labels,
        scores=np.linspace(12, 8, len(labels)),
        probabilities=np.array([0.999] + [np.nan] * (len(labels) - 1)),
        history=np.cumsum(random.random((len(labels), 32)), 1),
    )


def everything(label: str = "tabby", names: tuple[str, ...] = ("cat.png", "dog.png")) -> Iterator[Result]:
    for seed, name in enumerate(names):
        yield prediction(name, label, seed)
        yield projection(name, "features.0", seed)
        yield projection(name, "features.3", seed)
        yield region(name, label, seed, found=seed == 0)
        yield heatmap(seed, signed=True, label=label, name=name)
    yield pattern((label, "washer"))


def layer_table(count: int = 5) -> list[dict[str, Any]]:
    return [
        {
            "name": f"features.{i}",
            "kind": "Conv2d" if i % 2 == 0 else "ReLU",
            "shape": [8 + i, SIZE // (1 + i % 3), SIZE // (1 + i % 3)],
            "units": 8 + i,
            "receptive_field": {"size": [3 + 4 * i] * 2, "stride": [1 + i % 3] * 2, "offset": [-1, -1]}
            if i != 4
            else None,
            "parameters": 100 * (i % 7),
            "depth": 1,
        }
        for i in range(count)
    ]


def workspace(
    folder: Path, label: str = "tabby", names: tuple[str, ...] = ("cat.png", "dog.png"), layers: int = 5
) -> Workspace:
    """A real workspace on disk with everything in it, and one photograph that was skipped."""
    made = Workspace(folder)
    for result in everything(label, names):
        made.add(result)
    about = {
        "card": provenance("predict").network | {"preprocess": {"size": [48, 48], "resize": 48, "mean": [0.5] * 3,
                                                                "std": [0.5] * 3, "order": "RGB", "range": 1.0}},
        "layers": layer_table(layers),
        "labels": 10,
        "parameters": 1234567,
        "notes": [f"a note about {label}"],
        "refused": {},
    }  # fmt: skip
    file = folder / "networks" / "tiny.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(about), encoding="utf-8")
    made.set_skipped([{"name": f"{label}.jpg", "reason": "no picture: the file is empty"}])
    return made
