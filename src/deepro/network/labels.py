"""Class names: where they come from and which one is meant."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepro.errors import LabelError, UsageError

_SHOWN = 8
_MEANT = 3


def read_labels(source: Any) -> list[str] | None:
    """Names in order from a list, a mapping of index and name, a .txt file (one a line) or a .json file of either.

    Raises UsageError for what is none of these.
    """
    if source is None:
        return None
    if isinstance(source, str | Path):
        return _from_file(Path(source))
    if isinstance(source, Mapping):
        return _from_mapping(source, "labels")
    if isinstance(source, Sequence) or hasattr(source, "tolist"):
        return [str(label) for label in source]
    raise UsageError(f"labels are {type(source).__name__}; expected a list, a mapping, or a .txt or .json file")


def _from_file(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"labels: cannot read {path} ({reason})") from None
    if path.suffix.lower() != ".json":
        labels = [line.strip() for line in text.splitlines()]
        while labels and not labels[-1]:
            labels.pop()
        return labels
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"labels: {path} is not JSON ({error})") from None
    if isinstance(value, Mapping):
        return _from_mapping(value, f"labels: {path}")
    if not isinstance(value, list):
        raise UsageError(f"labels: {path} holds {type(value).__name__}, expected a list or an object")
    return [str(label) for label in value]


def _from_mapping(value: Mapping[Any, Any], where: str) -> list[str]:
    def is_index(x: Any) -> bool:
        return not isinstance(x, bool) and str(x).isdecimal()

    if value and all(is_index(k) for k in value):
        # {"0": ["n01440764", "tench"]} is how ImageNet's names are often kept: the last word of the list is the name.
        pairs = {int(k): str(v[-1] if isinstance(v, list | tuple) and v else v) for k, v in value.items()}
    elif value and all(is_index(v) for v in value.values()):
        pairs = {int(v): str(k) for k, v in value.items()}
    else:
        raise UsageError(f"{where}: expected {{index: name}} or {{name: index}}")
    if sorted(pairs) != list(range(len(pairs))):
        gap = next(i for i in range(len(pairs)) if i not in pairs)
        raise UsageError(f"{where}: {len(pairs)} names, but index {gap} has none")
    return [pairs[i] for i in range(len(pairs))]


def find(label: str, labels: Sequence[str]) -> int:
    """The index of the class meant by `label`.

    Written exactly; else in another case; else one of its synonyms ("jay, bird" has two); else as whole words within a
    name; else as a part of it. The first of these that fits decides.
    Raises LabelError, with candidates and their indices, where none or several fit.
    """
    wanted = label.strip()
    lowered = wanted.lower()
    if not lowered:
        raise LabelError("the label is empty; name a class or its index")
    names = [name.lower() for name in labels]
    steps = (
        lambda i: labels[i] == wanted,
        lambda i: names[i] == lowered,
        lambda i: lowered in (part.strip() for part in names[i].split(",")),
        lambda i: re.search(rf"(?<!\w){re.escape(lowered)}(?!\w)", names[i]) is not None,
        lambda i: lowered in names[i],
    )
    for fits in steps:
        found = [i for i in range(len(labels)) if fits(i)]
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(f"{labels[i]} ({i})" for i in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise LabelError(f"label {label!r} is ambiguous: {listed}{more}; write one in full, or its index")
    hint = _alike(lowered, labels) or f"; the network has {len(labels)} labels, such as {', '.join(labels[:3])}"
    raise LabelError(f"unknown label {label!r}{hint}")


def _alike(wanted: str, labels: Sequence[str]) -> str:
    """'; did you mean …?' for the names closest to `wanted`, as a whole or by one of their words; '' where none is."""
    names: dict[str, list[str]] = {}
    for label in labels:
        for text in {label.lower(), *re.findall(r"\w+", label.lower())}:
            names.setdefault(text, []).append(label)
    close = [label for text in difflib.get_close_matches(wanted, names, n=_MEANT, cutoff=0.6) for label in names[text]]
    shown = list(dict.fromkeys(close))[:_MEANT]
    return f"; did you mean {', '.join(shown)}?" if shown else ""
