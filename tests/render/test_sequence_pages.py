"""Traces and findings as the viewer's pages: what is packed is what was found."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.pages import Pages, shown
from tests.sequences.machines import hybrid
from tests.sequences.planted import Planted, planted, texts

from deepro import registry
from deepro.kinds.sequences import page as sequence_page
from deepro.kinds.sequences.matches import curve
from deepro.kinds.sequences.page import ReadSequence
from deepro.render.document import Values


def unpack(packed: Values) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed.data), dtype=packed.dtype).reshape(packed.shape)


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    return texts(4, 120)


@pytest.fixture(scope="module")
def results(corpus: list[str]) -> list[Any]:
    net = planted()
    return [
        registry.get("find_cells")(net, corpus, ["double quotes", "white space"], shifts=5, controls=1, others=2),
        registry.get("trace")(net, corpus[:2]),
        registry.get("memory")(net, corpus, steps=20),
        registry.get("match")(net, corpus, corpus[0].index('"'), corpus[0].index('"') + 2, cells="3", threshold=1.5),
    ]


@pytest.fixture(scope="module")
def made(results: list[Any]) -> Pages:
    return shown(*results)


def test_a_sequence_is_joined_from_all_that_was_found_in_it(made: Pages, corpus: list[str]) -> None:
    cards, pages = made.overview["sequences"], made.pages
    assert [c.steps for c in cards] == [len(t) for t in corpus]
    page = pages["sequence", cards[0].id]
    assert page.text == corpus[0]
    assert {t.name for t in page.tracks} == {"double quotes", "white space"}
    assert {p.state for p in page.places} == {"h", "c", "i", "f", "g", "o"}
    assert cards[0].places
    assert not cards[3].places  # not traced: of it only the cells that were found are known
    assert pages["sequence", cards[3].id].places
    assert [r.kind for r in made.overview["sequence_results"]] == ["cells", "memory", "matches"]


def test_states_come_back_within_half_a_step_of_their_scale(made: Pages, results: list[Any]) -> None:
    trace, pages = results[1], made.pages
    page = pages["sequence", made.overview["sequences"][1].id]
    for place in page.places:
        known = {"h": trace.h, "c": trace.c, **trace.gates}[place.state][place.layer][place.direction, 1, : page.steps]
        parts = [pages["states", id] for id in place.pages]
        packed = np.concatenate([unpack(p.values) for p in parts], 1).T.astype(float)
        high = unpack(place.high)
        back = packed / 255 if place.share else (packed - 128) / 127 * high
        assert np.abs(back - known).max() <= (0.51 / 255 if place.share else 0.51 / 127 * high.max())
        assert sorted(unpack(place.similar).tolist()) == list(range(8))


def test_long_sequences_are_cut_into_chunks(made: Pages, results: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_page, "CHUNK", 50)
    pages, kept = made.pages, shown(results[1]).pages
    page = kept["sequence", made.overview["sequences"][0].id]
    place = page.places[0]
    assert [kept["states", id].first for id in place.pages] == list(range(0, page.steps, 50))
    whole = [pages["states", id] for id in pages["sequence", page.id].places[0].pages]
    joined = np.concatenate([unpack(kept["states", id].values) for id in place.pages], 1)
    assert np.array_equal(joined, unpack(whole[0].values))


def test_guesses_are_the_networks_own(made: Pages, results: list[Any]) -> None:
    trace = results[1]
    page = made.pages["sequence", made.overview["sequences"][0].id]
    guesses = made.pages["guesses", page.guesses[0]]
    logits = trace.outputs[0, : page.steps].astype(float)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.array_equal(unpack(guesses.tokens)[:, 0], p.argmax(1))
    assert np.abs(unpack(guesses.shares)[:, 0] / 255 - p.max(1)).max() <= 0.51 / 255
    loss = unpack(guesses.loss)
    following = trace.tokens[0][1:]
    assert np.allclose(loss[:-1], -np.log(p[np.arange(len(following)), following]), atol=1e-5)
    assert np.isnan(loss[-1])


def test_findings_and_matches_keep_their_numbers(made: Pages, results: list[Any], corpus: list[str]) -> None:
    cells, _, _, matches = results
    page = made.pages["cells", cells.provenance.key]
    best = next(f for f in page.findings if f.track == "double quotes")
    assert best.unit == Planted.quote
    assert best.held_out == cells.best("double quotes")["held_out"]
    assert page.split == "sequence"
    found = made.pages["matches", matches.provenance.key]
    assert [(m.start, m.stop) for m in found.matches] == list(zip(matches.starts, matches.stops, strict=True))
    first = found.matches[0]
    text = corpus[int(matches.sequences[0])]
    assert text[first.start : first.stop] == first.inside
    assert text[: first.start].endswith(first.before)


@pytest.mark.parametrize("traced", [True, False])
def test_a_match_in_a_series_is_shown_by_what_the_series_did(traced: bool) -> None:
    net, rows = hybrid(6), np.random.default_rng(0).normal(size=(600, 6)).astype(np.float32)
    rows[:, 5] = 1.0  # an input that never changes
    made = registry.get("match")(net, [rows], 300, 304, most=1, neighbours=3)
    results = (made, registry.get("trace")(net, rows)) if traced else (made,)
    page = shown(*results).pages["matches", made.provenance.key]
    places = [page.selection, *page.matches, *page.nearest]
    assert len(places) > 4
    if not traced:
        assert all(place.curve is None for place in places)
        return
    scaled = (rows[:, :4] - rows[:, :4].min(0)) / np.ptp(rows[:, :4], 0)
    for place in places:
        start, stop = (place.step, place.step + 1) if hasattr(place, "step") else (place.start, place.stop)
        first = max(0, start - 40)
        assert place.curve.first == first
        assert np.allclose(unpack(place.curve.values), scaled[first : stop + 40], atol=1e-6)


def test_a_curve_has_a_most_and_an_input_that_never_changes_is_flat() -> None:
    one = ReadSequence("a", "a", "n", length=2000, series=np.stack([np.arange(2000.0), np.ones(2000)], 1))
    made = curve(one, 100, 1500)
    assert made is not None
    assert unpack(made.values).shape == (400, 2)
    assert unpack(made.values)[0].tolist() == pytest.approx([60 / 1999, 0])
    assert curve(replace(one, rate=8000), 0, 5) is None  # a sound
    assert curve(replace(one, length=500), 0, 5) is None  # read in other steps
