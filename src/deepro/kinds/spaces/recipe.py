"""How maps and what goes with them are made again: each as lines of Python and as a command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepro.kinds.spaces.map import METHODS
from deepro.render.survey_recipe import place
from deepro.results import Provenance

_BESIDE = {"unit_map": "--units", "layer_scores": "--scores", "findings": "--find", "atlas": "--atlas"}
_OWN = (*METHODS, "aligned_maps", *_BESIDE, "compare_networks")


def applies(provenance: Provenance) -> bool:
    return provenance.method in _OWN


def python(provenance: Provenance) -> list[str]:
    """Lines after `net` is there."""
    method, data = provenance.method, repr(place(provenance))
    given = {k: v for k, v in provenance.parameters.items() if v is not None}
    if method == "compare_networks":
        call = f"compare_networks(net, deepro.load('OTHER'), {data}, {given['layers']!r}, {given['other_layers']!r})"
        return ["from deepro.methods.spaces.knowledge import compare_networks", "", f"result = {call}"]
    layers = given.pop("layers", None) or given.pop("layer", "LAYER")
    options = "".join(f", {k}={v!r}" for k, v in given.items())
    if method in METHODS:
        return [f"result = deepro.embed(net, {data}, {layers!r}, method={method!r}{options})"]
    call = f"registry.get({method!r})(net, {data}, {layers!r}{options})"
    return ["from deepro import registry", "", f"result = {call}"]


def command(provenance: Provenance, source: str, changed: Mapping[str, Any]) -> list[str]:
    """Words of a `deepro` command without `--out`. changed: options that are not at their default."""
    given, method = provenance.parameters, provenance.method
    layers = given.get("layers", given.get("layer"))
    if method == "compare_networks":
        named = [word for name in layers for word in ("--layer", name)]
        named += [word for name in given["other_layers"] for word in ("--other-layer", name)]
        return ["deepro", "similarity", source, place(provenance), "--other", "OTHER", *named]
    words = ["deepro", "embed", source, place(provenance)]
    for layer in [layers] if isinstance(layers, str) else list(layers or ()):
        words += ["--layer", str(layer)]
    if method in METHODS and method != "tsne":
        words += ["--method", method]
    if method in _BESIDE:
        words.append(_BESIDE[method])
    for name, value in changed.items():
        words += ["-o", f"{name}={value}"]
    return words
