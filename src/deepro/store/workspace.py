"""A folder of results: each under its key, beside the cards of the networks that made them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepro.errors import StoreError, UsageError
from deepro.results import SCHEMA, Result, spelled
from deepro.store.folder import atomic_text, open_any_result, open_result, read_manifest, save

if TYPE_CHECKING:
    from deepro.network import Network
    from deepro.registry import Call

MARK = "deepro.json"

_WRITING = threading.Lock()  # of notes


class Workspace:
    """A folder with results/KIND-KEY/ for each result, networks/FINGERPRINT.json, and skipped.json for failed inputs.

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
        """The folder of a result; older versions wrote some kinds with hyphens."""
        place = self.folder / "results" / f"{kind}-{key}"
        old = place.with_name(f"{kind.replace('_', '-')}-{key}")
        return old if old.is_dir() else place

    def add(self, result: Result) -> Path:
        """Write a result that has provenance; one that is there already stays. Returns its folder."""
        if result.provenance is None:
            raise StoreError(f"a {result.kind} without provenance cannot be stored")
        place = self._place(result.kind, result.provenance.key)
        return place if place.is_dir() else save(result, place)

    def make(self, call: Call) -> Any:
        """The result of a method's call from here, or made now and kept here."""
        found = self.find(call.method.result.kind, call.provenance.key)
        if found is None:
            found = call.run()
            self.add(found)
        return found

    def find(self, kind: str, key: str) -> Result | None:
        """The result with this key; None where there is none, or where it is damaged (it can then be made again)."""
        place = self._place(kind, key)
        if not place.is_dir():
            return None
        try:
            return open_result(place)
        except StoreError:
            self.discard(kind, key)
            return None

    def get(self, kind: str, key: str) -> Result:
        """The only result of a kind whose key begins with `key`. Raises UsageError where there is none, or several."""
        begins = [p for p in self.places() if p.name.rsplit("-", 1)[-1].startswith(key)]
        keys = [p.name.rsplit("-", 1)[1] for p in begins if spelled(p.name.rsplit("-", 1)[0]) == kind]
        found = self.find(kind, keys[0]) if len(keys) == 1 else None
        if found is None:
            raise UsageError(f"{self.folder} holds {len(keys) or 'no'} {kind} whose key begins with {key!r}")
        return found

    def discard(self, kind: str, key: str) -> None:
        """Remove a result."""
        import shutil

        shutil.rmtree(self._place(kind, key), ignore_errors=True)

    def results(self, kind: str | None = None, *, unknown: bool = False) -> Iterator[Result]:
        """All intact results, oldest first. unknown: with results of kinds that are not installed, as UnknownResult."""
        for place, _ in self._sorted():
            if kind is not None and spelled(place.name.rsplit("-", 1)[0]) != kind:
                continue
            try:
                result = open_any_result(place) if unknown else open_result(place)
            except StoreError:
                continue  # reported by `damaged`
            yield result

    def damaged(self) -> list[dict[str, str]]:
        """Name and reason of each result and file that cannot be opened. The rest of the workspace is not affected."""
        found = self.damaged_cards()
        for place in self.places():
            try:
                open_any_result(place)
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

    # ---- networks and skipped inputs

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
        """The cards of `add_network`, by file name; `damaged` lists those that cannot be read."""
        return [card for card in map(self._card, self._cards()) if isinstance(card, dict)]

    def damaged_cards(self) -> list[dict[str, str]]:
        """Files beside the results that cannot be read: name and reason."""
        read = [(file, self._card(file)) for file in self._cards()] + [(self._skipped, self._list())]
        read.append((self.folder / "notes.json", self._read_notes()))
        return [{"name": file.name, "reason": why} for file, why in read if isinstance(why, str)]

    def _cards(self) -> list[Path]:
        return sorted((self.folder / "networks").glob("*.json"))

    def _card(self, file: Path) -> dict[str, Any] | str:
        """A network's card, or why it cannot be read."""
        read = _json(file)
        if isinstance(read, dict) and isinstance(read.get("card"), dict) and isinstance(read.get("layers"), list):
            return read
        return read if isinstance(read, str) else f"{file} is damaged: it holds no network"

    def notes(self) -> list[dict[str, str]]:
        """What readers wrote about pages: address, title and text of each, the oldest first; empty if unreadable."""
        read = self._read_notes()
        return [] if isinstance(read, str) else read

    def set_note(self, address: str, title: str, text: str) -> None:
        """Write a note about a page in place of the one that is there; an empty text deletes it.

        Raises StoreError where the notes cannot be read, so that none is lost.
        """
        with _WRITING:
            read = self._read_notes()
            if isinstance(read, str):
                raise StoreError(f"{read}; mend it or move it away")
            kept = [note for note in read if note["address"] != address]
            new = [{"address": address, "title": title, "text": text}] if text.strip() else []
            atomic_text(self.folder / "notes.json", json.dumps(kept + new, indent=1, ensure_ascii=False))

    def _read_notes(self) -> list[dict[str, str]] | str:
        file = self.folder / "notes.json"
        read = _json(file) if file.is_file() else []
        names = {"address", "title", "text"}
        if isinstance(read, list) and all(isinstance(n, dict) and names <= n.keys() for n in read):
            return [note for note in read if str(note["address"]).startswith("#/")]  # pages of ours alone
        return read if isinstance(read, str) else f"{file} is damaged: it is no list of notes"

    def set_skipped(self, skipped: list[Mapping[str, str]]) -> None:
        """Inputs of the last call that could not be explained: name and reason of each."""
        atomic_text(self._skipped, json.dumps([dict(s) for s in skipped], indent=1))

    @property
    def _skipped(self) -> Path:
        return self.folder / "skipped.json"

    def skipped(self) -> list[dict[str, str]]:
        """The list of `set_skipped`, empty if it cannot be read; `damaged` then lists it."""
        read = self._list()
        return [] if isinstance(read, str) else read

    def _list(self) -> list[dict[str, str]] | str:
        read = _json(self._skipped) if self._skipped.is_file() else []
        if isinstance(read, list) and all(isinstance(s, dict) and {"name", "reason"} <= s.keys() for s in read):
            return read
        return read if isinstance(read, str) else f"{self._skipped} is damaged: it is no list of names and reasons"


def open(folder: str | Path) -> Result | Workspace:
    """The result or the workspace in a folder, as `Result.save` or a command wrote it: `deepro.open("runs/cat")`.

    Nothing in the folder is executed. Raises StoreError where it holds neither, is damaged, or was written by a newer
    version of Deepro; KindError, which is one, where the result's kind is not known here.
    Example: `deepro.open("runs/cat")`
    """
    folder = Path(folder)
    return Workspace(folder) if (folder / MARK).is_file() else open_result(folder)


def _json(file: Path) -> Any:
    """What stands in a file, or in words why it cannot be read."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"{file} is damaged: {error}"
    return None if isinstance(read, str) else read
