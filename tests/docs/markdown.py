"""What stands in the documents: their blocks of Python and of commands."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MADE = ("methods/README.md", "gallery.md", "commands.md", "api.md")  # in docs/, by docs/make_reference.py
DOCUMENTS = tuple(
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/plugin/README.md")
) + tuple(sorted(p for p in (ROOT / "docs").glob("*.md") if p.name not in MADE))  # fmt: skip


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def fenced(document: Path, *languages: str) -> list[str]:
    """Blocks between fences of one of these languages."""
    found = re.findall(r'^```(\w*)(?: title="Deepro")?\n(.*?)^```$', document.read_text(encoding="utf-8"), re.M | re.S)
    return [text for language, text in found if language in languages]


def commands(document: Path) -> list[list[str]]:
    """The words of each command in fenced and indented blocks; comments are left out."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    blocks = fenced(document, "sh") + re.findall(r"(?:^    .*\n)+", text, re.M)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [shlex.split(re.sub(r"(^|\s)# .*", "", line)) for line in lines if "→" not in line]
    return [part for words in found for part in _chained(words) if part]


def _chained(words: list[str]) -> list[list[str]]:
    """A line of several commands joined by &&."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def load_document(name: str) -> Any:
    """A module of docs/, which is no package."""
    folder = str(ROOT / "docs")
    if folder not in sys.path:
        sys.path.append(folder)  # where they find each other
    return importlib.import_module(name)
