"""What the documents say to type works: Python is run, commands are parsed, files and options that are named exist."""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from typer.main import get_command
from typer.testing import CliRunner

import deepro
from deepro import registry
from deepro.cli.app import app
from deepro.data.examples import as_examples
from deepro.network.sources import code_lstm
from tests.docs import stand_in
from tests.docs.markdown import DOCUMENTS, MADE, ROOT, commands, fenced, load_document, name

GROUP: Any = get_command(app)
TOP = GROUP.make_context("deepro", ["methods"], resilient_parsing=True)
COMMANDS = {command: GROUP.get_command(TOP, command) for command in GROUP.list_commands(TOP)}
TEXTS = {document: document.read_text(encoding="utf-8") for document in DOCUMENTS}
# Methods of the examples: of a plug-in, which tests/test_plugins.py runs, and of CONTRIBUTING.md.
EXAMPLES = ("sparsity", "gradient_power")
FOREIGN = {"git", "cd", "make", "curl", "pip", "ssh", "docker"}  # other programs that are told to be run
LETTERS = "abcdefghijklmnopqrstuvwxyz 0123456789"


def photos() -> deepro.Network:
    return deepro.load(stand_in.Photos(), preprocess=f"size={stand_in.SIZE}", labels=stand_in.LABELS)


def own_network(_: Path) -> dict[str, Any]:
    return {"module": stand_in.Photos(), "names": stand_in.LABELS}


def maps(_: Path) -> dict[str, Any]:
    nets = {name: photos() for name in ("net", "other", "early", "late")}
    tensor = torch.rand(40, 3, stand_in.SIZE, stand_in.SIZE)
    labels = ["goose", "swan"] * 20
    return {"deepro": deepro, **nets, "tensor": tensor, "labels": labels, "examples": as_examples(nets["net"], tensor)}


def given_net(_: Path) -> dict[str, Any]:
    return {"deepro": deepro, "net": photos()}


def notebooks(folder: Path) -> dict[str, Any]:
    pytest.importorskip("pandas", reason="the extra `notebook` is not installed")
    return given_net(folder)


def coming_from(_: Path) -> dict[str, Any]:
    return {**own_network(_), "tokens": code_lstm.VOCABULARY.tokens, "reader": deepro.load("builtin:code-lstm").module}


def trainings(_: Path) -> dict[str, Any]:
    model = stand_in.Photos()
    loader = [(torch.rand(4, 3, stand_in.SIZE, stand_in.SIZE), torch.zeros(4, dtype=torch.long))] * 3
    return {"deepro": deepro, "torch": torch, "model": model, "loader": loader,
            "optimiser": torch.optim.SGD(model.parameters(), 0.01)}  # fmt: skip


def sequences(_: Path) -> dict[str, Any]:
    make = np.random.default_rng(0)
    texts = ["".join(make.choice(list(LETTERS), 60)) for _ in range(6)]
    columns = [np.array([c.isdigit() for c in text]) for text in texts]
    return {"module": stand_in.Letters(len(LETTERS)), "tokens": LETTERS, "texts": texts, "columns": columns}


# What a reader has before the first line of a document: the names that its Python uses.
GIVEN = {
    "README.md": lambda _: {},
    "docs/own-network.md": own_network,
    "docs/surveys.md": given_net,
    "docs/neighbours.md": given_net,
    "docs/notebooks.md": notebooks,
    "docs/quickstart.md": lambda _: {},
    "docs/zh.md": lambda _: {},
    "docs/coming-from.md": coming_from,
    "docs/maps.md": maps,
    "docs/sequences.md": sequences,
    "docs/training.md": trainings,
}
PYTHON = [document for document in DOCUMENTS if fenced(document, "python")]


