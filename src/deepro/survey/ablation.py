"""What a network loses when units are silenced, and the weights of a network without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepro import progress
from deepro.data import Dataset, batches
from deepro.data.examples import as_examples
from deepro.data.reading import ReadExample, read_ahead
from deepro.errors import ImageError, LabelError, LayerError, UnsupportedError, UsageError
from deepro.kinds.experiments.ablation import Ablation
from deepro.network import Network
from deepro.network.class_names import class_indices
from deepro.parameters import Bounds, DataSet, LayerUnits
from deepro.probe import split_call
from deepro.registry import Paper, method
from deepro.survey.run import survey

Units = Mapping[str, Sequence[int]]


@method(
    family="units",
    paper=Paper(
        "Morcos et al.",
        2018,
        "On the importance of single directions for generalization",
        "https://arxiv.org/abs/1803.06959",
    ),
    summary="What the network loses on labelled photographs when units are silenced.",
    version=3,
)
def ablate(
    net: Network,
    dataset: DataSet,
    units: LayerUnits,
    *,
    each: Annotated[bool, "silence one unit at a time, which ranks them"] = False,
    fill: Annotated[Literal["zero", "mean"], "what a silent unit gives"] = "zero",
    batch_size: Annotated[int, Bounds(1, 4096), "images a pass"] = 16,
) -> Ablation:
    """Accuracy and loss on a labelled data set with units silenced, against the untouched network on the same images.

    units: layer -> units. each: silence them one at a time, which ranks them by what they cost to lose; otherwise all
    at once. fill: a silent unit gives 0, or its mean over the data set, which a survey finds. Classes are matched to
    to the network's by label, or by index where they are numbers. Standard errors are of the differences, image by
    image, from the untouched network. Cost: one reading, 1 + S passes.
    Raises UsageError for units that are not there, LabelError for classes that do not fit, ImageError where nothing can
    be read.

    Example: `deepro.ablate(net, "photos/", {"features.11": [3, 17]})`
    """
    data = as_examples(net, dataset).labelled()
    chosen = {layer: tuple(us) for layer, us in units.items()}
    if not any(chosen.values()):
        raise UsageError("no units to silence: expected layer -> units, such as {'features.10': [3, 17]}")
    sets: list[dict[str, tuple[int, ...]]] = [{}]
    sets += [{layer: (u,)} for layer, us in chosen.items() for u in us] if each else [chosen]
    classes = match_classes(net, data)
    axes = {layer: net.layers[layer].unit_axis if layer in net.layers else 1 for layer in chosen}
    changed, right, losses = np.zeros(len(sets)), [[] for _ in sets], [[] for _ in sets]
    failed: list[ReadExample] = []
    means: Mapping[str, np.ndarray] | None = None
    if fill == "mean":
        means = {name: s.mean for name, s in survey(net, data, list(chosen), 1, batch_size=batch_size).layers.items()}
    reads = read_ahead(net, data, range(len(data)), ahead=2 * batch_size)
    with torch.no_grad():
        for batch, _ in batches(progress.steps(reads, "ablate", len(data)), batch_size, failed):
            known = batch.labels >= 0
            if not known.any():
                continue
            inputs = batch.tensor[known].to(net.device, net.dtype)
            labels = torch.tensor([classes[int(c)] for c in batch.labels[known]], device=net.device)
            plain = None
            for s, silent in enumerate(sets):
                edits = {
                    layer: _silence(layer, us, axes[layer], _values(fill, means, layer, us))
                    for layer, us in silent.items()
                }
                with net.probe(edit=edits) as probe:
                    logits = net.logits_of(probe(inputs))
                said = logits.argmax(1)
                plain = said if plain is None else plain
                changed[s] += float((said != plain).sum())
                right[s].append((said == labels).double().cpu().numpy())
                losses[s].append(functional.cross_entropy(logits.double(), labels, reduction="none").cpu().numpy())
    if not losses[0]:
        reason = f"; {data.id(failed[0].index)}: {failed[0].reason}" if failed else ""
        raise ImageError(f"no labelled image of {data.name} could be read{reason}")
    correct, loss = (np.stack([np.concatenate(one) for one in parts]) for parts in (right, losses))
    return Ablation(
        silenced=tuple(sets),
        accuracy=correct.mean(1).astype(np.float32),
        loss=loss.mean(1).astype(np.float32),
        changed=(changed / loss.shape[1]).astype(np.float32),
        images=loss.shape[1],
        fill=fill,
        accuracy_error=_paired(correct),
        loss_error=_paired(loss),
    )


def _paired(values: np.ndarray) -> np.ndarray:
    """(S,) standard errors of the mean differences of each row of (S, N) from the first; NaN for a single image."""
    images = values.shape[1]
    if images < 2:
        return np.full(len(values), np.nan, dtype=np.float32)
    return ((values - values[0]).std(1, ddof=1) / np.sqrt(images)).astype(np.float32)


def pruned_state_dict(net: Network, units: Units) -> dict[str, Tensor]:
    """The network's weights with the units' filters and biases set to zero: what `ablate` measures, for good.

    Defined for layers with weights whose outputs are the units: convolutions and dense layers. Shapes stay, so that the
    same architecture loads them. Raises UnsupportedError for other layers, and UsageError for units that are not there.
    """
    state = {name: value.detach().clone() for name, value in net.module.state_dict().items()}
    for layer, chosen in units.items():
        name = split_call(net.check_layer(layer))[0]
        module = net.module.get_submodule(name)
        if not isinstance(module, nn.modules.conv._ConvNd | nn.Linear) or f"{name}.weight" not in state:
            raise UnsupportedError(
                f"layer {layer!r} is {type(module).__name__}: only the filters of a convolution or dense layer can be "
                "set to zero; name the layer before it"
            )
        weight = state[f"{name}.weight"]
        axis = 1 if getattr(module, "transposed", False) else 0
        if axis and getattr(module, "groups", 1) != 1:
            raise UnsupportedError(
                f"layer {layer!r} is a transposed convolution in groups: its filters cannot be told apart"
            )
        index = _checked(layer, chosen, weight.shape[axis]).to(weight.device)
        weight.index_fill_(axis, index, 0.0)
        if f"{name}.bias" in state:
            state[f"{name}.bias"].index_fill_(0, index, 0.0)
    return state


def match_classes(net: Network, data: Dataset) -> dict[int, int]:
    """The data set's class numbers to the network's. Raises LabelError that lists what does not fit."""
    if not data.classes:
        known = len(net.labels) if net.labels else None
        return _Same(known)
    indices = class_indices(net, data.classes)
    missing = [name for name, index in zip(data.classes, indices, strict=True) if index is None]
    if missing:
        raise LabelError(
            f"{len(missing)} of {len(data.classes)} classes of the data set are none of the network's: "
            f"{', '.join(missing[:5])}; name the folders or labels as the network does, or number them"
        )
    return {number: index for number, index in enumerate(indices) if index is not None}


class _Same(dict):
    """Numbers that are classes already, within the network's."""

    def __init__(self, classes: int | None) -> None:
        super().__init__()
        self.classes = classes

    def __missing__(self, label: int) -> int:
        if self.classes is not None and label >= self.classes:
            raise LabelError(f"label {label} is out of range; the network has classes 0..{self.classes - 1}")
        return label


def _values(fill: str, means: Mapping[str, np.ndarray] | None, layer: str, units: Sequence[int]) -> Tensor:
    if fill == "zero" or means is None:
        return torch.zeros(len(units))
    return torch.as_tensor(np.asarray(means[layer])[list(units)]).float()


def _silence(layer: str, units: Sequence[int], axis: int, values: Tensor) -> Any:
    def edit(output: Tensor) -> Tensor:
        if output.ndim <= axis:
            raise LayerError(f"layer {layer!r} gives {tuple(output.shape)}: it has no units")
        index = _checked(layer, units, output.shape[axis]).to(output.device)
        shape = [1] * output.ndim
        shape[axis] = len(index)
        silent = (
            values.to(output).view(shape).expand(*(len(index) if d == axis else n for d, n in enumerate(output.shape)))
        )
        return output.index_copy(axis, index, silent)

    return edit


def _checked(layer: str, units: Sequence[int], have: int) -> Tensor:
    bad = [u for u in units if not 0 <= u < have]
    if bad:
        raise UsageError(f"layer {layer!r} has units 0..{have - 1}, not {', '.join(map(str, bad[:5]))}")
    return torch.tensor([int(u) for u in units], dtype=torch.long)
