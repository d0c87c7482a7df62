"""A data set as a method takes it: with labels that may stand beside it, and a card for provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from deepro.data.dataset import Dataset, Example, index_labels
from deepro.data.reading import Batch, ReadExample, batches, read_ahead
from deepro.data.source import as_dataset
from deepro.errors import UsageError
from deepro.network import Network


class Examples:
    """dataset: where they are read. labels: (N,) int64 in place of the data set's own, -1 where there is none."""

    def __init__(self, dataset: Dataset, labels: np.ndarray | None = None, classes: tuple[str, ...] = ()) -> None:
        self.dataset, self.labels = dataset, labels
        self.classes = classes or dataset.classes

    def __len__(self) -> int:
        return len(self.dataset)

    def batches(
        self, net: Network, size: int, start: int = 0, unreadable: list[ReadExample] | None = None
    ) -> Iterator[Batch]:
        """What can be read from example `start` on, in order; what cannot goes to `unreadable` with the reason."""
        for batch, _ in batches(
            read_ahead(net, self.dataset, range(start, len(self)), ahead=2 * size), size, unreadable
        ):
            yield batch

    def labelled(self) -> Dataset:
        """The data set, with the labels that stand beside it as its own."""
        return self.dataset if self.labels is None else _Labelled(self)

    def ids(self, indices: np.ndarray) -> tuple[str, ...]:
        return tuple(self.dataset.id(int(i)) for i in indices)

    def card(self) -> tuple[Mapping[str, Any], ...]:
        """One record for the whole set; its hash covers the ids, their stamps (or contents) and the labels."""
        sha = hashlib.sha256()
        for i in range(len(self)):
            stamp = self.dataset.stamp(i)
            if stamp is None:
                example = self.dataset.read(i)
                stamp = f"{example.digest} label {example.label}"
            sha.update(f"{self.dataset.id(i)} {stamp}\n".encode())
        if self.labels is not None:
            sha.update(self.labels.tobytes() + "\n".join(self.classes).encode())
        return ({"name": self.dataset.name, "sha256": sha.hexdigest(), "size": [len(self)]},)


class _Labelled(Dataset):
    """A data set with other labels."""

    def __init__(self, examples: Examples) -> None:
        assert examples.labels is not None
        self._data, self._labels = examples.dataset, examples.labels
        self.name, self.classes = examples.dataset.name, examples.classes

    def __len__(self) -> int:
        return len(self._data)

    def read(self, index: int) -> Example:
        return replace(self._data.read(index), label=int(self._labels[index]))

    def id(self, index: int) -> str:
        return self._data.id(index)

    def stamp(self, index: int) -> str | None:
        stamp = self._data.stamp(index)
        return None if stamp is None else f"{stamp} label {int(self._labels[index])}"


def as_examples(_net: Network, source: Any) -> Examples:
    """Whatever `as_dataset` takes, or a tuple (data set, labels).

    labels: (N,) whole numbers or strings; None, '' or -1 where there is none. Raises UsageError where they do not fit.
    """
    if isinstance(source, Examples):
        return source
    if isinstance(source, tuple) and len(source) == 2 and not isinstance(source[1], str | Path):
        data, labels = as_dataset(source[0]), source[1]
        values, classes = _labels(labels)
        if len(values) != len(data):
            raise UsageError(f"{len(values)} labels for {len(data)} examples")
        return Examples(data, values, classes)
    return Examples(as_dataset(source))


def _labels(labels: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """(N,) int64, and the classes' names, () where labels came as numbers."""
    if isinstance(labels, Tensor):
        labels = labels.detach().cpu().numpy()
    values = [None if v is None or v != v else v for v in np.asarray(labels, dtype=object).ravel().tolist()]
    if any(isinstance(v, str) for v in values):
        classes, found = index_labels([None if v is None else str(v) for v in values])
        return np.array(found, dtype=np.int64), classes
    try:
        whole = [-1 if v is None else int(v) for v in values]
        if any(v is not None and float(v) != int(v) for v in values):
            raise ValueError
    except (TypeError, ValueError):
        raise UsageError("labels must be whole numbers or strings, with None where there is none") from None
    return np.maximum(np.array(whole, dtype=np.int64), -1), ()
