"""The Studio in Chromium: every page, in every language and theme, and everything that is done by hand."""

from __future__ import annotations

import base64
import re
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic
from tests.chromium import watched
from tests.studio.conftest import Running, png

from deepro.render import colour
from deepro.report import build as report_build
from deepro.store import Workspace

SETTLE = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
BROKEN = "() => [...document.images].filter((i) => !(i.naturalWidth > 0)).map((i) => i.outerHTML.slice(0, 200))"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A workspace with results of another network, a damaged one among them, and a picture of this one's."""
    base = tmp_path_factory.mktemp("browser")
    workspace = synthetic.workspace(base / "ws", label=synthetic.NASTY, names=("cat.png", "dog.png"))
    broken = next(p for p in workspace.places() if p.name.startswith("projection"))
    (broken / "manifest.json").write_text("{")
    running = Running(base).start()
    try:
        running.wait_ready()
        running.until(lambda: running.get("session")["pending"] == 0 and running.get("overview")["patterns"])
        opened = running.upload(png(1), "first.png")
        for method in ("gradient", "gradcam"):
            running.finished(running.post("jobs", {"method": method, "image": opened["id"]})["id"])
        running.until(lambda: len(running.get(f"pages/photograph/{opened['id']}")["heatmaps"]) == 2)
        running.id = opened["id"]
        yield running
    finally:
        running.stop()


@pytest.fixture
def visit(browser: Any, server: Running) -> Iterator[Any]:
    """visit(hash, root, **context) opens the Studio, watched."""
    with watched(browser) as open_:

        def go(hash_: str = "#/", root: str | None = None, **options: Any) -> Any:
            place = root or server.root
            return open_(f"{place}/{hash_}", (place, "data:", "blob:"), **options)

        yield go


def go(tab: Any, hash_: str) -> None:
    tab.evaluate("hash => { location.hash = hash }", hash_)
    tab.evaluate(SETTLE)
    tab.wait_for_function("() => document.querySelector('main h1') && !document.querySelector('.loading')")
    tab.evaluate(SETTLE)


def quiet(server: Running) -> None:
    """Wait until nothing is being made, and the last word of it has been said."""
    server.until(lambda: not [j for j in server.get("jobs") if j["state"] in ("queued", "running")])
    server.until(lambda: server.get("session")["pending"] == 0)
    time.sleep(1)


def pages(server: Running) -> dict[str, str]:
    other = next(card["id"] for card in server.get("overview")["photographs"] if card["name"] == "cat.png")
    return {
        "overview": "#/",
        "network": "#/network",
        "image": f"#/image/{server.id}",
        "image of another network": f"#/image/{other}",
        "class": "#/class/cat",
        "unit": "#/unit/3/2",
        "compare": f"#/compare/{server.id}/{other}",
        "patterns": "#/patterns",
        "jobs": "#/jobs",
        "about": f"#/about/{server.get(f'pages/photograph/{server.id}')['prediction_record']}?image={server.id}",
        "missing": "#/image/nothing-of-the-kind",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_every_page_in_every_language_and_theme(
    language: str,
    theme: str,
    server: Running,
    visit: Any,
    axe: str,
) -> None:
    tab = visit(color_scheme=theme)
    tab.select_option(".top select", language)
    for name, address in pages(server).items():
        if name == "missing":
            continue  # its 404 is in the console; see below
        go(tab, address)
        if name in ("image", "jobs"):
            tab.wait_for_selector(".occlude" if name == "image" else ".form")
        tab.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true })")
        tab.evaluate(SETTLE)
        assert tab.evaluate(BROKEN) == [], name
        tab.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}") if name == "overview" else None
        found = tab.evaluate("async () => (await axe.run({ preload: false })).violations")
        told = [(v["id"], n["html"][:160], n.get("failureSummary")) for v in found for n in v["nodes"][:2]]
        assert told == [], name
    assert tab.evaluate("() => document.documentElement.lang") == language


