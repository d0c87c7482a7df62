"""The base class of all results: provenance, saving and drawing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

SCHEMA = 1


def spelled(name: str) -> str:
    """A kind's or method's name with underscores; older workspaces and scripts have hyphens in some names."""
    return name.replace("-", "_")


@dataclass(frozen=True)
class Provenance:
    """Everything that is needed to make a result again.

    network: name, source, fingerprint, preprocess, device, dtype. data: name, sha256 and size of each input. created:
    ISO 8601, UTC. seconds: how long the method ran.
    """

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
        """20 hexadecimal digits under which the store keeps the result.

        Another weight, preprocessing, input, parameter or method version gives another key.
        """
        from deepro.network.fingerprint import digest_json

        return digest_json(
            [self.method, self.version, self.parameters, self.network["fingerprint"], [d["sha256"] for d in self.data]]
        )[:20]


def _above(module: str) -> Any:
    """The store or the figures: modules that import this one, and so are imported when a result is saved or drawn."""
    return importlib.import_module(f"deepro.{module}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """The base class of all results, which are frozen. Results with the same `provenance.key` are equal."""

    kind: ClassVar[str] = "result"
    provenance: Provenance | None = None

    def save(self, folder: str | Path) -> Path:
        """Write this result into a new folder and return the folder; `deepro.open(folder)` reads it.

        Raises StoreError where the folder is not empty or cannot be written; no half-written folder is left.
        """
        return _above("store").save(self, folder)

    def figure(self) -> Any:
        """A matplotlib figure of this result: `result.figure().savefig("cat.pdf")`."""
        return _above("figures").figure(self)

    def _repr_html_(self) -> str:
        return _above("figures").html(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class UnknownResult(Result):
    """A stored result of a kind that is not installed: it has the kind's name and the provenance alone."""
