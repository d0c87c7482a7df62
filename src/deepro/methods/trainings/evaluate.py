"""Looks at a network as it is now: everything that is recorded of one step, from one pass over the probe set."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepro import progress
from deepro.errors import DeeproError, LayerError, UnsupportedError
from deepro.methods.regions.cams import gradcam
from deepro.methods.regions.gradients import gradient_x_input
from deepro.methods.sequences.recurrent import Recorder
from deepro.methods.spaces.leaving_out import LeftOut
from deepro.methods.units.back import Way
from deepro.methods.units.diagnosis import THRESHOLDS, behaviours, spectrum
from deepro.network import Layer, Network
from deepro.nonlinearities import of_module
from deepro.probe import split_call, untouched
from deepro.render import colour, picture

MOST = 256  # examples of the probe set: their numbers fit into a byte
_LAYERS = 24  # layers that are looked at, where none are named
_BEST = 4  # strongest examples kept of each unit
_KERNEL = 40  # examples whose likeness is kept, for CKA
_FOLLOWED = 12  # units whose projections are kept
_TILE = 40  # pixels of a projection, of a heatmap and of an example
_BATCH = 32
_FILTERS = 64
_ENDS = 0.1  # a gate below it, or as far below 1, is shut or open (Karpathy et al. 2015)
_TWINS = THRESHOLDS["duplicate filters"]
_NORMS = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True)
class ProbeSet:
    """inputs: (N, ...) as the network takes them. labels: (N,) int64, -1 where there is none. names, classes: what they
    are called. pictures: (N, h, w, 3) uint8, None where the inputs are no pictures."""

    inputs: Tensor
    labels: np.ndarray
    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    pictures: np.ndarray | None = None


class Evaluator:
    """Evaluates one network again and again; its weights may have changed, its shape not.

    layers: those that are looked at, by default what the rectifiers after its convolutions, or its layers with weights,
    give. follow: (layer, unit) whose projections are kept. pinned: the example that is followed.
    Raises LayerError where there is nothing to look at, and what the forward pass raises.
    """

    def __init__(
        self,
        net: Network,
        probe: ProbeSet,
        layers: Sequence[str] | None = None,
        follow: Sequence[tuple[str, int]] | None = None,
        pinned: int = 0,
    ) -> None:
        self.net, self.probe, self.pinned = net, probe, pinned
        self.known = net.trace(probe.inputs[:1])
        pairs = watched_layers(net, self.known, layers)
        self.layers = [self.known[name] for name in pairs]
        self.modules = list(pairs.values())
        kinds = behaviours(net, list(pairs))
        self.silences = [any(k.silent for k in kinds.get(name, [])) for name in pairs]
        image = probe.inputs.is_floating_point() and probe.inputs.ndim == 4
        field = {layer.name: layer for layer in self.layers if image and len(layer.shape) == 3}
        self.followed = list(follow) if follow is not None else _spread(list(field.values()))
        self.first = _first_filters(net, probe.inputs) if image else None
        self.first = self.first if self.first in self.modules else None
        self.recurrent = any(isinstance(m, nn.RNNBase | nn.RNNCellBase) for m in net.module.modules())
        self.normed = [m for m in net.module.modules() if isinstance(m, _NORMS) and m.track_running_stats]
        self._before: np.ndarray | None = None
        self.notes: list[str] = []

    def about(self) -> dict[str, Any]:
        """What stays the same along the training."""
        probe = self.probe
        tiles = None
        if probe.pictures is not None:
            tiles = np.stack([picture.square(p, _TILE) for p in probe.pictures])
        return {
            "layers": [layer.name for layer in self.layers],
            "modules": list(self.modules),
            "units": [layer.units for layer in self.layers],
            "silences": list(self.silences),
            "followed": [[layer, unit] for layer, unit in self.followed],
            "names": list(probe.names),
            "classes": list(probe.classes or self.net.labels or ()),
            "labels": probe.labels,
            "pinned": self.pinned,
            **({} if tiles is None else {"tiles": tiles}),
            **({} if self.first is None else {"first": self.first, "stride": list(self._filters().stride)}),
        }

    def __call__(self) -> dict[str, np.ndarray]:
        """Everything of `Training.at` for the network as it is now, without the axis of steps; the norms are not in it.

        What cannot be made is left out, and `notes` says why, once.
        """
        found: dict[str, np.ndarray] = {}
        with progress.listening(None), untouched(self.net.module):
            with torch.no_grad():
                outputs, logits = self._pass()
                found |= self._of_units(outputs) | self._of_layers(outputs)
                if logits is not None:
                    found |= self._of_examples(logits)
            for what in ("gates", "spectra", "heatmap", "projections"):
                with self._noted(what):
                    found |= getattr(self, f"_{what}")(found)
        return found

    @contextlib.contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # one picture less; the rest of the step stays
            said = f"{what}: {' '.join(str(error).split()) or type(error).__name__}"
            if said not in self.notes:
                self.notes.append(said)

    # ---- the pass

    def _pass(self) -> tuple[list[dict[str, Tensor]], Tensor | None]:
        """For each layer maxima, places, means and zeros of each example and unit; the logits where there are any."""
        names = [layer.name for layer in self.layers]
        parts: list[list[dict[str, Tensor]]] = [[] for _ in names]
        logits: list[Tensor] = []
        with self.net.probe(names) as probe:
            for batch in self.probe.inputs.split(_BATCH):
                output = probe(batch.to(self.net.device))
                with contextlib.suppress(DeeproError):
                    logits.append(self.net.logits_of(output).float().cpu())
                for layer, kept in zip(self.layers, parts, strict=True):
                    kept.append(_summed(probe[layer.name], layer))
        joined = [{k: torch.cat([p[k] for p in kept]) for k in kept[0]} for kept in parts]
        whole = torch.cat(logits) if logits else None
        return joined, whole if whole is not None and whole.ndim == 2 and len(whole) == len(self.probe.inputs) else None

    def _of_units(self, outputs: list[dict[str, Tensor]]) -> dict[str, np.ndarray]:
        self.places = [o["place"] for o in outputs]
        best, strength, quiet = [], [], []
        for o in outputs:
            top = torch.nan_to_num(o["maximum"], nan=-math.inf).topk(min(_BEST, len(o["maximum"])), dim=0)
            best.append(top.indices.T)
            strength.append(top.values.T)
            quiet.append(o["quiet"].mean(0))
        return {
            "best": torch.cat(best).numpy().astype(np.uint8),
            "strength": _half(torch.cat(strength).numpy()),
            "quiet": _half(torch.cat(quiet).numpy()),
        }

    def _of_layers(self, outputs: list[dict[str, Tensor]]) -> dict[str, np.ndarray]:
        labels, kernels = self.probe.labels, []
        rows: dict[str, list[float]] = {name: [] for name in ("silent", "dead", "rank", "probe")}
        known = labels >= 0
        answers = np.eye(int(labels.max(initial=0)) + 1)[labels[known]]
        for o, silences in zip(outputs, self.silences, strict=True):
            codes = o["code"].double().numpy()
            rows["silent"].append(float(o["quiet"].mean()))
            rows["dead"].append(float((o["maximum"].amax(0) <= 0).float().mean()) if silences else math.nan)
            kernels.append(centred(codes[:_KERNEL]))
            if not np.isfinite(codes).all():
                rows["rank"].append(math.nan)
                rows["probe"].append(math.nan)
                continue
            left = LeftOut(codes)
            total = float(np.square(left.powers).sum())
            rows["rank"].append(float(left.powers.sum()) ** 2 / total if total > 0 else 0.0)
            asked = known.any() and answers.shape[1] > 1 and len(left.powers) > 0
            said = (left if known.all() else LeftOut(codes[known])).answers(answers) if asked else None
            rows["probe"].append(math.nan if said is None else float((said.argmax(1) == labels[known]).mean()))
        kernel = np.stack(kernels)
        past = np.full(len(kernel), np.nan) if self._before is None else (kernel * self._before).sum(1)
        self._before = kernel
        measured = {name: np.array(values, np.float32) for name, values in rows.items()}
        return {**measured, "past": past.astype(np.float32), "kernels": kernel.astype(np.float16)}

    def _of_examples(self, logits: Tensor) -> dict[str, np.ndarray]:
        labels = torch.from_numpy(self.probe.labels)
        losses = _losses(logits, labels)
        found = {
            "classes": logits.argmax(1).numpy().astype(np.int32),
            "losses": losses.numpy().astype(np.float16),
            "evaluated": _said(logits, losses, labels),
            "pinned": logits[self.pinned].softmax(0).numpy().astype(np.float16),
        }
        if self.normed:
            momenta = [m.momentum for m in self.normed]
            for m in self.normed:
                m.training, m.momentum = True, 0.0  # the batch's statistics, and none of them kept
            try:
                trained = [self.net.logits_of(self.net.module(b.clone())).float() for b in self._shuffled()]
            finally:
                for m, momentum in zip(self.normed, momenta, strict=True):
                    m.training, m.momentum = False, momentum
            answers = torch.cat(trained)[self._order.argsort()]
            found["trained"] = _said(answers, _losses(answers, labels), labels)
        return found

    def _shuffled(self) -> Sequence[Tensor]:
        """Batches in an order of their own: batch norm in training mode sees whom an example stands beside."""
        self._order = torch.from_numpy(np.random.default_rng(0).permutation(len(self.probe.inputs)))
        return self.probe.inputs[self._order].tensor_split(max(1, len(self._order) // _BATCH))

    # ---- pictures and gates; each may fail without the others

    def _gates(self, _found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if not self.recurrent:
            return {}
        with torch.no_grad(), Recorder(self.net.module) as recorder:
            self.net.module(self.probe.inputs[:_BATCH].clone())
        share = np.full(len(self.layers), np.nan, np.float32)
        states = recorder.layers()
        for at, name in enumerate(self.modules):
            gates = [g for s in states if s.name.split(".l")[0].split(":")[0] == name for k, g in s.gates.items()
                     if k not in ("g", "n")]  # fmt: skip
            if gates:
                ends = [((g < _ENDS).all(2).all(1) | (g > 1 - _ENDS).all(2).all(1)).float().mean() for g in gates]
                share[at] = float(torch.stack(ends).mean())
        return {"saturated": share}

    def _filters(self) -> nn.Conv2d:
        module = self.net.module.get_submodule(str(self.first))
        assert isinstance(module, nn.Conv2d)
        return module

    def _spectra(self, _found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self.first is None:
            return {}
        module = self._filters()
        weight = module.weight.detach().float().cpu()
        rows = np.full((3, len(self.layers)), np.nan, np.float32)
        at = self.modules.index(self.first)
        unit = functional.normalize(weight.flatten(1), dim=1)
        rows[2, at] = ((unit @ unit.T).tril(-1) >= _TWINS).any(1).float().mean()
        rows[0, at] = np.median(spectrum(weight, (1, 1))[0])
        if max(module.stride) > 1:
            rows[1, at] = self._aliased(module)
        shown = weight[:_FILTERS].nan_to_num().numpy()
        pictures = np.stack([colour.signed(f, float(np.abs(f).max())) for f in shown])
        return {"high": rows[0], "aliased": rows[1], "twins": rows[2], "filters": pictures}

    def _aliased(self, module: nn.Conv2d) -> float:
        """Share of the power of what the filters answer, taken at every pixel, that their stride cannot sample."""
        seen: list[Tensor] = []
        handle = module.register_forward_pre_hook(lambda _m, args: seen.append(args[0].detach()))
        try:
            with torch.no_grad():
                self.net.module(self.probe.inputs[:_BATCH].to(self.net.device))
                dense = functional.conv2d(seen[0], module.weight, None, 1, module.padding, module.dilation)
        finally:
            handle.remove()
        power = torch.fft.fft2(dense - dense.mean((2, 3), keepdim=True)).abs().square().sum((0, 1))
        beyond = [torch.fft.fftfreq(n).abs() > 0.5 / s for n, s in zip(power.shape, module.stride, strict=True)]
        lost = power[beyond[0][:, None] | beyond[1][None, :]].sum()
        return float(lost / power.sum()) if power.sum() > 0 else math.nan

    def _heatmap(self, _found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        inputs = self.probe.inputs[self.pinned : self.pinned + 1]
        if inputs.ndim != 4 or not inputs.is_floating_point():
            return {}
        try:
            made = gradcam(self.net, inputs.to(self.net.device))
        except UnsupportedError:  # no layer is laid out as the picture is
            made = gradient_x_input(self.net, inputs.to(self.net.device))
        return {"heatmap": _half(_shrunk(np.asarray(made.values[0], np.float32).reshape(made.values.shape[-2:])))}

    def _projections(self, found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if not self.followed:
            return {}
        starts = np.cumsum([0, *(layer.units for layer in self.layers)])
        names = [layer.name for layer in self.layers]
        pictures = np.full((len(self.followed), _TILE, _TILE, 3), colour.MIDDLE, np.uint8)
        windows = np.zeros((len(self.followed), 4), np.float16)
        height, width = self.probe.inputs.shape[2:]
        for row, (name, unit) in enumerate(self.followed):
            at = names.index(name)
            layer = self.layers[at]
            example = int(found["best"][starts[at] + unit, 0])
            place = np.unravel_index(int(self.places[at][example, unit]), layer.shape[1:])
            top, left, bottom, right = 0, 0, height, width
            if (field := layer.receptive_field) is not None and len(field.size) == 2:
                (top, bottom), (left, right) = field.window(tuple(int(p) for p in place), (height, width))
                top, left, bottom, right = max(0, top), max(0, left), min(height, bottom), min(width, right)
            windows[row] = left / width, top / height, right / width, bottom / height
            if not found["strength"][starts[at] + unit, 0] > 0:
                continue
            way = Way(self.net, self.probe.inputs[example : example + 1], name, "deconvnet", layer)
            back = way.project(torch.tensor([unit]), torch.tensor(np.array([place])))[0].cpu().numpy()
            seen = back[:, top:bottom, left:right]
            pictures[row] = picture.square(colour.signed(seen, float(np.abs(seen).max()) or 1.0), _TILE)
        return {"projections": pictures, "windows": windows}


def watched_layers(net: Network, known: Mapping[str, Layer], asked: Sequence[str] | None = None) -> dict[str, str]:
    """Layer -> the module whose weights make its units.

    By default the last of normalisation and rectifier after each convolution, or each layer with weights, while the
    units stay the same; at most a few, spread over the network, first and last among them.
    """
    recurrent = (nn.RNNBase, nn.RNNCellBase)
    weighted = {
        n
        for n, m in net.module.named_modules()
        if isinstance(getattr(m, "weight", None), Tensor) or isinstance(m, recurrent)
    }
    chosen: dict[str, str] = {}
    names = list(known)
    for at, name in enumerate(names):
        module = split_call(name)[0]
        if module not in weighted or name in chosen or not known[name].shape or known[name].units < 2:
            continue
        if "Norm" in known[name].kind:
            continue
        last = name
        for after in names[at + 1 :]:
            entry = of_module(known[after].kind)
            if known[after].shape != known[name].shape or not (
                (entry and entry.kind.unit) or "Norm" in known[after].kind
            ):
                break
            last = after
        chosen[last] = module
    if asked is not None:
        for name in asked:
            net.check_layer(name)
        chosen = {name: next((m for n, m in chosen.items() if n == name), split_call(name)[0]) for name in asked}
    if not chosen:
        raise LayerError("the network has no layer with weights and units; name layers with layers=")
    if asked is None and len(chosen) > _LAYERS:
        keys = list(chosen)
        kept = sorted({round(i) for i in np.linspace(0, len(keys) - 1, _LAYERS)})
        chosen = {keys[i]: chosen[keys[i]] for i in kept}
    return chosen


def centred(codes: np.ndarray) -> np.ndarray:
    """(P,) the unbiased centred Gram matrix of codes (N, D), above its diagonal, of length 1; NaN of constant codes.

    The inner product of two of them is the debiased linear CKA (Székely & Rizzo 2014; Song et al. 2012).
    """
    x = codes - codes.mean(0)
    n = len(x)
    gram = x @ x.T
    np.fill_diagonal(gram, 0)
    rows = gram.sum(0) / (n - 2)
    gram = gram - rows[:, None] - rows[None, :] + gram.sum() / ((n - 1) * (n - 2))
    upper = gram[np.triu_indices(n, 1)]
    length = np.linalg.norm(upper)
    return upper / length if length > 0 else np.full_like(upper, np.nan)


def _summed(output: Tensor, layer: Layer) -> dict[str, Tensor]:
    """(N, U) each of a layer's output: largest value and where, mean, share of places not above zero."""
    output = output.detach().float()
    axes = (layer.batch_axis, layer.unit_axis)
    flat = output.movedim(axes, (0, 1)).flatten(2) if output.ndim > 2 else output[:, :, None]
    top = flat.max(2)
    found = {"maximum": top.values, "place": top.indices, "code": flat.mean(2), "quiet": (flat <= 0).float().mean(2)}
    return {name: value.cpu() for name, value in found.items()}


