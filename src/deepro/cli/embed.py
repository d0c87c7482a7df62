"""`deepro embed MODEL DATA`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json, describe, show
from deepro.cli.progress import shown

if TYPE_CHECKING:
    from deepro.embedding import Embedded
    from deepro.network import Network
    from deepro.results import Result


@with_network
def embed(
    net: Network,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Folder, CSV, TSV, Parquet list or tar of pictures.")],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    layer: Annotated[list[str], typer.Option(help="Layer to map; again for more, whose maps are aligned.")],
    method: Annotated[str, typer.Option(help="tsne, pca, umap or random_projection.")] = "tsne",
    units: Annotated[bool, typer.Option("--units", help="Map the layers' units too.")] = False,
    scores: Annotated[bool, typer.Option("--scores", help="What each layer knows of the labels, too.")] = False,
    find: Annotated[
        bool, typer.Option("--find", help="Outliers, near duplicates, likely label errors and clusters, too.")
    ] = False,
    atlas: Annotated[
        bool, typer.Option("--atlas", help="Pictures made for the mean directions of each layer, too; slow.")
    ] = False,
    near: Annotated[list[Path] | None, typer.Option(help="Picture whose nearest examples are told; again.")] = None,
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

    The codes of all layers are captured in one pass and kept in the workspace: a call that was interrupted goes on.

    Examples:
    deepro embed builtin:efficientnet-lite0 photos/ --layer _blocks.15 --out ws
    deepro embed torchvision:resnet18 photos/ --layer layer2 --layer layer4 --scores --units --out ws
    deepro embed torchvision:resnet18 photos/ --layer layer4 --method pca --export map.csv --out ws
    """
    from deepro.embedding import embed as run
    from deepro.errors import UsageError
    from deepro.errors import near as near_names
    from deepro.methods.spaces.embed import map_methods
    from deepro.methods.spaces.newcomers import nearest_on
    from deepro.store import Workspace
    from deepro.store.map_files import check_target
    from deepro.store.map_files import export as write

    known = map_methods()
    if method not in known:
        hint = near_names(method, known) or "; methods are " + ", ".join(known)
        raise UsageError(f"unknown map method {method!r}{hint}")
    layers = list(dict.fromkeys(layer))
    if export and len(layers) > 1:
        raise UsageError("--export takes one map: give one --layer")
    for target in export or ():
        check_target(target)
    chosen = parse_options(option)
    for name in layers:
        net.check_layer(name)
    for picture in near or ():
        net.prepare(picture)  # what cannot be read is said before anything runs
    ws = Workspace(out)
    ws.add_network(net)
    with shown():
        made = run(ws, net, data, layers, method, chosen, units=units, scores=scores, find=find, atlas=atlas)
        found = {str(p): nearest_on(net, m, [str(p)])[0] for p in near or () for m in made.maps[-1:]}
    files = [str(write(made.maps[0], target)) for target in export or ()]
    page = None
    if report:
        from deepro.report import build

        page = build(ws)
    value = summary(made) | {"near": found, "files": files, "workspace": str(ws.folder)}

    def human(console: Console) -> None:
        describe(console, *made.results())
        for note in made.notes:
            console.print(f"not made   {note}", markup=False)
        for picture, rows in found.items():
            console.print(f"nearest to {picture}: " + ", ".join(f"{i} ({d:.3g})" for i, d in rows[:5]), markup=False)
        for file in files:
            console.print(f"written    {file}", markup=False)
        if page:
            console.print(f"report     {page}", markup=False)

    show(value | {"report": str(page) if page else None}, json, human)
    if not all(m.finished for m in made.maps):
        raise typer.Exit(1)


def summary(made: Embedded) -> dict[str, Any]:
    """For --json."""
    about = ("layer", "method", "quality", "baselines", "facts", "finished", "notes")
    return {
        "notes": list(made.notes),
        "maps": [
            _row(one, *about, points=len(one.values)) | ({"result": _key(made.aligned)} if made.aligned else {})
            for one in made.maps
        ],
        "units": [_row(one, "layer", units=len(one.values)) for one in made.units],
        "atlases": [_row(one, "layer", pictures=len(one.images)) for one in made.atlases],
        "scores": made.scores and _row(made.scores, "layers", **made.scores.scores),
        "findings": [
            _row(
                one,
                "layer",
                "clusters",
                outliers=[one.ids[i] for i in one.outliers[:20].tolist()],
                duplicates=[[one.ids[i] for i in pair] for pair in one.duplicates.tolist()],
                suspects=[one.ids[i] for i in one.suspects.tolist()],
            )
            for one in made.findings
        ],
    }


def _row(result: Result, *names: str, **more: Any) -> dict[str, Any]:
    """The fields of these names, what else there is to say, and the result's key, as plain JSON."""
    from deepro.render.pack import plain

    return plain({name: getattr(result, name) for name in names} | more | {"result": _key(result)})


def _key(result: Result) -> str | None:
    return result.provenance.key if result.provenance else None
