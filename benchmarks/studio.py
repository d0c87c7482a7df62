"""The Studio's numbers, in headless Chromium on the demo's photographs: loads, sliders, hiding, many viewers, memory.

Prints one line a claim, with the number to beat. Seconds depend on the machine; a row that compares says with what.
Run it alone: `python benchmarks/studio.py [WORKSPACE]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MODEL = "builtin:efficientnet-lite0"
VIEWERS = 20


def row(what: str, value: float, unit: str, least: str, note: str = "") -> None:
    print(f"{what:<58} {value:9.1f} {unit:<3} at least {least:<8} {note}", flush=True)


class Server:
    """A Studio on a workspace of its own."""

    def __init__(self, workspace: Path, *words: str) -> None:
        self.started = time.monotonic()
        words = (
            sys.executable,
            "-m",
            "deepro",
            "studio",
            str(workspace),
            "--json",
            "--no-browser",
            "--port",
            "0",
            *words,
        )
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            said += self.process.stdout.readline()
        self.root = json.loads(said)["address"].rstrip("/")

    def ask(self, path: str, data: bytes | None = None, kind: str = "application/octet-stream") -> Any:
        import gzip

        headers = {"X-Deepro": "1", "Content-Type": kind}
        request = urllib.request.Request(f"{self.root}/api/v1/{path}", data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            body = answer.read()
            return json.loads(gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body)

    def until(self, true: Any) -> None:
        while not true():
            time.sleep(0.1)

    def memory(self) -> float:
        """MB of the server's own process."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1000  # type: ignore[index]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()


FIRST_PICTURE = """() => new Promise((done) => {
  const look = () => {
    const image = [...document.querySelectorAll("main img")].find((i) => i.complete && i.naturalWidth > 0);
    image ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 10);
  };
  look();
})"""


