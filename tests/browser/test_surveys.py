"""Survey, layer, unit, health and experiment pages, as a reader meets them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests import synthetic, synthetic_survey
from tests.browser.test_report import BROKEN, UNSIZED, go

from deepro.report import build
from deepro.store import Workspace

KINDS = ("occlusion_maps", "correspondence", "invariance", "evolution", "ablation", "comparison")


@pytest.fixture(scope="session")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(synthetic_survey.workspace(tmp_path_factory.mktemp("survey") / "ws"))


@pytest.fixture(scope="session")
def surveyed_single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(synthetic_survey.workspace(tmp_path_factory.mktemp("survey1") / "ws"), single_file=True)


def addresses(tab: Any) -> dict[str, str]:
    """The address of every kind of page, found by following links."""
    go(tab, "#/network")
    go(tab, "#/")
    found = {"survey": tab.get_attribute(".survey-card", "href")}
    links = tab.eval_on_selector_all(".experiment-card", "all => all.map((a) => a.getAttribute('href'))")
    assert len(links) == len(KINDS)
    found |= {f"experiment {i}": link for i, link in enumerate(links)}
    go(tab, found["survey"])
    found["health"] = tab.get_attribute(".health-line a", "href")
    found["layer"] = tab.get_attribute(".survey-layers tbody a", "href")
    go(tab, found["layer"])
    found["unit"] = tab.get_attribute(".unit-cell >> nth=2", "href")
    go(tab, found["unit"])
    found["about"] = tab.get_attribute(".lead .madeby", "href")
    found["bare"] = found["survey"] + "/features.3"
    found["missing"] = found["survey"] + "/features.0/999"
    return found


@pytest.mark.parametrize("kind", ["surveyed", "surveyed_single"])
def test_every_picture_of_every_page_loads(kind: str, visit: Any, request: pytest.FixtureRequest) -> None:
    tab = visit(request.getfixturevalue(kind))
    shown = 0
    for address in addresses(tab).values():
        go(tab, address)
        assert tab.evaluate(BROKEN) == []
        assert tab.evaluate(UNSIZED) == 0
        assert tab.locator("[onerror]").count() == 0
        shown += tab.locator("img").count()
    assert shown > 150


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_axe_finds_nothing(language: str, theme: str, surveyed: Path, visit: Any, axe: str) -> None:
    tab = visit(surveyed, color_scheme=theme)
    tab.select_option(".top select", language)
    for name, address in addresses(tab).items():
        go(tab, address)
        tab.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true })")
        tab.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}")
        found = tab.evaluate("async () => (await axe.run({ preload: false })).violations")
        told = [(v["id"], n["html"][:160], n.get("failureSummary")) for v in found for n in v["nodes"][:2]]
        assert told == [], name


def test_a_units_page_says_what_the_survey_says(surveyed: Path, visit: Any) -> None:
    found = synthetic_survey.survey({"features.0": 80, "features.3": 40}).layers["features.0"]
    address = addresses(visit(surveyed))["survey"]
    tab = visit(surveyed, f"{address}/features.0/3")
    text = tab.inner_text("main")
    assert f"{found.values[3, 0]:.3g}" in text
    assert f"{found.images[3, 0]:03}.jpg" in text
    assert "Classes whose score it raises" in text
    assert tab.locator(".survey-unit-side", has_text="cow").count() == 1
    assert tab.locator(".survey-examples li").count() == 9
    assert tab.locator(".partners li").count() == 8
    assert tab.locator(".made img").count() == 1  # the pattern made for it is in the workspace
    tab = visit(surveyed, f"{address}/features.0/4")
    assert "deepro imagine builtin:tiny 'features.0#4'" in tab.inner_text(".made")
    assert "duplicate" in tab.inner_text(".unit-findings")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("() => document.querySelector('h1').innerText.endsWith('5')")


def test_boxes_lie_where_the_unit_looked(surveyed: Path, visit: Any) -> None:
    tab = visit(surveyed, addresses(visit(surveyed))["unit"])
    frame = tab.locator(".survey-examples .frame >> nth=0").bounding_box()
    photo = tab.locator(".survey-examples .boxed-frame >> nth=0").bounding_box()
    assert photo["width"] / photo["height"] == pytest.approx(80 / 50, rel=0.02)
    assert frame["x"] - photo["x"] == pytest.approx(photo["width"] * 10 / 80, abs=1.5)
    assert frame["width"] == pytest.approx(photo["width"] * 20 / 80, abs=1.5)
    assert frame["y"] - photo["y"] == pytest.approx(photo["height"] * 5 / 50, abs=1.5)


def test_tiles_show_their_unit(surveyed_single: Path, visit: Any) -> None:
    """The pixels in the page, decoded by the browser, are the gallery's: each patch is one colour."""
    tab = visit(surveyed_single, addresses(visit(surveyed_single))["survey"] + "/features.0")
    colours = tab.evaluate(
        """() => [...document.querySelectorAll('.unit-cell')].slice(0, 6).map((cell) => {
          const crop = cell.querySelectorAll('.crop')[1], image = crop.querySelector('img');
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const context = canvas.getContext('2d', { willReadFrequently: true });
          context.drawImage(image, 0, 0);
          const frame = crop.getBoundingClientRect(), whole = image.getBoundingClientRect();
          const at = (x, y) => [...context.getImageData(
            (frame.left - whole.left + x * frame.width) * image.naturalWidth / whole.width,
            (frame.top - whole.top + y * frame.height) * image.naturalHeight / whole.height, 1, 1).data];
          return [Number(cell.querySelector('strong').innerText), at(1 / 6, 1 / 6), at(0.5, 1 / 6), at(5 / 6, 5 / 6)];
        })"""
    )
    for unit, first, second, last in colours:
        for rank, pixel in ((0, first), (1, second), (8, last)):
            assert pixel[:3] == pytest.approx([4 * unit, 20 * rank, 100], abs=6), (unit, rank)


