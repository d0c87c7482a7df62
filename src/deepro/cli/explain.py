"""`deepro explain MODEL IMAGE...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown
from deepro.errors import UsageError

if TYPE_CHECKING:
    from deepro.explanation import Explained, Explanation
    from deepro.network import Network

Options = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", metavar="NAME=VALUE", help="A method's option; see `deepro methods NAME`."),
]


@with_network
def explain(
    net: Network,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Photographs or folders of them.")],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    target: Annotated[
        str | None,
        typer.Option(
            help="Class to explain, label or index; LAYER#UNIT; LABEL@LEFT,TOP,RIGHT,BOTTOM of a segmentation "
            "network; box#0 "
            "or mask#0 of a detector; the prediction by default."
        ),
    ] = None,
    layer: Annotated[list[str] | None, typer.Option(help="Layer to show units of; again for more.")] = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Method to apply; again for more. Units and region by default.")
    ] = None,
    option: Options = None,
    report: Annotated[bool, typer.Option(help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """Prediction, strongest units with their projections, and the object's region, for each photograph.

    Examples:
    deepro explain builtin:efficientnet-lite0 cat.jpg --out ws
    deepro explain net.py:make --weights w.safetensors --labels names.txt --preprocess size=64,range=1 a.png --out ws
    deepro explain torchvision:vgg16 photos/ --method gradcam --target goose --out ws
    """
    from deepro.explanation import explain as run

    chosen = parse_options(option)
    with shown():
        made = run(net, images, out, target=target, layers=layer, methods=method, options=chosen)
    page = write_report(made) if report else None
    value = summary(made) | {"report": str(page) if page else None}
    show(value, json, lambda console: tell(console, made, page))
    if made.skipped:
        raise typer.Exit(1)


def parse_options(given: list[str] | None) -> dict[str, str]:
    """['rule=guided'] as {'rule': 'guided'}. Raises UsageError."""
    pairs = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--option {text!r}: expected NAME=VALUE, such as rule=guided")
        pairs[name.strip().replace("-", "_")] = value.strip()
    return pairs


def write_report(made: Explanation) -> Path:
    from deepro.report import build

    return build(made.workspace)


def tell(console: Console, made: Explanation, page: Path | None) -> None:
    """A few readable lines a photograph."""
    for found in made.photographs:
        top = ", ".join(
            f"{label} {share:.0%}"
            for label, share in zip(found.prediction.labels[:3], found.prediction.probabilities, strict=False)
        )
        console.print(f"[bold]{found.name}[/bold]  {top}", markup=True)
        for line in _lines(found):
            console.print(f"  {line}", markup=False)
    for name, reason in made.refused.items():
        console.print(f"{name} was not applied: {reason}", markup=False)
    for name, reason in made.skipped.items():
        console.print(f"skipped {name}: {reason}", markup=False)
    console.print(f"workspace  {made.workspace.folder}", markup=False)
    if page:
        console.print(f"report     {page}", markup=False)


def _lines(found: Explained) -> list[str]:
    from deepro.kinds.photographs.projection import Projection
    from deepro.kinds.photographs.region import Region

    lines = []
    for result in found.results:
        if isinstance(result, Region):
            if result.box is None:
                lines.append(f"region of {result.target}: none found")
            else:
                assert result.mask is not None
                left, top, right, bottom = result.box
                share = f"{result.mask.mean():.0%} of the picture"
                lines.append(f"region of {result.target}: {left},{top} to {right},{bottom}, {share}")
        elif isinstance(result, Projection) and not any(line.startswith(f"{result.layer}: ") for line in lines):
            lines.append(f"{result.layer}: strongest units {', '.join(map(str, result.units[0][:6].tolist()))}")
    return lines


def summary(made: Explanation) -> dict[str, Any]:
    """For --json."""
    from deepro.kinds.photographs.projection import Projection
    from deepro.kinds.photographs.region import Region

    return {
        "workspace": str(made.workspace.folder),
        "photographs": [
            {
                "name": found.name,
                "prediction": [
                    {"label": label, "probability": share}
                    for label, share in zip(found.prediction.labels, found.prediction.probabilities, strict=True)
                ],
                "regions": [
                    {"target": r.target, "box": r.box, "evidence": dict(r.evidence)}
                    for r in found.results
                    if isinstance(r, Region)
                ],
                "units": [
                    {"layer": r.layer, "units": r.units[0].tolist(), "activations": r.activations[0].tolist()}
                    for r in found.results
                    if isinstance(r, Projection)
                ],
                "results": [r.provenance.key for r in found.results if r.provenance],
            }
            for found in made.photographs
        ],
        "refused": dict(made.refused),
        "skipped": dict(made.skipped),
    }
