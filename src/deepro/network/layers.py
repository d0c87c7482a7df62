"""The layers of a network in execution order."""

from __future__ import annotations

from dataclasses import dataclass

from deepro.network.receptive_field import ReceptiveField


@dataclass(frozen=True)
class Layer:
    """A named place whose output can be captured. shape is without the batch axis; units counts channels or neurons."""

    name: str
    kind: str
    shape: tuple[int, ...]
    units: int
    receptive_field: ReceptiveField | None  # None where it is not known
    parameters: int = 0  # this module's own and its children's
    depth: int = 0  # how many modules contain it
