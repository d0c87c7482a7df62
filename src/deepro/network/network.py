"""A trained module with its preprocessing, labels, layers and fingerprint."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepro.errors import LabelError, LayerError, NetworkError, ShapeError, UsageError, near
from deepro.network.fingerprint import digest_json, digest_module, digest_tensor
from deepro.network.input_shape import example, find_input_shape
from deepro.network.layers import Layer, trace_layers
from deepro.network.preprocess import Inputs, Photograph, Preprocess, open_photograph
from deepro.probe import Probe, split_call, untouched


class Network:
    """Made by `deepro.load`. The module is never changed: every method leaves it exactly as it found it.

    module: the torch module. preprocess: how photographs become inputs, None for a network that takes tensors only.
    labels: class names in order, or None. input_shape: without the batch axis, None where it is not known.
    output: key or index of the logits where the module returns a mapping or a tuple.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        name: str,
        source: str,
        preprocess: Preprocess | None = None,
        labels: Sequence[str] | None = None,
        input_shape: tuple[int, ...] | None = None,
        output: str | int | None = None,
    ) -> None:
        self.module = module
        self.name = name
        self.source = source
        self.preprocess = preprocess
        self.labels = list(labels) if labels is not None else None
        self.output = output
        self._traces: dict[Any, Mapping[str, Layer]] = {}
        if input_shape is not None:
            self.input_shape = tuple(input_shape)
        elif preprocess is not None:
            self.input_shape = (preprocess.channels, *preprocess.size)

    def __repr__(self) -> str:
        return f"Network({self.name!r}, input {self.__dict__.get('input_shape')}, {len(self.labels or ())} labels)"

    # ---- what it is

    @property
    def device(self) -> torch.device:
        return next((p.device for p in self.module.parameters()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        return next((p.dtype for p in self.module.parameters() if p.is_floating_point()), torch.float32)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over structure, weights, buffers and preprocessing, of the module as it is now."""
        return digest_json([digest_module(self.module), self.preprocess.card() if self.preprocess else None])

    def card(self) -> dict[str, Any]:
        """For provenance."""
        return {
            "name": self.name,
            "source": self.source,
            "fingerprint": self.fingerprint,
            "preprocess": self.preprocess.card() if self.preprocess else None,
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
        }

    @functools.cached_property
    def input_shape(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """Without the batch axis: given, the preprocessing's, or the first plausible one on which the network runs."""
        try:
            return find_input_shape(self.module)
        except NetworkError:
            return None

    @functools.cached_property
    def layers(self) -> Mapping[str, Layer]:
        """Layers by name in execution order, for the network's input shape."""
        if self.input_shape is None:
            find_input_shape(self.module)  # raises with the reason
        return self.trace(self.input_shape)

    def trace(self, inputs: Tensor | Sequence[int]) -> Mapping[str, Layer]:
        """The layers for other inputs: a tensor (N, ...) or a shape without the batch axis. Kept for each shape.

        Raises NetworkError where the network does not run on them.
        """
        if not isinstance(inputs, Tensor):
            inputs = example(self.module, tuple(inputs))
        key = (tuple(inputs.shape[1:]), inputs.dtype)
        if key not in self._traces:
            layers = trace_layers(self.module, inputs[:1].to(self.device))
            self._traces[key] = MappingProxyType(layers)
        return self._traces[key]

    def layer_table(self) -> list[dict[str, Any]]:
        """The layers as JSON, in execution order: name, kind, shape, units, receptive field, parameters, depth."""
        return [layer.card() for layer in self.layers.values()]

    def check_layer(self, layer: str) -> str:
        """`layer` where it names a module; LayerError with near names otherwise."""
        known = [n for n, _ in self.module.named_modules(remove_duplicate=False) if n]
        if split_call(layer)[0] not in known:
            raise LayerError(f"unknown layer {layer!r}{near(layer, known) or '; see `deepro layers`'}")
        return layer

    # ---- labels

    def label(self, index: int) -> str:
        return self.labels[index] if self.labels and index < len(self.labels) else f"class {index}"

    def find_label(self, label: str) -> int | None:
        """Index of a label written exactly so, or None."""
        return self.labels.index(label) if self.labels and label in self.labels else None

    def label_index(self, label: str | int) -> int:
        """A label or class index as an index. Raises LabelError where it is unknown or ambiguous, with candidates."""
        if isinstance(label, int | np.integer) and not isinstance(label, bool):
            return int(label)
        found = self.find_label(label)
        if found is None:
            raise LabelError(f"unknown label {label!r}{near(label, self.labels or ())}")
        return found

    # ---- running it

    def prepare(self, images: Any) -> Inputs:
        """Paths, PIL images, uint8 arrays (one or a list) through the preprocessing; float tensors as they are."""
        if isinstance(images, Inputs):
            return images
        if isinstance(images, Tensor):
            if not images.is_floating_point():
                raise ShapeError(f"expected a float tensor (N, C, H, W), got {images.dtype}")
            tensor = images.to(self.device, self.dtype)
            pictures = self.pictures(tensor)
            return Inputs(tensor, (None,) * len(tensor), pictures, tuple(digest_tensor(t) for t in tensor))
        if self.preprocess is None:
            raise UsageError(
                "this network was loaded without preprocessing and takes tensors only: pass preprocess= to deepro.load"
            )
        items = images if isinstance(images, list | tuple) else [images]
        photographs, tensors = [], []
        for item in items:
            name, image = open_photograph(item)
            tensor, view = self.preprocess(image)
            sha = digest_tensor(torch.from_numpy(np.array(image)))
            photographs.append(Photograph(name, image, view, sha))
            tensors.append(tensor)
        batch = torch.stack(tensors).to(self.device, self.dtype)
        return Inputs(batch, tuple(photographs), self.pictures(batch), tuple(p.sha256 for p in photographs))

    def pictures(self, inputs: Tensor) -> np.ndarray | None:
        """(N, H, W, 3) uint8 of what the network sees, or None where that is no picture."""
        if self.preprocess is None or inputs.ndim != 4:
            return None
        pixels = self.preprocess.denormalise(inputs.detach()).cpu()
        if pixels.shape[1] == 1:
            pixels = pixels.expand(-1, 3, -1, -1)
        return (pixels * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()

    def logits_of(self, output: Any) -> Tensor:
        """The (N, K) logits in whatever the module returned. Raises NetworkError that says what came and how to choose."""
        if isinstance(output, Tensor):
            return output
        if self.output is not None:
            return output[self.output]
        if hasattr(output, "logits"):
            return output.logits
        raise NetworkError(f"the network returned {type(output).__name__}; choose with output=")

    def logits(self, inputs: Tensor) -> Tensor:
        """(N, K) without gradients, in evaluation mode, module untouched."""
        with untouched(self.module), torch.no_grad():
            return self.logits_of(self.module(inputs))

    def probe(self, capture: Sequence[str] = (), edit: Mapping[str, Any] | None = None, *, stop: bool = False) -> Probe:
        """A Probe on this module; see deepro.probe. Use it inside `untouched`."""
        return Probe(self.module, capture, edit, stop=stop)

    def predict(self, image: Any, top: int = 5) -> list[tuple[str, float]]:
        """The `top` labels with their probabilities, most probable first; for one image."""
        probabilities = self.logits(self.prepare(image).tensor).softmax(1)[0]
        values, indices = probabilities.topk(min(top, len(probabilities)))
        return [(self.label(i), v) for v, i in zip(values.tolist(), indices.tolist(), strict=True)]
