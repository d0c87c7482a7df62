"""Photographs in files: a folder whose subfolders are classes, or a list in CSV or Parquet."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from deepro.data.dataset import Dataset, Example, check_unique, index_labels
from deepro.errors import UsageError, near
from deepro.network.preprocess import open_photograph

_KINDS = "jpg jpeg jpe jfif png bmp gif tif tiff webp ppm pgm pbm pnm jp2 tga ico avif"
SUFFIXES = frozenset(f".{kind}" for kind in _KINDS.split(" "))
_PATH = ("path", "file", "filename", "file_name", "filepath", "image", "image_path", "img")
_LABEL = ("label", "class", "target", "category", "class_name", "y")
_ID = ("id", "image_id", "key")


class FileImages(Dataset):
    """Image files with their ids and labels."""

    def __init__(
        self, name: str, files: Sequence[Path | str], ids: Sequence[str], labels: Sequence[str | None] | None = None
    ) -> None:
        self.name = name
        self._files, self._ids = files, ids
        self.classes, self._labels = index_labels(labels) if labels is not None else ((), None)

    def __len__(self) -> int:
        return len(self._ids)

    def file(self, index: int) -> Path:
        return Path(self._files[index])

    def id(self, index: int) -> str:
        return self._ids[index]

    def label(self, index: int) -> int:
        return -1 if self._labels is None else self._labels[index]

    def stamp(self, index: int) -> str | None:
        """Size, time of the last change and label."""
        try:
            about = self.file(index).stat()
        except OSError:
            return "missing"
        return f"{about.st_size} bytes, {about.st_mtime_ns} ns, label {self.label(index)}"

    def read(self, index: int) -> Example:
        file = self.file(index)
        _, image = open_photograph(file)
        return Example(image, self.label(index), hashlib.sha256(file.read_bytes()).hexdigest())


class FolderImages(FileImages):
    """All pictures under a folder, by path. Where there are subfolders, the first one is the label."""

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder).absolute()
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder")
        ids = sorted(_pictures(folder))
        if not ids:
            raise UsageError(f"no pictures in {folder} (looked for {', '.join(sorted(SUFFIXES)[:6])} and others)")
        labels = [i.split("/", 1)[0] if "/" in i else None for i in ids]
        self.folder = folder
        super().__init__(f"folder {folder}", (), ids, labels if any(labels) else None)

    def file(self, index: int) -> Path:
        return self.folder / self._ids[index]


class ListedImages(FileImages):
    """The files that a CSV, TSV or Parquet table lists, in its order.

    path, label, id: the columns, found by their usual names where not given. Paths start at the table's folder.
    """

    def __init__(
        self, table: str | Path, path: str | None = None, label: str | None = None, id: str | None = None
    ) -> None:
        table = Path(table).absolute()
        columns = read_table(table)
        paths = [str(p) for p in columns[_column(table, columns, path, _PATH, needed=True)]]  # type: ignore[index]
        if not paths:
            raise UsageError(f"{table} lists no images")
        at_label = _column(table, columns, label, _LABEL)
        at_id = _column(table, columns, id, _ID)
        ids = [str(i) for i in columns[at_id]] if at_id else paths
        check_unique(ids, str(table))
        labels = [None if v is None else str(v).strip() for v in columns[at_label]] if at_label else None
        self.folder = table.parent
        super().__init__(f"list {table}", paths, ids, labels)

    def file(self, index: int) -> Path:
        return self.folder / self._files[index]


def _pictures(folder: Path) -> Iterator[str]:
    """Relative paths with forward slashes; links are followed once; hidden files and folders are passed over."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [f for f in folders if not f.startswith(".")]
        inside = Path(place).relative_to(folder).as_posix()
        for file in files:
            if not file.startswith(".") and os.path.splitext(file)[1].lower() in SUFFIXES:
                yield file if inside == "." else f"{inside}/{file}"


def read_table(table: Path) -> dict[str, list]:
    if not table.is_file():
        raise UsageError(f"{table}: no such file")
    if table.suffix.lower() in (".parquet", ".pq"):
        return _read_parquet(table)
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter="\t" if table.suffix.lower() == ".tsv" else ",", strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = [row for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{table}: cannot read it as a table ({error})") from None
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise UsageError(f"{table}: row {number} has {len(row)} values, the header has {len(header)}")
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def _read_parquet(table: Path) -> dict[str, list]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise UsageError(f"{table}: reading Parquet needs pyarrow; pip install pyarrow, or pass a CSV") from None
    try:
        return parquet.read_table(table).to_pydict()
    except Exception as error:  # whatever a damaged file makes the reader raise
        raise UsageError(f"{table}: cannot read it as Parquet ({error})") from None


def _column(
    table: Path, columns: dict[str, list], asked: str | None, usual: Sequence[str], needed: bool = False
) -> str | None:
    """The column asked for, or the one with a usual name."""
    if asked is not None:
        if asked not in columns:
            raise UsageError(f"{table} has no column {asked!r}{near(asked, columns)}; it has {', '.join(columns)}")
        return asked
    lowered = {name.lower(): name for name in columns}
    found = next((lowered[name] for name in usual if name in lowered), None)
    if found is None and needed:
        raise UsageError(
            f"{table} needs a column named {' or '.join(usual[:3])}; it has {', '.join(columns) or 'none'}"
        )
    return found
