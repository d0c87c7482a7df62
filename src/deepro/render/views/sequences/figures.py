"""What was found in sequences, as the numbers from which the viewer draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deepro.render.document import ProvenanceView
from deepro.render.document.sequence_figures import (
    AttentionView,
    AutomatonView,
    InterventionView,
    LossesView,
    LossPlace,
    LossRow,
    Pair,
    ReadView,
    RegionAbout,
    ResponseSimilarityView,
    ResponsesView,
    Shown,
    Standing,
    StateSpaceView,
    StepsView,
)
from deepro.render.views.base import finite, values
from deepro.render.views.sequences.findings import context
from deepro.render.views.sequences.reading import Read, floats, lines, sheet, sound, word
from deepro.results import Attention, Automaton, Intervention, Losses, Responses, ResponseSimilarity, StateSpace, Steps

Single = Losses | StateSpace | Responses | ResponseSimilarity | Automaton | Attention | Intervention
Figured = Single | Steps

POINTS = 40_000  # states drawn of a space, whole sequences of it
WORST = 40  # tokens of the largest loss
FEATURES = 64  # more features of a step than these are summed, not told one by one


def figure(result: Single, ones: Sequence[Read], shown: Sequence[str], made: ProvenanceView) -> Shown:
    """The view of one result. ones: its sequences; shown: the ids of those that have a page."""
    one = ones[0] if ones else None
    if isinstance(result, Attention):
        return _attention(result, one, shown)
    if isinstance(result, Intervention):
        return _intervention(result, one, shown, made)
    if isinstance(result, Losses):
        return _losses(result, ones, shown)
    if isinstance(result, StateSpace):
        return _space(result, ones, shown)
    if isinstance(result, Responses):
        return _responses(result)
    if isinstance(result, ResponseSimilarity):
        return _response_similarity(result)
    return _automaton(result)


def facts(result: Figured) -> dict[str, Any]:
    """The numbers by which a figure is judged."""
    if isinstance(result, Losses) and result.groups:
        return {"loss": result.groups[0]["loss"], "ngram": result.groups[0]["ngram"], "order": result.order}
    if isinstance(result, StateSpace):
        return {"stability": result.stability, "fidelity": result.fidelity, "baseline": result.baseline}
    if isinstance(result, Responses):
        return {"stability": result.stability[0], "chance": result.chance[0], "noise": result.noise}
    if isinstance(result, ResponseSimilarity):
        return {"correlation": result.correlation, "p": result.p}
    if isinstance(result, Automaton):
        return {"states": len(result.accepting), "fidelity": result.fidelity, "baseline": result.baseline}
    if isinstance(result, Attention):
        return {"sharpness": result.sharpness}
    if isinstance(result, Steps):
        return {"score": result.score}
    if isinstance(result, Intervention):
        return {"change": float(result.change[result.start :].mean())}
    return {}


def _read(one: Read | None, shown: Sequence[str], steps: int, text: str | None, tokens: Sequence[str] = ()) -> ReadView:
    """What was read, over `steps` places: the result's own words first, then what is known of the sequence."""
    named = list(tokens)
    if not named and text is not None and len(text) == steps:
        named = list(text)
    if not named and one is not None and one.tokens is not None and len(one.tokens) == steps:
        named = [one.symbols[k] if one.symbols is not None else str(k) for k in one.tokens.tolist()]
    series = None if one is None else one.series
    rate = None if one is None else one.rate
    return ReadView(
        sequence=one.id if one is not None and one.id in shown else None, steps=steps, tokens=named,
        lines=[] if rate else lines(series), sheet=None if rate else sheet(series), sound=sound(series, rate, steps),
    )  # fmt: skip


def _attention(result: Attention, one: Read | None, shown: Sequence[str]) -> AttentionView:
    return AttentionView(
        weights=floats(result.weights), read=_read(one, shown, result.weights.shape[1], None, result.read),
        written=list(result.written), places=result.places, sharpness=result.sharpness,
    )  # fmt: skip


def steps_view(results: Sequence[Steps], one: Read | None, shown: Sequence[str]) -> StepsView:
    """Several outputs of one sequence, explained in one way, by the step of the output."""
    first = results[0]
    rows = [row for r in results for row in _outputs(r)]
    # The same output may be asked for alone and with every other: then the one with its features and control is kept.
    known = sorted(rows, key=lambda r: (r["features"] is not None, r["control"] is not None))
    told = {(r["step"], r["target"]): r for r in known}
    rows = [told[k] for k in sorted(told)]
    return StepsView(
        how=first.how, read=_read(one, shown, len(first.values), first.text), made=[r["made"] for r in rows],
        outputs=[r["step"] for r in rows], targets=[word(one, r["target"]) for r in rows],
        scores=[r["score"] for r in rows], gaps=[None if r["gap"] is None else finite(r["gap"]) for r in rows],
        controls=[None if r["control"] is None else finite(r["control"]) for r in rows],
        values=floats(np.stack([r["values"] for r in rows])),
        features=[None if r["features"] is None else floats(r["features"]) for r in rows],
        deletion=floats(np.stack([r["deletion"] for r in rows])), random=floats(np.stack([r["random"] for r in rows])),
    )  # fmt: skip