def test_units_are_found_filtered_and_ordered(surveyed: Path, visit: Any) -> None:
    tab = visit(surveyed, addresses(visit(surveyed))["survey"] + "/features.0")
    names = "() => [...document.querySelectorAll('.unit-cell strong')].map((s) => Number(s.innerText))"
    assert tab.evaluate(names)[:3] == [0, 1, 2]
    tab.fill(".survey-tools input", "7, 12")
    tab.wait_for_function("() => document.querySelectorAll('.unit-cell').length === 2")
    assert tab.evaluate(names) == [7, 12]
    tab.fill(".survey-tools input", "")
    tab.select_option(".survey-tools select >> nth=0", "faults")
    tab.wait_for_function("() => document.querySelectorAll('.unit-cell').length === 5")
    assert tab.evaluate(names) == [1, 2, 4, 5, 6]
    assert "show=faults" in tab.url
    tab.select_option(".survey-tools select >> nth=0", "")
    tab.select_option(".survey-tools select >> nth=1", "active")
    tab.wait_for_function("() => document.querySelector('.unit-cell strong').innerText === '79'")
    assert "sort=-active" in tab.url
    tab.fill(".survey-tools input", "bee")
    tab.wait_for_function("() => [...document.querySelectorAll('.prefers')].every((p) => p.innerText === 'bee')")


def test_the_health_page_begins_with_findings_and_shows_the_evidence(surveyed: Path, visit: Any) -> None:
    tab = visit(surveyed, addresses(visit(surveyed))["health"])
    assert tab.locator(".fault").count() == 5
    assert tab.locator(".fault h2").all_inner_texts()[0].startswith("dead")
    noisy = tab.locator(".fault", has_text="noisy")
    assert "50%" in noisy.inner_text()  # the threshold
    assert "80%" in noisy.inner_text()  # the evidence
    assert noisy.locator(".face img").count() == 2  # filter and spectrum
    assert tab.locator(".fault", has_text="duplicate").locator(".face img").count() == 2
    assert tab.locator(".filters li").count() == 80
    assert tab.locator(".filters .sick").count() == 5


def test_ten_thousand_units_scroll_like_ten(tmp_path: Path, visit: Any) -> None:
    ws = Workspace(tmp_path / "ws")
    found = synthetic_survey.survey({"wide": 10_000})
    for result in (found, synthetic_survey.gallery(found, "wide", 70)):
        ws.add(result)
    page = build(ws)
    tab = visit(page)
    address = tab.get_attribute(".survey-card", "href")
    started = time.monotonic()
    go(tab, f"{address}/wide")
    assert tab.locator(".unit-cell").count() < 60
    assert tab.locator("img").count() < 200
    tab.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    tab.get_by_role("link", name="9999").wait_for()
    assert tab.locator(".unit-cell").count() < 60
    tab.select_option(".survey-tools select >> nth=1", "maximum")
    tab.wait_for_function("() => location.hash.includes('sort=-maximum')")
    assert time.monotonic() - started < 20
    steps = tab.evaluate(
        """async () => {
          const times = [];
          for (let i = 0; i < 40; i++) {
            window.scrollBy(0, 900);
            const start = performance.now();
            await new Promise((done) => requestAnimationFrame(done));
            times.push(performance.now() - start);
          }
          return times.sort((a, b) => a - b)[20];
        }"""
    )
    assert steps < 100, f"{steps:.0f} ms a step of scrolling"


def test_a_tablet_needs_no_sideways_scrolling(surveyed: Path, browser: Any) -> None:
    tab = browser.new_page(viewport={"width": 820, "height": 1180}, locale="en-GB")
    tab.goto(surveyed.as_uri())
    tab.wait_for_selector("main h1")
    for address in addresses(tab).values():
        go(tab, address)
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 820, address
    tab.close()


def test_an_old_workspace_without_a_survey_has_no_such_pages(tmp_path: Path, visit: Any) -> None:
    tab = visit(build(synthetic.workspace(tmp_path / "ws")))
    assert tab.locator(".survey-card").count() == 0
    assert "Units" not in tab.inner_text(".top nav").split("\n")
