"""Where a command's result goes: text for people, or one JSON value, on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from deepro.results import Result

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value for machines.")]


def show(value: Any, as_json: bool, human: Callable[[Console], None]) -> None:
    """Print `value` as JSON, or let `human` print it."""
    if as_json:
        print(json.dumps(value, indent=1, ensure_ascii=False, default=str))
    else:
        human(Console(highlight=False, soft_wrap=True))


def describe(console: Console, *results: Result) -> None:
    """Print the lines of each result, as its kind has them."""
    from deepro.kinds.record import of

    for result in results:
        for line in of(result).lines(result):
            console.print(line, markup=False)
