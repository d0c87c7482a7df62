"""Images that Python already has: a torch data set, a tensor, a list of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepro.data.dataset import Dataset, Example
from deepro.errors import ImageError, UsageError
from deepro.network.fingerprint import digest_tensor
from deepro.network.preprocess import open_photograph

_IMAGE = ("image", "images", "img", "pixel_values", "input", "x", "jpg", "png", "path")
LABEL_KEYS = ("label", "labels", "target", "class", "cls", "y")


class TorchImages(Dataset):
    """Any map-style torch data set, or a sequence of pictures.

    An item is a picture (path, PIL image, uint8 array) or a float tensor without the batch axis, alone, in a pair with
    its label, or in a mapping. Ids are the indices. classes: names; found in `.classes` where the data set has it.
    """

    def __init__(self, items: Any, name: str | None = None, classes: Sequence[str] | None = None) -> None:
        try:
            self._length = len(items)
        except TypeError:
            raise UsageError(
                f"{type(items).__name__} has no length: a survey needs a data set with len() and items by index, "
                "so that a shard can be read again"
            ) from None
        if self._length == 0:
            raise UsageError(f"the data set ({type(items).__name__}) is empty")
        self.items = items
        self.name = name or f"{type(items).__module__}.{type(items).__qualname__} of {self._length}"
        found = classes if classes is not None else getattr(items, "classes", None)
        self.classes = tuple(map(str, found)) if isinstance(found, list | tuple) else ()

    def __len__(self) -> int:
        return self._length

    def read(self, index: int) -> Example:
        value, label = _parts(self.items[index])
        if isinstance(value, Tensor) and value.is_floating_point():
            return Example(value, label, digest_tensor(value))
        _, image = open_photograph(value)
        if isinstance(value, str | Path):
            return Example(image, label, hashlib.sha256(Path(value).read_bytes()).hexdigest())
        return Example(image, label, digest_tensor(torch.from_numpy(np.array(image))))


def _parts(item: Any) -> tuple[Any, int]:
    """Picture and label of whatever a data set gives."""
    label: Any = None
    if isinstance(item, Mapping):
        key = next((k for k in _IMAGE if k in item), None)
        if key is None:
            raise ImageError(f"an item with {', '.join(map(str, item))}: expected one of {', '.join(_IMAGE[:4])}")
        label = next((item[k] for k in LABEL_KEYS if k in item), None)
        item = item[key]
    elif isinstance(item, tuple | list):
        item, label = item[0], item[1] if len(item) > 1 else None
    return item, _index(label)


def _index(label: Any) -> int:
    """A whole number as itself; anything else is no label."""
    if isinstance(label, Tensor | np.ndarray | np.generic):
        whole = not label.is_floating_point() if isinstance(label, Tensor) else np.issubdtype(label.dtype, np.integer)
        size = label.numel() if isinstance(label, Tensor) else label.size
        label = label.item() if whole and size == 1 else None
    return label if isinstance(label, int) and not isinstance(label, bool) and label >= 0 else -1
