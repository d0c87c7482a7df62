"""Makes galleries: for each of a unit's strongest examples the patch it saw, its projection and its place."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from deepro import progress, registry
from deepro.data import Dataset
from deepro.data.examples import as_examples
from deepro.errors import LayerError, StoreError, UnsupportedError, UsageError, near
from deepro.kinds.surveys.gallery import Gallery
from deepro.kinds.surveys.survey import Survey
from deepro.kinds.surveys.unit_statistics import UnitStatistics
from deepro.methods.units.deconvnet import deconvnet
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Inputs, Network, ReceptiveField, View
from deepro.parameters import Bounds, DataSet, LayerName, Units, stored
from deepro.rectifiers import Rule
from deepro.registry import method
from deepro.shapes import to_array

_TOGETHER = 64  # units of one image sent back at once
THUMBNAIL = 128  # side of the square onto which photographs are squeezed
_TINY = 32  # pixels: the longer side of a picture that is enlarged without smoothing
_TOLERANCE = 1e-2  # by how much an activation may differ from the survey's, in batches of another size


@method(
    family="units",
    paper=ZEILER,
    summary="The strongest examples of a layer's units, each beside what of it drove the unit.",
    version=2,
)
def gallery(
    net: Network,
    survey: Annotated[Survey, stored(Survey)],
    dataset: DataSet,
    layer: LayerName,
    units: Units | None = None,
    *,
    count: Annotated[int | None, Bounds(1, 100), "examples a unit; as many as the survey kept by default"] = None,
    tile: Annotated[int, Bounds(1, 1024), "longest side of a patch, in pixels"] = 64,
    rule: Annotated[
        Rule | None, "what comes back through a rectifier; deconvnet by default, the gradient where there is none"
    ] = None,
) -> Gallery:
    """The strongest examples of a layer's units (Zeiler & Fergus 2014, figure 2). Every photograph is read once.

    units: some of the layer's, None for all. count: examples a unit, at most the survey's top_k. tile: longest side
    kept of patches and projections: where a unit sees more they are averaged down. Where it sees more than the whole
    input, the whole input is shown. rule: by default the DeconvNet's; where no rectifier is on the way, the gradient,
    and the result says so.
    Raises UsageError and LayerError for what does not fit, and StoreError where network or data set are not those of
    the survey.

    Example: `deepro.gallery(net, survey, "photos/", "features.11", [34, 7])`
    """
    data = as_examples(net, dataset).labelled()
    statistics = check_survey(net, survey, data, layer)
    chosen = check_units(units, len(statistics.values), layer)
    count = min(count or survey.top_k, statistics.values.shape[1])
    frame = _Frame(net, layer, tile)
    made = _empty(statistics, chosen, count, frame)
    wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, unit in enumerate(chosen):
        for rank in range(count):
            if statistics.images[unit, rank] >= 0 and statistics.values[unit, rank] > 0:
                wanted[int(statistics.images[unit, rank])].append((row, rank))
    shown = np.array(sorted(wanted), dtype=np.int64)
    photographs = []
    for image in progress.steps(shown.tolist(), f"gallery {layer}"):
        inputs = read_image(net, data, image)
        fill = functools.partial(_fill, net, data, inputs, statistics, layer)
        about = (frame, image, wanted[image], chosen, made)
        try:
            fill(rule or "deconvnet", *about)
        except UnsupportedError:
            if rule is not None:
                raise
            fill(rule := "gradient", *about)
        photographs.append(_photograph(inputs))
    sizes, digests, thumbnails = zip(*photographs, strict=True) if photographs else ((), (), ())
    return Gallery(
        layer=layer,
        rule=rule or "deconvnet",
        units=np.array(chosen),
        values=statistics.values[chosen, :count],
        images=statistics.images[chosen, :count],
        positions=statistics.positions[chosen, :count],
        shown=shown,
        ids=tuple(data.id(int(i)) for i in shown),
        digests=tuple(digests),
        sizes=np.array(sizes, dtype=np.int64).reshape(-1, 2),
        thumbnails=np.array(thumbnails, dtype=np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL, 3),
        **made,
    )


class _Frame:
    """Which part of the input stands for a unit at a position, and how large it is kept."""

    def __init__(self, net: Network, layer: str, tile: int) -> None:
        assert net.input_shape is not None
        if len(net.input_shape) != 3:
            raise LayerError(f"a gallery needs pictures (C, H, W), the network takes {net.input_shape}")
        field = net.layers[layer].receptive_field
        self.channels, *space = net.input_shape
        self.space = tuple(space)
        usable = field is not None and len(field.size) == 2
        self.field: ReceptiveField | None = field if usable else None
        sizes = field.size if usable and field is not None else self.space
        self.size = tuple(min(n, limit) for n, limit in zip(sizes, self.space, strict=True))
        shrink = min(1.0, tile / max(self.size))
        height, width = (max(1, round(n * shrink)) for n in self.size)
        self.kept = (height, width)

    def window(self, position: Sequence[int]) -> list[tuple[int, int]]:
        """(start, stop) in input pixels for each axis; it may reach past the border, as the unit's view does."""
        found = []
        for axis, limit in enumerate(self.space):
            if self.field is None or self.size[axis] == limit or len(position) != 2:
                found.append((0, limit))
            else:
                start = self.field.offset[axis] + position[axis] * self.field.stride[axis]
                found.append((start, start + self.size[axis]))
        return found

    def cut(self, pixels: Tensor, window: Sequence[tuple[int, int]], outside: float) -> Tensor:
        """(C, *kept) of (C, H, W), `outside` where the window reaches past the border."""
        (top, bottom), (left, right) = window
        height, width = self.space
        inside = pixels[:, max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
        padding = (max(0, -left), max(0, right - width), max(0, -top), max(0, bottom - height))
        whole = functional.pad(inside, padding, value=outside)
        return functional.adaptive_avg_pool2d(whole[None], self.kept)[0] if whole.shape[1:] != self.kept else whole


def _fill(
    net: Network,
    data: Dataset,
    inputs: Inputs,
    statistics: UnitStatistics,
    layer: str,
    rule: Rule,
    frame: _Frame,
    image: int,
    wanted: list[tuple[int, int]],
    chosen: list[int],
    made: dict[str, np.ndarray],
) -> None:
    """Make the triples of all units whose strongest examples include this image."""
    photograph = inputs.photographs[0]
    view = photograph.view if photograph else View(0.0, 0.0, 1.0, 1.0)
    picture = None if inputs.pictures is None else torch.from_numpy(inputs.pictures[0]).permute(2, 0, 1).float()
    project: Any = registry.record(deconvnet).function
    for start in range(0, len(wanted), _TOGETHER):
        part = wanted[start : start + _TOGETHER]
        units = [chosen[row] for row, _ in part]
        places = np.array([statistics.positions[chosen[row], rank] for row, rank in part])
        found = project(net, inputs, layer, units, places, rule=rule)
        for i, (row, rank) in enumerate(part):
            _same(
                data, image, layer, units[i], float(statistics.values[units[i], rank]), float(found.activations[0, i])
            )
            window = frame.window(places[i].tolist())
            made["windows"][row, rank] = window
            made["projections"][row, rank] = to_array(frame.cut(torch.from_numpy(found.values[0, i]), window, 0.0))
            if picture is not None:
                patch = frame.cut(picture, window, 128.0).round().to(torch.uint8).permute(1, 2, 0)
                made["patches"][row, rank] = patch.numpy()
            made["boxes"][row, rank] = _box(view, window)


def read_image(net: Network, data: Dataset, image: int) -> Inputs:
    try:
        value = data.read(image).value
    except Exception as error:  # it was readable when the survey was made
        raise StoreError(f"{data.id(image)} can no longer be read: {error}; make the survey again") from error
    return net.prepare(value[None] if isinstance(value, Tensor) else value)


def _photograph(inputs: Inputs) -> tuple[tuple[int, int], str, np.ndarray]:
    """Size, digest and thumbnail of the photograph, of the input where there is none."""
    photograph = inputs.photographs[0]
    if photograph is not None:
        image, digest = photograph.image, photograph.sha256
    elif inputs.pictures is not None:
        image, digest = Image.fromarray(inputs.pictures[0]), inputs.fingerprints[0]
    else:
        height, width = inputs.tensor.shape[2:]
        image, digest = Image.new("RGB", (width, height), (128, 128, 128)), inputs.fingerprints[0]
    # A tiny picture is looked at pixel by pixel.
    way = Image.Resampling.NEAREST if max(image.size) <= _TINY else Image.Resampling.LANCZOS
    small = image.resize((THUMBNAIL, THUMBNAIL), way, reducing_gap=3)
    return image.size, digest, np.asarray(small)


def _box(view: View, window: Sequence[tuple[int, int]]) -> tuple[float, float, float, float]:
    """left, top, right, bottom in pixels of the photograph."""
    (top, bottom), (left, right) = window
    return (
        view.left + left * view.scale_x,
        view.top + top * view.scale_y,
        view.left + right * view.scale_x,
        view.top + bottom * view.scale_y,
    )


def _same(data: Dataset, image: int, layer: str, unit: int, then: float, now: float) -> None:
    if abs(then - now) > _TOLERANCE * max(1e-3, abs(then)):
        raise StoreError(
            f"unit {unit} of {layer} answers {now:.4g} to {data.id(image)}, the survey says {then:.4g}: the data set "
            "or the network changed; make the survey again"
        )


def check_layer(survey: Survey, layer: str) -> UnitStatistics:
    """Raises LayerError for a layer that was not surveyed."""
    if layer not in survey.layers:
        hint = near(layer, survey.layers) or f"; it has {', '.join(list(survey.layers)[:5])}"
        raise LayerError(f"the survey has no layer {layer!r}{hint}")
    return survey.layers[layer]


def check_survey(net: Network, survey: Survey, data: Dataset, layer: str) -> UnitStatistics:
    check_layer(survey, layer)
    if survey.provenance is not None and survey.provenance.network["fingerprint"] != net.fingerprint:
        raise StoreError("this survey was made with another network or other weights; make it again")
    if len(data) != survey.images:
        raise StoreError(f"the data set has {len(data)} images, the survey {survey.images}; make it again")
    for image, name in zip(survey.shown.tolist(), survey.ids, strict=True):
        if data.id(image) != name:
            raise StoreError(f"image {image} is {data.id(image)}, in the survey it was {name}; make it again")
    return survey.layers[layer]


def check_units(units: Units | None, have: int, layer: str) -> list[int]:
    chosen = list(range(have)) if units is None else [int(u) for u in np.atleast_1d(np.asarray(units, dtype=np.int64))]
    bad = [u for u in chosen if not 0 <= u < have]
    if bad or not chosen:
        raise UsageError(f"layer {layer!r} has units 0..{have - 1}, not {', '.join(map(str, bad[:5])) or 'none'}")
    return chosen


def _empty(statistics: UnitStatistics, chosen: list[int], count: int, frame: _Frame) -> dict[str, Any]:
    shape = (len(chosen), count)
    return {
        "windows": np.zeros((*shape, 2, 2), dtype=np.int64),
        "boxes": np.full((*shape, 4), np.nan, dtype=np.float32),
        "patches": np.full((*shape, *frame.kept, 3), 128, dtype=np.uint8),
        "projections": np.zeros((*shape, frame.channels, *frame.kept), dtype=np.float32),
    }
