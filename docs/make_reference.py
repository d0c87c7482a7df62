"""The reference, from the code: a page for each method, the gallery, the commands and the public names.

`make docs` writes it into docs/; `make site` puts it into the site (docs/site_hooks.py).
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from typer.main import get_command

import deepro
from deepro import members, registry
from deepro.cli.app import app
from deepro.cli.methods import accepts
from deepro.kinds import record as kinds
from deepro.registry import Method
from deepro.results import Result

ROOT = Path(__file__).resolve().parent


def about() -> Mapping[str, Mapping[str, str]]:
    """Method -> what docs/methods.toml says of it."""
    return tomllib.loads((ROOT / "methods.toml").read_text(encoding="utf-8"))


def main(folder: Path) -> None:
    """Write all pages into `folder`; pages of methods that are gone are removed."""
    made = pages()
    (folder / "methods").mkdir(parents=True, exist_ok=True)
    for old in (folder / "methods").glob("*.md"):
        if f"methods/{old.name}" not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Markdown by file name, relative to docs/."""
    said = about()
    made = {f"methods/{r.name}.md": method_page(r, said.get(r.name, {})) for r in registry.methods().values()}
    rest = {"methods/README.md": methods_page(), "gallery.md": gallery_page(said)}
    return made | rest | {"commands.md": commands_page(), "api.md": api_page()}


def picture(name: str) -> str:
    """Where the picture of a method lies, seen from docs/; nothing where it has none."""
    return f"pictures/methods/{name}.webp" if (ROOT / f"pictures/methods/{name}.webp").is_file() else ""


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


def gallery_page(said: Mapping[str, Mapping[str, str]]) -> str:
    """Every picture of a method with the line that made it, by family."""
    text = (
        "# Gallery\n\nEach picture was made by the line below it. `docs/scenes.py` says what the names stand for: "
        "`net` is the embedded EfficientNet-Lite0, `cat` a photograph of scikit-image, `digits` a network trained in "
        "half a minute on scikit-learn's digits, `code` the embedded character LSTM.\n"
    )
    family = ""
    for record in registry.methods().values():
        if not (shown := picture(record.name)):
            continue
        if record.family != family:
            text += f"\n## {record.family.capitalize()}\n"
            family = record.family
        text += (
            f"\n### [{record.name}](methods/{record.name}.md)\n\n{record.summary}\n\n"
            f"![{record.summary}]({shown})\n\n    {said[record.name]['line']}\n"
        )
    return text


def method_page(record: Method, said: Mapping[str, str]) -> str:
    """What a method is, when to use it, what it takes, how it is called and what it gives: from its record, and what
    docs/methods.toml says of it."""
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
    if "formula" in said:
        text += f"```math\n{said['formula']}\n```\n\n"
    if shown := picture(record.name):
        text += f"![{record.summary}](../{shown})\n\n    {said['line']}\n\n"
    text += f"{prose(record.function)}\n\n"
    for title, key in (("When to use it", "use"), ("When not to believe it", "doubt")):
        text += f"## {title}\n\n{said[key]}\n\n" if key in said else ""
    text += "## What it takes\n\n"
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
    return escaped(inspect.getdoc(of) or "")


def escaped(text: str) -> str:
    """Text as Markdown that shows it as it is; code between backticks stays."""
    return re.sub(r"(`[^`]*`)|([*<])", lambda m: m[1] or f"\\{m[2]}", text)


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


def api_page() -> str:
    """The public names that are no methods: functions, classes with what they have, kinds of results."""
    known, parts = registry.methods(), {"Functions": "", "Classes": "", "Kinds of results": ""}
    for name in members.names():
        found = getattr(deepro, name)
        if name in known or inspect.ismodule(found):
            continue
        group = "Functions" if not inspect.isclass(found) else "Classes"
        group = "Kinds of results" if inspect.isclass(found) and issubclass(found, Result) else group
        parts[group] += f"\n### {name}\n\n{signature(name, found)}{prose(found)}\n"
        for own, value in vars(found).items() if group == "Classes" else ():
            of = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", value)
            if not own.startswith("_") and inspect.isfunction(of) and inspect.getdoc(of):
                call = re.sub(r" -> .*|'", "", str(inspect.signature(of))) if inspect.isfunction(value) else ""
                call = call.replace("(self, ", "(").replace("(self)", "()")
                parts[group] += f"\n- `.{own}{call}`: {escaped(' '.join(inspect.getdoc(of).split()))}\n"
    text = (
        "# Python\n\nEvery method of the [list](methods/README.md) is `deepro.NAME` too; its page has what it takes.\n"
    )
    return text + "".join(f"\n## {title}\n{part}" for title, part in parts.items())


def signature(name: str, found: Any) -> str:
    """How it is called, as an indented block; nothing for what is not called by users."""
    if inspect.isclass(found) and issubclass(found, Result):
        return ""
    try:
        takes = [re.sub(r"'([^']*)'", r"\1", str(p)) for p in inspect.signature(found).parameters.values()]
    except (TypeError, ValueError):
        return ""
    line = f"    deepro.{name}({', '.join(takes)})\n\n"
    return (
        line
        if len(line) < 110
        else "".join(["    deepro.", name, "(\n", *(f"        {t},\n" for t in takes), "    )\n\n"])
    )


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
