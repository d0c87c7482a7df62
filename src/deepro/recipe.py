"""A result's provenance as text that makes it again, in Python and on the command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from deepro import registry
from deepro.kinds.spaces import recipe as space_recipe
from deepro.render import sequence_recipe, survey_recipe
from deepro.render.document import Paper, ProvenanceView
from deepro.render.pack import plain
from deepro.results import Provenance, Result

_OWN = ("activations", "deconvnet", "segment", "imagine")  # methods that are functions of their own
_PLACES = ("target", "targets", "layer", "layers", "units")  # arguments that are no options


def describe(result: Result) -> ProvenanceView:
    """A result's provenance, with the method's paper where the method is known here."""
    provenance = result.provenance
    assert provenance is not None
    method = _method(provenance)
    paper = method and method.paper
    return ProvenanceView(
        key=provenance.key,
        kind=result.kind,
        method=provenance.method,
        version=provenance.version,
        summary=method.summary if method else "",
        paper=Paper(authors=paper.authors, year=paper.year, title=paper.title, url=paper.url) if paper else None,
        parameters=plain(provenance.parameters),
        network=str(provenance.network.get("fingerprint", "")),
        data=[plain(d) for d in provenance.data],
        seed=provenance.seed,
        libraries=dict(provenance.libraries),
        created=provenance.created,
        seconds=provenance.seconds,
        notes=list(provenance.notes),
        python=python(provenance),
        command=command(provenance, method),
    )


def python(provenance: Provenance) -> str:
    """Lines of Python. A network given as a module, or a picture given as an array, is for the reader to supply."""
    source = str(provenance.network.get("source", "module"))
    load = f"deepro.load({source!r})" if source != "module" else "deepro.load(module)  # the module of the original run"
    if survey_recipe.applies(provenance):
        return "\n".join(["import deepro", "", f"net = {load}", *survey_recipe.python(provenance), ""])
    if space_recipe.applies(provenance):
        return "\n".join(["import deepro", "", f"net = {load}", *space_recipe.python(provenance), ""])
    if sequence_recipe.applies(provenance):
        return "\n".join(["import deepro", "", f"net = {load}", *sequence_recipe.python(provenance), ""])
    names = [str(d.get("name", "image")) for d in provenance.data]
    shown = [] if not names else [repr(names[0]) if len(names) == 1 else repr(names)]
    options = {k: v for k, v in provenance.parameters.items() if v is not None}
    door = provenance.method
    if door == "predict":
        return _lines(load, f"net.predict({', '.join(shown)})")
    if door not in _OWN:
        options = {"method": door} | options
        door = "heatmap"
    arguments = ["net", *shown, *(f"{k}={v!r}" for k, v in options.items())]
    call = f"deepro.{door}({', '.join(arguments)})"
    if len(call) > 80:
        call = f"deepro.{door}(\n" + "".join(f"    {a},\n" for a in arguments) + ")"
    return _lines(load, call)


def command(provenance: Provenance, method: registry.Method | None = None) -> str | None:
    """A `deepro` command without options at their default; None where the network came from a running program."""
    source = str(provenance.network.get("source", "module"))
    if source == "module":
        return None
    given = provenance.parameters
    if survey_recipe.applies(provenance):
        said = survey_recipe.command(provenance, source)
        return " ".join(shlex.quote(w) for w in (*said, "--out", "DIR")) if said else None
    if space_recipe.applies(provenance):
        said = space_recipe.command(provenance, source, _changed(given, method))
        return " ".join(shlex.quote(w) for w in (*said, "--out", "DIR"))
    if sequence_recipe.applies(provenance):
        said = sequence_recipe.command(provenance, source, _changed(given, method))
        return " ".join(shlex.quote(w) for w in (*said, "--out", "DIR")) if said else None
    if provenance.method == "imagine":
        words = ["deepro", "imagine", source, *_several(given.get("targets"))]
    elif provenance.data:
        words = ["deepro", "explain", source, *(str(d.get("name", "image")) for d in provenance.data)]
        if provenance.method != "predict":
            words += ["--method", provenance.method]
        for layer in _several(given.get("layers", given.get("layer"))):
            words += ["--layer", layer]
        if given.get("target") is not None:
            words += ["--target", str(given["target"])]
    else:
        return None
    for name, value in _changed(given, method).items():
        words += ["-o", f"{name}={value}"]
    return " ".join(shlex.quote(w) for w in (*words, "--out", "DIR"))


def _changed(given: Mapping[str, Any], method: registry.Method | None) -> dict[str, Any]:
    defaults = {o.name: o.default for o in method.options} if method else {}
    return {
        k: v
        for k, v in given.items()
        if k not in _PLACES and v is not None and isinstance(v, bool | int | float | str) and defaults.get(k) != v
    }


def _several(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]


def _lines(load: str, call: str) -> str:
    return f"import deepro\n\nnet = {load}\nresult = {call}\n"


def _method(provenance: Provenance) -> registry.Method | None:
    try:
        return registry.methods().get(provenance.method)
    except ImportError:
        return None
