"""`deepro.load`: from a module or a name to a Network."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deepro.errors import DeeproError, UsageError, near
from deepro.network.axes import find_axes, rearranged, shape_channels_first
from deepro.network.held import Held
from deepro.network.labels import read_labels
from deepro.network.network import Network
from deepro.network.recipes import as_preprocess
from deepro.network.sources import (
    Found,
    Wish,
    builtin,
    from_factory,
    from_huggingface,
    from_onnx,
    from_timm,
    from_torchvision,
)
from deepro.network.weights import check_finite, classes_in, fit_weights, read_weights

_FILES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".tar")
_ZOOS = {
    "builtin": builtin.find,
    "torchvision": from_torchvision.find,
    "timm": from_timm.find,
    "hf": from_huggingface.find,
    "onnx": from_onnx.find,
}


def load(
    model: str | nn.Module,
    *,
    weights: str | Path | None = None,
    preprocess: Any = None,
    labels: Sequence[str] | Mapping[Any, Any] | str | Path | None = None,
    input_shape: tuple[int, ...] | None = None,
    output: str | int | None = None,
    axes: str | None = None,
    grids: Mapping[str, str] | None = None,
    inputs: Mapping[str | int, Any] | None = None,
    device: str | torch.device | None = None,
) -> Network:
    """A network from a module or a name.

    model: a torch module, Lightning's too, kept as it is (with weights= or device= a copy of it is used); a pipeline of
        transformers that classifies images; builtin:efficientnet-lite0, torchvision:NAME, timm:NAME, hf:REPO or
        hf:FOLDER, onnx:FILE, path/file.py:factory or package.module:factory.
    weights: a .safetensors file, or .pt, .pth, .bin read without running code; "random"; or for torchvision and timm
        the name of published weights, "DEFAULT" among them. Without it published weights are taken from the cache or
        downloaded; where they cannot be had the network is random, and `net.notes` says so.
    preprocess: how photographs become inputs: a Preprocess, a mapping, "imagenet", a line such as
        "size=224,resize=256,mean=0.485/0.456/0.406,std=0.229/0.224/0.225,order=RGB,range=1", a .json file,
        torchvision transforms or a function. Without it the source's own; a module without any takes tensors only.
    labels: class names in order, a mapping of index and name, or a .txt (one a line) or .json file.
    input_shape: without the batch axis, where it cannot be found by trying.
    output: key or index of the logits, where the module returns several things.
    axes: a letter for each axis of the module's input where they are not (N, C, ...), N for examples and C for
        channels: "NHWC", "NTC". `input_shape` and tensors are then as the module takes them; results lie over the other
        axes.
        Found by itself for a module whose `input_shape` has the channels of a picture last.
    grids: layer -> how its tokens lie in the picture, where that is not found: "14x14", "14x14+1" for one more token.
    inputs: for a module that takes several: each argument's name or place, and "explained" for the one that is, or what
        it is held at: a tensor whose first axis is 1 is held for each example, other values are passed as they are,
        .npy, .pt, .safetensors and .csv files are read. {"image": "explained", "table": tensor}
    device: cpu, cuda, cuda:1, mps, or auto for the fastest there is.
    Raises UsageError, NetworkError or WeightsError, one line each.
    Example: `deepro.load("torchvision:vgg16")`
    """
    recipe, names, place = as_preprocess(preprocess), read_labels(labels), _device(device)
    found, source = _find(model, weights)
    notes = found.notes
    module = found.module
    if isinstance(model, nn.Module) and (weights is not None or place is not None):
        module = _copied(module)
    if _is_file(weights):
        path = Path(str(weights)).expanduser()
        state = read_weights(path)
        classes = classes_in(module, state) if source.startswith(("torchvision:", "timm:")) else None
        if classes is not None:  # a fine-tuned network: the architecture with as many classes, without its old labels
            found = replace(_find(model, weights, classes)[0], labels=None)
            module, notes = found.module, found.notes
        notes = (*notes, *fit_weights(module, state, path.name))
    check_finite(module, Path(str(weights)).name if _is_file(weights) else found.name)
    if place is not None:
        module = _moved(module, place)
    if inputs is not None:
        if not isinstance(inputs, Mapping):
            raise UsageError(f"inputs is {type(inputs).__name__}, expected name -> 'explained' or what it is held at")
        module = Held(module, inputs)
    if axes is None and input_shape is not None and len(input_shape) > 2 and not found.preprocess:
        axes = find_axes(module, tuple(input_shape)) if input_shape[0] > 4 >= input_shape[-1] else None
    if axes is not None:
        module = rearranged(module, axes)
        input_shape = None if input_shape is None else shape_channels_first(tuple(input_shape), axes)
    net = Network(
        module,
        name=found.name,
        source=source,
        preprocess=recipe or found.preprocess,
        labels=names if names is not None else found.labels,
        input_shape=input_shape,
        output=output,
    )
    net.axes = axes
    for layer, grid in (grids or {}).items():
        net.tell_grid(layer, grid)
    net.notes, net.weights = notes, None if weights is None else str(weights)
    if names is not None and net.classes not in (None, len(names)):
        raise UsageError(f"{len(names)} labels were given, but the network has {net.classes} classes")
    return net


def _find(model: Any, weights: str | Path | None, classes: int | None = None) -> tuple[Found, str]:
    if isinstance(model, nn.Module):
        if weights is not None and not _is_file(weights):
            raise UsageError(f"weights is {str(weights)!r}, expected a file for a network given as a module")
        return Found(model, type(model).__name__), "module"
    if isinstance(getattr(model, "model", None), nn.Module) and hasattr(model, "image_processor"):
        if weights is not None:
            raise UsageError("a pipeline has its weights: leave weights= out")
        return from_huggingface.of_pipeline(model), "module"
    if not isinstance(model, str | Path):
        raise UsageError(f"expected a torch module or a name such as torchvision:resnet50, got {type(model).__name__}")
    model = str(model)
    kind, colon, name = model.partition(":")
    file = _is_file(weights)
    if colon and kind in _ZOOS:
        if not name:
            raise UsageError(f"{model!r} names no network; write {kind}:NAME")
        return _ZOOS[kind](name, Wish(None if file or weights is None else str(weights), file, classes)), model
    if weights is not None and not file:
        raise UsageError(f"weights is {str(weights)!r}, expected a .safetensors, .pt, .pth or .bin file")
    if not colon or (near(kind, _ZOOS) and "/" not in kind and not kind.endswith(".py") and "." not in kind):
        forms = "builtin:, torchvision:, timm: or hf:NAME, onnx:FILE, path/file.py:factory or package.module:factory"
        raise UsageError(f"unknown network {model!r}{near(kind, _ZOOS)}; expected {forms}")
    return from_factory.find(model), model


def _is_file(weights: str | Path | None) -> bool:
    if weights is None or str(weights).lower() in ("random", "default"):
        return False
    return isinstance(weights, Path) or str(weights).lower().endswith(_FILES) or Path(weights).exists()


def _device(device: str | torch.device | None) -> torch.device | None:
    if device is None:
        return None
    mps = torch.backends.mps.is_available()
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if mps else "cpu")
    try:
        place = torch.device(device)
    except RuntimeError:
        raise UsageError(f"unknown device {device!r}; expected cpu, cuda, cuda:0, mps or auto") from None
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    there = {"cpu": True, "cuda": (place.index or 0) < count, "mps": mps}.get(place.type, True)
    if not there:
        have = ", ".join(["cpu", *(f"cuda:{i}" for i in range(count)), *(["mps"] if mps else [])])
        raise UsageError(f"device {str(device)!r} is not available here; there is {have}")
    return place


def _copied(module: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(module)
    except Exception as error:
        raise UsageError(
            f"the module cannot be copied ({type(error).__name__}: {error}); "
            "load the weights and move it yourself, then pass it without weights= and device="
        ) from None


def _moved(module: nn.Module, place: torch.device) -> nn.Module:
    try:
        return module.to(place)
    except DeeproError:
        raise
    except Exception as error:
        raise UsageError(f"the network cannot be moved to {place}: {type(error).__name__}: {error}") from None
