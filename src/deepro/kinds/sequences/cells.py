"""Units that track an annotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from deepro.errors import UsageError, near
from deepro.kinds.record import Kind, register
from deepro.kinds.sequences.page import ReadSequence, ResultPage, SequencePages, scopes
from deepro.kinds.sequences.states import packed
from deepro.render import canvas, colour
from deepro.render.document import Model
from deepro.render.pack import view
from deepro.render.site import Site
from deepro.results import Result

_ROWS, _COLUMNS = 16, 90  # drawn of a text


@dataclass(frozen=True, eq=False, kw_only=True)
class Cells(Result):
    """Units that track an annotation, with the controls that say whether to believe it.

    findings: best first within each track; each has track, measure (auc, rank or information), layer, direction, state,
    unit, sign (1 where the unit is high when the track is on or grows, else -1), search and held_out (the score on the
    sequences searched and on those held out, in the direction of `sign`, so that an AUC below 0.5 or a correlation
    below 0 held out has turned round; means over the splits), low and high (95 % interval over sequences), chosen (the
    share of splits in which it was the best), controls (the best that each network with random weights reaches by the
    same search), control (their mean) with control_low and control_high (the least that it may be; what 19 in 20
    such networks stay below), p (how often the best of all units does as well on a track shifted in time) of `shifts`,
    threshold, on_mean, off_mean, clamp (None where it was not made), verdict (survives; survives, not held still;
    undecided; fails; not asked, of the second best), why (the controls that refuse it or leave it open) and survives.
    scores, held_out: (K, S) for K tracks and all S units, as they are; places: (S,) index into `states`; units: (S,).
    probes: track -> the same of a linear probe on all units together. values: track -> (T,) a sequence.
    activity: (F, T) float16, what the unit of each finding did over all sequences in a row.
    """

    kind = "cells"
    tracks: tuple[str, ...]
    measures: tuple[str, ...]
    findings: tuple[Mapping[str, Any], ...]
    states: tuple[tuple[str, int, str], ...]  # layer, direction, h or c or a gate
    places: np.ndarray
    units: np.ndarray
    scores: np.ndarray
    held_out: np.ndarray
    probes: Mapping[str, Mapping[str, float]]
    values: Mapping[str, tuple[np.ndarray, ...]]
    split: Mapping[str, Any]
    texts: tuple[str | None, ...] = ()
    activity: np.ndarray | None = None

    def best(self, track: str) -> Mapping[str, Any]:
        """The first finding of a track. Raises UsageError with near names."""
        found = next((f for f in self.findings if f["track"] == track), None)
        if found is None:
            raise UsageError(
                f"no track {track!r} here{near(track, self.tracks) or '; there are ' + ', '.join(self.tracks)}"
            )
        return found


class Moved(Model):
    """A class whose probability changes, and its mean before and after."""

    label: str
    before: float
    after: float


class ClampView(Model):
    """How far predictions move with the unit held, in total variation, or standard deviations of the output.

    effect: where the track is on; elsewhere: where it is off; others, others_elsewhere: other units held. beaten: share
    of the others that move it less, with its interval. over: steps, or outputs where these do not go step by step.
    falls, rises: where the track is on.
    """

    effect: float
    elsewhere: float | None = None
    others: list[float]
    others_elsewhere: list[float | None] = Field(default_factory=list)
    beaten: float | None
    beaten_low: float | None = None
    beaten_high: float | None = None
    over: str = "steps"
    steps: int
    falls: Moved | None
    rises: Moved | None


class CellFinding(Model):
    """One unit for one track. control, p, clamp: None where they were not made; verdict: empty in older results."""

    track: str
    measure: str
    layer: str
    direction: int
    state: str
    unit: int
    sign: int
    search: float | None
    held_out: float | None
    controls: list[float | None]
    control: float | None
    p: float | None
    on_mean: float
    off_mean: float
    clamp: ClampView | None
    survives: bool
    low: float | None = None
    high: float | None = None
    chosen: float | None = None
    control_high: float | None = None
    verdict: str = ""
    why: list[str] = Field(default_factory=list)


class ProbeView(Model):
    """A linear probe on all units together, held out, and on a network with random weights."""

    track: str
    held_out: float | None
    control: float | None


class CellsPage(ResultPage):
    """Units that track something. searched: steps of them; units: how many were searched, in `steps` steps.

    split: sequence or time, `splits` times, of so many pieces. sequences: ids of all; held_out: of those that the one
    search of an older result did not see.
    """

    findings: list[CellFinding]
    probes: list[ProbeView]
    searched: int
    units: int
    steps: int
    split: str
    splits: int
    pieces: int
    sequences: list[str]
    held_out: list[str]


def draw(made: Any, result: Cells) -> None:
    best = [result.best(t) for t in result.tracks if any(f["track"] == t for f in result.findings)]
    best.sort(key=lambda f: (not f["survives"], -np.nan_to_num(f["held_out"])))
    left, right = made.subplots(1, 2, width_ratios=[1, 1.5])
    place = np.arange(len(best))
    colours = [colour.ACCENT if f["survives"] else colour.QUIET for f in best]
    left.barh(place, [f["held_out"] for f in best], color=colours, height=0.6)
    spread = np.array([[f["held_out"] - f.get("low", np.nan), f.get("high", np.nan) - f["held_out"]] for f in best]).T
    left.errorbar([f["held_out"] for f in best], place, xerr=spread, fmt="none", ecolor=colour.QUIET, elinewidth=1)
    left.plot([f["control"] for f in best], place, "|", color="black", markersize=11, markeredgewidth=1.6)
    names = [canvas.words(f"{f['track']}  {f['state']} {f['unit']}{'+' if f['sign'] > 0 else '-'}") for f in best]
    left.set_yticks(place, names, fontsize=7)
    left.invert_yaxis()
    left.set_xlim(0, 1.02)
    left.tick_params(axis="x", labelsize=7)
    left.set_title("AUC, or rank correlation, held out; mark: random weights; grey: not shown to hold", fontsize=8)
    right.axis("off")
    if best and result.activity is not None and any(result.texts):
        first = list(result.findings).index(best[0])
        number = next(n for n, t in enumerate(result.texts) if t)
        start = sum(len(v) for v in result.values[best[0]["track"]][:number])
        text = result.texts[number] or ""
        _text(right, text, result.activity[first, start : start + len(text)].astype(np.float32))
        right.set_title(f"{names[0]}: orange above 0, purple below", fontsize=8)


def _text(axis: Any, text: str, values: np.ndarray) -> None:
    """Characters on coloured ground, at most `_ROWS` rows; lines break where the lines of the text do."""
    lines: list[list[int]] = [[]]
    for step, character in enumerate(text):
        lines[-1].append(step)
        if character == "\n" or len(lines[-1]) >= _COLUMNS:
            lines.append([])
    lines = [line for line in lines if line][:_ROWS]
    high = float(np.abs(values).max()) or 1.0
    grid = np.full((len(lines), _COLUMNS), np.nan)
    for row, line in enumerate(lines):
        grid[row, : len(line)] = values[line] / high
        for column, step in enumerate(line):
            style = {"fontsize": 5.2, "family": "monospace", "ha": "center", "va": "center"}
            axis.text(column, row, canvas.sign(text[step]), **style)
    axis.imshow(grid, cmap=colour.SCALES["states"], vmin=-1.6, vmax=1.6, aspect="auto", interpolation="nearest")


def show(result: Cells, site: Site) -> None:
    section, made = site.section(SequencePages), site.describe(result)
    ones = section.of(result)
    lengths = [len(v) for v in next(iter(result.values.values()), ())]
    if len(lengths) != len(ones):
        lengths = [0] * len(ones)
    for n, one in enumerate(ones):
        one.length = one.length or lengths[n]
        one.records[made.key] = made
        for name, measure in zip(result.tracks, result.measures, strict=True):
            one.tracks[name] = (measure, result.values[name][n])
    _states(result, ones, np.cumsum([0, *lengths]))
    alive = list(dict.fromkeys(f["track"] for f in result.findings if f["survives"]))
    held, split = set(result.split.get("held_out", ())), result.split
    section.page(
        "cells", CellsPage, result, {"tracks": len(result.tracks), "survive": alive},
        findings=[view(CellFinding, f, clamp=_clamp(f["clamp"])) for f in result.findings],
        probes=[view(ProbeView, {"track": t, **p}) for t, p in result.probes.items()], units=len(result.units),
        searched=int(split["searched"]), steps=int(split["steps"]), split=str(split["by"]),
        splits=int(split.get("splits", 1)), pieces=int(split.get("pieces", len(ones))),
        sequences=[one.id for one in ones], held_out=[one.id for n, one in enumerate(ones) if n in held],
    )  # fmt: skip


def _states(result: Cells, ones: list[ReadSequence], ends: np.ndarray) -> None:
    """What the units found did, for sequences that were not traced. ends: steps before each sequence."""
    if result.activity is None:
        return
    for place in result.states:
        found = enumerate(result.findings)
        rows = {int(f["unit"]): k for k, f in found if (f["layer"], f["direction"], f["state"]) == place}
        if rows:
            parts = [result.activity[list(rows.values()), ends[n] : ends[n + 1]].T for n in range(len(ones))]
            for one, states in zip(ones, packed(parts, place[2], None, list(rows)), strict=True):
                one.states.setdefault(place, states)


def _clamp(made: Mapping[str, Any] | None) -> ClampView | None:
    if not made:
        return None
    moved = {k: view(Moved, made[k]) if made.get(k) else None for k in ("falls", "rises")}
    return view(ClampView, made, **moved)


KIND = register(
    Kind(
        Cells,
        caption="The unit that tracks each annotation best, chosen on other sequences than those it is scored on.",
        draw=draw,
        size=lambda r: (13, 1.2 + 0.28 * len(r.tracks)),
        show=show,
        pages={"cells": CellsPage},
        scopes=scopes,
    )
)
