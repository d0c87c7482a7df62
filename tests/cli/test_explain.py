"""`deepro explain` on a network of one's own: what it writes, and what it says when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tests.cli.conftest import LABELS, OWN, PREPROCESS, run


def explain(room: Path, *args: object, out: Path, model: tuple[str, ...] = OWN):
    return run("explain", *model, *args, "--out", out, "--no-report", cwd=room)


def test_it_explains_by_a_target_and_prints_json(room: Path, tmp_path: Path) -> None:
    done = explain(room, "a.png", "b.jpg", "--target", "goose", "--json", out=tmp_path / "ws")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [p["name"] for p in said["photographs"]] == ["a.png", "b.jpg"]
    for photograph in said["photographs"]:
        shares = [p["probability"] for p in photograph["prediction"]]
        assert len(shares) == len(LABELS)
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert photograph["regions"][0]["target"] == "goose"
        assert photograph["units"][0]["layer"] == "1"
    folders = list((tmp_path / "ws" / "results").iterdir())
    assert len(folders) == sum(len(p["results"]) + 1 for p in said["photographs"])


def test_a_second_call_makes_nothing_again(room: Path, tmp_path: Path) -> None:
    explain(room, "a.png", out=tmp_path / "ws")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "ws" / "results").rglob("manifest.json")}
    assert explain(room, "a.png", out=tmp_path / "ws").returncode == 0
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "ws" / "results").rglob("manifest.json")} == before


def test_other_methods_and_their_options(room: Path, tmp_path: Path) -> None:
    done = explain(
        room, "a.png", "--method", "smoothgrad", "--method", "deconvnet", "--layer", "3", "-o", "samples=3", "-o",
        "rule=guided", "--json", out=tmp_path / "ws",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    manifests = [json.loads(p.read_text()) for p in (tmp_path / "ws").rglob("manifest.json")]
    made = {m["result"]["fields"]["provenance"]["$provenance"]["method"] for m in manifests}
    assert made == {"predict", "smoothgrad", "deconvnet"}


def test_a_network_without_rectifiers_gets_everything_but_the_deconvnet(room: Path, tmp_path: Path) -> None:
    done = run("explain", "net.py:smooth", "--preprocess", PREPROCESS, "a.png", "--out", tmp_path / "ws", "--no-report",
               cwd=room)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "deconvnet was not applied" in done.stdout
    assert "region of" in done.stdout


WRONG = {
    "unknown layer": (OWN, ("a.png", "--layer", "33"), 2, "unknown layer '33'"),
    "unknown label": (OWN, ("a.png", "--target", "gose"), 2, "goose"),
    "ambiguous label": (OWN, ("a.png", "--target", "fox"), 2, "red fox"),
    "class out of range": (OWN, ("a.png", "--target", "17"), 2, "17"),
    "unknown method": (OWN, ("a.png", "--method", "segmnt"), 2, "did you mean segment"),
    "method without photographs": (OWN, ("a.png", "--method", "imagine"), 2, "explains no photograph"),
    "unknown option": (OWN, ("a.png", "-o", "rul=guided"), 2, "rul"),
    "bad option": (OWN, ("a.png", "-o", "rule=best"), 2, "expected one of deconvnet, guided, gradient"),
    "no value": (OWN, ("a.png", "-o", "rule"), 2, "expected NAME=VALUE"),
    "no such file": (("gone.py:make",), ("a.png",), None, "gone.py"),
    "no such factory": (("net.py:mak",), ("a.png",), None, "mak"),
    "factory raises": (("net.py:raises",), ("a.png",), 1, "no such cluster"),
    "unknown scheme": (("torchvison:vgg16",), ("a.png",), 2, "torchvision"),
    "unknown network": (("torchvision:vgg61",), ("a.png",), 2, "vgg16"),
    "returns a mapping": (("net.py:pair", "--preprocess", PREPROCESS), ("a.png",), None, "scores"),
    "no preprocessing": (("net.py:make",), ("a.png",), 2, "preprocess"),
    "preprocessing in disorder": (("net.py:make", "--preprocess", "sise=3"), ("a.png",), 2, "sise"),
    "labels do not fit": (
        ("net.py:make", "--preprocess", PREPROCESS, "--labels", "net.py"),
        ("a.png",),
        None,
        "labels",
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_mistake_is_one_clear_line(case: tuple, room: Path, tmp_path: Path) -> None:
    model, args, code, said = case
    done = explain(room, *args, out=tmp_path / "ws", model=model)
    assert done.returncode in ((1, 2) if code is None else (code,)), done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert said in lines[-1], done.stderr
    assert lines[-1].startswith("deepro: "), done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.partial"))


def test_a_module_that_returns_a_mapping_is_explained_by_its_key(room: Path, tmp_path: Path) -> None:
    done = run("explain", "net.py:pair", "--preprocess", PREPROCESS, "--output", "scores", "a.png", "--out",
               tmp_path / "ws", "--no-report", cwd=room)  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs that trip other tools."""
    folder = tmp_path_factory.mktemp("odd")
    noise = np.random.default_rng(1).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    picture.convert("CMYK").save(folder / "cmyk.jpg")
    picture.quantize(16).save(folder / "palette.png")
    picture.convert("L").save(folder / "grey.png")
    picture.convert("RGBA").save(folder / "alpha.png")
    Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save(folder / "sixteen.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(folder / "turned.jpg", exif=exif)
    Image.new("RGB", (1, 1), "red").save(folder / "one.png")
    return folder


def test_every_kind_of_photograph_is_explained(odd: Path, room: Path, tmp_path: Path) -> None:
    done = explain(room, odd, "--json", out=tmp_path / "ws")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["photographs"]) == 7


