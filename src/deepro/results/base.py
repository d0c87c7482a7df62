"""What every result has: how it was made, saving, showing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

SCHEMA = 1


def spelled(name: str) -> str:
    """A kind's or method's name as it is written today: older workspaces and scripts have hyphens in some."""
    return name.replace("-", "_")


@dataclass(frozen=True)
class Provenance:
    """Everything needed to make a result again."""

    method: str
    version: int
    parameters: Mapping[str, Any]
    network: Mapping[str, Any]  # name, source, fingerprint, preprocess, device, dtype
    data: tuple[Mapping[str, Any], ...]  # for each input: name, sha256, size
    seed: int | None
    libraries: Mapping[str, str]
    created: str  # ISO 8601, UTC
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The store's address: a changed weight, preprocessing, picture, parameter or method version changes it."""
        from deepro.network.fingerprint import digest_json

        return digest_json(
            [self.method, self.version, self.parameters, self.network["fingerprint"], [d["sha256"] for d in self.data]]
        )[:20]


def _above(module: str) -> Any:
    """The store or the figures: modules that import this one, and so are imported when a result is saved or drawn."""
    return importlib.import_module(f"deepro.{module}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """Base of every result. Equal results have equal `provenance.key`."""

    kind: ClassVar[str] = "result"
    provenance: Provenance | None = None

    def save(self, folder: str | Path) -> Path:
        """Write this result into a new folder, atomically; `deepro.open(folder)` gives it back."""
        return _above("store").save(self, folder)

    def figure(self) -> Any:
        """A matplotlib figure of this result."""
        return _above("figures").figure(self)

    def _repr_html_(self) -> str:
        return _above("figures").html(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class UnknownResult(Result):
    """What is known of a stored result whose kind is not known here: the kind's name and the provenance."""
