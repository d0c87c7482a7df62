"""Makes pages, one group of results at a time; a new result causes only its own group to be made again."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

import deepro.kinds
import deepro.render
import deepro.report
from deepro.errors import StoreError
from deepro.kinds.record import kinds
from deepro.render import picture
from deepro.render.networks import network
from deepro.render.version import version
from deepro.report.site import gather, scopes
from deepro.report.writing import page_name
from deepro.results import Result
from deepro.store import Workspace
from deepro.store.folder import open_any_result, read_manifest
from deepro.studio.page_store import PREFIX, Group, PageStore, stamp

RECENT = 128 << 20  # bytes of results kept open


class PageMaker:
    """Keeps the page store in step with the workspace: `look` finds which groups are to be made, `step` makes one."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace = workspace
        self._recent: OrderedDict[str, tuple[Any, int]] = OrderedDict()  # with their bytes
        self._tables = [n["layers"] for n in workspace.networks()]
        self.pages = PageStore(folder, stamp([version(), _sources(), self._tables]))

    def look(self) -> int:
        """Read the new results of the workspace. Returns the number of groups whose pages are to be made."""
        networks = self.workspace.networks()
        cards = [network(n) for n in networks]
        names = dict.fromkeys(c.name for c in cards)
        title = " · ".join(names) or Path(self.workspace.folder).resolve().name
        head = {"title": title, "deepro": version(), "networks": to_jsonable_python(cards)}
        tables = [n["layers"] for n in networks]
        known = self.pages.results()
        there = {place.name: place for place in self.workspace.places()}
        fresh = {name: _about(place) for name, place in there.items() if name not in known}
        with self.pages.change() as db:
            self.pages.put_meta("head", json.dumps(head))
            beside = {"skipped": self.workspace.skipped(), "damaged": self.workspace.damaged_cards()}
            self.pages.put_meta("beside", json.dumps(beside))
            if tables != self._tables:
                db.execute("UPDATE groups SET made = NULL")
                self._tables = tables
            db.executemany("DELETE FROM results WHERE name = ?", [(n,) for n in known if n not in there])
            db.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", [(n, *a) for n, a in fresh.items()])
        found = {n: about for n, about in self.pages.results().items() if about[1]}
        wanted = {g.id: g for g in _groups(found)}
        known_groups = self.pages.groups()
        with self.pages.change() as db:
            for gone in known_groups.keys() - wanted.keys():
                db.execute("DELETE FROM groups WHERE id = ?", (gone,))
                db.execute("DELETE FROM pages WHERE grp = ?", (gone,))
                db.execute("DELETE FROM encoded WHERE grp = ?", (gone,))
            for group in wanted.values():
                db.execute(
                    "INSERT INTO groups (id, rank, content, results) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                    " rank = excluded.rank, content = excluded.content, results = excluded.results",
                    (group.id, group.rank, group.content, json.dumps(group.results)),
                )
        return self.pages.pending()

    def next(self, wanted: Iterable[str] = ()) -> str | None:
        """The group to make next: first one of a wanted page, then changed ones, then new ones from the oldest on."""
        stale = {g.id: g for g in self.pages.groups().values() if g.made != g.content}
        for page in wanted:
            if (group := self.pages.group_of(page)) in stale:
                return group
        changed = [g.id for g in stale.values() if g.made is not None]
        return next(iter(changed or stale), None)

    def group_with(self, key: str) -> str | None:
        """The group whose pages show the result of this key, if they are to be made."""
        groups = self.pages.groups().values()
        return next(
            (g.id for g in groups if g.made != g.content and any(n.endswith(f"-{key}") for n in g.results)), None
        )

    def step(self, group: str) -> list[str]:
        """Make the pages of a group. Returns the names of those that are new, changed or gone."""
        now = self.pages.groups()[group]
        objects: set[str] = set()
        pages: dict[str, str] = {}
        damaged: dict[str, str] = {}

        def put(_name: str, data: bytes) -> str:
            name = self._put(data)
            objects.add(name)
            return PREFIX + name

        def keep(kind: str, id: str, model: BaseModel) -> None:
            pages[page_name(kind, id)] = self.pages.put(model.model_dump_json().encode(), "json")

        networks = [network(n) for n in self.workspace.networks()]
        drawn: dict[str, str] = {}
        with picture.remembering(self._encoder(drawn)):
            fields = to_jsonable_python(gather(self._results(now.results, damaged), networks, put, keep))
        fields = {name: value for name, value in fields.items() if value not in (None, [], {})}
        before = {n: o for n, o in self._pages(group)}
        with self.pages.change() as db:
            db.execute("DELETE FROM pages WHERE grp = ?", (group,))
            db.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", [(n, group, o) for n, o in pages.items()])
            db.execute(
                "UPDATE groups SET made = ?, fields = ?, objects = ? WHERE id = ?",
                (now.content, json.dumps(fields), json.dumps(sorted(objects)), group),
            )
            db.executemany("UPDATE results SET damage = ? WHERE name = ?", [(d, n) for n, d in damaged.items()])
            db.execute("DELETE FROM encoded WHERE grp = ?", (group,))
            db.executemany("INSERT INTO encoded VALUES (?, ?, ?)", [(p, o, group) for p, o in drawn.items()])
        return sorted(n for n in before.keys() | pages.keys() if before.get(n) != pages.get(n))

    def _pages(self, group: str) -> list[tuple[str, str]]:
        with self.pages.change() as db:
            return db.execute("SELECT name, object FROM pages WHERE grp = ?", (group,)).fetchall()

    def _encoder(self, drawn: dict[str, str]) -> picture.Memory:
        """Pictures that were drawn before are not encoded again. drawn: gets the object of each."""

        def encoded(pixels: str, encode: Callable[[], bytes]) -> bytes:
            name, image = self.pages.encoded(pixels) or ("", encode())
            drawn[pixels] = name or self._put(image)
            return image

        return encoded

    def _put(self, image: bytes) -> str:
        return self.pages.put(image, "png" if image.startswith(b"\x89PNG") else "jpg")

    def _results(self, names: Iterable[str], damaged: dict[str, str]) -> Iterable[Result]:
        for name in names:
            try:
                result = self._opened(name)
            except StoreError as error:
                damaged[name] = str(error)
                continue
            if isinstance(result, Result):
                yield result

    def _opened(self, name: str) -> Any:
        """A result from disk, or from memory: results never change, and the next one of a page joins those before."""
        if name not in self._recent:
            result = open_any_result(self.workspace.folder / "results" / name)
            self._recent[name] = result, _size(result)
            while len(self._recent) > 1 and sum(size for _, size in self._recent.values()) > RECENT:
                self._recent.popitem(last=False)
        self._recent.move_to_end(name)
        return self._recent[name][0]


