"""The family's pages: what is known of each sequence is joined from all results that read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepro.render import address
from deepro.render.document import Model, ProvenanceView
from deepro.render.document.sequence_figures import FigurePage, Shown
from deepro.render.document.sequences import SequenceResult
from deepro.render.views.base import Keep, Put, record
from deepro.render.views.sequences.figures import Figured, Single, facts, figure, steps_view
from deepro.render.views.sequences.findings import cells_page, matches_page, memory_page
from deepro.render.views.sequences.reading import Place, Read, card, keep_page, label, own_tracks
from deepro.render.views.sequences.states import SHARES, packed
from deepro.results import Cells, Matches, Memory, Result, Steps, Trace


class Sequences:
    """One page a sequence, joined from all that was found in it, and one page a result."""

    def __init__(self, _put: Put) -> None:
        self._ones: dict[tuple[str, str], Read] = {}
        self._pages: list[tuple[str, str, Model]] = []
        self._results: list[SequenceResult] = []
        self._records: dict[str, ProvenanceView] = {}
        self._waiting: list[Matches | Single] = []
        self._explained: list[Steps] = []

    def add(self, result: Result) -> bool:
        if result.provenance is None or not isinstance(result, Trace | Cells | Memory | Matches | Figured):
            return False
        key = result.provenance.key
        made = record(result)
        self._records[key] = made
        if isinstance(result, Trace):
            self._trace(result, made)
        elif isinstance(result, Cells):
            self._cells(result, made)
        elif isinstance(result, Memory):
            self._pages.append(("memory", key, memory_page(result, made)))
            self._list("memory", result, {"reach": result.reach, "layers": len(result.layers)})
        elif isinstance(result, Steps):
            self._explained.append(result)
        else:
            self._waiting.append(result)  # its sequences may yet be traced
        return True

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        for result in self._waiting:
            self._finding(result)
        self._steps()
        for kind, id, page in self._pages:
            keep(kind, id, page)
        read = list(self._ones.values())
        known = set(_shown(read))
        shown = [one for one in read if one.id in known]
        for one in shown:
            keep_page(one, keep)
        return {"sequences": [card(one) for one in shown], "sequence_results": self._results, "records": self._records}

    def _list(self, kind: str, result: Result, facts: Mapping[str, Any]) -> None:
        assert result.provenance is not None
        network = str(result.provenance.network.get("fingerprint", ""))
        key = result.provenance.key
        ones = self._of(result)
        self._results.append(
            SequenceResult(
                kind=kind, id=key, network=network, record=key, facts=dict(facts),
                sequence=label(ones[0]) if len(ones) == 1 else None,
            )
        )  # fmt: skip

    def _of(self, result: Result) -> list[Read]:
        """The sequences of a result, in its order."""
        assert result.provenance is not None
        network = str(result.provenance.network.get("fingerprint", ""))
        ones = []
        for number, item in enumerate(result.provenance.data):
            sha = str(item["sha256"])
            name = item.get("name")
            known = self._ones.get((network, sha))
            if known is None:
                shown = str(name or f"sequence {number}")
                known = Read(address.photograph(shown, network, sha), shown, network)
                self._ones[network, sha] = known
            ones.append(known)
        return ones

    # ---- traces

    def _trace(self, result: Trace, made: ProvenanceView) -> None:
        ones = self._of(result)
        first = result.lengths[result.layers[0]]
        if len(ones) != len(first):
            return  # ready tensors: nobody knows what stands in them
        fit = [n for n in result.layers if list(result.lengths[n]) == list(first)]
        places: dict[Place, list[np.ndarray]] = {}
        half_lives: dict[tuple[str, int], np.ndarray] = {}
        for name in fit:
            for state in ("h", "c", *result.gates):
                known = {"h": result.h, "c": result.c, **result.gates}[state]
                if known is None or name not in known:
                    continue
                for direction in range(known[name].shape[0]):
                    parts = result.states(name, state, direction)
                    places[name, direction, state] = parts
                    if state in ("f", "z"):
                        with np.errstate(divide="ignore"):
                            kept = np.log(np.concatenate(parts).astype(np.float64)).mean(0)
                            half_lives[name, direction] = -np.log(2) / kept
        for (name, direction, state), parts in places.items():
            rows = packed(parts, state in SHARES, half_lives.get((name, direction)))
            for one, states in zip(ones, rows, strict=True):
                one.states[name, direction, state] = states
        for n, one in enumerate(ones):
            one.length = int(first[n])
            one.records[made.key] = made
            one.text = result.texts[n] if n < len(result.texts) else None
            one.tokens = None if result.tokens is None else result.tokens[n]
            one.symbols = result.symbols
            one.series = None if result.series is None else result.series[n]
            one.rate = result.rates[n] if n < len(result.rates) else None
            one.outputs = None if result.outputs is None else result.outputs[n, : one.length].astype(np.float32)
            one.check = max(result.checks.values())
            if not one.tracks:
                one.tracks = own_tracks(one)

    # ---- cells

    def _cells(self, result: Cells, made: ProvenanceView) -> None:
        assert result.provenance is not None
        ones = self._of(result)
        lengths = [len(v) for v in next(iter(result.values.values()), ())]
        if len(lengths) != len(ones):
            lengths = [0] * len(ones)
        ends = np.cumsum([0, *lengths])
        for n, one in enumerate(ones):
            one.length = one.length or lengths[n]
            one.text = one.text or (result.texts[n] if n < len(result.texts) else None)
            one.records[made.key] = made
            for name, measure in zip(result.tracks, result.measures, strict=True):
                one.tracks[name] = (measure, result.values[name][n])
        if result.activity is not None:
            for place in result.states:
                rows = {
                    int(f["unit"]): k
                    for k, f in enumerate(result.findings)
                    if (f["layer"], f["direction"], f["state"]) == place
                }
                if not rows:
                    continue
                parts = [result.activity[list(rows.values()), ends[n] : ends[n + 1]].T for n in range(len(ones))]
                stretches = packed(parts, place[2] in SHARES, None, np.array(list(rows)))
                for one, states in zip(ones, stretches, strict=True):
                    one.states.setdefault(place, states)
        page = cells_page(result, made, ones)
        self._pages.append(("cells", made.key, page))
        alive = list(dict.fromkeys(f.track for f in page.findings if f.survives))
        self._list("cells", result, {"tracks": len(result.tracks), "survive": alive})

    # ---- what is shown beside what was read

    def _finding(self, result: Matches | Single) -> None:
        assert result.provenance is not None
        ones = self._of(result)
        made = self._records[result.provenance.key]
        if isinstance(result, Matches):
            for n, one in enumerate(ones):
                one.text = one.text or (result.texts[n] if n < len(result.texts) else None)
            self._pages.append(("matches", made.key, matches_page(result, made, ones)))
            self._list("matches", result, {"count": result.count, "steps": result.steps, "cells": len(result.cells)})
            return
        self._figure([result], figure(result, ones, _shown(ones), made), facts(result))

    def _steps(self) -> None:
        """Outputs of one sequence that were explained in one way share a page."""
        groups: dict[tuple[Any, ...], list[Steps]] = {}
        for result in self._explained:
            assert result.provenance is not None
            where = tuple(str(d["sha256"]) for d in result.provenance.data)
            network = str(result.provenance.network.get("fingerprint", ""))
            groups.setdefault((network, where, result.how, len(result.values)), []).append(result)
        for group in groups.values():
            ones = self._of(group[0])
            view = steps_view(group, ones[0] if ones else None, _shown(ones))
            count = len(view.outputs)
            self._figure(group, view, {"outputs": count} if count > 1 else facts(group[0]))

    def _figure(self, results: Sequence[Figured], shown: Shown, told: Mapping[str, Any]) -> None:
        records = {r.provenance.key: self._records[r.provenance.key] for r in results if r.provenance}
        for key, made in records.items():  # results that share a page find it under their own keys
            page = FigurePage(record=key, kind=shown.kind, network=made.network, shown=shown, records=records)
            self._pages.append(("figure", key, page))
        self._list(shown.kind, results[0], told)


def _shown(ones: Sequence[Read]) -> list[str]:
    """The ids of those that have a page."""
    return [one.id for one in ones if one.length and (one.states or one.tracks)]
