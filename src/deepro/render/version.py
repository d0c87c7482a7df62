"""The version of Deepro."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    try:
        return metadata.version("deepro")
    except metadata.PackageNotFoundError:
        return "0"
