"""Maps as a reader meets them: drawn, pointed at, picked out, asked for true neighbours, and read without a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic_maps
from tests.synthetic_maps import CLASSES, N

from deepro.report import build

PLOT = ".map-plot"
INK = """() => { const c = document.querySelector('.map-plot canvas'); const d = document.createElement('canvas');
  d.width = c.width; d.height = c.height; const x = d.getContext('2d'); x.drawImage(c, 0, 0);
  const p = x.getImageData(0, 0, d.width, d.height).data; let n = 0;
  for (let i = 3; i < p.length; i += 4) if (p[i] > 40) n++; return n }"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(synthetic_maps.workspace(tmp_path_factory.mktemp("maps") / "ws"))


def address(report: Path, kind: str) -> str:
    name = {"plain": "map-features-3-", "aligned": "map-features-0-"}[kind]
    pages = sorted((report.parent / "data").glob(f"{name}*.js"))
    wanted = [p for p in pages if ('"kind":"units"' in p.read_text(encoding="utf-8")) is False]
    return f"#/map/{wanted[0].stem.removeprefix('map-')}"


def atlas(report: Path) -> str:
    page = next((report.parent / "data").glob("atlas-*.js"))
    return f"#/atlas/{page.stem.removeprefix('atlas-')}"


def opened(visit: Any, report: Path, kind: str = "plain", **options: Any) -> Any:
    tab = visit(report, address(report, kind), **options)
    tab.wait_for_selector(f"{PLOT}[data-drawn=all]")
    return tab


def spot(tab: Any, values: np.ndarray, point: int) -> tuple[float, float]:
    """Where the plot shows a point of a plain map: the map's box, as large as fits, in the middle."""
    box = tab.locator(PLOT).first.bounding_box()
    width, height = box["width"] - 2, box["height"] - 2
    low, high = values.min(0), values.max(0)
    scale = 0.93 * min(width / (high - low)[0], height / (high - low)[1])
    x, y = (values[point] - (low + high) / 2) * scale
    return float(box["x"] + 1 + width / 2 + x), float(box["y"] + 1 + height / 2 - y)


def test_the_points_are_drawn_and_the_one_pointed_at_is_told(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    assert tab.evaluate(INK) > 500
    for point in (3, 40):
        tab.mouse.move(*spot(tab, synthetic_maps.example_map().values, point))
        tab.wait_for_selector(".map-plot-tell")
        said = tab.inner_text(".map-plot-tell")
        assert f"{point:03d}.png" in said
        assert CLASSES[point % 3] in said


def test_a_lasso_takes_what_lies_in_it(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    values = synthetic_maps.example_map().values
    places = np.array([spot(tab, values, i) for i in range(N)])
    middle = places.mean(0)
    left, top, right, bottom = (middle[[0, 1, 0, 1]] + (-140, -120, 60, 90)).tolist()
    inside = ((places > (left, top)) & (places < (right, bottom))).all(1)
    assert 3 < inside.sum() < N - 3
    tab.keyboard.down("Shift")
    tab.mouse.move(left, top)
    tab.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 5)):
        tab.mouse.move(x, y, steps=4)
    tab.mouse.up()
    tab.keyboard.up("Shift")
    tab.wait_for_selector(".map-selection")
    assert f"{inside.sum()} of {N} points" in tab.inner_text(".map-selection .row-head")
    assert tab.locator(".map-selection .map-sheet li").count() == inside.sum()
    wrong = int((inside & (np.arange(N) % 10 == 0)).sum())
    assert f"{wrong} misclassified" in tab.inner_text(".map-selection")
    assert tab.locator(".map-selection .map-sheet .wrong").count() == wrong
    tab.click(".map-selection summary")
    assert tab.locator(".map-selection .map-table tbody tr").count() == inside.sum()
    assert "of their true nearest neighbours" in tab.inner_text(".map-selection")


def test_a_point_shows_its_true_neighbours(visit: Any, report: Path) -> None:
    made = synthetic_maps.example_map()
    tab = opened(visit, report)
    tab.mouse.click(*spot(tab, made.values, 17))
    tab.wait_for_selector(".map-point ol")
    titles = [b.get_attribute("title") for b in tab.locator(".map-point ol button").all()]
    assert [t.split(" ")[0] for t in titles] == [made.ids[i] for i in made.neighbours[17, :10]]
    assert "point=17" in tab.evaluate("location.hash")
    tab.locator(".map-point ol button").first.click()
    assert tab.inner_text(".map-point dd") == made.ids[made.neighbours[17, 0]]


