"""A survey as a record of the registry: what the command, the Studio's form and the docs read.

Its result says itself what was read, by the pictures' own hashes (decision 13).
"""

from __future__ import annotations

from typing import Annotated, Any

from deepro.data.examples import as_examples
from deepro.errors import StoreError
from deepro.kinds.surveys.survey import Survey
from deepro.methods.units.diagnosis import diagnose
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.parameters import Bounds, DataSet, LayerNames, WorkFolder
from deepro.registry import method, record
from deepro.survey.plan import VERSION
from deepro.survey.run import survey as run


@method(
    family="units",
    paper=ZEILER,
    summary="What every unit looks for in a data set: its strongest photographs, its statistics, its health.",
    version=VERSION,
)
def survey(
    net: Network,
    dataset: DataSet,
    layers: LayerNames | None = None,
    workspace: WorkFolder | None = None,
    *,
    top_k: Annotated[int, Bounds(1, 100), "strongest images kept for each unit"] = 9,
    batch_size: Annotated[int, Bounds(1, 4096), "images a pass"] = 16,
    shard_size: Annotated[int, Bounds(1, 1_000_000), "images after which progress is saved"] = 128,
) -> Survey:
    """`deepro.survey`; in a workspace it goes on where it was stopped, and adds the units' health.

    layers: five convolutions from the first to the last by default, "all" for every one. Unfinished work that no longer
    fits is begun anew.
    """
    dataset = as_examples(net, dataset)
    options: Any = {"batch_size": batch_size, "shard_size": shard_size}
    data = dataset.labelled()
    try:
        found = run(net, data, layers, top_k, workspace, resume=workspace is not None, **options)
    except StoreError:  # what was begun is of other data; asked for from the Studio nobody can say so
        if workspace is None:
            raise
        found = run(net, data, layers, top_k, workspace, **options)
    if workspace is not None:
        workspace.make(record(diagnose).bind(net, found))
    return found