def test_bad_photographs_are_named_and_the_others_explained(room: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "text.jpg").write_text("no picture")
    (bad / "short.jpg").write_bytes((room / "b.jpg").read_bytes()[:700])
    done = explain(
        room, bad / "text.jpg", "a.png", bad / "missing.jpg", bad / "short.jpg", "b.jpg", out=tmp_path / "ws"
    )
    assert done.returncode == 1
    for name in ("text.jpg", "missing.jpg", "short.jpg"):
        assert name in done.stdout
    assert "Traceback" not in done.stderr
    manifests = [json.loads(p.read_text()) for p in (tmp_path / "ws").rglob("manifest.json")]
    names = {m["result"]["fields"]["provenance"]["$provenance"]["data"]["$tuple"][0]["name"] for m in manifests}
    assert names == {"a.png", "b.jpg"}
    assert len(json.loads((tmp_path / "ws" / "skipped.json").read_text())) == 3


def test_checkpoints_that_do_not_fit_or_run_code(room: Path, tmp_path: Path) -> None:
    weights = load_file(room / "w.safetensors")
    misfit = {**weights, "7.weight": torch.zeros(5, 8), "extra": torch.zeros(1)}
    del misfit["0.bias"]
    save_file(misfit, tmp_path / "misfit.safetensors")
    save_file({k: v.fill_(float("nan")) for k, v in weights.items()}, tmp_path / "nan.safetensors")
    (tmp_path / "short.safetensors").write_bytes((room / "w.safetensors").read_bytes()[:300])
    evil = tmp_path / "evil.pt"
    torch.save(Evil(tmp_path / "ran"), evil)
    expected = {"misfit": "7.weight", "nan": "NaN", "short": "short.safetensors", "evil": "evil.pt"}
    for name, said in expected.items():
        file = tmp_path / (f"{name}.pt" if name == "evil" else f"{name}.safetensors")
        model = ("net.py:make", "--weights", str(file), "--preprocess", PREPROCESS)
        done = explain(room, "a.png", out=tmp_path / f"ws-{name}", model=model)
        assert done.returncode == 1, (name, done.stderr)
        assert said.lower() in done.stderr.splitlines()[-1].lower(), (name, done.stderr)
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "ran").exists()


class Evil:
    """Writes a file when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def test_a_workspace_that_cannot_be_written(room: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out, said in ((tmp_path / "file", "is a file"), (tmp_path / "file" / "ws", "cannot write")):
        done = explain(room, "a.png", out=out)
        assert done.returncode == 1
        assert said in done.stderr.splitlines()[-1]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    done = explain(room, "a.png", out=tmp_path / "full")
    assert "not empty" in done.stderr
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["thesis.tex"]
