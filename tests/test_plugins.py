"""A package adds a method and a kind by its entry points; one that fails is one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "docs" / "plugin"

EVERYWHERE = """
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

import deepro
from deepro import recipe, registry
from deepro.kinds.record import kinds
from deepro.report import build
from deepro.studio.forms import forms

assert "deepro_sparsity" not in sys.modules
assert deepro.sparsity is registry.get("sparsity").public_function
assert "sparsity" in kinds()
assert [f.options["properties"]["threshold"]["maximum"] for f in forms() if f.name == "sparsity"] == [100]

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 22 * 22, 5)).eval()

net = deepro.load(make(), preprocess="size=24")
picture = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
made = deepro.sparsity(net, picture, "1", threshold=0)
assert made.silent.shape == (4,) and 0 < made.silent.mean() < 1
assert made.provenance.libraries["deepro-sparsity"] == "0.1.0"
lines = recipe.python(made.provenance)
assert "deepro.sparsity(net, " in lines and "layer='1', threshold=0.0)" in lines, lines
assert "silent" in made._repr_html_()

workspace = deepro.Workspace("ws")
workspace.add_network(net)
workspace.add(made)
build(workspace)
"""


def distribution(folder: Path, name: str, module: str) -> Path:
    """What an installation leaves beside a module, so that its entry points are found."""
    about = folder / f"{name.replace('-', '_')}-0.1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    groups = ("deepro.methods", "deepro.kinds")
    (about / "entry_points.txt").write_text("".join(f"[{group}]\nit = {module}\n" for group in groups))
    return folder


def python(*words: str, paths: list[Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, [ROOT / "src", *paths]))
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )


def test_its_method_and_its_kind_are_everywhere(tmp_path: Path) -> None:
    paths = [PLUGIN, distribution(tmp_path / "site", "deepro-sparsity", "deepro_sparsity")]
    done = python("-c", EVERYWHERE, paths=paths, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "plug-in" not in done.stderr
    data = tmp_path / "ws" / "report" / "data"
    (page,) = data.glob("general-*.js")
    shown = json.loads(page.read_text().split(",", 1)[1].rstrip(");\n"))
    assert shown["caption"].startswith("How often each unit of 1 is silent")
    assert shown["tables"][0]["columns"] == ["unit", "share silent"]
    assert (tmp_path / "ws" / "report" / shown["pictures"][0]["picture"]["source"]).is_file()
    assert [line["name"] for line in shown["curves"][0]["lines"]] == ["share silent"]


def test_the_command_runs_it(tmp_path: Path) -> None:
    from PIL import Image

    paths = [PLUGIN, distribution(tmp_path / "site", "deepro-sparsity", "deepro_sparsity")]
    Image.new("RGB", (24, 24), "red").save(tmp_path / "red.png")
    (tmp_path / "net.py").write_text("from torch import nn\nmake = lambda: nn.Sequential(nn.Conv2d(3, 4, 3))\n")
    words = ["run", "sparsity", "net.py:make", "red.png", "--layer", "0", "--preprocess", "size=24", "--out", "ws"]
    done = python("-m", "deepro", *words, paths=paths, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "of all outputs are not above 0" in done.stdout


def test_one_that_cannot_be_imported_is_one_line_and_stops_nothing(tmp_path: Path) -> None:
    site = distribution(tmp_path / "site", "deepro-broken", "broken_plugin")
    (site / "broken_plugin.py").write_text("import a_module_that_is_nowhere\n")
    paths = [PLUGIN, distribution(site, "deepro-sparsity", "deepro_sparsity")]
    done = python("-m", "deepro", "methods", "--json", paths=paths, cwd=tmp_path)
    assert done.returncode == 0
    assert {"deconvnet", "sparsity"} <= {m["name"] for m in json.loads(done.stdout)}
    (line,) = done.stderr.splitlines()
    assert line == (
        "deepro: the plug-in deepro-broken 0.1.0 is left out: importing broken_plugin raised "
        "ModuleNotFoundError: No module named 'a_module_that_is_nowhere'"
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "from deepro.registry import Paper, method\nfrom deepro.kinds.photographs.heatmap import Heatmap\n"
            "def heatmap(net) -> Heatmap: ...\n"
            "method(family='units', paper=Paper('', 0, '', ''), summary='')(heatmap)\n",
            "method 'heatmap' has a name of Deepro's own; choose another",
        ),
        (
            "from deepro.kinds.record import Kind, register\nfrom deepro.results import Result\n"
            "class Mine(Result):\n    kind = 'heatmap'\n"
            "register(Kind(Mine, caption=''))\n",
            "kind 'heatmap' is registered twice",
        ),
    ],
    ids=["method", "kind"],
)
def test_it_takes_no_name_of_ours(code: str, said: str, tmp_path: Path) -> None:
    site = distribution(tmp_path / "site", "deepro-taker", "taker")
    (site / "taker.py").write_text(code)
    asked = "from deepro.kinds.record import kinds; kinds(); import deepro; print(deepro.heatmap.__module__)"
    done = python("-c", asked, paths=[site], cwd=tmp_path)
    assert done.stdout == "deepro.methods.regions.heatmap\n", done.stderr
    assert said in done.stderr