@pytest.mark.parametrize("document", [d for d in PYTHON if name(d) != "CONTRIBUTING.md"], ids=name)
def test_python_runs(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named network is replaced by a small one with the same names of layers; all else is what stands there."""
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    stand_in.photographs(tmp_path, 8 if name(document) == "README.md" else 40)  # each is explained there
    load = deepro.load
    monkeypatch.setitem(
        vars(deepro), "load", lambda net, **options: photos() if net == BUILTIN else load(net, **options)
    )
    monkeypatch.setitem(vars(deepro), "imagine", functools.partial(deepro.imagine, steps=4))  # 256 take a minute
    given = GIVEN[name(document)](tmp_path)
    for number, text in enumerate(fenced(document, "python")):
        exec(compile(text, f"{name(document)}, block {number + 1}", "exec"), given)


BUILTIN = "builtin:efficientnet-lite0"


def test_the_network_of_the_readme_has_the_layers_that_it_names() -> None:
    net = deepro.load(BUILTIN)
    named = set(re.findall(r'"(_[a-z_]+(?:\.\d+)?)"', TEXTS[ROOT / "README.md"]))
    assert named
    for layer in named:
        net.check_layer(layer)
    for label in ("tiger cat", "Egyptian cat", "tabby", "goose", "washer", "kit fox"):
        assert net.find_label(label) is not None


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_parse(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for program, *words in commands(document):
        if program == "make":
            assert set(words) <= targets, words
        elif set(EXAMPLES) & set(words):
            continue
        elif program == "deepro" and words[0] == "run":
            method = COMMANDS["run"].get_command(None, words[1])
            method.make_context(words[1], words[2:])
        elif program == "deepro":
            assert words[0] in COMMANDS, f"deepro {words[0]}"
            COMMANDS[words[0]].make_context(words[0], words[1:], parent=TOP)
        else:
            assert program in FOREIGN or "deepro." in program, f"{program} {words}: is it a command?"


@pytest.mark.parametrize(
    "words", sorted({" ".join(w[1:]) for d in DOCUMENTS for w in commands(d) if w[:2] == ["deepro", "methods"]})
)
def test_quick_commands_run(words: str) -> None:
    if not words.endswith(EXAMPLES):
        assert CliRunner().invoke(app, words.split(), catch_exceptions=False).exit_code == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_what_is_named_exists(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", TEXTS[document], flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        made = document.parent == ROOT / "docs" and link in MADE
        assert "://" in link or made or (document.parent / link).exists(), link
    inline = re.findall(r"`([^`\n]+)`", text)
    options = {o for c in COMMANDS.values() for p in c.params for o in (*p.opts, *p.secondary_opts)}
    options |= {"--help", "--quiet", "--install-completion"}  # of `deepro` itself
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for said in inline:
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+(?![\w-])", said):
            assert option in options, said
        if command := re.match(r"deepro ([a-z]+)\b", said):
            assert command[1] in COMMANDS, said
        for path in re.findall(r"\bdeepro(?:\.(?![A-Z]{2})\w+)+", said):
            assert path.endswith(EXAMPLES) or _resolves(path), path
        for extra in re.findall(r"deepro\[(\w+)\]", said):
            assert extra in extras, said
        if re.fullmatch(r"(?:[\w.-]+/)+[\w.-]*\w", said) and said.split("/")[0] in {p.name for p in ROOT.iterdir()}:
            assert (ROOT / said).exists() or said in ("docs/methods", "docs/commands.md"), said


def _resolves(path: str) -> bool:
    """Whether a dotted name under deepro is a module, or something that one has."""
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        with contextlib.suppress(ModuleNotFoundError):
            found: Any = importlib.import_module(".".join(parts[:cut]))
            return all((found := getattr(found, part, None)) is not None for part in parts[cut:])
    return False


def test_the_lines_of_the_gallery_are_calls_that_their_methods_take(tmp_path: Path) -> None:
    """Each line of docs/methods.toml is bound: names, layers, labels and options are checked, and nothing is computed;
    tests/conformance runs every method."""
    make_reference, scenes = (load_document(n) for n in ("make_reference", "scenes"))
    known = scenes.scene(tmp_path, epochs=1, each=10, texts=2, steps=100) | {"net": photos()}
    known["deepro"] = SimpleNamespace(**{name: record.bind for name, record in registry.methods().items()})
    for method, said in make_reference.about().items():
        if "line" in said:
            assert eval(said["line"], known).method.name == method
