"""The viewer in a notebook: any result's page as a widget, whose selection comes back; and the Studio's link."""

from __future__ import annotations

import functools
import html
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deepro import figures
from deepro.errors import UsageError
from deepro.kinds.patterns.pattern import Pattern
from deepro.network import Network
from deepro.report import build
from deepro.results import Result
from deepro.store import Workspace

# The page stands in a frame of its own origin: it reaches nothing of the notebook, and tells it what was picked out.
FRAME = """
export default {
  render({ model, el }) {
    const frame = document.createElement("iframe");
    const address = URL.createObjectURL(new Blob([model.get("page")], { type: "text/html" }));
    frame.title = "Deepro";
    frame.setAttribute("sandbox", "allow-scripts allow-downloads");
    frame.style.cssText = `width: 100%; height: ${model.get("height")}px; border: 1px solid #8884; border-radius: 4px`;
    frame.src = address + model.get("place");
    const hear = (event) => {
      if (event.source !== frame.contentWindow || !Array.isArray(event.data?.deepro)) return;
      model.set("selection", event.data.deepro.map(String));
      model.save_changes();
    };
    window.addEventListener("message", hear);
    el.append(frame);
    return () => {
      window.removeEventListener("message", hear);
      URL.revokeObjectURL(address);
    };
  },
};
"""


def view(shown: Result | Workspace | Iterable[Result], *, height: int = 640) -> Any:
    """The viewer's own page of a result, of several, or of a workspace, as a widget in a notebook.

    What is picked out in it (points of a map by lasso, photographs, units and patterns by their boxes) is in
    `.selection`, a list of ids, and `.frame()` gives it as a pandas data frame. height: in pixels. Where there is no
    widget (a page on GitHub, an export, a notebook without the extra `notebook`) the static picture is shown.
    Raises UsageError for a result without provenance, StoreError where the viewer was not built.
    Example: `deepro.view(deepro.tsne(net, "photos/", "features.11"))`
    """
    results, page, place = paged(shown)
    made = _widget()
    return made(results, page, place, height) if made else StillView(results)


def paged(shown: Result | Workspace | Iterable[Result]) -> tuple[list[Result], str, str]:
    """The results, the single file that shows them, and the address in it that is opened first."""
    with tempfile.TemporaryDirectory() as folder:
        given = [shown] if isinstance(shown, Result) else shown
        workspace = given if isinstance(given, Workspace) else Workspace(Path(folder) / "ws")
        results = list(given.results() if isinstance(given, Workspace) else given)
        for result in results if workspace is not given else ():
            if not isinstance(result, Result) or result.provenance is None:
                raise UsageError(f"view shows results with provenance, got {type(result).__name__}")
            workspace.add(result)
        page = build(workspace, Path(folder) / "page.html", single_file=True).read_text(encoding="utf-8")
    return results, page, _place(page, results)


# The page that stands for one result, by the name of its data.
_PLACES = {"photograph": "image"} | {
    name: name
    for name in ("map", "figure", "cells", "matches", "memory", "general", "experiment", "survey", "sequence", "atlas",
                 "training")
}  # fmt: skip


def _place(page: str, results: list[Result]) -> str:
    """The address, within the page, of what is shown: of one result its own page, of several the overview."""
    if len(results) != 1:
        return ""
    for name in re.findall(r'id="data:([^"]+)"', page):
        kind, _, id = html.unescape(name).partition("-")
        if kind in _PLACES and id:
            return f"#/{_PLACES[kind]}/{id}"
    return "#/patterns" if isinstance(results[0], Pattern) else ""


class StillView:
    """What `view` gives where anywidget is not installed: the results' static pictures. Nothing can be picked out."""

    selection: list[str] = []  # noqa: RUF012 - always empty

    def __init__(self, results: list[Result]) -> None:
        self.results = results

    def frame(self) -> Any:
        """An empty data frame: nothing can be picked out of a picture."""
        return selected(self.results, [])

    def _repr_html_(self) -> str:
        told = "Install deepro[notebook] for the page that one can take hold of."
        return still(self.results) + f"<p><small>{html.escape(told)}</small></p>"


