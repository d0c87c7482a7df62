"""Deepro opens trained neural networks: units, patterns, regions, spaces, sequences.

    net = deepro.load("builtin:efficientnet-lite0")
    deepro.deconvnet(net, "cat.jpg", layer="_blocks.4")

Names load on first use: `import deepro` is fast and pulls in neither torch nor plots.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = {
    "load": "deepro.network",
    "Network": "deepro.network",
    "Preprocess": "deepro.network",
    "activations": "deepro.methods.units.activations",
    "deconvnet": "deepro.methods.units.deconvnet",
    "heatmap": "deepro.methods.regions.heatmap",
    "segment": "deepro.methods.regions.segment",
    "imagine": "deepro.methods.patterns.imagine",
    "explain": "deepro.explanation",
    "survey": "deepro.survey",
    "embed": "deepro.methods.spaces.embed",
    "trace": "deepro.methods.sequences.trace",
    "find_cells": "deepro.methods.sequences.cells",
    "match": "deepro.methods.sequences.match",
    "memory": "deepro.methods.sequences.memory",
    "write_corpus": "deepro.store.corpus",
    "open_corpus": "deepro.store.corpus",
    "match_corpus": "deepro.store.corpus",
    "Sound": "deepro.network.sound",
    "Vocabulary": "deepro.network.vocabulary",
    "open": "deepro.store",
    "Workspace": "deepro.store",
    "DeeproError": "deepro.errors",
}

__all__ = sorted(_HOMES)

if TYPE_CHECKING:
    from deepro.errors import DeeproError as DeeproError
    from deepro.explanation import explain as explain
    from deepro.methods.patterns.imagine import imagine as imagine
    from deepro.methods.regions.heatmap import heatmap as heatmap
    from deepro.methods.regions.segment import segment as segment
    from deepro.methods.sequences.cells import find_cells as find_cells
    from deepro.methods.sequences.match import match as match
    from deepro.methods.sequences.memory import memory as memory
    from deepro.methods.sequences.trace import trace as trace
    from deepro.methods.spaces.embed import embed as embed
    from deepro.methods.units.activations import activations as activations
    from deepro.methods.units.deconvnet import deconvnet as deconvnet
    from deepro.network import Network as Network
    from deepro.network import Preprocess as Preprocess
    from deepro.network import load as load
    from deepro.network.sound import Sound as Sound
    from deepro.network.vocabulary import Vocabulary as Vocabulary
    from deepro.store import Workspace as Workspace
    from deepro.store import open as open
    from deepro.store.corpus import match_corpus as match_corpus
    from deepro.store.corpus import open_corpus as open_corpus
    from deepro.store.corpus import write_corpus as write_corpus
    from deepro.survey import survey as survey


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'deepro' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
