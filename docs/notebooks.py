"""Runs a notebook's cells in this process and gives what they show, for the site and for the tests."""

from __future__ import annotations

import ast
import base64
import contextlib
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def cells(notebook: Path) -> Iterator[tuple[str, str]]:
    """(kind, source) of each cell: markdown or code."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        yield cell["cell_type"], "".join(cell["source"])


def played(notebook: Path, run: bool = True) -> Iterator[tuple[str, str, str]]:
    """(kind, source, what it shows as HTML) of each cell; code runs as in a kernel, in one namespace."""
    known: dict[str, Any] = {"__name__": "__main__"}
    for number, (kind, source) in enumerate(cells(notebook)):
        name = f"{notebook.name}, cell {number + 1}"
        yield kind, source, shown(source, name, known) if run and kind == "code" else ""


def shown(source: str, name: str, known: dict[str, Any]) -> str:
    """Run a cell; what it printed and the value of its last expression, as HTML."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None  # type: ignore[attr-defined]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), known)
        value = eval(compile(last, name, "eval"), known) if last else None
    told = f"<pre>{html.escape(printed.getvalue())}</pre>" if printed.getvalue() else ""
    return told + ("" if value is None or source.rstrip().endswith(";") else drawn(value))


def drawn(value: Any) -> str:
    """A value as a notebook shows it."""
    if hasattr(value, "savefig"):
        png = io.BytesIO()
        value.savefig(png, dpi=100, bbox_inches="tight", facecolor="white")
        return f'<img alt="figure" src="data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}">'
    if found := getattr(value, "_repr_html_", lambda: None)():
        return found
    return f"<pre>{html.escape(repr(value))}</pre>"


def page(notebook: Path, run: bool = True) -> str:
    """The notebook as Markdown, with what its code shows where it is run."""
    parts = []
    for kind, source, seen in played(notebook, run):
        if kind == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        if seen:
            seen = re.sub(r"\n\s*\n", "\n", seen)  # an empty line would end the block of HTML
            parts.append(f'<div class="deepro-output">{seen}</div>')
    return "\n\n".join(parts) + f'\n\n<a href="{notebook.name}" download>Download this notebook</a>\n'
