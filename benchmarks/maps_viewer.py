"""The map page in headless Chromium on this machine: drawn, pointed at, picked out, dragged.

    python benchmarks/maps_viewer.py [--points 100000 1000000]

A report with one map is opened from disk, WebGL emulated as on a server. drawn: from the address to the whole map on
screen. hover: from the pointer's move to the point's card. lasso: from letting go to the contact sheet, class mix and
table. pan: frames a second while the map is dragged. The aim: a million points in 3 s, 0.3 s and 1 s.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from deepro.kinds.spaces.map import Map
from deepro.report import build
from deepro.results import Provenance
from deepro.store import Workspace

FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync",
)  # fmt: skip


def report(folder: Path, n: int) -> Path:
    """A map of n points in twenty groups, with predictions, confidence and neighbours."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 20, n)
    wrong = random.random(n) < 0.1
    made = Map(
        provenance=Provenance(
            method="tsne", version=1, parameters={"layer": "layer4"}, network={"name": "net", "fingerprint": "0" * 64},
            data=({"name": "benchmark", "sha256": "0" * 64, "size": [n]},), seed=0, libraries={},
            created="2026-01-01T00:00:00+00:00", seconds=0.0,
        ),
        method="tsne",
        layer="layer4",
        pool="mean",
        values=(3 * np.stack([labels % 5, labels // 5], 1) + random.normal(size=(n, 2))).astype(np.float32),
        ids=tuple(f"{i:07d}.jpg" for i in range(n)),
        per_point=random.random(n).astype(np.float32),
        per_point_size=15,
        quality={"neighbours@15": 0.3},
        labels=labels,
        label_names=tuple(f"class {c}" for c in range(20)),
        columns={
            "prediction": np.where(wrong, (labels + 1) % 20, labels),
            "confidence": random.random(n).astype(np.float32),
            "correct": (~wrong).astype(np.int8),
        },
        neighbours=((np.arange(n)[:, None] + random.integers(1, 50, (n, 10))) % n).astype(np.int32),
    )  # fmt: skip
    ws = Workspace(folder)
    ws.add(made)
    return build(ws)


def measure(browser: Any, page: Path, n: int) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 720})
    map_id = next((page.parent / "data").glob("map-*.js")).stem.removeprefix("map-")
    shown = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    tab.goto("about:blank")
    started = time.perf_counter()
    tab.goto(f"{page.as_uri()}#/map/{map_id}")
    tab.wait_for_selector(".map-plot[data-drawn=all]", timeout=120_000)
    tab.evaluate(shown)
    drawn = time.perf_counter() - started
    box = tab.locator(".map-plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    hovers = []
    for i in range(5):
        started = time.perf_counter()
        tab.mouse.move(x + 20 * i, y + 10 * i)
        tab.wait_for_selector(".map-plot-tell")
        hovers.append(time.perf_counter() - started)
        tab.mouse.move(box["x"] + 3, box["y"] - 20)
        tab.wait_for_selector(".map-plot-tell", state="detached")
    tab.keyboard.down("Shift")
    tab.mouse.move(x - 100, y - 100)
    tab.mouse.down()
    for across, down in ((100, -100), (100, 100), (-100, 100), (-100, -90)):
        tab.mouse.move(x + across, y + down, steps=8)
    started = time.perf_counter()
    tab.mouse.up()
    tab.keyboard.up("Shift")
    tab.wait_for_selector(".map-selection")
    tab.evaluate(shown)
    lasso = time.perf_counter() - started
    tab.evaluate("() => { window.n = 0; const f = () => { n++; requestAnimationFrame(f) }; requestAnimationFrame(f) }")
    tab.mouse.move(x, y)
    tab.mouse.down()
    before, started = tab.evaluate("n"), time.perf_counter()
    for i in range(60):
        tab.mouse.move(x + 3 * i, y + i)
        tab.wait_for_timeout(16)
    frames = (tab.evaluate("n") - before) / (time.perf_counter() - started)
    tab.close()
    print(f"{n:>9} points  drawn {drawn:.2f} s  hover {max(hovers):.3f} s  lasso {lasso:.2f} s  pan {frames:.0f} /s")


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", nargs="+", type=int, default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    with sync_playwright() as started, tempfile.TemporaryDirectory() as folder:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=[f"--{flag}" for flag in FLAGS]
        )
        for n in options.points:
            measure(browser, report(Path(folder) / str(n), n), n)


if __name__ == "__main__":
    main()
