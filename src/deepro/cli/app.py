"""Wiring: which commands there are, and how an error becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated

import typer

from deepro.cli import (
    cells,
    demo,
    doctor,
    embed,
    experiments,
    explain,
    imagine,
    layers,
    match,
    methods,
    progress,
    report,
    responses,
    run,
    similarity,
    studio,
    survey,
    trace,
    watch,
)
from deepro.errors import DeeproError, PluginWarning

app = typer.Typer(
    name="deepro",
    help="Opens the black box of trained neural networks: units, patterns, regions, spaces, sequences.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    demo.demo,
    explain.explain,
    imagine.imagine,
    survey.survey,
    experiments.ablate,
    experiments.compare,
    experiments.occlusion,
    experiments.invariance,
    experiments.correspondence,
    experiments.evolution,
    embed.embed,
    similarity.similarity,
    trace.trace,
    cells.cells,
    match.match,
    responses.responses,
    layers.layers,
    report.report,
    studio.studio,
    methods.methods,
    doctor.doctor,
    watch.watch,
    watch.mend,
):
    app.command()(command)


app.add_typer(run.run, name="run")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(version("deepro"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr; complaints stay.")] = False,
) -> None:
    progress.quiet = quiet


def main() -> None:
    """Entry point. A user's mistake is one line on stderr, never a traceback; DEEPRO_DEBUG=1 shows the traceback."""
    # Threads that wait for each other spin only briefly: where another program shares the cores, torch's default is
    # twenty times slower. Read when torch is imported, which no command has done yet.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    usual = warnings.showwarning
    warnings.showwarning = lambda said, kind, *rest: (  # one line for a plug-in that cannot be loaded
        print(f"deepro: {said}", file=sys.stderr) if issubclass(kind, PluginWarning) else usual(said, kind, *rest)
    )
    try:
        app()
    except (DeeproError, MemoryError, OSError) as error:
        if os.environ.get("DEEPRO_DEBUG"):
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        print(f"deepro: {text}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))
