"""The report as a reader meets it: opened from disk in Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic
from tests.synthetic import NASTY

from deepro.render import colour, pixels
from deepro.report import build, viewer_page

SETTLE = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
BROKEN = "() => [...document.images].filter((i) => !(i.naturalWidth > 0)).map((i) => i.outerHTML.slice(0, 200))"
UNSIZED = (
    "() => [...document.images].filter((i) => !(i.getAttribute('width') > 0 && i.getAttribute('height') > 0)).length"
)


def go(tab: Any, hash_: str) -> None:
    """Follow an address within the open report."""
    tab.evaluate("hash => { document.querySelector('main h1').dataset.old = ''; location.hash = hash }", hash_)
    tab.wait_for_selector("main h1:not([data-old])")
    tab.evaluate(SETTLE)


def pages(tab: Any) -> dict[str, str]:
    """The address of one page of every kind, found by following links as a reader does."""
    found = {"overview": "#/", "network": "#/network", "patterns": "#/patterns"}
    go(tab, "#/patterns")
    found["pattern"] = tab.get_attribute(".pattern a", "href")
    go(tab, "#/")
    found["image"] = tab.get_attribute(".cards a", "href")
    go(tab, found["image"])
    found["unit"] = tab.get_attribute(".triple", "href")
    found["about"] = tab.get_attribute(".units .madeby", "href")
    found["missing"] = "#/image/no-such-photograph"
    return found


@pytest.mark.parametrize("kind", ["folder", "single"])
def test_every_picture_of_every_page_loads(kind: str, visit: Any, request: pytest.FixtureRequest) -> None:
    tab = visit(request.getfixturevalue(kind))
    shown = 0
    for address in pages(tab).values():
        go(tab, address)
        assert tab.evaluate(BROKEN) == []
        assert tab.evaluate(UNSIZED) == 0
        shown += tab.locator("img").count()
    assert shown > 30


def test_addresses_open_by_themselves(folder: Path, visit: Any) -> None:
    addresses = pages(visit(folder))
    tab = visit(folder, addresses["unit"])
    assert "features.3" in tab.inner_text("h1")  # the deepest layer comes first
    tab = visit(folder, addresses["about"])
    assert "deepro.deconvnet(" in tab.inner_text("pre")


def test_back_and_forward(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.click(".cards a")
    tab.wait_for_selector(".triple")
    tab.click(".triple")
    tab.wait_for_selector(".unit-triple")
    tab.go_back()
    tab.wait_for_selector(".triple")
    tab.go_back()
    tab.wait_for_selector(".cards")
    tab.go_forward()
    tab.wait_for_selector(".triple")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_axe_finds_nothing(language: str, theme: str, folder: Path, visit: Any, axe: str) -> None:
    tab = visit(folder, color_scheme=theme)
    tab.select_option(".top select", language)
    for name, address in pages(tab).items():
        go(tab, address)
        tab.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true })")
        tab.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}")
        found = tab.evaluate("async () => (await axe.run({ preload: false })).violations")
        told = [(v["id"], n["html"][:160], n.get("failureSummary")) for v in found for n in v["nodes"][:2]]
        assert told == [], name
    assert tab.evaluate("() => document.documentElement.lang") == language


def test_the_theme_follows_the_system_until_it_is_chosen(folder: Path, visit: Any) -> None:
    tab = visit(folder, color_scheme="dark")
    paper = "() => getComputedStyle(document.body).backgroundColor"
    dark = tab.evaluate(paper)
    tab.emulate_media(color_scheme="light")
    light = tab.evaluate(paper)
    assert dark != light
    tab.click(".theme")  # light
    tab.click(".theme")  # dark
    assert tab.evaluate(paper) == dark
    tab.reload()
    tab.wait_for_selector("main h1")
    assert tab.evaluate(paper) == dark


@pytest.mark.parametrize(
    ("locale", "language", "word"),
    [("zh-TW", "zh-Hant", "總覽"), ("zh-CN", "zh-Hans", "总览"), ("de-DE", "en", "Overview")],
)
def test_the_language_is_the_readers(locale: str, language: str, word: str, folder: Path, visit: Any) -> None:
    tab = visit(folder, locale=locale)
    assert tab.evaluate("() => document.documentElement.lang") == language
    assert word in tab.inner_text(".top nav")


def test_languages_change_without_reload(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.evaluate("() => { window.stayed = true }")
    english = tab.inner_text("main")
    tab.select_option(".top select", "zh-Hant")
    tab.wait_for_function("() => document.querySelector('main').innerText.includes('照片')")
    tab.select_option(".top select", "en")
    tab.wait_for_function("english => document.querySelector('main').innerText === english", arg=english)
    assert tab.evaluate("() => window.stayed")


def test_the_slider_changes_the_heatmap_and_asks_for_nothing(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.click(".cards a")
    tab.wait_for_selector(".image-top canvas[data-drawn]")
    tab.evaluate(SETTLE)
    opacity = "() => Number(getComputedStyle(document.querySelector('.image-top canvas')).opacity)"
    before, asked = tab.evaluate(opacity), len(tab.told.requests)
    tab.fill(".slider input", "25")
    assert tab.evaluate(opacity) == 0.25 != before
    assert tab.inner_text(".slider output") == "25%"
    tab.focus(".slider input")
    tab.keyboard.press("End")
    assert tab.evaluate(opacity) == 1
    assert len(tab.told.requests) == asked


def test_the_threshold_shows_the_strongest_pixels(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.click(".cards a")
    tab.wait_for_selector(".image-top canvas[data-drawn]")
    asked = len(tab.told.requests)
    read = (
        "() => { const c = document.querySelector('.image-top canvas');"
        " return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 3) }"
    )
    whole = np.array(tab.evaluate(read))
    tab.locator(".image-top .slider input").nth(1).fill("10")
    shown = np.array(tab.evaluate(read))
    assert 0 < (shown > 0).mean() <= 0.1 < (whole > 0).mean()
    assert (shown[shown > 0] == whole[shown > 0]).all()
    tab.locator(".image-top .slider input").nth(1).fill("100")
    assert (np.array(tab.evaluate(read)) == whole).all()
    assert len(tab.told.requests) == asked


def test_every_explanation_has_an_address(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.click(".cards a")
    tab.wait_for_selector(".choices")
    first = tab.get_attribute(".image-top canvas[data-drawn]", "data-drawn")
    tab.click(".choices a >> nth=1")
    tab.wait_for_function("first => document.querySelector('.image-top canvas').dataset.drawn !== first", arg=first)
    assert "region=1" in tab.url
    assert "Grad-CAM" in tab.inner_text(".choices [aria-current]")
    assert tab.locator(".stage polygon").count() == 0


def test_overlays_can_be_switched_and_lie_where_they_belong(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.click(".cards a")
    tab.wait_for_selector(".stage")
    stage = tab.locator(".image-top .stage").bounding_box()
    box = tab.locator(".stage rect.box").bounding_box()
    scale = stage["width"] / 90
    assert box["x"] - stage["x"] == pytest.approx(30 * scale, abs=3)
    assert box["width"] == pytest.approx(40 * scale, abs=4)
    heat = tab.locator(".image-top canvas").bounding_box()
    assert heat["x"] - stage["x"] == pytest.approx(21 * scale, abs=1)
    assert heat["width"] == pytest.approx(48 * scale, abs=1)
    for overlay, thing in {
        "Box": "rect.box",
        "Outline": "polygon",
        "Heatmap": "canvas",
        "Mask": ".stage-mask",
    }.items():
        button = tab.get_by_role("button", name=overlay)
        pressed = button.get_attribute("aria-pressed") == "true"
        assert tab.locator(f".image-top .stage {thing}").count() == pressed
        button.click()
        assert tab.locator(f".image-top .stage {thing}").count() == (not pressed)


def test_pointing_at_a_unit_shows_where_it_looks(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.click(".cards a")
    tab.wait_for_selector(".triple")
    assert tab.locator(".units-side .frame").count() == 0
    tab.hover(".triple >> nth=1")
    frame, seen = tab.locator(".units-side .frame").bounding_box(), tab.locator(".units-side img").bounding_box()
    scale = seen["width"] / synthetic.SIZE
    assert frame["x"] - seen["x"] == pytest.approx(6 * scale, abs=1)
    assert frame["y"] - seen["y"] == pytest.approx(4 * scale, abs=1)
    assert frame["width"] == pytest.approx(12 * scale, abs=1)
    tab.focus(".triple >> nth=2")
    assert "14" in tab.inner_text(".units-side figcaption")


def test_the_arrow_keys_go_from_unit_to_unit(folder: Path, visit: Any) -> None:
    tab = visit(folder, pages(visit(folder))["unit"])
    first = tab.inner_text("h1")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("first => document.querySelector('h1').innerText !== first", arg=first)
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function("first => document.querySelector('h1').innerText === first", arg=first)


def test_the_keyboard_reaches_the_content(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    tab.keyboard.press("Tab")
    assert tab.evaluate("() => document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("() => document.activeElement.id") == "main"


def test_a_long_layer_table_draws_what_is_in_sight(folder: Path, visit: Any) -> None:
    tab = visit(folder, "#/network")
    rows = tab.locator(".layers tbody tr:not([aria-hidden])")
    assert 0 < rows.count() < 120
    tab.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    tab.get_by_text("features.599", exact=True).wait_for()
    tab.click(".layers th.parameters a")
    tab.evaluate("() => window.scrollTo(0, 0)")
    tab.wait_for_function("() => document.querySelector('.layers tbody .parameters').innerText === '600'")
    assert "sort=-parameters" in tab.url
    tab.fill(".layers input", "features.12 relu")
    tab.wait_for_function("() => document.querySelectorAll('.layers tbody tr').length < 12")
    assert "find=features.12" in tab.url


def test_a_long_layer_table_is_printed_whole(folder: Path, visit: Any) -> None:
    tab = visit(folder, "#/network")
    tab.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    tab.wait_for_function("() => document.querySelectorAll('.layers tbody tr').length === 600")


def test_pixels_in_the_page_are_the_stored_numbers(single: Path, visit: Any) -> None:
    """Decoded by the browser: a projection, a map, a pattern and the network's view."""
    tab = visit(single)
    addresses = pages(tab)
    result = synthetic.projection("cat.png", "features.0", 0)
    expected = {
        "projection": pixels.signed_pixels(result.values[0, 0], bgr=colour.is_bgr(result))[0],
        "map": pixels.map_pixels(result.maps[0, 0])[0],
        "seen": synthetic.prediction("cat.png").seen,
    }
    go(tab, addresses["unit"].replace("features.3", "features.0"))
    for place, want in {
        ".unit-triple figure:nth-child(1) img": expected["map"],
        ".unit-triple figure:nth-child(2) img": expected["projection"],
        ".unit-triple figure:nth-child(3) img": expected["seen"],
    }.items():
        assert (decoded(tab, place) == want).all(), place
    go(tab, addresses["patterns"])
    assert (decoded(tab, ".pattern img") == colour.unit_range(synthetic.pattern().images[0])).all()