def _losses(logits: Tensor, labels: Tensor) -> Tensor:
    """(N,) cross entropy; NaN without a label, or with one that the network has no class for."""
    known = (labels >= 0) & (labels < logits.shape[1])
    losses = torch.full((len(logits),), math.nan)
    losses[known] = functional.cross_entropy(logits[known], labels[known], reduction="none")
    return losses


def _said(logits: Tensor, losses: Tensor, labels: Tensor) -> np.ndarray:
    known = labels >= 0
    right = (logits.argmax(1) == labels)[known].float().mean() if known.any() else torch.tensor(math.nan)
    return np.array([float(losses.nanmean()), float(right)], np.float32)


def _half(values: np.ndarray) -> np.ndarray:
    return np.clip(values, -6e4, 6e4).astype(np.float16)


def _shrunk(values: np.ndarray) -> np.ndarray:
    import cv2

    height, width = values.shape
    if max(height, width) <= _TILE:
        return values
    scale = _TILE / max(height, width)
    return cv2.resize(values.astype(np.float32), (max(1, round(width * scale)), max(1, round(height * scale))),
                      interpolation=cv2.INTER_AREA)  # fmt: skip


def _spread(layers: Sequence[Layer]) -> list[tuple[str, int]]:
    """Units to follow: a few of layers spread over the network."""
    if not layers:
        return []
    kept = [layers[i] for i in sorted({round(i) for i in np.linspace(0, len(layers) - 1, 4)})]
    each = max(1, _FOLLOWED // len(kept))
    return [
        (layer.name, int(u)) for layer in kept for u in np.unique(np.linspace(0, layer.units - 1, each).astype(int))
    ]


def _first_filters(net: Network, inputs: Tensor) -> str | None:
    """The convolution that looks at the input, where its filters are large enough to have a spectrum."""
    for name, m in net.module.named_modules():
        if isinstance(m, nn.Conv2d):
            return name if m.in_channels == inputs.shape[1] and m.groups == 1 and min(m.kernel_size) >= 3 else None
    return None
