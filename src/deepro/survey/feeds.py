"""Finds the classes whose logits a unit raises on its own strongest photographs."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from deepro import progress
from deepro.data.examples import as_examples
from deepro.errors import NetworkError
from deepro.kinds.surveys.feeds import Feeds
from deepro.kinds.surveys.survey import Survey
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerName, Units, stored
from deepro.registry import Paper, method
from deepro.survey.gallery import check_survey, check_units, read_image

_CLASSES = 5  # looked at in each photograph, the most probable ones
_KEPT = 5


@method(
    family="units",
    paper=Paper(
        "Olah et al.", 2018, "The building blocks of interpretability", "https://distill.pub/2018/building-blocks/"
    ),
    summary="Which classes each unit of a layer raises, on its own strongest photographs.",
)
def feeds(
    net: Network,
    survey: Annotated[Survey, stored(Survey)],
    dataset: DataSet,
    layer: LayerName,
    units: Units | None = None,
    *,
    examples: Annotated[int, Bounds(1, 100), "strongest photographs of a unit that are looked at"] = 3,
) -> Feeds:
    """The classes that each unit raises: gradient times activation, to first order what a logit would lose without it.

    For each of the unit's `examples` strongest photographs the gradient of the five largest logits with respect to the
    layer's output, times that output, summed over the unit's map; then the mean over the photographs, a class that is
    not among the five counting as 0. Cost: one pass and five ways back from the logits to the layer a photograph.
    Raises what `gallery` raises, and NetworkError for a layer on which the logits do not depend.

    Example: `deepro.feeds(net, survey, "photos/", "features.11", [34])`
    """
    data = as_examples(net, dataset).labelled()
    statistics = check_survey(net, survey, data, layer)
    chosen = check_units(units, len(statistics.values), layer)
    count = min(examples, statistics.values.shape[1])
    wanted: dict[int, list[int]] = defaultdict(list)
    seen = np.zeros(len(chosen), dtype=np.int64)
    for row, unit in enumerate(chosen):
        for rank in range(count):
            if statistics.images[unit, rank] >= 0 and statistics.values[unit, rank] > 0:
                wanted[int(statistics.images[unit, rank])].append(row)
                seen[row] += 1
    sums: list[dict[int, float]] = [defaultdict(float) for _ in chosen]
    axis = net.layers[layer].unit_axis if layer in net.layers else 1
    for image in progress.steps(sorted(wanted), f"classes of {layer}"):
        for label, given in _given(net, read_image(net, data, image).tensor, layer, axis):
            for row in wanted[image]:
                sums[row][label] += float(given[chosen[row]])
    classes = np.full((len(chosen), _KEPT), -1, dtype=np.int64)
    logits = np.full((len(chosen), _KEPT), np.nan, dtype=np.float32)
    for row, found in enumerate(sums):
        best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_KEPT]
        for place, (label, total) in enumerate(best):
            classes[row, place], logits[row, place] = label, total / seen[row]
    return Feeds(
        layer=layer,
        units=np.array(chosen),
        classes=classes,
        logits=logits,
        examples=count,
        labels={str(c): net.label(int(c)) for c in np.unique(classes[classes >= 0])},
    )


def _given(net: Network, inputs: Tensor, layer: str, axis: int) -> list[tuple[int, Tensor]]:
    """(class, (U,) what each unit adds to its logit) for the classes that one image is most like."""
    with torch.enable_grad(), net.probe([layer]) as probe:
        logits = net.logits_of(probe(inputs.detach().clone().requires_grad_()))[0]
        out = probe[layer]
        found = []
        for label in logits.detach().topk(min(_CLASSES, len(logits))).indices.tolist():
            (gradient,) = torch.autograd.grad(logits[label], out, retain_graph=True, allow_unused=True)
            if gradient is None:
                raise NetworkError(f"the logits do not depend on layer {layer!r}")
            found.append((label, (gradient * out).detach()[0].movedim(axis - 1, 0).flatten(1).sum(1).cpu()))
    return found
