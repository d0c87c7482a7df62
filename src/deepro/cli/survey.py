"""`deepro survey MODEL DATA --out WORKSPACE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown

if TYPE_CHECKING:
    from deepro.kinds.surveys.diagnosis import Diagnosis
    from deepro.kinds.surveys.survey import Survey
    from deepro.network import Network

_SHOWN = 12  # findings printed for people; --json has all


@with_network
def survey(
    net: Network,
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="Folder (subfolders are classes), CSV, TSV or Parquet list, tar shards."),
    ],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    layer: Annotated[
        list[str] | None,
        typer.Option(help="Layer to survey; again for more; all for every convolution. By default five of them."),
    ] = None,
    top_k: Annotated[int, typer.Option(min=1, help="Strongest images kept for each unit.")] = 9,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with unfinished work of the same question.")] = False,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="This process, or Ray's workers.")] = "local",
    workers: Annotated[int | None, typer.Option(min=1, help="Ray workers; by default one a GPU or CPU.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a pass.")] = 16,
    shard_size: Annotated[int, typer.Option(min=1, help="Images after which progress is saved.")] = 128,
    threads: Annotated[int, typer.Option(min=1, help="Threads that read photographs ahead.")] = 1,
    gallery: Annotated[
        list[str] | None,
        typer.Option(help="Layer whose units the report shows with examples; again for more. By default five."),
    ] = None,
    units: Annotated[int, typer.Option(min=0, help="Units of each such layer with examples, from the first.")] = 64,
    all_units: Annotated[bool, typer.Option("--all-units", help="Examples of all units of those layers.")] = False,
    sheet: Annotated[
        list[str] | None, typer.Option(help="Layer to draw a contact sheet of, as PNG and PDF; again for more.")
    ] = None,
    report: Annotated[bool, typer.Option(help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """What every unit of a network looks for in a data set, and which units are sick.

    Examples:
    deepro survey builtin:efficientnet-lite0 photos/ --out ws
    deepro survey builtin:efficientnet-lite0 photos/ --layer all --units 16 --out ws
    deepro survey torchvision:vgg16 --weights w.pt list.csv --gallery features.11 --all-units --out ws
    deepro survey net.py:make 'shards/train-{000..127}.tar' --engine ray --resume --out ws
    """
    from deepro.data import as_dataset
    from deepro.report import build
    from deepro.store import Workspace
    from deepro.survey import survey as run
    from deepro.survey.showing import complete

    ws = Workspace(out)
    source = as_dataset(data)
    with shown():
        found = run(
            net,
            source,
            layer or None,
            top_k,
            ws,
            engine,
            resume=resume,
            batch_size=batch_size,
            shard_size=shard_size,
            threads=threads,
            workers=workers,
        )
        galleries, health = complete(net, found, source, ws, gallery or None, None if all_units else units)
        sheets = _sheets(net, found, source, sheet or [], ws.folder / "sheets")
    page = build(ws) if report else None
    value = _summary(found, health) | {
        "galleries": {g.layer: sum(len(o.units) for o in galleries if o.layer == g.layer) for g in galleries},
        "workspace": str(ws.folder),
        "sheets": [str(s) for s in sheets],
        "report": str(page) if page else None,
    }
    show(value, json, lambda console: _tell(console, found, health, value))


def _sheets(net: Network, found: Survey, source: Any, layers: list[str], folder: Path) -> list[Path]:
    from deepro.kinds.surveys.gallery import save_contact_sheet
    from deepro.survey.gallery import gallery

    files = []
    for layer in layers:
        made = gallery(net, found, source, layer)
        files += [save_contact_sheet(made, folder / f"{layer.replace(':', '-')}{kind}") for kind in (".png", ".pdf")]
    return files


def _summary(found: Survey, health: Diagnosis) -> dict[str, Any]:
    return {
        "images": found.images,
        "read": found.read,
        "unreadable": found.unreadable,
        "skipped": [dict(s) for s in found.skipped],
        "classes": len(found.classes),
        "top_k": found.top_k,
        "layers": [
            {"name": name, "units": len(layer.values), "faults": health.counts(name)}
            for name, layer in found.layers.items()
        ],
        "findings": [dict(f) for f in health.findings],
        "result": found.provenance.key if found.provenance else None,
    }


def _tell(console: Console, found: Survey, health: Diagnosis, value: dict[str, Any]) -> None:
    labelled = f", {len(found.classes)} classes" if found.classes else ""
    console.print(f"{found.read} images of {found.dataset}{labelled}", markup=False)
    if found.unreadable:
        console.print(f"{found.unreadable} could not be read:", markup=False)
        for one in found.skipped[:5]:
            console.print(f"  {one['id']}: {one['reason']}", markup=False)
    table = Table("layer")
    for name in ("units", "dead", "always on", "duplicates", "noisy", "aliased"):
        table.add_column(name, justify="right")
    for row in value["layers"]:
        faults = row["faults"]
        names = ("dead", "always on", "duplicate", "high-frequency", "aliased")
        table.add_row(row["name"], str(row["units"]), *(str(faults.get(n, "")) for n in names))
    console.print(table)
    for finding in health.findings[:_SHOWN]:
        numbers = ", ".join(
            f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in finding["evidence"].items()
        )
        console.print(f"{finding['layer']} unit {finding['unit']}: {finding['fault']} ({numbers})", markup=False)
    if len(health.findings) > _SHOWN:
        console.print(f"and {len(health.findings) - _SHOWN} more; --json lists all", markup=False)
    for sheet in value["sheets"]:
        console.print(f"sheet      {sheet}", markup=False)
    for layer, count in value["galleries"].items():
        console.print(f"examples   {count} of {len(found.layers[layer].values)} units of {layer}", markup=False)
    console.print(f"workspace  {value['workspace']}", markup=False)
    if value["report"]:
        console.print(f"report     {value['report']}", markup=False)
