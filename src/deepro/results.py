"""What methods return: frozen values that know how they were made and nothing about how they will be shown.

Arrays are NumPy on the CPU, float32, or float64 where the network computes in float64. `N` images, `U` units, `C H W`
the network's input. `pictures` (N, H, W, 3) uint8 are the inputs as the network saw them, for display; None where the
input is no picture.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
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


class Layered(Mapping[str, np.ndarray]):
    """Arrays of recurrent layers, by name or by position: `h["lstm.l0"]` and `h[0]` are (D, N, T, U).

    `h[layer, direction, sequence, step, unit]` indexes all axes; where the layers have one shape the whole is an array
    (L, D, N, T, U), as `numpy.asarray(h)` gives it. A stack's own name stands for all of its layers, (L, D, N, T, U).
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = dict(arrays)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key in self._arrays:
                return self._arrays[key]
            stack = [v for k, v in self._arrays.items() if k.rpartition(".l")[0] == key]
            if stack:
                return np.stack(stack)
            single = key.removesuffix(".l0")
            if single in self._arrays:
                return self._arrays[single]
            from deepro.errors import LayerError, near

            raise LayerError(
                f"no layer {key!r} here{near(key, self._arrays) or '; there are ' + ', '.join(self._arrays)}"
            )
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, str):
            return self[first][tuple(rest)]
        if isinstance(first, int | np.integer):
            return list(self._arrays.values())[first][tuple(rest)]
        return np.asarray(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __contains__(self, key: object) -> bool:
        return key in self._arrays

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.stack(list(self._arrays.values())).astype(dtype or None)

    @property
    def shape(self) -> tuple[int, ...]:
        """(L, D, N, T, U); raises ValueError where the layers differ."""
        (shape,) = {v.shape for v in self._arrays.values()}
        return (len(self), *shape)

    def __repr__(self) -> str:
        return "Layered(" + ", ".join(f"{k}: {v.shape}" for k, v in self._arrays.items()) + ")"


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace(Result):
    """Recurrent states over time. h, c, gates[name]: by layer (D, N, T, U), zero beyond a sequence's length.

    Gates are i, f, g, o in an LSTM and r, z, n in a GRU. With a projection h is narrower than c. In the second of two
    directions a step's state has read from the end to that step. inputs: layer -> (N, T, F). lengths: layer -> (N,).
    checks: layer -> largest difference between h from these gates and h as the module returned it. outputs: (N, T, K)
    the network's own, where it has one row a step. tokens: (T,) a sequence. symbols: the token numbers' texts.
    """

    kind = "trace"
    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    h: Layered
    c: Layered | None
    gates: Mapping[str, Layered]
    inputs: Mapping[str, np.ndarray]
    lengths: Mapping[str, np.ndarray]
    checks: Mapping[str, float]
    outputs: np.ndarray | None = None
    tokens: tuple[np.ndarray, ...] | None = None
    texts: tuple[str | None, ...] = ()
    symbols: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        wrap = lambda v: v if v is None or isinstance(v, Layered) else Layered(v)  # noqa: E731
        object.__setattr__(self, "h", wrap(self.h))
        object.__setattr__(self, "c", wrap(self.c))
        object.__setattr__(self, "gates", {k: wrap(v) for k, v in self.gates.items()})

    def states(self, layer: str, which: str = "h", direction: int = 0) -> list[np.ndarray]:
        """(T, U) a sequence, without padding, of h, c or a gate."""
        values = {"h": self.h, "c": self.c, **self.gates}[which]
        assert values is not None
        return [values[layer][direction, n, :t] for n, t in enumerate(self.lengths[layer])]


@dataclass(frozen=True, eq=False, kw_only=True)
class UnitStatistics(Result):
    """What a survey knows of one layer's U units.

    values, images: (U, k) each unit's largest values, one an image, largest first, of equal ones the earlier image;
    images are places in the data set. positions: (U, k, axes) where in the layer's map. Free places: NaN, -1, -1.
    mean, variance, minimum, maximum: (U,) over all places of all images. share_active: (U,) places above zero;
    share_images: (U,) images with such a place. broken: (U,) images with a value that is not finite, left out.
    histogram: (U, bins) images by their largest value; bin b begins at Survey.edges[b].
    class_means: (K, U) over the places of a class's images, NaN where it has none; class_images: (K,) how many it has.
    """

    kind = "unit-statistics"
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
class Cells(Result):
    """Units that track an annotation, with the controls that say whether to believe it.

    findings: best first within each track; each has track, measure (auc, rank or information), layer, direction, state,
    unit, search and held_out (the score on the sequences searched and on those held out), controls (the best that each
    network with random weights reaches by the same search) and control (their largest), p (how often the best of all
    units does as well on a track shifted in time), sign, threshold, on_mean, off_mean, clamp (None where it was not
    made) and survives.
    scores, held_out: (K, S) for K tracks and all S units; places: (S,) index into `states`; units: (S,).
    probes: track -> the same of a linear probe on all units together. values: track -> (T,) a sequence.
    """

    kind = "cells"
    tracks: tuple[str, ...]
    measures: tuple[str, ...]
    findings: tuple[Mapping[str, Any], ...]
    states: tuple[tuple[str, int, str], ...]  # layer, direction, h or c or a gate
    places: np.ndarray
    units: np.ndarray
    scores: np.ndarray
    held_out: np.ndarray
    probes: Mapping[str, Mapping[str, float]]
    values: Mapping[str, tuple[np.ndarray, ...]]
    split: Mapping[str, Any]
    texts: tuple[str | None, ...] = ()

    def best(self, track: str) -> Mapping[str, Any]:
        """The first finding of a track. Raises UsageError with near names."""
        found = next((f for f in self.findings if f["track"] == track), None)
        if found is None:
            from deepro.errors import UsageError, near

            raise UsageError(
                f"no track {track!r} here{near(track, self.tracks) or '; there are ' + ', '.join(self.tracks)}"
            )
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Map(Result):
    """Examples (or units) of one layer laid out in two dimensions.

    values: (N, 2). ids: (N,) names that stay. labels: (N,) int64 into label_names, -1 where unknown, or None.
    columns: name -> (N,), anything to colour by: prediction, confidence, correct. method, layer, pool: how it was made;
    codes: (N, D) what was laid out, float32, None where it was not kept; neighbours of it find a point's true likeness.
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
    facts: Mapping[str, Any] = field(default_factory=dict)
    placed: np.ndarray | None = None
    finished: bool = True
    notes: tuple[str, ...] = ()
    codes: np.ndarray | None = None
    pictures: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class AlignedMaps(Result):
    """Maps of the same examples at several layers or checkpoints, each turned onto the one before.

    steps: what the maps are of, in order. changed: (S, N) share of a point's nearest neighbours among the codes that it
    did not have at the step before (first row 0): who its neighbours are, not where it lies. moved: (S, N) distance on
    the maps from the step before, as a share of the map's spread.
    """

    kind = "aligned-maps"
    steps: tuple[str, ...]
    maps: tuple[Map, ...]
    changed: np.ndarray
    moved: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerScores(Result):
    """What each of L layers knows of the labels. layers: in the order asked for. scores: measure -> (L,).

    similarity: (L, L) linear CKA between the layers, None where it was not asked for. notes: warnings.
    """

    kind = "layer-scores"
    layers: tuple[str, ...]
    scores: Mapping[str, np.ndarray]
    similarity: np.ndarray | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Gallery(Result):
    """The strongest examples of U units of one layer, k each.

    units: (U,). values, images, positions: as in UnitStatistics. windows: (U, k, 2, 2) start and stop of what the unit
    saw, rows then columns, in input pixels; it may reach past the border. boxes: (U, k, 4) left, top, right, bottom of
    the same in the photograph, NaN where there is none. patches: (U, k, h, w, 3) uint8, what it saw. projections:
    (U, k, C, h, w) what of it drove the unit. shown, ids: the images and their ids.
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


@dataclass(frozen=True, eq=False, kw_only=True)
class Matches(Result):
    """Where in a corpus the cells of a selected range are on again, best first.

    selection: (sequence, start, stop). cells: layer, direction, state, unit, threshold and sign of each. sequences,
    starts, stops: (M,) of the matches kept, in steps of their sequence; shares: (M,) how many of the cells are on
    through the whole match; count: how many there are in all. tracks: annotation -> (M,) bool where the match begins.
    enrichment: one row an annotation: its share among all matches, its lift and p. nearest: sequence, step, cosine.
    """

    kind = "matches"
    selection: tuple[int, int, int]
    cells: tuple[Mapping[str, Any], ...]
    sequences: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    shares: np.ndarray
    count: int
    enrichment: tuple[Mapping[str, Any], ...]
    tracks: Mapping[str, np.ndarray]
    nearest: tuple[Mapping[str, Any], ...]
    texts: tuple[str | None, ...] = ()
    steps: int = 0

    def in_context(self, width: int = 30) -> list[tuple[str, str, str]]:
        """(before, match, after) of each match in a text, `width` characters to each side (keyword in context)."""
        rows = []
        for n, start, stop in zip(self.sequences, self.starts, self.stops, strict=True):
            text = self.texts[n] or ""
            rows.append((text[max(0, start - width) : start], text[start:stop], text[stop : stop + width]))
        return rows


@dataclass(frozen=True, eq=False, kw_only=True)
class Memory(Result):
    """What a recurrent network keeps.

    shut, opened: gate -> layer -> (D, U) share of steps below `low` and above 1 - `low`.

    half_lives: layer -> (D, U) in steps. influence: (S, T) norm of d output_s / d input_t; decay: (T,) its mean by lag;
    reach: steps that hold 95 % of it; factor: what it is multiplied by from lag to lag.
    """

    kind = "memory"
    layers: tuple[str, ...]
    shut: Mapping[str, Mapping[str, np.ndarray]]
    opened: Mapping[str, Mapping[str, np.ndarray]]
    low: float
    half_lives: Mapping[str, np.ndarray]
    influence: np.ndarray | None
    decay: np.ndarray | None
    reach: int | None
    factor: float | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Steps(Result):
    """What each step of one sequence counts for one output.

    values: (T,) unscaled, signed where the method is. features: (T, F) before they are summed, where there are such.
    score: the output explained, of `target` at `step`. gap: what integrated gradients miss of it. deletion, random:
    (T + 1,) the output after so many steps were set to zero, most important first, or in random order.
    """

    kind = "steps"
    how: str
    values: np.ndarray
    features: np.ndarray | None
    target: str
    step: int
    score: float
    gap: float | None
    deletion: np.ndarray
    random: np.ndarray
    text: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Diagnosis(Result):
    """Which units of a surveyed network are sick.

    findings: each with layer, unit, fault (dead, always on, duplicate, high-frequency, aliased, broken), evidence
    (the numbers), threshold and suggestion (what the literature would change). measures: layer -> name -> (U,) or
    (U, 2) what was measured of every unit, also of the healthy ones. thresholds: by fault. examined: layer -> the
    faults looked for.
    """

    kind = "diagnosis"
    findings: tuple[Mapping[str, Any], ...]
    measures: Mapping[str, Mapping[str, np.ndarray]]
    thresholds: Mapping[str, float]
    examined: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ablation(Result):
    """What it costs to silence units, on a labelled data set.

    silenced: for each experiment layer -> units; the first experiment silences nothing. accuracy, loss: (S,) top-1
    and mean cross-entropy. changed: (S,) share of images whose prediction is another one. images: how many were
    measured.
    """

    kind = "ablation"
    silenced: tuple[Mapping[str, tuple[int, ...]], ...]
    accuracy: np.ndarray
    loss: np.ndarray
    changed: np.ndarray
    images: int
    fill: str


@dataclass(frozen=True, eq=False, kw_only=True)
class OcclusionMaps(Result):
    """Zeiler & Fergus 2014, figure 6: one image with a grey square at every place of a grid.

    boxes: (rows, columns, 4) left, top, right, bottom of the square in input pixels, clipped. response: (rows,
    columns) the unit's activations summed over its map. probability: of the class. predicted: the class put first.
    Each beside its value without a square.
    """

    kind = "occlusion-maps"
    layer: str
    unit: int
    target: int
    label: str
    boxes: np.ndarray
    response: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    plain_response: float
    plain_probability: float
    plain_predicted: int
    labels: Mapping[str, str]
    pictures: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Correspondence(Result):
    """Zeiler & Fergus 2014, table 1: does hiding the same part of different images change a layer in the same way?

    distances: layer -> part -> (pairs,) share of signs in which two images' changes differ, 0 all alike, 0.5 as
    chance. The part "random" is the control: squares of the same sizes at random places, over several draws. means,
    errors: layer -> part -> mean and standard error over the images.
    """

    kind = "correspondence"
    distances: Mapping[str, Mapping[str, np.ndarray]]
    means: Mapping[str, Mapping[str, float]]
    errors: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Invariance(Result):
    """Zeiler & Fergus 2014, figure 5: how far layers and the prediction move when the image does.

    steps: transform -> (T,) pixels, factors or degrees. distances: transform -> layer -> (N, T) Euclidean distance
    to the untouched image's features, divided by their length. probabilities: transform -> (N, T) of the class in
    `targets`.
    """

    kind = "invariance"
    steps: Mapping[str, np.ndarray]
    distances: Mapping[str, Mapping[str, np.ndarray]]
    probabilities: Mapping[str, np.ndarray]
    targets: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Evolution(Result):
    """Zeiler & Fergus 2014, figure 4: a unit's strongest example at each of T training checkpoints.

    checkpoints: names. gallery: its second axis is the checkpoints. jumps: (U, T) whether the strongest image is
    another than at the checkpoint before.
    """

    kind = "evolution"
    checkpoints: tuple[str, ...]
    gallery: Gallery
    jumps: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(Result):
    """Two surveys of one architecture over one data set: what changed from the first to the second.

    layers: layer -> name -> array. weights (U,): 1 - cosine of the filters, NaN where the layer has none. shift
    (U,): how far the mean activation moved, in standard deviations of the first. examples (U,): share of the top k
    that is new. preferred (U, 2): class with the largest mean before and after, -1 without labels. classes: layer
    -> (K,) how far a class's means moved, root mean square over the units, in their standard deviations. names: of
    the classes.
    """

    kind = "comparison"
    layers: Mapping[str, Mapping[str, np.ndarray]]
    classes: Mapping[str, np.ndarray]
    names: tuple[str, ...]


KINDS: dict[str, type[Result]] = {
    r.kind: r
    for r in (
        Prediction,
        Activations,
        Projection,
        Heatmap,
        Region,
        Pattern,
        Matches,
        Memory,
        Steps,
        Cells,
        Trace,
        UnitStatistics,
        Survey,
        Gallery,
        Diagnosis,
        Ablation,
        OcclusionMaps,
        Correspondence,
        Invariance,
        Evolution,
        Comparison,
        Map,
        AlignedMaps,
        LayerScores,
    )
}