def decoded(tab: Any, selector: str) -> np.ndarray:
    read = """selector => {
      const image = document.querySelector(selector);
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const context = canvas.getContext("2d", { colorSpace: "srgb" });
      context.drawImage(image, 0, 0);
      const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
      return [canvas.height, canvas.width, [...data]];
    }"""
    height, width, data = tab.evaluate(read, selector)
    return np.array(data, dtype=np.uint8).reshape(height, width, 4)[..., :3]


@pytest.mark.parametrize("single_file", [False, True])
def test_labels_and_names_are_text(single_file: bool, tmp_path: Path, visit: Any) -> None:
    label = NASTY + "</script><script>alert(2)</script>"
    page = build(synthetic.workspace(tmp_path / "ws", label, (NASTY,)), single_file=single_file)
    tab = visit(page)
    for name, address in pages(tab).items():
        go(tab, address)
        assert tab.locator("[onerror]").count() == 0
        assert tab.evaluate(
            "() => [...document.images].every((i) => /^(data:image|pictures)/.test(i.getAttribute('src')))"
        )
        if name in ("overview", "image", "patterns"):
            assert label in tab.inner_text("main")


def test_the_policy_refuses_connections_and_foreign_scripts(single: Path, browser: Any) -> None:
    tab = browser.new_page()
    tab.goto(single.as_uri())
    tab.wait_for_selector("main h1")
    refused = tab.evaluate(
        """async () => {
          const tried = [];
          try { await fetch("https://example.invalid/"); tried.push("fetch"); } catch {}
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.head.append(script);
          if (window.ran) tried.push("inline script");
          return tried;
        }"""
    )
    assert refused == []
    policy = tab.get_attribute("meta[http-equiv]", "content")
    assert "unsafe" not in policy
    assert "connect-src 'none'" in policy
    tab.close()


