"""`deepro match MODEL START:STOP [SEQUENCE]...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import deepro
from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.run import make
from deepro.cli.sequences import Cut, Files, Layers, Text, Tokens, Words, read_sequences
from deepro.errors import UsageError

if TYPE_CHECKING:
    from deepro.kinds.sequences.matches import Matches
    from deepro.network import Network


@with_network
def match(
    net: Network,
    steps: Annotated[str, typer.Argument(metavar="START:STOP", help="The range of steps, STOP not included.")],
    sequences: Files = None,
    out: Annotated[Path | None, typer.Option(help="The workspace to keep the matches in.")] = None,
    within: Annotated[int, typer.Option(help="Number of the sequence in which the range lies.", min=0)] = 0,
    text: Text = None,
    tokens: Tokens = None,
    vocabulary: Words = None,
    layer: Layers = None,
    cut: Cut = None,
    option: Options = None,
    show_first: Annotated[int, typer.Option("--show", help="Matches printed.", min=0)] = 20,
    json: Json = False,
) -> None:
    """The cells that are on over a range of a text or series, and the other places where they are on.

    Examples:
    deepro match builtin:code-lstm 120:140 --out ws
    deepro match net.py:factory 10:14 a.txt b.txt --vocabulary tokens.json -o least=0.8 -o most=5
    """
    start, colon, stop = steps.partition(":")
    if not (colon and start.isdecimal() and stop.isdecimal()):
        raise UsageError(f"range {steps!r}: expected START:STOP in whole steps, such as 120:140")
    items = read_sequences(net, sequences, text, tokens, vocabulary, cut)
    given = (items, int(start), int(stop), within, layer or None)
    made = make(deepro.match, net, out, *given, **parse_options(option))

    def human(console: Console) -> None:
        tell_matches(console, made, show_first)
        if out:
            console.print(f"workspace  {out}", markup=False)

    places = zip(made.sequences.tolist(), made.starts.tolist(), made.stops.tolist(), strict=True)
    value = {
        "cells": [dict(c) for c in made.cells],
        "count": made.count,
        "miss": dict(made.miss) if made.miss else None,
        "matches": [{"sequence": n, "start": a, "stop": b} for n, a, b in places],
        "enrichment": [dict(r) for r in made.enrichment],
        "nearest": [dict(r) for r in made.nearest],
    }
    show(value, json, human)


def tell_matches(console: Console, made: Matches, most: int) -> None:
    """The cells, the first matches in their contexts, and the annotations that stand out where matches begin."""
    within, start, stop = made.selection
    console.print(f"cells on over steps {start}:{stop} of sequence {within}: ", end="")
    units = [f"{c['layer']} {c['state']} {c['unit']}{'+' if c['sign'] > 0 else '-'}" for c in made.cells]
    console.print(", ".join(units), markup=False)
    console.print(f"{made.count} matches in {made.steps:,} steps")
    if made.miss is not None:
        n, a, b = (made.miss[k] for k in ("sequence", "start", "stop"))
        console.print(f"the nearest miss is sequence {n}, {a}:{b}: {made.miss['cells']} of {len(made.cells)} cells on")
    texts = any(t is not None for t in made.texts)
    places = list(zip(made.sequences.tolist(), made.starts.tolist(), made.stops.tolist(), strict=True))
    contexts = made.in_context() if texts else [("", "", "")] * len(places)
    for (number, first, last), words in list(zip(places, contexts, strict=True))[:most]:
        before, inside, after = (w.replace("\n", "\\n") for w in words)
        where = f"{number:4} {first:6}:{last:<6}"
        console.print(f"{where} {before:>40}[{inside}]{after}" if texts else where, markup=False)
    if made.enrichment:
        table = Table("annotation", "where matches begin", "in the corpus", "lift", "p")
        for row in made.enrichment[:8]:
            cells = (f"{row['share']:.0%}", f"{row['corpus']:.1%}", f"{row['lift']:.1f}", f"{row['p']:.2g}")
            table.add_row(row["track"], *cells)
        console.print(table)
