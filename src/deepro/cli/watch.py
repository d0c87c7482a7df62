"""`deepro watch` and `deepro mend`: trainings that are over, and what their alarms ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import deepro
from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown
from deepro.errors import UsageError

if TYPE_CHECKING:
    from deepro.network import Network

_WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")


@with_network
def watch(
    net: Network,
    checkpoints: Annotated[Path, typer.Argument(metavar="CHECKPOINTS", help="Folder of weights, a file a step.")],
    probe: Annotated[str, typer.Option(help="Examples that are looked at; subfolders are classes.")],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    layer: Annotated[list[str] | None, typer.Option(help="Layer to look at; again for more.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the run; the folder's by default.")] = None,
    json: Json = False,
) -> None:
    """The page of a training that is over, from the weights that it left; one that runs is watched by deepro.watch.

    Example: deepro watch net.py:make checkpoints/ --probe photos/ --out runs/a
    """
    from deepro.kinds.record import of
    from deepro.report import build

    files = [f for f in checkpoints.iterdir() if f.suffix in _WEIGHTS] if checkpoints.is_dir() else []
    if not files:
        raise UsageError(f"{checkpoints}: expected a folder with weights ({', '.join(_WEIGHTS)})")
    files.sort(key=lambda f: [int(p) if p.isdecimal() else p for p in _parts(f.stem)])
    with shown():
        run = deepro.watch_checkpoints(net, files, probe, out, layers=layer or None, name=name)
        page = build(deepro.Workspace(out))
    lines = of(run).lines(run)

    def human(console: Any) -> None:
        for line in (*lines, f"report     {page}"):
            console.print(line, markup=False)

    show({"run": run.run, "steps": run.steps.tolist(), "lines": lines, "report": str(page)}, json, human)


def _parts(name: str) -> list[str]:
    import re

    return re.split(r"(\d+)", name)


@with_network
def mend(
    net: Network,
    workspace: Annotated[Path, typer.Argument(metavar="RUN", help="Workspace of a watched training.")],
    out: Annotated[Path, typer.Option(help="New folder for the changed weights and what to change in the code.")],
    run: Annotated[str | None, typer.Option(help="Which run; the latest by default.")] = None,
    probe: Annotated[str | None, typer.Option(help="Examples on which the change of the output is measured.")] = None,
    json: Json = False,
) -> None:
    """Change a network as its training's alarms ask: dead units, repeated filters, the first stride, the learning rate.

    Example: deepro mend net.py:make runs/a --weights last.pt --out mended
    """
    from deepro.training.watch import probe_set

    inputs = probe_set(net, probe)[0].inputs if probe else None
    made = deepro.mend(net, deepro.read_run(workspace, run), inputs=inputs)
    made.save(out)
    changes = [vars(change) for change in made.changes]
    show({"changes": changes, "rate": made.rate, "folder": str(out)}, json,
         lambda console: console.print(f"{made.text()}\nfolder     {out}", markup=False))  # fmt: skip
