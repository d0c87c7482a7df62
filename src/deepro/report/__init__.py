"""Reports: the viewer with a folder, or one file, as its data source. `build` loads when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deepro.report.viewer import viewer_page

if TYPE_CHECKING:
    from deepro.report.writing import build

__all__ = ["build", "viewer_page"]


def __getattr__(name: str) -> Any:
    if name != "build":
        raise AttributeError(f"module 'deepro.report' has no attribute {name!r}")
    from importlib import import_module

    return import_module("deepro.report.writing").build
