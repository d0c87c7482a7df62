"""Maps and what layers know, as pages: a map's points, colours, thumbnails and neighbours packed for the viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.methods.spaces.grid import picture_grid
from deepro.render.document import (
    AtlasCard,
    AtlasPage,
    ClusterView,
    FindingsView,
    GridView,
    KnowledgeView,
    MapCard,
    MapColumn,
    MapLink,
    MapNeighbours,
    MapPage,
    MapStep,
    Sprites,
    Suspect,
)
from deepro.render.space_figures import dots
from deepro.render.views.atlas import atlas, place_name
from deepro.render.views.base import Keep, Put, Saver, data_name, finite, plain, record, values
from deepro.results import AlignedMaps, Atlas, Findings, LayerScores, Map, Result, Similarity

UNKNOWN = 65535
_KINDS = Map | AlignedMaps | LayerScores | Similarity | Findings | Atlas
_NEAREST = 10
_NEIGHBOURS = 4_000_000  # numbers of one step's neighbours; a larger map shows fewer of each point
_ANSWERS = 16_000_000  # answers of units to examples in one page
_CLASSES = 4096  # a column of more different whole numbers is a number, not a class
_CELLS = 4096  # a picture grid of more is no longer looked at
_EXACT = 1024
_LISTED = 60  # findings of a kind in the page
_SHEET = 2048  # longest side of a sheet of thumbnails, pixels


@dataclass
class _Made:
    """A map's page and card, waiting for its links. points: an example map has as many answers a unit."""

    page: MapPage
    card: MapCard
    fingerprint: str
    data: str  # hash of the data set
    answers: np.ndarray | None  # (U, N) uint8, of a map of units


class Spaces:
    """One page a map; what layers know stands on the overview."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._maps: list[_Made] = []
        self._neighbours: list[MapNeighbours] = []
        self._knowledge: list[KnowledgeView] = []
        self._findings: list[Findings] = []
        self._atlases: list[tuple[AtlasCard, AtlasPage]] = []
        self._records: dict[str, Any] = {}

    def add(self, result: Result) -> bool:
        if result.provenance is None or not isinstance(result, _KINDS):
            return False
        self._records[result.provenance.key] = record(result)
        if isinstance(result, LayerScores | Similarity):
            self._knowledge.append(knowledge(result))
        elif isinstance(result, Atlas):
            self._atlases.append(atlas(result, self._put))
        elif isinstance(result, Findings):
            self._findings.append(result)
        else:
            self._maps.append(self._map(result))
        return True

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        for made in self._maps:
            links = [link for other in self._maps if (link := _link(made, other)) is not None]
            found = [findings(f) for f in self._findings if _belongs(made, f)]
            keep("map", made.page.id, made.page.model_copy(update={"links": links, "findings": found}))
        for near in self._neighbours:
            keep("neighbours", near.id, near)
        for _, page in self._atlases:
            keep("atlas", page.id, page)
        return {
            "maps": [m.card for m in self._maps],
            "knowledge": self._knowledge,
            "atlases": [card for card, _ in self._atlases],
            "records": self._records,
        }

    def _map(self, result: Map | AlignedMaps) -> _Made:
        assert result.provenance is not None
        aligned = isinstance(result, AlignedMaps)
        maps = result.maps if aligned else (result,)
        names = result.steps if aligned else (result.layer,)
        first, key = maps[0], result.provenance.key
        kind = "units" if first.method == "unit_map" else "examples"
        id = place_name(names[0], key)
        save = Saver(self._put, f"map-{id}")
        packed = pack([m.values for m in maps])
        steps = []
        for i, (name, one) in enumerate(zip(names, maps, strict=True)):
            near = nearest(one)
            if near is not None:
                self._neighbours.append(MapNeighbours(id=f"{id}-{i}", values=values(near)))
            changed = result.changed[i] if aligned and i else None
            steps.append(_step(name, one, packed[i], near is not None, changed))
        data = result.provenance.data[0] if result.provenance.data else {}
        page = MapPage(
            id=id,
            kind=kind,
            network=str(result.provenance.network.get("fingerprint", "")),
            data=data_name(str(data.get("name", ""))),
            method=first.method,
            ids=list(first.ids),
            steps=steps,
            columns=columns(first),
            sprites=sprites(first.pictures, save),
            links=[],
            grid=_grid(maps[-1]) if first.pictures is not None else None,
            findings=[],
            record=key,
        )
        card = MapCard(
            id=id,
            network=page.network,
            kind=kind,
            method=first.method,
            steps=list(names),
            points=len(first.values),
            kept=finite(maps[-1].quality.get("neighbours@15", np.nan)),
            data=page.data,
            record=key,
            thumb=save("thumb.png", dots(packed[-1], _shades(first))),
        )
        return _Made(page, card, page.network, str(data.get("sha256", "")), _answers(maps[0], kind))


def pack(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Maps (N, 2) as (S, N, 2) uint16 in one square that holds them all, middle in the middle."""
    points = np.stack(maps).astype(np.float64)
    low, high = points.min((0, 1)), points.max((0, 1))
    span = float((high - low).max()) or 1.0
    return np.rint(((points - (low + high) / 2) / span + 0.5) * 65535).clip(0, 65535).astype(np.uint16)


