"""Zeiler & Fergus' experiments, ablation and comparison: a page each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from deepro.render import colour, picture
from deepro.render.colour import GROUNDS
from deepro.render.document import Experiment, ExperimentCard, Picture, ProvenanceView, Scale
from deepro.render.document.experiments import (
    AblationView,
    Changed,
    ClassColour,
    ComparedLayer,
    ComparisonView,
    CorrespondenceView,
    EvolutionView,
    InvarianceCurves,
    InvarianceView,
    Line,
    MovedClass,
    OcclusionView,
    PartDistance,
    Silenced,
    Strip,
)
from deepro.render.views.base import Keep, Put, Saver, finite, record
from deepro.results import Ablation, Comparison, Correspondence, Evolution, Invariance, OcclusionMaps, Result

SIDE = 96  # pixels of an example in an evolution
_MOST = 24  # units, classes and strips shown
CONTROL = "random"


class Experiments:
    """Each result is a page of its own."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._pages: list[tuple[Experiment, ExperimentCard]] = []
        self._records: dict[str, ProvenanceView] = {}

    def add(self, result: Result) -> bool:
        make = _VIEWS.get(type(result))
        if make is None or result.provenance is None:
            return False
        id = result.provenance.key[:12]
        view, about, thumb = make(result, Saver(self._put, f"experiment-{id}"))
        made, network = record(result), str(result.provenance.network.get("fingerprint", ""))
        kind: Any = result.kind
        name = _FIELDS[result.kind]
        page = Experiment(id=id, kind=kind, record=made.key, network=network, **{name: view})
        self._records[made.key] = made
        self._pages.append(
            (page, ExperimentCard(id=id, kind=kind, record=made.key, network=network, about=about, thumb=thumb))
        )
        return True

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        for page, _ in self._pages:
            keep("experiment", page.id, page)
        return {"experiments": [card for _, card in self._pages], "records": self._records}


_Made = tuple[Any, str, Picture | None]


def _occlusion(result: OcclusionMaps, save: Saver) -> _Made:
    names = _names(result)
    lowest = min(0.0, float(result.response.min()))
    high = float(max(result.response.max(), result.plain_response)) or 1.0
    plan = _classes(result)
    rows, columns = result.predicted.shape
    predicted = np.zeros((rows, columns, 3), dtype=np.uint8)
    for number, (_, colours, _) in plan.items():
        predicted[result.predicted == number] = _rgb(colours)
    others = ~np.isin(result.predicted, list(plan))
    predicted[others] = _rgb(GROUNDS[-1])
    shown = [ClassColour(name=n, colour=c, share=share) for n, c, share in plan.values()]
    if others.any():
        shown.append(ClassColour(name="", colour=GROUNDS[-1], share=float(others.mean())))
    seen = None if result.pictures is None else save("picture.png", result.pictures[0])
    centres = (result.boxes[..., 0] + result.boxes[..., 2])[0] / 2
    steps = np.diff(centres)
    view = OcclusionView(
        layer=result.layer,
        unit=result.unit,
        target=result.label,
        square=[int(result.boxes[..., 2].max() and (result.boxes[..., 2] - result.boxes[..., 0]).max()),
                int((result.boxes[..., 3] - result.boxes[..., 1]).max())],
        step=round(float(np.median(steps))) if len(steps) else 0,
        picture=seen,
        response=save("response.png", colour.sequential(result.response - lowest, high - lowest)),
        response_scale=Scale(kind="sequential", high=high),
        plain_response=result.plain_response,
        lowest_response=float(result.response.min()),
        probability=save("probability.png", colour.sequential(result.probability, 1.0)),
        probability_scale=Scale(kind="sequential", high=1.0),
        plain_probability=result.plain_probability,
        lowest_probability=float(result.probability.min()),
        predicted=save("predicted.png", predicted),
        classes=shown,
        plain_predicted=result.labels.get(str(result.plain_predicted), str(result.plain_predicted)),
    )  # fmt: skip
    thumb = None if result.pictures is None else save("thumb.jpg", picture.fit(result.pictures[0], 360))
    return view, ", ".join(names) or result.label, thumb


def _classes(result: OcclusionMaps) -> dict[int, tuple[str, str, float]]:
    """class -> name, colour, share of the places; the most frequent ones, as many as there are colours."""
    numbers, counts = np.unique(result.predicted, return_counts=True)
    order = np.argsort(-counts, kind="stable")[: len(GROUNDS) - 1]
    return {
        int(numbers[i]): (
            result.labels.get(str(numbers[i]), str(numbers[i])),
            GROUNDS[place],
            counts[i] / counts.sum(),
        )
        for place, i in enumerate(order)
    }


def _rgb(text: str) -> list[int]:
    return [int(text[i : i + 2], 16) for i in (1, 3, 5)]


def _correspondence(result: Correspondence, _save: Saver) -> _Made:
    layers = list(result.means)
    parts = list(result.means[layers[0]])
    rows = [
        PartDistance(
            layer=layer,
            part=part,
            mean=result.means[layer][part],
            error=result.errors[layer][part],
            pairs=len(result.distances[layer][part]),
        )
        for layer in layers
        for part in parts
    ]
    parts = [*(p for p in parts if p != CONTROL), *(p for p in parts if p == CONTROL)]
    return CorrespondenceView(parts=parts, control=CONTROL, rows=rows), ", ".join(parts[:-1]), None