def still(results: list[Result]) -> str:
    """The static pictures of results, as HTML."""
    return "".join(figures.html(result) for result in results[:12])


@functools.cache
def _widget() -> Any:
    """The widget's class; None where anywidget is not installed."""
    try:
        import anywidget  # pyright: ignore[reportMissingImports]
        import traitlets  # pyright: ignore[reportMissingImports]
    except ImportError:
        return None

    class LiveView(anywidget.AnyWidget):
        _esm = FRAME
        page = traitlets.Unicode().tag(sync=True)
        place = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int().tag(sync=True)
        selection = traitlets.List(traitlets.Unicode()).tag(sync=True)

        def __init__(self, results: list[Result], page: str, place: str, height: int) -> None:
            super().__init__(page=page, place=place, height=height)
            self.results = results

        def frame(self) -> Any:
            return selected(self.results, self.selection)

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:
            bundle = super()._repr_mimebundle_(**kwargs)
            data, *rest = bundle if isinstance(bundle, tuple) else (bundle,)
            data = {**(data or {}), "text/html": still(self.results)}
            return (data, *rest) if rest else data

    return LiveView


def selected(results: list[Result], ids: list[str]) -> Any:
    """What was picked out as a pandas data frame: a row an id; of a map with where it lies, its label and columns."""
    import pandas as pd  # pyright: ignore[reportMissingImports]

    frame = pd.DataFrame({"id": ids})
    for result in results:
        names: Any = getattr(result, "ids", None)
        values: Any = getattr(result, "values", None)
        if names is None or getattr(values, "shape", ())[1:] != (2,):
            continue
        points = pd.DataFrame({"id": list(names), "x": values[:, 0], "y": values[:, 1]})
        labels = getattr(result, "labels", None)
        if labels is not None:
            points["label"] = [result.label_names[n] if n >= 0 else None for n in labels.tolist()]  # type: ignore[attr-defined]
        for name, column in (getattr(result, "columns", None) or {}).items():
            points[name] = list(column)
        return frame.merge(points, on="id", how="left")
    return frame


class StudioLink:
    """The address of a running Studio. `stop()` ends it; so does the end of this process."""

    def __init__(self, address: str, process: subprocess.Popen[str]) -> None:
        self.address, self.process = address, process

    def __repr__(self) -> str:
        return self.address

    def _repr_html_(self) -> str:
        shown = html.escape(self.address)
        return f'<a href="{shown}" target="_blank" rel="noopener">{shown}</a>'

    def stop(self) -> None:
        """End the Studio."""
        self.process.terminate()
        self.process.wait(10)


def open_studio(
    net: Network | str, data: str | Path | None = None, workspace: str | Path = "deepro-studio"
) -> StudioLink:
    """Start the Studio beside the notebook and give its link.

    net: what `deepro.load` was given: a name, or a network loaded by name; a module that lives in this process cannot
    be handed to the Studio's own, so write a factory into a file (`net.py:make`). data: a folder of pictures.
    Raises UsageError where the network has no name, or the Studio does not start (with what it said).
    Example: `deepro.open_studio("builtin:efficientnet-lite0", "photos/")`
    """
    name = net if isinstance(net, str) else net.source
    if ":" not in name:
        raise UsageError(
            f"the Studio loads its network by name, and this one is a {name!r} of this process: write a function that "
            "makes it into a file, and give 'file.py:function'"
        )
    words = ["studio", str(workspace), "--model", name, "--json", "--no-browser", "--port", "0"]
    words += ["--data", str(data)] if data is not None else []
    process = subprocess.Popen(
        [sys.executable, "-m", "deepro", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stderr
    said = ""
    for line in process.stdout:
        said += line
        try:
            return StudioLink(json.loads(said)["address"], process)
        except ValueError:
            continue
    raise UsageError(f"the Studio did not start: {process.stderr.read().strip().splitlines()[-1:]}")
