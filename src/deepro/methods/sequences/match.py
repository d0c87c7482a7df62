"""Places in a corpus where a set of cells is on again, as LSTMVis meant it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from deepro.errors import UsageError
from deepro.kinds.sequences.matches import Matches
from deepro.methods.sequences.bits import Bits, overlap
from deepro.methods.sequences.cells import Searched, gather
from deepro.methods.sequences.trace import read
from deepro.methods.sequences.tracks import make_tracks
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences
from deepro.parameters import AnySequences, Bounds, LayerNames, Sample
from deepro.registry import Paper, method


@method(
    family="sequences",
    paper=Paper("Strobelt et al.", 2016, "LSTMVis: visual analysis for RNNs", "https://arxiv.org/abs/1606.07461"),
    summary="The cells that are on over a selected range, and where in the corpus they are on again.",
    version=2,
)
def match(
    net: Network,
    sequences: AnySequences,
    start: Annotated[int, Sample(3), "first step of the selected range"],
    stop: Annotated[int, Sample(6), "the step behind its last"],
    within: Annotated[int, "the sequence that it lies in"] = 0,
    layers: LayerNames | None = None,
    *,
    state: Annotated[str, "h, c or a gate; auto: c where there is one, else h"] = "auto",
    threshold: Annotated[
        float | None, "how far from its middle a cell counts as on; None: suggested for each cell"
    ] = None,
    off_before: Annotated[bool, "only cells that are off just before the range"] = False,
    off_after: Annotated[bool, "only cells that are off just after the range"] = False,
    cells: Annotated[str | None, "only these cells, with commas"] = None,
    most: Annotated[int, Bounds(1, 10_000), "the cells that stand out most in the range are kept"] = 10,
    least: Annotated[float, Bounds(0.01, 1), "share of the cells that must be on in a match"] = 1.0,
    top: Annotated[int, Bounds(1, 100_000), "matches kept"] = 50,
    neighbours: Annotated[int, Bounds(0, 10_000), "nearest states to the range's last, outside the range"] = 10,
) -> Matches:
    """Select steps `start` to `stop` (half open) of one sequence; find the same cells elsewhere.

    sequences: the corpus, a list of texts, token arrays or series. within: which of them the range lies in.
    A cell is on where it lies beyond its threshold, above or below (both signs). The cells that are on through the
    whole range are sought in every sequence: runs of steps in which at least the share `least` of them are on, never
    across a sequence's boundary, the selected range left out; ranked by the share of cells that are on through the
    whole run, then by how near its length is to the range's.
    Raises UsageError for a range outside the sequence, or in which no cell is on (with the nearest miss).
    Strobelt et al. 2016, arXiv 1606.07461.
    Example: `deepro.match(net, texts, 10, 16, within=2)`
    """
    sequences = as_sequences(net, sequences)
    if sequences.call is not None:
        raise UsageError("match takes a list with one text or array for each sequence, not ready tensors")
    trace = read(net, sequences, layers)
    if state == "auto":
        state = "c" if trace.c is not None and len(trace.c) else "h"
    found = gather(trace, (state,), sequences)
    lengths = found.lengths
    if not 0 <= within < len(lengths):
        raise UsageError(f"within is {within}, expected 0 to {len(lengths) - 1}")
    if not 0 <= start < stop <= lengths[within]:
        raise UsageError(f"range {start}:{stop} does not lie in sequence {within}, which has {lengths[within]} steps")
    offset = sum(lengths[:within])
    thresholds, signs = thresholds_of(found.states, offset + start, offset + stop, threshold)
    bits = Bits.of(found.states, thresholds, signs, lengths)
    chosen = select(bits, found, offset + start, offset + stop, thresholds, signs, off_before, off_after,
                    _numbers(cells, found), most, offset, offset + lengths[within])  # fmt: skip
    begins, ends, shares = search(bits, chosen, offset + start, offset + stop, least)
    miss = None if len(begins) else nearest_miss(bits, chosen, offset + start, offset + stop)
    which = bits.sequence_of(begins)
    kept = slice(0, top)
    tracks = {t.name: t for t in make_tracks(sequences, None, lengths)} if _has_tracks(sequences) else {}
    marks = {n: np.concatenate(t.values) for n, t in tracks.items() if t.measure == "auc"}
    best = found.states[offset + stop - 1]
    return Matches(
        selection=(within, start, stop),
        cells=tuple(
            {
                "layer": found.places[found.place[i]][0],
                "direction": found.places[found.place[i]][1],
                "state": state,
                "unit": int(found.unit[i]),
                "threshold": float(thresholds[i]),
                "sign": int(signs[i]),
            }
            for i in chosen
        ),
        sequences=which[kept],
        starts=begins[kept] - bits.starts[which[kept]],
        stops=ends[kept] - bits.starts[which[kept]],
        shares=shares[kept],
        count=len(begins),
        enrichment=enrichment(marks, begins, ends),
        tracks={n: v[begins[kept]] > 0.5 for n, v in marks.items()},
        nearest=nearest(found.states, best, bits, offset + start, offset + stop, neighbours),
        texts=sequences.texts,
        steps=bits.steps,
        miss=miss,
    )


def _numbers(cells: str | None, found: Searched) -> list[int] | None:
    if cells is None:
        return None
    numbers = [c.strip() for c in cells.split(",") if c.strip()]
    if not all(n.isdecimal() and int(n) < len(found.unit) for n in numbers) or not numbers:
        raise UsageError(
            f"cells is {cells!r}, expected whole numbers below {len(found.unit)} with commas, such as 3,17"
        )
    return [int(n) for n in numbers]


def _has_tracks(sequences: Sequences) -> bool:
    return any(t is not None for t in sequences.texts) or sequences.items[0].is_floating_point()


def thresholds_of(states: np.ndarray, start: int, stop: int, distance: float | None) -> tuple[np.ndarray, np.ndarray]:
    """(S,) thresholds and signs: which way each cell points in the range, and where it starts to be on.

    The sign is that of the range's mean against the median. Suggested: half way between the median and the range's own
    weakest step, so that the range itself is on with room to spare; with `distance`, that far from the median.
    """
    middle = np.median(states[:: max(1, len(states) // 20_000)], axis=0)
    part = states[start:stop]
    signs = np.where(part.mean(0) >= middle, 1, -1)
    if distance is not None:
        return middle + signs * abs(distance), signs
    weakest = np.where(signs > 0, part.min(0), part.max(0))
    return (middle + weakest) / 2, signs


def select(
    bits: Bits, found: Searched, start: int, stop: int, thresholds: np.ndarray, signs: np.ndarray,
    off_before: bool, off_after: bool, only: list[int] | None, most: int, first: int, last: int,
) -> list[int]:  # fmt: skip
    """The cells on through the whole range, those that stand out most first. Raises UsageError where there is none."""
    every = list(range(len(found.unit)))
    through = overlap(bits, every, np.array([start]), np.array([stop]))[0]
    at = lambda step: (bits.on[:, step >> 3] >> (7 - (step & 7)) & 1).astype(bool)  # noqa: E731
    good = through.copy()
    if off_before and start > first:
        good &= ~at(start - 1)
    if off_after and stop < last:
        good &= ~at(stop)
    if only is not None:
        good &= np.isin(every, only)
    spread = found.states.std(0) + 1e-12
    room = ((found.states[start:stop] - thresholds) * signs).min(0) / spread
    if not good.any():
        allowed = np.array(only) if only is not None else np.arange(len(every))
        nearest = int(allowed[np.argmax(room[allowed])])
        layer, _, state = found.places[found.place[nearest]]
        short = "" if through[nearest] else f" by {max(0.0, -float(room[nearest])):.2g} standard deviations"
        why = "is not off beside the range" if through[nearest] else f"misses its threshold{short}"
        raise UsageError(
            f"no cell is on through the whole range; the nearest is {layer} {state} unit {int(found.unit[nearest])}, "
            f"which {why}: choose a shorter range or a lower threshold"
        )
    share = np.array([np.bitwise_count(bits.on[k]).sum() / bits.steps for k in every])
    # Rare cells say more than common ones; among equals, those well beyond their thresholds.
    order = sorted(np.flatnonzero(good).tolist(), key=lambda k: (-(-np.log(share[k] + 1e-9) * max(room[k], 1e-9)), k))
    return order[:most]


def search(
    bits: Bits, cells: Sequence[int], start: int, stop: int, least: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(starts, stops, shares) of every run but the selected range itself, best first.

    shares: how many of the cells are on through the whole run.
    """
    need = max(1, int(np.ceil(least * len(cells) - 1e-9)))
    on = bits.together(cells, None if need == len(cells) else need)
    begins, ends = bits.runs(on)
    outside = (ends <= start) | (begins >= stop)
    begins, ends = begins[outside], ends[outside]
    shares = np.ones(len(begins)) if need == len(cells) else overlap(bits, cells, begins, ends).mean(1)
    difference = np.abs((ends - begins) - (stop - start))
    order = np.lexsort((begins, difference, -shares))
    return begins[order], ends[order], shares[order]


