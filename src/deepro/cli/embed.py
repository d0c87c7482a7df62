"""`deepro embed MODEL DATA`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown

if TYPE_CHECKING:
    from deepro.network import Network
    from deepro.results import Map


@with_network
def embed(
    net: Network,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Folder, CSV, TSV, Parquet list or tar of pictures.")],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    layer: Annotated[list[str], typer.Option(help="Layer to map; again for more.")],
    method: Annotated[str, typer.Option(help="tsne, pca, umap or random_projection.")] = "tsne",
    option: Options = None,
    export: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write the map to a .csv, .parquet or .npz file, or a folder for TensorBoard; again for more."
        ),
    ] = None,
    report: Annotated[bool, typer.Option(help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """How a layer arranges the pictures of a data set: a map, with numbers that say how far to trust it.

    Examples:
    deepro embed builtin:efficientnet-lite0 photos/ --layer _blocks.15 --out ws
    deepro embed torchvision:resnet18 photos/ --layer layer4 --method pca --export map.csv --out ws
    """
    from deepro.errors import UsageError, near
    from deepro.methods.spaces.embed import METHODS
    from deepro.store import Workspace

    if method not in METHODS:
        raise UsageError(
            f"unknown map method {method!r}{near(method, METHODS) or '; methods are ' + ', '.join(METHODS)}"
        )
    if export and len(layer) > 1:
        raise UsageError("--export takes one map: give one --layer")
    chosen = parse_options(option)
    for name in layer:
        net.check_layer(name)
    ws = Workspace(out)
    ws.add_network(net)
    with shown():
        maps = [_make(ws, method, net, data, name, chosen) for name in layer]
    files = [str(_export(maps[0], target)) for target in export or ()]
    page = None
    if report:
        from deepro.report import build

        page = build(ws)
    value = {"maps": [summary(m) for m in maps], "files": files, "workspace": str(ws.folder)}
    show(value | {"report": str(page) if page else None}, json, lambda console: tell(console, maps, files, page))
    if not all(m.finished for m in maps):
        raise typer.Exit(1)


def _make(ws: Any, method: str, net: Network, data: str, layer: str, options: dict[str, str]) -> Map:
    """The map from the workspace, or made now. One that was stopped half-way is kept until it is asked for again."""
    from deepro import registry

    call = registry.get(method).bind(net, data, layer, **options)
    found = ws.find("map", call.provenance.key)
    if found is not None and found.finished:
        return found
    if found is not None:
        ws.discard("map", call.provenance.key)
    made = call.run()
    ws.add(made)
    return made


def _export(made: Map, target: Path) -> Path:
    from deepro.store.map_files import export

    return export(made, target)


def tell(console: Console, maps: list[Map], files: list[str], page: Path | None) -> None:
    """A few readable lines a map."""
    for made in maps:
        size = made.facts.get("code_size", "?")
        console.print(f"{made.layer}  {made.method} of {len(made.values)} points, {size} numbers each", markup=False)
        line = ", ".join(f"{name} {value:.2f}" for name, value in made.quality.items() if not name.endswith("@50"))
        console.print(f"  {line}", markup=False)
        for name, numbers in made.baselines.items():
            known = [f"{k} {numbers[k]:.2f}" for k in ("neighbours@15", "trustworthiness@15") if k in numbers]
            console.print(f"  baseline {name}: {', '.join(known) or 'too few points to measure'}", markup=False)
        for note in made.notes:
            console.print(f"  note: {note}", markup=False)
    for file in files:
        console.print(f"written    {file}", markup=False)
    if page:
        console.print(f"report     {page}", markup=False)


def summary(made: Map) -> dict[str, Any]:
    """For --json."""
    return {
        "layer": made.layer,
        "method": made.method,
        "points": len(made.values),
        "quality": dict(made.quality),
        "baselines": {k: dict(v) for k, v in made.baselines.items()},
        "facts": dict(made.facts),
        "finished": made.finished,
        "notes": list(made.notes),
        "result": made.provenance.key if made.provenance else None,
    }
