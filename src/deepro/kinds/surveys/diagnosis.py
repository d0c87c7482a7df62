"""Which units of a surveyed network are sick."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.surveys.page import FaultView, FilterTable, HealthPage, Parts, Surveys, scopes
from deepro.render import canvas, colour, markup, picture
from deepro.render.pack import plain, safe, view
from deepro.render.site import Saver, Site, key
from deepro.results import Result

_MOST = 12  # layers and findings on the figure
_NAMED = 12  # units named for each fault in a notebook
_SIDE = 48  # pixels of a filter in the page
_COLUMNS = 16
_FILTERS = 512  # shown of a layer


@dataclass(frozen=True, eq=False, kw_only=True)
class Diagnosis(Result):
    """Which units of a surveyed network are sick.

    findings: each with layer, unit, fault (dead, always on, duplicate, high-frequency, aliased, broken), evidence
    (the numbers), threshold and suggestion (what the literature would change). measures: layer -> name -> (U,) or
    (U, 2) what was measured of every unit, also of the healthy ones. thresholds: by fault. examined: layer -> the
    faults looked for. filters: layer -> (U, C, h, w) where they stand on the input and are large enough to judge, with
    strides, and spectra (U, 32, 32): their power without the mean, colours summed, frequency zero in the middle.
    """

    kind = "diagnosis"
    findings: tuple[Mapping[str, Any], ...]
    measures: Mapping[str, Mapping[str, np.ndarray]]
    thresholds: Mapping[str, float]
    examined: Mapping[str, tuple[str, ...]]
    filters: Mapping[str, np.ndarray]
    strides: Mapping[str, tuple[int, ...]]
    spectra: Mapping[str, np.ndarray]

    def counts(self, layer: str) -> dict[str, int]:
        """Fault that was looked for in a layer -> the number of units that have it."""
        found = Counter(str(f["fault"]) for f in self.findings if f["layer"] == layer)
        return {**dict.fromkeys(self.examined.get(layer, ()), 0), **found}


def draw(made: Any, result: Diagnosis) -> None:
    """How many units have which fault, layer by layer, and the first findings in words."""
    left, right = made.subplots(1, 2, width_ratios=[1, 1.4])
    faults = list(dict.fromkeys(f["fault"] for f in result.findings))
    layers = list(result.measures)
    table = np.array([[result.counts(layer).get(fault, 0) for fault in faults] for layer in layers])
    if faults:
        left.imshow(np.log1p(table), cmap=colour.SCALES["counts"], aspect="auto", vmin=0)
        left.set_xticks(range(len(faults)), faults, rotation=30, ha="right", fontsize=7)
        for (r, c), value in np.ndenumerate(table):
            dark = np.log1p(value) > 0.6 * np.log1p(table.max())
            left.text(c, r, str(value), ha="center", va="center", fontsize=7, color="white" if dark else "black")
    else:
        left.text(0.5, 0.5, "no fault found", ha="center", transform=left.transAxes)
    left.set_yticks(range(len(layers)), [canvas.words(n) for n in layers], fontsize=7)
    lines = [
        f"{f['layer']} unit {f['unit']}: {f['fault']} ({_evidence(f['evidence'])})" for f in result.findings[:_MOST]
    ]
    right.text(0, 1, "\n".join(map(canvas.words, lines)), va="top", fontsize=7, transform=right.transAxes)
    right.axis("off")


def _evidence(evidence: Mapping[str, float]) -> str:
    return ", ".join(f"{k.replace('_', ' ')} {v:.3g}" for k, v in evidence.items())


def pieces(result: Diagnosis) -> list[str]:
    if not result.findings:
        looked = ", ".join(dict.fromkeys(fault for faults in result.examined.values() for fault in faults))
        return [f"<div>No unit looks sick. Looked for: {markup.escape(looked)}.</div>"]
    units: dict[tuple[str, str], list[str]] = {}
    for f in result.findings:
        units.setdefault((str(f["fault"]), str(f["layer"])), []).append(str(f["unit"]))
    most = sorted(units.items(), key=lambda item: -len(item[1]))[: markup.LINES]
    rows = ((fault, layer, len(found), _some(found)) for (fault, layer), found in most)
    return markup.table(["fault", "layer", "units", "which"], rows)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f", … ({len(names)})" if len(names) > _NAMED else "")


def show(result: Diagnosis, site: Site) -> None:
    site.section(Surveys).of(result).health = functools.partial(_page, result)  # the latest counts


def _page(result: Diagnosis, parts: Parts) -> HealthPage:
    filters = [_filters(result, layer, parts.save) for layer in result.filters]
    findings = [FaultView(**plain(found)) for found in result.findings]
    return view(HealthPage, result, survey=parts.id, record=key(result), findings=findings, filters=filters)


def _filters(health: Diagnosis, layer: str, save: Saver) -> FilterTable:
    weights, spectra = health.filters[layer][:_FILTERS], health.spectra[layer][:_FILTERS]
    bgr, measured = colour.is_bgr(health), health.measures[layer]
    drawn = [picture.square(colour.signed(w, colour.limit(w, 100), bgr=bgr), _SIDE) for w in weights]
    power = [picture.square(colour.sequential(np.sqrt(s), float(np.sqrt(s).max()) or 1.0), _SIDE) for s in spectra]

    def shares(name: str) -> list[float]:
        return np.nan_to_num(measured.get(name, np.zeros(len(weights)))[:_FILTERS]).tolist()

    return FilterTable(
        layer=layer,
        size=list(weights.shape[2:]),
        stride=list(health.strides[layer]),
        filters=save(f"{safe(layer)}-filters.png", picture.sheet(drawn, _COLUMNS, 255)),
        spectra=save(f"{safe(layer)}-spectra.png", picture.sheet(power, _COLUMNS, 0)),
        side=_SIDE,
        columns=_COLUMNS,
        high=shares("high_frequency"),
        aliased=shares("aliased"),
    )


CAPTION = "Units with a fault, by layer. The thresholds stand in the result."
KIND = register(
    Kind(
        Diagnosis,
        CAPTION,
        draw=draw,
        size=lambda r: (12, 1.5 + 0.22 * max(len(r.measures), _MOST)),
        pieces=pieces,
        show=show,
        scopes=scopes,
    )
)
