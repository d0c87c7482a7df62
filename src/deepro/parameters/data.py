"""Pictures and data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from deepro.data import Dataset
from deepro.data.examples import Examples, as_examples
from deepro.data.files import SUFFIXES
from deepro.errors import ImageError
from deepro.network import Inputs, Network
from deepro.network.images import Placed
from deepro.parameters.base import Context, Type, names, only, several

Picture = str | Path | Pillow.Image | np.ndarray | Tensor


class _Images(Type):
    """Photographs, or tensors that are the network's input as they are."""

    name, data, several = "images", True, True

    def value(self, net: Network, given: Any) -> Inputs:
        return net.prepare(given)

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return expand(list(words))

    def posted(self, net: Network, sent: Any, context: Context) -> Inputs:
        return context.picture()

    def python(self, kept: Any) -> str:
        shown = [str(c.get("name", "image")) for c in kept]
        return repr(shown[0] if len(shown) == 1 else shown)

    def words(self, kept: Any) -> list[str] | None:
        return names(kept)

    def sample(self, net: Network) -> Any:
        return _pictures(2)


class _Image(_Images):
    """One photograph."""

    name, several = "image", False

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return only(words, "photograph")

    def sample(self, net: Network) -> Any:
        return _pictures(1)[0]


class _DataSet(Type):
    """A data set of pictures; subfolders and lists carry labels."""

    name, data = "dataset", True

    def value(self, net: Network, given: Any) -> Examples:
        return as_examples(net, given)

    def read(self, net: Network, words: Sequence[str], context: Context) -> Any:
        return only(words, "data set")

    def posted(self, net: Network, sent: Any, context: Context) -> Any:
        return context.data()

    def python(self, kept: Any) -> str:
        return repr(place(kept))

    def words(self, kept: Any) -> list[str] | None:
        return [place(kept)]

    def sample(self, net: Network) -> Any:
        shape = net.input_shape or (3, 24, 24)
        return torch.rand(40, *shape, generator=torch.Generator().manual_seed(0)), [0, 1, 2, 3] * 10


Images = Annotated[Picture | Sequence[Picture] | Inputs, _Images()]
Image = Annotated[Picture | Inputs, _Image()]
DataSet = Annotated[
    str | Path | Tensor | Sequence[Any] | Dataset | torch.utils.data.Dataset[Any] | Examples, _DataSet()
]


def place(kept: Any) -> str:
    """Where a data set lies: names begin with its kind, as in 'folder /data/photos'."""
    name = str(kept[0].get("name", "data")) if kept else "data"
    kind, space, rest = name.partition(" ")
    return rest if space and kind in ("folder", "list", "shards", "shard") else name


def expand(images: Any) -> list[Any]:
    """A path, a folder or a list of them as single images; subfolders are classes. Raises ImageError for an empty
    folder."""
    items: list[Any] = []
    for item in several(images):
        if isinstance(item, str | Path) and Path(item).is_dir():
            inside = sorted(p for p in Path(item).rglob("*") if p.suffix.lower() in SUFFIXES and not _hidden(p, item))
            if not inside:
                raise ImageError(f"{item} holds no pictures (looked for {', '.join(sorted(SUFFIXES))})")
            places = [p.relative_to(item) for p in inside]
            items += [p if len(a.parts) == 1 else Placed(p, a.as_posix()) for p, a in zip(inside, places, strict=True)]
        else:
            items.append(item)
    return items


def _hidden(path: Path, folder: str | Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _pictures(count: int) -> list[np.ndarray]:
    make = np.random.default_rng(0)
    return [make.integers(0, 256, (30, 40, 3), dtype=np.uint8) for _ in range(count)]
