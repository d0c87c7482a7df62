"""Deepro opens trained neural networks: units, patterns, regions, spaces, sequences.

    net = deepro.load("builtin:efficientnet-lite0")
    deepro.deconvnet(net, "cat.jpg", layer="_blocks.4")

Names load on first use: `import deepro` is fast and pulls in neither torch nor plots. `__init__.pyi` lists them.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

from deepro import members

__all__ = sorted(members.names())  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = members.names().get(name)
    if home is None:
        if not name.startswith("_") and find_spec(f"deepro.{name}") is None and members.plugins():
            methods = importlib.import_module("deepro.registry").methods()
            if name in methods:
                return methods[name].public_function
        raise AttributeError(f"module 'deepro' has no attribute {name!r}")
    if home == "deepro":  # a module of ours
        return importlib.import_module(f"deepro.{name}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *members.names()})