def test_quality_stands_beside_its_baselines(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    text = tab.inner_text(".map-quality").replace("\t", " ")
    for number in ("0.62", "0.41", "0.11", "0.91"):
        assert number in text
    assert "a note about" in text


def test_without_a_mouse(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    tab.focus(PLOT)
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector(".map-point")
    first = tab.inner_text("[role=status]")
    tab.keyboard.press("ArrowUp")
    tab.wait_for_function("first => document.querySelector('[role=status]').innerText !== first", arg=first)
    tab.keyboard.press("Escape")
    tab.wait_for_selector(".map-point", state="detached")
    tab.fill(".map-choice input", "01")
    tab.wait_for_selector(".map-selection")
    assert f"11 of {N} points" in tab.inner_text(".map-selection .row-head")


def test_a_class_is_picked_by_its_name(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    tab.click(f".map-legend button:has-text('{CLASSES[1]}')")
    assert f"20 of {N} points" in tab.inner_text(".map-selection .row-head")
    tab.select_option("#map-colour", "confidence")
    assert tab.is_visible(".map-legend-scale")
    assert "colour=confidence" in tab.evaluate("location.hash")


def test_the_slider_goes_from_layer_to_layer_and_marks_what_changed(visit: Any, report: Path) -> None:
    tab = opened(visit, report, "aligned")
    assert not tab.is_visible(".map-steps .toggle")
    before = tab.evaluate(INK)
    tab.focus("#map-step")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector(".map-steps .toggle")
    assert "7" in tab.inner_text(".map-steps .toggle")
    assert tab.inner_text(".map-steps output") == "features.3"
    assert before > 0


def test_units_and_examples_are_brushed_together(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    tab.focus(".map-units .map-plot")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("document.querySelector('#map-colour').value.startsWith('Unit')")
    assert "selected examples" not in tab.inner_text(".map-units")
    tab.click(".map-legend-scale ~ *, .map-choice label")
    tab.select_option("#map-colour", "label")
    tab.click(".map-legend button >> nth=0")
    assert "selected examples" in tab.inner_text(".map-units")


def test_what_stands_out_leads_to_the_points(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    assert f"labelled {CLASSES[1]}, looks like {CLASSES[2]}" in tab.inner_text(".map-findings")
    tab.click(".map-clusters .link >> nth=0")
    assert f"20 of {N} points" in tab.inner_text(".map-selection .row-head")
    tab.click(".map-suspects button")
    assert tab.inner_text(".map-point dd") == "007.png"


def test_the_atlas_tells_of_the_picture_pointed_at(visit: Any, report: Path) -> None:
    tab = visit(report, atlas(report))
    assert "30" in tab.inner_text(".atlas-one")  # the fullest cell at first
    tab.hover(".atlas button >> nth=0")
    tab.wait_for_function("document.querySelector('.atlas-one').innerText.includes('0.9')")
    assert f"{CLASSES[0]} 70%" in tab.inner_text(".atlas-one")
    tab.focus(".atlas button >> nth=2")
    tab.wait_for_function("document.querySelector('.atlas-one').innerText.includes('0.4')")


def test_without_webgl_a_canvas_draws_and_says_so(visit: Any, report: Path, browser: Any) -> None:
    with_gl = opened(visit, report).evaluate(INK)
    tab = visit(report, "#/")
    tab.evaluate("""() => { const get = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind === 'webgl2' ? null : get.call(this, kind, ...rest) } }""")
    tab.evaluate("hash => { location.hash = hash }", address(report, "plain"))
    tab.wait_for_selector(f"{PLOT}[data-drawn=all]")
    assert "no WebGL" in tab.inner_text(".map-plot-block")
    assert tab.evaluate(INK) == pytest.approx(with_gl, rel=0.25)
    tab.mouse.move(*spot(tab, synthetic_maps.example_map().values, 3))
    tab.wait_for_selector(".map-plot-tell")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_axe_finds_nothing(language: str, theme: str, report: Path, visit: Any, axe: str) -> None:
    for kind, hash_ in (
        ("maps", "#/maps"),
        ("atlas", atlas(report)),
        ("plain", address(report, "plain")),
        ("aligned", address(report, "aligned")),
    ):
        tab = visit(report, hash_, color_scheme=theme)
        tab.select_option(".top select", language)
        if kind not in ("maps", "atlas"):
            tab.wait_for_selector(f"{PLOT}[data-drawn=all]")
            tab.fill(".map-choice input", "01")
            tab.wait_for_selector(".map-selection")
            tab.locator(".map-selection .map-sheet button").first.click()
        tab.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true })")
        tab.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}")
        found = tab.evaluate("async () => (await axe.run({ preload: false })).violations")
        told = [(v["id"], n["html"][:160], n.get("failureSummary")) for v in found for n in v["nodes"][:2]]
        assert told == [], kind
        assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (
            f"{kind} is wider than the page"
        )


def test_nothing_of_a_name_becomes_markup(visit: Any, report: Path) -> None:
    tab = opened(visit, report)
    tab.fill(".map-choice input", "onerror")
    tab.wait_for_selector(".map-selection")
    made = synthetic_maps.example_map()
    named = int(((made.labels == 2) | (made.columns["prediction"] == 2)).sum())
    assert f"{named} of {N} points" in tab.inner_text(".map-selection .row-head")
    assert tab.locator("main img[src=x]").count() == 0
