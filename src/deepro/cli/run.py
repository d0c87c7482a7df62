"""`deepro run METHOD MODEL ...`: every method of the registry as a command, made from its record."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from deepro.cli.network import with_network
from deepro.cli.output import Json, show
from deepro.cli.progress import shown
from deepro.errors import UsageError

if TYPE_CHECKING:
    from deepro.network import Network
    from deepro.parameters import Parameter
    from deepro.registry import Method
    from deepro.store import Workspace

Out = Annotated[Path | None, typer.Option(help="The workspace that keeps the result, made where it is missing.")]
Figure = Annotated[Path | None, typer.Option(help="Draw the result's figure into this file: .png, .svg or .pdf.")]


class Methods(TyperGroup):
    """A command for each method."""

    def list_commands(self, ctx: Any) -> list[str]:
        from deepro import registry

        return list(registry.methods())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from deepro import registry

        return command(registry.get(cmd_name))


run = typer.Typer(cls=Methods, no_args_is_help=True)


@run.callback()
def _run() -> None:
    """One method, with all of its parameters as options: deepro run deconvnet MODEL cat.jpg --layer features.3."""


def command(record: Method) -> Any:
    """The command of one method."""

    def made(
        net: Network, *, out: Path | None, figure: Path | None, json: bool, **given: list[str] | str | None
    ) -> None:
        from deepro.store import Workspace

        workspace = Workspace(out) if out else None
        context = _Folder(workspace)
        arguments: dict[str, Any] = {}
        for parameter in (*record.inputs, *record.options):
            words = given[parameter.name]
            if words:
                words = words if isinstance(words, list) else [words]
                arguments[parameter.name] = parameter.type.read(net, words, context)
            elif parameter.required:
                raise UsageError(f"{record.name} needs {parameter.name}: {parameter.type.says()}")
        result = make(record.function, net, out, **arguments)
        if figure is not None:
            result.figure().savefig(figure)
        tell(result, out, json)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("net", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for parameter in (*record.inputs, *record.options):
        parameters.append(inspect.Parameter(parameter.name, keyword, default=None, annotation=_asked(parameter)))
    for name, annotation, default in (("out", Out, None), ("figure", Figure, None), ("json", Json, False)):
        parameters.append(inspect.Parameter(name, keyword, default=default, annotation=annotation))
    made.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    made.__doc__ = f"{record.summary}\n\n{record.paper}"
    one = typer.Typer(add_completion=False)
    one.command(record.name)(with_network(made))
    return typer.main.get_command(one)


def _asked(parameter: Parameter) -> Any:
    """The annotation by which Typer asks for a parameter."""
    from deepro.cli.methods import accepts
    from deepro.parameters import Option

    if isinstance(parameter, Option):
        default = "" if parameter.required else f"; default {parameter.default}"
        return Annotated[str | None, typer.Option(help=f"{parameter.help} ({accepts(parameter)}{default})")]
    about: dict[str, Any] = {"help": parameter.type.says()}
    if parameter.type.data:
        about["metavar"] = parameter.name.upper() + ("..." if parameter.type.several else "")
    kind = typer.Argument if parameter.type.data else typer.Option
    return Annotated[list[str] | None if parameter.type.data or parameter.type.several else str | None, kind(**about)]


class _Folder:
    """What a command has at hand: its workspace."""

    def __init__(self, workspace: Workspace | None) -> None:
        self._workspace = workspace

    def picture(self) -> Any:
        raise UsageError("expected the path of a picture")

    def text(self) -> str:
        raise UsageError("expected the path of a sequence")

    def data(self) -> Any:
        raise UsageError("expected the path of a data set")

    def stored(self, kind: str, key: str) -> Any:
        if self._workspace is None:
            raise UsageError(f"the {kind} {key!r} lies in a workspace: name it by --out")
        return self._workspace.get(kind, key)


def make(method: Callable[..., Any], net: Network, out: Path | None, *given: Any, **options: Any) -> Any:
    """The result of a method: from the workspace or made now and kept there; made now where there is none."""
    from deepro import registry
    from deepro.store import Workspace

    with shown():
        call = registry.record(method).bind(net, *given, **options)
        if out is None:
            return call.run()
        workspace = Workspace(out)
        workspace.add_network(net)
        return workspace.make(call)


def tell(made: Any, out: Path | None, json: bool, report: bool = False, more: Sequence[str] = ()) -> None:
    """The lines of a result's kind, its caption where it has none, then `more`; where it is kept and reported."""
    from deepro.figures import caption
    from deepro.kinds.record import of
    from deepro.report import build
    from deepro.store import Workspace

    origin = made.provenance
    lines = [*(of(made).lines(made) or [caption(made)]), *origin.notes, *more]
    page = build(Workspace(out)) if report and out else None
    value = {"kind": made.kind, "key": origin.key, "result": origin.key, "seconds": origin.seconds, "lines": lines}
    value |= {
        "notes": list(origin.notes),
        "workspace": str(out) if out else None,
        "report": str(page) if page else None,
    }

    def human(console: Any) -> None:
        places = {"result": f"{made.kind}-{origin.key}", "workspace": out, "report": page}
        for line in (*lines, *(f"{name:<11}{place}" for name, place in places.items() if place)):
            console.print(line, markup=False)

    show(value, json, human)
