"""A result's provenance as text that makes it again, in Python and on the command line."""

from __future__ import annotations

import shlex
from typing import Any

from deepro.results import Provenance

_DOORS = ("activations", "deconvnet", "segment", "imagine")  # methods that are functions of their own


def python(provenance: Provenance) -> str:
    """Lines of Python. A network given as a module and a picture given as an array must be supplied by the reader."""
    source = str(provenance.network.get("source", "module"))
    load = (
        "deepro.load(module)  # the module and preprocessing of the original run"
        if source == "module"
        else (f"deepro.load({source!r})")
    )
    names = [str(d.get("name", "image")) for d in provenance.data]
    shown = [] if not names else [repr(names[0]) if len(names) == 1 else repr(names)]
    options = {k: v for k, v in provenance.parameters.items() if v is not None}
    door = provenance.method
    if door == "predict":
        return _lines(load, f"net.predict({', '.join(shown)})")
    if door not in _DOORS:
        options = {"method": door} | options
        door = "heatmap"
    arguments = ["net", *shown, *(f"{k}={v!r}" for k, v in options.items())]
    call = f"deepro.{door}({', '.join(arguments)})"
    if len(call) > 96:
        call = f"deepro.{door}(\n" + "".join(f"    {a},\n" for a in arguments) + ")"
    return _lines(load, call)


def command(provenance: Provenance) -> str | None:
    """A `deepro` command, or None where the network came from a running program."""
    source = str(provenance.network.get("source", "module"))
    if source == "module":
        return None
    words: list[Any] = ["deepro"]
    if provenance.method == "imagine":
        targets = provenance.parameters.get("targets") or ()
        words += ["imagine", source, *([targets] if isinstance(targets, str) else targets)]
    elif provenance.data:
        words += ["explain", source, *(d.get("name", "image") for d in provenance.data)]
        if (target := provenance.parameters.get("target")) is not None:
            words += ["--target", target]
    else:
        return None
    return " ".join(shlex.quote(str(w)) for w in (*words, "--out", "DIR"))


def _lines(load: str, call: str) -> str:
    return f"import deepro\n\nnet = {load}\nresult = {call}\n"
