"""`deepro responses MODEL [SEQUENCE]... --other MODEL`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepro.cli.experiments import Report, keep
from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json
from deepro.cli.progress import shown
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
    from deepro import registry
    from deepro.cli.trace import share_options
    from deepro.methods.sequences.responses import compare_responses
    from deepro.network import load

    record = registry.record(compare_responses)
    (options,) = share_options([record], parse_options(option))
    items = read_sequences(net, sequences, text, tokens, vocabulary, cut)
    given: dict[str, Any] = {"weights": other_weights} if other_weights else {}
    second = load(other, **given)
    if second.preprocess is None and net.preprocess is not None:  # read what the first is read
        second = load(other, preprocess=net.preprocess, input_shape=net.input_shape, **given)
    with shown():
        made = record(net, second, items, layer, other_layer, **options)
    keep(net, made, out, report, json)
