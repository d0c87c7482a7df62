"""Cells, memory and matches as pages: what was found, with the numbers that say whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepro.render.document import ProvenanceView
from deepro.render.document.sequences import (
    CellFinding,
    CellsPage,
    ClampView,
    Curve,
    Enrichment,
    GateView,
    LayerMemory,
    MatchCell,
    MatchesPage,
    MatchView,
    MemoryPage,
    Moved,
    Nearest,
    ProbeView,
)
from deepro.render.views.base import finite
from deepro.render.views.sequences.reading import Read, floats, reading
from deepro.results import Cells, Matches, Memory

_SIDE = 40  # characters, or steps of a series, to each side of a match
_WIDEST = 400  # steps drawn of a match in a series
_DRAWN = 4  # inputs drawn of a series


def cells_page(result: Cells, made: ProvenanceView, ones: Sequence[Read]) -> CellsPage:
    held = set(result.split.get("held_out", ()))
    return CellsPage(
        record=made.key, network=made.network, findings=[_finding(f) for f in result.findings],
        probes=[ProbeView(track=t, **{k: finite(v) for k, v in p.items()}) for t, p in result.probes.items()],
        searched=int(result.split["searched"]), units=len(result.units), steps=int(result.split["steps"]),
        split=str(result.split["by"]), sequences=[one.id for one in ones],
        held_out=[one.id for n, one in enumerate(ones) if n in held], records={made.key: made},
    )  # fmt: skip


def matches_page(result: Matches, made: ProvenanceView, ones: Sequence[Read]) -> MatchesPage:
    names = list(result.tracks)
    marks = np.stack([result.tracks[n] for n in names]) if names else np.zeros((0, len(result.starts)), bool)

    def view(n: int, start: int, stop: int, share: float, on: list[str]) -> MatchView:
        before, inside, after = context(ones[n], start, stop)
        return MatchView(
            sequence=ones[n].id,
            start=start,
            stop=stop,
            share=share,
            before=before,
            inside=inside,
            after=after,
            on=on,
            curve=curve(ones[n], start, stop),
        )

    rows = zip(result.sequences, result.starts, result.stops, result.shares, strict=True)
    miss = result.miss
    return MatchesPage(
        record=made.key, network=made.network, selection=view(*result.selection, 1.0, []),
        cells=[MatchCell(**dict(c)) for c in result.cells],
        matches=[
            view(int(n), int(a), int(b), float(s), [t for t, on in zip(names, marks[:, k], strict=True) if on])
            for k, (n, a, b, s) in enumerate(rows)
        ],
        count=result.count, steps=result.steps, tracks=names,
        enrichment=[Enrichment(**dict(r)) for r in result.enrichment],
        nearest=[_nearest(ones[r["sequence"]], r["step"], r["cosine"]) for r in result.nearest],
        miss=None if not miss else view(
            int(miss["sequence"]), int(miss["start"]), int(miss["stop"]), miss["cells"] / max(1, len(result.cells)), []
        ),
        records={made.key: made},
    )  # fmt: skip


def _nearest(one: Read, step: int, cosine: float) -> Nearest:
    before, _, after = context(one, step + 1, step + 1)
    return Nearest(
        sequence=one.id, step=step, cosine=cosine, before=before, after=after, curve=curve(one, step, step + 1)
    )


def memory_page(result: Memory, made: ProvenanceView) -> MemoryPage:
    """Gate saturation, half-lives and influence, packed."""
    layers = []
    for name in result.layers:
        gates = [g for g in result.shut if name in result.shut[g]]
        known = next((result.shut[g][name] for g in gates), None)
        lives = result.half_lives.get(name)
        directions = len(known) if known is not None else len(lives) if lives is not None else 0
        for d in range(directions):
            layers.append(
                LayerMemory(
                    layer=name, direction=d,
                    gates=[
                        GateView(
                            gate=g, shut=floats(result.shut[g][name][d]), opened=floats(result.opened[g][name][d])
                        )
                        for g in gates
                    ],
                    half_lives=None if lives is None else floats(lives[d]),
                )
            )  # fmt: skip
    return MemoryPage(
        record=made.key, network=made.network, low=result.low, layers=layers,
        influence=None if result.influence is None else floats(result.influence),
        decay=[] if result.decay is None else [float(v) for v in result.decay],
        reach=result.reach, factor=None if result.factor is None else finite(result.factor), records={made.key: made},
    )  # fmt: skip


def _finding(found: Mapping[str, Any]) -> CellFinding:
    clamp = found["clamp"]
    view = None
    if clamp:
        view = ClampView(
            effect=clamp["effect"], elsewhere=finite(clamp.get("elsewhere", float("nan"))),
            others=list(clamp["others"]),
            others_elsewhere=[finite(v) for v in clamp.get("others_elsewhere", ())], beaten=finite(clamp["beaten"]),
            steps=clamp["steps"], falls=_moved(clamp.get("falls")), rises=_moved(clamp.get("rises")),
        )  # fmt: skip
    plain = ("track", "measure", "layer", "direction", "state", "unit", "sign", "on_mean", "off_mean", "survives")
    return CellFinding(
        **{k: found[k] for k in plain}, search=finite(found["search"]), held_out=finite(found["held_out"]),
        controls=[finite(c) for c in found["controls"]], control=finite(found["control"]), p=finite(found["p"]),
        clamp=view,
    )  # fmt: skip


def _moved(told: Any) -> Moved | None:
    return None if told is None else Moved(label=str(told[0]), before=float(told[1]), after=float(told[2]))


def context(one: Read, start: int, stop: int) -> tuple[str, str, str]:
    """What stands before, between and after two steps (keyword in context)."""
    return one.piece(start - _SIDE, start), one.piece(start, stop), one.piece(stop, stop + _SIDE)


def curve(one: Read, start: int, stop: int) -> Curve | None:
    """What a series did about two steps; None for what is none, or was not traced."""
    if one.series is None or reading(one) != "series" or len(one.series) != one.length:
        return None
    series = one.series.reshape(len(one.series), -1)[:, :_DRAWN]
    low, span = series.min(0), np.maximum(np.ptp(series, 0), 1e-12)
    first = max(0, start - _SIDE)
    return Curve(first=first, values=floats((series[first : min(stop + _SIDE, first + _WIDEST)] - low) / span))
