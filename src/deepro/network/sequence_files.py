"""Files of sequences: a text, a sound, an array, token numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from deepro.errors import UsageError
from deepro.network.sound import Sound


def read_sequence(path: Path) -> Any:
    """What a file holds: .wav a Sound, .npy and .csv an array (T,) or (T, F), .json token numbers, others a text.

    Raises UsageError where it cannot be read.
    """
    kind = path.suffix.lower()
    if kind == ".wav":
        return Sound.open(path)
    try:
        if kind == ".npy":
            return np.load(path, allow_pickle=False)
        if kind == ".csv":
            first = path.read_text(encoding="utf-8").partition("\n")[0]
            head = any(c.isalpha() and c not in "eE" for c in first)
            return np.loadtxt(path, delimiter=",", ndmin=2, skiprows=int(head), dtype=np.float32)
        if kind == ".json":
            return np.asarray(json.loads(path.read_text(encoding="utf-8")))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} cannot be read as text: {error}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
