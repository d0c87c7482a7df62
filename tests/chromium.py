"""A headless Chromium for every test of a session, and pages that tell what they asked for and complained about.

One for all rooms: Playwright's synchronous interface can be started only once in a process.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deepro.errors import StoreError
from deepro.report import viewer_page

AXE = Path(__file__).resolve().parents[1] / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
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
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in viewer/")
    return AXE.read_text(encoding="utf-8")


@contextmanager
def watched(browser: Any) -> Iterator[Callable[..., Any]]:
    """open(address, own, **context) opens a page; at the end it must be content and have asked for nothing foreign.

    own: what the addresses of its own requests begin with. The page has `told`: its context, requests and complaints.
    """
    opened: list[SimpleNamespace] = []

    def open_(address: str, own: tuple[str, ...], **options: Any) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 720}, **({"locale": "en-GB"} | options))
        tab = context.new_page()
        told = SimpleNamespace(context=context, requests=[], complaints=[], own=own)
        tab.on("request", lambda request: told.requests.append(request.url))
        # Reading emulated WebGL's pixels back, as tests do, is slow, and Chromium says so.
        loud = lambda m: m.type in ("error", "warning") and "GPU stall due to ReadPixels" not in m.text  # noqa: E731
        tab.on("console", lambda m: told.complaints.append(m.text) if loud(m) else None)
        tab.on("pageerror", lambda error: told.complaints.append(str(error)))
        tab.on("dialog", lambda dialog: (told.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        tab.goto(address)
        tab.wait_for_selector("main h1")
        opened.append(told)
        tab.told = told
        return tab

    yield open_
    for told in opened:
        told.context.close()
        assert not told.complaints
        assert not [url for url in told.requests if not url.startswith(told.own)]
