"""Makes the pictures of README and docs from a demo workspace: `make demo && .venv/bin/python docs/make_pictures.py`.

Needs the test extra and a Chromium (scripts/get-chromium.sh).
"""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "demo" / "report" / "index.html").as_uri()
CODE = ROOT / "demo-code" / "report"  # of `deepro demo code --out demo-code`
OUT = ROOT / "docs" / "pictures"
SHOWN = "coffee"  # the photograph that stands for all


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as play:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light")
        overview = (ROOT / "demo" / "report" / "data" / "overview.js").read_text(encoding="utf-8")
        name = re.search(rf'"id": ?("{SHOWN}-[0-9a-f]+")', overview)
        assert name, f"{SHOWN} is not in the demo"
        look(page, f"#/image/{json.loads(name[1])}")
        page.screenshot(path=OUT / "report.png")
        shrink(page.locator(".image-top").screenshot(), "region.png")
        shrink(page.locator(".units-main section.layer").nth(3).screenshot(), "units.png")
        look(page, "#/patterns")
        shrink(page.locator("main").screenshot(), "patterns.png")
        if CODE.is_dir():
            sequence(page, CODE)
        browser.close()
    shrink((OUT / "report.png").read_bytes(), "report.png")


def sequence(page: Page, report: Path) -> None:
    """The text of the embedded LSTM, coloured by its bracket cell, with a range selected."""
    overview = (report / "data" / "overview.js").read_text(encoding="utf-8")
    found = json.loads(re.sub(r"^deeproData\(\"overview\", |\);\s*$", "", overview))
    kept = next(r for r in found["sequence_results"] if r["kind"] == "matches")
    page.goto((report / "index.html").as_uri() + f"#/matches/{kept['id']}")
    page.wait_for_selector(".match-line a")
    page.goto((report / "index.html").as_uri() + str(page.get_attribute(".match-line a", "href")))
    page.wait_for_selector(".matching .chip")
    page.wait_for_timeout(500)
    shrink(page.screenshot(), "sequence.png")


def look(page: Page, address: str) -> None:
    """Open a view and scroll through it, so that every picture is loaded."""
    page.goto(PAGE + address)
    page.wait_for_selector("main img")
    for y in range(0, page.evaluate("document.documentElement.scrollHeight"), 600):
        page.evaluate(f"window.scrollTo(0, {y})")
        page.wait_for_timeout(120)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(300)


def shrink(png: bytes, name: str) -> None:
    """256 colours are plenty for a page and a third of the bytes."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(OUT / name, optimize=True)


if __name__ == "__main__":
    main()
