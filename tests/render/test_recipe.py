"""Text that makes a result again."""

from __future__ import annotations

import ast
import dataclasses
import shlex

from tests import synthetic

from deepro import recipe


def test_python_is_python_and_names_the_call() -> None:
    text = recipe.python(synthetic.provenance("segment", ("it's.png",), target='a "quoted" label', blur=0.03))
    tree = ast.parse(text)
    call = tree.body[-1].value  # type: ignore[attr-defined]
    assert ast.unparse(call.func) == "deepro.segment"
    assert ast.literal_eval(call.args[1]) == "it's.png"
    assert {k.arg: ast.literal_eval(k.value) for k in call.keywords} == {"target": 'a "quoted" label', "blur": 0.03}


def test_python_calls_the_methods_own_function() -> None:
    text = recipe.python(synthetic.provenance("gradcam", target="goose"))
    assert "deepro.gradcam(net, 'cat.png', target='goose')" in text
    text = recipe.python(synthetic.provenance("occlusion-maps", layer="a", unit=5))  # as older versions spelled it
    assert "deepro.occlusion_maps(net, 'cat.png', layer='a', unit=5)" in text


def test_command_is_quoted_and_leaves_defaults_out() -> None:
    said = synthetic.provenance("deconvnet", ("my cat; rm -rf.png",), layer="features.3", rule="deconvnet")
    words = shlex.split(recipe.command(said) or "")
    assert words == ["deepro", "run", "deconvnet", "builtin:tiny", "my cat; rm -rf.png", "--layer", "features.3",
                     "--out", "DIR"]  # fmt: skip
    other = dataclasses.replace(said, parameters={"layer": "features.3", "rule": "guided"})
    assert recipe.command(other) == recipe.command(said).replace("--out", "--rule guided --out")  # type: ignore[union-attr]


def test_no_command_for_a_module_of_a_running_program() -> None:
    said = synthetic.provenance("segment")
    said = dataclasses.replace(said, network={**said.network, "source": "module"})
    assert recipe.command(said) is None
    assert "deepro.load(module)" in recipe.python(said)


def test_data_sets_are_named_by_their_place() -> None:
    said = synthetic.provenance("umap", ("folder /data/my photos",), layer="layer4", neighbours=30, perplexity=None)
    call = ast.parse(recipe.python(said)).body[-1].value  # type: ignore[attr-defined]
    assert ast.unparse(call.func) == "deepro.umap"
    assert ast.literal_eval(call.args[1]) == "/data/my photos"
    assert {k.arg: ast.literal_eval(k.value) for k in call.keywords} == {"layer": "layer4", "neighbours": 30}
    words = shlex.split(recipe.command(said) or "")
    assert words[2:] == ["umap", "builtin:tiny", "/data/my photos", "--layer", "layer4", "--neighbours", "30", "--out",
                         "DIR"]  # fmt: skip


def test_weights_are_named_of_this_and_of_other_networks() -> None:
    there = {"name": "a", "source": "net.py:make", "fingerprint": "0", "weights": "e1.pt"}
    said = synthetic.provenance("evolution", ("folder /photos",), layer="conv", units=[1], checkpoints={"e1": there})
    said = dataclasses.replace(said, network={**said.network, "weights": "e2.pt"})
    text = recipe.python(said)
    assert "net = deepro.load('builtin:tiny', weights='e2.pt')" in text
    assert "checkpoints={'e1': deepro.load('net.py:make', weights='e1.pt')}" in text
    words = shlex.split(recipe.command(said) or "")
    assert words[2:] == ["evolution", "builtin:tiny", "/photos", "--weights", "e2.pt", "--checkpoints",
                         "e1=net.py:make@e1.pt", "--layer", "conv", "--units", "1", "--out", "DIR"]  # fmt: skip


def test_what_came_from_a_program_is_for_the_reader_to_supply() -> None:
    said = synthetic.provenance("trace", ("a.txt",), layers=["rnn"], states="all")
    said = dataclasses.replace(said, data=({"name": None, "sha256": "0", "size": [3]},))
    assert recipe.command(said) is None
    assert "SEQUENCES = ...  # the 1 sequences" in recipe.python(said)


def test_a_method_of_a_package_that_is_gone() -> None:
    said = synthetic.provenance("hologram")
    assert recipe.command(said) is None
    assert recipe.python(said).startswith("# hologram is a method of a package")
