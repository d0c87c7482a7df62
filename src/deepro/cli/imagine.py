"""`deepro imagine MODEL TARGET...`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

import deepro
from deepro.cli.explain import Options, parse_options
from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.run import make

if TYPE_CHECKING:
    from deepro.kinds.patterns.pattern import Pattern
    from deepro.network import Network


@with_network
def imagine(
    net: Network,
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help="Labels, class indices or LAYER#UNIT.")],
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")],
    option: Options = None,
    report: Annotated[bool, typer.Option(help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """Images that the network makes for classes or units, by numerical optimisation.

    Examples:
    deepro imagine builtin:efficientnet-lite0 washer "kit fox" --out ws
    deepro imagine torchvision:vgg16 features.20#17 --option steps=256 --out ws
    """
    from PIL import Image

    from deepro.store import Workspace

    ws = Workspace(out)
    pattern: Pattern = make(deepro.imagine, net, out, list(targets), **parse_options(option))
    files = []
    (ws.folder / "patterns").mkdir(exist_ok=True)
    for image, name in zip(pattern.images, pattern.targets, strict=True):
        pixels = (image.transpose(1, 2, 0) * 255).round().astype("uint8")
        file = ws.folder / "patterns" / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-') or 'target'}.png"
        Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file)
        files.append(file)
    page = None
    if report:
        from deepro.report import build

        page = build(ws)
    rows = [
        {"target": t, "score": float(s), "probability": None if p != p else float(p), "file": str(f)}
        for t, s, p, f in zip(pattern.targets, pattern.scores, pattern.probabilities, files, strict=True)
    ]

    def tell(console: Console) -> None:
        for row in rows:
            share = "" if row["probability"] is None else f", probability {row['probability']:.1%}"
            console.print(f"{row['target']}: score {row['score']:.2f}{share}  {row['file']}", markup=False)
        if page:
            console.print(f"report  {page}", markup=False)

    show({"patterns": rows, "report": str(page) if page else None}, json, tell)
