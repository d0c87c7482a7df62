"""What a picture shows, in one English sentence or two: what, unit, scale, method, paper, evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepro.render import colour, views
from deepro.results import Heatmap, Pattern, Projection, Region, Result

_SHARE = f"{colour.PERCENTILE:g} %"

_WHAT = {
    "prediction": "The most probable labels.",
    "activations": "Outputs of layers.",
    "map": "Near points are meant to be alike to the layer; only the kept neighbours are. Axes have no unit.",
    "aligned-maps": "The same examples, layer after layer. Rings: points whose neighbours changed most.",
    "survey": "Left: how often units are above zero. Right: how large their largest activation in an image is.",
    "gallery": "Strongest examples of each unit: left the projections, grey is 0, right what it saw.",
    "feeds": "What each unit adds to the classes' logits on its strongest photographs, as gradient times activation.",
    "evolution": "Each unit's strongest example at each checkpoint. A bar: another image than before.",
    "diagnosis": "Units with a fault, by layer. The thresholds stand in the result.",
    "ablation": "What it costs to silence units: accuracy and cross-entropy on labelled images.",
    "occlusion-maps": "A grey square at each place: what is left of unit and class, and which class comes first.",
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
    "state-space": "States by their two principal components; axes have no unit. Regions by k-means.",
    "response_similarity": "How alike two tokens are to one network (left) and to another: cosine of their responses.",
    "responses": "Expected update of each unit for each token: orange up, purple down; lines part the clusters.",
    "automaton": "What L* learned by asking the network: double circles accept, state 0 begins.",
    "attention": "How much each written step attends to each step read. It shows what was read from, not why.",
    "findings": "What stands out among a layer's codes, not on a map: outliers, twins, doubted labels, clusters.",
    "atlas": "Pictures made for the mean directions of a layer's codes, each at its place on a map of them.",
    "layer-scores": "What each layer knows of the labels, beside what a probe finds where there is nothing to find.",
    "similarity": "How alike two networks arrange the same examples: linear CKA, 1 for one turned and scaled.",
}


def text(result: Result) -> str:
    """The caption of a result's figure."""
    return " ".join(part for part in (_what(result), _made(result)) if part)


def _what(result: Result) -> str:
    if isinstance(result, Projection):
        note = result.fidelity
        rectified = f" {note['rectifiers']} rectifiers on the way." if "rectifiers" in note else ""
        left = f" Left as they are: {', '.join(note['left'])}." if note.get("left") else ""
        return (
            f"Units of {result.layer}. Left: activation map, black is 0 and below, white its maximum. Middle: the "
            f"activation sent back to the pixels ({result.rule}), grey is 0, black and white ± the number above "
            f"({_SHARE} of the values lie within). Right: what the unit sees.{rectified}{left}"
        )
    if isinstance(result, Heatmap):
        signed = "Signed: red speaks for, blue against." if result.signed else "Unsigned."
        return f"What the score of each target depends on, by {result.method}. {signed}{_numbers(result.evidence)}"
    if isinstance(result, Region):
        found = "" if result.box is not None else " No region: the evidence is too weak."
        return f"Region of {result.target}, cut from the heatmap on the right.{found}{_numbers(result.evidence)}"
    if isinstance(result, Pattern):
        return (
            "Images made for each target, as the network sees them before normalisation; the score that each reaches."
        )
    return _WHAT.get(result.kind, result.kind)


def _numbers(evidence: Mapping[str, Any]) -> str:
    said = [f"{k.replace('_', ' ')} {v:.3g}" for k, v in evidence.items() if isinstance(v, int | float)]
    return f" Evidence: {', '.join(said)}." if said else ""


def _made(result: Result) -> str:
    if result.provenance is None:
        return ""
    data = result.provenance.data
    names = ", ".join(str(d.get("name", "")) for d in data[:3]) + (", …" if len(data) > 3 else "")
    return f"{source(result)[:-1]}{f', {names}' if names else ''}."


def source(result: Result) -> str:
    """Method, paper and network."""
    if result.provenance is None:
        return ""
    record = views.record(result)
    paper = f" ({record.paper.authors} {record.paper.year})" if record.paper else ""
    return f"{record.method}{paper}, {result.provenance.network.get('name', 'network')}."
