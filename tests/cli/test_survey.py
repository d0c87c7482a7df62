"""`deepro survey` and the commands of experiments, as a user runs them."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tests.cli.conftest import LABELS, OWN, run

from deepro import recipe
from deepro.cli.app import app
from deepro.errors import DeeproError
from deepro.store import Workspace


@pytest.fixture(scope="module")
def photos(room: Path) -> Path:
    """Eight photographs in folders named by label, and one that cannot be read."""
    rng = np.random.default_rng(1)
    folder = room / "labelled"
    for i in range(8):
        place = folder / LABELS[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (36, 48, 3), dtype=np.uint8)).save(place / f"{i}.png")
    (folder / LABELS[0] / "torn.png").write_bytes(b"\x89PNG nothing more")
    return folder


def inside(room: Path, monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    """The command without another process, which would read all of torch again. Raises what `main` tells in a line."""
    monkeypatch.chdir(room)
    app(list(map(str, words)), standalone_mode=False)


def overview(ws: Path) -> dict:
    text = (ws / "report" / "data" / "overview.js").read_text(encoding="utf-8")
    found = re.fullmatch(r'deeproData\("overview", (.*)\);\n', text)
    assert found
    return json.loads(found[1])


def test_a_survey_ends_in_a_report_with_galleries(
    room: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "ws"
    asked = ("survey", *OWN, photos, "--layer", "0", "--layer", "4", "--gallery", "4", "--out", out, "--json")
    done = run(*asked, cwd=room)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["read"], said["unreadable"], said["classes"]) == (8, 1, 2)
    assert said["galleries"] == {"4": 8}
    assert Path(said["report"]).is_file()
    (card,) = overview(out)["surveys"]
    assert (card["images"], card["layers"], card["units"], card["shown"]) == (8, 2, 14, 8)
    assert {r.kind for r in Workspace(out).results()} == {"survey", "gallery", "feeds", "diagnosis"}
    before = {p: p.stat().st_mtime_ns for p in (out / "results").rglob("manifest.json")}
    inside(room, monkeypatch, *asked, "--resume")
    assert {p: p.stat().st_mtime_ns for p in (out / "results").rglob("manifest.json")} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("empty",), "no pictures in"),
        (("labelled", "--layer", "nine"), "unknown layer 'nine'"),
        (("labelled", "--layer", "0", "--gallery", "4"), "the survey has no layer '4'"),
        (("nowhere.csv",), "no such file"),
    ],
)
def test_what_does_not_fit_is_told(
    room: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple, words: str
) -> None:
    (room / "empty").mkdir(exist_ok=True)
    with pytest.raises(DeeproError, match=words):
        inside(room, monkeypatch, "survey", *OWN, *arguments, "--out", tmp_path / "ws")


def test_experiments_end_in_pages(room: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "ws"
    with (room / "parts.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "part", "left", "top", "right", "bottom"])
        for name in ("a.png", "b.jpg"):
            table.writerow([name, "eye", 15, 5, 25, 15])
    state = load_file(room / "w.safetensors")
    save_file({k: v + 0.05 * torch.randn_like(v) for k, v in state.items()}, room / "w2.safetensors")
    quiet = ("--out", out, "--no-report")
    for words in (
        ("occlusion", *OWN, "a.png", "--layer", "4", "--square", "9", "--step", "8", *quiet),
        ("invariance", *OWN, "a.png", "b.jpg", "--layer", "4", "--points", "3", *quiet),
        ("correspondence", *OWN, "parts.csv", "--layer", "4", "--draws", "2", *quiet),
        ("ablate", *OWN, photos, "3#0,2-3", "--each", "--pruned", tmp_path / "pruned", *quiet),
        ("compare", *OWN, photos, "--before", "w.safetensors", "--after", "w2.safetensors", "--layer", "3", *quiet),
        ("evolution", *OWN, photos, "--checkpoint", "w.safetensors", "--checkpoint", "w2.safetensors", "--layer", "4",
         "--unit", "1", "--out", out),
    ):  # fmt: skip
        inside(room, monkeypatch, *words)
    kinds = {card["kind"] for card in overview(out)["experiments"]}
    assert kinds == {"occlusion_maps", "invariance", "correspondence", "ablation", "comparison", "evolution"}
    # Each says how to make it again, with the weights of every network, and is found by that, not made a second time.
    settings = (*OWN[3:], "--out", out)
    made = {result.kind: result.provenance for result in Workspace(out).results()}
    for kind in kinds:
        words = shlex.split(recipe.command(made[kind]) or "")
        inside(room, monkeypatch, *words[1:-2], *settings)
    assert "--checkpoints w2=net.py:make@w2.safetensors" in recipe.command(made["evolution"])
    assert sorted(r.kind for r in Workspace(out).results()) == sorted([*kinds, "survey", "survey"])
    pruned = load_file(tmp_path / "pruned.safetensors")
    assert not pruned["3.weight"][[0, 2, 3]].any()
    torch.testing.assert_close(pruned["3.weight"][1], state["3.weight"][1])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ablate", "labelled", "3"), "expected LAYER#UNITS"),
        (("ablate", "labelled", "3#99"), "layer '3' has units 0..7, not 99"),
        (("ablate", "labelled", "1#0", "--pruned", "p"), "only the filters of a convolution"),
        (("correspondence", "torn.csv", "--layer", "4"), "bottom is missing"),
    ],
)
def test_an_experiment_that_cannot_be_is_told(
    room: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple, told: str
) -> None:
    (room / "torn.csv").write_text("image,part,left,top,right\n")
    with pytest.raises(DeeproError, match=told):
        inside(room, monkeypatch, words[0], *OWN, *words[1:], "--out", tmp_path / "ws")
