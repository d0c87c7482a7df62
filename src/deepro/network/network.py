"""A trained module with its preprocessing, labels, layers and fingerprint."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepro.errors import (
    DeeproError,
    LabelError,
    LayerError,
    NetworkError,
    ShapeError,
    UnsupportedError,
    UsageError,
    near,
)
from deepro.network import labels as names
from deepro.network.axes import find_axes, to_channels_first
from deepro.network.fingerprint import Fingerprinter, code, digest_json, digest_tensor
from deepro.network.graph import edges
from deepro.network.grids import Grids
from deepro.network.held import Held, advice
from deepro.network.images import open_photograph
from deepro.network.input_shape import example, find_input_shape
from deepro.network.layers import Layer, one_line, trace_pass
from deepro.network.logits import choose, choose_tensor, is_dense, is_detections, near_tied, order
from deepro.network.preprocess import Inputs, Photograph, Preprocess
from deepro.network.scale import scale_of
from deepro.network.token_grid import TokenGrid, read_grid
from deepro.network.vocabulary import Vocabulary
from deepro.probe import Probe, split_call, untouched

_SHOWN = 40  # layers in a notebook
DENSE = "it says a class for each place: a class stands for the mean of its logit over all places"
RESTLESS = "two passes over one input differ, as with dropout that is always on: results hold for one draw alone"


class Guesses(list[tuple[str, float]]):
    """Labels with their probabilities: a list that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        return _table(("label", "probability"), [(label, f"{share:.1%}") for label, share in self])


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [("th", head), *(("td", row) for row in rows)]
    cells = ["".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in row) for tag, row in lines]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


