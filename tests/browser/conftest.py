"""Reports to look at, in a folder and as one file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import synthetic
from tests.chromium import watched

from deepro.report import build

NAMES = ("cat.png", "dog.png")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a report in a folder."""
    return build(synthetic.workspace(tmp_path_factory.mktemp("folder") / "ws", names=NAMES, layers=600))


@pytest.fixture(scope="session")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as one file, moved away from everything it was made from."""
    base = tmp_path_factory.mktemp("single")
    made = build(synthetic.workspace(base / "ws", names=NAMES), single_file=True)
    moved = tmp_path_factory.mktemp("elsewhere") / "mailed.html"
    shutil.move(made, moved)
    shutil.rmtree(base)
    return moved


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """visit(page, hash, **context) opens a report, watched."""
    with watched(browser) as open_:
        yield lambda page, hash_="#/", **options: open_(page.as_uri() + hash_, ("file:", "data:"), **options)
