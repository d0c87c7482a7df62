"""The statistics equal brute force, and merge to the same bytes in any order and any tree."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from deepro.survey.exact import ExactSum
from deepro.survey.layer_summary import summarise
from deepro.survey.state import SurveyState
from deepro.survey.statistics import ClassMeans, Histogram, Pairs, _smallest
from tests.reference.survey import correlations
from tests.reference.survey import statistics as by_hand

K = 4


def gather(values: Tensor, labels: Tensor, parts: list[list[int]], k: int = K) -> SurveyState:
    """One state that saw the images of `parts`, a batch each, in that order. Two layers share the units."""
    state = SurveyState()
    half = values.shape[1] // 2
    for part in parts:
        index = torch.tensor(part)
        state.see("one", summarise(values[index, :half], index, labels[index]), k)
        state.see("two", summarise(values[index, half:], index, labels[index]), k)
        state.close()
    return state


def as_bytes(state: SurveyState) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in state.arrays().items()}


def computed(state: SurveyState) -> dict[str, np.ndarray]:
    """The two layers side by side."""
    one, two = state.compute().values()
    joined = {k: np.concatenate([one[k], two[k]], axis=int(k == "class_means")) for k in one if k != "class_images"}
    return {**joined, "class_images": one["class_images"]}


def tied(count: int = 40, units: int = 7, space: tuple[int, ...] = (3, 5)) -> tuple[Tensor, Tensor]:
    """Whole numbers, so that most maxima are tied within and between images; unit 0 is dead, unit 1 above zero."""
    values = torch.randint(-3, 4, (count, units, *space)).float()
    values[:, 0] = 0
    values[:, 1] = values[:, 1].abs() + 1
    return values, torch.arange(count) % 3


def check(state: SurveyState, values: Tensor, labels: Tensor, k: int = K) -> None:
    want = by_hand(values.reshape(*values.shape[:2], -1).double().numpy(), k, labels.tolist(), 3)
    got = computed(state)
    space = values.shape[2:]
    for unit, entries in enumerate(want["top"]):
        found = [
            (float(v), int(i), int(np.ravel_multi_index(tuple(p), space)) if len(space) else 0)
            for v, i, p in zip(got["values"][unit], got["images"][unit], got["positions"][unit], strict=True)
            if i >= 0
        ]
        assert found == entries
        assert np.isnan(got["values"][unit][len(entries) :]).all()
    for name in ("mean", "variance", "share_active", "share_images", "class_means"):
        np.testing.assert_allclose(got[name], want[name], rtol=2e-6, atol=2e-6, err_msg=name)
    for name in ("minimum", "maximum", "broken"):
        np.testing.assert_array_equal(got[name], want[name], err_msg=name)
    assert (got["histogram"].sum(1) == len(values) - want["broken"]).all()


@pytest.mark.parametrize("space", [(3, 5), (6,), (2, 2, 3), (), (13, 11)])
@pytest.mark.parametrize("batch", [1, 7, 40])
def test_everything_equals_a_sort_over_all_activations_ties_included(space: tuple[int, ...], batch: int) -> None:
    values, labels = tied(space=space)
    parts = [list(range(i, min(i + batch, 40))) for i in range(0, 40, batch)]
    check(gather(values, labels, parts), values, labels)


def test_real_numbers_too_over_maps_larger_than_the_cache() -> None:
    values = torch.randn(6, 3, 300, 300) * torch.tensor([1e-3, 1.0, 1e3]).view(1, 3, 1, 1) + 0.1
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    check(gather(values, labels, [[0, 1, 2, 3], [4, 5]]), values, labels)


def test_units_of_any_memory_layout_give_the_same() -> None:
    values, labels = tied()
    plain = gather(values, labels, [list(range(40))])
    turned = gather(values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), labels, [list(range(40))])
    assert as_bytes(plain) == as_bytes(turned)


def test_images_with_values_that_are_not_finite_are_left_out_and_counted() -> None:
    values, labels = tied()
    values[3, 2, 1, 1] = torch.nan
    values[5, 2, 0, 0] = torch.inf
    values[7, 4, 2, 2] = -torch.inf
    state = gather(values, labels, [list(range(0, 40, 2)), list(range(1, 40, 2))])
    check(state, values, labels)
    assert computed(state)["broken"].tolist() == [0, 0, 2, 0, 1, 0, 0]


@pytest.mark.parametrize("waiting", [1, 12, 1024])
def test_units_that_fire_together_equal_the_correlation_of_all_pairs(
    waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pairs, "WAITING", waiting)
    values = torch.randn(40, 8, 2, 2) * 3
    values[:, 3] = 1.7 * values[:, 1]  # another scale, the same images
    values[:, 5] = -1.0  # silent
    values[2, 2, 0, 0] = torch.nan
    labels = torch.arange(40) % 3
    shards = [list(range(i, i + 8)) for i in (24, 0, 32, 8, 16)]
    state = gather(values, labels, shards[:2])
    state.merge(gather(values, labels, shards[2:]))
    for name, part in {"one": slice(0, 4), "two": slice(4, 8)}.items():
        want = correlations(values[:, part].flatten(2).numpy(), Histogram.EDGES)
        got = state.compute()[name]
        for unit in range(4):
            known = [(p, r) for p, r in zip(got["partners"][unit], got["correlations"][unit], strict=True) if p >= 0]
            order = sorted((u for u in range(4) if np.isfinite(want[unit, u])), key=lambda u: (-want[unit, u], u))
            assert {p for p, _ in known} == set(order)
            np.testing.assert_allclose([r for _, r in known], want[unit, [p for p, _ in known]], atol=1e-6)
            assert [r for _, r in known] == sorted((r for _, r in known), reverse=True)
    assert state.compute()["one"]["partners"][1, 0] == 3
    assert (state.compute()["two"]["partners"][1] == -1).all()


def test_wide_layers_and_many_classes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels = torch.randn(40, 7, 3, 5), torch.arange(40) % 3
    monkeypatch.setattr(Pairs, "MOST", 3)
    monkeypatch.setattr(ClassMeans, "MOST", 8)
    state = gather(values, labels, [list(range(40))])
    whole = state.compute()
    assert (whole["two"]["partners"] == -1).all()
    assert (whole["one"]["partners"][1] >= 0).any()
    limited = SurveyState()
    index = torch.arange(40)
    for part, name in ((slice(0, 3), "one"), (slice(3, 7), "two")):
        limited.see(name, summarise(values[index, part], index, labels), K)
    limited.close(classed=1)
    found = limited.compute()
    assert found["one"]["class_means"].shape[0] == 0
    assert found["two"]["class_means"].shape == (2, 4)  # eight numbers of four units leave room for two classes
    monkeypatch.undo()
    want = gather(values, labels, [list(range(40))]).compute()["two"]["class_means"]
    np.testing.assert_array_equal(found["two"]["class_means"], want[:2])


def test_a_top_k_larger_than_the_data_has_free_places() -> None:
    values, labels = tied(count=3)
    got = computed(gather(values, labels, [[0], [1, 2]], k=5))
    assert (got["images"][:, 3:] == -1).all()
    assert np.isnan(got["values"][:, 3:]).all()
    assert (got["images"][:, :3] >= 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_shards_in_any_order_merged_in_any_tree_give_the_same_bytes(seed: int) -> None:
    rng = random.Random(seed)
    values, labels = tied()
    values[:, 5:] = torch.randn(40, 2, 3, 5) * 10 ** torch.linspace(-6, 6, 40).view(40, 1, 1, 1)
    values[9, 6, 0, 0] = torch.nan
    shards = [list(range(i, i + 5)) for i in range(0, 40, 5)]
    straight = gather(values, labels, shards)
    pieces = [gather(values, labels, [shard]) for shard in shards]
    rng.shuffle(pieces)
    while len(pieces) > 1:
        one = pieces.pop(rng.randrange(len(pieces)))
        pieces[rng.randrange(len(pieces))].merge(one)
    assert as_bytes(pieces[0]) == as_bytes(straight)
    want, got = computed(straight), computed(pieces[0])
    assert {k: v.tobytes() for k, v in want.items()} == {k: v.tobytes() for k, v in got.items()}


def test_zeros_of_both_signs_are_tied() -> None:
    values, labels = torch.zeros(6, 2, 2, 2), torch.arange(6) % 3
    values[::2] = -0.0
    state = gather(values, labels, [[3, 4], [0, 1, 5], [2]])
    check(state, values, labels)
    assert as_bytes(state) == as_bytes(gather(values.abs(), labels, [[0, 1, 2], [3, 4, 5]]))


def test_no_shard_counts_twice() -> None:
    values, labels = tied()
    one, two = (gather(values, labels, [list(range(4))]) for _ in range(2))
    one.finish(0, [], [])
    two.finish(0, [], [])
    with pytest.raises(ValueError, match=r"shards \[0\] are in both"):
        one.merge(two)


def test_states_survive_being_written_as_arrays() -> None:
    values, labels = tied()
    state = gather(values, labels, [list(range(20))])
    again = SurveyState.from_parts(
        json.loads(json.dumps(state.card())), {k: v.copy() for k, v in state.arrays().items()}
    )
    assert as_bytes(again) == as_bytes(state)
    for s in (state, again):
        index = torch.arange(20, 40)
        s.see("one", summarise(values[20:, :3], index, labels[20:]), K)
        s.see("two", summarise(values[20:, 3:], index, labels[20:]), K)
        s.close()
    check(again, values, labels)
    assert as_bytes(again) == as_bytes(state)


def test_wide_numbers_sort_like_narrow_ones() -> None:
    values, labels = tied()
    narrow = gather(values, labels, [list(range(40))])
    wide = gather(values.double(), labels, [list(range(40))])
    for name in ("images", "positions"):
        np.testing.assert_array_equal(computed(narrow)[name], computed(wide)[name])
    assert computed(wide)["values"].dtype == np.float64


def test_images_that_come_in_the_wrong_order_still_win_their_ties() -> None:
    values, labels = tied()
    parts = [list(range(i, i + 4)) for i in range(0, 40, 4)]
    assert as_bytes(gather(values, labels, parts[::-1])) == as_bytes(gather(values, labels, parts))


def test_exact_sums_equal_fractions_in_any_order() -> None:
    rng = random.Random(0)
    numbers = [rng.uniform(-1, 1) * 2.0 ** rng.randint(-60, 60) for _ in range(300)] + [0.0, 1e20, -1e20, 3e-19]
    kept = [math.trunc(Fraction(v) * 2**80) for v in numbers]
    want = float(Fraction(sum(kept), 2**80))
    seen = set()
    for _ in range(5):
        rng.shuffle(numbers)
        total = ExactSum.zeros([1])
        for v in numbers:
            total.add(torch.tensor([v], dtype=torch.float64))
        value = float(total.value())
        assert value == pytest.approx(want, rel=1e-15)
        seen.add(value)
    assert len(seen) == 1


def test_histogram_bins_are_half_octaves() -> None:
    edges = Histogram.EDGES
    assert len(edges) == Histogram.BINS
    peaks = torch.tensor([-1.0, 0.0, 2.0**-20, 2.0**-16, 1.0, 1.49, 1.5, 1.99, 2.0, 65535.0, 65536.0, 1e9])
    index = torch.arange(len(peaks))
    histogram = Histogram(1)
    histogram.update(summarise(peaks.view(-1, 1, 1, 1).expand(-1, 1, 2, 2), index, index * 0 - 1))
    want = np.zeros(Histogram.BINS, dtype=int)
    for value in peaks.tolist():
        want[max(0, int(np.searchsorted(edges, value, side="right")) - 1) if value > 0 else 0] += 1
    np.testing.assert_array_equal(histogram.counts.numpy()[0], want)


def test_the_smallest_of_each_row_stand_as_a_stable_sort_has_them() -> None:
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 30, (40, 60)).astype(float)  # many ties
    keys[3] = np.inf
    keys[5, 7:] = np.inf
    for count in (1, 16, 60, 80):
        np.testing.assert_array_equal(_smallest(keys, count), np.argsort(keys, axis=1, kind="stable")[:, :count])
