"""Keeps finished pages on disk, inside the workspace: the computing process writes them, the server reads them.

Pictures and pages are objects named by their content, so an address never changes its meaning. `pages.sqlite` says
which groups of results there are, what each adds to the overview, and which object is which page. The files can be
deleted: they are made again from the results.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import re
import sqlite3
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from deepro.errors import StoreError
from deepro.render import document
from deepro.report.overview import Overview, overview

PREFIX = "api/v1/objects/"  # of an object's address, relative to the viewer's page
NAME = re.compile(r"[0-9a-f]{32}\.(?:png|jpg|json)")
KINDS = {"png": "image/png", "jpg": "image/jpeg", "json": "application/json"}

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS results (name TEXT PRIMARY KEY, created TEXT, scopes TEXT, damage TEXT);
CREATE TABLE IF NOT EXISTS groups (
    id TEXT PRIMARY KEY, rank TEXT, content TEXT, made TEXT, fields TEXT, objects TEXT, results TEXT);
CREATE TABLE IF NOT EXISTS pages (name TEXT PRIMARY KEY, grp TEXT, object TEXT);
CREATE TABLE IF NOT EXISTS encoded (pixels TEXT, object TEXT, grp TEXT, PRIMARY KEY (pixels, grp));
"""


class Group(NamedTuple):
    """Results that meet on a page. made: the content that its pages were made from, None where there are none yet."""

    id: str
    rank: str
    content: str
    made: str | None
    results: tuple[str, ...]


