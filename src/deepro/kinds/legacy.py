"""Kinds whose family has not moved here yet, from the old tables. Each family that moves takes its lines away."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from deepro import results
from deepro.errors import UsageError
from deepro.kinds.record import Kind, register
from deepro.render import colour, markup, sequence_figures, sheet, survey_figures
from deepro.render.site import Section, Site
from deepro.render.views.experiments import Experiments
from deepro.render.views.sequences import Sequences
from deepro.render.views.surveys import Surveys

CAPTIONS = {
    "survey": "Left: how often units are above zero. Right: how large their largest activation in an image is.",
    "gallery": "Strongest examples of each unit: left the projections, grey is 0, right what it saw.",
    "feeds": "What each unit adds to the classes' logits on its strongest photographs, as gradient times activation.",
    "evolution": "Each unit's strongest example at each checkpoint. A bar: another image than before.",
    "diagnosis": "Units with a fault, by layer. The thresholds stand in the result.",
    "ablation": "What it costs to silence units: accuracy and cross-entropy on labelled images.",
    "occlusion_maps": "A grey square at each place: what is left of unit and class, and which class comes first.",
    "correspondence": "Hiding the same part of different images; the control hides random places.",
    "invariance": "How far features and prediction move with the image; one curve an image.",
    "comparison": "What changed between two checkpoints: filters against strongest examples, and the classes' means.",
    "trace": "States of each unit over time, each on its own scale: orange above 0, purple below; the first sequence.",
    "cells": "The unit that tracks each annotation best, chosen on other sequences than those it is scored on.",
    "memory": "Each dot a unit: how often its gate is open and shut. Right: how far back outputs depend on inputs.",
    "matches": "Where the cells of the selected range are on again, and what is over-represented there.",
    "steps": "What each step counts for one output; below, what is left of it as steps are set to zero.",
    "intervention": "What changes when one unit is silenced, held or swapped from the dashed line on.",
    "losses": "Where the loss lies, beside what an n-gram model gets at the same places, in nats.",
    "state_space": "States by their two principal components; axes have no unit. Regions by k-means.",
    "response_similarity": "How alike two tokens are to one network (left) and to another: cosine of their responses.",
    "responses": "Expected update of each unit for each token: orange up, purple down; lines part the clusters.",
    "automaton": "What L* learned by asking the network: double circles accept, state 0 begins.",
    "attention": "How much each written step attends to each step read. It shows what was read from, not why.",
}


def _section(old: Any, networks: bool = False) -> Any:
    class Old(Section):
        def __init__(self, site: Site) -> None:
            super().__init__(site)
            self.old = old(site.put, list(site.networks)) if networks else old(site.put)

        def finish(self) -> Any:
            fields = dict(self.old.finish(self.site.keep))
            self.site.records |= fields.pop("records", {})
            return fields

    return lambda result, site: site.section(Old).old.add(result) and None


SHOWN = {
    _section(Surveys, True): (results.Survey, results.Gallery, results.Diagnosis, results.Feeds),
    _section(Experiments): (results.Ablation, results.Comparison, results.Correspondence, results.Evolution,
                            results.Invariance, results.OcclusionMaps),
    _section(Sequences): (results.Trace, results.Cells, results.Memory, results.Matches, results.Steps,
                          results.Losses, results.StateSpace, results.Responses, results.ResponseSimilarity,
                          results.Automaton, results.Attention, results.Intervention),
}  # fmt: skip
FIGURES: dict[Any, Any] = survey_figures.FIGURES | sequence_figures.FIGURES


def _survey(key: str, provenance: Any) -> tuple[str, ...]:
    return (str(provenance["parameters"].get("survey", key)),)


def _sequences(key: str, provenance: Any) -> tuple[str, ...]:
    network = str(provenance["network"].get("fingerprint", ""))
    return tuple(f"sequences:{network}:{d.get('sha256', '')}" for d in provenance["data"]) or (key,)


SCOPES: dict[Any, Any] = {
    results.Gallery: _survey, results.Diagnosis: _survey, results.Feeds: _survey,
}  # fmt: skip


def _gallery(result: Any, unit: int = 0, **_: Any) -> sheet.Tile:
    units = [int(u) for u in result.units]
    if unit not in units:
        raise UsageError(f"the gallery of {result.layer} does not show unit {unit}")
    u = units.index(unit)
    there = [r for r in range(min(9, result.values.shape[1])) if result.values[u, r] > 0]
    limit, bgr = colour.limit(result.projections[u]), colour.is_bgr(result)
    projections = sheet.square([colour.signed(result.projections[u, r], limit, bgr=bgr) for r in there])
    patches = sheet.square([sheet.rgb(result.patches[u, r]) for r in there])
    words = f"{result.layer} · unit {unit}, up to {result.values[u, 0]:.3g}, {result.rule} ±{limit:.3g}"
    return sheet.Tile([projections, patches], words)


def _diagnosis(result: Any) -> list[str]:
    if not result.findings:
        looked = ", ".join(dict.fromkeys(fault for faults in result.examined.values() for fault in faults))
        return [f"<div>No unit looks sick. Looked for: {markup.escape(looked)}.</div>"]
    counts = Counter((str(f["fault"]), str(f["layer"])) for f in result.findings)
    units = {key: [str(f["unit"]) for f in result.findings if (f["fault"], f["layer"]) == key] for key in counts}
    rows = ((fault, layer, n, _some(units[fault, layer])) for (fault, layer), n in counts.most_common(markup.LINES))
    return markup.table(["fault", "layer", "units", "which"], rows)


def _feeds(result: Any) -> list[str]:
    def told(u: int) -> str:
        pairs = zip(result.classes[u], result.logits[u], strict=True)
        return ", ".join(f"{result.labels.get(str(int(c)), c)} {v:+.3g}" for c, v in pairs if c >= 0 and v > 0)

    order = np.argsort(-np.nan_to_num(result.logits, nan=-np.inf).max(1), kind="stable")[: markup.LINES]
    return markup.table(
        [f"unit of {result.layer}", "classes that it raises"], ((int(result.units[u]), told(u)) for u in order)
    )


def _some(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)})" if len(names) > most else "")


PIECES: dict[Any, Any] = {results.Diagnosis: _diagnosis, results.Feeds: _feeds}

for _show, _classes in SHOWN.items():
    for _class in _classes:
        _draw, _size = FIGURES.get(_class, (None, (6.0, 1.0)))
        _about: dict[str, Any] = {"draw": _draw, "size": _size, "show": _show}
        if _class.__module__.endswith(".sequences"):
            _about["scopes"] = _sequences
        if _class in SCOPES:
            _about["scopes"] = SCOPES[_class]
        _about["pieces"] = PIECES.get(_class)
        if _class is results.Gallery:
            _about["tile"] = _gallery
            _about["sheet"] = (
                "Strongest examples of units: left sent back to the pixels, grey is 0, on one scale a unit; right what "
                "it saw."
            )
        register(Kind(_class, CAPTIONS[_class.kind], **_about))
register(Kind(results.UnitStatistics, "What a survey knows of one layer's units."))
LEGACY = tuple(CAPTIONS)