class Network:
    """Made by `deepro.load`. The module is never changed: every method leaves it exactly as it found it.

    module: the torch module. preprocess: how photographs become inputs, None for a network that takes tensors only.
    labels: class names in order, or None. input_shape: without the batch axis, None where it is not known.
    output: key or index of the logits where the module returns a mapping or a tuple. notes: what its reader must know,
    such as that the weights are random.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        name: str,
        source: str,
        preprocess: Preprocess | Vocabulary | None = None,
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
        self.notes: tuple[str, ...] = ()
        self.weights: str | None = None  # the file or the name that was given beside `source`
        self._traces: dict[Any, Mapping[str, Layer]] = {}
        self._grids: dict[Any, Grids] = {}
        self.axes: str | None = None  # of the module's own input, where they are not N, C, ...
        self._told: dict[str, str] = {}
        self._last: dict[tuple[int, ...], str | None] = {}
        self._fingerprinter = Fingerprinter()
        for kind in {type(m) for m in module.modules()}:
            code(kind)  # read now: the file may be edited while the network is at work
        if input_shape is not None:
            self.input_shape = _checked_shape(input_shape)
        elif isinstance(preprocess, Preprocess):
            self.input_shape = (preprocess.channels, *preprocess.size)

    def __repr__(self) -> str:
        return f"Network({self.name!r}, input {self.__dict__.get('input_shape')}, {len(self.labels or ())} labels)"

    def _repr_html_(self) -> str:
        """For notebooks: its name, its notes and its layers with weights."""
        try:
            layers = [layer for layer in self.layers.values() if layer.parameters and layer.depth < 3]
        except NetworkError:
            layers = []
        rows = [(layer.name, layer.kind, "x".join(map(str, layer.shape)), layer.units) for layer in layers[:_SHOWN]]
        if len(layers) > _SHOWN:
            rows.append((f"... {len(layers) - _SHOWN} more", "", "", 0))
        notes = "".join(f"<br>{escape(note)}" for note in self.notes)
        return f"<p>{escape(repr(self))}{notes}</p>{_table(('layer', 'kind', 'shape', 'units'), rows)}"

    # ---- what it is

    @functools.cached_property
    def input_shape(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """Shape of an input without the batch axis: given, the preprocessing's, or the first that the network takes."""
        try:
            return find_input_shape(self.module)
        except NetworkError:
            return None

    @property
    def device(self) -> torch.device:
        return next((p.device for p in self.module.parameters()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        return next((p.dtype for p in self.module.parameters() if p.is_floating_point()), torch.float32)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over structure, weights, buffers and preprocessing, of the module as it is now."""
        preprocess = self.preprocess.card() if self.preprocess else None
        return digest_json([self._fingerprinter(self.module), preprocess])

    def card(self) -> dict[str, Any]:
        """The network's entry in a provenance, as JSON."""
        return {
            "name": self.name,
            "source": self.source,
            "fingerprint": self.fingerprint,
            "preprocess": self.preprocess.card() if self.preprocess else None,
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
            "notes": list(self.notes),
            **({"inputs": self.module.card()} if isinstance(self.module, Held) else {}),
            **({} if self.weights is None else {"weights": self.weights}),
            **({"axes": self.axes} if self.axes else {}),
            **({"grids": dict(self._told)} if self._told else {}),
        }

    def check_batch(self, count: int) -> None:
        """Raises UnsupportedError where `count` examples in one batch would influence each other."""
        mixing = [
            name
            for name, m in self.module.named_modules()
            if isinstance(m, nn.modules.batchnorm._BatchNorm)
            and m.running_mean is None
            and not isinstance(m, nn.modules.instancenorm._InstanceNorm)
        ]
        if count > 1 and mixing:
            raise UnsupportedError(
                f"layer {mixing[0]!r} normalises by the batch's own statistics, so an example's result would depend on "
                "the others beside it: give one at a time, or load a network with track_running_stats=True"
            )

    # ---- its layers

    @functools.cached_property
    def layers(self) -> Mapping[str, Layer]:
        """Layers by name in execution order, for the network's input shape."""
        if self.input_shape is None:
            find_input_shape(self.module)  # raises with the reason
        assert self.input_shape is not None
        return self.trace(self.input_shape)

    def trace(self, inputs: Tensor | Sequence[int]) -> Mapping[str, Layer]:
        """The layers for other inputs: a tensor (N, ...) or a shape without the batch axis. Kept for each shape.

        Raises NetworkError where the network does not run on them.
        """
        if not isinstance(inputs, Tensor):
            inputs = example(self.module, tuple(inputs))
        key = (tuple(inputs.shape[1:]), inputs.dtype)
        if key not in self._traces:
            one = inputs[:1].detach().to(self.device).clone()
            layers, drew = trace_pass(self.module, one)
            if drew and RESTLESS not in self.notes and self._restless(one):
                self.notes = (*self.notes, RESTLESS)
            find = functools.partial(self._grid, inputs[:1].detach())
            self._traces[key] = MappingProxyType({n: replace(x, find_grid=find) for n, x in layers.items()})
        return self._traces[key]

    def grids(self, inputs: Tensor) -> Grids:
        """Where the layers' places lie in inputs of this shape, (N, C, *space): `net.grids(x)["blocks.11"]`.

        Each is found when it is asked for, by changing patches of an input. Raises NetworkError where the network does
        not run on it.
        """
        key = (tuple(inputs.shape[1:]), inputs.dtype)
        if key not in self._grids:
            plain = example(self.module, tuple(inputs.shape[1:])).to(inputs.dtype)
            grids = self._grids[key] = Grids(self.module, plain)
            for layer, grid in self._told.items():
                self._tell(grids, layer, grid)
        return self._grids[key]

    def tell_grid(self, layer: str, grid: str) -> None:
        """Says how `layer`'s tokens lie in the picture, where that cannot be found: "14x14", "14x14+1" for one more.

        Other tokens are taken to stand first. Raises UsageError where `grid` is not understood, LayerError where it
        does not fit the layer's output.
        """
        self.check_layer(layer)
        shape = self.input_shape
        if shape is not None:
            self._tell(self.grids(example(self.module, shape)), layer, grid)
        for grids in self._grids.values():
            self._tell(grids, layer, grid)
        self._told[layer] = grid

    def check_space(self, inputs: Tensor) -> None:
        """Raises UsageError where inputs (N, T, C) count their channels last and `axes` does not say so."""
        if inputs.ndim == 3 and self.axes is None:
            shape = tuple(inputs.shape[1:])
            if shape not in self._last:
                self._last[shape] = find_axes(self.module, shape)
            if self._last[shape]:
                raise UsageError(
                    f"the network takes {(len(inputs), *shape)} as examples, steps, channels: load it with axes='NTC', "
                    "so that results lie over the steps"
                )

    def _tell(self, grids: Grids, layer: str, grid: str) -> None:
        seen = grids.shapes.get(layer)
        if seen is None:
            raise LayerError(f"layer {layer!r} gives no tensor")
        grids.tell(layer, read_grid(grid, seen, len(grids.picture)))

    def _grid(self, inputs: Tensor, layer: str) -> TokenGrid:
        return self.grids(inputs)[layer]

    def _restless(self, x: Tensor) -> bool:
        """Whether two passes over one input differ: dropout that is always on."""
        try:
            with untouched(self.module), torch.no_grad():
                first, second = (self.logits_of(self.module(x.clone())) for _ in range(2))
        except Exception:
            return False
        return not torch.equal(first, second)

    def layer_table(self) -> list[dict[str, Any]]:
        """The layers as JSON, in execution order: name, kind, shape, units, receptive field, parameters, depth."""
        return [layer.card() for layer in self.layers.values()]

    def edges(self) -> list[tuple[str, str]]:
        """Which layer's output reaches which, for the network's input shape; empty where that is not known."""
        return edges(self.module, example(self.module, self.input_shape)) if self.input_shape else []

    def check_layer(self, layer: str) -> str:
        """Returns `layer`. Raises LayerError, with similar names, where no module has this name."""
        known = [n for n, _ in self.module.named_modules(remove_duplicate=False) if n]
        if split_call(layer)[0] not in known:
            raise LayerError(f"unknown layer {layer!r}{near(layer, known) or '; see `deepro layers`'}")
        return layer

    # ---- labels

    @functools.cached_property
    def classes(self) -> int | None:
        """How many logits the network gives; None where that cannot be found by running it."""
        if self.input_shape is None:
            return None
        try:
            return self.logits(example(self.module, self.input_shape)).shape[1]
        except DeeproError:
            return None

    def label(self, index: int) -> str:
        return self.labels[index] if self.labels and 0 <= index < len(self.labels) else f"class {index}"

    def find_label(self, label: str) -> int | None:
        """Index of a label written exactly so, or None."""
        return self.labels.index(label) if self.labels and label in self.labels else None

    def label_index(self, label: str | int) -> int:
        """A class index, its digits, or a label (see deepro.network.labels.find) as an index.

        Raises LabelError, with candidates, for a label that is unknown or ambiguous and an index out of range.
        """
        if isinstance(label, bool) or not isinstance(label, str | int | np.integer):
            raise LabelError(f"a class is named by its label or index, got {type(label).__name__}")
        if isinstance(label, str) and self.find_label(label) is None and label.strip().isdecimal():
            label = int(label)
        if isinstance(label, str):
            if not self.labels:
                raise LabelError(f"this network has no labels: name class {label!r} by its index, or pass labels=")
            return names.find(label, self.labels)
        count = len(self.labels) if self.labels else self.classes
        if label < 0 or (count is not None and label >= count):
            raise LabelError(f"class {label} is out of range; the network has classes 0..{(count or 1) - 1}")
        return int(label)

    # ---- running it

    def prepare(self, images: Any) -> Inputs:
        """Convert what the user has to the network's inputs.

        Paths, PIL images, uint8 arrays (H, W), (H, W, 3), (H, W, 4) or a list of them go through the preprocessing, and
        so does each picture of a uint8 array (N, H, W, 3). A float tensor (N, *input shape), or integer tokens (N, T),
        is taken as it is; without a batch axis it gets one.
        Raises ImageError for a picture, ShapeError for a tensor, UsageError for anything else that does not fit.
        """
        if isinstance(images, Inputs):
            return images
        if unclear := advice(self.module):
            raise UsageError(unclear)
        if isinstance(images, list | tuple) and images and all(_is_input(i) for i in images):
            if len({tuple(i.shape) for i in images}) > 1:
                raise ShapeError(f"the tensors differ in shape: {', '.join(str(tuple(i.shape)) for i in images[:3])}")
            images = torch.stack(list(images))
        if _is_input(images) or (isinstance(images, Tensor) and not isinstance(self.preprocess, Preprocess)):
            assert isinstance(images, Tensor)
            return self._prepare_tensor(images)
        if not isinstance(self.preprocess, Preprocess):
            raise UsageError(
                "this network was loaded without preprocessing and takes tensors only: pass preprocess= to deepro.load"
            )
        items = _one_by_one(images)
        if not items:
            raise UsageError("no pictures were given")
        photographs, tensors = [], []
        for item in items:
            name, image = open_photograph(item)
            tensor, view = self.preprocess(image)
            sha = digest_tensor(torch.from_numpy(np.array(image)))
            photographs.append(Photograph(name, image, view, sha))
            tensors.append(tensor)
        batch = torch.stack(tensors).to(self.device, self.dtype)
        return Inputs(batch, tuple(photographs), self.pictures(batch), tuple(p.sha256 for p in photographs))

    def _prepare_tensor(self, tensor: Tensor) -> Inputs:
        shape = self.input_shape
        if shape is not None and tensor.ndim == len(shape):
            tensor = tensor[None] if self.axes is None else tensor.unsqueeze(self.axes.index("N"))
        if self.axes is not None:
            tensor = to_channels_first(tensor, self.axes)
        expected = f"(N, {', '.join(map(str, shape))})" if shape else "(N, ...)"
        if tensor.ndim < 2 or len(tensor) == 0:
            raise ShapeError(f"the tensor has shape {tuple(tensor.shape)}, expected {expected}")
        if tensor.is_floating_point():
            tensor = tensor.to(self.device, self.dtype)
            if not bool(torch.isfinite(tensor).all()):
                raise ShapeError(f"the tensor {tuple(tensor.shape)} holds NaN or infinity")
        else:
            tensor = tensor.to(self.device)
        if shape is not None and tuple(tensor.shape[1:]) != tuple(shape):
            try:
                self.trace(tensor)
            except NetworkError as error:
                raise ShapeError(f"the tensor has shape {tuple(tensor.shape)}, expected {expected} ({error})") from None
        return Inputs(tensor, (None,) * len(tensor), self.pictures(tensor), tuple(digest_tensor(t) for t in tensor))

    def pictures(self, inputs: Tensor) -> np.ndarray | None:
        """(N, H, W, 3) uint8 of what the network sees, or None where that is no picture."""
        if (
            not isinstance(self.preprocess, Preprocess)
            or inputs.ndim != 4
            or inputs.shape[1] != self.preprocess.channels
        ):
            return None
        pixels = self.preprocess.denormalise(inputs.detach()).cpu()
        if pixels.shape[1] == 1:
            pixels = pixels.expand(-1, 3, -1, -1)
        return (pixels * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()

    def logits_of(self, output: Any) -> Tensor:
        """The (N, K) logits in the module's output. Raises NetworkError, with what was found, where there are none."""
        logits, places = choose(
            output,
            self.output,
            len(self.labels) if self.labels else self._detected,
            len(self.input_shape) + 1 if self.input_shape else None,
        )
        if places and DENSE not in self.notes:
            self.notes = (*self.notes, DENSE)
        return logits

    @functools.cached_property
    def _detected(self) -> int | None:
        """How many classes a detector tells apart, by its head; None for other networks."""
        for m in self.module.modules():
            if isinstance(score := getattr(m, "cls_score", None), nn.Linear):
                return score.out_features
            if isinstance(count := getattr(m, "num_classes", None), int) and hasattr(m, "cls_logits"):
                return count
        return None

    def whole(self, output: Any) -> Any:
        """What targets of places and boxes are read from: logits of places (N, K, *space), or a detector's findings.

        Raises NetworkError where the network gives neither.
        """
        if is_detections(output):
            return output
        chosen = choose_tensor(output, self.output)
        if not is_dense(chosen):
            raise NetworkError(f"the network gave {tuple(chosen.shape)}: it has no logits of places, nor boxes")
        return chosen

    @functools.cached_property
    def scale(self) -> str:
        """What the network's output is: "logits", or "probabilities" where it ends in a softmax or a sigmoid."""
        found = scale_of(self.module, self.input_shape, self.output)
        if found == "probabilities":
            self.notes = (*self.notes, "its output is probabilities already: no softmax is taken of them")
        return found

    def probabilities(self, logits: Tensor) -> Tensor:
        """Softmax of logits (N, K) or (K,), the sigmoid of a single one; probabilities stay as they are."""
        logits = logits.float()
        if bool(((logits >= 0) & (logits <= 1)).all()) and self.scale == "probabilities":
            return logits
        return logits.softmax(-1) if logits.shape[-1] > 1 else logits.sigmoid()

    def logits(self, inputs: Tensor) -> Tensor:
        """Logits (N, K) without gradients, in evaluation mode; the module is left as it was.

        Raises NetworkError where the forward pass fails, ShapeError where the input's shape is not the network's.
        """
        with untouched(self.module), torch.no_grad():
            try:
                output = self.module(inputs.clone())
            except DeeproError:
                raise
            except Exception as error:
                came, expected = tuple(inputs.shape), self.__dict__.get("input_shape")
                if expected is not None and came[1:] != tuple(expected):
                    wanted = f"(N, {', '.join(map(str, expected))})"
                    raise ShapeError(f"the input has shape {came}, expected {wanted} ({one_line(error)})") from error
                raise NetworkError(f"the network failed on an input of {came}: {one_line(error)}") from error
            return self.logits_of(output)

    def first_classes(self, inputs: Tensor, logits: Tensor | None = None) -> tuple[int, ...]:
        """The class of each input that `predict` names: of its logits when it is alone; of equal ones the lower index.

        logits: (N, K) from a pass that there was anyway. Rounding differs from pass to pass, so where the first two
        are close the input is run again, alone.
        """
        again = torch.ones(len(inputs), dtype=torch.bool) if logits is None else near_tied(logits)
        found = [0] * len(inputs) if logits is None else order(logits)[:, 0].tolist()
        for n in again.nonzero().flatten().tolist():
            found[n] = int(order(self.logits(inputs[n : n + 1].detach())[0])[0])
        return tuple(found)

    def probe(self, capture: Sequence[str] = (), edit: Mapping[str, Any] | None = None, *, stop: bool = False) -> Probe:
        """A Probe on this module; see deepro.probe. Use it inside `untouched`."""
        return Probe(self.module, capture, edit, stop=stop, whole=self.whole)

    def predict(self, image: Any, top: int = 5) -> list[tuple[str, float]]:
        """The `top` labels of one image with their probabilities, most probable first: `net.predict("cat.jpg")`."""
        inputs = self.prepare(image)
        if len(inputs) != 1:
            raise UsageError(f"predict takes one image, got {len(inputs)}")
        if top < 1:
            raise UsageError(f"top is {top}, expected at least 1")
        logits = self.logits(inputs.tensor)[0].float()
        if bool(logits.isnan().any()):
            raise NetworkError(f"the network gave NaN for {int(logits.isnan().sum())} of its {len(logits)} logits")
        probabilities = self.probabilities(logits)
        return Guesses((self.label(i), float(probabilities[i])) for i in order(logits)[:top].tolist())


def _is_input(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _one_by_one(images: Any) -> list[Any]:
    if isinstance(images, list | tuple):
        return list(images)
    if isinstance(images, np.ndarray | Tensor) and images.ndim == 4:
        return list(images)
    return [images]


def _checked_shape(shape: Any) -> tuple[int, ...]:
    try:
        sizes = tuple(int(n) for n in shape)
    except (TypeError, ValueError):
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise UsageError(f"input_shape is {shape!r}, expected sizes without the batch axis, such as (3, 224, 224)")
    return sizes