def test_what_is_copied_is_what_is_shown(folder: Path, visit: Any) -> None:
    address = pages(visit(folder))["about"]
    tab = visit(folder, address, permissions=["clipboard-read", "clipboard-write"])
    tab.click(".code button")
    tab.wait_for_function("() => document.querySelector('.code button').innerText === 'Copied'")
    assert tab.evaluate("() => navigator.clipboard.readText()") == tab.evaluate(
        "() => document.querySelector('pre').textContent"
    )


def test_a_tablet_needs_no_sideways_scrolling(folder: Path, browser: Any) -> None:
    tab = browser.new_page(viewport={"width": 820, "height": 1180}, locale="en-GB")
    tab.goto(folder.as_uri())
    tab.wait_for_selector("main h1")
    for address in pages(tab).values():
        go(tab, address)
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 820, address
    tab.close()


def test_what_is_printed_fits_the_paper_and_is_light(folder: Path, visit: Any) -> None:
    tab = visit(folder, color_scheme="dark")
    addresses = pages(tab)
    tab.set_viewport_size({"width": 720, "height": 1000})  # A4 between its margins
    tab.emulate_media(media="print")
    for name, address in addresses.items():
        go(tab, address)
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 720, name
        ink, paper = tab.evaluate(
            "() => ['h1', 'body'].map((what) => getComputedStyle(document.querySelector(what)))"
            ".map((style, i) => (i ? style.backgroundColor : style.color))"
        )
        assert paper == "rgb(255, 255, 255)"
        assert max(int(v) for v in re.findall(r"\d+", ink)[:3]) < 80, name
        assert tab.locator(".top").is_hidden()


