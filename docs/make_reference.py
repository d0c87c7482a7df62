"""Writes the reference from the code: `make docs` makes docs/methods/, a page for each method, and docs/commands.md."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from typer.main import get_command

from deepro import registry
from deepro.cli.app import app
from deepro.cli.methods import accepts
from deepro.kinds import record as kinds
from deepro.registry import Method


def main(folder: Path) -> None:
    """Write all pages into `folder`; pages of methods that are gone are removed."""
    methods = folder / "methods"
    methods.mkdir(parents=True, exist_ok=True)
    pages = {f"{record.name}.md": method_page(record) for record in registry.methods().values()}
    pages["README.md"] = methods_page()
    for old in methods.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (methods / name).write_text(text, encoding="utf-8")
    (folder / "commands.md").write_text(commands_page(), encoding="utf-8")


def methods_page() -> str:
    """All methods by family, in the order in which people read them."""
    families: dict[str, list[Method]] = {}
    for record in registry.methods().values():
        families.setdefault(record.family, []).append(record)
    text = "# Methods\n"
    for family, records in families.items():
        rows = ((f"[{r.name}]({r.name}.md)", r.summary, f"{r.paper.authors} {r.paper.year}") for r in records)
        text += f"\n## {family.capitalize()}\n\n{table(('method', 'what it shows', 'paper'), rows)}"
    return text


def method_page(record: Method) -> str:
    """What a method is, what it takes, how it is called and what it gives: all from its record."""
    paper, kind = record.paper, kinds.get(record.result.kind)
    required = [p for p in (*record.inputs, *record.options) if p.required]
    python = ", ".join(["net", *(p.name for p in record.inputs if p.required)]
                       + [f"{o.name}={o.name}" for o in record.options if o.required])  # fmt: skip
    words = [p.name.upper() + ("..." if p.type.several else "") for p in required if p.type.data]
    words += [f"--{p.name.replace('_', '-')} {p.name.upper()}" for p in required if not p.type.data]
    text = f"# {record.name}\n\n{record.summary}\n\n"
    text += f"{paper.authors} {paper.year}, [{paper.title}]({paper.url})\n\n"
    text += f"    deepro.{record.name}({python})\n"
    text += f"    deepro run {' '.join([record.name, 'MODEL', *words, '--out', 'ws'])}\n\n"
    text += f"{prose(record.function)}\n\n## What it takes\n\n"
    rows = [(f"`{p.name}`", p.type.name, "" if p.required else f"`{p.default}`", p.type.says()) for p in record.inputs]
    text += table(("input", "type", "default", "what it is"), rows)
    if record.options:
        rows = [(f"`{o.name}`", accepts(o), "" if o.required else f"`{o.default}`", o.help) for o in record.options]
        text += "\n" + table(("option", "accepts", "default", "meaning"), rows)
    return (
        text
        + f"\n## What it gives\n\n`{record.result.__name__}`, of the kind `{kind.name}`.\n\n"
        + (f"{prose(record.result)}\n")
    )


def prose(of: Any) -> str:
    """A docstring as Markdown."""
    return re.sub(r"([*<])", r"\\\1", inspect.getdoc(of) or "")


def commands_page() -> str:
    """Every command with its arguments and options, as its `--help` has them."""
    group: Any = get_command(app)
    top = group.make_context("deepro", ["methods"], resilient_parsing=True)
    text = f"# Commands\n\n{group.help}\n"
    for name in group.list_commands(top):
        command = group.get_command(top, name)
        context = command.make_context(name, [], parent=top, resilient_parsing=True)
        usage = " ".join(command.collect_usage_pieces(context))
        text += f"\n## deepro {name}\n\n    deepro {name} {usage}\n\n{inspect.cleandoc(command.help or '')}\n\n"
        if hasattr(command, "list_commands"):
            text += "METHOD is one of the [methods](methods/README.md); its page has its inputs and options.\n"
        else:
            text += table(("argument or option", "default", "meaning"), map(_row, command.get_params(context)))
    return text


def _row(parameter: Any) -> tuple[str, str, str]:
    told = isinstance(parameter.default, str | int | float) and not isinstance(parameter.default, bool)
    argument = parameter.param_type_name == "argument"
    names = [parameter.metavar or parameter.name.upper()] if argument else [*parameter.opts, *parameter.secondary_opts]
    help = " ".join((parameter.help or "").split())
    return " ".join(f"`{name}`" for name in names), f"`{parameter.default}`" if told else "", help


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|").replace("\n", " ") for cell in r] for r in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
