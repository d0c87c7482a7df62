"""`deepro report WORKSPACE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepro.cli.output import Json, show
from deepro.errors import UsageError


def report(
    workspace: Annotated[Path, typer.Argument(help="A folder written by explain, imagine or demo.")],
    single_file: Annotated[bool, typer.Option("--single-file", help="One HTML file with everything in it.")] = False,
    out: Annotated[Path | None, typer.Option(help="Where to; within the workspace by default.")] = None,
    json: Json = False,
) -> None:
    """Write the workspace as a page that opens offline.

    Examples: deepro report out · deepro report out --single-file
    """
    from deepro.report import build
    from deepro.store import Workspace
    from deepro.store.workspace import MARK

    if not (workspace / MARK).is_file():
        raise UsageError(f"{workspace} is no Deepro workspace; expected a folder written by `deepro explain --out`")
    page = build(Workspace(workspace), out, single_file=single_file)
    show({"report": str(page)}, json, lambda console: console.print(f"report  {page}"))
