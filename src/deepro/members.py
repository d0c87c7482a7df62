"""Which modules hold the kinds and the methods: the lines of `__init__.pyi`, and the entry points of other packages."""

from __future__ import annotations

import ast
import functools
import importlib
import warnings
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from deepro.errors import PluginWarning, one_line

KINDS = ("deepro.kinds",)  # the group of entry points of other packages, and folders of ours
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
    """Import every module of the folders that is named here, which registers what is in it, and the plug-ins.

    Our kinds come before all plug-ins, which therefore cannot take their names.
    """
    ours = tuple(f"{folder}." for folder in KINDS + folders)
    for module in dict.fromkeys(names().values()):
        if f"{module}.".startswith(ours):
            importlib.import_module(module)
    for module, package in packages(folders[0]).items():
        problem(module, package)


@functools.cache
def plugins() -> tuple[EntryPoint, ...]:
    """The entry points by which other packages add methods and kinds."""
    return tuple(point for group in (KINDS[0], METHODS[0]) for point in entry_points(group=group))


def packages(*groups: str) -> dict[str, str]:
    """The modules of the plug-ins, of some groups or of all: the package that each came with, with its version."""
    chosen = [point for point in plugins() if point.group in groups or not groups]
    return {p.module: f"{p.dist.name} {p.dist.version}" if p.dist else p.name for p in chosen}


def versions(module: str) -> dict[str, str]:
    """Name and version of the package whose plug-in a module is; nothing for our own modules."""
    top = module.split(".")[0]
    return {p.dist.name: p.dist.version for p in plugins() if p.dist and p.module.split(".")[0] == top}


@functools.cache
def problem(module: str, package: str) -> str | None:
    """Import a plug-in's module. One line where that fails, which is also a warning; None where nothing is wrong."""
    try:
        importlib.import_module(module)
    except Exception as error:  # whatever the module of another package raises
        said = f"the plug-in {package} is left out: importing {module} raised {one_line(error)}"
        warnings.warn(PluginWarning(said), stacklevel=3)
        return said
    return None
