"""`deepro methods`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deepro.cli.output import Json, show

if TYPE_CHECKING:
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
        "needs": record.needs,
        "result": record.result.kind,
        "version": record.version,
        "paper": vars(record.paper),
        "options": [
            {
                "name": o.name,
                "type": o.type.__name__,
                "default": o.default,
                "help": o.help,
                "choices": o.choices,
                "bounds": [o.bounds.low, o.bounds.high] if o.bounds else None,
                "optional": o.optional,
            }
            for o in record.options
        ],
    }


def _all(console: Console, chosen: list[Method]) -> None:
    table = Table("method", "family", "what it shows", "paper")
    for record in chosen:
        table.add_row(record.name, record.family, record.summary, f"{record.paper.authors} {record.paper.year}")
    console.print(table)


def _one(console: Console, record: Method) -> None:
    console.print(f"[bold]{record.name}[/bold] ({record.family}): {record.summary}")
    console.print(str(record.paper))
    table = Table("option", "default", "accepts", "meaning")
    for option in record.options:
        accepts = ", ".join(map(str, option.choices)) if option.choices else option.type.__name__
        if option.bounds:
            accepts += f" {option.bounds.low:g} to {option.bounds.high:g}"
        table.add_row(option.name, str(option.default), accepts, option.help)
    console.print(table)
