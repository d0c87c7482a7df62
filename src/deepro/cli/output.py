"""Where a command's result goes: text for people, or one JSON value, on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value for machines.")]


def show(value: Any, as_json: bool, human: Callable[[Console], None]) -> None:
    """Print `value` as JSON, or let `human` print it."""
    if as_json:
        print(json.dumps(value, indent=1, ensure_ascii=False, default=str))
    else:
        human(Console(highlight=False, soft_wrap=True))
