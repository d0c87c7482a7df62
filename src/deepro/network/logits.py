"""Find the logits in whatever a module returns: of a picture, of each place in it, of what a detector found there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from deepro.errors import NetworkError
from deepro.probe import first_tensor

_USUAL = ("logits", "out", "output", "pred", "predictions")
Detections = Sequence[Mapping[str, Tensor]]


def choose(
    output: Any, wanted: str | int | None, classes: int | None = None, axes: int | None = None
) -> tuple[Tensor, bool]:
    """The (N, K) logits in `output`, and whether they are means over places. `wanted`: key, attribute or index.

    output: a tensor, tuple, mapping or ModelOutput. Of logits of places (N, K, *space) it is their mean over places; of
    a detector's findings, the highest score of each class in each picture, 0 where it was not found. classes: how many
    there must be, where that is known; axes: of the network's input, as many as logits of places have.
    Raises NetworkError that lists what there is.
    """
    if is_detections(output):
        return _best(output, classes), False
    chosen = choose_tensor(output, wanted)
    dense = is_dense(chosen) and axes in (None, chosen.ndim)
    return _shaped(chosen, classes, dense), dense


def choose_tensor(output: Any, wanted: str | int | None) -> Tensor:
    """The tensor in `output`. Without `wanted`: the entry called logits, or the only one, or the only (N, K) one.

    Raises NetworkError that lists what there is.
    """
    items = _items(output)
    if wanted is not None and not isinstance(output, Tensor):
        return _wanted(items, wanted)
    return output if isinstance(output, Tensor) else _usual(items, output)


def is_detections(output: Any) -> bool:
    """Whether `output` is a list with boxes, labels and scores for each picture, as torchvision's detectors return."""
    return (
        isinstance(output, list | tuple)
        and len(output) > 0
        and all(isinstance(one, Mapping) and {"boxes", "labels", "scores"} <= set(one) for one in output)
    )


def _best(found: Detections, classes: int | None) -> Tensor:
    """(N, K) the highest score of each class in each picture. K: `classes`, or one more than the largest label seen."""
    if classes is None:
        classes = 1 + max((int(one["labels"].max()) for one in found if len(one["labels"])), default=0)
    rows = []
    for one in found:
        scores, labels = one["scores"], one["labels"].long()
        best = scores.new_zeros(classes)
        if len(labels):
            labels = labels.clamp_max(classes - 1)
            best = best.scatter_reduce(0, labels, scores, "amax")
        rows.append(best)
    return torch.stack(rows)


def order(logits: Tensor) -> Tensor:
    """Class indices (..., K), the highest logit first and of equal ones the lower index."""
    return logits.argsort(dim=-1, descending=True, stable=True)


def near_tied(logits: Tensor) -> Tensor:
    """(N,) whether another pass, in another batch or with gradients, may put the second of (N, K) first."""
    if logits.shape[1] < 2:
        return torch.zeros(len(logits), dtype=torch.bool)
    first = logits.detach().float().cpu().topk(2, 1).values
    close = max(1e-2, 16 * torch.finfo(logits.dtype).eps) if logits.is_floating_point() else 0.0
    return first[:, 0] - first[:, 1] <= close * logits.detach().float().cpu().abs().amax(1)


def _items(output: Any) -> dict[str | int, Any]:
    if isinstance(output, Mapping):
        return dict(output)
    if isinstance(output, tuple | list):
        fields = getattr(output, "_fields", None)
        return dict(zip(fields, output, strict=True)) if fields else dict(enumerate(output))
    if hasattr(output, "__dict__"):
        return {k: v for k, v in vars(output).items() if not k.startswith("_")}
    return {}


def _wanted(items: Mapping[str | int, Any], wanted: str | int) -> Tensor:
    keys = list(items)
    if wanted not in items and str(wanted).lstrip("-").isdecimal() and -len(keys) <= int(wanted) < len(keys):
        wanted = keys[int(wanted)]
    if wanted not in items:
        raise NetworkError(f"the network's output has no {wanted!r}; it has {_listed(items)}: choose with output=")
    tensor = first_tensor(items[wanted])
    if tensor is None:
        raise NetworkError(f"the network's output {wanted!r} is {type(items[wanted]).__name__}, no tensor")
    return tensor


def _usual(items: Mapping[str | int, Any], output: Any) -> Tensor:
    for key in _USUAL:
        if isinstance(items.get(key), Tensor):
            return items[key]
    tensors = [v for v in items.values() if isinstance(v, Tensor)]
    flat = [t for t in tensors if t.ndim == 2]
    if len(tensors) == 1 or len(flat) == 1:
        return (flat or tensors)[0]
    what = f"{type(output).__name__} with {_listed(items)}" if items else type(output).__name__
    choice = "choose the logits with output=" if tensors else "it has no tensor of logits to explain"
    raise NetworkError(f"the network returned {what}; {choice}")


def _listed(items: Mapping[str | int, Any]) -> str:
    shown = [
        f"{k} {tuple(v.shape)}" if isinstance(v, Tensor) else f"{k} ({type(v).__name__})" for k, v in items.items()
    ]
    return ", ".join(shown[:6]) + (", ..." if len(shown) > 6 else "") if shown else "nothing"


def _shaped(tensor: Tensor, classes: int | None, dense: bool) -> Tensor:
    if tensor.is_complex():
        raise NetworkError(f"the network gave complex numbers {tuple(tensor.shape)}, expected real logits (N, K)")
    if tensor.ndim > 2 and tensor.shape[2:].numel() == 1:  # (N, K, 1, 1)
        return tensor.flatten(1)
    if dense:
        if classes is not None and tensor.shape[1] != classes:
            raise NetworkError(f"the network gave {tuple(tensor.shape)}, expected logits (N, {classes}, *space)")
        return tensor.flatten(2).mean(2)
    if tensor.ndim == 1 and classes is not None and len(tensor) == classes:  # squeezed by a batch of one
        return tensor[None]
    if tensor.ndim != 2:
        raise NetworkError(f"the network gave {tuple(tensor.shape)}, expected logits (N, K), one number a class")
    return tensor


def is_dense(tensor: Tensor) -> bool:
    """Whether there are logits for each place of a picture or a volume: (N, K, H, W) or (N, K, D, H, W)."""
    return tensor.ndim in (4, 5) and min(tensor.shape[2:]) > 1