def _outputs(result: Steps) -> list[dict[str, Any]]:
    """One row an output that the result is about."""
    made = result.provenance.key if result.provenance else ""
    few = result.features is not None and 1 < result.features.shape[1] <= FEATURES
    names = ("step", "target", "score", "gap", "values", "deletion", "random")
    own = {**{n: getattr(result, n) for n in names}, "features": result.features if few else None, "made": made}
    own["control"] = result.control
    if result.every is None:
        return [own]
    every = {n: result.every[n] for n in names}
    rows = [{n: every[n][k] for n in names} for k in range(len(every["target"]))]
    plain = [
        {**r, "step": int(r["step"]), "score": float(r["score"]), "features": None, "control": None, "made": made}
        for r in rows
    ]
    return [own, *plain]


def _intervention(
    result: Intervention, one: Read | None, shown: Sequence[str], made: ProvenanceView
) -> InterventionView:
    held = made.parameters.get("value")
    return InterventionView(
        read=_read(one, shown, len(result.change), result.text), layer=result.layer, direction=result.direction,
        state=result.state, unit=result.unit, how=result.how,
        value=float(held) if result.how == "clamp" and held is not None else None, start=result.start,
        classes=bool(result.best), change=floats(result.change),
        losses=None if result.losses is None else floats(result.losses),
        changed=None if result.changed_losses is None else floats(result.changed_losses),
        best=[word(one, b) for b in result.best],
        changed_best=[word(one, b) for b in result.changed_best],
        written=result.written,
        changed_text=result.changed_text,
    )  # fmt: skip


def _losses(result: Losses, ones: Sequence[Read], shown: Sequence[str]) -> LossesView:
    ends = np.cumsum([0, *map(len, result.losses)])
    joined = np.nan_to_num(np.concatenate(result.losses), nan=-1.0)
    places = []
    for place in np.argsort(-joined, kind="stable")[:WORST]:
        n = int(np.searchsorted(ends, place, side="right")) - 1
        step = int(place - ends[n])
        one = ones[n] if n < len(ones) else None
        if one is None or joined[place] <= 0:
            continue
        one.text = one.text or (result.texts[n] if n < len(result.texts) else None)
        before, token, after = context(one, step, step + 1)
        places.append(
            LossPlace(
                sequence=one.id if one.id in shown else None, step=step, before=before, token=token, after=after,
                loss=float(joined[place]), ngram=finite(result.ngram[n][step]),
            )
        )  # fmt: skip
    rows = [LossRow(**{**r, "share_of_loss": finite(r["share_of_loss"])}) for r in result.groups]
    return LossesView(groups=rows, order=result.order, counted=result.counted, places=places)


def _space(result: StateSpace, ones: Sequence[Read], shown: Sequence[str]) -> StateSpaceView:
    lengths = [len(t) for t in result.trajectories]
    # Whole sequences while they fit; of a first one that does not, its beginning.
    kept = max(1, int(np.searchsorted(np.cumsum(lengths), POINTS, side="right")))
    lengths[0] = min(lengths[0], POINTS)
    paths = [t[:n] for t, n in zip(result.trajectories[:kept], lengths, strict=False)]
    regions = [r[:n] for r, n in zip(result.regions[:kept], lengths, strict=False)]
    ids = [one.id if one.id in shown else None for one in ones[:kept]]
    texts = [t[:n] if t is not None and len(t) >= n else None for t, n in zip(result.texts, lengths, strict=False)]
    return StateSpaceView(
        layer=result.layer, direction=result.direction, state=result.state, points=floats(np.concatenate(paths)),
        regions=values(np.concatenate(regions).astype(np.uint8)), lengths=lengths[:kept],
        sequences=[*ids, *[None] * (kept - len(ids))], texts=[*texts[:kept], *[None] * (kept - len(texts[:kept]))],
        steps=sum(map(len, result.trajectories)), explained=[float(v) for v in result.explained],
        moves=values(result.moves.astype(np.uint32)),
        about=[
            RegionAbout(steps=int(r["steps"]), tokens=_standing(r["tokens"]), tracks=_standing(r["tracks"]))
            for r in result.about
        ],
        stability=result.stability, fidelity=result.fidelity, baseline=result.baseline,
    )  # fmt: skip


def _standing(rows: Any) -> list[Standing]:
    return [Standing(name=str(name), share=float(share), lift=float(lift)) for name, share, lift in rows]


def _responses(result: Responses) -> ResponsesView:
    def pair(two: tuple[float, float]) -> Pair:
        return Pair(tokens=finite(two[0]), units=finite(two[1]))

    return ResponsesView(
        layer=result.layer, direction=result.direction, state=result.state, tokens=list(result.tokens),
        counts=[int(c) for c in result.counts], values=floats(result.values),
        token_clusters=[int(c) for c in result.token_clusters], unit_clusters=[int(c) for c in result.unit_clusters],
        stability=pair(result.stability), chance=pair(result.chance), noise=finite(result.noise),
    )  # fmt: skip


def _response_similarity(result: ResponseSimilarity) -> ResponseSimilarityView:
    return ResponseSimilarityView(
        layer=result.layer, direction=result.direction, state=result.state, other=result.other,
        other_layer=result.other_layer, other_direction=result.other_direction, tokens=list(result.tokens),
        likeness=floats(result.likeness), agreement=[float(a) for a in result.agreement],
        correlation=result.correlation, p=result.p,
    )  # fmt: skip


def _automaton(result: Automaton) -> AutomatonView:
    return AutomatonView(
        alphabet=list(result.alphabet), transitions=[[int(t) for t in row] for row in result.transitions],
        accepting=[bool(a) for a in result.accepting], fidelity=result.fidelity, balanced=finite(result.balanced),
        baseline=result.baseline, words=result.words, counterexamples=[list(c) for c in result.counterexamples],
        queries=result.queries, complete=result.complete,
    )  # fmt: skip