def nearest(result: Map) -> np.ndarray | None:
    """(N, k) uint32: each point's nearest in the codes, as many as the page can carry."""
    if result.neighbours is None:
        return None
    count = min(_NEAREST, result.neighbours.shape[1], _NEIGHBOURS // max(1, len(result.neighbours)))
    return result.neighbours[:, :count].astype(np.uint32) if count else None


def columns(result: Map) -> list[MapColumn]:
    """Label, prediction, confidence, right or wrong, placed, and whatever else the map has."""
    found = []
    if result.labels is not None:
        found.append(_classes("label", result.labels, result.label_names))
    for name, given in result.columns.items():
        if name == "correct":
            codes = np.where(given < 0, UNKNOWN, given)
            found.append(
                MapColumn(name=name, kind="outcome", values=values(codes.astype(np.uint16)), names=[], low=0, high=1)
            )
        elif given.dtype.kind in "iub" and len(np.unique(given)) <= _CLASSES:
            names = result.column_names.get(name) or (result.label_names if name == "class" else ())
            found.append(_classes(name, given.astype(np.int64), names))
        elif given.dtype.kind in "iuf":
            found.append(_number(name, given))
        else:
            words, place = np.unique(given.astype(str), return_inverse=True)
            if len(words) <= _CLASSES:
                found.append(_classes(name, place, tuple(words.tolist())))
    if result.placed is not None:
        found.append(_classes("placed", result.placed.astype(np.int64), ("fitted", "placed")))
    return found


def _classes(name: str, given: np.ndarray, names: Sequence[str]) -> MapColumn:
    """Only classes that occur; -1 is unknown."""
    known = np.unique(given[given >= 0])
    place = np.full(int(known[-1]) + 2 if len(known) else 1, UNKNOWN, np.uint16)
    place[known] = np.arange(len(known))
    words = [str(names[i]) if i < len(names) else str(i) for i in known.tolist()]
    return MapColumn(
        name=name, kind="classes", values=values(place[np.where(given < 0, -1, given)]), names=words, low=0, high=1
    )


def _number(name: str, given: np.ndarray) -> MapColumn:
    whole = np.isfinite(given)
    low, high = (float(given[whole].min()), float(given[whole].max())) if whole.any() else (0.0, 1.0)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0  # a share has its own scale
    scaled = np.rint((np.where(whole, given, low) - low) / ((high - low) or 1.0) * (UNKNOWN - 1))
    packed = np.where(whole, scaled, UNKNOWN).astype(np.uint16)
    return MapColumn(name=name, kind="number", values=values(packed), names=[], low=low, high=high)


def _share(given: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(np.nan_to_num(given), 0, 1) * 255).astype(np.uint8)


def _step(name: str, one: Map, packed: np.ndarray, near: bool, changed: np.ndarray | None) -> MapStep:
    size = one.facts.get("code_size") or (one.codes.shape[1] if one.codes is not None else None)
    return MapStep(
        name=name,
        layer=one.layer,
        pool=one.pool,
        code_size=None if size is None else int(size),
        positions=values(packed),
        kept=values(_share(one.per_point)),
        kept_size=one.per_point_size,
        neighbours=near,
        changed=None if changed is None else values(_share(changed)),
        quality=_numbers(one.quality),
        baselines={k: _numbers(v) for k, v in one.baselines.items()},
        notes=list(one.notes),
        finished=one.finished,
    )


def _numbers(given: Mapping[str, float]) -> dict[str, float]:
    return {k: float(v) for k, v in given.items() if finite(v) is not None}


def sprites(pictures: np.ndarray | None, save: Saver) -> Sprites | None:
    """Thumbnails (N, h, w, 3) on sheets of at most 2048 pixels a side."""
    if pictures is None or not len(pictures):
        return None
    n, height, width = pictures.shape[:3]
    across, down = max(1, _SHEET // width), max(1, _SHEET // height)
    across = min(across, int(np.ceil(np.sqrt(n))))
    down = min(down, -(-n // across))
    kind = "png" if max(height, width) <= 16 else "jpg"  # small ones are looked at pixel by pixel
    sheets = []
    for i, start in enumerate(range(0, n, across * down)):
        part = pictures[start : start + across * down]
        rows = -(-len(part) // across)
        sheet = np.zeros((rows * across, height, width, 3), np.uint8)
        sheet[: len(part)] = part
        sheet = sheet.reshape(rows, across, height, width, 3).swapaxes(1, 2)
        sheets.append(save(f"sheet-{i}.{kind}", sheet.reshape(rows * height, across * width, 3)))
    return Sprites(sheets=sheets, columns=across, rows=down, width=width, height=height)


def _grid(one: Map) -> GridView | None:
    if not 4 <= len(one.values) <= _CELLS:
        return None
    made = picture_grid(one.values, one.codes, exact=_EXACT)
    seams = np.concatenate([made.seams_right.ravel(), made.seams_down.ravel()])
    seams = seams[np.isfinite(seams)]
    most = float(np.percentile(seams, 95)) if len(seams) else 1.0
    right, down = (_share(np.asarray(s) / (most or 1.0)) for s in (made.seams_right, made.seams_down))
    return GridView(
        cells=values(made.cells.astype(np.int32)),
        seams_right=values(right),
        seams_down=values(down),
        cost=made.cost,
    )


def _answers(one: Map, kind: str) -> np.ndarray | None:
    if kind != "units" or one.codes is None or one.codes.size > _ANSWERS:
        return None
    low, high = one.codes.min(1, keepdims=True), one.codes.max(1, keepdims=True)
    return np.rint((one.codes - low) / np.maximum(high - low, 1e-30) * 255).astype(np.uint8)


def _link(made: _Made, other: _Made) -> MapLink | None:
    """`other`'s units beside `made`'s examples, where the ones answered to the others."""
    if made.card.kind != "examples" or other.answers is None:
        return None
    step = other.page.steps[0]
    same = (made.fingerprint, made.data, len(made.page.ids)) == (other.fingerprint, other.data, other.answers.shape[1])
    if not same or step.layer not in {s.layer for s in made.page.steps}:
        return None
    return MapLink(
        map=other.page.id,
        layer=step.layer,
        units=other.page.ids,
        positions=step.positions,
        answers=values(other.answers),
    )


def _belongs(made: _Made, found: Findings) -> bool:
    """Whether findings are of a map's very points: the same network, data, layer and pooling."""
    origin = found.provenance
    assert origin is not None
    sha = str(origin.data[0].get("sha256", "")) if origin.data else ""
    here = (made.card.kind, made.fingerprint, made.data, made.page.ids)
    there = ("examples", str(origin.network.get("fingerprint", "")), sha, list(found.ids))
    return here == there and (found.layer, found.pool) in {(s.layer, s.pool) for s in made.page.steps}


def findings(found: Findings) -> FindingsView:
    """The first of each kind, with words for labels."""
    assert found.provenance is not None
    name = lambda c: found.label_names[c] if 0 <= c < len(found.label_names) else str(c)  # noqa: E731
    doubted = zip(
        found.suspects.tolist(), found.given.tolist(), found.likely.tolist(), found.trust.tolist(), strict=True
    )
    clusters = []
    for c, (units, effects) in enumerate(zip(found.cluster_units, found.cluster_effects, strict=True)):
        inside = found.cluster == c
        known, counts = np.unique(found.labels[inside], return_counts=True) if found.labels is not None else ([], [])
        order = np.argsort(-np.asarray(counts), kind="stable")[:3]
        clusters.append(
            ClusterView(
                size=int(inside.sum()),
                classes=[name(int(known[i])) for i in order],
                shares=[float(counts[i] / inside.sum()) for i in order],
                units=[int(u) for u in units],
                effects=[float(e) for e in effects],
            )
        )
    return FindingsView(
        record=found.provenance.key,
        layer=found.layer,
        outliers=found.outliers[:_LISTED].tolist(),
        factors=[float(found.outlier_factors[i]) for i in found.outliers[:_LISTED]],
        duplicates=found.duplicates[:_LISTED].tolist(),
        suspects=[
            Suspect(point=p, given=name(g), likely=name(x), trust=float(t)) for p, g, x, t in list(doubted)[:_LISTED]
        ],
        suspects_total=len(found.suspects),
        clusters=clusters,
        cluster=values(found.cluster.astype(np.int32)),
        notes=list(found.notes),
    )


def _shades(one: Map) -> np.ndarray | None:
    """(N,) class of each point for the card's picture, the commonest 0; -1 where unknown."""
    found = (g for g in (one.labels, one.columns.get("prediction"), one.columns.get("class")) if g is not None)
    given = next(found, None)
    if given is None:
        return None
    known, place, counts = np.unique(given, return_inverse=True, return_counts=True)
    rank = np.empty(len(known), np.int64)
    rank[np.lexsort((known, -counts))] = np.arange(len(known))
    return np.where(given < 0, -1, rank[place])


def knowledge(result: LayerScores | Similarity) -> KnowledgeView:
    """Scores and similarity as plain numbers."""
    made = result.provenance
    assert made is not None
    data = made.data[0] if made.data else {}
    between = isinstance(result, Similarity)
    return KnowledgeView(
        record=made.key,
        network=str(made.network.get("fingerprint", "")),
        data=data_name(str(data.get("name", ""))),
        points=result.examples if between else int(np.prod(data.get("size") or [0])),
        layers=list(result.layers),
        scores={} if between else {k: [finite(x) for x in v] for k, v in result.scores.items()},
        other=result.other if between else None,
        other_layers=list(result.other_layers) if between else [],
        similarity=None if result.similarity is None else [[finite(x) for x in row] for row in result.similarity],
        notes=list(result.notes),
        parameters=plain(made.parameters),
    )
