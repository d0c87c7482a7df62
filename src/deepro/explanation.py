"""The main job: photographs through methods into a workspace, one after the other, each kept as soon as it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepro import progress, registry
from deepro.errors import ImageError, UnsupportedError, UsageError, near
from deepro.kinds.photographs.prediction import Prediction
from deepro.methods.prediction import predict
from deepro.methods.regions.segment import segment
from deepro.methods.units.deconvnet import deconvnet
from deepro.network import Inputs, Network
from deepro.network.images import Placed
from deepro.parameters import Option, Parameter
from deepro.parameters.data import expand
from deepro.registry import Method
from deepro.results import Result
from deepro.store import Workspace
from deepro.targets import Target, as_target

# Both rules side by side: where no max-pooling is on the way the DeconvNet shows the unit's own pattern, whatever the
# photograph, and guided backpropagation what of the photograph fits it.
DEFAULT: tuple[tuple[Callable[..., Result], Mapping[str, Any]], ...] = (
    (deconvnet, {"rule": "deconvnet", "top": 8}),
    (deconvnet, {"rule": "guided", "top": 8}),
    (segment, {}),
)


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
    target: str | int | Target | None = None,
    layers: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Explanation:
    """Explain each image by each method; a photograph that fails does not stop the others.

    images: a path, a folder, or a list of what `net.prepare` takes. target: label, index, 'layer#unit' or what else
    `deepro.heatmap` takes, for the methods that need one; the prediction by default. layers: for the methods that need
    one; a choice from first to last by default. methods: names from the registry; units by the DeconvNet and by guided
    backpropagation, and the region, by default. options: go to each method that has an option of that name. What the
    workspace holds already is not made again.
    Raises UsageError for an unknown method, layer, label or option, before anything runs.
    Example: `deepro.explain(net, "photos/", "ws", target="tabby")`
    """
    jobs = _jobs(methods, options or {})
    if target is not None:
        aim = as_target(net, target)
        if aim.classes is not None:
            target = aim.classes[0]
    places = [net.check_layer(layer) for layer in layers] if layers is not None else None
    if places is None and any(_each_layer(record) for record, _ in jobs):
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
            prediction = make(ws, registry.record(predict), net, inputs)
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
    return ws.make(record.bind(net, *args, **kwargs))


def _each_layer(record: Method) -> bool:
    """Whether a method is made anew for each layer: it cannot choose one itself."""
    layer = record.takes("layer")
    return layer is not None and layer.required


def _apply(
    ws: Workspace,
    record: Method,
    net: Network,
    inputs: Inputs,
    target: str | int | Target | None,
    layers: Sequence[str],
    options: Mapping[str, Any],
) -> list[Result]:
    given = dict(options)
    if aim := record.takes("target", "class"):
        if aim.type.name == "class" and not isinstance(target, int | None):
            raise UnsupportedError(
                f"it explains classes alone, not {target if isinstance(target, str) else target.name}"
            )
        given[aim.name] = target
    if several := record.takes("layers"):
        given[several.name] = list(layers)
    if not _each_layer(record):
        return [make(ws, record, net, inputs, **given)]
    one = record.takes("layer")
    assert one is not None
    return [make(ws, record, net, inputs, **{**given, one.name: n}) for n in progress.steps(list(layers), record.name)]


def _jobs(names: Sequence[str] | None, options: Mapping[str, Any]) -> list[tuple[Method, dict[str, Any]]]:
    """Methods with the options that are theirs; UsageError for a method or option that does not fit."""
    wanted = [(registry.record(f), preset) for f, preset in DEFAULT] if names is None else []
    records = wanted or [(registry.get(name), {}) for name in names or ()]
    for record, _ in records:
        if record.takes("image", "images") is None:
            raise UsageError(f"method {record.name!r} explains no photograph; see `deepro methods`")
    own = {record.name: _own(record) for record, _ in records}
    known = {name for parameters in own.values() for name in parameters}
    for name in options:
        if name not in known:
            hint = near(name, known) or f"; options are {', '.join(sorted(known))}"
            raise UsageError(f"no method asked for has an option {name!r}{hint}")
    jobs: list[tuple[Method, dict[str, Any]]] = []
    for record, preset in records:
        given = {name: p.check(options[name]) if isinstance(p, Option) else options[name]
                 for name, p in own[record.name].items() if name in options}  # fmt: skip
        job = (record, {**preset, **given})
        if job not in jobs:
            jobs.append(job)
    return jobs


def _own(record: Method) -> dict[str, Parameter]:
    """What may be said of a method beside photographs, targets and the layers that it goes through."""
    said = {p for p in record.inputs if p.type.data or p.required or p.type.name in ("target", "class", "layers")}
    return {p.name: p for p in record.parameters if p not in said}


def _default_layers(net: Network) -> list[str]:
    from deepro.methods.units.representative import representative_layers

    return representative_layers(net)


def _name(item: Any) -> str:
    if isinstance(item, Placed):
        return item.name
    return str(item) if isinstance(item, str | Path) else getattr(item, "filename", "") or type(item).__name__
