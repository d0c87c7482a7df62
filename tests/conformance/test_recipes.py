"""What every method prints makes its result again: the Python and the command are run, and give the same key."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import deepro
from deepro import recipe, registry
from deepro.cli.app import app
from deepro.errors import DeeproError
from tests.conformance.test_methods import METHODS, arguments, stored

NETWORKS = """
import torch
from tests.conformance.test_methods import Letters, Photos, Series

def of(kind):
    torch.manual_seed(0)
    return kind().eval()

photos = lambda: of(Photos)
series = lambda: of(Series)
letters = lambda: of(Letters)
"""


def _written(parameter: Any, value: Any, folder: Path) -> Any:
    """A sample of data as files that a command can name."""
    kind = parameter.type.name
    if kind in ("image", "images"):
        several = value if isinstance(value, list) else [value]
        for n, pixels in enumerate(several):
            Image.fromarray(pixels).save(folder / f"{n}.png")
        names = [f"{n}.png" for n in range(len(several))]
        return names if kind == "images" else names[0]
    if kind == "dataset":
        tensors, labels = value
        for n, (one, label) in enumerate(zip(tensors, labels, strict=True)):
            place = folder / "data" / str(label)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray((255 * one.permute(1, 2, 0)).byte().numpy()).save(place / f"{n:02}.png")
        return str(folder / "data")
    several = value if kind == "sequences" else [value]
    for n, one in enumerate(several):
        np.save(folder / f"{n}.npy", one)
    files = [Path(f"{n}.npy") for n in range(len(several))]
    return files if kind == "sequences" else files[0]


@pytest.mark.parametrize("name", METHODS)
def test_python_and_command_give_the_same_key(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NETWORKS)
    method = registry.get(name)
    text = method.takes("sequence", "sequences", "alphabet")
    tokens = text and (text.type.name == "alphabet" or np.asarray(text.type.sample(None)[0]).dtype.kind == "i")  # type: ignore[arg-type]
    source = f"net.py:{'letters' if tokens else 'series' if text else 'photos'}"
    options: list[str] = []
    if text:
        options = ["--input-shape", "6" if tokens else "6x3"]
        net = deepro.load(source, input_shape=(6,) if tokens else (6, 3))
    else:
        options = ["--preprocess", "size=24", "--labels", "names.txt"]
        Path("names.txt").write_text("ape\nbee\ncow\ndoe\n")
        net = deepro.load(source, preprocess=deepro.Preprocess(size=(24, 24)), labels=["ape", "bee", "cow", "doe"])
    given = arguments(method, net)
    for parameter in method.inputs:
        if parameter.type.data and parameter.name in given:
            given[parameter.name] = _written(parameter, given[parameter.name], tmp_path)
    given |= stored(method, net, given)
    try:
        first = method(net, **given)
    except DeeproError as error:
        if "pip install" in str(error):
            pytest.skip(str(error))
        raise
    workspace = deepro.Workspace("DIR")
    for result in (first, *given.values()):
        if isinstance(result, deepro.Result):
            workspace.add(result)
    key = first.provenance.key

    # The load line names the file alone: how photographs are read stands in the card.
    lines = recipe.python(first.provenance).replace(f"deepro.load({source!r})", "NET").replace("WORKSPACE", "DIR")
    made: dict[str, Any] = {"NET": net}
    exec(compile(lines, "recipe", "exec"), made)
    assert made["result"].provenance.key == key

    words = shlex.split(recipe.command(first.provenance) or "")
    assert words[:4] == ["deepro", "run", name, source]
    done = CliRunner().invoke(app, [*words[1:], *options, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert f'"key": "{key}"' in done.output
