"""Which units of a survey are sick, with the first layers' filters and their spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepro.render import colour, picture
from deepro.render.document import HealthPage
from deepro.render.document.surveys import FilterTable, FilterView, Finding
from deepro.render.views.base import Saver, finite, safe
from deepro.results import Diagnosis, Survey

_SIDE = 48
_COLUMNS = 16
_MOST = 512  # filters shown of a layer


def health_page(health: Diagnosis, survey: Survey, id: str, save: Saver) -> HealthPage:
    """Findings as the diagnosis has them, fault by fault."""
    assert health.provenance is not None
    findings: list[Finding] = [finding(found) for found in health.findings]
    return HealthPage(
        survey=id,
        record=health.provenance.key,
        thresholds={name: float(value) for name, value in health.thresholds.items()},
        layers={layer: list(faults) for layer, faults in health.examined.items()},
        units={name: len(layer.values) for name, layer in survey.layers.items()},
        findings=findings,
        suggestions={found.fault: found.suggestion for found in findings},
        filters=[_filters(health, layer, save) for layer in health.filters],
    )


def finding(found: Mapping[str, Any]) -> Finding:
    return Finding(
        layer=str(found["layer"]),
        unit=int(found["unit"]),
        fault=str(found["fault"]),
        threshold=float(found["threshold"]),
        evidence={str(k): finite(v) for k, v in found["evidence"].items()},
        suggestion=str(found["suggestion"]),
    )


def _filters(health: Diagnosis, layer: str, save: Saver) -> FilterTable:
    weights, spectra = health.filters[layer][:_MOST], health.spectra[layer][:_MOST]
    bgr, measured = colour.is_bgr(health), health.measures[layer]
    drawn = [picture.square(colour.signed(w, colour.limit(w, 100), bgr=bgr), _SIDE) for w in weights]
    power = [picture.square(colour.sequential(np.sqrt(s), float(np.sqrt(s).max()) or 1.0), _SIDE) for s in spectra]
    nothing = np.full(len(weights), np.nan)
    numbers: dict[str, Any] = {n: measured.get(n, nothing) for n in ("high_frequency", "breadth", "aliased")}
    return FilterTable(
        layer=layer,
        size=list(weights.shape[2:]),
        stride=list(health.strides[layer]),
        filters=save(f"{safe(layer)}-filters.png", picture.sheet(drawn, _COLUMNS, 255)),
        spectra=save(f"{safe(layer)}-spectra.png", picture.sheet(power, _COLUMNS, 0)),
        side=_SIDE,
        columns=_COLUMNS,
        units=[
            FilterView(
                unit=unit,
                high=finite(numbers["high_frequency"][unit]) or 0.0,
                breadth=finite(numbers["breadth"][unit]) or 0.0,
                aliased=finite(numbers["aliased"][unit]) or 0.0,
            )
            for unit in range(len(weights))
        ],
    )
