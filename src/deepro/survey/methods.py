"""Work on a whole data set as records of the registry: what the command, the Studio's form and the docs read.

Their results say themselves what was read, by the pictures' own hashes (decision 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from deepro.data.examples import as_examples
from deepro.errors import StoreError
from deepro.kinds.experiments.ablation import Ablation
from deepro.kinds.experiments.comparison import Comparison
from deepro.kinds.experiments.evolution import Evolution
from deepro.kinds.surveys.diagnosis import Diagnosis
from deepro.kinds.surveys.feeds import Feeds
from deepro.kinds.surveys.gallery import Gallery
from deepro.kinds.surveys.survey import Survey
from deepro.methods.units import ablation, diagnosis
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.parameters import (
    Bounds,
    DataSet,
    LayerName,
    LayerNames,
    LayerUnits,
    OtherNetwork,
    OtherNetworks,
    Units,
    Value,
    WorkFolder,
    several_stored,
    stored,
)
from deepro.rectifiers import Rule
from deepro.registry import Paper, method
from deepro.survey import compare as checkpoints
from deepro.survey import evolution as training
from deepro.survey import feeds as classes
from deepro.survey import gallery as examples
from deepro.survey.plan import VERSION
from deepro.survey.run import survey as run
from deepro.survey.showing import complete

BatchSize = Annotated[int, Bounds(1, 4096), "images a pass"]


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
    batch_size: BatchSize = 16,
    shard_size: Annotated[int, Bounds(1, 1_000_000), "images after which progress is saved"] = 128,
) -> Survey:
    """`deepro.survey`; in a workspace it goes on where it was stopped, and adds galleries, classes and health.

    layers: every convolution by default. Unfinished work that no longer fits is begun anew.
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
        complete(net, found, data, workspace)
    return found


@method(
    family="units",
    paper=Paper(
        "Morcos et al.",
        2018,
        "On the importance of single directions for generalization",
        "https://arxiv.org/abs/1803.06959",
    ),
    summary="What the network loses on labelled photographs when units are silenced.",
)
def ablate(
    net: Network,
    dataset: DataSet,
    units: LayerUnits,
    *,
    each: Annotated[bool, "silence one unit at a time, which ranks them"] = False,
    fill: Annotated[Literal["zero", "mean"], "what a silent unit gives"] = "zero",
    batch_size: BatchSize = 16,
) -> Ablation:
    """`methods.units.ablation.ablate`; a survey of the same data gives the means where units are held at theirs."""
    dataset = as_examples(net, dataset)
    data, means = dataset.labelled(), None
    if fill == "mean":
        found = run(net, data, list(units), 1, batch_size=batch_size)
        means = {name: layer.mean for name, layer in found.layers.items()}
    return ablation.ablate(net, data, units, each=each, fill=fill, means=means, batch_size=batch_size)


SURVEYED = Annotated[Survey, stored(Survey)]


@method(
    family="units",
    paper=ZEILER,
    summary="The strongest examples of a layer's units, each beside what of it drove the unit.",
    version=examples.VERSION,
)
def gallery(
    net: Network,
    survey: SURVEYED,
    dataset: DataSet,
    layer: LayerName,
    units: Units | None = None,
    *,
    count: Annotated[int | None, Bounds(1, 100), "examples a unit; as many as the survey kept by default"] = None,
    tile: Annotated[int, Bounds(8, 1024), "longest side of a patch, in pixels"] = examples.TILE,
    rule: Annotated[Rule, "what comes back through a rectifier"] = "deconvnet",
) -> Gallery:
    """`survey.gallery.gallery`: figure 2 of the paper for the units of one layer of a survey."""
    data = as_examples(net, dataset).labelled()
    return examples.gallery(net, survey, data, layer, units, count=count, tile=tile, rule=rule)  # type: ignore[arg-type]


@method(
    family="units",
    paper=ZEILER,
    summary="Which classes each unit of a layer raises, on its own strongest photographs.",
    version=classes.VERSION,
)
def feeds(
    net: Network,
    survey: SURVEYED,
    dataset: DataSet,
    layer: LayerName,
    units: Units | None = None,
    *,
    examples: Annotated[int, Bounds(1, 100), "strongest photographs of a unit that are looked at"] = classes.EXAMPLES,
) -> Feeds:
    """`survey.feeds.feeds`: gradient times activation, the mean over a unit's strongest photographs."""
    data = as_examples(net, dataset).labelled()
    return classes.feeds(net, survey, data, layer, units, examples=examples)  # type: ignore[arg-type]


@method(
    family="units",
    paper=ZEILER,
    summary="Which units look sick: dead, always on, duplicates, noisy, aliased, not finite.",
    version=diagnosis.VERSION,
)
def diagnose(
    net: Network,
    survey: SURVEYED,
    thresholds: Annotated[Mapping[str, float], Value("fault -> where it begins")] | None = None,
    galleries: Annotated[Sequence[Gallery], several_stored(Gallery)] | None = None,
) -> Diagnosis:
    """`methods.units.diagnosis.diagnose`: the survey, the weights and the projections in galleries are the evidence."""
    return diagnosis.diagnose(net, survey, thresholds, galleries or ())


@method(
    family="units",
    paper=ZEILER,
    summary="What changed from one checkpoint to another: filters, strongest examples, the classes' means.",
    version=checkpoints.VERSION,
)
def compare(net: Network, before: SURVEYED, after: SURVEYED, other: OtherNetwork | None = None) -> Comparison:
    """`survey.compare.compare` of two surveys of one data set.

    net: the network of the survey `after`. other: that of `before`; without it filters are not compared.
    """
    return checkpoints.compare(before, after, (other, net) if other else None)


@method(
    family="units",
    paper=ZEILER,
    summary="Each unit's strongest example at several checkpoints of a training.",
    version=training.VERSION,
)
def evolution(
    net: Network,
    checkpoints: OtherNetworks,
    dataset: DataSet,
    layer: LayerName,
    units: Units | None = None,
    *,
    tile: Annotated[int, Bounds(8, 1024), "longest side of a patch, in pixels"] = 64,
    rule: Annotated[Rule, "what comes back through a rectifier"] = "deconvnet",
    batch_size: BatchSize = 16,
) -> Evolution:
    """`survey.evolution.evolution`, figure 4 of the paper: one survey and one gallery a checkpoint.

    net: the last checkpoint, which gives layers and units their names. checkpoints: all of them in their order.
    """
    data = as_examples(net, dataset).labelled()
    options: Any = {"tile": tile, "rule": rule, "batch_size": batch_size}
    return training.evolution(checkpoints, data, layer, units, **options)  # type: ignore[arg-type]
