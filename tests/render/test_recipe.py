"""Text that makes a result again."""

from __future__ import annotations

import ast
import dataclasses
import shlex

from tests import synthetic

from deepro import recipe, registry


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


def test_a_survey_and_its_galleries_are_made_again_by_their_own_functions() -> None:
    data = ("folder /data/my photos",)
    said = synthetic.provenance("survey", data, layers=["features.1"], top_k=9, batch_size=16, shard_size=128)
    call = ast.parse(recipe.python(said)).body[-1].value  # type: ignore[attr-defined]
    assert ast.unparse(call.func) == "deepro.survey"
    assert ast.literal_eval(call.args[1]) == "/data/my photos"
    words = shlex.split(recipe.command(said) or "")
    assert words[:4] == ["deepro", "survey", "builtin:tiny", "/data/my photos"]
    asked = {"survey": "k", "layer": "a", "units": [1, 2], "count": 9, "tile": 64, "rule": "deconvnet"}
    text = recipe.python(synthetic.provenance("gallery", data, **asked))
    assert "gallery(net, found, '/data/my photos', 'a', [1, 2], count=9" in text
    for method, parameters in {
        "feeds": {"layer": "a", "units": [1], "examples": 3},
        "diagnose": {"thresholds": {"dead": 0.0}},
        "ablate": {"units": {"a": [3]}, "each": True, "fill": "zero"},
        "compare": {"before": "x", "after": "y"},
        "evolution": {"layer": "a", "units": [1], "checkpoints": {"one": "f"}},
    }.items():
        ast.parse(recipe.python(synthetic.provenance(method, data, **parameters)))


def test_maps_are_made_again_by_embed() -> None:
    from deepro import registry

    data = ("folder /data/my photos",)
    said = synthetic.provenance("umap", data, layer="layer4", neighbours=30, min_dist=0.1, perplexity=None)
    call = ast.parse(recipe.python(said)).body[-1].value  # type: ignore[attr-defined]
    assert ast.unparse(call.func) == "deepro.embed"
    assert [ast.literal_eval(a) for a in call.args[1:]] == ["/data/my photos", "layer4"]
    assert {k.arg: ast.literal_eval(k.value) for k in call.keywords} == {
        "method": "umap", "neighbours": 30, "min_dist": 0.1,
    }  # fmt: skip
    words = shlex.split(recipe.command(said, registry.get("umap")) or "")
    assert words[:8] == ["deepro", "embed", "builtin:tiny", "/data/my photos", "--layer", "layer4", "--method", "umap"]
    assert words[8:10] == ["-o", "neighbours=30"]
    for method, flag in (("aligned_maps", None), ("unit_map", "--units"), ("layer_scores", "--scores"),
                         ("findings", "--find")):  # fmt: skip
        said = synthetic.provenance(method, data, layers=["a", "b"])
        ast.parse(recipe.python(said))
        words = shlex.split(recipe.command(said, registry.get(method)) or "")
        assert words[4:8] == ["--layer", "a", "--layer", "b"]
        assert flag is None or flag in words
