"""`deepro trace MODEL [SEQUENCE]...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown
from deepro.cli.sequences import Cut, Files, Layers, Text, Tokens, Words, read_sequences
from deepro.errors import UsageError, near

if TYPE_CHECKING:
    from deepro.network import Network
    from deepro.registry import Method
    from deepro.results import Result


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
    corpus: Annotated[
        Path | None,
        typer.Option(
            help="A new folder for the states of every step, piece by piece: millions of steps, half precision."
        ),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(help="Measured as well: a method of sequences, see `deepro methods`; again for more."),
    ] = None,
    option: Options = None,
    json: Json = False,
) -> None:
    """States and gates of every recurrent layer, for all steps.

    Examples:
    deepro trace builtin:code-lstm --text "x = f('a')" --out ws
    deepro trace net.py:factory --tokens 3,1,4,1,5 --out ws
    deepro trace net.py:factory --vocabulary characters:abc story.txt --layer rnn.l1
    deepro trace net.py:factory speech.wav --also memory --out ws -o precision=half
    deepro trace net.py:factory --text "f('a', 1)" --also attribute_steps --out ws -o how=occlusion -o every=true
    deepro trace net.py:factory --text "f('a', 1)" --also intervene --layer rnn --out ws -o unit=7 -o write=40
    deepro trace net.py:factory texts/*.txt --vocabulary tokens.json --corpus states -o states=c
    """
    import numpy as np

    from deepro import registry
    from deepro.explanation import make
    from deepro.kinds import record as kinds
    from deepro.kinds.sequences.trace import Trace
    from deepro.methods.sequences.trace import trace as measure
    from deepro.store import Workspace

    items = read_sequences(net, sequences, text, tokens, vocabulary, cut)
    if corpus is not None:
        _to_disk(net, items, corpus, layer, also, parse_options(option), json)
        return
    first = registry.record(measure)
    more = [_method_of_sequences(name) for name in also or ()]
    options = share_options([first, *more], parse_options(option))
    ws = Workspace(out) if out is not None else None
    if ws is not None:
        ws.add_network(net)
    results: list[Result] = []
    with shown():
        for record, own in zip([first, *more], options, strict=True):
            arguments = {**own, **_places(record, layer, results)}
            single = record is not first and record.takes("sequence") is not None  # one sequence at a time
            for data in [items.subset([n]) for n in range(len(items))] if single else [items]:
                results.append(
                    record(net, data, **arguments) if ws is None else make(ws, record, net, data, **arguments)
                )
    made = results[0]
    assert isinstance(made, Trace)
    rows = []
    for name, kind in zip(made.layers, made.kinds, strict=True):
        kept = made.kept
        state = next((s for s, values in kept.items() if values is not None and name in values), None)
        shape = (0,) * 4 if state is None else kept[state][name].shape  # type: ignore[index]
        h = None if name not in made.h else [s for d in range(shape[0]) for s in made.states(name, "h", d)]
        rows.append(
            {
                "layer": name,
                "kind": kind,
                "directions": shape[0],
                "sequences": len(made.lengths[name]),
                "steps": int(made.lengths[name].sum()),
                "units": shape[3],
                "gates": [g for g, values in made.gates.items() if name in values],
                "largest_h": float(max(np.abs(s).max() for s in h)) if h else None,
                "check": None if np.isnan(made.checks[name]) else made.checks[name],
            }
        )

    told = ["\n".join(kinds.of(result).lines(result)) or result.kind for result in results[1:]]

    def human(console: Console) -> None:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("layer", overflow="fold")
        for name in ("kind", "ways", "sequences", "steps", "units", "gates", "largest h", "self-test"):
            table.add_column(name, no_wrap=True)
        for row in rows:
            cells = [" ".join(v) if isinstance(v, list) else v for v in row.values()]
            table.add_row(*("-" if c is None else f"{c:.2g}" if isinstance(c, float) else str(c) for c in cells))
        console.print(table)
        console.print("self-test: largest difference between h from the gates and h as the module returned it")
        for line in told:
            console.print(line, markup=False)
        if out:
            console.print(f"workspace  {out}", markup=False)

    show({"layers": rows, "also": told, "workspace": str(out) if out else None}, json, human)


def _method_of_sequences(name: str) -> Method:
    """A method that sequences alone suffice for. Raises UsageError with those that do."""
    from deepro import registry

    known = {
        n: m
        for n, m in registry.methods().items()
        if m.takes("sequence", "sequences") and not any(o.required for o in m.options)
    }
    if name not in known:
        raise UsageError(f"--also {name}: expected {', '.join(known)}{near(name, known)}")
    return known[name]


def _places(record: Method, layer: list[str] | None, made: list[Result]) -> dict[str, Any]:
    """The layers that a method is to look at; of one that needs a layer where none was named, the last traced."""
    if several := record.takes("layers"):
        return {several.name: layer} if layer else {}
    one = record.takes("layer")
    if one is None or not (layer or one.required):
        return {}
    return {one.name: layer[-1] if layer else made[0].layers[-1]}  # type: ignore[attr-defined]


def _to_disk(
    net: Network, items: Any, folder: Path, layer: list[str] | None, also: list[str] | None, given: dict[str, str],
    json: bool,
) -> None:  # fmt: skip
    from deepro.store.corpus import write_corpus

    wrong = [name for name in given if name not in ("states", "precision", "steps")]
    if wrong or also:
        raise UsageError(f"--corpus takes -o states=, precision= and steps=, not {', '.join([*wrong, *(also or ())])}")
    options: dict[str, Any] = dict(given)
    if "steps" in options:
        if not options["steps"].isdecimal():
            raise UsageError(f"steps is {options['steps']!r}, expected a whole number")
        options["steps"] = int(options["steps"])
    with shown():
        made = write_corpus(net, items, folder, layer or None, **options)
    states = ", ".join(f"{n}{' backward' if d else ''} {s}" for n, d, s in made.places)
    value = {"corpus": str(made.folder), "steps": made.steps, "sequences": len(made.lengths), "check": made.check}

    def human(console: Console) -> None:
        console.print(f"{made.steps:,} steps of {len(made.lengths)} sequences: {states}", markup=False)
        console.print(f"self-test {made.check:.2g}\ncorpus     {made.folder}", markup=False)

    show(value, json, human)


def share_options(records: list[Method], given: dict[str, str]) -> list[dict[str, Any]]:
    """Each method's own of the options; UsageError for one that none of them has."""
    known = {o.name for record in records for o in record.options}
    for name in given:
        if name not in known:
            raise UsageError(f"no method asked for has an option {name!r}{near(name, known)}")
    return [{o.name: given[o.name] for o in record.options if o.name in given} for record in records]
