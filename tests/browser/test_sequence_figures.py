"""Figures of sequences as a reader meets them: attention, steps, interventions, losses, spaces, automata, series."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser.sequence_walk import SETTLE, addresses, findings, first, go
from tests.sequences.machines import backwards, describer, even, hybrid
from tests.sequences.planted import Planted, planted, texts

from deepro import registry
from deepro.kinds.sequences.attention import Attention
from deepro.kinds.sequences.matches import Matches
from deepro.kinds.sequences.response_similarity import ResponseSimilarity
from deepro.kinds.sequences.steps import Steps
from deepro.methods.sequences.responses import alike
from deepro.network.sound import Sound
from deepro.report import build
from deepro.results import Result
from deepro.store import Workspace

WORD = "abcdca"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Result]]:
    ws = Workspace(tmp_path_factory.mktemp("figures") / "ws")
    kept: dict[str, Result] = {}

    def add(name: str, method: str, net: Any, *data: Any, **options: Any) -> None:
        ws.add_network(net)
        kept[name] = registry.get(method)(net, *data, **options)
        ws.add(kept[name])

    writer, reader, series, ear = backwards(), planted(), hybrid(), hybrid(1, 20)
    add("written", "trace", writer, WORD)
    add("attention", "attention", writer, WORD)
    text = texts(1, 60)[0][:60]
    for step in (20, 30, 41):
        add(f"steps {step}", "attribute_steps", reader, text, step=step, how="occlusion")
    add("intervention", "intervene", reader, text, "rnn", unit=Planted.quote, start=5, write=6)
    corpus = texts(3, 120)
    add("losses", "loss_breakdown", reader, corpus)
    add("space", "state_space", reader, corpus, regions=3)
    add("responses", "responses", reader, corpus)
    other = registry.get("responses")(planted(), corpus, state="c")
    assert kept["responses"].provenance is not None
    made = replace(kept["responses"].provenance, method="compare_responses")
    kept["likeness"] = replace(alike(kept["responses"], other, other.provenance.network["name"]), provenance=made)  # type: ignore[arg-type]
    ws.add(kept["likeness"])
    pytest.importorskip("aalpy", reason="AALpy is not installed: pip install 'deepro[automata]'")
    add("automaton", "automaton", even(), words=60)
    waves = np.stack([np.sin(np.arange(80) / 4), np.cos(np.arange(80) / 7)], 1).astype(np.float32)
    add("series", "trace", series, waves)
    add("series match", "match", series, [waves], 30, 36, most=2)
    add("nothing", "match", reader, ['ab a"b" ab ab'], 5, 6, most=5)
    add("series steps", "attribute_steps", series, waves, step=50, how="gradient_x_input")
    add("series intervention", "intervene", series, waves, "rnn", unit=1, start=30)
    add("heard", "trace", ear, Sound((0.5 * np.sin(np.arange(1600) / 3)).astype(np.float32), 8000))
    picture = np.random.default_rng(5).normal(size=(40, 12)).astype(np.float32)
    add("seen", "trace", describer(), picture)
    add("described", "attention", describer(), picture)
    return build(ws), kept


def shares(tab: Any, row: str) -> list[int]:
    """The per cent beneath each token of a row; 0 where nothing stands."""
    told = tab.locator(f".token-row[aria-label='{row}'] small").evaluate_all("all => all.map((e) => e.innerText)")
    return [int(t.rstrip("%") or 0) for t in told]


def test_either_side_of_attention_lights_up_the_other(made: tuple[Path, dict[str, Result]], visit: Any) -> None:
    page, kept = made
    result = kept["attention"]
    assert isinstance(result, Attention)
    tab = visit(page)
    for address in (a for a in addresses(tab) if a.startswith("#/figure/")):
        go(tab, address)
        if f"“{WORD}”" in tab.inner_text(".lead"):
            break
    percent = np.rint(100 * result.weights)
    tab.hover(".token-row[aria-label='Written'] .token >> nth=1")
    assert shares(tab, "Read") == percent[1].tolist()
    grounds = tab.locator(".token-row[aria-label='Read'] .token").evaluate_all(
        "all => all.map((e) => e.style.background)"
    )
    assert len(set(grounds)) > 1
    tab.focus(".token-row[aria-label='Written'] .token[tabindex='0']")
    tab.mouse.move(5, 5)
    tab.keyboard.press("End")
    assert shares(tab, "Read") == percent[-1].tolist()
    tab.keyboard.press("ArrowLeft")
    assert shares(tab, "Read") == percent[-2].tolist()
    # The reverse: who reads this token.
    tab.focus(".token-row[aria-label='Read'] .token[tabindex='0']")
    tab.keyboard.press("Home")
    assert shares(tab, "Written") == percent[:, 0].tolist()
    # The matrix: its rows by the arrows, its fields by the mouse.
    tab.focus(".timeline-box")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    assert shares(tab, "Read") == percent[1].tolist()
    assert "Step 1" in tab.inner_text("aside h3")
    tab.click(".timeline-lane >> nth=-1", position={"x": 60, "y": 24 * 3 + 8})
    assert shares(tab, "Read") == percent[3].tolist()


def test_what_is_written_lights_up_the_picture_it_was_read_from(
    made: tuple[Path, dict[str, Result]], visit: Any
) -> None:
    tab = visit(made[0])
    links = [a for a in addresses(tab) if a.startswith("#/figure/")]
    for address in links:
        go(tab, address)
        if "12 features" in tab.inner_text("main"):
            break
    assert tab.locator(".timeline-lane").count() == 3  # the picture, the weights of what is chosen, the matrix
    tab.focus(".timeline-box")
    for frame in (1, 2):
        tab.keyboard.press("ArrowDown")
        assert f"Step {frame} “" in tab.inner_text("aside h3")
        assert tab.inner_text("aside li >> nth=0").startswith(f"Step {frame}")
        assert "100%" in tab.inner_text("aside li >> nth=0").replace("> 99.9%", "100%")
    tab.keyboard.press("ArrowRight")
    tab.evaluate(SETTLE)
    assert "is read by" in tab.inner_text("aside h3")
    tab.hover(".timeline-lane >> nth=-1", position={"x": 30, "y": 5})
    assert "It reads from" in tab.inner_text("aside h3")


def test_an_output_is_chosen_by_mouse_and_by_keys(made: tuple[Path, dict[str, Result]], visit: Any) -> None:
    page, kept = made
    tab = visit(page)
    go(tab, first(tab, "Steps"))
    known = {step: kept[f"steps {step}"] for step in (20, 30, 41)}

    def holds(step: int) -> None:
        result = known[step]
        assert isinstance(result, Steps)
        tab.evaluate(SETTLE)
        assert f"step {step}:" in tab.inner_text("main h2")
        told = tab.locator(".token-row[aria-label='What each step counts for it'] small").all_inner_texts()
        large = np.abs(result.values) >= 0.05 * np.abs(result.values).max()
        assert [t != "" for t in told] == large.tolist()
        numbers = [float(t.replace("−", "-")) for t in told if t]
        assert np.allclose(numbers, result.values[large], rtol=6e-3, atol=1e-9)
        own, chance = re.findall(r"\(([-\d.E]+)\)", tab.inner_text(".deletion figcaption"))
        assert float(own) == pytest.approx(result.deletion.mean(), rel=6e-3, abs=1e-5)
        assert float(chance) == pytest.approx(result.random.mean(), rel=6e-3, abs=1e-5)

    begun = int(re.findall(r"\d+", tab.inner_text("main h2"))[0])
    holds(begun)  # the result that the address names
    outputs = ".token-row[aria-label='Output that is explained']"
    tab.click(f"{outputs} .token[data-index='20']")
    holds(20)
    tab.keyboard.press("ArrowRight")
    holds(30)
    tab.select_option(".figure-columns select", "2")
    holds(41)
    counts = ".token-row[aria-label='What each step counts for it']"
    strongest = int(np.abs(known[41].values).argmax())  # type: ignore[attr-defined]
    tab.hover(f"{counts} .token[data-index='{strongest}']")
    assert f"Step {strongest} " in tab.inner_text(".figure-value")


def test_an_intervention_shows_text_loss_and_prediction_change(
    made: tuple[Path, dict[str, Result]], visit: Any
) -> None:
    page, kept = made
    result: Any = kept["intervention"]
    tab = visit(page)
    go(tab, first(tab, "Intervention"))
    turned = sum(a != b for a, b in zip(result.best, result.changed_best, strict=True))
    assert f"at {turned} of {len(result.change) - 5} steps" in tab.inner_text("main")
    assert tab.locator(".written-pair pre").all_inner_texts() == [result.written, result.changed_text]
    tab.focus(".timeline-box")
    for _ in range(3):
        tab.keyboard.press("ArrowLeft")
    at = int(np.argmax(result.change)) - 3
    assert tab.inner_text(".figure-value").startswith(f"Step {at} ")
    labels = tab.inner_text(".timeline-labels")
    assert all(word in labels for word in ("Change of the prediction", "Loss untouched", "Loss changed"))


def test_a_word_is_led_through_the_automaton(made: tuple[Path, dict[str, Result]], visit: Any) -> None:
    tab = visit(made[0])
    go(tab, first(tab, "Automaton"))
    letters = ".toggles[aria-label='Try a word'] button"
    for accepted in ("rejected", "accepted", "rejected"):
        tab.click(f"{letters} >> nth=0")
        assert accepted in tab.inner_text(".automaton-word")
    assert tab.locator(".automaton g.now path").count() >= 1


def test_losses_and_regions_lead_to_the_place(made: tuple[Path, dict[str, Result]], visit: Any) -> None:
    page, kept = made
    losses: Any = kept["losses"]
    tab = visit(page)
    go(tab, first(tab, "Losses"))
    assert tab.locator(".losses tbody tr").count() == len(losses.groups)
    tab.click(".losses th button >> nth=1")
    shown = [float(t.split("/")[0]) for t in tab.locator(".losses .pair-text").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    go(tab, first(tab, "State space"))
    tab.focus(".space-path input")
    before = tab.inner_text(".space-text")
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text(".space-text") != before
    tab.focus(".regions .region >> nth=1")
    assert tab.locator(".moves g.now, .moves g.away").count() > 0


def test_a_range_of_a_series_is_selected_by_mouse_and_by_keys(made: tuple[Path, dict[str, Result]], visit: Any) -> None:
    tab = visit(made[0])
    series = [a for a in addresses(tab) if a.startswith("#/sequence/")]
    for address in series:
        go(tab, address)
        if not tab.locator(".strip-box").count() and "80 steps" in tab.inner_text(".lead"):
            break
    box = tab.locator(".timeline-lane >> nth=0").bounding_box()
    tab.mouse.move(box["x"] + 100, box["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 190, box["y"] + 12, steps=4)
    tab.mouse.up()
    tab.wait_for_selector(".matching h2")
    start, stop = map(int, re.findall(r"\d+", tab.inner_text(".matching h2")))
    assert stop - start > 2
    tab.focus(".timeline-box")
    tab.keyboard.press("Shift+ArrowRight")
    tab.evaluate(SETTLE)
    assert tuple(map(int, re.findall(r"\d+", tab.inner_text(".matching h2")))) == (start, stop + 1)
    assert f"to={stop + 1}" in tab.url
    # A cell's own threshold: further out, it is on less often.
    tab.uncheck(".matching input >> nth=0")
    tab.uncheck(".matching input >> nth=1")
    tab.evaluate(SETTLE)
    before = tab.inner_text(".threshold .chip >> nth=0")
    tab.focus(".threshold input >> nth=0")
    tab.keyboard.press("ArrowRight")
    tab.evaluate(SETTLE)
    assert tab.inner_text(".threshold .chip >> nth=0") != before
    tab.click(".threshold .toggle:not(.chip)")
    assert tab.inner_text(".threshold .chip >> nth=0") == before


WORDS = ("main :is(h1, h2, h3, th, dt, figcaption, .caption, .figure-value), main .timeline-labels > div, "
         "main .toggles button, main svg text")  # fmt: skip
NAMES = re.compile(r"\b[abcd]+\b|Backwards|Planted|Hybrid|Even|Shift|Deepro|rnn|lstm|AUC|English|kHz|nats")


def test_a_field_tells_how_alike_two_tokens_are_to_both_networks(
    made: tuple[Path, dict[str, Result]], visit: Any
) -> None:
    one = made[1]["likeness"]
    assert isinstance(one, ResponseSimilarity)
    tab = visit(made[0])
    go(tab, f"#/figure/{one.provenance.key}")
    stage = tab.locator("main [tabindex='0'][aria-label*='arrow keys']").first
    stage.focus()
    for _ in range(2):
        tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    told = tab.locator(".figure-value").inner_text()
    pairs = {
        (a, b): [f"{one.likeness[k, i, j]:.3g}".replace("-", "−") for k in (0, 1)]
        for i, a in enumerate(one.tokens) for j, b in enumerate(one.tokens)
    }  # fmt: skip
    found = re.match(r"“(.)” and “(.)”: (\S+) here, (\S+) in", told)
    assert found, told
    signs = {"␣": " ", "↵": "\n", "⏎": "\n"}
    a, b, here, there = found.groups()
    expected = pairs[signs.get(a, a), signs.get(b, b)]
    assert [here.replace("-", "−"), there.replace("-", "−")] == expected
    rows = tab.locator("main table.numbers tbody tr th").all_inner_texts()
    assert len(rows) == len(one.tokens)
    worst = one.tokens[int(np.argmin(one.agreement))]
    assert signs.get(rows[0].strip(), rows[0].strip()) == worst


def test_a_match_in_a_series_shows_the_series(made: tuple[Path, dict[str, Result]], visit: Any) -> None:
    tab = visit(made[0])
    found, nothing = made[1]["series match"], made[1]["nothing"]
    assert isinstance(found, Matches)
    assert isinstance(nothing, Matches)
    go(tab, f"#/matches/{found.provenance.key}")
    curves = tab.locator("main svg.sparkline")
    assert curves.count() == 1 + len(found.starts) + len(found.nearest)
    assert curves.first.locator("path").count() == 2
    box, shade = (curves.first.locator(e).first.bounding_box() for e in ("path", "rect"))
    assert shade["x"] == pytest.approx(box["x"] + box["width"] * 29.5 / 75, abs=3)
    assert tab.locator("main .match-steps").first.inner_text() == "30–36"
    # Nothing found: the nearest miss instead of an empty table.
    assert len(nothing.starts) == 0
    go(tab, f"#/matches/{nothing.provenance.key}")
    share = round(100 * nothing.miss["cells"] / len(nothing.cells))
    assert f"nearest miss: {share}" in tab.locator("main .note").inner_text()
    assert tab.locator("main table").count() == 0


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans"])
def test_figures_speak_the_readers_language(language: str, made: tuple[Path, dict[str, Result]], visit: Any) -> None:
    tab = visit(made[0])
    tab.select_option(".top select", language)
    for address in addresses(tab):
        go(tab, address)
        words = tab.locator(WORDS)
        for said in words.all_text_contents():
            assert not re.search(r"[A-Za-z]{4,}", NAMES.sub("", said)), (address, said)


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh-Hant", "dark"), ("zh-Hans", "light")])
def test_axe_finds_nothing(
    language: str, theme: str, made: tuple[Path, dict[str, Result]], visit: Any, axe: str
) -> None:
    tab = visit(made[0], color_scheme=theme)
    tab.select_option(".top select", language)
    found = addresses(tab)
    assert len([a for a in found if a.startswith("#/figure/")]) == 11
    for address in found:
        go(tab, address)
        assert findings(tab, axe) == [], address
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 1280, address
