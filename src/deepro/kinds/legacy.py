"""Kinds whose family has not moved here yet, from the old tables. Each family that moves takes its lines away."""

from __future__ import annotations

from typing import Any

from deepro import results
from deepro.kinds.record import Kind, register
from deepro.render import sequence_figures
from deepro.render.site import Section, Site
from deepro.render.views.sequences import Sequences

CAPTIONS = {
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


def _section(old: Any) -> Any:
    class Old(Section):
        def __init__(self, site: Site) -> None:
            super().__init__(site)
            self.old = old(site.put)

        def finish(self) -> Any:
            fields = dict(self.old.finish(self.site.keep))
            self.site.records |= fields.pop("records", {})
            return fields

    return lambda result, site: site.section(Old).old.add(result) and None


SHOWN = {
    _section(Sequences): (results.Trace, results.Cells, results.Memory, results.Matches, results.Steps,
                          results.Losses, results.StateSpace, results.Responses, results.ResponseSimilarity,
                          results.Automaton, results.Attention, results.Intervention),
}  # fmt: skip
FIGURES: dict[Any, Any] = sequence_figures.FIGURES


def _sequences(key: str, provenance: Any) -> tuple[str, ...]:
    network = str(provenance["network"].get("fingerprint", ""))
    return tuple(f"sequences:{network}:{d.get('sha256', '')}" for d in provenance["data"]) or (key,)


for _show, _classes in SHOWN.items():
    for _class in _classes:
        _draw, _size = FIGURES.get(_class, (None, (6.0, 1.0)))
        _about: dict[str, Any] = {"draw": _draw, "size": _size, "show": _show}
        if _class.__module__.endswith(".sequences"):
            _about["scopes"] = _sequences
        register(Kind(_class, CAPTIONS[_class.kind], **_about))
LEGACY = tuple(CAPTIONS)