def _size(value: Any) -> int:
    """Bytes of the arrays in a result."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Result):
        value = vars(value)
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, tuple) else 0


def _about(place: Path) -> tuple[str, str, str]:
    """When a result was made, its scopes and its damage, from the manifest alone."""
    try:
        body = read_manifest(place)["result"]
        provenance = _plain(body["fields"]["provenance"])
        about = scopes(body["$result"], place.name.rsplit("-", 1)[-1], provenance)
        return str(provenance["created"]), json.dumps(about), ""
    except StoreError as error:
        return "", "[]", str(error)
    except (KeyError, TypeError, AttributeError) as error:
        return "", "[]", f"{place} is damaged: {type(error).__name__} {error}"


def _plain(value: Any) -> Any:
    """A manifest's marked values as plain ones; arrays stay marks."""
    if isinstance(value, dict):
        if "$provenance" in value:
            return _plain(value["$provenance"])
        if "$tuple" in value:
            return [_plain(v) for v in value["$tuple"]]
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _groups(results: Mapping[str, tuple[str, list[str]]]) -> list[Group]:
    """Results that share a scope, directly or through others, oldest first."""
    parent: dict[str, str] = {}

    def root(scope: str) -> str:
        parent.setdefault(scope, scope)
        while parent[scope] != scope:
            parent[scope] = scope = parent[parent[scope]]
        return scope

    for _, about in results.values():
        first, *others = sorted(about)
        for other in others:
            low, high = sorted((root(first), root(other)))
            parent[high] = low
    members: dict[str, list[str]] = {}
    for name, (_, about) in sorted(results.items(), key=lambda item: (item[1][0], item[0])):
        members.setdefault(root(about[0]), []).append(name)
    return [
        Group(_digest(scope), results[names[0]][0], _digest("\n".join(names)), None, tuple(names))
        for scope, names in members.items()
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _sources() -> list[Any]:
    """Name, size and time of each file that makes pages: where one has changed, all pages are made again."""
    folders = [Path(m.__file__).parent for m in (deepro.kinds, deepro.render, deepro.report) if m.__file__]
    files = {f for folder in folders for f in folder.rglob("*.py")}
    files |= {Path(inspect.getfile(kind.result)) for kind in kinds().values()}  # those of other packages too
    return [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in sorted(files)]
