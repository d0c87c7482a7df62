"""Surveys: galleries, units, health. Everything that names one survey belongs to it, in whatever order it comes."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.render import colour, picture
from deepro.render.document import (
    NetworkView,
    Picture,
    ProvenanceView,
    Scale,
    Skipped,
    SurveyCard,
    SurveyLayerPage,
    SurveyLayerRow,
    SurveyPage,
)
from deepro.render.document.surveys import (
    Block,
    ClassMean,
    Example,
    Fed,
    Finding,
    Partner,
    Photo,
    SurveyUnitsPage,
    UnitDetail,
)
from deepro.render.views.base import Keep, Put, Saver, data_name, finite, record, safe, values
from deepro.render.views.health import finding, health_page
from deepro.results import Diagnosis, Feeds, Gallery, Result, Survey, UnitStatistics

SIDE = 64  # pixels of an example in the page
BLOCK = 64  # units on a picture, and on a page of details
COLUMNS = 8  # of units on a picture, of photographs on a sheet
_SHEET = 64  # photographs on a sheet
_CLASSES = 6
_PARTNERS = 8


@dataclass
class _Shown:
    """One unit's examples: what the pages need once the pictures are put away."""

    cell: int
    count: int
    scale: Scale
    images: np.ndarray
    windows: np.ndarray
    boxes: np.ndarray
    rule: str


@dataclass
class _Parts:
    """What has come of one survey."""

    survey: Survey | None = None
    health: Diagnosis | None = None
    shown: dict[str, dict[int, _Shown]] = field(default_factory=dict)  # layer -> unit ->
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    feeds: dict[str, dict[int, list[Fed]]] = field(default_factory=dict)
    photographs: dict[int, tuple[str, str, int, int, np.ndarray]] = field(default_factory=dict)
    covers: dict[str, list[np.ndarray]] = field(default_factory=dict)
    records: dict[str, ProvenanceView] = field(default_factory=dict)
    made: dict[tuple[str, str], str] = field(default_factory=dict)  # kind and layer -> record

    def keep(self, result: Result) -> None:
        """How it was made; of the blocks of a layer's units the first says it for all."""
        assert result.provenance is not None
        place = (result.kind, result.layer if isinstance(result, Gallery | Feeds) else "")
        if place not in self.made or not place[1]:
            if place in self.made:
                del self.records[self.made[place]]
            self.made[place] = result.provenance.key
            self.records[result.provenance.key] = record(result)


