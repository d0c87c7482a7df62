"""Which of a network's classes a data set means, where it names them by number or by WordNet id."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

from deepro.errors import LabelError
from deepro.network.network import Network

_WORDNET = re.compile(r"n\d{8}")
_IMAGENET = (1000, "tench", "toilet")  # classes, and words of the first and the last label


def class_indices(net: Network, names: Sequence[str]) -> list[int | None]:
    """The network's class of each name: by its number, its WordNet id or its label; None where there is none."""
    order = _wordnet_order(net, names)
    if order:
        return [order.get(name) for name in names]
    found: list[int | None] = []
    for name in names:
        try:
            found.append(net.label_index(int(name) if name.isdecimal() else name))
        except LabelError:
            found.append(None)
    return found


def readable(net: Network, names: Sequence[str]) -> tuple[str, ...]:
    """Numbers and WordNet ids with the network's label, such as 'bullfrog (30)'; names that are words as they are.

    Only where all are numbers, or all are ids, of classes that the network has labels for.
    """
    if not names or not net.labels or not (_all_ids(names) or all(n.isdecimal() for n in names)):
        return tuple(names)
    found = class_indices(net, names)
    if None in found:
        return tuple(names)
    return tuple(f"{net.labels[i].split(',')[0]} ({i})" for i in found if i is not None)


def _all_ids(names: Sequence[str]) -> bool:
    return bool(names) and all(_WORDNET.fullmatch(name) for name in names)


def _wordnet_order(net: Network, names: Sequence[str]) -> dict[str, int]:
    """WordNet id -> class, for networks of ImageNet's thousand classes; {} for others and where it is not known.

    The classes stand in the order of their ids, so that a thousand ids say it themselves; timm has the list.
    """
    count, first, last = _IMAGENET
    known = len(net.labels) if net.labels else net.classes
    if not _all_ids(names) or known != count:
        return {}
    if net.labels and not (first in net.labels[0].lower() and last in net.labels[-1].lower()):
        return {}
    ids = set(names)
    if len(ids) < count:
        ids = set(_timm_ids())
    return {name: i for i, name in enumerate(sorted(ids))} if len(ids) == count else {}


def _timm_ids() -> list[str]:
    spec = importlib.util.find_spec("timm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "data" / "_info" / "imagenet_synsets.txt"
        if file.is_file():
            return file.read_text(encoding="utf-8").split()
    return []
