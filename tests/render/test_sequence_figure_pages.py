"""Figures of sequences as numbers for the viewer: they are the results' own."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from tests.pages import shown as all_pages
from tests.sequences.machines import backwards, hybrid
from tests.sequences.planted import Planted, planted, texts

from deepro import registry
from deepro.kinds.sequences import losses, state_space
from deepro.network.sound import Sound
from deepro.render.document import Values
from deepro.results import Result


def unpack(packed: Values) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed.data), dtype=packed.dtype).reshape(packed.shape)


def pages(*results: Result) -> tuple[dict[str, Any], list[Any]]:
    """(the fields of the overview, what each figure page shows)."""
    made = all_pages(*results)
    return made.overview, [page.shown for (kind, _), page in made.pages.items() if kind == "figure"]


def test_attention_stands_beside_what_was_read() -> None:
    net = backwards()
    traced, made = registry.get("trace")(net, "abcd"), registry.get("attention")(net, "abcd")
    # Whichever comes first: the page is made when all are known.
    fields, (shown,) = pages(made, traced)
    assert np.array_equal(unpack(shown.weights), made.weights)
    assert shown.read.tokens == list("abcd")
    assert shown.written == list("dcba")
    assert shown.read.sequence == fields["sequences"][0].id


def test_outputs_of_one_sequence_share_a_page() -> None:
    net, text = planted(), texts(1, 40)[0][:40]
    explain = registry.get("attribute_steps")
    late, early = (explain(net, text, step=s, how="gradient_x_input") for s in (30, 12))
    other = explain(net, text, step=30, how="occlusion")
    fields, (shown, same, second) = pages(late, early, other)
    assert same == shown
    assert shown.outputs == [12, 30]
    assert shown.made == [early.provenance.key, late.provenance.key]
    for row, made in enumerate((early, late)):
        for name in ("values", "deletion", "random"):
            assert np.allclose(unpack(getattr(shown, name))[row], getattr(made, name), rtol=1e-6)
        assert np.allclose(unpack(shown.features[row]), made.features, rtol=1e-6)
    assert shown.controls == [pytest.approx(early.control), pytest.approx(late.control)]
    assert (second.how, second.outputs) == ("occlusion", [30])
    assert [r.facts for r in fields["sequence_results"]] == [{"outputs": 2}, {"score": other.score}]
    every = explain(net, text[:12], step=11, how="gradient_x_input", every=True)
    _, (shown,) = pages(every)
    assert shown.outputs == list(range(12))
    assert [k for k, value in enumerate(shown.controls) if value is not None] == [11]
    assert np.allclose(unpack(shown.values), every.every["values"], rtol=1e-6)


def test_series_and_sounds_are_read_along_their_own_steps() -> None:
    few, many, ear = hybrid(2), hybrid(12), hybrid(1, 20)
    rows = np.random.default_rng(0).normal(size=(30, 12)).astype(np.float32)
    for net, given in ((few, rows[:, :2]), (many, rows)):
        made = registry.get("attribute_steps")(net, given, how="gradient")
        _, (shown,) = pages(made, registry.get("trace")(net, given))
        assert not shown.read.tokens
        if net is few:
            assert [np.array_equal(unpack(line.values), rows[:, k]) for k, line in enumerate(shown.read.lines)] == [
                True
            ] * 2
        else:
            sheet = shown.read.sheet
            back = unpack(sheet.values) / 255 * (sheet.high - sheet.low) + sheet.low
            assert np.abs(back - rows.T).max() <= 0.51 / 255 * (sheet.high - sheet.low)
    heard = Sound(np.sin(np.arange(800) / 5).astype(np.float32), 8000)
    (page,) = (p for (kind, _), p in all_pages(registry.get("trace")(ear, heard)).pages.items() if kind == "sequence")
    assert page.reading == "sound"
    assert page.sound.envelope.shape == [page.steps, 4, 2]


def test_an_intervention_keeps_both_readings() -> None:
    text = texts(1, 40)[0][:40]
    made = registry.get("intervene")(
        planted(), text, "rnn", unit=Planted.quote, how="clamp", value=2.0, start=7, write=3
    )
    _, (shown,) = pages(made)
    assert (shown.how, shown.value, shown.start) == ("clamp", 2.0, 7)
    assert np.allclose(unpack(shown.change), made.change, rtol=1e-6)
    assert np.allclose(unpack(shown.changed), made.changed_losses, rtol=1e-6, equal_nan=True)
    assert (shown.written, shown.changed_text) == (made.written, made.changed_text)


def test_the_largest_losses_are_told_in_their_context() -> None:
    corpus = texts(3, 60)
    made = registry.get("loss_breakdown")(planted(), corpus)
    _, (shown,) = pages(made)
    joined = np.concatenate(made.losses)
    assert [p.loss for p in shown.places] == sorted(joined[~np.isnan(joined)], reverse=True)[: losses.WORST]
    for place in shown.places:
        whole = place.before + place.token + place.after
        assert any(whole in text for text in corpus)
        assert len(place.token) == 1


def test_a_large_space_shows_whole_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    made = registry.get("state_space")(planted(), texts(4, 80), regions=3)
    lengths = [len(t) for t in made.trajectories]
    monkeypatch.setattr(state_space, "POINTS", lengths[0] + lengths[1] + 5)
    _, (shown,) = pages(made)
    assert shown.lengths == lengths[:2]
    assert unpack(shown.points).shape == (sum(lengths[:2]), 2)
    assert shown.steps == sum(lengths)
    monkeypatch.setattr(state_space, "POINTS", 30)
    _, (shown,) = pages(made)
    assert shown.lengths == [30]
    assert len(shown.texts[0]) == 30
    assert unpack(shown.moves).sum() == made.moves.sum()
