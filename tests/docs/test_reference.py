"""The reference is complete: methods, commands and their options, and a docstring for every public name."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import deepro
from deepro import members, registry
from tests.docs.markdown import ROOT
from tests.docs.test_snippets import COMMANDS


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "methods").mkdir()
    (folder / "methods" / "gone.md").write_text("of a method that is gone")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, ROOT / "docs" / "make_reference.py", folder], check=True, env=env)
    return folder


def test_each_method_has_a_page_with_all_that_it_takes(pages: Path) -> None:
    records = registry.methods()
    assert {p.stem for p in (pages / "methods").glob("*.md")} == {*records, "README"}
    for record in records.values():
        text = (pages / "methods" / f"{record.name}.md").read_text(encoding="utf-8")
        assert f"deepro.{record.name}(net" in text
        assert f"deepro run {record.name} MODEL " in text
        assert record.summary in text
        assert record.paper.url in text
        assert f"`{record.result.__name__}`" in text
        for given in record.inputs:
            assert f"| `{given.name}` | {given.type.name} |" in text
            assert given.type.says().replace("|", "\\|") in text
        for option in record.options:
            (line,) = [line for line in text.splitlines() if line.startswith(f"| `{option.name}` |")]
            assert option.help.replace("|", "\\|") in line
            assert option.required or f"`{option.default}`" in line
            for end in (option.type.bounds.low, option.type.bounds.high) if option.type.bounds else ():
                assert any(said in line for said in (f"{end:g}", str(int(end)))), line


def test_each_command_and_each_of_its_options_is_there(pages: Path) -> None:
    text = (pages / "commands.md").read_text(encoding="utf-8")
    parts = {part.split("\n", 1)[0]: part for part in text.split("\n## deepro ")[1:]}
    assert set(parts) == set(COMMANDS)
    for name, command in COMMANDS.items():
        if name == "run":
            continue
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert all(f"`{o}`" in parts[name] for o in (*parameter.opts, *parameter.secondary_opts)), (
                    parameter.opts
                )
                assert not parameter.help or " ".join(parameter.help.split()).replace("|", "\\|") in parts[name]


@pytest.mark.parametrize("name", members.names())
def test_a_public_name_says_what_it_is(name: str) -> None:
    found = getattr(deepro, name)
    said = inspect.getdoc(found) if not inspect.isclass(found) else found.__dict__.get("__doc__")
    assert said
    assert not said.startswith(f"{name}("), f"{name} has the docstring that dataclasses write"
