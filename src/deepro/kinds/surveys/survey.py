"""One pass over a data set: the strongest images and the statistics of every unit."""

from __future__ import annotations

import functools
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.surveys import page
from deepro.kinds.surveys.unit_statistics import UnitStatistics
from deepro.render import canvas, colour, picture
from deepro.render.document import Picture, Skipped
from deepro.render.pack import data_name, finite, floats, values, view
from deepro.render.site import Site, fingerprint, key
from deepro.results import Result

_SHEET = 64  # photographs on a sheet
_CLASSES = 6  # named for each unit
LEAST = 5  # photographs of a class, before it can be a unit's preferred one
_PARTNERS = 8  # named for each unit


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


def draw(made: Any, result: Survey) -> None:
    """Left: how many units of each layer are ever active. Right: the largest activations, one curve a layer."""
    names = list(result.layers)
    left, right = made.subplots(1, 2, width_ratios=[1.2, 1])
    shares = [layer.share_images for layer in result.layers.values()]
    left.boxplot(shares, orientation="horizontal", widths=0.6, flierprops={"markersize": 2})
    left.set_yticks(range(1, len(names) + 1), [canvas.words(n) for n in names], fontsize=7)
    left.invert_yaxis()
    left.set_title("share of images in which a unit is above zero", fontsize=8)
    edges = result.edges[1:]
    for name in canvas.spread(names, 6):
        counts = result.layers[name].histogram.sum(0)[1:].astype(float)
        share = counts / max(1.0, counts.sum())
        right.plot(np.maximum(edges, 2.0**-17), share, linewidth=1, label=canvas.words(name))
    right.set_xscale("log", base=2)
    right.legend(fontsize=6)
    right.set_title("largest activation in an image, share of units and images", fontsize=8)


def show(result: Survey, site: Site) -> None:
    site.section(page.Surveys).of(result).survey = functools.partial(_pages, result, site)


