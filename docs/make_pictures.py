"""Makes the pictures of README and docs from a demo workspace: `make demo && .venv/bin/python docs/make_pictures.py`.

`make_pictures.py squeezenet` makes surveys-squeezenet.png alone, from the trained weights and photographs of the shared
data beside the repository. Only projections are shown of those photographs.

Needs the test extra and a Chromium (scripts/get-chromium.sh).
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "demo" / "report" / "index.html").as_uri()
DIGITS = ROOT / "demo-digits" / "report"  # of `deepro demo digits --out demo-digits`
CODE = ROOT / "demo-code" / "report"  # of `deepro demo code --out demo-code`
OUT = ROOT / "docs" / "pictures"
SHARED = ROOT.parent / "shared" / "data"
UNITS = {  # of SqueezeNet 1.0, told in surveys.md
    "features.1": (1, 22, 23, 41, 8, 19, 66, 77),
    "features.3": (0, 1, 2, 5),
    "features.5": (3, 4),
    "features.8": (221, 258, 281),
    "features.12": (403, 475),
}
LINES = {"features.1": (0, 0), "features.3": (1, 0), "features.5": (1, 5), "features.8": (2, 0), "features.12": (2, 5)}
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
        if DIGITS.is_dir():
            digits(page, DIGITS)
        if CODE.is_dir():
            sequence(page, CODE)
        browser.close()
    shrink((OUT / "report.png").read_bytes(), "report.png")


def digits(page: Page, report: Path) -> None:
    """Digits by the last layer of a small network: one point with its true neighbours."""
    pages = (report / "data").glob("map-pool1-*.js")
    place = next(p for p in pages if '"kind":"examples"' in p.read_text(encoding="utf-8")).stem.removeprefix("map-")
    page.goto((report / "index.html").as_uri() + f"#/map/{place}?step=2&point=182")
    page.wait_for_selector(".map-plot[data-drawn=all]")
    page.wait_for_selector(".map-point ol")
    page.wait_for_timeout(1000)
    shrink(page.locator(".map-top").screenshot(), "map.png")


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


def squeezenet() -> None:
    """The projections of some units' four strongest examples, layer by layer."""
    import deepro
    from deepro.render import colour, picture
    from deepro.survey.gallery import gallery

    net = deepro.load(
        "torchvision:squeezenet1_0", weights=str(SHARED / "squeezenet1_0.safetensors"),
        preprocess="size=224,resize=256,order=BGR,range=255,mean=104/117/123,std=1",
    )  # fmt: skip
    found = deepro.survey(net, SHARED / "imagenet_sample", list(UNITS), 4)
    tile, gap, words = 64, 2, 18
    block = 2 * tile + gap
    sheet = Image.new("RGB", (8 * (block + 12) + 12, 3 * (block + 2 * words + 8) + 8), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for layer, units in UNITS.items():
        row, column = LINES[layer]
        made = gallery(net, found, SHARED / "imagenet_sample", layer, units)
        top = 8 + row * (block + 2 * words + 8)
        height, width = net.layers[layer].receptive_field.size
        draw.text((12 + column * (block + 12), top), f"{layer}   {height} x {width} pixels", (30, 30, 30), font)
        for i, unit in enumerate(units):
            left, limit = 12 + (column + i) * (block + 12), colour.limit(made.projections[i])
            for rank in range(4):
                pixels = colour.signed(made.projections[i, rank], limit, bgr=colour.is_bgr(made))
                place = left + rank % 2 * (tile + gap), top + words + rank // 2 * (tile + gap)
                sheet.paste(Image.fromarray(picture.square(pixels, tile)), place)
            draw.text((left, top + words + block), str(unit), (90, 90, 90), font)
    png = io.BytesIO()
    sheet.save(png, "PNG")
    shrink(png.getvalue(), "surveys-squeezenet.png")


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
    squeezenet() if "squeezenet" in sys.argv[1:] else main()
