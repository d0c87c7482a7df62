"""`deepro similarity MODEL DATA --other MODEL`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import deepro
from deepro.cli.experiments import Report
from deepro.cli.network import with_network
from deepro.cli.output import Json
from deepro.cli.run import make, tell

if TYPE_CHECKING:
    from deepro.network import Network


@with_network
def similarity(
    net: Network,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Folder, CSV, TSV, Parquet list or tar of pictures.")],
    other: Annotated[str, typer.Option(help="The network to compare with, named as MODEL is.")],
    layer: Annotated[list[str], typer.Option(help="Layer of MODEL; again for more.")],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    other_layer: Annotated[
        list[str] | None, typer.Option(help="Layer of the other network; again for more. The same names by default.")
    ] = None,
    other_weights: Annotated[str | None, typer.Option(help="Weights of the other network, as --weights.")] = None,
    debiased: Annotated[bool, typer.Option("--debiased", help="Correct for few examples.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a pass.")] = 32,
    report: Report = True,
    json: Json = False,
) -> None:
    """How alike two networks arrange the same pictures: linear CKA between their layers (Kornblith et al. 2019).

    Examples:
    deepro similarity torchvision:resnet18 photos/ --layer layer4 --other timm:resnet26 --out ws
    deepro similarity net.py:make photos/ --weights a.pt --other net.py:make --other-weights b.pt --layer conv3 --out ws
    """
    from deepro.parameters.others import beside

    for name in layer:
        net.check_layer(name)  # before the second network is fetched, perhaps from afar
    second = beside(net, other, other_weights)
    options = {"debiased": debiased, "batch_size": batch_size}
    tell(make(deepro.compare_networks, net, out, second, data, layer, other_layer, **options), out, json, report)
