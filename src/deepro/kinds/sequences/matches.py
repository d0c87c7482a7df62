"""Where in a corpus the cells of a selected range are on again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.sequences.page import SIDE, ReadSequence, ResultPage, SequencePages, scopes
from deepro.render import canvas, colour
from deepro.render.document import Model, Values
from deepro.render.pack import floats, view
from deepro.render.site import Site
from deepro.results import Result

_ROWS = 16  # matches drawn
_WIDEST = 400  # steps shown of a match in a series
_INPUTS = 4  # inputs shown of a series


@dataclass(frozen=True, eq=False, kw_only=True)
class Matches(Result):
    """Where in a corpus the cells of a selected range are on again, best first.

    selection: (sequence, start, stop). cells: layer, direction, state, unit, threshold and sign of each. sequences,
    starts, stops: (M,) of the matches kept, in steps of their sequence; shares: (M,) how many of the cells are on
    through the whole match; count: how many there are in all. tracks: annotation -> (M,) bool where the match begins.
    enrichment: one row an annotation: its share among all matches, its lift and p. nearest: sequence, step, cosine.
    texts: of each sequence. steps: of the whole corpus.
    miss: where there is no match, the place at which most of the cells are on: sequence, start, stop, cells.
    """

    kind = "matches"
    selection: tuple[int, int, int]
    cells: tuple[Mapping[str, Any], ...]
    sequences: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    shares: np.ndarray
    count: int
    enrichment: tuple[Mapping[str, Any], ...]
    tracks: Mapping[str, np.ndarray]
    nearest: tuple[Mapping[str, Any], ...]
    texts: tuple[str | None, ...] = ()
    steps: int = 0
    miss: Mapping[str, Any] | None = None

    def in_context(self, width: int = 30) -> list[tuple[str, str, str]]:
        """(before, match, after) of each match in a text, `width` characters to each side (keyword in context)."""
        rows = []
        for n, start, stop in zip(self.sequences, self.starts, self.stops, strict=True):
            text = self.texts[n] or ""
            rows.append((text[max(0, start - width) : start], text[start:stop], text[stop : stop + width]))
        return rows


class MatchCell(Model):
    """A unit that is on over the selected range. sign: 1 where it is on above its threshold, -1 below."""

    layer: str
    direction: int
    state: str
    unit: int
    threshold: float
    sign: int


class Curve(Model):
    """A stretch of a series from step `first` on: (T, F) float32, each input from 0 to 1 over its whole series."""

    first: int
    values: Values


class MatchView(Model):
    """A place where the cells are on again; on: the annotations that hold where it begins."""

    sequence: str
    start: int
    stop: int
    share: float
    before: str
    inside: str
    after: str
    curve: Curve | None
    on: list[str]


class Enrichment(Model):
    """An annotation where matches begin. hits: of how many `matches` it holds; share, corpus: there and in all steps.

    lift: share over corpus. p: the chance of as many hits among steps drawn at random, times the annotations tested.
    """

    track: str
    hits: int
    matches: int
    share: float
    corpus: float
    lift: float
    p: float


class Nearest(Model):
    """A step whose state has a small angle to that at the end of the range."""

    sequence: str
    step: int
    cosine: float
    before: str
    after: str
    curve: Curve | None


class MatchesPage(ResultPage):
    """selection: the range that was selected. count: matches in all, of which `matches` are the best.

    miss: where there is no match, the place at which most of the cells are on.
    """

    selection: MatchView
    cells: list[MatchCell]
    matches: list[MatchView]
    count: int
    steps: int
    tracks: list[str]
    enrichment: list[Enrichment]
    nearest: list[Nearest]
    miss: MatchView | None


def draw(made: Any, result: Matches) -> None:
    left, right = made.subplots(1, 2, width_ratios=[2.4, 1])
    left.axis("off")
    contexts = result.in_context() if any(t is not None for t in result.texts) else []
    for row, words in enumerate(contexts[:_ROWS]):
        before, after = words[0][-40:], (words[1][:40] + words[2])[:58]
        y = 1 - (row + 0.5) / _ROWS
        style = {"fontsize": 6.5, "family": "monospace", "va": "center", "transform": left.transAxes}
        left.text(0.40, y, "".join(map(canvas.sign, before)), ha="right", color="0.45", **style)
        left.text(0.405, y, "".join(map(canvas.sign, after)), ha="left", **style)
    units = ", ".join(f"{c['layer']} {c['state']} {c['unit']}" for c in result.cells[:6])
    left.set_title(f"{result.count} matches in {result.steps:,} steps of {canvas.words(units)}", fontsize=8)
    rows = list(result.enrichment)[:10]
    colours = [colour.ACCENT if r["p"] < 0.05 else colour.QUIET for r in rows]
    right.barh(range(len(rows)), [r["lift"] for r in rows], color=colours)
    right.axvline(1, color="black", linewidth=0.8)
    right.set_yticks(range(len(rows)), [f"{canvas.words(r['track'])}  p {r['p']:.1g}" for r in rows], fontsize=7)
    right.invert_yaxis()
    right.set_title("times as often as in the corpus", fontsize=8)
    right.tick_params(axis="x", labelsize=6)


def show(result: Matches, site: Site) -> None:
    site.section(SequencePages).later(lambda: _page(result, site.section(SequencePages)))


def _page(result: Matches, section: SequencePages) -> None:
    ones = section.of(result)

    def match(n: int, start: int, stop: int, share: float = 1.0, on: list[str] | None = None) -> MatchView:
        one = ones[n]
        return MatchView(
            sequence=one.id, start=start, stop=stop, share=share, on=on or [], curve=curve(one, start, stop),
            **one.context(start, stop),
        )  # fmt: skip

    rows = zip(result.sequences.tolist(), result.starts.tolist(), result.stops.tolist(), result.shares.tolist(),
               strict=True)  # fmt: skip
    on = [[name for name, marks in result.tracks.items() if marks[k]] for k in range(len(result.starts))]
    miss = result.miss
    section.page(
        "matches", MatchesPage, result, {"count": result.count, "steps": result.steps, "cells": len(result.cells)},
        selection=match(*result.selection), cells=[view(MatchCell, cell) for cell in result.cells],
        matches=[match(*row, held) for row, held in zip(rows, on, strict=True)], tracks=list(result.tracks),
        enrichment=[view(Enrichment, row) for row in result.enrichment],
        nearest=[_nearest(ones[r["sequence"]], r["step"], r["cosine"]) for r in result.nearest],
        miss=None if not miss else match(
            int(miss["sequence"]), int(miss["start"]), int(miss["stop"]), miss["cells"] / max(1, len(result.cells))
        ),
    )  # fmt: skip


def _nearest(one: ReadSequence, step: int, cosine: float) -> Nearest:
    told = one.context(step + 1, step + 1)
    return view(Nearest, told, sequence=one.id, step=step, cosine=cosine, curve=curve(one, step, step + 1))


def curve(one: ReadSequence, start: int, stop: int) -> Curve | None:
    """What a series did about two steps; None for what is no series, or was not traced."""
    if one.series is None or one.reading != "series" or len(one.series) != one.length:
        return None
    series = one.series.reshape(len(one.series), -1)[:, :_INPUTS]
    low, span = series.min(0), np.maximum(np.ptp(series, 0), 1e-12)
    first = max(0, start - SIDE)
    return Curve(first=first, values=floats((series[first : min(stop + SIDE, first + _WIDEST)] - low) / span))


KIND = register(
    Kind(
        Matches,
        caption="Where the cells of the selected range are on again, and what is over-represented there.",
        draw=draw,
        size=(13, 4),
        show=show,
        pages={"matches": MatchesPage},
        scopes=scopes,
    )
)