class PageStore:
    """One connection to the store; each process and thread has its own.

    stamp: what the pages depend on beside the results. Where it has changed all pages are to be made again; the old
    ones are shown until then, unless they are of another shape than this viewer reads. A file that cannot be read is
    begun anew.
    """

    def __init__(self, folder: Path, stamp: str | None = None) -> None:
        self.folder = folder
        self.objects = folder / "objects"
        self._lock = threading.RLock()
        try:
            self.objects.mkdir(parents=True, exist_ok=True)
            try:
                self._db = self._open()
            except sqlite3.DatabaseError:
                for file in folder.glob("pages.sqlite*"):
                    file.unlink(missing_ok=True)
                self._db = self._open()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot keep pages in {folder}: {error}") from error
        if self.meta("shape") != (now := shape()):
            with self.change() as db:
                db.execute("DELETE FROM pages")
                db.execute("UPDATE groups SET made = NULL, fields = NULL")
                self.put_meta("shape", now)
        if stamp is not None and self.meta("stamp") != stamp:
            with self.change() as db:
                db.execute("UPDATE groups SET made = NULL")
                db.execute("DELETE FROM results")  # what they are about may be read otherwise now
                self.put_meta("stamp", stamp)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.folder / "pages.sqlite", timeout=20, check_same_thread=False, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)
        return db

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Run the body as one transaction: an exception undoes all of its changes."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # ---- what is known

    def meta(self, name: str) -> str | None:
        found = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return found[0][0] if found else None

    def put_meta(self, name: str, value: str) -> None:
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def results(self) -> dict[str, tuple[str, list[str]]]:
        """Results by folder name: when each was made, and its scopes, none if it is damaged."""
        return {
            n: (c or "", json.loads(s or "[]")) for n, c, s in self._rows("SELECT name, created, scopes FROM results")
        }

    def groups(self) -> dict[str, Group]:
        rows = self._rows("SELECT id, rank, content, made, results FROM groups ORDER BY rank, id")
        return {i: Group(i, r, c, m, tuple(json.loads(n))) for i, r, c, m, n in rows}

    def pending(self) -> int:
        return self._rows("SELECT COUNT(*) FROM groups WHERE made IS NOT content")[0][0]

    def page(self, name: str) -> str | None:
        """The object of the page `name` (KIND-ID), None if it is not made yet."""
        found = self._rows("SELECT object FROM pages WHERE name = ?", name)
        return found[0][0] if found else None

    def group_of(self, page: str) -> str | None:
        found = self._rows("SELECT grp FROM pages WHERE name = ?", page)
        return found[0][0] if found else None

    def places(self) -> dict[str, list[str]]:
        """The pages on which each result is shown, by the result's key, for groups that are up to date.

        A pattern has none; the list of patterns stands for it.
        """
        pages: dict[str, list[str]] = {}
        for name, group in self._rows("SELECT name, grp FROM pages ORDER BY name"):
            pages.setdefault(group, []).append(name)
        return {
            (key := name.rsplit("-", 1)[-1]): [f"patterns-{key}"]
            if name == f"pattern-{key}"
            else pages.get(group.id, [])
            for group in self.groups().values()
            if group.made == group.content
            for name in group.results
        }

    def overview(self, before: Mapping[str, list[Any]] | None = None) -> Overview:
        """The overview of all pages made so far. before: items of its lists until those of the same id are made."""
        fields: dict[str, Any] = {"records": {}, "photographs": [], "patterns": []}
        for (made,) in self._rows("SELECT fields FROM groups WHERE fields IS NOT NULL ORDER BY rank, id"):
            merge(fields, json.loads(made))
        for name, items in (before or {}).items():
            known = {item["id"] for item in fields.get(name, [])}
            fields[name] = [*fields.get(name, []), *(item for item in items if item["id"] not in known)]
        damaged = [
            {"name": n, "reason": d} for n, d in self._rows("SELECT name, damage FROM results WHERE damage != ''")
        ]
        head = {"title": "", "created": datetime.now(UTC).isoformat(timespec="seconds"), "deepro": "", "networks": []}
        head |= json.loads(self.meta("head") or "{}")
        beside = json.loads(self.meta("beside") or "{}")  # what the workspace tells of itself, outside its results
        damaged += beside.get("damaged", [])
        return overview().model_validate(head | fields | {"damaged": damaged, "skipped": beside.get("skipped", [])})

    # ---- objects

    def put(self, data: bytes, kind: str) -> str:
        """Write an object and return its name, the hash of its content. JSON is kept compressed, as it is sent."""
        name = f"{hashlib.sha256(data).hexdigest()[:32]}.{kind}"
        file = self.path(name)
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            partial = file.with_name(f".{uuid.uuid4().hex[:12]}")
            partial.write_bytes(gzip.compress(data, 6, mtime=0) if kind == "json" else data)
            os.replace(partial, file)
        return name

    def encoded(self, pixels: str) -> tuple[str, bytes] | None:
        """Name and bytes of the image file that was made from pixels with this hash, None if there is none."""
        found = self._rows("SELECT object FROM encoded WHERE pixels = ? LIMIT 1", pixels)
        try:
            return (found[0][0], self.path(found[0][0]).read_bytes()) if found else None
        except OSError:
            return None

    def path(self, name: str) -> Path:
        """The file of an object. Raises StoreError where `name` is not the name of an object."""
        if not NAME.fullmatch(name):
            raise StoreError(f"{name!r} is no object")
        return self.objects / name[:2] / name

    def sweep(self, older: float) -> int:
        """Delete objects that no page uses and that are older than a time stamp. Returns their number."""
        used = {o for (names,) in self._rows("SELECT objects FROM groups") for o in json.loads(names or "[]")}
        used |= {o for (o,) in self._rows("SELECT object FROM pages UNION SELECT object FROM encoded")}
        gone = 0
        for file in self.objects.glob("*/*"):
            if file.name not in used and file.stat().st_mtime < older:
                file.unlink(missing_ok=True)
                gone += 1
        return gone


def merge(fields: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add another group's fields: lists are appended, mappings joined, counts added; other values are replaced."""
    for name, value in more.items():
        if name == "computed":
            counts = Counter({c["method"]: c["count"] for c in fields.get(name, [])})
            counts.update({c["method"]: c["count"] for c in value})
            fields[name] = [{"method": m, "count": n} for m, n in sorted(counts.items())]
        elif isinstance(value, list):
            fields[name] = [*fields.get(name, []), *value]
        elif isinstance(value, dict):
            fields[name] = {**fields.get(name, {}), **value}
        elif value is not None or name not in fields:
            fields[name] = value


def shape() -> str:
    """One hash over the models of all pages. Pages that were made with other models are not shown."""
    assert document.__file__
    return hashlib.sha256(
        b"".join(f.read_bytes() for f in sorted(Path(document.__file__).parent.glob("*.py")))
    ).hexdigest()


def stamp(parts: Iterable[Any]) -> str:
    """One hash over everything that pages depend on beside the results."""
    return hashlib.sha256(json.dumps(list(parts), sort_keys=True, default=str).encode()).hexdigest()[:16]
