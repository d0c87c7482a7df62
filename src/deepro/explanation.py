"""The main job: photographs through methods into a workspace, one after the other, each kept as soon as it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepro import progress, registry
from deepro.errors import ImageError, UnsupportedError, UsageError, near
from deepro.kinds.photographs.prediction import Prediction
from deepro.network import Inputs, Network
from deepro.registry import Method
from deepro.results import Result
from deepro.store import Workspace

# Both rules side by side: where no max-pooling is on the way the DeconvNet shows the unit's own pattern, whatever the
# photograph, and guided backpropagation what of the photograph fits it.
DEFAULT: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("deconvnet", {"rule": "deconvnet", "top": 8}),
    ("deconvnet", {"rule": "guided", "top": 8}),
    ("segment", {}),
)
SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}


@dataclass(frozen=True)
class Explained:
    """One photograph: its name, what the network says, and the results of the methods asked for."""

    name: str
    prediction: Prediction
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Explanation:
    """What `explain` made. skipped: photographs that failed, with the reason. refused: methods that do not apply to
    this network, with the reason."""

    workspace: Workspace
    photographs: tuple[Explained, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def explain(
    net: Network,
    images: Any,
    workspace: str | Path | Workspace,
    *,
    target: str | int | None = None,
    layers: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Explanation:
    """Explain each image by each method; a photograph that fails does not stop the others.

    images: a path, a folder, or a list of what `net.prepare` takes. target: label or index for the methods that need
    one; the prediction by default. layers: for the methods that need one; a choice from first to last by default.
    methods: names from the registry; units by the DeconvNet and by guided backpropagation, and the region, by default.
    options: go to each method that has an option of that name. What the workspace holds already is not made again.
    Raises UsageError for an unknown method, layer, label or option, before anything runs.
    """
    jobs = _jobs(methods, options or {})
    if target is not None:
        target = net.label_index(target)
    places = [net.check_layer(layer) for layer in layers] if layers is not None else None
    if places is None and any("layer" in record.needs for record, _ in jobs):
        places = _default_layers(net)
    ws = workspace if isinstance(workspace, Workspace) else Workspace(workspace)
    ws.add_network(net)

    done: list[Explained] = []
    skipped: dict[str, str] = {}
    refused: dict[str, str] = {}
    for item in progress.steps(expand(images), "photographs"):
        try:
            inputs = net.prepare(item)
            name = str(inputs.card()[0]["name"])
            prediction = make(ws, registry.get("predict"), net, inputs)
            made: list[Result] = []
            for record, settings in jobs:
                if record.name not in refused:
                    try:
                        made += _apply(ws, record, net, inputs, target, places or [], settings)
                    except UnsupportedError as error:
                        refused[record.name] = str(error)
            done.append(Explained(name, prediction, tuple(made)))
        except ImageError as error:
            skipped[_name(item)] = str(error)
    ws.add_network(net, refused)
    ws.set_skipped([{"name": name, "reason": reason} for name, reason in skipped.items()])
    return Explanation(ws, tuple(done), skipped, refused)


def make(ws: Workspace, record: Method, net: Network, *args: Any, **kwargs: Any) -> Any:
    """The method's result from the workspace, or made now and kept there."""
    call = record.bind(net, *args, **kwargs)
    found = ws.find(record.result.kind, call.provenance.key)
    if found is not None:
        return found
    result = call.run()
    ws.add(result)
    return result


def expand(images: Any) -> list[Any]:
    """A path, a folder or a list of them as a list of single images. Raises ImageError for an empty folder."""
    items: list[Any] = []
    for item in images if isinstance(images, list | tuple) else [images]:
        if isinstance(item, str | Path) and Path(item).is_dir():
            inside = sorted(p for p in Path(item).iterdir() if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise ImageError(f"{item} holds no pictures (looked for {', '.join(sorted(SUFFIXES))})")
            items += inside
        else:
            items.append(item)
    return items


def _apply(
    ws: Workspace,
    record: Method,
    net: Network,
    inputs: Inputs,
    target: int | None,
    layers: Iterable[str],
    options: Mapping[str, Any],
) -> list[Result]:
    if "layer" in record.needs:
        return [make(ws, record, net, inputs, layer, **options) for layer in progress.steps(list(layers), record.name)]
    if "layers" in record.needs:
        return [make(ws, record, net, inputs, list(layers), **options)]
    if "target" in record.needs:
        return [make(ws, record, net, inputs, target, **options)]
    return [make(ws, record, net, inputs, **options)]


def _jobs(names: Sequence[str] | None, options: Mapping[str, Any]) -> list[tuple[Method, dict[str, Any]]]:
    """Methods with the options that are theirs; UsageError for a method or option that does not fit."""
    wanted = DEFAULT if names is None else [(name, {}) for name in names]
    records = [(registry.get(name), preset) for name, preset in wanted]
    for record, _ in records:
        if not {"image", "images"} & set(record.needs):
            raise UsageError(f"method {record.name!r} explains no photograph; see `deepro methods`")
    known = {o.name for record, _ in records for o in record.options}
    for name in options:
        if name not in known:
            hint = near(name, known) or f"; options are {', '.join(sorted(known))}"
            raise UsageError(f"no method asked for has an option {name!r}{hint}")
    jobs: list[tuple[Method, dict[str, Any]]] = []
    for record, preset in records:
        own = {o.name: o.check(options[o.name]) for o in record.options if o.name in options}
        job = (record, {**preset, **own})
        if job not in jobs:
            jobs.append(job)
    return jobs


def _default_layers(net: Network) -> list[str]:
    from deepro.methods.units.representative import representative_layers

    return representative_layers(net)


def _name(item: Any) -> str:
    return str(item) if isinstance(item, str | Path) else getattr(item, "filename", "") or type(item).__name__
