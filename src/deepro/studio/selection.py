"""Part of a workspace: the results of some photographs, and some results by their key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from deepro.errors import StoreError, UsageError
from deepro.render import address
from deepro.store import Workspace
from deepro.store.folder import read_manifest


class Selection(Workspace):
    """A workspace that shows only chosen results, or all of them if none was chosen.

    photographs: ids of pages. records: keys of results. Raises UsageError where nothing fits.
    """

    def __init__(self, workspace: Workspace, photographs: Set[str], records: Set[str]) -> None:
        super().__init__(workspace.folder)
        self._photographs, self._records = photographs, records
        self._names: Set[str] | None = None  # all, until it is known which
        self._names = {name for name, provenance in self._manifests() if self._wanted(name, provenance)}
        if not self._names:
            raise UsageError("nothing that was selected is in this workspace")

    def _manifests(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for place, _ in self._sorted():
            try:
                yield place.name, read_manifest(place)["result"]["fields"]["provenance"]["$provenance"]
            except (StoreError, KeyError, TypeError):
                continue

    def _wanted(self, name: str, provenance: Mapping[str, Any]) -> bool:
        if not self._photographs and not self._records:
            return True
        if name.rsplit("-", 1)[-1] in self._records:
            return True
        network = str(provenance["network"].get("fingerprint", ""))
        data = provenance["data"]
        items = data["$tuple"] if isinstance(data, dict) else data
        return any(
            address.photograph(str(d.get("name", "image")), network, str(d.get("sha256", ""))) in self._photographs
            for d in items
        )

    def places(self) -> list[Path]:
        return [place for place in super().places() if self._names is None or place.name in self._names]

    def skipped(self) -> list[dict[str, str]]:
        return [] if self._photographs or self._records else super().skipped()

    def damaged(self) -> list[dict[str, str]]:
        return [] if self._photographs or self._records else super().damaged()
