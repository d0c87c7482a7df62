"""A folder of results: each under its key, beside the cards of the networks that made them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepro.errors import StoreError
from deepro.results import SCHEMA, Result
from deepro.store.folder import atomic_text, open, read_manifest, save

if TYPE_CHECKING:
    from deepro.network import Network

MARK = "deepro.json"


class Workspace:
    """results/KIND-KEY/ one folder a result; networks/FINGERPRINT.json; skipped.json what could not be explained.

    Opening makes the folder where it is missing. Raises StoreError where it cannot be used: not empty and no workspace,
    not writable, made by a newer version.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        mark = self.folder / MARK
        if mark.is_file():
            self._check(mark)
            return
        if self.folder.is_dir() and any(self.folder.iterdir()):
            raise StoreError(f"{self.folder} is not empty and no Deepro workspace; choose another folder")
        if self.folder.exists() and not self.folder.is_dir():
            raise StoreError(f"{self.folder} is a file; choose a folder")
        atomic_text(mark, json.dumps({"schema": SCHEMA}))

    @staticmethod
    def _check(mark: Path) -> None:
        try:
            schema = int(json.loads(mark.read_text(encoding="utf-8"))["schema"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{mark} is damaged: {error}") from error
        if schema > SCHEMA:
            raise StoreError(f"{mark.parent} needs a newer Deepro (schema {schema}, this one reads {SCHEMA})")

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder)!r})"

    # ---- results

    def _place(self, kind: str, key: str) -> Path:
        return self.folder / "results" / f"{kind}-{key}"

    def add(self, result: Result) -> Path:
        """Write a result that has provenance; one that is there already stays. Returns its folder."""
        if result.provenance is None:
            raise StoreError(f"a {result.kind} without provenance cannot be stored")
        place = self._place(result.kind, result.provenance.key)
        return place if place.is_dir() else save(result, place)

    def find(self, kind: str, key: str) -> Result | None:
        """The result with this key; None where there is none, or where it is damaged (it can then be made again)."""
        place = self._place(kind, key)
        if not place.is_dir():
            return None
        try:
            found = open(place)
        except StoreError:
            self.discard(kind, key)
            return None
        return found if isinstance(found, Result) else None

    def discard(self, kind: str, key: str) -> None:
        """Remove a result."""
        import shutil

        shutil.rmtree(self._place(kind, key), ignore_errors=True)

    def results(self, kind: str | None = None) -> Iterator[Result]:
        """Intact results, oldest first."""
        for place, _ in self._sorted():
            if kind is not None and not place.name.startswith(f"{kind}-"):
                continue
            try:
                result = open(place)
            except StoreError:
                continue  # reported by `damaged`
            if isinstance(result, Result):
                yield result

    def damaged(self) -> list[dict[str, str]]:
        """Results that cannot be opened: name and reason. The rest of the workspace is not affected."""
        found = []
        for place in self.places():
            try:
                open(place)
            except StoreError as error:
                found.append({"name": place.name, "reason": str(error)})
        return found

    def places(self) -> list[Path]:
        """The folders of results, damaged ones too, by name."""
        folder = self.folder / "results"
        return (
            sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")) if folder.is_dir() else []
        )

    def _sorted(self) -> list[tuple[Path, str]]:
        dated = []
        for place in self.places():
            try:
                provenance = read_manifest(place)["result"]["fields"]["provenance"]["$provenance"]
                dated.append((place, str(provenance["created"])))
            except (StoreError, KeyError, TypeError):
                continue
        return sorted(dated, key=lambda item: (item[1], item[0].name))

    # ---- what else the report tells

    def add_network(self, net: Network, refused: Mapping[str, str] | None = None) -> None:
        """Keep the network's card and layer table. refused: methods that do not apply to it, with the reason."""
        card = net.card()
        about = {
            "card": card,
            "layers": net.layer_table(),
            "edges": net.edges(),
            "labels": len(net.labels or ()),
            "parameters": sum(p.numel() for p in net.module.parameters()),
            "notes": list(net.notes),
            "refused": dict(refused or {}),
        }
        atomic_text(self.folder / "networks" / f"{card['fingerprint'][:16]}.json", json.dumps(about, indent=1))

    def networks(self) -> list[dict[str, Any]]:
        """The cards of `add_network`, by file name."""
        return [self._json(file) for file in sorted((self.folder / "networks").glob("*.json"))]

    def set_skipped(self, skipped: list[Mapping[str, str]]) -> None:
        """Inputs of the last call that could not be explained: name and reason of each."""
        atomic_text(self.folder / "skipped.json", json.dumps([dict(s) for s in skipped], indent=1))

    def skipped(self) -> list[dict[str, str]]:
        file = self.folder / "skipped.json"
        return self._json(file) if file.is_file() else []

    @staticmethod
    def _json(file: Path) -> Any:
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(f"{file} is damaged: {error}") from error
