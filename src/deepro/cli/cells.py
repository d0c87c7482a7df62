"""`deepro cells MODEL [SEQUENCE]...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

import deepro
from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.run import make
from deepro.cli.sequences import Cut, Files, Layers, Text, Tokens, Words, read_column, read_sequences
from deepro.errors import UsageError

if TYPE_CHECKING:
    from deepro.kinds.sequences.cells import Cells
    from deepro.network import Network
    from deepro.network.sequences import Sequences


@with_network
def cells(
    net: Network,
    sequences: Files = None,
    out: Annotated[Path | None, typer.Option(help="The workspace to keep the findings in.")] = None,
    track: Annotated[
        list[str] | None, typer.Option(help="Track to search for; again for more. By default all.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help="An annotation of your own: .json with one list a sequence, or .csv or .npy for a single one.",
        ),
    ] = None,
    text: Text = None,
    tokens: Tokens = None,
    vocabulary: Words = None,
    layer: Layers = None,
    cut: Cut = None,
    option: Options = None,
    json: Json = False,
) -> None:
    """Units that track quotes, brackets, comments, indentation, trends ..., with the controls beside them.

    Examples:
    deepro cells builtin:code-lstm --out ws
    deepro cells net.py:factory --vocabulary tokens.json texts/*.txt --track "double quotes" -o shifts=500
    deepro cells net.py:factory --vocabulary tokens.json texts/*.txt --column "in a date=dates.json"
    """
    items = read_sequences(net, sequences, text, tokens, vocabulary, cut)
    given = (items, _wanted(items, track, column, cut), layer or None)
    made = make(deepro.find_cells, net, out, *given, **parse_options(option))

    def human(console: Console) -> None:
        tell(console, made)
        if out:
            console.print(f"workspace  {out}", markup=False)

    show(as_json(made), json, human)


def _wanted(items: Sequences, tracks: list[str] | None, columns: list[str] | None, cut: int | None) -> Any:
    """What `find_cells` is to search for: names of built-in tracks, or with columns of one's own all by name."""
    if not columns:
        return list(tracks) if tracks else None
    from deepro.methods.sequences.tracks import make_tracks

    wanted: dict[str, Any] = {t.name: list(t.values) for t in make_tracks(items, tracks)} if tracks else {}
    for given in columns:
        name, equals, file = given.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--column {given!r}: expected NAME=FILE, such as 'in a date=dates.json'")
        wanted[name.strip()] = [column[:cut] if cut else column for column in read_column(Path(file))]
    return wanted


def as_json(made: Cells) -> dict[str, Any]:
    """The findings for machines."""
    return {"findings": [dict(f) for f in made.findings], "split": dict(made.split), "probes": dict(made.probes)}


def tell(console: Console, made: Cells) -> None:
    """The best unit of each track, those that survive their controls first."""
    best = [made.best(name) for name in made.tracks if any(f["track"] == name for f in made.findings)]
    table = Table("track", "cell", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("held out", "random", "p", "held still", "others"):
        table.add_column(name, justify="right")
    table.add_column("")
    for found in sorted(best, key=lambda f: not f["survives"]):
        table.add_row(*_row(found))
    console.print(table)
    silent = [name for name in made.tracks if all(f["track"] != name for f in made.findings)]
    if silent:
        console.print(f"not searched, for they never change where it is searched: {', '.join(silent)}", markup=False)
    console.print(
        f"held out by {made.split['by']}, {made.split['splits']} times: AUC, or rank correlation of a graded track, "
        f"with its 95 % interval; random: the best of {len(made.units)} units of networks with random weights, and "
        "what 19 in 20 of them stay below; + high, - low where the track is on; held still: how far that moves the "
        "prediction there, and what share of other units move it less; survives: beyond random, p at most 0.05, moving "
        "the prediction where the track is on beyond elsewhere, above nine in ten; undecided: the intervals allow both",
        style="dim",
    )


def _row(found: Any) -> list[str]:
    clamped = found["clamp"]
    direction = " backward" if found["direction"] else ""
    sign = "+" if found["sign"] > 0 else "-"
    return [
        found["track"],
        f"{found['layer']}{direction} {found['state']} {found['unit']}{sign}",
        f"{found['held_out']:.2f} ±{found['high'] - found['held_out']:.2f}",
        f"{found['control']:.2f} <{found['control_high']:.2f}",
        f"{found['p']:.3f}",
        f"{clamped['effect']:.3f}" if clamped else "-",
        f"{clamped['beaten']:.0%}" if clamped else "-",
        found["verdict"] + (f": {', '.join(found['why'])}" if found["why"] else ""),
    ]
