"""Every cell of every tutorial runs, offline, and shows something where a reader expects to see it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, load_document

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
LIMIT = 40  # seconds of processor time; five times as many on a clock that others use too


def test_there_are_five() -> None:
    assert {t.stem for t in TUTORIALS} == {"cells", "classifier", "labels", "series", "sick-units"}


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda t: t.stem)
def test_it_runs(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    began = time.process_time()
    seen = [shown for kind, _, shown in load_document("notebooks").played(notebook) if kind == "code"]
    assert time.process_time() - began < LIMIT
    assert sum("<figure" in shown for shown in seen) >= 2  # a result shows itself
    assert not list(tmp_path.iterdir())  # a tutorial leaves nothing behind
