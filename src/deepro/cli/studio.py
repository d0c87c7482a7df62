"""`deepro studio WORKSPACE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepro.cli.network import Device, InputShape, Labels, Output, Preprocess, Weights, load_options
from deepro.cli.output import Json, show
from deepro.errors import UsageError


def studio(
    workspace: Annotated[Path, typer.Argument(help="A folder written by any command; made where it is missing.")],
    model: Annotated[
        str | None, typer.Option(help="The network that looks and works, named as for `deepro explain`.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="A folder of pictures to look at, and for methods of data.")] = None,
    host: Annotated[
        str, typer.Option(help="Where to listen. Other than this machine alone, a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The next free one where it is taken.")] = 8765,
    name: Annotated[
        list[str] | None, typer.Option(help="Host name by which the server is called; again for more.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="DEEPRO_TOKEN", help="A token of your own; made up otherwise.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads of the network.")] = None,
    weights: Weights = None,
    labels: Labels = None,
    preprocess: Preprocess = None,
    input_shape: InputShape = None,
    output: Output = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Look into a network in the browser; ask for what is missing and watch it being made.

    Examples:
    deepro studio demo
    deepro studio ws --model builtin:efficientnet-lite0 --data photos/
    deepro studio ws --host 0.0.0.0 --name gpu7.example.org
    """
    from deepro.studio import Spec, serve

    if data is not None and not data.exists():
        raise UsageError(f"--data {data}: no such file or folder")
    options = load_options(
        {"weights": weights, "labels": labels, "preprocess": preprocess, "input_shape": input_shape, "output": output,
         "device": device}
    )  # fmt: skip
    if options and model is None:
        raise UsageError(f"--{next(iter(options)).replace('_', '-')} needs --model")
    spec = Spec(str(workspace), model, options, str(data.absolute()) if data else None, threads)

    def ready(address: str) -> None:
        show({"address": address}, json, lambda console: console.print(f"studio  {address}", markup=False))

    serve(spec, host=host, port=port, token=token, names=tuple(name or ()), browser=browser, ready=ready)
