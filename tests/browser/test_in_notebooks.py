"""Results as a notebook shows them, in Chromium: nothing is asked for, nothing runs, the pixels are the numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic
from tests.browser.test_report import BROKEN, SETTLE, decoded
from tests.chromium import watched
from tests.render.test_notebook import RESULTS
from tests.synthetic import NASTY

from deepro import figures
from deepro.kinds.surveys.diagnosis import Diagnosis
from deepro.kinds.surveys.feeds import Feeds
from deepro.render import colour, pixels

HEAT = synthetic.heatmap(signed=True)
SICK = Diagnosis(
    findings=tuple(
        {"layer": NASTY, "unit": u, "fault": "dead", "evidence": {}, "threshold": 0.0, "suggestion": ""}
        for u in range(30)
    ),
    measures={}, thresholds={}, examined={NASTY: ("dead",)}, filters={}, strides={}, spectra={},
)  # fmt: skip
FED = Feeds(
    layer="fc", units=np.array([4, 9]), classes=np.array([[1, 0], [0, -1]]),
    logits=np.array([[0.5, 0.25], [2.0, np.nan]]), examples=9, labels={"0": NASTY, "1": "dog"},
)  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_in_a_notebook(theme: str, browser: Any, axe: str, tmp_path: Path) -> None:
    page = tmp_path / "notebook.html"
    shown = [*RESULTS.values(), SICK, FED]
    dark = "background:#111;color:#eee" if theme == "dark" else "background:#fff;color:#111"
    page.write_text(
        f'<!doctype html><html lang="en"><title>notebook</title><meta charset="utf-8"><body style="{dark}"><main>'
        f"<h1>Results</h1>{''.join(figures.html(result) for result in shown)}</main>",
        encoding="utf-8",
    )
    with watched(browser) as open_:
        tab = open_(page.as_uri(), ("file:", "data:"))
        tab.evaluate(SETTLE)
        assert tab.evaluate(BROKEN) == []
        assert tab.locator("figure.deepro").count() == len(shown)
        assert tab.locator("[onerror]").count() == 0
        assert tab.locator("script").count() == 0
        tab.evaluate(axe)
        found = tab.evaluate("async () => (await axe.run('main', { preload: false })).violations")
        assert [(v["id"], n["html"][:120]) for v in found for n in v["nodes"][:2]] == []
        assert [url for url in tab.told.requests if url.startswith("http")] == []


def test_pixels_and_words(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "one.html"
    page.write_text(f"<h1></h1><main><h1>one</h1>{figures.html(HEAT)}{figures.html(SICK)}{figures.html(FED)}</main>")
    with watched(browser) as open_:
        tab = open_(page.as_uri(), ("file:", "data:"))
        tab.evaluate(SETTLE)
        values = HEAT.values[0]
        want = colour.heat(values, True, colour.limit(values))
        assert (decoded(tab, "img[alt^='heatmap for']:not([alt$='photograph'])") == want).all()
        laid = tab.locator("img[alt$='on the photograph']").first.bounding_box()
        under = tab.locator("img[alt='photograph']").first.bounding_box()
        assert laid == pytest.approx(under, abs=1)
        alpha = pixels.heat_pixels(values, True)[0][..., 3]
        assert alpha[np.abs(values) == 0].max(initial=0) == 0  # where nothing is, the photograph is seen
        rows = [row.split("\t") for row in tab.locator(".deepro-diagnosis tr").all_inner_texts()]
        assert rows[1][2] == "30"
        assert "(30)" in rows[1][3]
        fed = tab.locator(".deepro-feeds tr").all_inner_texts()
        assert fed[1].startswith("9")  # the unit that adds most comes first
        assert "dog +0.5" in fed[2]
