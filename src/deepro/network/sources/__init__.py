"""Where networks come from: one file a kind of source, each giving a Found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Found:
    """A module and what its source knows about it. notes are for the reader: what was assumed or could not be had."""

    module: nn.Module
    name: str
    preprocess: Any = None
    labels: list[str] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wish:
    """Which weights are asked for.

    weights: None for the best that can be had, "random", or the name of published weights. own_weights: a file is
    loaded afterwards, the source's own weights are not needed. classes: as many as that file has, where it differs.
    """

    weights: str | None = None
    own_weights: bool = False
    classes: int | None = None
    seed: int = 0


RANDOM = "the weights are random: what this network shows was not learned"
