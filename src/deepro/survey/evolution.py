"""A unit's strongest example through training: one survey and one projection a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from deepro import progress
from deepro.data import as_dataset
from deepro.errors import UsageError
from deepro.kinds.experiments.evolution import Evolution
from deepro.kinds.surveys.gallery import Gallery
from deepro.network import Network
from deepro.parameters.others import kept_network
from deepro.rectifiers import Rule
from deepro.survey.gallery import gallery
from deepro.survey.run import survey

VERSION = 2


def evolution(
    checkpoints: Mapping[str, Network],
    dataset: Any,
    layer: str,
    units: int | Sequence[int] | None = None,
    *,
    tile: int = 64,
    rule: Rule = "deconvnet",
    batch_size: int = 16,
) -> Evolution:
    """The strongest example of each unit at each checkpoint (Zeiler & Fergus 2014, figure 4).

    checkpoints: name -> network, in the order of training, all of one architecture, such as
    {"epoch 1": deepro.load("net.py:make", weights="e1.safetensors"), ...}. Where the strongest image changes from one
    checkpoint to the next, `jumps` says so: the sudden jumps in appearance of the paper.
    Raises what `survey` and `gallery` raise, and UsageError for no checkpoints or other numbers of units.
    """
    if not checkpoints:
        raise UsageError("no checkpoints: expected name -> network, in the order of training")
    data = as_dataset(dataset)
    parts: list[Gallery] = []
    for name, net in progress.steps(list(checkpoints.items()), "checkpoints"):
        found = survey(net, data, [layer], top_k=1, batch_size=batch_size)
        part = gallery(net, found, data, layer, units, count=1, tile=tile, rule=rule)
        if parts and part.patches.shape != parts[0].patches.shape:
            raise UsageError(f"checkpoint {name!r} is of another architecture: layer {layer!r} differs")
        parts.append(part)
    joined = {
        key: np.concatenate([getattr(part, key) for part in parts], axis=1)
        for key in ("values", "images", "positions", "windows", "boxes", "patches", "projections")
    }
    shown, first = np.unique(np.concatenate([part.shown for part in parts]), return_index=True)
    digests = [digest for part in parts for digest in part.digests]
    images = joined["images"]
    jumps = np.zeros(images.shape, dtype=bool)
    jumps[:, 1:] = images[:, 1:] != images[:, :-1]
    made = parts[-1].provenance
    if made is not None:
        prints = {name: kept_network(net) for name, net in checkpoints.items()}
        asked = {"layer": layer, "units": parts[0].units.tolist(), "checkpoints": prints}
        asked |= {"tile": tile, "rule": rule, "batch_size": batch_size}
        made = replace(made, method="evolution", version=VERSION, parameters=asked)
    whole = Gallery(
        provenance=made,
        layer=layer,
        rule=rule,
        units=parts[0].units,
        shown=shown,
        ids=tuple(data.id(int(i)) for i in shown),
        digests=tuple(digests[i] for i in first),
        sizes=np.concatenate([part.sizes for part in parts])[first],
        thumbnails=np.concatenate([part.thumbnails for part in parts])[first],
        **joined,
    )
    return Evolution(provenance=made, checkpoints=tuple(checkpoints), gallery=whole, jumps=jumps)
