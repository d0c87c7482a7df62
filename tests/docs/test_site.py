"""The site: it builds without a broken link, is read from disk, finds every method and passes axe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deepro import registry
from tests.chromium import watched
from tests.docs.markdown import ROOT

pytest.importorskip("material", reason="the extra `docs` is not installed")
PAGES = ("index", "methods/gradcam", "gallery", "coming-from", "tutorials/labels", "zh", "api")
# The theme makes every list of pages and every copy button a navigation of the same name: many landmarks, none missing.
CHECKED = "{ preload: false, rules: { 'landmark-unique': { enabled: false } } }"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "DEEPRO_SITE_UNRUN": "1"}
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", folder]  # strict: links and anchors too
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_search_knows_every_method(site: Path) -> None:
    found = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    places = {entry["location"].split("#")[0] for entry in found["docs"]}
    assert {f"methods/{name}.html" for name in registry.methods()} <= places


def test_a_method_has_its_formula_picture_and_doubt(site: Path) -> None:
    page = (site / "methods" / "gradcam.html").read_text(encoding="utf-8")
    for part in ("<math", "pictures/methods/gradcam.webp", "When to use it", "When not to believe it", "arxiv.org"):
        assert part in page, part


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_open_from_disk_and_pass_axe(scheme: Any, site: Path, browser: Any, axe: str) -> None:
    with watched(browser) as open_:
        tab = open_((site / "index.html").as_uri(), ("file:", "data:", "about:"), color_scheme=scheme)
        for name in PAGES:
            tab.goto((site / f"{name}.html").as_uri())
            tab.wait_for_selector("main h1")
            tab.evaluate(axe)
            found = tab.evaluate(f"async () => (await axe.run(document, {CHECKED})).violations")
            assert [(name, v["id"], n["html"][:260]) for v in found for n in v["nodes"][:2]] == []


def test_search_works_from_disk(site: Path, browser: Any) -> None:
    with watched(browser) as open_:
        tab = open_((site / "index.html").as_uri(), ("file:", "data:", "about:"))
        tab.keyboard.press("/")
        tab.keyboard.type("gradcam_plus_plus", delay=20)
        tab.wait_for_selector("a.md-search-result__link[href*='methods/gradcam_plus_plus']")