def first_picture(browser: Any, root: str) -> tuple[float, float]:
    """Milliseconds from the address to the first picture, and bytes over the wire until then."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    tab = context.new_page()
    received = []
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    tab.goto(root)
    shown = tab.evaluate(FIRST_PICTURE)
    tab.wait_for_timeout(700)
    context.close()
    return shown, sum(received)


def cold(browser: Any, demo: Path, base: Path) -> None:
    """From the command to the first picture: a workspace never opened before, and one that was."""
    fresh = base / "fresh"
    shutil.copytree(demo, fresh, ignore=shutil.ignore_patterns("studio", "report*"))
    sent = 0.0
    for name, runs in (("never opened", 1), ("opened before", 5)):
        took, browsers = [], []
        for _ in range(runs):
            server = Server(fresh, "--model", MODEL)
            ready = time.monotonic() - server.started
            shown, sent = first_picture(browser, server.root)
            took.append(1000 * ready + shown)
            browsers.append(shown)
            server.until(lambda: server.ask("session")["pending"] == 0 and server.ask("overview")["patterns"])  # noqa: B023
            server.stop()
        note = (
            f"{min(took):.0f} to {max(took):.0f} ms in {runs}, of it the browser {statistics.median(browsers):.0f} ms"
        )
        row(f"command to first picture, {name}", statistics.median(took), "ms", "2000", note)
    row("first load over the wire", sent / 1000, "kB", "700", "everything until the first screen is whole")


def sliders(browser: Any, server: Server, id: str) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 720})
    tab.goto(f"{server.root}/#/image/{id}")
    tab.wait_for_selector(".side-by-side canvas[data-drawn]")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    script = """([n]) => new Promise((done) => {
      const input = document.querySelectorAll(".side-by-side .slider input")[n];
      const took = [];
      const step = (i) => {
        if (i === 40) return done(took);
        const start = performance.now();
        input.value = 20 + i;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        took.push(performance.now() - start);
        requestAnimationFrame(() => step(i + 1));
      };
      step(0);
    })"""
    for n, name in enumerate(("opacity", "threshold")):
        took = tab.evaluate(script, [n])
        row(f"{name} slider, {len(asked)} requests", statistics.median(took), "ms", "50", f"worst {max(took):.1f} ms")
    tab.close()


def hiding(browser: Any, server: Server, id: str) -> None:
    """From a stroke to the new prediction on the screen, and what of it is the network's bare pass."""
    import torch

    import deepro

    net = deepro.load(MODEL)
    inputs = torch.zeros(1, 3, 224, 224)
    bare = []
    with torch.no_grad():
        for _ in range(15):
            start = time.perf_counter()
            net.module.eval()(inputs)
            bare.append(1000 * (time.perf_counter() - start))
    tab = browser.new_page(viewport={"width": 1280, "height": 1000})
    tab.goto(f"{server.root}/#/image/{id}")
    canvas = tab.locator(".occlude canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tab.mouse.move(box["x"] + 20, box["y"] + 20)
    tab.wait_for_timeout(1500)
    watch = """() => new Promise((done) => {
      const rows = document.querySelector(".changes tbody");
      const start = performance.now();
      const seen = (_, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => done(performance.now() - start));
      };
      const all = { subtree: true, childList: true, characterData: true, attributes: true };
      new MutationObserver(seen).observe(rows, all);
      const canvas = document.querySelector(".occlude canvas");
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const place = { clientX: left + width * Math.random(), clientY: top + height * Math.random() };
      const at = { ...place, pointerId: 1, buttons: 1, bubbles: true };
      canvas.setPointerCapture = () => {};
      canvas.dispatchEvent(new PointerEvent("pointerdown", at));
      canvas.dispatchEvent(new PointerEvent("pointerup", { ...at, buttons: 0 }));
    })"""
    took = [tab.evaluate(watch) for _ in range(20)]
    note = f"worst {max(took):.0f} ms; {statistics.median(took) / statistics.median(bare):.2f} x the bare pass"
    row("hidden by drawing to new prediction", statistics.median(took), "ms", "300", note)
    tab.close()


async def viewers(server: Server, paths: list[str]) -> list[float]:
    """Twenty at once, each asking for tile after tile, for ten seconds."""
    host, port = server.root.removeprefix("http://").split(":")
    ends = time.monotonic() + 10
    took: list[float] = []

    async def viewer(seed: int) -> None:
        order = np.random.default_rng(seed)
        reader, writer = await asyncio.open_connection(host, int(port))
        while time.monotonic() < ends:
            path = paths[int(order.integers(len(paths)))]
            start = time.perf_counter()
            writer.write(f"GET /{path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            assert " 200 " in head.split("\r\n")[0], head
            await reader.readexactly(int(re.search(r"content-length: (\d+)", head, re.I)[1]))  # type: ignore[index]
            took.append(1000 * (time.perf_counter() - start))
            await asyncio.sleep(0.02)
        writer.close()

    await asyncio.gather(*(viewer(i) for i in range(VIEWERS)))
    return took


def crowd(server: Server, id: str) -> None:
    threads = ThreadPoolExecutor(1)
    page = server.ask(f"pages/photograph/{id}")
    paths = sorted(set(re.findall(r"api/v1/objects/[0-9a-f]+\.(?:png|jpg)", json.dumps(page))))
    paths += ["api/v1/overview", f"api/v1/pages/photograph/{id}"]
    job = {"method": "smoothgrad", "image": id, "options": {"samples": 300, "seed": int(time.time())}}
    made = server.ask("jobs", json.dumps(job).encode(), "application/json")
    took = threads.submit(asyncio.run, viewers(server, paths)).result()  # playwright has a loop of its own here
    state = next(j["state"] for j in server.ask("jobs") if j["id"] == made["id"])
    row(
        f"tile of {VIEWERS} viewers, 95th percentile, a job {state}", float(np.percentile(took, 95)), "ms", "500",
        f"median {statistics.median(took):.1f} ms, {len(took)} tiles, no error",
    )  # fmt: skip
    with contextlib.suppress(Exception):
        server.ask(f"jobs/{made['id']}/cancel", b"")


WIDE = 2048
NETWORK = f"""
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 32, 7, stride=4, padding=3), nn.ReLU(), nn.Conv2d(32, {WIDE}, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear({WIDE}, 10),
    )
"""

FIRST_SCREEN = """() => new Promise((done) => {
  const look = () => {
    const all = [...document.querySelectorAll(".unit-cell img")];
    const seen = all.filter((i) => i.getBoundingClientRect().top < innerHeight);
    const whole = seen.length > 0 && seen.every((i) => i.complete && i.naturalWidth > 0);
    whole ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 10);
  };
  look();
})"""

SCROLL = """async () => {
  const long = [];
  new PerformanceObserver((l) => l.getEntries().forEach((e) => long.push(e.duration))).observe({ type: "longtask" });
  const start = scrollY;
  const frames = [];
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    window.scrollBy(0, 400);
    await new Promise((done) => requestAnimationFrame(done));
    frames.push(performance.now() - began);
  }
  await new Promise((done) => setTimeout(done, 300));
  frames.sort((a, b) => a - b);
  return [Math.max(0, ...long), frames[100], frames[198], scrollY - start];
}"""


def wide(browser: Any, base: Path) -> None:
    """A layer of many units, each with its strongest examples: the first screen, then scrolling through all."""
    from PIL import Image
    from skimage import data

    photos = base / "photos"
    photos.mkdir()
    names = ("astronaut", "chelsea", "coffee", "rocket")
    for i in range(64):
        whole = getattr(data, names[i % 4])()
        top, left = 40 * (i // 4 % 4), 40 * (i // 16)
        Image.fromarray(whole[top : top + 128, left : left + 128]).resize((64, 64)).save(photos / f"{i:02}.png")
    (base / "wide.py").write_text(NETWORK)
    model = (f"{base}/wide.py:make", "--preprocess", "size=64")
    words = ("survey", *model, str(photos), "--layer", "3", "--gallery", "3", "--all-units", "--no-report")
    subprocess.run(
        [sys.executable, "-m", "deepro", *words, "--out", str(base / "wide")], check=True, capture_output=True
    )
    server = Server(base / "wide")
    try:
        server.until(lambda: server.ask("overview")["surveys"] and not server.ask("session")["pending"])
        id = server.ask("overview")["surveys"][0]["id"]
        shown, scrolled = [], []
        for _ in range(5):
            tab = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
            tab.goto(f"{server.root}/#/survey/{id}/3")
            shown.append(tab.evaluate(FIRST_SCREEN))
            scrolled.append(tab.evaluate(SCROLL))
            tab.context.close()
        note = f"worst {max(shown):.0f} ms of five"
        row(f"layer of {WIDE} units: first screen", statistics.median(shown), "ms", "1000", note)
        frame, slow = (statistics.median(s[n] for s in scrolled) for n in (1, 2))
        note = f"a frame {frame:.0f} ms, of a hundred the slowest {slow:.0f} ms; {scrolled[0][3]:.0f} pixels"
        row(f"layer of {WIDE} units: longest task while scrolling", max(s[0] for s in scrolled), "ms", "200", note)
    finally:
        server.stop()


def memory(server: Server) -> None:
    """Each further viewer holds an event stream open."""
    before = server.memory()
    held = [urllib.request.urlopen(f"{server.root}/api/v1/events", timeout=60) for _ in range(60)]
    time.sleep(2)
    row(
        "server memory for each further viewer",
        (server.memory() - before) / len(held),
        "MB",
        "1",
        f"of {before:.0f} MB",
    )
    for stream in held:
        stream.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        base = Path(folder)
        demo = Path(sys.argv[1]) if len(sys.argv) > 1 else base / "demo"
        if not (demo / "deepro.json").is_file():
            subprocess.run([sys.executable, "-m", "deepro", "demo", "photos", "--out", str(demo)], check=True)
        cold(browser, demo, base)
        wide(browser, base)
        server = Server(base / "fresh", "--model", MODEL)
        server.until(
            lambda: server.ask("session")["network"]["state"] == "ready" and not server.ask("session")["pending"]
        )
        id = server.ask("overview")["photographs"][0]["id"]
        job = {"method": "gradcam", "image": id}
        server.ask("jobs", json.dumps(job).encode(), "application/json")
        server.until(lambda: server.ask(f"pages/photograph/{id}")["heatmaps"])
        sliders(browser, server, id)
        hiding(browser, server, id)
        crowd(server, id)
        memory(server)
        server.stop()


if __name__ == "__main__":
    main()
