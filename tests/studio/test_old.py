"""Workspaces of other versions, and damaged ones: what can be read opens, the rest is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests import synthetic

from deepro.errors import StoreError
from deepro.results import SCHEMA
from deepro.store import Workspace, open
from deepro.studio.page_maker import PageMaker


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return synthetic.workspace(tmp_path / "ws", names=("cat.png", "dog.png"))


def edit(file: Path, change: Callable[[Any], Any]) -> None:
    value = json.loads(file.read_text(encoding="utf-8"))
    change(value)
    file.write_text(json.dumps(value), encoding="utf-8")


def overview(workspace: Workspace) -> Any:
    maker = PageMaker(workspace, workspace.folder / "studio")
    maker.look()
    while (group := maker.next()) is not None:
        maker.step(group)
    return maker.pages.overview()


def place(workspace: Workspace, kind: str) -> Path:
    return next(p for p in workspace.places() if p.name.startswith(f"{kind}-"))


def test_a_result_of_an_older_version_opens(workspace: Workspace) -> None:
    """A lower schema, without a field that came later and has a default."""

    def older(manifest: Any) -> None:
        manifest["schema"] = SCHEMA - 1
        assert manifest["result"]["fields"].pop("fidelity") is not None

    edit(place(workspace, "projection") / "manifest.json", older)
    assert open(place(workspace, "projection")).fidelity == {}  # type: ignore[union-attr]
    found = overview(workspace)
    assert found.damaged == []
    assert len(found.photographs) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: m.update(schema=SCHEMA + 1), f"reads up to {SCHEMA}: upgrade Deepro"),
        (lambda m: m["result"]["fields"].update(of_tomorrow=1), "of_tomorrow"),
        (lambda m: m["result"]["fields"].pop("provenance"), "provenance"),
        (lambda m: m["result"]["fields"].update(provenance=5), "damaged"),
        (lambda m: m["result"]["fields"].pop("layer"), "layer"),
    ],
)
def test_what_this_version_cannot_read_is_named(workspace: Workspace, change: Any, why: str) -> None:
    broken = place(workspace, "projection")
    edit(broken / "manifest.json", change)
    found = overview(workspace)
    assert [d.name for d in found.damaged] == [broken.name]
    assert why in found.damaged[0].reason
    assert len(found.photographs) == 2
    assert len(found.patterns) == 1


def test_a_workspace_of_a_newer_version_says_so(workspace: Workspace) -> None:
    (workspace.folder / "deepro.json").write_text(json.dumps({"schema": SCHEMA + 1}))
    with pytest.raises(StoreError, match=f"needs a newer Deepro .schema {SCHEMA + 1}"):
        Workspace(workspace.folder)


def test_damaged_files_beside_the_results(workspace: Workspace) -> None:
    """A network's card without what came later opens; one that is no card, and a broken list, are named."""
    (card,) = (workspace.folder / "networks").glob("*.json")
    edit(card, lambda c: [c.pop(name, None) for name in ("edges", "notes", "refused", "parameters")])
    (workspace.folder / "networks" / "broken.json").write_text("{")
    (workspace.folder / "networks" / "other.json").write_text("[1]")
    (workspace.folder / "skipped.json").write_text("nonsense")
    found = overview(workspace)
    assert sorted(d.name for d in found.damaged) == ["broken.json", "other.json", "skipped.json"]
    assert sorted(d["name"] for d in workspace.damaged()) == ["broken.json", "other.json", "skipped.json"]
    assert len(found.networks) == 1
    assert len(found.photographs) == 2
