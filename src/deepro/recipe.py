"""Writes the Python code and the command that make a result again, from its provenance and its method's record."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from deepro import registry
from deepro.errors import UsageError
from deepro.parameters import Option, Parameter
from deepro.parameters.others import loading
from deepro.render.document import PaperView, ProvenanceView
from deepro.render.pack import plain
from deepro.results import Provenance, Result

_WIDTH = 80  # characters of a call on one line


def describe(result: Result) -> ProvenanceView:
    """Returns a result's provenance for the viewer, with the method's paper if the method is installed."""
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
        paper=PaperView(authors=paper.authors, year=paper.year, title=paper.title, url=paper.url) if paper else None,
        parameters=plain(provenance.parameters),
        network=str(provenance.network.get("fingerprint", "")),
        data=[plain(d) for d in provenance.data],
        seed=provenance.seed,
        libraries=dict(provenance.libraries),
        created=provenance.created,
        seconds=provenance.seconds,
        notes=list(provenance.notes),
        python=python(provenance),
        command=command(provenance),
    )


def python(provenance: Provenance) -> str:
    """Returns Python code that makes the result again. The reader supplies modules and arrays of the original run."""
    method, source = _method(provenance), str(provenance.network.get("source", "module"))
    load = loading(provenance.network) + ("" if source != "module" else "  # the module of the original run")
    if method is None:
        return f"# {provenance.method} is a method of a package that is not installed here\n"
    arguments = ["net"]
    for parameter, kept in _given(method, provenance):
        said = parameter.type.python(kept)
        first = parameter.type.data and len(arguments) == 1
        arguments.append(said if first else f"{parameter.name}={said}")
    call = f"deepro.{method.name}({', '.join(arguments)})"
    if len(call) > _WIDTH:
        call = f"deepro.{method.name}(\n" + "".join(f"    {a},\n" for a in arguments) + ")"
    head = ["from pathlib import Path", ""] if "Path(" in call else []
    if "=OTHER" in call:
        load += "\nOTHER = deepro.load(module)  # the other network of the original run"
    if "SEQUENCES" in call:
        load += f"\nSEQUENCES = ...  # the {len(provenance.data)} sequences of the original run"
    return "\n".join([*head, "import deepro", "", f"net = {load}", f"result = {call}", ""])


def command(provenance: Provenance) -> str | None:
    """Returns the `deepro run` command, None if it needs a module or arrays of the original run."""
    method, source = _method(provenance), str(provenance.network.get("source", "module"))
    if source == "module" or method is None:
        return None
    weights = provenance.network.get("weights")
    words, options = ["deepro", "run", method.name, source], ["--weights", str(weights)] if weights else []
    for parameter, kept in _given(method, provenance):
        if isinstance(parameter, Option) and kept == parameter.default:
            continue
        said = parameter.type.words(kept)
        if said is None:
            return None
        flag = f"--{parameter.name.replace('_', '-')}"
        if parameter.type.data:
            words += said
        else:
            options += [w for word in said for w in (flag, word)]
    return " ".join(shlex.quote(w) for w in (*words, *options, "--out", "DIR"))


def _given(method: registry.Method, provenance: Provenance) -> Iterator[tuple[Parameter, Any]]:
    """Yields each parameter that was given, with its value in the provenance."""
    for parameter in method.parameters:
        kept = provenance.data if parameter.type.data else provenance.parameters.get(parameter.name)
        if kept is not None:
            yield parameter, kept


def _method(provenance: Provenance) -> registry.Method | None:
    try:
        return registry.get(provenance.method)
    except UsageError:
        return None
