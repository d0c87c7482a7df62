"""Notes about pages: kept whole, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepro.errors import StoreError
from deepro.store import Workspace


def test_a_note_replaces_the_one_before_and_goes_when_it_is_empty(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.notes() == []
    workspace.set_note("#/unit/3/2", "Unit 2", "fur")
    workspace.set_note("#/map/m?by=truth", "Map", "兩群")
    workspace.set_note("#/unit/3/2", "Unit 2", "fur #texture")
    assert [(n["address"], n["text"]) for n in Workspace(tmp_path).notes()] == [
        ("#/map/m?by=truth", "兩群"),
        ("#/unit/3/2", "fur #texture"),
    ]
    workspace.set_note("#/map/m?by=truth", "Map", " ")
    assert len(workspace.notes()) == 1


def test_damaged_notes_are_told_and_not_written_over(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (tmp_path / "notes.json").write_text("{")
    assert workspace.notes() == []
    assert [d["name"] for d in workspace.damaged_cards()] == ["notes.json"]
    with pytest.raises(StoreError, match="damaged"):
        workspace.set_note("#/", "", "x")
    assert (tmp_path / "notes.json").read_text() == "{"
    (tmp_path / "notes.json").write_text('[{"address": "javascript:alert(1)", "title": "", "text": "x"}]')
    assert workspace.notes() == []
