"""Codes on disk: one NumPy file a column, written a batch at a time, read back as memory maps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from deepro.data.examples import Examples
from deepro.errors import StoreError
from deepro.methods.spaces.code_table import CodeTable
from deepro.methods.spaces.codes import Codes, Pool, capture
from deepro.network import Network
from deepro.network.fingerprint import digest_json
from deepro.store.folder import atomic_text

_MARK = "codes.json"
_EVERY = 256  # examples after which a run notes how far its codes are good


class CodeFolder(CodeTable):
    """A table whose columns are files; what was written before an interruption is found again.

    key: what the codes depend on. A folder made for another key is refused with a StoreError.
    """

    def __init__(self, folder: str | Path, size: int, key: str, every: int = 1024) -> None:
        super().__init__(size)
        self.folder, self.key, self.every = Path(folder).absolute(), key, every
        self._marked = 0
        mark = self.folder / _MARK
        if not mark.is_file():
            if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
                raise StoreError(f"{self.folder} is not empty and holds no codes; choose another folder")
            return
        try:
            known = json.loads(mark.read_text(encoding="utf-8"))
            same, columns = known["key"] == key, list(known["columns"])
            self.start, self.count = int(known["start"]), int(known["count"])
            self.about = dict(known["about"])
            if same:
                self._columns = {c: np.load(self._file(c), mmap_mode="r+") for c in columns}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self.folder} is damaged: {error}") from error
        if not same:
            raise StoreError(
                f"{self.folder} holds codes of another network, data set or question; choose another folder"
            )

    def _file(self, name: str) -> Path:
        return self.folder / f"{quote(name, safe='')}.npy"

    def allocate(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return np.lib.format.open_memmap(self._file(name), "w+", np.dtype(dtype), shape)
        except OSError as error:
            raise StoreError(f"cannot write {self.folder}: {error.strerror or error}") from error

    def add(self, columns: Mapping[str, np.ndarray], start: int) -> None:
        super().add(columns, start)
        if start - self._marked >= self.every or start >= self.size:
            self.mark()

    def mark(self) -> None:
        """Note how far the files are good."""
        for column in self._columns.values():
            column.flush()  # type: ignore[attr-defined]
        state = {"key": self.key, "start": self.start, "count": self.count, "columns": list(self._columns)}
        state["about"] = self.about
        atomic_text(self.folder / _MARK, json.dumps(state))
        self._marked = self.start


def capture_to(
    folder: str | Path,
    net: Network,
    examples: Examples,
    layers: str | list[str],
    *,
    pool: Pool = "mean",
    dtype: Any = np.float16,
    **options: Any,
) -> Codes:
    """`capture` into files in half precision, so that memory stays bounded; called again it goes on where it ended.

    options: those of `capture`. Wide codes are reduced only where `memory` is given. Raises StoreError where the folder
    holds something else.
    """
    names = [layers] if isinstance(layers, str) else list(layers)
    rest = {k: str(v) for k, v in options.items() if k != "batch_size"}
    key = digest_json([net.fingerprint, examples.card()[0]["sha256"], sorted(names), pool, np.dtype(dtype).name, rest])
    table = CodeFolder(folder, len(examples), key)
    return capture(net, examples, names, pool=pool, dtype=dtype, table=table, **({"memory": 1 << 62} | options))  # type: ignore[arg-type]


class CodeFolderCache:
    """A `CodeCache` in a workspace, one subfolder for each set of options, which later runs find again.

    layers: all layers of the run. thumbnails: longest side of the pictures kept with the codes, in pixels.
    """

    def __init__(self, folder: str | Path, layers: Sequence[str], thumbnails: int = 48) -> None:
        self.folder, self.layers, self.thumbnails = Path(folder), tuple(layers), thumbnails

    def table(self, net: Network, examples: Examples, about: dict[str, Any]) -> CodeFolder:
        """The folder for these codes. One that is damaged is made anew."""
        import shutil

        about = {**about, "thumbnails": self.thumbnails}
        key = digest_json([net.fingerprint, examples.card()[0]["sha256"], sorted(self.layers), about])
        place = self.folder / key[:20]
        try:
            return CodeFolder(place, len(examples), key, every=_EVERY)
        except StoreError:
            shutil.rmtree(place, ignore_errors=True)
            return CodeFolder(place, len(examples), key, every=_EVERY)
