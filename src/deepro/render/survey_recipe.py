"""How results about units at data-set scale are made again: each as lines of Python and as a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deepro.results import Provenance

_STORED = "found = next(deepro.open('WORKSPACE').results('survey'))"
_OWN = ("survey", "gallery", "feeds", "diagnose", "ablate", "compare", "evolution")


def applies(provenance: Provenance) -> bool:
    return provenance.method in _OWN


def python(provenance: Provenance) -> list[str]:
    """Lines after `net` is there."""
    data, given = repr(place(provenance)), provenance.parameters
    layer = given.get("layer")
    match provenance.method:
        case "survey":
            return [f"result = deepro.survey(net, {data}, {_options(given)})"]
        case "gallery":
            options = _options({k: given[k] for k in ("count", "tile", "rule") if k in given})
            call = f"gallery(net, found, {data}, {layer!r}, {_numbers(given['units'])}, {options})"
            return ["from deepro.survey.gallery import gallery", "", _STORED, f"result = {call}"]
        case "feeds":
            call = f"feeds(net, found, {data}, {layer!r}, {_numbers(given['units'])}, examples={given['examples']})"
            return ["from deepro.survey.feeds import feeds", "", _STORED, f"result = {call}"]
        case "diagnose":
            lines = ["from deepro.methods.units.diagnosis import diagnose", "", _STORED]
            galleries = "galleries=list(deepro.open('WORKSPACE').results('gallery'))"
            return [*lines, f"result = diagnose(net, found, {dict(given['thresholds'])!r}, {galleries})"]
        case "ablate":
            options = _options({k: given[k] for k in ("each", "fill")})
            call = f"ablate(net, {data}, {dict(given['units'])!r}, {options})"
            return ["from deepro.methods.units.ablation import ablate", "", f"result = {call}"]
        case "compare":
            stored = "surveys = {s.provenance.key: s for s in deepro.open('WORKSPACE').results('survey')}"
            call = f"compare(surveys[{given['before']!r}], surveys[{given['after']!r}])"
            return ["from deepro.survey.compare import compare", "", stored, f"result = {call}"]
        case _:
            nets = ", ".join(f"{name!r}: deepro.load(...)" for name in given["checkpoints"])
            call = f"evolution({{{nets}}}, {data}, {layer!r}, {_numbers(given['units'])})"
            return ["from deepro.survey.evolution import evolution", "", f"result = {call}"]


def command(provenance: Provenance, source: str) -> list[str] | None:
    """Words of a `deepro` command without `--out`; None where one command does not say it."""
    data, given = place(provenance), provenance.parameters
    match provenance.method:
        case "survey":
            layers = [word for name in given["layers"] for word in ("--layer", name)]
            return ["deepro", "survey", source, data, *layers, "--top-k", str(given["top_k"])]
        case "gallery":
            return ["deepro", "survey", source, data, "--resume", "--gallery", str(given["layer"])]
        case "ablate":
            units = [f"{layer}#{','.join(map(str, chosen))}" for layer, chosen in given["units"].items()]
            return ["deepro", "ablate", source, data, *units, *(["--each"] if given["each"] else [])]
        case _:
            return None


def _numbers(units: Sequence[int]) -> str:
    """A list, or a range where it is one."""
    units = list(units)
    whole = len(units) > 2 and units == list(range(units[0], units[0] + len(units)))
    return f"range({units[0]}, {units[-1] + 1})" if whole else repr(units)


def _options(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


def place(provenance: Provenance) -> str:
    """Where the data lie: names begin with the kind of data set, as in 'folder /data/photos'."""
    name = str(provenance.data[0].get("name", "data")) if provenance.data else "data"
    kind, space, place = name.partition(" ")
    return place if space and kind in ("folder", "list", "shards", "shard") else name