def _invariance(result: Invariance, _save: Saver) -> _Made:
    curves = [
        InvarianceCurves(
            transform=kind,
            steps=[float(s) for s in steps],
            distances={layer: _line(values) for layer, values in result.distances[kind].items()},
            probability=_line(result.probabilities[kind]),
        )
        for kind, steps in result.steps.items()
    ]
    view = InvarianceView(curves=curves, images=len(result.targets), targets=result.targets.tolist())
    return view, ", ".join(_names(result)), None


def _line(values: np.ndarray) -> Line:
    return Line(each=[[finite(v) for v in row] for row in values], mean=[finite(v) for v in values.mean(0)])


def _evolution(result: Evolution, save: Saver) -> _Made:
    gallery, bgr = result.gallery, colour.is_bgr(result)
    ids = dict(zip(gallery.shown.tolist(), gallery.ids, strict=True))
    strips = []
    for row, unit in enumerate(gallery.units[:_MOST].tolist()):
        limit = colour.limit(gallery.projections[row])
        count = len(result.checkpoints)
        drawn = [picture.square(colour.signed(one, limit, bgr=bgr), SIDE) for one in gallery.projections[row]]
        patches = [picture.square(one, SIDE) for one in gallery.patches[row]]
        strips.append(
            Strip(
                unit=unit,
                patches=save.colours(f"{unit}-patches.jpg", picture.sheet(patches, count, colour.MIDDLE)),
                projections=save.colours(f"{unit}-projections.jpg", picture.sheet(drawn, count, colour.MIDDLE)),
                values=[finite(v) for v in gallery.values[row]],
                jumps=[bool(j) for j in result.jumps[row]],
                ids=[ids.get(int(i), "") for i in gallery.images[row]],
                scale=Scale(kind="signed", high=limit, percentile=colour.PERCENTILE, shared=True),
            )
        )
    view = EvolutionView(
        layer=gallery.layer, rule=gallery.rule, checkpoints=list(result.checkpoints), side=SIDE, strips=strips
    )
    return view, gallery.layer, None


def _ablation(result: Ablation, _save: Saver) -> _Made:
    rows = [
        Silenced(
            units={layer: [int(u) for u in units] for layer, units in silent.items()},
            accuracy=float(result.accuracy[s]),
            loss=float(result.loss[s]),
            changed=float(result.changed[s]),
        )
        for s, silent in enumerate(result.silenced[1:], 1)
    ]
    rows.sort(key=lambda row: -row.loss)
    view = AblationView(
        images=result.images,
        fill=result.fill,
        accuracy=float(result.accuracy[0]),
        loss=float(result.loss[0]),
        rows=rows,
    )
    return view, ", ".join(dict.fromkeys(layer for silent in result.silenced for layer in silent)), None


def _comparison(result: Comparison, _save: Saver) -> _Made:
    layers = [_compared(name, changed, result.names) for name, changed in result.layers.items()]
    last = list(result.classes)[-1] if result.classes else None
    moved: list[MovedClass] = []
    if last is not None:
        distances = np.nan_to_num(result.classes[last])
        order = np.argsort(-distances, kind="stable")[:_MOST]
        names = result.names
        moved = [MovedClass(name=names[c] if c < len(names) else str(c), distance=float(distances[c])) for c in order]
    return ComparisonView(layers=layers, classes_layer=last, classes=moved), f"{len(layers)}", None


def _compared(name: str, changed: Mapping[str, np.ndarray], names: tuple[str, ...]) -> ComparedLayer:
    weights, shift, examples = changed["weights"], np.abs(changed["shift"]), changed["examples"]
    known = weights if np.isfinite(weights).any() else shift
    order = np.argsort(-np.nan_to_num(known, nan=-1.0), kind="stable")[:_MOST]

    def label(index: int) -> str | None:
        return None if index < 0 else names[index] if index < len(names) else str(index)

    most = [
        Changed(
            unit=int(u),
            weights=finite(weights[u]),
            shift=finite(changed["shift"][u]),
            examples=float(examples[u]),
            before=label(int(changed["preferred"][u, 0])),
            after=label(int(changed["preferred"][u, 1])),
        )
        for u in order
    ]
    return ComparedLayer(
        name=name,
        units=len(shift),
        weights=_median(weights),
        shift=_median(shift),
        examples=float(np.median(examples)),
        most=most,
    )


def _median(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _names(result: Result) -> list[str]:
    made = result.provenance
    return [str(d.get("name", "image")) for d in made.data[:3]] if made else []


_VIEWS: dict[type[Result], Callable[[Any, Saver], _Made]] = {
    OcclusionMaps: _occlusion,
    Correspondence: _correspondence,
    Invariance: _invariance,
    Evolution: _evolution,
    Ablation: _ablation,
    Comparison: _comparison,
}
_FIELDS = {
    "occlusion_maps": "occlusion",
    "correspondence": "correspondence",
    "invariance": "invariance",
    "evolution": "evolution",
    "ablation": "ablation",
    "comparison": "comparison",
}
