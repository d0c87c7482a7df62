"""The pages of surveys and experiments: what each kind of result adds to them."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from tests import synthetic_survey
from tests.pages import shown

FIRST, SECOND = "features.0", "features.3"
SURVEY = synthetic_survey.survey({FIRST: 80, SECOND: 40})
PARTS = [
    SURVEY,
    synthetic_survey.gallery(SURVEY, FIRST, 70),
    synthetic_survey.diagnosis(SURVEY, FIRST),
    synthetic_survey.feeds(SURVEY, FIRST, 70),
]
EXPERIMENTS = synthetic_survey.experiments(SURVEY, FIRST)


def key(result: Any) -> str:
    return result.provenance.key


def test_a_survey_gathers_what_belongs_to_it_in_whatever_order_it_comes() -> None:
    made, turned = shown(*PARTS), shown(*PARTS[::-1])
    id = key(SURVEY)[:12]
    kinds = ["survey", "survey_layer", "survey_layer", "survey_units", "survey_units", "survey_units", "survey_health"]
    assert sorted(kind for kind, _ in made.pages) == sorted(kinds)
    assert made.pages == turned.pages
    assert made.files == turned.files
    (card,) = made.overview["surveys"]
    assert set(card.records) == set(made.overview["records"]) == set(map(key, PARTS))
    assert (card.units, card.shown, card.findings) == (120, 70, 5)
    layer = made.pages["survey_layer", f"{id}-0"]
    assert len(layer.blocks) == 2  # 64 units and 6 more
    cell = np.frombuffer(base64.b64decode(layer.cell.data), np.int32)
    assert cell.tolist() == [*range(70), *[-1] * 10]
    assert layer.faults["dead"] == [1]
    unit = made.pages["survey_units", f"{id}-0-0"].units[4]
    assert [f.fault for f in unit.findings] == ["duplicate"]
    assert [(f.name, f.logit) for f in unit.feeds] == [("cow", 1.5), ("ape", 0.5)]
    best = unit.examples[0]
    assert best.window == [8, 4, 16, 12]  # left, top, right, bottom
    assert best.box == [10 / 80, 5 / 50, 30 / 80, 25 / 50]
    assert made.pages["survey", id].photos[best.photo].id == best.id
    bare = made.pages["survey_units", f"{id}-1-0"].units[4]
    assert (bare.scale, bare.feeds, bare.examples[0].window) == (None, [], None)


def test_rows_of_a_survey_count_the_faults_that_were_looked_for() -> None:
    rows = shown(*PARTS).pages["survey", key(SURVEY)[:12]].layers
    looked = {"broken": 0, "dead": 1, "always on": 1, "duplicate": 1, "high-frequency": 1, "aliased": 1}
    assert [row.faults for row in rows] == [looked, {}]
    assert PARTS[2].counts(FIRST) == looked
    assert [row.faults for row in shown(SURVEY).pages["survey", key(SURVEY)[:12]].layers] == [{}, {}]


def test_of_two_diagnoses_the_latest_counts() -> None:
    older = synthetic_survey.diagnosis(SURVEY, SECOND)
    made = shown(SURVEY, older, PARTS[2])
    assert made.overview["surveys"][0].records == [key(SURVEY), key(PARTS[2])]
    assert {f.layer for f in made.pages["survey_health", key(SURVEY)[:12]].findings} == {FIRST}


def test_what_names_a_survey_that_is_not_there_is_not_shown() -> None:
    made = shown(*PARTS[1:])
    assert not made.pages
    assert not made.overview["surveys"]
    assert not made.overview["records"]


@pytest.mark.parametrize("result", EXPERIMENTS, ids=lambda result: result.kind)
def test_an_experiment_is_a_page_with_the_fields_of_its_kind(result: Any) -> None:
    made = shown(result)
    page = made.pages["experiment", key(result)[:12]]
    (card,) = made.overview["experiments"]
    assert (page.kind, page.record, page.id) == (card.kind, card.record, card.id) == (
        result.kind, key(result), key(result)[:12]
    )  # fmt: skip
    assert set(made.overview["records"]) == {key(result)}


def test_the_numbers_of_experiments_are_those_of_the_results() -> None:
    pages = {p.kind: p for p in shown(*EXPERIMENTS).pages.values()}
    results = {r.kind: r for r in EXPERIMENTS}
    hidden = pages["occlusion_maps"]
    assert (hidden.square, hidden.step, hidden.plain_predicted) == ([8, 8], 10, "bee")
    assert [(c.name, round(c.share * 12)) for c in hidden.classes] == [("bee", 9), ("ape", 2), ("cow", 1)]
    assert pages["correspondence"].parts == ["eye", "random"]
    assert pages["correspondence"].pairs == {FIRST: {"eye": 1, "random": 2}}
    curves = results["invariance"].distances["scale"]["a"]
    assert pages["invariance"].distances["scale"]["a"] == curves.tolist()
    assert [strip.jumps for strip in pages["evolution"].strips] == results["evolution"].jumps.tolist()
    assert pages["ablation"].silenced == [{}, {FIRST: [3]}, {FIRST: [4]}]
    most = pages["comparison"].layers[0].most
    assert [(one.unit, one.weights is None, one.before, one.after) for one in most] == [
        (0, False, "ape", "bee"), (1, False, "cow", "cow"), (2, True, None, None)
    ]  # fmt: skip
    assert [moved.name for moved in pages["comparison"].classes] == ["bee", "cow", "ape", "doe"]
