"""`deepro trace MODEL [SEQUENCE]...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown
from deepro.cli.sequences import Cut, Files, Layers, Text, Tokens, Words, read_sequences

if TYPE_CHECKING:
    from deepro.network import Network


@with_network
def trace(
    net: Network,
    sequences: Files = None,
    out: Annotated[Path | None, typer.Option(help="The workspace to keep the trace in.")] = None,
    text: Text = None,
    tokens: Tokens = None,
    vocabulary: Words = None,
    layer: Layers = None,
    cut: Cut = None,
    json: Json = False,
) -> None:
    """States and gates of every recurrent layer, for all steps.

    Examples:
    deepro trace builtin:code-lstm --text "x = f('a')" --out ws
    deepro trace net.py:factory --tokens 3,1,4,1,5 --out ws
    deepro trace net.py:factory --vocabulary characters:abc story.txt --layer rnn.l1
    """
    import numpy as np

    from deepro import registry
    from deepro.explanation import make
    from deepro.store import Workspace

    items = read_sequences(net, sequences, text, tokens, vocabulary, cut)
    record = registry.get("trace")
    with shown():
        if out is None:
            made = record(net, items, layer or None)
        else:
            ws = Workspace(out)
            ws.add_network(net)
            made = make(ws, record, net, items, layer or None)
    rows = []
    for name, kind in zip(made.layers, made.kinds, strict=True):
        h = made.h[name]
        known = np.concatenate([s for d in range(h.shape[0]) for s in made.states(name, "h", d)])
        rows.append(
            {
                "layer": name,
                "kind": kind,
                "directions": h.shape[0],
                "sequences": h.shape[1],
                "steps": int(made.lengths[name].sum()),
                "units": h.shape[3],
                "gates": [g for g, values in made.gates.items() if name in values],
                "largest_h": float(np.abs(known).max()),
                "check": made.checks[name],
            }
        )

    def human(console: Console) -> None:
        table = Table("layer", "kind", "directions", "sequences", "steps", "units", "gates", "largest |h|", "self-test")
        for row in rows:
            cells = [", ".join(v) if isinstance(v, list) else v for v in row.values()]
            table.add_row(*(f"{c:.2g}" if isinstance(c, float) else str(c) for c in cells))
        console.print(table)
        console.print("self-test: largest difference between h from the gates and h as the module returned it")
        if out:
            console.print(f"workspace  {out}", markup=False)

    show({"layers": rows, "workspace": str(out) if out else None}, json, human)
