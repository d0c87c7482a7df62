"""The sequence pages as a reader meets them: colours, keys, matches worked out in the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser.sequence_walk import SETTLE, addresses, findings, first, go
from tests.sequences.planted import Planted, planted, texts

from deepro import registry
from deepro.kinds.sequences.trace import Trace
from deepro.methods.sequences.match import match
from deepro.report import build
from deepro.store import Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trace]:
    ws, net, corpus = Workspace(tmp_path_factory.mktemp("sequences") / "ws"), planted(), texts(3, 150)
    ws.add_network(net)
    start = corpus[0].index('"')
    trace = registry.get("trace")(net, corpus)
    ws.add(trace)
    ws.add(registry.get("find_cells")(net, corpus, ["double quotes", "word position"], shifts=5, controls=1, others=2))
    ws.add(registry.get("memory")(net, corpus, steps=20))
    ws.add(registry.get("match")(net, corpus, start, start + 2, cells=str(Planted.quote), threshold=1.5))
    return build(ws), trace


def test_each_character_has_the_colour_of_the_cells_state(made: tuple[Path, Trace], visit: Any) -> None:
    page, trace = made
    tab = visit(page, color_scheme="light")
    go(tab, first(tab, "sequence") + f"?cell=rnn%7C0%7Cc%7C{Planted.quote}")
    tab.wait_for_selector(".strip-row canvas")
    tab.evaluate(SETTLE)
    colours = tab.evaluate(
        """() => [...document.querySelectorAll(".strip-row")].sort((a, b) => a.dataset.row - b.dataset.row)
          .flatMap((row) => { const c = row.querySelector("canvas");
            const d = c.getContext("2d").getImageData(0, 0, c.width, 1).data;
            return Array.from({ length: c.width }, (_, i) => [d[4 * i], d[4 * i + 2]]); })"""
    )
    states = trace.c["rnn"][0, 0, : len(colours), Planted.quote]
    warmth = np.array([red - blue for red, blue in colours])
    clear = np.abs(states) > 0.3 * np.abs(states).max()
    assert clear.sum() > 20
    paper = 248 - 244
    assert (np.sign(warmth[clear] - paper) == np.sign(states[clear])).all()


def test_a_range_by_keyboard_finds_what_the_library_finds(made: tuple[Path, Trace], visit: Any) -> None:
    page, _ = made
    corpus = texts(3, 150)
    start = corpus[0].index('"')
    tab = visit(page)
    go(tab, first(tab, "sequence") + f"?cell=rnn%7C0%7Cc%7C{Planted.quote}&at={start}")
    tab.focus(".strip-box")
    tab.keyboard.press("Shift+ArrowRight")
    tab.wait_for_selector(".matching .chip")
    assert f"at={start}" in tab.url
    assert f"to={start + 2}" in tab.url
    tab.select_option(".matching select >> nth=0", "1")
    for box in tab.locator(".matching input[type=checkbox]").all():
        box.uncheck()
    tab.evaluate(SETTLE)
    unit = int(tab.inner_text(".matching .chip strong").split()[-1])
    expected = match(planted(), corpus, start, start + 2, cells=str(unit), top=1000)
    shown = tab.locator(".matching .matches-list a").evaluate_all("all => all.map((a) => a.title)")
    places = {(*map(int, title.rsplit(" ", 1)[1].split("–")), title.rsplit(" ", 1)[0]) for title in shown}
    found = {
        (int(a), int(b), f"sequence {n}")
        for n, a, b in zip(expected.sequences, expected.starts, expected.stops, strict=True)
    }
    # The page knows the states to one part in 127: a run may begin or end a step apart.
    near = [p for p in places if any(abs(p[0] - f[0]) <= 1 and abs(p[1] - f[1]) <= 1 and p[2] == f[2] for f in found)]
    assert len(places) > 2
    assert len(near) >= 0.9 * max(len(places), len(found))


def test_the_chosen_unit_stays_in_the_address_and_changes_the_text(made: tuple[Path, Trace], visit: Any) -> None:
    tab = visit(made[0])
    go(tab, first(tab, "sequence"))
    tab.wait_for_selector(".picker .chip")
    before = tab.url
    tab.click(".picker-row button >> nth=1")
    tab.evaluate(SETTLE)
    assert "cell=rnn" in tab.url
    assert tab.url != before
    tab.click(".timeline-lane >> nth=0", position={"x": 100, "y": 5})
    tab.wait_for_selector(".step")
    assert "Expected next" in tab.inner_text(".step")


@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("zh-Hant", "light"), ("zh-Hans", "dark")])
def test_axe_finds_nothing(language: str, theme: str, made: tuple[Path, Trace], visit: Any, axe: str) -> None:
    tab = visit(made[0], color_scheme=theme)
    tab.select_option(".top select", language)
    for address in addresses(tab):
        go(tab, address + ("?at=3&to=9" if address.startswith("#/sequence/") else ""))
        assert findings(tab, axe) == [], address


def test_a_tablet_needs_no_sideways_scrolling(made: tuple[Path, Trace], browser: Any) -> None:
    tab = browser.new_page(viewport={"width": 820, "height": 1180}, locale="en-GB")
    tab.goto(made[0].as_uri())
    tab.wait_for_selector("main h1")
    for address in addresses(tab):
        go(tab, address)
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 820, address
    tab.close()
