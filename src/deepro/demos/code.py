"""What the embedded character LSTM reads: the source of this Python's standard library."""

from __future__ import annotations

import sysconfig
import zlib
from collections.abc import Mapping
from pathlib import Path

from deepro.network.sources.code_lstm import VOCABULARY

# Folders that some distributions leave out, and tables and prose that are no code.
_LEFT_OUT = frozenset(
    [
        "site-packages",
        "dist-packages",
        "test",
        "tests",
        "idlelib",
        "lib2to3",
        "encodings",
        "pydoc_data",
        "turtledemo",
        "_pyrepl",
        "__pycache__",
    ]
)
_HELD_OUT = 12  # one file of so many is never trained on


def corpus() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(training, held-out) texts of this Python's standard library by file name, sorted.

    Tabs become spaces; a file with a character that the network does not know is left out. Which files are held out
    depends on their names alone, so that another Python version splits the same way.
    """
    home = Path(sysconfig.get_paths()["stdlib"])
    training: dict[str, str] = {}
    held_out: dict[str, str] = {}
    known = set(VOCABULARY.tokens)
    for file in sorted(home.rglob("*.py")):
        name = file.relative_to(home)
        if _LEFT_OUT & set(name.parts) or name.parts[0].startswith("config-"):
            continue
        try:
            text = file.read_text(encoding="utf-8").expandtabs(4)
        except (OSError, UnicodeDecodeError):
            continue
        if text and not set(text) - known:
            texts = training if zlib.crc32(name.as_posix().encode()) % _HELD_OUT else held_out
            texts[name.as_posix()] = text
    return training, held_out