def _pages(survey: Survey, site: Site, parts: page.Parts) -> page.SurveyCard:
    """Hand on the pages of a survey, its layers, their units and its health. Returns the card."""
    network = site.network(survey)
    known = {row.name: row for row in network.layers} if network else {}
    order = {image: place for place, image in enumerate(sorted(parts.photographs))}
    photos, pixels = [parts.photographs[image][0] for image in order], [parts.photographs[image][1] for image in order]
    health = parts.health(parts) if parts.health else None
    rows = []
    for number, (name, statistics) in enumerate(survey.layers.items()):
        row, id = known.get(name), f"{parts.id}-{number}"
        about: dict[str, Any] = {
            "name": name,
            "kind": row.kind if row else "",
            "units": len(statistics.values),
            "receptive_field": row.receptive_field.size if row and row.receptive_field else None,
        }
        layer = _Layer(survey, name, parts, order, health.findings if health else ())
        site.keep("survey_layer", id, layer.table(about))
        for block in range(-(-len(statistics.values) // page.BLOCK)):
            site.keep("survey_units", f"{id}-{block}", layer.details(block))
        looked = dict.fromkeys(health.examined.get(name, ()), 0) if health else {}
        found = Counter(one.fault for faults in layer.findings.values() for one in faults)
        rows.append(
            page.SurveyLayerRow(
                **about,
                page=id,
                examples=len(layer.shown),
                faults={**looked, **found},
                active=_quartiles(statistics.share_active),
            )
        )
    if health is not None:
        site.keep("survey_health", parts.id, health)
    shared: dict[str, Any] = {"id": parts.id, "network": fingerprint(survey), "dataset": data_name(survey.dataset)}
    whole = view(
        page.SurveyPage,
        survey,
        **shared,
        record=key(survey),
        skipped=[Skipped(name=str(s["id"]), reason=str(s["reason"])) for s in survey.skipped],
        block=page.BLOCK,
        layers=rows,
        health=health is not None,
        photos=[view(page.Photo, p, sheet=n // _SHEET, place=n % _SHEET) for n, p in enumerate(photos)],
        sheets=[
            parts.save.colours(
                f"photographs-{start // _SHEET}.jpg",
                picture.sheet(pixels[start : start + _SHEET], page.COLUMNS, colour.MIDDLE),
            )
            for start in range(0, len(pixels), _SHEET)
        ],
        side=len(pixels[0]) if pixels else page.SIDE,
        columns=page.COLUMNS,
    )
    site.keep("survey", parts.id, whole)
    return page.SurveyCard(
        **shared,
        records=[made.key for made in parts.made.values()],
        names=list(survey.layers),
        images=survey.read,
        layers=len(rows),
        units=sum(row.units for row in rows),
        shown=sum(row.examples for row in rows),
        findings=len(health.findings) if health else None,
        faults=Counter(found.fault for found in health.findings) if health else {},
        classes=len(survey.classes),
        cover=_cover(survey, parts),
    )


class _Layer:
    """The pages of one layer. photos: image -> its place among the photographs. found: findings of all layers."""

    def __init__(
        self, survey: Survey, name: str, parts: page.Parts, photos: Mapping[int, int], found: Iterable[page.FaultView]
    ) -> None:
        self.survey, self.name, self.parts, self.photos = survey, name, parts, photos
        self.s = s = survey.layers[name]
        self.shown = parts.shown.get(name, {})
        self.findings: dict[int, list[page.FaultView]] = {}
        for one in found:
            if one.layer == name:
                self.findings.setdefault(one.unit, []).append(one)
        deviation = np.sqrt(np.maximum(s.variance.astype(np.float64), 0))
        self.numbers: Any = {name: getattr(s, name) for name in ("maximum", "mean", "share_images", "share_active")}
        self.numbers["deviation"] = deviation
        # Without classes there are no means of them.
        means = s.class_means.astype(np.float64) if s.class_means.size else np.empty((0, len(s.mean)))
        with np.errstate(invalid="ignore", divide="ignore"):
            self.above = (means - s.mean) / deviation
        few = s.class_images < LEAST if len(means) else np.zeros(0, dtype=bool)
        self.above[~np.isfinite(self.above) | few[:, None]] = -np.inf

    def table(self, about: Mapping[str, Any]) -> page.SurveyLayerPage:
        """about: name, kind, units and receptive field of the layer."""
        units = len(self.s.values)
        cell, photo = np.full(units, -1, dtype=np.int32), np.full(units, -1, dtype=np.int32)
        box = np.zeros((units, 4), dtype=np.float32)
        for unit, shown in self.shown.items():
            cell[unit] = shown.cell
            if shown.filled:
                photo[unit] = self.photos.get(int(shown.images[0]), -1)
                box[unit] = self._share(shown, 0) or (0, 0, 1, 1)
        prefers = np.full(units, -1, dtype=np.int32)
        if len(self.above):
            noise = _noise(self.s.class_images)[:, None]
            clear = np.where(self.above > noise, self.above, -np.inf)
            prefers = np.where(np.isneginf(clear.max(0)), -1, clear.argmax(0)).astype(np.int32)
        faults: dict[str, list[int]] = {}
        for unit, found in sorted(self.findings.items()):
            for one in found:
                faults.setdefault(one.fault, []).append(unit)
        first, made = next(iter(self.shown.values()), None), self.parts.made.get(("gallery", self.name))
        examples = len(first.images) if first else 0
        columns: dict[str, Any] = {n: floats(np.nan_to_num(column)) for n, column in self.numbers.items()}
        return page.SurveyLayerPage(
            **about,
            **columns,
            survey=self.parts.id,
            rule=first.rule if first else None,
            record=made.key if made else None,
            prefers=values(prefers),
            faults=faults,
            cell=values(cell),
            photo=values(photo),
            box=values(box),
            blocks=self.parts.blocks.get(self.name, []),
            per_block=page.BLOCK,
            columns=page.COLUMNS,
            side=page.SIDE,
            across=page.across(examples),
            examples=examples,
        )

    def details(self, block: int) -> page.SurveyUnitsPage:
        stop = min((block + 1) * page.BLOCK, len(self.s.values))
        edges = [0.0, *(float(edge) for edge in self.survey.edges[1:])]
        units = [self._unit(unit) for unit in range(block * page.BLOCK, stop)]
        return page.SurveyUnitsPage(survey=self.parts.id, layer=self.name, edges=edges, units=units)

    def _unit(self, unit: int) -> page.UnitDetail:
        s, shown = self.s, self.shown.get(unit)
        counts = s.histogram[unit]
        used = np.flatnonzero(counts)
        first, last = (int(used[0]), int(used[-1])) if len(used) else (0, 0)
        partners = zip(s.partners[unit].tolist(), s.correlations[unit].tolist(), strict=True)
        return page.UnitDetail(
            **{name: finite(column[unit]) for name, column in self.numbers.items()},
            unit=unit,
            minimum=finite(s.minimum[unit]),
            broken=int(s.broken[unit]),
            first=first,
            histogram=counts[first : last + 1].tolist(),
            examples=self._examples(unit, shown),
            classes=self._classes(unit),
            partners=[page.Partner(unit=p, correlation=round(r, 4)) for p, r in partners if p >= 0][:_PARTNERS],
            feeds=self.parts.feeds.get(self.name, {}).get(unit, []),
            findings=self.findings.get(unit, []),
            scale=shown.scale if shown else None,
            imagine=self._imagine(unit),
        )

    def _imagine(self, unit: int) -> str | None:
        """The command that makes a pattern for a unit; None where the network came from a running program."""
        made = self.survey.provenance
        source = str(made.network.get("source", "module")) if made else "module"
        command = ["deepro", "imagine", source, f"{self.name}#{unit}", "--out", "DIR"]
        return None if source == "module" else shlex.join(command)

    def _examples(self, unit: int, shown: page.Shown | None) -> list[page.ExampleView]:
        found = []
        for rank, (value, image) in enumerate(zip(self.s.values[unit], self.s.images[unit].tolist(), strict=True)):
            if image < 0:
                break
            seen = shown if shown is not None and rank < shown.filled else None
            found.append(
                page.ExampleView(
                    id=self.survey.image_id(image),
                    value=float(value),
                    position=self.s.positions[unit, rank].tolist(),
                    photo=self.photos.get(image) if seen else None,
                    window=seen.windows[rank][::-1].T.ravel().tolist() if seen else None,
                    box=self._share(seen, rank) if seen else None,
                )
            )
        return found

    def _share(self, shown: page.Shown, rank: int) -> list[float] | None:
        """The box as shares of its photograph."""
        photograph, _ = self.parts.photographs.get(int(shown.images[rank]), (None, None))
        if photograph is None or not np.isfinite(shown.boxes[rank]).all():
            return None
        size = (photograph.width, photograph.height) * 2
        return [round(v / of, 4) for v, of in zip(shown.boxes[rank].tolist(), size, strict=True)]

    def _classes(self, unit: int) -> list[page.ClassMean]:
        if not len(self.above):
            return []
        order = [c for c in np.argsort(-self.above[:, unit], kind="stable")[:_CLASSES] if self.above[c, unit] > -np.inf]
        names = self.survey.classes
        return [
            page.ClassMean(
                name=names[c] if c < len(names) else str(c),
                images=int(self.s.class_images[c]),
                mean=float(self.s.class_means[c, unit]),
                above=float(self.above[c, unit]),
                noise=float(_noise(self.s.class_images)[c]),
            )
            for c in order
        ]


def _noise(images: np.ndarray) -> np.ndarray:
    """Within how many standard deviations of all places a class's mean over so many images may lie by chance.

    Two standard errors, were an image one value: the places of one image speak for each other, which makes it too wide
    rather than too narrow.
    """
    return 2 / np.sqrt(np.maximum(images, 1))


def _quartiles(shares: np.ndarray) -> list[float]:
    known = shares[np.isfinite(shares)]
    return np.percentile(known, (0, 25, 50, 75, 100)).round(4).tolist() if len(known) else []


def _cover(survey: Survey, parts: page.Parts) -> Picture | None:
    """The examples of some units of a middle layer."""
    layers = [layer for layer in survey.layers if len(parts.covers.get(layer, ())) == 6]
    if not layers:
        return None
    squares = parts.covers[layers[len(layers) // 2]]
    return parts.save.colours("cover.jpg", picture.sheet(squares, 3, colour.MIDDLE))


CAPTION = "Left: how often units are above zero. Right: how large their largest activation in an image is."
KIND = register(
    Kind(Survey, CAPTION, draw=draw, size=lambda r: (11, 1.5 + 0.2 * len(r.layers)), show=show, scopes=page.scopes)
)
