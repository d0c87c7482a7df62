"""Follows each unit's strongest example through training: one survey and one projection a checkpoint."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from deepro import progress
from deepro.data.examples import as_examples
from deepro.errors import UsageError
from deepro.kinds.experiments.evolution import Evolution
from deepro.kinds.surveys.gallery import Gallery
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerName, OtherNetworks, Units
from deepro.rectifiers import Rule
from deepro.registry import method
from deepro.survey.gallery import gallery
from deepro.survey.run import survey


@method(
    family="units",
    paper=ZEILER,
    summary="Each unit's strongest example at several checkpoints of a training.",
    version=2,
)
def evolution(
    net: Network,
    checkpoints: OtherNetworks,
    dataset: DataSet,
    layer: LayerName,
    units: Units | None = None,
    *,
    tile: Annotated[int, Bounds(1, 1024), "longest side of a patch, in pixels"] = 64,
    rule: Annotated[Rule, "what comes back through a rectifier"] = "deconvnet",
    batch_size: Annotated[int, Bounds(1, 4096), "images a pass"] = 16,
) -> Evolution:
    """The strongest example of each unit at each checkpoint (Zeiler & Fergus 2014, figure 4).

    checkpoints: name -> network, in the order of training, all of one architecture, such as
    {"epoch 1": deepro.load("net.py:make", weights="e1.safetensors"), ...}. net: the one of them that the result is
    kept under, usually the last. Where the strongest image changes from one checkpoint to the next, `jumps` says so:
    the sudden jumps in appearance of the paper.
    Raises what `survey` and `gallery` raise, and UsageError for no checkpoints or other numbers of units.

    Example: `deepro.evolution(net, checkpoints, "photos/", "features.11")`
    """
    if net.fingerprint not in {one.fingerprint for one in checkpoints.values()}:
        raise UsageError("the network is none of the checkpoints: expected one of them, usually the last")
    data = as_examples(net, dataset).labelled()
    parts: list[Gallery] = []
    for name, one in progress.steps(list(checkpoints.items()), "checkpoints"):
        found = survey(one, data, [layer], top_k=1, batch_size=batch_size)
        part = gallery(one, found, data, layer, units, count=1, tile=tile, rule=rule)
        if parts and part.patches.shape != parts[0].patches.shape:
            raise UsageError(f"checkpoint {name!r} is of another architecture: layer {layer!r} differs")
        parts.append(part)
    joined: dict[str, Any] = {
        key: np.concatenate([getattr(part, key) for part in parts], axis=1)
        for key in ("values", "images", "positions", "windows", "boxes", "patches", "projections")
    }
    shown, first = np.unique(np.concatenate([part.shown for part in parts]), return_index=True)
    digests = [digest for part in parts for digest in part.digests]
    images = joined["images"]
    jumps = np.zeros(images.shape, dtype=bool)
    jumps[:, 1:] = images[:, 1:] != images[:, :-1]
    whole = Gallery(
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
    return Evolution(checkpoints=tuple(checkpoints), gallery=whole, jumps=jumps)