def nearest_miss(bits: Bits, cells: Sequence[int], start: int, stop: int) -> Mapping[str, Any] | None:
    """The best run of steps at which as many of the cells as possible are on: sequence, start, stop, cells."""
    for need in range(len(cells) - 1, 0, -1):
        begins, ends, _ = search(bits, cells, start, stop, need / len(cells))
        if len(begins):
            n = int(bits.sequence_of(begins[:1])[0])
            first = int(bits.starts[n])
            return {"sequence": n, "start": int(begins[0]) - first, "stop": int(ends[0]) - first, "cells": need}
    return None


def enrichment(tracks: Mapping[str, np.ndarray], begins: np.ndarray, ends: np.ndarray) -> tuple[Mapping[str, Any], ...]:
    """Which annotations are over-represented where the matches begin: one row a track, smallest p first.

    p: the chance that as many of so many steps drawn without return have the track (hypergeometric, one-sided), times
    the number of tracks (Bonferroni). lift: the share among matches over the share in the corpus.
    """
    from scipy.stats import hypergeom

    rows = []
    for name, values in tracks.items():
        known = ~np.isnan(values)
        at = begins[known[begins]] if len(begins) else begins
        total, marked, drawn = int(known.sum()), int((values[known] > 0.5).sum()), len(at)
        hits = int((values[at] > 0.5).sum()) if drawn else 0
        if not drawn or not marked:
            continue
        p = float(hypergeom.sf(hits - 1, total, marked, drawn))
        share, base = hits / drawn, marked / total
        rows.append(
            {"track": name, "matches": drawn, "hits": hits, "share": share, "corpus": base, "lift": share / base,
             "p": min(1.0, p * len(tracks))}
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda r: (r["p"], -r["lift"])))


def nearest(
    states: np.ndarray, state: np.ndarray, bits: Bits, start: int, stop: int, count: int
) -> tuple[Mapping[str, Any], ...]:
    """Steps whose state has the smallest angle to `state`, outside the range: sequence, step, cosine.

    Of steps nearer to each other than the range is long only the best is told: neighbours in time are alike anyway.
    """
    norms = np.linalg.norm(states, axis=1) * np.linalg.norm(state) + 1e-12
    cosine = states @ state / norms
    apart = max(5, stop - start)
    sequence = int(bits.sequence_of(np.array([start]))[0])
    first, last = int(bits.starts[sequence]), int(bits.starts[sequence + 1])
    cosine[max(first, start - apart) : min(last, stop + apart)] = -np.inf
    found: list[Mapping[str, Any]] = []
    for step in np.argsort(-cosine, kind="stable"):
        if len(found) == count or not np.isfinite(cosine[step]):
            break
        n = int(bits.sequence_of(np.array([step]))[0])
        at = int(step - bits.starts[n])
        if all(f["sequence"] != n or abs(f["step"] - at) >= apart for f in found):
            found.append({"sequence": n, "step": at, "cosine": float(cosine[step])})
    return tuple(found)
