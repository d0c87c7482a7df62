"""Experiments on units: `deepro occlusion`, `invariance`, `correspondence`, `evolution`, `ablate` and `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

import deepro
from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown
from deepro.errors import UsageError

if TYPE_CHECKING:
    from deepro.network import Network
    from deepro.results import Result

Out = Annotated[Path, typer.Option(help="The workspace, made where it is missing.")]
Layers = Annotated[list[str], typer.Option("--layer", help="Layer to look at; again for more.")]
Report = Annotated[bool, typer.Option(help="Write the report too.")]
Data = Annotated[
    str, typer.Argument(metavar="DATA", help="Folder (subfolders are classes), CSV, TSV or Parquet list, tar shards.")
]


@with_network
def occlusion(
    net: Network,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A photograph.")],
    layer: Annotated[str, typer.Option(help="Layer whose unit is watched.")],
    out: Out,
    unit: Annotated[int | None, typer.Option(min=0, help="Its unit; the strongest by default.")] = None,
    target: Annotated[str | None, typer.Option(help="Class, label or index; the prediction by default.")] = None,
    square: Annotated[int, typer.Option(min=1, help="Side of the grey square in input pixels.")] = 50,
    step: Annotated[int, typer.Option(min=1, help="Input pixels between two places.")] = 8,
    report: Report = True,
    json: Json = False,
) -> None:
    """Three maps of what hiding each part does: to a unit, to a class, to the prediction (Zeiler & Fergus, figure 6).

    Example: deepro occlusion builtin:efficientnet-lite0 cat.jpg --layer _blocks.10 --out ws
    """

    with shown():
        made = deepro.occlusion_maps(net, image, layer, unit, target, square=square, step=step)
    keep(net, made, out, report, json)


@with_network
def invariance(
    net: Network,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Photographs, or folders of them.")],
    layer: Layers,
    out: Out,
    target: Annotated[str | None, typer.Option(help="Class, label or index; each prediction by default.")] = None,
    points: Annotated[int, typer.Option(min=2, help="Points a curve.")] = 13,
    report: Report = True,
    json: Json = False,
) -> None:
    """How far layers and prediction move when photographs are moved, enlarged, turned (Zeiler & Fergus, figure 5).

    Example: deepro invariance builtin:efficientnet-lite0 photos/ --layer _blocks.2 --layer _blocks.15 --out ws
    """
    from deepro import registry
    from deepro.parameters.data import expand

    with shown():
        made = registry.record(deepro.invariance).bind(net, expand(images), layer, target, points=points).run()
    keep(net, made, out, report, json)


@with_network
def correspondence(
    net: Network,
    parts: Annotated[
        Path,
        typer.Argument(
            metavar="PARTS", help="CSV with image, part, left, top, right, bottom; pixels of the photograph."
        ),
    ],
    layer: Layers,
    out: Out,
    draws: Annotated[int, typer.Option(min=1, help="Random squares an image and part, for the control.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the random squares.")] = 0,
    report: Report = True,
    json: Json = False,
) -> None:
    """Whether hiding the same part of different photographs changes a layer alike (Zeiler & Fergus, table 1).

    Example: deepro correspondence builtin:efficientnet-lite0 eyes.csv --layer _blocks.8 --layer _blocks.15 --out ws
    """
    from deepro import registry
    from deepro.data.parts import read_parts

    images, boxes = read_parts(net, parts)
    with shown():
        bound = registry.record(deepro.correspondence).bind(net, images, boxes, layer, draws=draws, seed=seed)
        made = bound.run()
    keep(net, made, out, report, json)


@with_network
def evolution(
    net: Network,
    data: Data,
    checkpoint: Annotated[list[Path], typer.Option(help="Weights, in the order of training; again for each.")],
    layer: Annotated[str, typer.Option(help="Layer whose units are followed.")],
    out: Out,
    unit: Annotated[
        list[int] | None, typer.Option(min=0, help="Unit to follow; again for more. All by default.")
    ] = None,
    report: Report = True,
    json: Json = False,
) -> None:
    """Units' strongest photographs at several checkpoints of one training (Zeiler & Fergus, figure 4).

    Example: deepro evolution net.py:make photos/ --checkpoint e1.pt --checkpoint e5.pt --layer conv3 --unit 7 --out ws
    """
    from deepro.survey.evolution import evolution as follow

    names = [path.stem for path in checkpoint]
    names = names if len(set(names)) == len(names) else [str(path) for path in checkpoint]
    nets = {name: _with_weights(net, path) for name, path in zip(names, checkpoint, strict=True)}
    with shown():
        made = follow(nets, data, layer, unit or None)
    keep(list(nets.values())[-1], made, out, report, json)


@with_network
def ablate(
    net: Network,
    data: Data,
    units: Annotated[list[str], typer.Argument(metavar="LAYER#UNITS...", help="Such as features.10#3,17-20.")],
    out: Out,
    each: Annotated[bool, typer.Option("--each", help="One unit at a time, which ranks them.")] = False,
    fill: Annotated[Literal["zero", "mean"], typer.Option(help="What a silent unit gives.")] = "zero",
    pruned: Annotated[Path | None, typer.Option(help="Write the weights without these units, as safetensors.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a pass.")] = 16,
    report: Report = True,
    json: Json = False,
) -> None:
    """What a network loses on labelled photographs when units are silenced.

    Example: deepro ablate builtin:efficientnet-lite0 photos/ _blocks.10#3,17-20 --each --out ws
    """
    from deepro import registry
    from deepro.methods.units.ablation import pruned_state_dict

    chosen = _units(units)
    state = pruned_state_dict(net, chosen) if pruned is not None else None  # refused before anything is measured
    with shown():
        made = registry.record(deepro.ablate)(net, data, chosen, each=each, fill=fill, batch_size=batch_size)
    more = []
    if state is not None and pruned is not None:
        from deepro.network.weights import save_weights

        more.append(f"pruned     {save_weights(state, pruned)}")
    keep(net, made, out, report, json, *more)


@with_network
def compare(
    net: Network,
    data: Data,
    before: Annotated[Path, typer.Option(help="Weights of the first checkpoint.")],
    after: Annotated[Path, typer.Option(help="Weights of the second.")],
    out: Out,
    layer: Annotated[list[str] | None, typer.Option(help="Layer to look at; again for more.")] = None,
    top_k: Annotated[int, typer.Option(min=1, help="Strongest images kept for each unit.")] = 9,
    report: Report = True,
    json: Json = False,
) -> None:
    """Two checkpoints of one architecture: which units changed, and which classes moved.

    Example: deepro compare net.py:make photos/ --before e1.pt --after e9.pt --out ws
    """
    from deepro.store import Workspace
    from deepro.survey import survey
    from deepro.survey.compare import compare as beside

    ws = Workspace(out)
    nets = (_with_weights(net, before), _with_weights(net, after))
    with shown():
        one, two = (survey(each, data, layer or None, top_k, ws) for each in nets)
        made = beside(one, two, nets)
    keep(nets[1], made, out, report, json)


def _with_weights(net: Network, weights: Path) -> Network:
    """The same architecture with other weights."""
    from deepro.network import load

    options: dict[str, Any] = {"preprocess": net.preprocess, "labels": net.labels, "input_shape": net.input_shape}
    given = {k: v for k, v in options.items() if v is not None}
    return load(net.source, weights=str(weights), output=net.output, **given)


def _units(texts: list[str]) -> dict[str, list[int]]:
    """['a#3,5-7', 'b#0'] as {'a': [3, 5, 6, 7], 'b': [0]}. Raises UsageError."""
    chosen: dict[str, list[int]] = {}
    for text in texts:
        layer, _, numbers = text.rpartition("#")
        try:
            for piece in numbers.split(","):
                first, dash, last = piece.partition("-")
                chosen.setdefault(layer, []).extend(range(int(first), int(last if dash else first) + 1))
        except ValueError:
            layer = ""
        if not layer:
            raise UsageError(f"units {text!r}: expected LAYER#UNITS, such as features.10#3,17-20")
    return chosen


def keep(net: Network, made: Result, out: Path, report: bool, json: bool, *more: str) -> None:
    """Into the workspace, into the report, and onto the terminal, with `more` below the lines of its kind."""
    from deepro.kinds.record import of
    from deepro.report import build
    from deepro.store import Workspace

    lines = [*of(made).lines(made), *more]
    ws = Workspace(out)
    ws.add_network(net)
    ws.add(made)
    page = build(ws) if report else None
    value = {
        "kind": made.kind,
        "result": made.provenance.key if made.provenance else None,
        "lines": lines,
        "workspace": str(ws.folder),
        "report": str(page) if page else None,
    }

    def human(console: Console) -> None:
        for line in lines:
            console.print(line, markup=False)
        console.print(f"workspace  {ws.folder}", markup=False)
        if page:
            console.print(f"report     {page}", markup=False)

    show(value, json, human)
