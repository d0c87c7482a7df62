"""Text that makes a result again."""

from __future__ import annotations

import ast
import dataclasses
import shlex

from tests import synthetic

from deepro import registry
from deepro.render import recipe


def test_python_is_python_and_names_the_call() -> None:
    text = recipe.python(synthetic.provenance("segment", ("it's.png",), target='a "quoted" label', blur=0.03))
    tree = ast.parse(text)
    call = tree.body[-1].value  # type: ignore[attr-defined]
    assert ast.unparse(call.func) == "deepro.segment"
    assert ast.literal_eval(call.args[1]) == "it's.png"
    assert {k.arg: ast.literal_eval(k.value) for k in call.keywords} == {"target": 'a "quoted" label', "blur": 0.03}


def test_python_of_a_heatmap_names_its_method() -> None:
    text = recipe.python(synthetic.provenance("gradcam", target="goose"))
    assert "deepro.heatmap(net, 'cat.png', method='gradcam', target='goose')" in text


def test_command_is_quoted_and_leaves_defaults_out() -> None:
    method = registry.get("deconvnet")
    default = next(o for o in method.options if o.name == "rule").default
    said = synthetic.provenance("deconvnet", ("my cat; rm -rf.png",), layer="features.3", rule=default)
    words = shlex.split(recipe.command(said, method) or "")
    assert words[:4] == ["deepro", "explain", "builtin:tiny", "my cat; rm -rf.png"]
    assert words[words.index("--layer") + 1] == "features.3"
    assert "-o" not in words
    other = dataclasses.replace(said, parameters={"layer": "features.3", "rule": "guided"})
    assert "rule=guided" in shlex.split(recipe.command(other, method) or "")


def test_no_command_for_a_module_of_a_running_program() -> None:
    said = synthetic.provenance("segment")
    said = dataclasses.replace(said, network={**said.network, "source": "module"})
    assert recipe.command(said) is None
    assert "deepro.load(module)" in recipe.python(said)
