"""A headless Chromium, and pages that tell everything they asked for and complained about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests import synthetic

from deepro.errors import StoreError
from deepro.report import build, viewer_page

AXE = Path(__file__).resolve().parents[2] / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    f"--{flag}"
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    )
]
NAMES = ("cat.png", "dog.png")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium found: apt-get install chromium fonts-noto-cjk")
    try:
        viewer_page()
    except StoreError as error:
        pytest.skip(str(error))
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


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
    """visit(page, hash, **context) opens a report; at the end it must have asked for nothing foreign and be content."""
    opened: list[SimpleNamespace] = []

    def go(page: Path, hash_: str = "#/", **options: Any) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 720}, **({"locale": "en-GB"} | options))
        tab = context.new_page()
        told = SimpleNamespace(context=context, requests=[], complaints=[])
        tab.on("request", lambda request: told.requests.append(request.url))
        # Reading emulated WebGL's pixels back, as tests do, is slow, and Chromium says so.
        loud = lambda m: m.type in ("error", "warning") and "GPU stall due to ReadPixels" not in m.text  # noqa: E731
        tab.on("console", lambda m: told.complaints.append(m.text) if loud(m) else None)
        tab.on("pageerror", lambda error: told.complaints.append(str(error)))
        tab.on("dialog", lambda dialog: (told.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        tab.goto(page.as_uri() + hash_)
        tab.wait_for_selector("main h1")
        opened.append(told)
        tab.told = told
        return tab

    yield go
    for told in opened:
        told.context.close()
        assert not told.complaints
        assert not [url for url in told.requests if not url.startswith(("file:", "data:"))]


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in viewer/")
    return AXE.read_text(encoding="utf-8")