def test_a_page_that_is_not_there_says_so(visit: Any) -> None:
    tab = visit()
    go(tab, "#/image/nothing-of-the-kind")
    assert "no photograph" in tab.inner_text("main")
    assert len([c for c in tab.told.complaints if "404" in c]) == 1  # asked once, not for ever
    tab.told.complaints.clear()


def test_a_damaged_result_is_told_and_the_rest_is_shown(visit: Any) -> None:
    tab = visit()
    assert "damaged" in " ".join(tab.locator(".named").all_inner_texts())
    assert tab.locator(".cards > li").count() >= 3


def test_a_result_appears_without_reload(server: Running, visit: Any) -> None:
    id = server.upload(png(2), "second.png")["id"]
    tab = visit(f"#/image/{id}")
    tab.evaluate("() => { window.stayed = true; document.querySelector('main').dataset.kept = 'yes' }")
    assert tab.locator(".image-top canvas").count() == 0
    server.post("jobs", {"method": "gradient", "image": id, "target": "cat"})
    tab.wait_for_selector(".image-top canvas[data-drawn]")
    assert tab.evaluate("() => window.stayed && document.querySelector('main').dataset.kept === 'yes'")


DRAWN = """() => {
  const canvas = document.querySelector(".occlude canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [...data].filter((_, i) => i % 4 === 3).map((alpha) => alpha > 127);
}"""
DROP = """([name, kind, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: kind }));
  for (const what of ["dragover", "drop"])
    window.dispatchEvent(new DragEvent(what, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
PASTE = """([name, kind, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: kind }));
  window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, cancelable: true }));
}"""


@pytest.mark.parametrize(("how", "seed"), [(DROP, 51), (PASTE, 52)])
def test_a_picture_of_ones_own(how: str, seed: int, server: Running, visit: Any) -> None:
    tab = visit()
    tab.evaluate(how, ["own.png", "image/png", base64.b64encode(png(seed)).decode()])
    tab.wait_for_selector(".image-top .bars")
    assert "own.png" in tab.inner_text(".image-head")
    id = tab.url.rsplit("/", 1)[1]
    # The usual methods follow by themselves and appear as they are made.
    server.until(
        lambda: {j["request"]["method"] for j in server.get("jobs") if j["request"]["image"] == id} >= {"segment"}
    )
    tab.wait_for_selector(".triple")


def test_what_is_no_picture_is_refused_kindly(visit: Any) -> None:
    tab = visit()
    tab.evaluate(DROP, ["own.png", "image/png", base64.b64encode(b"<svg/>").decode()])
    tab.wait_for_selector(".toast")
    assert "no picture of a kind that is taken" in tab.inner_text(".toast")
    tab.click(".toast button")
    assert tab.locator(".toast").count() == 0
    tab.told.complaints = [c for c in tab.told.complaints if "415" not in c]


def test_the_data_folder_opens_pictures(server: Running, visit: Any) -> None:
    tab = visit()
    tab.wait_for_selector(".data-strip img")
    assert tab.locator(".data-strip img").count() == 3
    tab.fill(".data input[type=search]", "picture 2")
    tab.wait_for_function("() => document.querySelectorAll('.data-strip img').length === 1")
    tab.click(".data-strip button")
    tab.wait_for_selector(".image-top .bars")
    assert "picture 2.png" in tab.inner_text(".image-head")


def test_hiding_by_drawing(server: Running, visit: Any) -> None:
    tab = visit(f"#/image/{server.id}")
    tab.wait_for_selector(".occlude canvas")
    canvas = tab.locator(".occlude canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    with tab.expect_response(
        lambda r: "occlude" in r.url and r.request.post_data_buffer and any(r.request.post_data_buffer)
    ):
        tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tab.mouse.down()
        tab.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.6, steps=4)
        tab.mouse.up()
    tab.wait_for_function("() => /hidden/.test(document.querySelector('.occlude-side .caption').innerText)")
    tab.wait_for_timeout(600)
    # What the page shows is what the server says of exactly what is drawn.
    mask = tab.evaluate(DRAWN)
    said = server.post(f"photographs/{server.id}/occlude", np.packbits(np.array(mask, bool)).tobytes())
    assert 0.02 < said["hidden"] < 0.9
    shown = tab.locator(".changes tbody tr").all_inner_texts()
    assert len(shown) == len(said["changes"])
    for row, change in zip(shown, said["changes"], strict=True):
        assert change["label"] in row
        value = row.split()[-1].rstrip("%")
        assert float(value) == pytest.approx(100 * change["after"], rel=0.02)
    tab.click(".occlude button")
    assert "Nothing is hidden" in tab.inner_text(".occlude-side")
    # The keyboard draws too.
    canvas.focus()
    for key in ("ArrowLeft", "ArrowUp", "Space"):
        tab.keyboard.press(key)
    tab.wait_for_function("() => /hidden:/.test(document.querySelector('.occlude-side').innerText)")


def test_heatmaps_side_by_side_under_the_same_sliders(server: Running, visit: Any) -> None:
    quiet(server)  # nothing else makes the page ask
    tab = visit(f"#/image/{server.id}")
    tab.wait_for_selector(".side-by-side canvas[data-drawn]")
    tab.wait_for_function("() => document.querySelectorAll('.side-by-side canvas[data-drawn]').length === 2")
    stored = {h["record"]: h for h in server.get(f"pages/photograph/{server.id}")["heatmaps"]}
    read = (
        "i => { const c = document.querySelectorAll('.side-by-side canvas')[i];"
        " return [c.height, c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]] }"
    )
    for i, heat in enumerate(stored.values()):
        held = heat["values"]
        levels = np.frombuffer(zlib.decompress(base64.b64decode(held["data"])), held["dtype"]).reshape(held["shape"])
        values = levels / (127 if (signed := held["dtype"] == "int8") else 255)
        want = np.dstack([colour.heat(values, signed, 1), colour.cover(values, 1)])
        height, width, values = tab.evaluate(read, i)
        got = np.array(values, np.uint8).reshape(height, width, 4)
        assert (got[..., 3] == want[..., 3]).all()
        solid = want[..., 3] == 255
        assert solid.any()
        assert np.abs(got[solid].astype(int) - want[solid].astype(int)).max() <= 3
    asked = len(tab.told.requests)
    tab.locator(".side-by-side .slider input").nth(1).fill("20")
    tab.locator(".side-by-side .slider input").nth(0).fill("50")
    for i in range(2):
        _, _, values = tab.evaluate(read, i)
        alpha = np.array(values, np.uint8)[3::4]
        assert 0 < (alpha > 0).mean() <= 0.2
        assert tab.evaluate("i => document.querySelectorAll('.side-by-side canvas')[i].style.opacity", i) == "0.5"
    assert len(tab.told.requests) == asked


def test_a_form_makes_a_job(server: Running, visit: Any) -> None:
    id = server.upload(png(61), "form.png")["id"]
    tab = visit(f"#/image/{id}")
    tab.click(".more summary")
    tab.select_option(".form > .form-field select", "smoothgrad")
    tab.fill(".form input[name=samples]", "2")
    tab.fill(".form input[name='@target']", "dog")
    tab.click(".form button.primary")
    server.until(lambda: any(j["request"]["image"] == id for j in server.get("jobs")))
    job = next(j for j in server.get("jobs") if j["request"]["image"] == id)
    assert job["request"]["method"] == "smoothgrad"
    assert job["request"]["options"] == {"samples": 2}  # only what differs from the default
    assert job["request"]["arguments"] == {"target": "dog"}
    tab.wait_for_selector(".image-top canvas[data-drawn]")
    tab.fill(".form input[name='@target']", "zebra")
    tab.click(".form button.primary")
    tab.wait_for_selector(".form .note")
    assert "zebra" in tab.inner_text(".form .note")
    tab.told.complaints = [c for c in tab.told.complaints if "422" not in c]


def test_jobs_are_watched_and_cancelled(server: Running, visit: Any) -> None:
    one, other = visit("#/jobs"), visit("#/jobs")
    for tab in (one, other):
        tab.wait_for_selector(".form")
    one.select_option(".form > .form-field select", "imagine")
    one.fill("textarea[name='@targets']", "goose")
    one.fill("input[name=steps]", "10000")
    one.click(".form button.primary")
    for tab in (one, other):  # both viewers see it run
        tab.wait_for_selector(".job.running progress[value]")
    other.locator(".job.running button").first.click()
    one.wait_for_selector(".job.cancelled")
    assert one.locator(".top .count").count() == 0


def test_searching(server: Running, visit: Any) -> None:
    tab = visit()
    tab.keyboard.press("/")
    tab.keyboard.type("first")
    tab.wait_for_selector(".found [role=option]")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".image-top")
    assert server.id in tab.url
    for text, end, kind in (("3 # 2", "unit/3/2", "unit"), ("goose", "class/goose", "class")):
        tab.keyboard.press("/")
        tab.keyboard.type(text)
        tab.locator(".found [role=option]", has_text=kind).first.wait_for()
        for _ in range(12):
            if tab.inner_text(".found [aria-selected=true]").startswith(kind):
                break
            tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Enter")
        tab.wait_for_function("end => location.hash.includes(end)", arg=end)
    tab.locator("main h1", has_text="goose").wait_for()  # a page that opens takes the focus
    tab.keyboard.press("/")
    tab.keyboard.type("zzzz")
    tab.wait_for_selector(".found.none")
    tab.keyboard.press("Escape")
    assert tab.locator(".found.none").count() == 0
    tab.go_back()
    tab.go_back()
    tab.wait_for_selector(".image-top")


def test_the_layer_graph(visit: Any) -> None:
    tab = visit("#/network")
    tab.wait_for_selector(".graph-node")
    names = tab.locator(".graph-node text:first-of-type").all_inner_texts()
    assert len(names) >= 8  # conv, relu, pool, conv, relu, pool, flatten, linear
    assert tab.locator(".graph-edge").count() == len(names) - 1
    left = [b["x"] for b in (n.bounding_box() for n in tab.locator(".graph-node").all())]
    assert left == sorted(left)
    before = tab.locator(".graph-node").first.bounding_box()["width"]
    tab.get_by_role("button", name="Zoom in").click()
    tab.wait_for_function(
        "w => document.querySelector('.graph-node').getBoundingClientRect().width > w", arg=before * 1.2
    )
    tab.locator(".graph-node").nth(3).focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function("() => location.hash.includes('find=')")


def test_a_selection_is_kept_and_becomes_a_report(server: Running, visit: Any, tmp_path: Path) -> None:
    tab = visit()
    tab.locator(".cards > li", has_text="first.png").hover()
    tab.get_by_label("Select first.png").check()
    go(tab, "#/network")
    go(tab, "#/")
    assert tab.get_by_label("Select first.png").is_checked()
    with tab.expect_download() as got:
        tab.get_by_role("button", name="Report, one file").click()
    text = Path(got.value.path()).read_text(encoding="utf-8")
    assert f"data:photograph-{server.id}" in text
    assert "cat.png" not in text


def test_a_contact_sheet_of_what_was_chosen_on_several_pages(server: Running, visit: Any, tmp_path: Path) -> None:
    quiet(server)
    tab = visit()
    tab.locator(".cards > li", has_text="first.png").hover()
    tab.get_by_label("Select first.png").check()
    go(tab, f"#/image/{server.id}")
    assert tab.get_by_label("Select first.png").is_checked()
    tab.locator(".side-by-side .choose input").nth(1).check()
    go(tab, "#/patterns")
    tab.locator(".patterns .choose input").first.check()
    assert "3 selected" in tab.inner_text(".tray")
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<?xml"), ("PDF", b"%PDF")):
        with tab.expect_download() as got:
            tab.get_by_role("button", name=f"Contact sheet {kind}").click()
        content = Path(got.value.path()).read_bytes()
        assert content.startswith(begins)
        assert got.value.suggested_filename.endswith(kind.lower())
    # The pattern's pixels stand on the sheet as they are stored.
    key = server.get("overview")["patterns"][0]["record"]
    status, _, headers = server.ask(
        "/api/v1/sheet", {"items": [{"record": key, "part": 0}], "kind": "png"}, method="POST"
    )
    assert status == 200
    assert headers["content-disposition"].startswith("attachment")
    assert server.ask("/api/v1/sheet", {"items": [{"record": key, "part": 99}]}, method="POST")[0] == 422
    assert server.ask("/api/v1/sheet", {"items": []}, method="POST")[0] == 422
    tab.get_by_role("button", name="Clear").click()
    assert tab.locator(".tray").count() == 0


def test_a_method_for_everything_that_is_chosen(server: Running, visit: Any) -> None:
    ids = [server.upload(png(seed), f"many {seed}.png")["id"] for seed in (71, 72)]
    tab = visit()
    for seed in (71, 72):
        tab.locator(".cards > li", has_text=f"many {seed}.png").hover()
        tab.get_by_label(f"Select many {seed}.png").check()
    tab.locator(".tray").get_by_role("button", name="Apply a method").click()
    tab.select_option(".tray .form > .form-field select", "smoothgrad")
    tab.fill(".tray input[name=samples]", "3")
    tab.click(".tray button.primary")
    asked = lambda: {  # noqa: E731
        j["request"]["image"] for j in server.get("jobs") if j["request"]["options"] == {"samples": 3}
    }
    server.until(lambda: asked() == set(ids))
    tab.wait_for_selector(".tray .job.done")


MOVES = """
window.moved = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768)])
def test_nothing_jumps(size: tuple[int, int], server: Running, browser: Any) -> None:
    """Cumulative layout shift of every page, opened by its address."""
    quiet(server)
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB")
    context.add_init_script(MOVES)
    moved = {}
    for name, address in pages(server).items():
        tab = context.new_page()
        tab.goto(f"{server.root}/{address}")
        tab.wait_for_selector("main h1")
        tab.wait_for_load_state("networkidle" if name == "missing" else "load")
        tab.wait_for_timeout(700)
        moved[name] = tab.evaluate("() => window.moved")
        wide = tab.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= size[0], name
        tab.close()
    context.close()
    assert max(moved.values()) < 0.1, moved


