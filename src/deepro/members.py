"""Which modules hold the kinds and the methods: the lines of `__init__.pyi`, and the entry points of other packages."""

from __future__ import annotations

import ast
import functools
import importlib
from importlib.metadata import entry_points
from pathlib import Path

KINDS = ("deepro.kinds",)  # entry points of other packages, and folders of ours
METHODS = ("deepro.methods", "deepro.survey")


@functools.cache
def names() -> dict[str, str]:
    """Public name -> module, in the order of `__init__.pyi`."""
    tree = ast.parse(Path(__file__).with_name("__init__.pyi").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: node.module or "" for alias in node.names}
    return found


@functools.cache
def load(folders: tuple[str, ...]) -> None:
    """Import every module of the folders that is named here, which registers what is in it, and the plug-ins."""
    for module in dict.fromkeys(names().values()):
        if module.startswith(tuple(f"{folder}." for folder in folders)):
            importlib.import_module(module)
    for point in entry_points(group=folders[0]):
        point.load()