class Surveys:
    """A page for each survey, each of its layers, each block of units, and its health."""

    def __init__(self, put: Put, networks: list[NetworkView]) -> None:
        self._put = put
        self._networks = {n.fingerprint: n for n in networks}
        self._parts: dict[str, _Parts] = {}

    def add(self, result: Result) -> bool:
        made = result.provenance
        if made is None or not isinstance(result, Survey | Gallery | Diagnosis | Feeds):
            return False
        key = made.key if isinstance(result, Survey) else str(made.parameters.get("survey", ""))
        parts = self._parts.setdefault(key, _Parts())
        parts.keep(result)
        if isinstance(result, Survey):
            parts.survey = result
        elif isinstance(result, Diagnosis):
            parts.health = result  # the latest counts
        elif isinstance(result, Feeds):
            kept = parts.feeds.setdefault(result.layer, {})
            for row, unit in enumerate(result.units.tolist()):
                kept[unit] = _fed(result, row)
        else:
            self._gallery(result, parts, key)
        return True

    def _gallery(self, gallery: Gallery, parts: _Parts, key: str) -> None:
        """Put the pictures away, block by block; a unit that is there already stays as it is."""
        shown, blocks = parts.shown.setdefault(gallery.layer, {}), parts.blocks.setdefault(gallery.layer, [])
        rows = [row for row, unit in enumerate(gallery.units.tolist()) if unit not in shown]
        save, bgr = Saver(self._put, f"survey-{key[:12]}"), colour.is_bgr(gallery)
        for start in range(0, len(rows), BLOCK):
            patches, projections = [], []
            for place, row in enumerate(rows[start : start + BLOCK]):
                limit = colour.limit(gallery.projections[row])
                on = gallery.values[row] > 0
                drawn = [colour.signed(one, limit, bgr=bgr) for one in gallery.projections[row, on]]
                patches.append(_grid(list(gallery.patches[row, on]), gallery.values.shape[1]))
                projections.append(_grid(drawn, gallery.values.shape[1]))
                shown[int(gallery.units[row])] = _Shown(
                    cell=len(blocks) * BLOCK + place,
                    count=int(on.sum()),
                    scale=Scale(kind="signed", high=limit, percentile=colour.PERCENTILE, shared=True),
                    images=gallery.images[row],
                    windows=gallery.windows[row],
                    boxes=gallery.boxes[row],
                    rule=gallery.rule,
                )
            if not parts.covers.get(gallery.layer):
                parts.covers[gallery.layer] = patches[:6]
            name = f"{safe(gallery.layer)}-{len(blocks)}"
            pictures = [
                save.colours(f"{name}-{what}.jpg", picture.sheet(squares, COLUMNS, colour.MIDDLE))
                for what, squares in (("patches", patches), ("projections", projections))
            ]
            blocks.append(Block(patches=pictures[0], projections=pictures[1]))
        rows_ = zip(gallery.ids, gallery.digests, gallery.sizes.tolist(), gallery.thumbnails, strict=True)
        for image, (name, digest, (width, height), pixels) in zip(gallery.shown.tolist(), rows_, strict=True):
            parts.photographs.setdefault(image, (name, digest, width, height, pixels))

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        cards = [
            self._survey(key, parts, parts.survey, keep)
            for key, parts in self._parts.items()
            if parts.survey is not None
        ]
        records = {k: r for parts in self._parts.values() if parts.survey is not None for k, r in parts.records.items()}
        return {"surveys": cards, "records": records}

    def _survey(self, key: str, parts: _Parts, survey: Survey, keep: Keep) -> SurveyCard:
        assert survey.provenance is not None
        id, network = key[:12], str(survey.provenance.network.get("fingerprint", ""))
        known = {row.name: row for row in self._networks[network].layers} if network in self._networks else {}
        save = Saver(self._put, f"survey-{id}")
        order = {image: place for place, image in enumerate(sorted(parts.photographs))}
        photos = [
            Photo(id=name, sha256=digest, width=width, height=height, sheet=place // _SHEET, place=place % _SHEET)
            for place, (name, digest, width, height, _) in enumerate(parts.photographs[image] for image in order)
        ]
        pixels = [parts.photographs[image][4] for image in order]
        sheets = [
            save.colours(f"photographs-{n}.jpg", picture.sheet(pixels[start : start + _SHEET], COLUMNS, colour.MIDDLE))
            for n, start in enumerate(range(0, len(pixels), _SHEET))
        ]
        rows = []
        for number, (name, statistics) in enumerate(survey.layers.items()):
            row = known.get(name)
            field_ = row.receptive_field.size if row and row.receptive_field else None
            page = f"{id}-{number}"
            maker = _Layer(
                survey, name, statistics, parts, order, str(survey.provenance.network.get("source", "module"))
            )
            keep("survey_layer", page, maker.page(id, row.kind if row else "", field_))
            for block in range(-(-len(statistics.values) // BLOCK)):
                keep("survey_units", f"{page}-{block}", maker.details(id, block))
            rows.append(
                SurveyLayerRow(
                    name=name,
                    page=page,
                    kind=row.kind if row else "",
                    units=len(statistics.values),
                    examples=len(parts.shown.get(name, {})),
                    receptive_field=field_,
                    faults=_counts(parts.health, name),
                    active=_quartiles(statistics.share_active),
                )
            )
        if parts.health is not None:
            keep("survey_health", id, health_page(parts.health, survey, id, save))
        keep(
            "survey",
            id,
            SurveyPage(
                id=id,
                record=key,
                network=network,
                dataset=data_name(survey.dataset),
                images=survey.images,
                read=survey.read,
                unreadable=survey.unreadable,
                skipped=[Skipped(name=str(s["id"]), reason=str(s["reason"])) for s in survey.skipped],
                classes=list(survey.classes),
                top_k=survey.top_k,
                block=BLOCK,
                layers=rows,
                health=parts.health is not None,
                photos=photos,
                sheets=sheets,
                side=int(pixels[0].shape[0]) if pixels else SIDE,
                columns=COLUMNS,
            ),
        )
        return SurveyCard(
            id=id,
            records=list(parts.records),
            names=[row.name for row in rows],
            network=network,
            dataset=data_name(survey.dataset),
            images=survey.read,
            layers=len(rows),
            units=sum(row.units for row in rows),
            shown=sum(row.examples for row in rows),
            findings=None if parts.health is None else len(parts.health.findings),
            faults=dict(Counter(str(found["fault"]) for found in parts.health.findings)) if parts.health else {},
            classes=len(survey.classes),
            cover=_cover(parts, save),
        )


class _Layer:
    """The pages of one layer."""

    def __init__(
        self, survey: Survey, name: str, s: UnitStatistics, parts: _Parts, photos: Mapping[int, int], source: str
    ) -> None:
        self.survey, self.name, self.s, self.photos, self.source = survey, name, s, photos, source
        self.shown = parts.shown.get(name, {})
        self.blocks = parts.blocks.get(name, [])
        self.feeds = parts.feeds.get(name, {})
        self.made = parts.made
        self.sizes = {image: (w, h) for image, (_, _, w, h, _) in parts.photographs.items()}
        self.findings: dict[int, list[Finding]] = {}
        for found in parts.health.findings if parts.health else ():
            if found["layer"] == name:
                self.findings.setdefault(int(found["unit"]), []).append(finding(found))
        self.deviation = np.sqrt(np.maximum(s.variance.astype(np.float64), 0))
        # Without classes there are no means of them.
        means = s.class_means.astype(np.float64) if s.class_means.size else np.empty((0, len(s.mean)))
        with np.errstate(invalid="ignore", divide="ignore"):
            self.above = (means - s.mean) / self.deviation
        self.above[~np.isfinite(self.above)] = -np.inf

    def page(self, survey: str, kind: str, receptive_field: list[int] | None) -> SurveyLayerPage:
        units = len(self.s.values)
        cell, photo = np.full(units, -1, dtype=np.int32), np.full(units, -1, dtype=np.int32)
        box = np.zeros((units, 4), dtype=np.float32)
        for unit, shown in self.shown.items():
            cell[unit] = shown.cell
            if shown.count:
                photo[unit] = self.photos.get(int(shown.images[0]), -1)
                box[unit] = self._share(shown, 0) or (0, 0, 1, 1)
        prefers = np.full(units, -1, dtype=np.int32)
        if len(self.above):
            prefers = np.where(np.isneginf(self.above.max(0)), -1, self.above.argmax(0)).astype(np.int32)
        rules = [shown.rule for shown in self.shown.values()]
        faults: dict[str, list[int]] = {}
        for unit, found in sorted(self.findings.items()):
            for one in found:
                faults.setdefault(one.fault, []).append(unit)
        first = next(iter(self.shown.values()), None)
        return SurveyLayerPage(
            survey=survey,
            name=self.name,
            kind=kind,
            units=units,
            rule=rules[0] if rules else None,
            record=self.made.get(("gallery", self.name)),
            receptive_field=receptive_field,
            maximum=_floats(self.s.maximum),
            mean=_floats(self.s.mean),
            deviation=_floats(self.deviation),
            share_images=_floats(self.s.share_images),
            share_active=_floats(self.s.share_active),
            prefers=values(prefers),
            faults=faults,
            cell=values(cell),
            photo=values(photo),
            box=values(box),
            blocks=self.blocks,
            per_block=BLOCK,
            columns=COLUMNS,
            side=SIDE,
            across=across(len(first.images) if first else 1),
            examples=len(first.images) if first else 0,
        )

    def details(self, survey: str, block: int) -> SurveyUnitsPage:
        stop = min((block + 1) * BLOCK, len(self.s.values))
        edges = [0.0, *(float(edge) for edge in self.survey.edges[1:])]
        units = [self._unit(unit) for unit in range(block * BLOCK, stop)]
        return SurveyUnitsPage(survey=survey, layer=self.name, edges=edges, units=units)

    def _unit(self, unit: int) -> UnitDetail:
        s, shown = self.s, self.shown.get(unit)
        counts = s.histogram[unit]
        used = np.flatnonzero(counts)
        first, last = (int(used[0]), int(used[-1])) if len(used) else (0, 0)
        partners = zip(s.partners[unit].tolist(), s.correlations[unit].tolist(), strict=True)
        command = ["deepro", "imagine", self.source, f"{self.name}#{unit}", "--out", "DIR"]
        return UnitDetail(
            unit=unit,
            maximum=finite(s.maximum[unit]),
            minimum=finite(s.minimum[unit]),
            mean=finite(s.mean[unit]),
            deviation=finite(self.deviation[unit]),
            share_images=finite(s.share_images[unit]),
            share_active=finite(s.share_active[unit]),
            broken=int(s.broken[unit]),
            first=first,
            histogram=counts[first : last + 1].tolist(),
            examples=self._examples(unit, shown),
            classes=self._classes(unit),
            partners=[Partner(unit=p, correlation=round(r, 4)) for p, r in partners if p >= 0][:_PARTNERS],
            feeds=self.feeds.get(unit, []),
            feeds_record=self.made.get(("feeds", self.name)),
            findings=self.findings.get(unit, []),
            scale=shown.scale if shown else None,
            imagine=None if self.source == "module" else " ".join(map(shlex.quote, command)),
        )

    def _examples(self, unit: int, shown: _Shown | None) -> list[Example]:
        found = []
        for rank, (value, image) in enumerate(zip(self.s.values[unit], self.s.images[unit].tolist(), strict=True)):
            if image < 0:
                break
            seen = shown if shown is not None and rank < shown.count else None
            window = None
            if seen is not None:
                (top, bottom), (left, right) = seen.windows[rank].tolist()
                window = [left, top, right, bottom]
            found.append(
                Example(
                    id=self.survey.image_id(image),
                    value=float(value),
                    position=self.s.positions[unit, rank].tolist(),
                    photo=self.photos.get(image) if seen is not None else None,
                    window=window,
                    box=self._share(seen, rank) if seen is not None else None,
                )
            )
        return found

    def _share(self, shown: _Shown, rank: int) -> list[float] | None:
        """The box as shares of its photograph."""
        size = self.sizes.get(int(shown.images[rank]))
        if size is None or not np.isfinite(shown.boxes[rank]).all():
            return None
        left, top, right, bottom = shown.boxes[rank].tolist()
        return [round(v, 4) for v in (left / size[0], top / size[1], right / size[0], bottom / size[1])]

    def _classes(self, unit: int) -> list[ClassMean]:
        if not len(self.above):
            return []
        order = [c for c in np.argsort(-self.above[:, unit], kind="stable")[:_CLASSES] if self.above[c, unit] > -np.inf]
        names = self.survey.classes
        return [
            ClassMean(
                name=names[c] if c < len(names) else str(c),
                images=int(self.s.class_images[c]),
                mean=float(self.s.class_means[c, unit]),
                above=float(self.above[c, unit]),
            )
            for c in order
        ]


def across(count: int) -> int:
    """Examples a row of a unit's square."""
    return max(1, int(np.ceil(np.sqrt(count))))


def _grid(pictures: list[np.ndarray], count: int) -> np.ndarray:
    """A unit's examples in one square."""
    side = across(count)
    squares = [picture.square(one, SIDE) for one in pictures]
    empty = np.full((SIDE, SIDE, 3), colour.MIDDLE, dtype=np.uint8)
    return picture.sheet(squares + [empty] * (side * side - len(squares)), side, colour.MIDDLE)


def _fed(result: Feeds, row: int) -> list[Fed]:
    pairs = zip(result.classes[row].tolist(), result.logits[row].tolist(), strict=True)
    return [Fed(name=result.labels.get(str(c), str(c)), logit=round(v, 4)) for c, v in pairs if c >= 0]


def _counts(health: Diagnosis | None, layer: str) -> dict[str, int]:
    counts = dict.fromkeys(health.examined.get(layer, ()), 0) if health else {}
    for found in health.findings if health else ():
        if found["layer"] == layer:
            counts[found["fault"]] = counts.get(found["fault"], 0) + 1
    return counts


def _quartiles(shares: np.ndarray) -> list[float]:
    known = shares[np.isfinite(shares)]
    return np.percentile(known, (0, 25, 50, 75, 100)).round(4).tolist() if len(known) else []


def _floats(array: np.ndarray) -> Any:
    return values(np.nan_to_num(array).astype(np.float32))


def _cover(parts: _Parts, save: Saver) -> Picture | None:
    """Six units of a middle layer."""
    layers = [layer for layer, blocks in parts.covers.items() if len(blocks) >= 6]
    if parts.survey is not None:
        layers = [layer for layer in parts.survey.layers if layer in layers]
    if not layers:
        return None
    return save.colours("cover.jpg", picture.sheet(parts.covers[layers[len(layers) // 2]], 3, colour.MIDDLE))
