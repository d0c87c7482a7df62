"""The options that name a network, the same for every command that takes one."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="builtin:efficientnet-lite0, torchvision:NAME, timm:NAME, hf:REPO, path/file.py:factory "
        "or package.module:factory",
    ),
]
Weights = Annotated[str | None, typer.Option(help="safetensors or .pt file; DEFAULT or a name for published weights.")]
Labels = Annotated[Path | None, typer.Option(help="Class names: .txt, one a line, or .json.")]
Preprocess = Annotated[
    str | None,
    typer.Option(
        help="'imagenet', a .json file, or size=224,resize=256,mean=0.485/0.456/0.406,std=...,order=BGR,range=255."
    ),
]
InputShape = Annotated[str | None, typer.Option(help="Input without the batch axis, such as 1x28x28.")]
Output = Annotated[
    str | None, typer.Option(help="Key or index of the logits, where the network returns several things.")
]
Axes = Annotated[str | None, typer.Option(help="A letter for each axis of the input, such as NHWC or NTC.")]
TokenGrids = Annotated[
    str | None, typer.Option(help="How a layer's tokens lie in the picture, such as blocks.0=14x14+1,blocks.1=14x14.")
]
Several = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[=VALUE]",
        help="For a network of several inputs: NAME of the one that is explained; NAME=VALUE, a number, JSON or a .npy "
        "file, of each that is held fixed.",
    ),
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, mps or auto.")]

_OPTIONS: dict[str, Any] = {
    "weights": Weights,
    "labels": Labels,
    "preprocess": Preprocess,
    "input_shape": InputShape,
    "output": Output,
    "axes": Axes,
    "grids": TokenGrids,
    "inputs": Several,
    "device": Device,
}


def with_network(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first argument is a Network takes MODEL and the options above in its place."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [
        p.replace(kind=keyword, annotation=_hint(p.annotation, command))
        for p in list(inspect.signature(command).parameters.values())[1:]
    ]

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:
        from deepro.network import load

        options = load_options({name: given.pop(name) for name in _OPTIONS})
        net = load(given.pop("model"), **options)
        command(net, **given)

    parameters = [inspect.Parameter("model", keyword, annotation=Model)]
    parameters += own
    parameters += [inspect.Parameter(n, keyword, default=None, annotation=a) for n, a in _OPTIONS.items()]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped


def _hint(annotation: Any, command: Callable[..., None]) -> Any:
    """An annotation that may be text: what it names is not imported yet, so only this one is looked up."""
    return eval(annotation, command.__globals__) if isinstance(annotation, str) else annotation


def load_options(given: dict[str, Any]) -> dict[str, Any]:
    """What `load` takes, from what the command line said; what was not said is left out."""
    options = {k: v for k, v in given.items() if v is not None}
    if "input_shape" in options:
        options["input_shape"] = _shape(options["input_shape"])
    if "grids" in options:
        options["grids"] = dict(_grid(part) for part in options["grids"].split(","))
    if "inputs" in options:
        options["inputs"] = dict(map(_held, options["inputs"]))
    if str(options.get("output", "")).isdecimal():
        options["output"] = int(options["output"])
    return options


def _grid(text: str) -> tuple[str, str]:
    layer, equals, grid = text.strip().rpartition("=")
    if not equals:
        from deepro.errors import UsageError

        raise UsageError(f"--grids has {text!r}, expected LAYER=14x14 or LAYER=14x14+1")
    return layer, grid


def _held(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    try:
        return name, json.loads(value) if equals else "explained"
    except (ValueError, RecursionError):
        return name, value


def _shape(text: str) -> tuple[int, ...]:
    parts = text.lower().replace(",", "x").split("x")
    if not all(p.strip().isdecimal() and int(p) > 0 for p in parts):
        from deepro.errors import UsageError

        raise UsageError(f"--input-shape is {text!r}, expected whole numbers such as 3x224x224")
    return tuple(int(p) for p in parts)