def test_what_is_hovered_for_is_there_for_a_finger(server: Running, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True)
    tab = context.new_page()
    tab.goto(f"{server.root}/#/")
    tab.wait_for_selector(".cards .choose")
    assert tab.evaluate("() => getComputedStyle(document.querySelector('.cards .choose')).opacity") == "1"
    tab.tap(".cards > li:has-text('first.png') a")
    tab.wait_for_selector(".occlude canvas")
    canvas = tab.locator(".occlude canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tab.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.wait_for_function("() => /hidden/.test(document.querySelector('.occlude-side .caption').innerText)")
    context.close()


def test_a_token_leaves_the_address(tmp_path: Path, browser: Any, visit: Any) -> None:
    running = Running(tmp_path, "--token", "a token for the test").start()
    try:
        assert "token=" in running.address
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(running.address.replace("a token", "a%20token").replace(" ", "%20") + "#/jobs")
        tab.wait_for_selector("main h1")
        assert "token" not in tab.url
        assert tab.url.endswith("/#/jobs")
        held = {c["name"].rsplit("_", 1)[0]: c for c in context.cookies()}
        assert held["deepro_token"]["httpOnly"]
        assert held["deepro_token"]["sameSite"] == "Lax"
        assert tab.evaluate("() => document.cookie") == ""
        context.close()
        assert running.ask("/")[0] == 401
        assert running.ask("/api/v1/overview")[0] == 401
    finally:
        running.stop()


def test_the_viewers_colours_are_the_libraries() -> None:
    """The tables by which the viewer draws a heatmap anew."""
    text = (Path(__file__).resolve().parents[2] / "viewer" / "src" / "generated" / "tables.ts").read_text()
    held = dict(re.findall(r'const (\w+) = "([A-Za-z0-9+/=]+)"', text))
    assert base64.b64decode(held["SEQUENTIAL"]) == colour.table("sequential").tobytes()
    assert base64.b64decode(held["DIVERGING"]) == colour.table("diverging").tobytes()


def test_the_first_load_is_light(visit: Any) -> None:
    tab = visit()
    tab.evaluate(SETTLE)
    sent = tab.evaluate("() => performance.getEntries().reduce((n, e) => n + (e.transferSize || 0), 0)")
    assert 50_000 < sent < 700_000


def test_an_address_that_leads_nowhere_says_so(server: Running, visit: Any) -> None:
    tab = visit("#/nonsense")
    assert "no such page" in tab.inner_text("h1")
    assert "nonsense" in tab.inner_text("main")
    go(tab, "#/unit/3/99999")
    assert "99999 (0–7)" in tab.inner_text("main")


def test_keys_work_everywhere_but_in_text(server: Running, visit: Any) -> None:
    tab = visit(f"#/image/{server.id}")
    tab.wait_for_selector(".occlude-side input[type=checkbox]").focus()
    tab.keyboard.press("/")
    assert tab.evaluate("() => document.activeElement.closest('.search') !== null")
    tab.keyboard.type("?")  # text here
    assert tab.locator("dialog.keys").count() == 0
    tab.keyboard.press("Escape")
    tab.keyboard.press("?")
    tab.wait_for_selector("dialog.keys")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("dialog.keys", state="detached")
    before = tab.evaluate("() => location.hash")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function("before => location.hash !== before", arg=before)


def test_a_stroke_is_taken_back(server: Running, visit: Any) -> None:
    tab = visit(f"#/image/{server.id}")
    drawn = (
        "() => document.querySelector('.occlude canvas').getContext('2d').getImageData(0, 0, 16, 16).data.some(Boolean)"
    )
    tab.wait_for_selector(".occlude canvas").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function(drawn)
    tab.keyboard.press("Control+z")
    tab.wait_for_function(f"() => !({drawn})()")
    assert tab.locator(".occlude button", has_text="Undo").is_disabled()


def test_a_form_is_kept_and_what_experts_need_is_folded(server: Running, visit: Any) -> None:
    tab = visit("#/jobs")
    tab.wait_for_selector(".form select")
    tab.select_option(".form select >> nth=0", "imagine")
    tab.fill("textarea[name='@targets']", "cat")
    tab.reload()
    tab.wait_for_selector("textarea[name='@targets']")
    assert tab.input_value("textarea[name='@targets']") == "cat"
    assert not tab.locator("input[name=seed]").is_visible()
    tab.click(".form details.more summary")
    assert tab.locator("input[name=seed]").is_visible()


def test_one_quiet_line_tells_of_a_photographs_jobs(server: Running, visit: Any) -> None:
    """Nothing moves while one draws: the line has its place before there is anything to tell."""
    tab = visit(f"#/image/{server.id}")
    top = "() => Math.round(document.querySelector('.occlude canvas').getBoundingClientRect().top + scrollY)"
    tab.wait_for_selector(".occlude canvas")
    before = tab.evaluate(top)
    jobs = [
        server.post("jobs", {"method": "smoothgrad", "image": server.id, "options": {"samples": n}})
        for n in (900, 901, 902)
    ]
    tab.wait_for_selector(".making button")
    assert tab.locator(".jobs li").count() == 0
    assert tab.evaluate(top) == before
    tab.click(".making button")
    server.until(lambda: all(server.job(job["id"])["state"] == "cancelled" for job in jobs))
    tab.wait_for_selector(".making button", state="detached")
    assert tab.evaluate(top) == before


def test_what_is_true_stands_beside_what_is_read(tmp_path: Path, browser: Any) -> None:
    for place, seed in (("cat", 1), ("dog", 2), ("fox", 3), ("goose", 4)):
        (tmp_path / "photos" / place).mkdir(parents=True)
        (tmp_path / "photos" / place / "1.png").write_bytes(png(seed))
    running = Running(tmp_path, "--data", str(tmp_path / "photos")).start()
    try:
        running.wait_ready()
        opened = [running.post(f"data/{i}/open") for i in range(4)]
        running.until(lambda: len(running.get("overview")["photographs"]) == 4)
        cards = running.get("overview")["photographs"]
        assert [card["name"] for card in cards] == ["cat/1.png", "dog/1.png", "fox/1.png", "goose/1.png"]
        assert [card["truth"] for card in cards] == ["cat", "dog", "fox", "goose"]
        wrong = [card for card in cards if card["truth"] != card["best"]["label"]]
        assert wrong
        with watched(browser) as open_:
            tab = open_(running.root, (running.root, "data:", "blob:"))
            tab.click("text=Only wrong ones")
            assert tab.locator(".cards .card-picture").count() == len(wrong)
            first = wrong[0]
            tab.click(f"button[aria-label^='labelled {first['truth']}, read as']")  # a cell leads to its photographs
            tab.wait_for_function("() => document.querySelectorAll('.cards .card-picture').length === 1")
            assert f"labelled {first['truth']}, read as" in tab.inner_text(".cards")
            go(tab, f"#/image/{opened[0]['id']}")
            assert "labelled cat" in tab.inner_text(".page-head")
    finally:
        running.stop()


def test_notes_are_kept_found_and_reported(server: Running, visit: Any, tmp_path: Path) -> None:
    tab = visit("#/unit/3/2")
    tab.click("text=Write a note")
    tab.fill(".page-end textarea", "fires for <b>fur</b> #texture")
    tab.click(".page-end button.primary")
    tab.wait_for_selector(".page-end .note-text")
    assert tab.inner_text(".page-end .note-text").strip() == "fires for <b>fur</b> #texture"
    go(tab, "#/")
    tab.fill(".search input", "texture")
    tab.wait_for_selector(".found li:has-text('note')")
    tab.keyboard.press("Enter")
    tab.wait_for_function("() => location.hash === '#/unit/3/2'")
    file = report_build(Workspace(server.workspace), tmp_path / "report.html", single_file=True)
    with watched(tab.context.browser) as open_:
        page = open_(file.as_uri(), (file.as_uri(), "data:", "blob:"))
        assert "fires for" in page.inner_text("main")
        assert page.locator("text=Write a note").count() == 0
    assert server.ask("/api/v1/notes", {"address": "javascript:1", "title": "", "text": "x"}, method="POST")[0] == 422
    tab.click("text=Change the note")
    tab.fill(".page-end textarea", "")
    tab.click(".page-end button.primary")
    tab.wait_for_selector(".page-end .note-text", state="detached")


def test_the_tables_of_a_page_are_a_file(server: Running, visit: Any) -> None:
    tab = visit("#/network")
    with tab.expect_download() as waiting:
        tab.click("text=Tables as CSV")
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    rows = [line for line in text.splitlines() if line]
    assert any("Kind" in line.split(",") for line in rows), rows[:20]
    assert len([line for line in rows if "Conv2d" in line]) >= 2


def test_examples_are_made_of_units_that_are_looked_at(tmp_path: Path, browser: Any) -> None:
    running = Running(tmp_path)
    running.factory.write_text(
        running.factory.read_text().replace("(3, 6, 3", "(3, 40, 3").replace("(6, 8, 3", "(40, 8, 3")
    )
    running.start()
    try:
        running.wait_ready()
        job = running.finished(running.post("jobs", {"method": "survey", "layers": ["0"]})["id"])
        id = job["key"][:12]
        running.until(lambda: [row["examples"] for row in running.get(f"pages/survey/{id}")["layers"]] == [16])
        quiet(running)
        with watched(browser) as open_:
            tab = open_(f"{running.root}/#/survey/{id}/0?find=20,21", (running.root, "data:", "blob:"))
            tab.wait_for_function(
                "() => document.querySelectorAll('.unit-tiles .crop img').length >= 4", timeout=60_000
            )
            assert tab.locator(".unit-cell").count() == 2
        assert running.get(f"pages/survey/{id}")["layers"][0]["examples"] == 18
    finally:
        running.stop()
