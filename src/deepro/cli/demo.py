"""`deepro demo`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deepro.cli.output import Json, show
from deepro.cli.progress import shown
from deepro.errors import UsageError, near


def demo(
    name: Annotated[str, typer.Argument(help="Which demo: photos.")] = "photos",
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")] = Path("demo"),
    json: Json = False,
) -> None:
    """A workspace and a report from an embedded network and embedded data, offline.

    Example: deepro demo photos --out demo
    """
    from deepro.cli.explain import summary, tell
    from deepro.demos.photos import DEMOS
    from deepro.report import build

    if name not in DEMOS:
        raise UsageError(f"unknown demo {name!r}{near(name, DEMOS)}; demos are {', '.join(DEMOS)}")
    started = time.monotonic()
    with shown():
        made = DEMOS[name](out)
    page = build(made.explanation.workspace)
    seconds = time.monotonic() - started
    patterns = [
        {"target": t, "score": float(s), "probability": float(p)}
        for t, s, p in zip(made.pattern.targets, made.pattern.scores, made.pattern.probabilities, strict=True)
    ]

    def human(console: Console) -> None:
        tell(console, made.explanation, None)
        shares = ", ".join(f"{p['target']} {p['probability']:.0%}" for p in patterns)
        console.print(f"[bold]patterns[/bold]  {shares}")
        console.print(f"{seconds:.0f} s\n\nreport     {page}", markup=False)

    show(summary(made.explanation) | {"patterns": patterns, "report": str(page), "seconds": seconds}, json, human)
