"""What a type checker says of a user's script: results have their class, a misspelled option is an error."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import deepro

net = deepro.load("builtin:efficientnet-lite0")
reveal_type(net)  # Network
reveal_type(deepro.deconvnet(net, "cat.jpg", layer="x"))  # Projection
reveal_type(deepro.deconvnet(net, "cat.jpg", "x", rule="guided", top=3))  # Projection
reveal_type(deepro.heatmap(net, "cat.jpg", target="tabby"))  # Heatmap
reveal_type(deepro.segment(net, Path("cat.jpg")))  # Region
reveal_type(deepro.imagine(net, ["goose", 3]))  # Pattern
reveal_type(deepro.trace(net, "a text"))  # Trace
reveal_type(deepro.survey(net, "photos/"))  # Survey
reveal_type(deepro.deconvnet(net, "cat.jpg", layer="x").maps)  # ndarray
for image in (Path("cat.jpg"), Image.new("RGB", (9, 9)), np.zeros((9, 9, 3)), torch.zeros(1, 3, 9, 9)):
    deepro.heatmap(net, image)
deepro.activations(net, [Path("cat.jpg"), "dog.jpg"], ["a", "b"])
deepro.deconvnet(net, "cat.jpg", layer="x", tip=3)  # No parameter named "tip"
deepro.deconvnet(net, "cat.jpg", layer="x", top="three")  # cannot be assigned to parameter "top"
deepro.deconvnet(net, "cat.jpg", layer="x", rule="deconv")  # cannot be assigned to parameter "rule"
deepro.deconvnet(net, "cat.jpg")  # Argument missing for parameter "layer"
deepro.heatmap(net, 3)  # cannot be assigned to parameter
deepro.heatmaps(net, "cat.jpg")  # "heatmaps" is not a known attribute
"""


def test_pyright_knows_what_a_user_writes(tmp_path: Path) -> None:
    pyright = Path(sys.executable).with_name("pyright")
    if not pyright.is_file():
        pytest.skip("pyright is not installed")
    (tmp_path / "user.py").write_text(SCRIPT)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT / "src")]}))
    words = [pyright, "--outputjson", "--pythonpath", sys.executable, "-p", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    said: dict[int, list[str]] = {}
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        said.setdefault(one["range"]["start"]["line"], []).append(one["message"])
    for number, line in enumerate(SCRIPT.splitlines()):
        expected = line.partition("  # ")[2]
        found = said.get(number, [])
        if not expected:
            assert not found, f"{line}: {found}"
        elif line.startswith("reveal_type"):
            assert len(found) == 1, f"{line}: {found}"
            assert re.search(rf'is "{expected}\b', found[0]), f"{line}: {found}"
        else:
            assert any(expected in message for message in found), f"{line}: {found}"


def test_its_types_are_shipped() -> None:
    builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    shipped = {file.distribution_path for file in builders.WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {"deepro/py.typed", "deepro/__init__.pyi"} <= shipped
