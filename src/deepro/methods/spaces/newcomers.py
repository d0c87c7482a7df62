"""Other examples asked about on a map that stays as it is: where they lie, and what they are nearest to."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepro.data.examples import as_examples
from deepro.errors import UsageError
from deepro.kinds.spaces.map import Map
from deepro.methods.spaces.codes import capture
from deepro.methods.spaces.embed import pca, random_projection
from deepro.methods.spaces.neighbours import Finder
from deepro.methods.spaces.placement import place
from deepro.methods.spaces.reduce import RandomProjection, principal_components
from deepro.network import Network


def place_on(net: Network, made: Map, dataset: Any, *, batch_size: int = 32) -> np.ndarray:
    """Positions (M, 2) of the readable examples of `dataset` on a map of this network's layer.

    On a PCA or random projection by the same linear map, on others by placement.place. No old point moves.
    Raises UsageError where the map was made by another network, or kept no codes.
    """
    codes = new_codes(net, made, dataset, batch_size=batch_size)
    assert made.codes is not None
    if made.method == pca.__name__:
        count = min(2, *made.codes.shape)
        at = np.zeros((len(codes), 2))
        at[:, :count] = principal_components(made.codes, count, made.facts["seed"]).project(codes)
        return at
    if made.method == random_projection.__name__:
        return RandomProjection(codes.shape[1], 2, made.facts["seed"])(codes).astype(np.float64)
    return place(made.values, made.codes, codes, metric=made.facts["metric"])


def nearest_on(net: Network, made: Map, dataset: Any, k: int = 10) -> list[list[tuple[str, float]]]:
    """For each readable example of `dataset` the `k` nearest examples of the map: (id, distance), nearest first, exact.

    Nearness is in the layer's space, not on the map. Raises as `place_on`.
    """
    codes = new_codes(net, made, dataset)
    assert made.codes is not None
    near = Finder(made.codes, made.facts["metric"]).of(codes, min(k, len(made.codes)))
    return [
        [(made.ids[i], float(d)) for i, d in zip(*row, strict=True)]
        for row in zip(near.indices, near.distances, strict=True)
    ]


def new_codes(net: Network, made: Map, dataset: Any, *, batch_size: int = 32) -> np.ndarray:
    """(M, D) codes of other examples, made as the map's own were."""
    if made.codes is None:
        raise UsageError("this map kept no codes: make it with keep_codes=True")
    if "metric" not in made.facts:
        raise UsageError(f"a map made by {made.method} has no place for examples")
    if made.provenance is not None and made.provenance.network["fingerprint"] != net.fingerprint:
        raise UsageError(
            f"the map was made by another network or other weights ({made.provenance.network['name']}): "
            "its codes cannot be compared"
        )
    found = capture(
        net,
        as_examples(net, dataset),
        made.layer,
        pool=made.pool,  # type: ignore[arg-type]
        step=made.facts["step"],
        batch_size=batch_size,
        memory=1 << 62,
        predictions=False,
    ).arrays[made.layer]
    if "projected_from" in made.facts:
        found = RandomProjection(made.facts["projected_from"], made.facts["code_size"], made.facts["seed"])(found)
    return found.astype(np.float32)
