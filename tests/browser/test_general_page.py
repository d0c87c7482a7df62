"""Results of kinds that bring no page of their own, and results of kinds that the viewer does not know."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic
from tests.browser import sequence_walk as walk
from tests.report.test_general import activations, foreign
from tests.synthetic import NASTY

from deepro.render import colour, picture
from deepro.render.document import Picture, Scale
from deepro.render.document.general import (
    GeneralCard,
    GeneralPage,
    NamedCurve,
    TitledCurves,
    TitledPicture,
    TitledTable,
)
from deepro.render.pack import floats
from deepro.report import build

RECORD = "general-record"


def _read(file: Path) -> tuple[str, Any]:
    name, _, rest = file.read_text(encoding="utf-8").partition(",")
    return name, json.loads(rest[: rest.rindex(")")])


def _picture(values: np.ndarray, high: float) -> Picture:
    pixels = colour.signed(values, high)
    return Picture(source=picture.data_uri(picture.png(pixels)), width=pixels.shape[1], height=pixels.shape[0])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with a result of a kind from elsewhere, and a figure and an experiment of kinds from later versions."""
    made = build(synthetic.workspace(tmp_path_factory.mktemp("general") / "ws"))
    data = made.parent / "data"
    head, overview = _read(data / "overview.js")
    record = {**next(iter(overview["records"].values())), "key": RECORD}
    network = overview["networks"][0]["fingerprint"]
    rng = np.random.default_rng(0)
    shown = GeneralPage(
        id="g1",
        kind="my_kind",
        network=network,
        caption=f"What my kind shows. {NASTY}",
        pictures=[
            TitledPicture(title=f"picture {kind}", picture=_picture(rng.normal(size=(24, 24)), 2), scale=scale)
            for kind, scale in {
                "signed": Scale(kind="signed", high=2),
                "diverging": Scale(kind="diverging", high=0.5),
                "plain": None,
            }.items()
        ],
        tables=[
            TitledTable(
                title="numbers",
                columns=["name", "value", NASTY],
                rows=[["b", 2.5, "x"], ["a", None, None], ["c", 1234567.0, NASTY], ["d", -3.0, "y"]],
            )
        ],
        curves=[
            TitledCurves(
                title="curves",
                x=floats(np.linspace(0, 10, 40)),
                lines=[
                    NamedCurve(name="up", y=floats(np.linspace(-1, 2, 40))),
                    NamedCurve(name="gap", y=floats(np.where(np.arange(40) == 20, np.nan, 1))),
                ],
            )
        ],
        record=RECORD,
        records={RECORD: record},
    )
    card = GeneralCard(id="g1", kind="my_kind", network=network, method="my_method", record=RECORD)
    overview["general"] = [card.model_dump(mode="json")]
    overview["records"][RECORD] = record
    about = {"id": "late", "kind": "later_kind", "record": RECORD, "network": network}
    overview["experiments"] = [{**about, "about": "", "thumb": None}]
    overview["sequence_results"] = [{**about, "sequence": None, "facts": {}}]
    pages = {
        "general-g1": shown.model_dump(mode="json"),
        "experiment-late": about,
        "figure-late": {**about, "record": RECORD, "shown": {"kind": "later_kind"}, "records": {RECORD: record}},
    }
    (data / "overview.js").write_text(f"{head},{json.dumps(overview)});", encoding="utf-8")
    for name, value in pages.items():
        (data / f"{name}.js").write_text(f"deeproData({json.dumps(name)},{json.dumps(value)});", encoding="utf-8")
    return made


def test_it_stands_on_the_overview_under_its_kind(page: Path, visit: Any) -> None:
    tab = visit(page)
    section = tab.locator("section", has=tab.locator("h2", has_text="my kind"))
    section.locator("a.card").click()
    tab.wait_for_selector("h1:has-text('my kind')")
    assert tab.url.endswith("#/general/g1")
    tab.keyboard.press("/")
    tab.keyboard.type("my_method")
    assert "my kind" in tab.inner_text("[role=listbox]")


def test_pictures_have_their_scales_and_curves_their_ends(page: Path, visit: Any) -> None:
    tab = visit(page, "#/general/g1")
    tab.wait_for_selector(".lines")
    assert NASTY in tab.inner_text("main")
    scales = tab.locator("main > .general-pictures figcaption").evaluate_all(
        "all => all.map((one) => [...one.querySelectorAll('strong, .legend > span')].map((e) => e.innerText))"
    )
    assert scales == [["picture signed", "-2", "", "2"], ["picture diverging", "-0.5", "", "0.5"], ["picture plain"]]
    paths = tab.locator(".lines path").evaluate_all("all => all.map((p) => p.getAttribute('d'))")
    assert [path.count("M") for path in paths] == [1, 2]
    assert tab.locator(".lines text").all_text_contents()[:3] == ["-1", "0.5", "2"]


def test_a_table_is_put_in_order(page: Path, visit: Any) -> None:
    tab = visit(page, "#/general/g1")
    names = lambda: tab.locator("tbody th").all_inner_texts()  # noqa: E731
    assert names() == ["b", "a", "c", "d"]
    value = tab.get_by_role("button", name="value")
    value.focus()
    tab.keyboard.press("Enter")
    assert names() == ["d", "b", "c", "a"]
    assert tab.locator("th[aria-sort=ascending]").count() == 1
    value.click()
    assert names() == ["c", "b", "d", "a"]
    value.click()
    assert names() == ["b", "a", "c", "d"]
    assert tab.locator("td").nth(2 * 2).inner_text() == "1,234,567"


def test_what_is_unknown_is_said_in_words(page: Path, visit: Any) -> None:
    for address in ("#/experiment/late", "#/figure/late"):
        tab = visit(page, address)
        assert "later_kind" in tab.inner_text("h1")
        assert "does not know" in tab.inner_text("main .note")
        tab.click("main .madeby")
        tab.wait_for_selector(".about")


def test_results_without_a_page_and_of_unknown_kinds_have_one(tmp_path: Path, visit: Any, axe: str) -> None:
    workspace = synthetic.workspace(tmp_path / "ws")
    workspace.add(activations())
    foreign(replace(activations(), provenance=synthetic.provenance("later_method")), workspace)
    made = build(workspace)
    tab = visit(made)
    assert "cannot be read" not in tab.inner_text("main")
    for heading, words in (("activations", "Outputs of layers."), ("later kind", "does not know results of the kind")):
        tab.goto(made.as_uri() + "#/")
        tab.locator("section", has=tab.locator("h2", has_text=heading)).locator("a.card").first.click()
        tab.wait_for_selector(f"h1:has-text('{heading}')")
        assert words in tab.inner_text("main")
        assert walk.findings(tab, axe) == []
        tab.click("main .madeby")
        tab.wait_for_selector(".about")
        tab.keyboard.press("Escape")
    assert tab.locator(".general-pictures img").count() == 0
    tab.go_back()
    tab.goto(made.as_uri() + "#/")
    tab.locator("section", has=tab.locator("h2", has_text="activations")).locator("a.card").first.click()
    figure = tab.locator(".general-pictures img")
    figure.wait_for()
    assert figure.evaluate("e => e.complete && e.naturalWidth > 200")
    assert tab.inner_text("tbody th") == "a"


def test_it_can_be_read_by_everybody(page: Path, visit: Any, axe: str) -> None:
    for address in ("#/general/g1", "#/experiment/late", "#/"):
        assert walk.findings(visit(page, address), axe) == []
