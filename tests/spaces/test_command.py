"""`deepro embed` through the code that Typer calls: summary, exports, a map that was stopped is made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import typer
from safetensors.torch import save_file
from typer.testing import CliRunner

import deepro
from deepro import progress, recipe
from deepro.cli import embed as command
from deepro.cli import similarity
from deepro.demos import digits
from deepro.errors import LayerError
from deepro.methods.spaces.similarity import linear_cka
from deepro.store import Workspace


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(command.embed)
    made.command()(similarity.similarity)
    return made


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    save_file(digits.DigitsNetwork().state_dict(), str(folder / "weights.safetensors"))
    return digits.write_pictures(folder / "pictures")


def arguments(pictures: Path, out: Path, *more: str) -> list[str]:
    made = ["embed", "deepro.demos.digits:DigitsNetwork", str(pictures), "--layer", "pool2", "--out", str(out)]
    made += ["--weights", str(pictures.parent / "weights.safetensors")]
    return [*made, "--preprocess", "size=8,order=L,mean=0,std=1", "--no-report", "--option", "steps=30", *more]


def test_a_map_and_its_exports(app: typer.Typer, pictures: Path, tmp_path: Path) -> None:
    target = tmp_path / "map.csv"
    ran = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws", "--export", str(target), "--json"))
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["maps"][0]["points"] == 360
    assert said["maps"][0]["quality"]["neighbours@15"] > said["maps"][0]["baselines"]["pca"]["neighbours@15"]
    assert len(target.read_text(encoding="utf-8").splitlines()) == 361
    again = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws"))
    assert "tsne of 360 points" in again.stdout
    assert "baseline pca: neighbours@15" in again.stdout
    assert len(list(Workspace(tmp_path / "ws").results("map"))) == 1


def test_a_stopped_map_is_kept_and_made_again_when_asked(
    app: typer.Typer, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = progress.tell

    def stops(what: str, done: int, total: int | None = None) -> None:
        if what == "t-SNE" and done >= 100:
            raise progress.Stopped
        tell(what, done, total)

    monkeypatch.setattr(progress, "tell", stops)
    ran = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws"))
    assert ran.exit_code == 1
    assert "the work was stopped" in ran.stdout
    (kept,) = Workspace(tmp_path / "ws").results("map")
    assert not kept.finished
    monkeypatch.setattr(progress, "tell", tell)
    assert CliRunner().invoke(app, arguments(pictures, tmp_path / "ws")).exit_code == 0
    (made,) = Workspace(tmp_path / "ws").results("map")
    assert made.finished


def test_after_a_stop_no_other_map_is_begun(
    app: typer.Typer, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = progress.tell

    def stops(what: str, done: int, total: int | None = None) -> None:
        if what == "t-SNE" and done >= 100:
            monkeypatch.setattr(progress, "tell", tell)  # once: what is begun after it would be finished
            raise KeyboardInterrupt
        tell(what, done, total)

    monkeypatch.setattr(progress, "tell", stops)
    ran = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws", "--layer", "hidden", "--units", "--json"))
    assert ran.exit_code == 1, ran.output
    said = json.loads(ran.stdout)
    assert [(m["layer"], m["finished"]) for m in said["maps"]] == [("pool2", False)]
    assert not said["units"]
    again = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws", "--layer", "hidden", "--json"))
    assert [(m["layer"], m["finished"]) for m in json.loads(again.stdout)["maps"]] == [
        ("pool2", True),
        ("hidden", True),
    ]


def test_bad_usage_is_said_before_anything_runs(app: typer.Typer, pictures: Path, tmp_path: Path) -> None:
    for more, said in (
        (["--method", "tsme"], "did you mean tsne"),
        (["--layer", "hidden", "--export", "a.csv"], "one map"),
        (["--export", "a.xlsx"], "cannot export a map as .xlsx"),
    ):
        ran = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws", *more))
        assert said in str(ran.exception)
        assert not (tmp_path / "ws").exists()


def test_several_layers_with_all_that_goes_with_them(app: typer.Typer, pictures: Path, tmp_path: Path) -> None:
    asked = sorted((pictures / "3").glob("*.png"))[0]
    more = ["--layer", "hidden", "--units", "--scores", "--find", "--near", str(asked), "--json"]
    ran = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws", *more))
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert [m["layer"] for m in said["maps"]] == ["pool2", "hidden"]
    assert said["maps"][0]["result"] == said["maps"][1]["result"]  # aligned maps are one result
    assert [u["layer"] for u in said["units"]] == ["pool2", "hidden"]
    assert said["scores"]["layers"] == ["pool2", "hidden"]
    assert len(said["scores"]["probe"]) == 2
    assert [f["layer"] for f in said["findings"]] == ["pool2", "hidden"]
    nearest, distance = said["near"][str(asked)][0]
    assert nearest == f"3/{asked.name}"
    assert distance == pytest.approx(0, abs=1e-5)
    assert len(list((tmp_path / "ws" / "codes").iterdir())) == 1, "one pass for everything"
    told = CliRunner().invoke(app, arguments(pictures, tmp_path / "ws", *more[:-1])).stdout
    for words in (
        "of the nearest neighbours are new",
        "map of 64 units",
        "linear probe",
        "what stands out",
        "nearest to",
    ):
        assert words in told


def test_a_picture_that_cannot_be_read_has_no_neighbours(app: typer.Typer, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("not a picture")
    more = ["--method", "pca", "--near", str(tmp_path / "no.png")]
    asked = arguments(pictures, tmp_path / "ws", *more)
    asked = [a for a in asked if a not in ("--option", "steps=30")]
    ran = CliRunner().invoke(app, asked)
    assert "no.png" in str(ran.exception)
    assert not (tmp_path / "ws").exists(), "said before anything ran"


def test_two_networks_beside_each_other(app: typer.Typer, pictures: Path, tmp_path: Path) -> None:
    torch.manual_seed(5)
    another = digits.DigitsNetwork()
    save_file(another.state_dict(), str(tmp_path / "another.safetensors"))
    network = "deepro.demos.digits:DigitsNetwork"
    words = ["similarity", network, str(pictures), "--other", network, "--layer", "pool1", "--layer", "pool2"]
    words += ["--weights", str(pictures.parent / "weights.safetensors"), "--preprocess", "size=8,order=L,mean=0,std=1"]
    words += ["--other-weights", str(tmp_path / "another.safetensors"), "--other-layer", "pool2"]
    ran = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "ws")])
    assert ran.exit_code == 0, ran.output
    (made,) = Workspace(tmp_path / "ws").results("similarity")
    assert (made.layers, made.other_layers, made.examples) == (("pool1", "pool2"), ("pool2",), 360)
    weights = str(pictures.parent / "weights.safetensors")
    nets = [
        deepro.load(network, weights=file, preprocess="size=8,order=L,mean=0,std=1")
        for file in (weights, str(tmp_path / "another.safetensors"))
    ]
    files = sorted(str(p) for p in pictures.rglob("*.png"))
    codes = [deepro.activations(net, files, "pool2").values["pool2"].mean((2, 3)) for net in nets]
    assert 0 < made.similarity[1, 0] < 1
    assert made.similarity[1, 0] == pytest.approx(linear_cka(*codes), abs=2e-3)  # codes lie on disk in half precision
    assert (tmp_path / "ws" / "report" / "index.html").exists()
    assert made.figure().axes
    assert "--other-layers pool2" in recipe.command(made.provenance)
    wrong = CliRunner().invoke(app, [*words[:-1], "pool9", "--out", str(tmp_path / "ws2")])
    assert isinstance(wrong.exception, LayerError)
