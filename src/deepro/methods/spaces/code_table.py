"""The table that `capture` fills: columns in memory, or in files of a subclass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


class CodeTable:
    """Columns of codes, labels and predictions that grow a batch at a time, for at most `size` examples."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.start = 0  # the example to go on with
        self.count = 0  # examples held
        self.about: dict[str, Any] = {}  # JSON that a later pass needs
        self._columns: dict[str, np.ndarray] = {}

    def add(self, columns: Mapping[str, np.ndarray], start: int) -> None:
        """Append a batch; `start` is the example after it. A column may have several rows an example."""
        n = len(columns["index"])
        for name, values in columns.items():
            each = len(values) // n
            if name not in self._columns:
                self._columns[name] = self.allocate(name, (self.size * each, *values.shape[1:]), values.dtype)
            self._columns[name][self.count * each : (self.count + n) * each] = values
        self.count += n
        self.start = start

    def allocate(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """Memory for a whole column; a subclass may return a file."""
        return np.empty(shape, dtype)

    def arrays(self) -> dict[str, np.ndarray]:
        """Column -> the rows that are filled."""
        return {name: column[: self.count * (len(column) // self.size)] for name, column in self._columns.items()}
