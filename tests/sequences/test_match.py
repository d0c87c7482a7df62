"""Matches against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import hypergeom

import deepro
from deepro.errors import UsageError
from deepro.methods.sequences.bits import Bits
from deepro.methods.sequences.cells import Searched
from deepro.methods.sequences.match import enrichment, match, nearest, nearest_miss, search, select, thresholds_of
from tests.sequences.planted import Planted, planted, texts


def by_hand(
    states: np.ndarray, thresholds: np.ndarray, signs: np.ndarray, lengths: list[int], cells: list[int], need: int
) -> set[tuple[int, int, int]]:
    """(start, stop, cells on throughout) of every run, step by step."""
    runs, offset = set(), 0
    for length in lengths:
        start = None
        for t in [*range(offset, offset + length), None]:
            on = t is not None and sum(
                bool(states[t, k] > thresholds[k] if signs[k] > 0 else states[t, k] < thresholds[k]) for k in cells
            ) >= need  # fmt: skip
            if on and start is None:
                start = t
            if not on and start is not None:
                stop = offset + length if t is None else t
                part = range(start, stop)
                through = sum(
                    all(states[s, k] > thresholds[k] if signs[k] > 0 else states[s, k] < thresholds[k] for s in part)
                    for k in cells
                )
                runs.add((start, stop, through))
                start = None
        offset += length
    return runs


@pytest.mark.parametrize("least", [1.0, 0.6])
@pytest.mark.parametrize("seed", range(5))
def test_search_equals_brute_force(seed: int, least: float) -> None:
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 30, 8).tolist()
    states = generator.normal(size=(sum(lengths), 9)) + np.sin(np.arange(sum(lengths)) / 3)[:, None]
    thresholds, signs = generator.normal(size=9) * 0.3, generator.choice([-1, 1], 9)
    cells = [1, 4, 7] if least == 1 else [0, 1, 4, 7, 8]
    bits = Bits.of(states, thresholds, signs, lengths)
    start, stop = sum(lengths[:3]), sum(lengths[:3]) + 1
    begins, ends, shares = search(bits, cells, start, stop, least)
    need = max(1, int(np.ceil(least * len(cells) - 1e-9)))
    expected = {
        (a, b, n) for a, b, n in by_hand(states, thresholds, signs, lengths, cells, need) if b <= start or a >= stop
    }
    found = {(int(a), int(b), round(s * len(cells))) for a, b, s in zip(begins, ends, shares, strict=True)}
    assert found == expected
    order = [(-s, abs((b - a) - 1), a) for a, b, s in zip(begins, ends, shares, strict=True)]
    assert order == sorted(order)


def test_the_quote_cell_finds_the_other_quotes(tmp_path: Path) -> None:
    net, corpus = planted(), texts()
    first = corpus[0].index('"')
    last = corpus[0].index('"', first + 1)
    made = match(net, corpus, first, last, cells=str(Planted.quote), top=1000, threshold=1.5)
    expected = set()
    for n, text in enumerate(corpus):
        inside, start = False, 0
        for place, character in enumerate(text):
            if character == '"':
                if inside:
                    expected.add((n, start, place))
                inside, start = not inside, place
        if inside:
            expected.add((n, start, len(text)))
    found = {(int(n), int(a), int(b)) for n, a, b in zip(made.sequences, made.starts, made.stops, strict=True)}
    assert found == expected - {(0, first, last)}
    assert made.count == len(found)
    assert made.cells[0]["sign"] in (1, -1)
    assert made.cells[0]["state"] == "c"  # an LSTM's; h where there is no c
    before, text, after = made.in_context(5)[0]
    assert text.startswith('"')
    assert after.startswith('"')
    assert len(before) <= 5
    best = made.enrichment[0]
    assert best["lift"] > 1
    assert made.nearest[0]["cosine"] > 0.9
    made.save(tmp_path / "matches")
    again = deepro.open(tmp_path / "matches")
    assert np.array_equal(again.starts, made.starts)
    assert again.cells[0] == made.cells[0]


def test_cells_that_must_be_off_beside_the_range() -> None:
    on = np.array([[0, 1, 0, 1, 1, 0], [1, 1, 0, 1, 0, 1], [1, 1, 1, 1, 0, 1], [0, 0, 1, 1, 0, 0]], dtype=float)
    found = Searched((("rnn", 0, "c"),), np.zeros(6, int), np.arange(6), on, (4,))
    bits = Bits.of(on, np.full(6, 0.5), np.ones(6), [4])
    ask = lambda before, after, only=None: sorted(  # noqa: E731
        select(bits, found, 1, 3, np.full(6, 0.5), np.ones(6), before, after, only, 10, 0, 4)
    )
    assert ask(False, False) == [0, 1, 3, 5]
    assert ask(True, False) == [0, 5]
    assert ask(False, True) == [0, 1, 5]
    assert ask(False, False, [1, 2]) == [1]
    with pytest.raises(UsageError, match="the nearest is rnn c unit 3, which is not off beside the range"):
        ask(True, True, [3])


def test_suggested_thresholds_by_hand() -> None:
    states = np.array([[0.0, 0.0], [0, 0], [0, 0], [4, -8], [6, -2], [0, 0]])
    thresholds, signs = thresholds_of(states, 3, 5, None)
    assert signs.tolist() == [1, -1]
    assert thresholds.tolist() == [2.0, -1.0]  # half way from the median to the range's weakest step
    thresholds, _ = thresholds_of(states, 3, 5, 3.0)
    assert thresholds.tolist() == [3.0, -3.0]


def test_nearest_states_by_brute_force() -> None:
    states = np.cumsum(np.random.default_rng(0).normal(size=(60, 4)), 0)  # neighbours in time are alike
    bits = Bits(np.zeros((0, 8), np.uint8), np.array([0, 20, 60]))
    found = nearest(states, states[26], bits, 25, 27, 6)
    cosine = [float(s @ states[26] / np.linalg.norm(s) / np.linalg.norm(states[26])) for s in states]
    expected: list[tuple[int, int, float]] = []
    for step in sorted(range(60), key=lambda t: -cosine[t]):
        place = (0, step) if step < 20 else (1, step - 20)
        near_range = place[0] == 1 and 20 <= step < 32
        near_found = any(n == place[0] and abs(t - place[1]) < 5 for n, t, _ in expected)
        if not near_range and not near_found and len(expected) < 6:
            expected.append((*place, cosine[step]))
    assert [(f["sequence"], f["step"]) for f in found] == [e[:2] for e in expected]
    assert [f["cosine"] for f in found] == pytest.approx([e[2] for e in expected])


def test_where_nothing_matches_the_nearest_miss_is_told() -> None:
    on = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 1, 1], [1, 1, 0, 0, 1, 0]], dtype=bool)
    bits = Bits.of(on.T.astype(float), np.full(3, 0.5), np.ones(3), [3, 3])
    begins, _, _ = search(bits, [0, 1, 2], 0, 2)
    assert not len(begins)
    assert nearest_miss(bits, [0, 1, 2], 0, 2) == {"sequence": 1, "start": 1, "stop": 2, "cells": 2}


def test_enrichment_by_hand() -> None:
    track = np.zeros(100)
    track[:10] = 1
    begins = np.array([0, 3, 5, 50])
    row = enrichment({"mine": track, "never": np.zeros(100)}, begins, begins + 1)[0]
    assert row["hits"] == 3
    assert row["lift"] == pytest.approx(7.5)
    assert row["p"] == pytest.approx(2 * sum(hypergeom.pmf(k, 100, 10, 4) for k in (3, 4)))


def test_bad_ranges_are_said() -> None:
    net = planted()
    with pytest.raises(UsageError, match="does not lie in sequence 0"):
        match(net, ["ab ab"], 2, 9)
    with pytest.raises(UsageError, match="within is 3"):
        match(net, ["ab ab"], 0, 1, 3)
    with pytest.raises(UsageError, match="the nearest is rnn c unit"):
        match(net, texts(2), 2, 4, threshold=1e6)
    with pytest.raises(UsageError, match="expected whole numbers below 8"):
        match(net, texts(2), 2, 4, cells="99")
