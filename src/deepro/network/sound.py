"""A recording: samples in -1..1 and how many of them make a second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepro.errors import UsageError


@dataclass(frozen=True, eq=False)
class Sound:
    """samples: (T,) float32 in -1..1, one channel. rate: samples a second. name: for captions."""

    samples: np.ndarray
    rate: int
    name: str | None = None

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        if samples.dtype.kind != "f" or samples.ndim != 1:
            raise UsageError(f"a sound is (T,) floats, got {samples.shape} {samples.dtype}; average its channels first")
        if self.rate < 1:
            raise UsageError(f"rate is {self.rate}, expected samples a second, such as 16000")
        object.__setattr__(self, "samples", np.ascontiguousarray(samples, dtype=np.float32))

    @classmethod
    def open(cls, path: str | Path) -> Sound:
        """A .wav file, its channels averaged. Raises UsageError where it cannot be read."""
        from scipy.io import wavfile

        try:
            rate, values = wavfile.read(str(path))
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} cannot be read as a .wav file: {error}") from None
        return cls(_scaled(values), int(rate), str(path))


def _scaled(values: Any) -> np.ndarray:
    """(T,) or (T, channels) of any kind that .wav files hold, as float32 in -1..1."""
    if values.dtype == np.uint8:
        values = (values.astype(np.float32) - 128) / 128
    elif values.dtype.kind == "i":
        values = values.astype(np.float32) / float(1 << (8 * values.dtype.itemsize - 1))
    return values.astype(np.float32).reshape(len(values), -1).mean(1)
