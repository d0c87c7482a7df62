"""What methods return: frozen values that know how they were made and nothing about how they will be shown.

Arrays are NumPy on the CPU, float32, or float64 where the network computes in float64. `N` images, `U` units, `C H W`
the network's input. `pictures` (N, H, W, 3) uint8 are the inputs as the network saw them, for display; None where the
input is no picture.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

SCHEMA = 1


@dataclass(frozen=True)
class Provenance:
    """Everything needed to make a result again."""

    method: str
    version: int
    parameters: Mapping[str, Any]
    network: Mapping[str, Any]  # name, source, fingerprint, preprocess, device, dtype
    data: tuple[Mapping[str, Any], ...]  # for each input: name, sha256, size
    seed: int | None
    libraries: Mapping[str, str]
    created: str  # ISO 8601, UTC
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The store's address: a changed weight, preprocessing, picture, parameter or method version changes it."""
        from deepro.network.fingerprint import digest_json

        return digest_json(
            [self.method, self.version, self.parameters, self.network["fingerprint"], [d["sha256"] for d in self.data]]
        )[:20]


def _door(module: str) -> Any:
    """Store and render, found by name when asked for: results import neither (imports go down only)."""
    return importlib.import_module(f"deepro.{module}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """Base of every result. Equal results have equal `provenance.key`."""

    kind: ClassVar[str] = "result"
    provenance: Provenance | None = None

    def save(self, folder: str | Path) -> Path:
        """Write this result into a new folder, atomically; `deepro.open(folder)` gives it back."""
        return _door("store").save(self, folder)

    def figure(self) -> Any:
        """A matplotlib figure of this result."""
        return _door("render").figure(self)

    def _repr_html_(self) -> str:
        return _door("render").html(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction(Result):
    """What the network says of one photograph. labels, probabilities: the top ones, most probable first.

    logits: (K,) all of them. picture: (H, W, 3) uint8, the original. view: top, left, scale_y, scale_x of what the
    network saw of it (see network.preprocess.View); seen: (H', W', 3) uint8, that view at the input's size.
    """

    kind = "prediction"
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    logits: np.ndarray
    picture: np.ndarray | None = None
    seen: np.ndarray | None = None
    view: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Activations(Result):
    """Layers' outputs. values: layer name -> (N, *layer shape), exactly what the module returned."""

    kind = "activations"
    values: Mapping[str, np.ndarray]
    pictures: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection(Result):
    """Units of one layer sent back to the input.

    values: (N, U, *input shape), signed, unscaled. units: (N, U) the unit's index in the layer. activations: (N, U) the
    number sent back. positions: (N, U, spatial axes) where in the layer's map it stood. maps: (N, U, *layer space) the
    unit's activation map. windows: (N, U, spatial axes, 2) start and stop of the receptive field in input pixels,
    clipped to the input. fidelity: how many rectifiers were on the way, by which rule, what was left alone.
    """

    kind = "projection"
    layer: str
    rule: str
    values: np.ndarray
    units: np.ndarray
    activations: np.ndarray
    positions: np.ndarray
    maps: np.ndarray
    windows: np.ndarray
    fidelity: Mapping[str, Any] = field(default_factory=dict)
    pictures: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Heatmap(Result):
    """Importance of each input element for a target.

    values: (N, *input space), unscaled, signed where the method is. targets: for each input its description.
    scores: (N,) the target's value. evidence: what the method says of its own trust (a completeness gap, the layer).
    """

    kind = "heatmap"
    method: str
    values: np.ndarray
    targets: tuple[str, ...]
    scores: np.ndarray
    signed: bool
    pictures: np.ndarray | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Region(Result):
    """The object's mask in the original image.

    mask: (H, W) bool at the original's size. outline: list of (points, 2) x, y polygons around the mask's parts.
    box: (left, top, right, bottom), half open; mask, outline and box are None where there is no region.
    evidence: numbers that say how far to trust it (area, score, what the centred box would give).
    """

    kind = "region"
    mask: np.ndarray | None
    outline: tuple[np.ndarray, ...] | None
    box: tuple[int, int, int, int] | None
    heatmap: Heatmap
    target: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    picture: np.ndarray | None = None  # (H, W, 3) uint8, the original


@dataclass(frozen=True, eq=False, kw_only=True)
class Pattern(Result):
    """Images made for targets.

    images: (T, C, H, W) in 0..1, as the network sees them before normalisation. scores: (T,) each target's value.
    probabilities: (T,) where the target is a class, else NaN. history: (T, steps) the target's value on the way.
    """

    kind = "pattern"
    images: np.ndarray
    targets: tuple[str, ...]
    scores: np.ndarray
    probabilities: np.ndarray
    history: np.ndarray


KINDS: dict[str, type[Result]] = {r.kind: r for r in (Prediction, Activations, Projection, Heatmap, Region, Pattern)}
