"""Whatever a user calls a data set, as a Dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deepro.data.dataset import Dataset, check_unique
from deepro.data.files import SUFFIXES, FileImages, FolderImages, ListedImages
from deepro.data.memory import LABEL_KEYS, TorchImages
from deepro.data.tar import TarShards
from deepro.errors import ShapeError, UsageError

_TABLES = (".csv", ".tsv", ".parquet", ".pq")


def as_dataset(source: Any) -> Dataset:
    """A folder, CSV, TSV, Parquet, tar file or pattern, data set or loader of torch, data set of Hugging Face, float
    tensor (N, ...), or list of pictures.

    Raises UsageError for what is none of these, or empty.
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, torch.utils.data.DataLoader):  # what it reads from, in its own order and one at a time
        return as_dataset(source.dataset)
    if isinstance(source, torch.utils.data.Dataset):
        return TorchImages(source)
    if hasattr(source, "features") and hasattr(source, "column_names"):  # of Hugging Face's datasets
        return _hugging_face(source)
    if isinstance(source, Tensor):
        if not source.is_floating_point() or source.ndim < 2:
            raise ShapeError(f"a data set tensor is float (N, ...), got {source.dtype} {tuple(source.shape)}")
        return TorchImages(source, f"tensor {tuple(source.shape)}")
    if isinstance(source, str | Path):
        return _from_path(Path(source))
    if isinstance(source, list | tuple):
        if source and all(isinstance(item, str | Path) for item in source):
            files = [Path(item).absolute() for item in source]
            ids = [f.name for f in files]
            ids = ids if len(set(ids)) == len(ids) else [str(f) for f in files]
            check_unique(ids, "images")
            return FileImages(f"{len(files)} files", files, ids)
        return TorchImages(source, f"list of {len(source)}")
    raise UsageError(
        f"a data set is a folder, a CSV or Parquet list, tar shards, a torch Dataset, a tensor or a list of pictures, "
        f"not {type(source).__name__}"
    )


def _hugging_face(source: Any) -> Dataset:
    """A split of Hugging Face's datasets; the classes are the names of its label's feature."""
    label = next((source.features[k] for k in LABEL_KEYS if k in source.features), None)
    return TorchImages(source, f"datasets split of {len(source)}", getattr(label, "names", None))


def _from_path(path: Path) -> Dataset:
    kind = path.suffix.lower()
    if path.is_dir():
        entries = list(path.iterdir())
        if any(e.suffix == ".tar" for e in entries) and not any(e.suffix.lower() in SUFFIXES for e in entries):
            return TarShards(path)
        return FolderImages(path)
    if kind == ".tar":
        return TarShards(str(path))
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if kind in _TABLES:
        return ListedImages(path)
    if kind in SUFFIXES:
        return FileImages(f"file {path.absolute()}", [path.absolute()], [path.name])
    raise UsageError(f"{path}: expected a folder, {', '.join(_TABLES)}, .tar or a picture")
