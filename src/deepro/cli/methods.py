"""`deepro methods`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deepro.cli.output import Json, show

if TYPE_CHECKING:
    from deepro.parameters import Option
    from deepro.registry import Method


def methods(
    name: Annotated[str | None, typer.Argument(help="One method, with its options.")] = None, json: Json = False
) -> None:
    """What Deepro can do, from which paper, with which options.

    Examples: deepro methods · deepro methods deconvnet
    """
    from deepro import registry

    chosen = [registry.get(name)] if name else list(registry.methods().values())
    show([card(m) for m in chosen], json, lambda console: _one(console, chosen[0]) if name else _all(console, chosen))


def card(record: Method) -> dict[str, Any]:
    """A record as JSON."""
    return {
        "name": record.name,
        "family": record.family,
        "summary": record.summary,
        "inputs": [{"name": p.name, "type": p.type.name, "required": p.required} for p in record.inputs],
        "result": record.result.kind,
        "version": record.version,
        "paper": vars(record.paper),
        "options": [{"name": o.name, "required": o.required, **o.schema()} for o in record.options],
    }


def _all(console: Console, chosen: list[Method]) -> None:
    table = Table("method", "family", "what it shows", "paper")
    for record in chosen:
        table.add_row(record.name, record.family, record.summary, f"{record.paper.authors} {record.paper.year}")
    console.print(table)


def _one(console: Console, record: Method) -> None:
    console.print(f"[bold]{record.name}[/bold] ({record.family}): {record.summary}")
    console.print(str(record.paper))
    table = Table("parameter", "default", "accepts", "meaning")
    for given in record.inputs:
        table.add_row(given.name, "" if given.required else str(given.default), given.type.name, given.type.says())
    for option in record.options:
        table.add_row(option.name, "" if option.required else str(option.default), accepts(option), option.help)
    console.print(table)


def accepts(option: Option) -> str:
    """What an option takes, in a few words."""
    about = option.type
    said = ", ".join(map(str, about.choices)) if about.choices else about.kind.__name__
    if about.bounds is None:
        return said
    low, high = (f"{end:g}" if about.kind is float else str(int(end)) for end in (about.bounds.low, about.bounds.high))
    return f"{said} {low} to {high}"
