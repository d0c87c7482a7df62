"""The widget of notebooks: its script with a stand-in for the notebook's model, in Chromium; and what comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic, synthetic_maps
from tests.chromium import watched

from deepro import notebook
from deepro.errors import UsageError

MAP = synthetic_maps.example_map()
HOST = """<!doctype html><html lang="en"><meta charset="utf-8"><title>notebook</title><main><h1>notebook</h1></main>
<script type="application/json" id="state">STATE</script><script type="module">
SCRIPT
const state = (window.state = JSON.parse(document.getElementById("state").textContent));
window.saved = 0;
const model = { get: (k) => state[k], set: (k, v) => (state[k] = v), save_changes: () => window.saved++ };
window.end = widget.render({ model, el: document.querySelector("main") });
</script>"""


def host(folder: Path, result: Any) -> str:
    _, page, place = notebook.paged(result)
    state = json.dumps({"page": page, "place": place, "height": 640}).replace("<", "\\u003c")
    script = notebook.FRAME.replace("export default", "const widget =")
    file = folder / "notebook.html"
    file.write_text(HOST.replace("SCRIPT", script).replace("STATE", state), encoding="utf-8")
    return file.as_uri()


OWN = ("file:", "data:", "blob:")


@pytest.mark.parametrize(
    ("result", "seen"),
    [(MAP, "main h1:has-text('features.3')"), (synthetic.heatmap(), "main h1:has-text('cat.png')"),
     (synthetic.projection(), "main h1:has-text('cat.png')"), (synthetic.pattern(("ape", "bee")), "main img:visible")],
    ids=lambda value: getattr(value, "kind", ""),
)  # fmt: skip
def test_each_kind_opens_on_its_own_page(result: Any, seen: str, browser: Any, tmp_path: Path) -> None:
    with watched(browser) as open_:
        tab = open_(host(tmp_path, result), OWN)
        tab.frame_locator("iframe").locator(seen).first.wait_for()


def test_what_is_picked_out_comes_back_and_goes_with_the_widget(browser: Any, tmp_path: Path) -> None:
    with watched(browser) as open_:
        tab = open_(host(tmp_path, MAP), OWN)
        tab.frame_locator("iframe").locator(".map-legend button, .legend button").first.click()
        tab.wait_for_function("window.state.selection?.length > 0")
        ids = tab.evaluate("window.state.selection")
        one = MAP.labels[list(MAP.ids).index(ids[0])]
        assert set(ids) == {name for name, label in zip(MAP.ids, MAP.labels, strict=True) if label == one}
        saved = tab.evaluate("window.saved")
        tab.evaluate(
            "window.postMessage({ deepro: ['not of the frame'] }, '*')"
        )  # another window's word counts nothing
        tab.evaluate("window.end()")
        tab.wait_for_timeout(200)
        assert tab.evaluate("window.saved") == saved
        assert (
            tab.evaluate("document.querySelector('iframe').getAttribute('sandbox')") == "allow-scripts allow-downloads"
        )


def test_a_selection_as_a_data_frame() -> None:
    pytest.importorskip("pandas")
    frame = notebook.selected([MAP], [MAP.ids[2], MAP.ids[0]])
    assert list(frame["id"]) == [MAP.ids[2], MAP.ids[0]]
    assert np.allclose(frame[["x", "y"]], MAP.values[[2, 0]])
    assert list(frame["label"]) == [MAP.label_names[MAP.labels[n]] for n in (2, 0)]
    assert list(notebook.selected([synthetic.heatmap()], ["a"])["id"]) == ["a"]


def test_the_static_picture_is_there_with_and_without_a_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "_widget", lambda: None)
    plain = notebook.view(MAP)
    assert "<img src=" in plain._repr_html_()
    assert plain.selection == []
    monkeypatch.undo()
    pytest.importorskip("anywidget")
    shown = notebook.view(MAP)._repr_mimebundle_()
    bundle = shown[0] if isinstance(shown, tuple) else shown
    assert "<img src=" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_what_cannot_be_shown_or_handed_over_is_said_in_a_line() -> None:
    with pytest.raises(UsageError, match="provenance, got str"):
        notebook.view(["cat.png"])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="loads its network by name"):
        notebook.open_studio("Sequential")


def test_the_studio_gives_its_link(tmp_path: Path) -> None:
    link = notebook.open_studio("builtin:efficientnet-lite0", workspace=tmp_path / "ws")
    try:
        assert link.address.startswith("http://127.0.0.1:")
        assert f'href="{link.address}"' in link._repr_html_()
    finally:
        link.stop()
    assert link.process.returncode is not None
