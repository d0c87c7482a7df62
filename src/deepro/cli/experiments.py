"""Experiments on units: `deepro occlusion`, `invariance`, `correspondence`, `evolution`, `ablate` and `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import deepro
from deepro.cli.network import with_network
from deepro.cli.output import Json
from deepro.cli.progress import shown
from deepro.cli.run import make, tell

if TYPE_CHECKING:
    from deepro.network import Network

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
    tell(make(deepro.occlusion_maps, net, out, image, layer, unit, target, square=square, step=step), out, json, report)


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
    from deepro.parameters.data import expand

    tell(make(deepro.invariance, net, out, expand(images), layer, target, points=points), out, json, report)


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
    from deepro.data.parts import read_parts

    tell(
        make(deepro.correspondence, net, out, *read_parts(net, parts), layer, draws=draws, seed=seed), out, json, report
    )


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
    from deepro.parameters.others import beside

    names = [path.stem for path in checkpoint]
    names = names if len(set(names)) == len(names) else [str(path) for path in checkpoint]
    nets = {name: beside(net, net.source, path) for name, path in zip(names, checkpoint, strict=True)}
    tell(make(deepro.evolution, nets[names[-1]], out, nets, data, layer, unit or None), out, json, report)


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
    from deepro.network.weights import save_weights
    from deepro.parameters.places import layer_units
    from deepro.survey.ablation import pruned_state_dict

    chosen = layer_units(units)
    state = pruned_state_dict(net, chosen) if pruned is not None else None  # refused before anything is measured
    made = make(deepro.ablate, net, out, data, chosen, each=each, fill=fill, batch_size=batch_size)
    more = [f"pruned     {save_weights(state, pruned)}"] if state is not None and pruned is not None else []
    tell(made, out, json, report, more)


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
    from deepro.parameters.others import beside

    nets = [beside(net, net.source, weights) for weights in (before, after)]
    with shown():
        one, two = (deepro.survey(each, data, layer or None, top_k, out) for each in nets)
    tell(make(deepro.compare, nets[1], out, one, two, nets[0]), out, json, report)