def test_the_first_load_is_small(folder: Path, visit: Any) -> None:
    """Every script and style sheet that the overview asks for, packed; the rest is asked for when it is looked at."""
    import gzip

    tab = visit(folder)
    tab.evaluate(SETTLE)
    asked = {url.rsplit("/", 1)[-1] for url in tab.told.requests if "/viewer/" in url}
    assert {"app.js", "app.css", "words-en.js"} <= asked
    sizes = {name: len(gzip.compress((viewer_page().parent / name).read_bytes())) for name in asked}
    assert sum(sizes.values()) < 200_000, sizes
    go(tab, "#/network")
    assert any(url.endswith("/viewer/network.js") for url in tab.told.requests)


def test_a_report_on_disk_asks_for_no_other_language(folder: Path, visit: Any) -> None:
    tab = visit(folder)
    words = lambda: [url.rsplit("/", 1)[-1] for url in tab.told.requests if "/words-" in url]  # noqa: E731
    assert words() == ["words-en.js"]
    for language in ("zh-Hant", "en", "zh-Hant"):
        tab.select_option(".top select", language)
        tab.wait_for_function("language => document.documentElement.lang === language", arg=language)
    assert words() == ["words-en.js", "words-zh-Hant.js"]


def test_json_of_the_report_is_read_back(folder: Path) -> None:
    text = (folder.parent / "data" / "overview.js").read_text(encoding="utf-8")
    found = re.fullmatch(r'deeproData\("overview", (.*)\);\n', text)
    assert found
    assert json.loads(found[1])["networks"][0]["name"] == "tiny"
