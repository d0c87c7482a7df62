"""webdataset-style tar shards: members that share a name up to the first dot are one example."""

from __future__ import annotations

import glob
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from deepro.data.dataset import Dataset, Example, check_unique, index_labels
from deepro.data.files import SUFFIXES
from deepro.errors import ImageError, UsageError
from deepro.network.preprocess import open_photograph

_LABELS = ("cls", "label", "txt", "json")


class TarShards(Dataset):
    """Pictures in uncompressed tar files, read at random by their place in the file.

    tars: a file, a folder of them, a pattern such as train-{000..012}.tar or train-*.tar, or a list. The label stands
    in KEY.cls, KEY.label or KEY.txt, or under "label" in KEY.json. Ids are TAR/KEY.
    """

    def __init__(self, tars: str | Path | Iterable[str | Path]) -> None:
        self.tars = sorted(_expand(tars))
        if not self.tars:
            raise UsageError(f"no tar files at {tars}")
        self._places: list[tuple[int, int, int]] = []  # tar, offset, size
        self._ids: list[str] = []
        labels: list[str | None] = []
        for number, tar in enumerate(self.tars):
            for key, offset, size, label in _index(tar):
                self._places.append((number, offset, size))
                self._ids.append(f"{tar.name}/{key}")
                labels.append(label)
        if not self._ids:
            raise UsageError(f"no pictures in {', '.join(t.name for t in self.tars[:3])}")
        check_unique(self._ids, "tar shards")
        self.classes, self._labels = index_labels(labels)
        self.name = f"tar {self.tars[0].parent / self.tars[0].name} ({len(self.tars)} files)"

    def __len__(self) -> int:
        return len(self._ids)

    def id(self, index: int) -> str:
        return self._ids[index]

    def stamp(self, index: int) -> str | None:
        tar, offset, size = self._places[index]
        try:
            about = self.tars[tar].stat()
        except OSError:
            return "missing"
        return f"{size} bytes at {offset} of {about.st_size}, {about.st_mtime_ns} ns, label {self._labels[index]}"

    def read(self, index: int) -> Example:
        tar, offset, size = self._places[index]
        with self.tars[tar].open("rb") as file:
            file.seek(offset)
            data = file.read(size)
        if len(data) < size:
            raise ImageError(f"{self._ids[index]}: the tar file ends within it")
        _, image = open_photograph(Image.open(io.BytesIO(data)))
        return Example(image, self._labels[index], hashlib.sha256(data).hexdigest())


def _expand(tars: str | Path | Iterable[str | Path]) -> Iterator[Path]:
    if not isinstance(tars, str | Path):
        for one in tars:
            yield from _expand(one)
        return
    path = Path(tars)
    if path.is_dir():
        yield from (p.absolute() for p in path.glob("*.tar"))
        return
    braces = re.search(r"\{(\d+)\.\.(\d+)\}", str(tars))
    if braces:
        first, last = braces.groups()
        for number in range(int(first), int(last) + 1):
            yield from _expand(str(tars).replace(braces[0], f"{number:0{len(first)}d}"))
    elif glob.has_magic(str(tars)) and not path.exists():
        yield from (Path(p).absolute() for p in glob.glob(str(tars)))
    elif path.is_file():
        yield path.absolute()
    else:
        raise UsageError(f"{path}: no such tar file")


def _index(tar: Path) -> Iterator[tuple[str, int, int, str | None]]:
    """(key, offset, size, label) of each picture, in the order of the file."""
    pictures: dict[str, tuple[int, int]] = {}
    labels: dict[str, str | None] = {}
    try:
        with tarfile.open(tar, "r:") as archive:
            for member in archive:
                folder, _, file = member.name.rpartition("/")
                key, dot, kind = file.partition(".")
                if not member.isfile() or not dot or not key:
                    continue
                key = f"{folder}/{key}" if folder else key
                if f".{kind.lower()}" in SUFFIXES:
                    pictures.setdefault(key, (member.offset_data, member.size))
                elif kind.lower() in _LABELS:
                    body = archive.extractfile(member)
                    label = _label(kind.lower(), body.read() if body else b"")
                    if label is not None:
                        labels.setdefault(key, label)
    except (tarfile.TarError, OSError) as error:
        raise UsageError(f"{tar}: cannot read it as an uncompressed tar file ({error})") from None
    for key, (offset, size) in pictures.items():
        yield key, offset, size, labels.get(key)


def _label(kind: str, data: bytes) -> str | None:
    try:
        text = data.decode("utf-8").strip()
        if kind == "json":
            value = json.loads(text)
            text = str(value["label"]) if isinstance(value, dict) and "label" in value else ""
    except (UnicodeDecodeError, ValueError):
        return None
    return text if text and "\n" not in text else None
