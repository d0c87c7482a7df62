"""The examples of CONTRIBUTING.md, followed literally in a copy of the source."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
UNSEEN = shutil.ignore_patterns("static", "__pycache__", "node_modules", "*.safetensors")


def follow(copy: Path, heading: str) -> list[str]:
    """Do what a section says: new files, and lines in files that are there. Returns the files touched."""
    sections = re.split(r"^## ", TEXT, flags=re.M)
    (told,) = [part for part in sections if part.startswith(heading)]
    touched = []
    for head, body in re.findall(r"^```\w+\n(?:#|//) ([^\n]*)\n(.*?)^```$", told, re.M | re.S):
        line = re.fullmatch(r"a line of (?:(\w+) in )?([^\s,]+)(?:, .*)?", head)
        file = copy / (line[2] if line else head)
        touched.append(file.relative_to(copy).as_posix())
        if line is None:
            assert not file.exists()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
            continue
        before = file.read_text(encoding="utf-8")
        if line[1]:  # the first line of a table
            (first,) = re.findall(rf"^{line[1]}\b.*[({{]\n", before, re.M)
            after = before.replace(first, first + body)
        else:
            after = f"{before.rstrip()}\n{body}"
        assert after != before
        file.write_text(after, encoding="utf-8")
    said = [int(n) for n in re.findall(r"\d+", told.splitlines()[0])]
    assert len(touched) == said[-1], f"the heading tells {said[-1]} files, the example has {touched}"
    return touched


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=UNSEEN)
    return tmp_path


def python(copy: Path, *words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *words], cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


METHOD = """
import shlex
import numpy as np
from PIL import Image
from typer.testing import CliRunner
import deepro
from deepro import recipe
from deepro.cli.app import app
from deepro.studio.forms import forms

Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)).save("a.png")
net = deepro.load("net.py:make", preprocess="size=24", labels=["ape", "bee"])
made = deepro.gradient_power(net, "a.png", target="bee", power=3)
assert np.allclose(made.values, (made.values ** (1 / 3)) ** 3) and made.values.min() >= 0
assert [f.options["properties"]["power"]["maximum"] for f in forms() if f.name == "gradient_power"] == [8]
assert "deepro.gradient_power(net, 'a.png', target='bee', power=3.0)" in recipe.python(made.provenance)
words = shlex.split(recipe.command(made.provenance))
done = CliRunner().invoke(app, [*words[1:], "--preprocess", "size=24", "--labels", "l.txt", "--json"])
assert f'"key": "{made.provenance.key}"' in done.output, done.output
print(CliRunner().invoke(app, ["methods", "gradient_power", "--json"]).output)
"""


def test_a_method(copy: Path) -> None:
    follow(copy, "A new method")
    (copy / "net.py").write_text(
        "import torch\nfrom torch import nn\n\n\ndef make():\n    torch.manual_seed(0)\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 22 * 22, 2)).eval()\n"
    )
    (copy / "l.txt").write_text("ape\nbee\n")
    assert '"name": "gradient_power"' in python(copy, "-c", METHOD)


KIND = """
import json
import numpy as np
import deepro
from deepro.report.site import assemble
from deepro.results import Provenance

made = deepro.Margin(
    names=("a", "b"), margins=np.array([0.5, 0.25]),
    provenance=Provenance("margin", 1, {}, {"fingerprint": "f"}, (), 0, {}, "2026-01-01T00:00:00", 0.0),
)
assert "ahead of the second" in made._repr_html_()
workspace = deepro.Workspace("ws")
workspace.add(made)
pages = {}
overview = assemble(workspace, lambda name, data: name, lambda kind, id, model: pages.update({kind: model}))
assert pages["margin"].margins == [0.5, 0.25] and overview.margins[0].mean == 0.375
"""


def test_a_kind_with_a_page(copy: Path) -> None:
    node, viewer = shutil.which("node"), ROOT / "viewer"
    if node is None or not (viewer / "node_modules" / "typescript").is_dir():
        pytest.skip("node or the viewer's packages are not installed")
    shutil.copytree(viewer, copy / "viewer", ignore=UNSEEN)
    (copy / "viewer" / "node_modules").symlink_to(viewer / "node_modules")
    follow(copy, "A new kind of result")
    python(copy, "-c", KIND)
    python(copy, "-m", "deepro.render.tables", "viewer/src/generated")
    schema = python(copy, "-m", "deepro.report.schema")
    subprocess.run([node, "scripts/types.mjs"], cwd=copy / "viewer", input=schema, text=True, check=True)
    types = [node, "node_modules/typescript/bin/tsc", "--noEmit"]
    checked = subprocess.run(types, cwd=copy / "viewer", capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


NONLINEARITY = """
import torch
from torch import nn
import deepro
from deepro import nonlinearities

class Siren(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
    def forward(self, x):
        return self.b(torch.sin(self.a(x)))

assert nonlinearities.of_module("Conv2d") is None
assert "sin" in [entry.name for entry in nonlinearities.entries()]
made = deepro.deconvnet(deepro.load(Siren()), torch.rand(1, 3, 12, 12), layer="b", rule="gradient", top=1)
assert made.fidelity["left"] == {"sin": 1}, made.fidelity
"""


def test_a_nonlinearity(copy: Path) -> None:
    follow(copy, "A new nonlinearity")
    python(copy, "-c", NONLINEARITY)


def test_a_colour_scale(copy: Path) -> None:
    follow(copy, "Another colour scale")
    said = python(copy, "-c", "from deepro.render import tables; print(tables.script(), tables.style())")
    assert "export const RANKS" in said
    assert "--scale-ranks" in said
