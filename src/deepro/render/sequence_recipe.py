"""How results about sequences are made again: each as lines of Python and as a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deepro.results import Provenance

_DOORS = ("trace", "find_cells", "match", "memory")  # functions of deepro itself
_OTHERS = ("attribute_steps", "intervene", "loss_breakdown", "state_space", "responses", "attention")
_COMMANDS = {"trace": "trace", "find_cells": "cells", "match": "match"}


def applies(provenance: Provenance) -> bool:
    return provenance.method in (*_DOORS, *_OTHERS, "automaton", "compare_responses")


def python(provenance: Provenance) -> list[str]:
    """Lines after `net` is there. Sequences without a name are for the reader to supply."""
    method, given = provenance.method, {k: v for k, v in provenance.parameters.items() if v is not None}
    lines, data = ["from pathlib import Path", ""], ""
    names = _names(provenance)
    if method != "automaton":
        known = names and all(names)
        one = f"Path({names[0]!r})" if known and len(names) == 1 else ""
        data = one or ("[" + ", ".join(f"Path({n!r})" for n in names) + "]" if known else "SEQUENCES")
        if not known:
            lines = [f"SEQUENCES = ...  # the {len(names)} sequences of the original run", ""]
        if method in ("find_cells", "loss_breakdown", "intervene"):
            for name in ("tracks", "train", "other"):
                if not isinstance(given.get(name), str | list | None) or name != "tracks":
                    given.pop(name, None)  # what was passed as arrays or texts is not kept
    else:
        lines = []
    if method == "compare_responses":
        apart = {k: given.pop(k) for k in ("layer", "other_layer", "permutations", "other") if k in given}
        options = "".join(f", {k}={v!r}" for k, v in given.items())
        ends = (("net", apart["layer"]), ("deepro.load('OTHER')", apart["other_layer"]))
        one, other = (f"measure({net}, {data}, {layer!r}{options})" for net, layer in ends)
        first = ["from deepro import registry", "from deepro.methods.sequences.responses import compare_responses"]
        last = ["measure = registry.get('responses')", f"result = compare_responses({one}, {other})"]
        return [*first, *lines, *([] if lines[-1] == "" else [""]), *last]
    call = f"deepro.{method}" if method in _DOORS else f"registry.get({method!r})"
    if method not in _DOORS:
        lines.insert(0, "from deepro import registry")
        lines += [] if lines[-1] == "" else [""]
    options = [f"{k}={v!r}" for k, v in given.items()]
    return [*lines, f"result = {call}({', '.join(['net', *([data] if data else []), *options])})"]


def command(provenance: Provenance, source: str, changed: Mapping[str, Any]) -> list[str] | None:
    """Words of a `deepro` command without `--out`; None where one command does not say it."""
    method, given, names = provenance.method, provenance.parameters, _names(provenance)
    apart = given.get("target") is not None or (
        method == "intervene" and given.get("other") is not None
    )  # no words of a command say these
    if not names or not all(names) or method == "automaton" or apart:
        return None
    if method == "compare_responses":
        words = ["deepro", "responses", source, *map(str, names), "--other", "OTHER"]
        words += ["--layer", str(given["layer"]), "--other-layer", str(given["other_layer"])]
        named = ("layer", "other", "other_layer", "permutations")
        return words + [w for k, v in changed.items() if k not in named for w in ("-o", f"{k}={v}")]
    words = ["deepro", _COMMANDS.get(method, "trace"), source]
    if method == "match":
        words += [f"{given['start']}:{given['stop']}"]
    words += [str(n) for n in names]
    if method == "match" and given.get("within"):
        words += ["--within", str(given["within"])]
    if method not in _COMMANDS:
        words += ["--also", method]
    if method == "find_cells":
        for track in _several(given.get("tracks")):
            words += ["--track", track]
    for layer in _several(given.get("layers", given.get("layer"))):
        words += ["--layer", layer]
    skipped = ("within", "tracks", "train", "layer", "layers", *(("start", "stop") if method == "match" else ()))
    for name, value in changed.items():
        if name not in skipped:
            words += ["-o", f"{name}={value}"]
    return words


def _names(provenance: Provenance) -> list[str | None]:
    return [d.get("name") for d in provenance.data]


def _several(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, Sequence) and not isinstance(value, str) else [str(value)]
