"""`deepro responses MODEL [SEQUENCE]... --other MODEL`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import deepro
from deepro.cli.experiments import Report
from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json
from deepro.cli.run import make, tell
from deepro.cli.sequences import Cut, Files, Text, Tokens, Words, read_sequences

if TYPE_CHECKING:
    from deepro.network import Network


@with_network
def responses(
    net: Network,
    other: Annotated[str, typer.Option(help="The network to compare with, named as MODEL is.")],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    sequences: Files = None,
    text: Text = None,
    tokens: Tokens = None,
    vocabulary: Words = None,
    layer: Annotated[str | None, typer.Option(help="Recurrent layer of MODEL; the last one by default.")] = None,
    other_layer: Annotated[str | None, typer.Option(help="Of the other network; the last one by default.")] = None,
    other_weights: Annotated[str | None, typer.Option(help="Weights of the other network, as --weights.")] = None,
    cut: Cut = None,
    option: Options = None,
    report: Report = True,
    json: Json = False,
) -> None:
    """How alike two recurrent networks treat the tokens of the same sequences (Ming et al. 2017).

    Examples:
    deepro responses net.py:small texts/*.txt --vocabulary tokens.json --other net.py:large --out ws
    deepro responses net.py:make a.txt --weights early.pt --other net.py:make --other-weights late.pt --out ws
    """
    from deepro.parameters.others import beside

    items = read_sequences(net, sequences, text, tokens, vocabulary, cut)
    second = beside(net, other, other_weights)
    made = make(deepro.compare_responses, net, out, second, items, layer, other_layer, **parse_options(option))
    tell(made, out, json, report)
