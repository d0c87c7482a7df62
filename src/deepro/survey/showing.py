"""Adds to a survey's workspace what its report shows: galleries, fed classes and health of units in some layers."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from deepro import registry
from deepro.data import as_dataset
from deepro.errors import LayerError, NetworkError
from deepro.kinds.surveys.diagnosis import Diagnosis
from deepro.kinds.surveys.gallery import Gallery
from deepro.kinds.surveys.survey import Survey
from deepro.methods.units.diagnosis import diagnose
from deepro.network import Network
from deepro.store import Workspace
from deepro.survey.feeds import feeds
from deepro.survey.gallery import check_layer, check_units, gallery
from deepro.survey.plan import FEW, spread

BLOCK = 64  # units a result: what an interruption costs, and what is in memory at once


def complete(
    net: Network,
    survey: Survey,
    dataset: Any,
    workspace: Workspace,
    layers: Sequence[str] | None = None,
    units: int | None = BLOCK,
) -> tuple[list[Gallery], Diagnosis]:
    """What belongs to a survey, in its workspace: examples of units, what they feed, and which of them are sick.

    layers: whose units are shown; some from first to last by default, none where the network sees no pictures.
    units: so many of each, all where None.
    """
    galleries: list[Gallery] = []
    for name in layers or (shown_layers(survey) if pictures(net) else []):
        galleries += show_units(net, survey, dataset, name, workspace, first_units(survey, name, units))
    return galleries, workspace.make(registry.record(diagnose).bind(net, survey, galleries=galleries))


def shown_layers(survey: Survey, count: int = FEW) -> list[str]:
    """Layers of a survey at even distances from first to last; layers whose units have no pictures are left out."""
    return spread([name for name, layer in survey.layers.items() if layer.positions.shape[2] == 2], count)


def pictures(net: Network) -> bool:
    """Whether the network looks at pictures, of which there are galleries."""
    return net.input_shape is not None and len(net.input_shape) == 3


def first_units(survey: Survey, layer: str, count: int | None) -> list[int]:
    """The first `count` units of a layer, all where it is None."""
    have = len(check_layer(survey, layer).values)
    return list(range(have if count is None else min(have, count)))


def show_units(
    net: Network,
    survey: Survey,
    dataset: Any,
    layer: str,
    workspace: Workspace,
    units: Sequence[int] | None = None,
    **options: Any,
) -> list[Gallery]:
    """Galleries of `units` (all by default), a block of units a result, and the classes they feed, in `workspace`.

    options: of a gallery. What the workspace holds already is not made again. A network that classifies nothing feeds
    nothing.
    """
    data = as_dataset(dataset)
    statistics = check_layer(survey, layer)
    chosen = list(units) if units is not None and not len(units) else check_units(units, len(statistics.values), layer)
    options = {"count": statistics.values.shape[1], **options}
    blocks = [chosen[start : start + BLOCK] for start in range(0, len(chosen), BLOCK)]
    record = registry.record(gallery)
    found = [workspace.make(record.bind(net, survey, data, layer, block, **options)) for block in blocks]
    if chosen:
        with contextlib.suppress(NetworkError, LayerError):  # a network that classifies nothing
            workspace.make(registry.record(feeds).bind(net, survey, data, layer, chosen))
    return found
