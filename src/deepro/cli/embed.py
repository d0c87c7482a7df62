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
    from deepro.embedding import Embedded
    from deepro.network import Network
    from deepro.results import Findings, LayerScores, Map


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
    from deepro.methods.spaces.embed import METHODS
    from deepro.store import Workspace
    from deepro.store.map_files import check_target

    if method not in METHODS:
        hint = near_names(method, METHODS) or "; methods are " + ", ".join(METHODS)
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
        found = {str(p): nearest(net, m, p) for p in near or () for m in made.maps[-1:]}
    files = [str(_export(made.maps[0], target)) for target in export or ()]
    page = None
    if report:
        from deepro.report import build

        page = build(ws)
    value = summary(made) | {"near": found, "files": files, "workspace": str(ws.folder)}

    def human(console: Console) -> None:
        tell(console, made)
        for picture, rows in found.items():
            console.print(f"nearest to {picture}: " + ", ".join(f"{i} ({d:.3g})" for i, d in rows[:5]), markup=False)
        for file in files:
            console.print(f"written    {file}", markup=False)
        if page:
            console.print(f"report     {page}", markup=False)

    show(value | {"report": str(page) if page else None}, json, human)
    if not all(m.finished for m in made.maps):
        raise typer.Exit(1)


def nearest(net: Network, made: Map, picture: Path, count: int = 10) -> list[tuple[str, float]]:
    """(id, distance) of the examples nearest to a picture in the layer's codes."""
    from deepro.methods.spaces.newcomers import nearest_on

    return nearest_on(net, made, [str(picture)], count)[0]


def _export(made: Map, target: Path) -> Path:
    from deepro.store.map_files import export

    return export(made, target)


def tell(console: Console, made: Embedded) -> None:
    """A few readable lines a map, what the layers know, and what stands out."""
    for one in made.maps:
        _tell_map(console, one)
    if made.aligned is not None:
        for step, changed in zip(made.aligned.steps[1:], made.aligned.changed[1:], strict=True):
            console.print(f"{step}: {changed.mean():.0%} of the nearest neighbours are new", markup=False)
    for one in made.units:
        console.print(f"{one.layer}  map of {len(one.values)} units", markup=False)
    for one in made.atlases:
        console.print(f"{one.layer}  atlas of {len(one.images)} pictures, cosines {_span(one.cosines)}", markup=False)
    if made.scores is not None:
        tell_scores(console, made.scores)
    for found in made.findings:
        tell_findings(console, found)


def _span(numbers: Any) -> str:
    return f"{numbers.min():.2f} to {numbers.max():.2f}"


def _tell_map(console: Console, made: Map) -> None:
    size = made.facts.get("code_size", "?")
    console.print(f"{made.layer}  {made.method} of {len(made.values)} points, {size} numbers each", markup=False)
    line = ", ".join(f"{name} {value:.2f}" for name, value in made.quality.items() if not name.endswith("@50"))
    console.print(f"  {line}", markup=False)
    for name, numbers in made.baselines.items():
        known = [f"{k} {numbers[k]:.2f}" for k in ("neighbours@15", "trustworthiness@15") if k in numbers]
        console.print(f"  baseline {name}: {', '.join(known) or 'too few points to measure'}", markup=False)
    for note in made.notes:
        console.print(f"  note: {note}", markup=False)


def tell_scores(console: Console, made: LayerScores) -> None:
    """What each layer knows, beside its control."""
    console.print("what the layers know (share of held-out examples read right)")
    for i, layer in enumerate(made.layers):
        probe, control, near = (made.scores[k][i] for k in ("probe", "control", "neighbours"))
        console.print(
            f"  {layer}: linear probe {probe:.0%} (control {control:.0%}), neighbours {near:.0%}", markup=False
        )
    for note in made.notes:
        console.print(f"  note: {note}", markup=False)


def tell_findings(console: Console, made: Findings) -> None:
    """The first of each kind."""
    name = lambda c: made.label_names[c] if c < len(made.label_names) else str(c)  # noqa: E731
    ids = lambda rows: ", ".join(made.ids[i] for i in rows)  # noqa: E731
    console.print(f"{made.layer}  what stands out", markup=False)
    console.print(f"  outliers: {ids(made.outliers[:5].tolist())}", markup=False)
    pairs = "; ".join(" = ".join(made.ids[i] for i in pair) for pair in made.duplicates[:5].tolist())
    console.print(f"  near duplicates: {len(made.duplicates)}{': ' + pairs if pairs else ''}", markup=False)
    doubted = zip(made.suspects[:5].tolist(), made.given.tolist(), made.likely.tolist(), strict=False)
    said = "; ".join(f"{made.ids[i]} is labelled {name(g)}, looks like {name(x)}" for i, g, x in doubted)
    console.print(f"  likely label errors: {len(made.suspects)}{': ' + said if said else ''}", markup=False)
    console.print(f"  clusters: {int(made.cluster.max(initial=-1)) + 1}", markup=False)
    for note in made.notes:
        console.print(f"  note: {note}", markup=False)


def summary(made: Embedded) -> dict[str, Any]:
    """For --json."""
    from deepro.render.pack import plain

    key = lambda r: r.provenance.key if r is not None and r.provenance else None  # noqa: E731
    return {
        "maps": [
            {
                "layer": one.layer,
                "method": one.method,
                "points": len(one.values),
                "quality": dict(one.quality),
                "baselines": {k: dict(v) for k, v in one.baselines.items()},
                "facts": dict(one.facts),
                "finished": one.finished,
                "notes": list(one.notes),
                "result": key(made.aligned or one),
            }
            for one in made.maps
        ],
        "units": [{"layer": one.layer, "units": len(one.values), "result": key(one)} for one in made.units],
        "atlases": [{"layer": one.layer, "pictures": len(one.images), "result": key(one)} for one in made.atlases],
        "scores": None
        if made.scores is None
        else {"layers": list(made.scores.layers), "result": key(made.scores), **plain(dict(made.scores.scores))},
        "findings": [
            {
                "layer": one.layer,
                "outliers": [one.ids[i] for i in one.outliers[:20].tolist()],
                "duplicates": [[one.ids[i] for i in pair] for pair in one.duplicates.tolist()],
                "suspects": [one.ids[i] for i in one.suspects.tolist()],
                "clusters": int(one.cluster.max(initial=-1)) + 1,
                "result": key(one),
            }
            for one in made.findings
        ],
    }
