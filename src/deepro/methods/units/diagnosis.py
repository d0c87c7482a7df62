"""Which units are dead, always on, duplicates, noisy or aliased, from a survey and the filters; with the evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn

from deepro.errors import UsageError, near
from deepro.kinds.surveys.diagnosis import Diagnosis
from deepro.kinds.surveys.gallery import Gallery
from deepro.kinds.surveys.survey import Survey
from deepro.kinds.surveys.unit_statistics import UnitStatistics
from deepro.methods.units.zeiler import ZEILER
from deepro.network import Network
from deepro.network.input_shape import example
from deepro.nonlinearities import Behaviour, Met, Watch, of_module
from deepro.parameters import Value, several_stored, stored
from deepro.probe import split_call, untouched
from deepro.registry import method

# What each threshold means stands beside it; `diagnose(thresholds=...)` changes them.
THRESHOLDS: Mapping[str, float] = {
    "dead": 0.0,  # largest share of images in which the unit is ever above zero
    "always on": 0.99,  # smallest share of all places above zero
    "duplicate filters": 0.98,  # smallest cosine between two filters of a layer
    "duplicate activations": 0.9,  # and smallest correlation of their largest values over the images
    "high-frequency": 0.7,  # smallest share of a filter's power above half the highest frequency; white noise has 0.80
    "breadth": 0.35,  # and smallest breadth of its spectrum: colour noise has 0.75, a clean grating 0.15
    "aliased": 0.6,  # smallest share of power above what the stride can sample; white noise has 1 - 1/stride^2
    "aliased projections": 0.6,  # the same of a deeper unit's projections, above what the first stride can sample
}
FAULTS: Mapping[str, str] = {
    "broken": "values that are not finite: check the weights, the input's range and the precision",
    "dead": "never fires: lower the learning rate, start the bias above zero, use a leaky rectifier, or prune the unit",
    "always on": "works as a linear unit: renormalise filters whose norm has run away (Zeiler & Fergus 2014, section "
    "3) or check the bias",
    "duplicate": "says what another unit says: prune one, or use fewer units or stronger regularisation",
    "high-frequency": "noise rather than structure: train longer, use more data or weight decay, or a smaller filter "
    "(Zeiler & Fergus 2014, section 4.1)",
    "aliased": "oscillates faster than its stride can sample: a smaller stride or filter in the first layer (Zeiler & "
    "Fergus 2014, section 4.1: 11x11 stride 4 became 7x7 stride 2), or blur before the stride",
}
_SPECTRUM = 64  # points a spectrum is computed at
_SHOWN = 32  # and kept at, beside the filters
_SMALLEST = 5  # a filter of fewer pixels has too few frequencies to tell noise from an edge


@dataclass(frozen=True)
class _Filters:
    """A layer's filters: whose they are, (U, elements) flattened, whether they stand at the input, the stride there."""

    module: str
    flat: Tensor
    weight: Tensor
    first: bool
    stride: tuple[int, ...]

    @property
    def judged(self) -> bool:
        """Whether its spectrum says anything."""
        return self.first and self.weight.ndim == 4 and min(self.weight.shape[2:]) >= _SMALLEST


class _Thresholds(Value):
    """All of them, those that were given in place of the usual ones."""

    def value(self, net: Network, given: Any) -> Any:
        limits = {name: float(value) for name, value in {**THRESHOLDS, **given}.items()}
        if unknown := set(limits) - set(THRESHOLDS):
            name = min(unknown)
            raise UsageError(f"unknown threshold {name!r}{near(name, THRESHOLDS) or f'; there are {list(THRESHOLDS)}'}")
        return limits


@method(
    family="units",
    paper=ZEILER,
    summary="Which units look sick: dead, always on, duplicates, noisy, aliased, not finite.",
    version=3,
)
def diagnose(
    net: Network,
    survey: Annotated[Survey, stored(Survey)],
    thresholds: Annotated[
        Mapping[str, float], _Thresholds("fault -> where it begins; the usual ones for all others")
    ] = MappingProxyType({}),
    galleries: Annotated[Sequence[Gallery], several_stored(Gallery)] = (),
) -> Diagnosis:
    """Look at every surveyed unit: the survey, the weights and galleries are the evidence.

    One pass over a made-up input tells which nonlinearity makes or takes each layer's output, module or not.

    Dead is judged where a unit below zero is silent (a rectifier, GELU, SiLU), always on where one above zero passes as
    it is (these and the leaky ones), in the nonlinearity's output or before it; a unit that gives one value to
    everything is dead anywhere. Duplicates need near-equal filters and correlated activations.
    Filters are judged once, in the first surveyed layer that has them. Frequencies are judged for the filters that look
    at the input, of at least 5 x 5 pixels, and for the projections in `galleries` of this survey, of at least 8 x 8,
    that were kept pixel by pixel.
    thresholds: others than THRESHOLDS. Raises UsageError for a survey of another network and unknown thresholds.

    Example: `deepro.diagnose(net, survey)`
    """
    limits = thresholds
    if survey.provenance is not None and survey.provenance.network["fingerprint"] != net.fingerprint:
        raise UsageError("the survey was made with another network or other weights; make it again")
    findings: list[dict[str, Any]] = []
    measures: dict[str, dict[str, np.ndarray]] = {}
    examined: dict[str, tuple[str, ...]] = {}
    first: dict[str, _Filters] = {}
    kinds = behaviours(net, list(survey.layers))
    judged: set[str] = set()  # a convolution and the rectifier after it have one set of filters
    for layer, statistics in survey.layers.items():
        filters = _filters(net, layer)
        if filters is None or filters.module in judged or len(filters.flat) != len(statistics.values):
            filters = None
        else:
            judged.add(filters.module)
            if filters.judged:
                first[layer] = filters
        looked, found, measured = _layer(statistics, limits, filters, kinds.get(layer, []))
        findings += [{"layer": layer, **f, "suggestion": FAULTS[f["fault"]]} for f in found]
        measures[layer], examined[layer] = measured, looked
    stride = max((max(f.stride) for f in first.values()), default=1)
    for layer, share in _projected(survey, galleries, stride).items():
        if layer in first or stride == 1:
            continue
        measures[layer] = {**measures[layer], "aliased_projections": share}
        examined[layer] = (*examined[layer], "aliased")
        for unit in np.flatnonzero(share >= limits["aliased projections"]).tolist():
            found = _finding(
                unit, "aliased", limits["aliased projections"], share_of_projected_power=float(share[unit])
            )
            findings.append({"layer": layer, **found, "suggestion": FAULTS["aliased"]})
    return Diagnosis(
        findings=tuple(findings),
        measures=measures,
        thresholds=limits,
        examined=examined,
        filters={layer: f.weight.numpy() for layer, f in first.items()},
        strides={layer: f.stride for layer, f in first.items()},
        spectra={
            layer: torch.fft.fftshift(_power(f.weight, _SHOWN), (1, 2)).float().numpy() for layer, f in first.items()
        },
    )


def _layer(
    statistics: UnitStatistics,
    limits: Mapping[str, float],
    filters: _Filters | None,
    kinds: Sequence[Behaviour],
) -> tuple[tuple[str, ...], list[dict[str, Any]], dict[str, np.ndarray]]:
    looked, found = ["broken", "dead"], []
    measured = {"share_images": statistics.share_images, "share_active": statistics.share_active}
    linear = any(kind.linear for kind in kinds)
    dead = statistics.maximum == statistics.minimum
    if any(kind.silent for kind in kinds):
        dead |= statistics.share_images <= limits["dead"]
    if linear:
        looked.append("always on")
    for unit in np.flatnonzero(statistics.broken > 0).tolist():
        found.append(_finding(unit, "broken", 0.0, images=int(statistics.broken[unit])))
    for unit in np.flatnonzero(dead).tolist():
        found.append(
            _finding(
                unit,
                "dead",
                limits["dead"],
                share_images=float(statistics.share_images[unit]),
                minimum=float(statistics.minimum[unit]),
                maximum=float(statistics.maximum[unit]),
            )
        )
    if linear:
        for unit in np.flatnonzero((statistics.share_active >= limits["always on"]) & ~dead).tolist():
            spread = float(np.sqrt(statistics.variance[unit]))
            found.append(
                _finding(
                    unit,
                    "always on",
                    limits["always on"],
                    share_active=float(statistics.share_active[unit]),
                    mean=float(statistics.mean[unit]),
                    standard_deviation=spread,
                )
            )
    if filters is not None:
        looked.append("duplicate")
        found += _duplicates(statistics, filters.flat, dead, limits)
        if filters.judged:
            looked.append("high-frequency")
            high, aliased = spectrum(filters.weight, filters.stride)
            broad = breadth(filters.weight)
            measured |= {"high_frequency": high, "breadth": broad, "aliased": aliased}
            noisy = (high >= limits["high-frequency"]) & (broad >= limits["breadth"])
            for unit in np.flatnonzero(noisy).tolist():
                evidence = {"share_of_power": float(high[unit]), "breadth": float(broad[unit])}
                found.append(_finding(unit, "high-frequency", limits["high-frequency"], **evidence))
            if max(filters.stride) > 1:
                looked.append("aliased")
                for unit in np.flatnonzero((aliased >= limits["aliased"]) & ~noisy).tolist():
                    found.append(_finding(unit, "aliased", limits["aliased"], share_of_power=float(aliased[unit])))
    return tuple(looked), found, measured


def _finding(unit: int, fault: str, threshold: float, **evidence: Any) -> dict[str, Any]:
    return {"unit": int(unit), "fault": fault, "evidence": evidence, "threshold": threshold}


class _Watch(Watch):
    """Notes which layers' outputs come from a nonlinearity or go into one, as they are, written as a module or not."""

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[int, tuple[Tensor, list[str]]] = {}
        self._made: dict[int, tuple[Tensor, Behaviour]] = {}
        self.kinds: dict[str, list[Behaviour]] = {}

    def hold(self, layer: str) -> Any:
        def look(output: Tensor) -> Tensor:
            self._held.setdefault(id(output), (output, []))[1].append(layer)
            if id(output) in self._made:
                self.kinds.setdefault(layer, []).append(self._made[id(output)][1])
            return output

        return look

    def met(self, found: Met, run: Callable[[], Any]) -> Any:
        for layer in self._held.get(id(found.x), (None, []))[1]:
            self.kinds.setdefault(layer, []).append(found.kind)
        result = run()
        if isinstance(result, Tensor):
            self._made[id(result)] = result, found.kind
        return result


def behaviours(net: Network, layers: Sequence[str]) -> dict[str, list[Behaviour]]:
    """The nonlinearities at each layer's output, by one pass over a made-up input."""
    known = [layer for layer in layers if layer in net.layers]
    if net.input_shape is None or not known:
        return {}
    watch = _Watch()
    edits = {layer: watch.hold(layer) for layer in known}
    with untouched(net.module), torch.no_grad(), net.probe(edit=edits) as probe, watch:
        probe(example(net.module, net.input_shape))
    return watch.kinds


def _filters(net: Network, layer: str) -> _Filters | None:
    """The weights that make a layer's units: its own, or those of the convolution whose output it rectifies."""
    names = list(net.layers)
    if layer not in net.layers:
        return None
    at = names.index(layer)
    while at >= 0:
        module = net.module.get_submodule(split_call(names[at])[0])
        weight = getattr(module, "weight", None)
        if isinstance(module, nn.modules.conv._ConvNd | nn.Linear) and isinstance(weight, Tensor):
            transposed = bool(getattr(module, "transposed", False))
            weight = weight.detach().float().cpu()
            weight = weight.transpose(0, 1) if transposed else weight
            channels = net.input_shape[0] if net.input_shape else None
            first = isinstance(module, nn.Conv2d) and module.in_channels == channels and _is_first(net, names[at])
            stride = tuple(int(s) for s in getattr(module, "stride", (1,)))
            return _Filters(split_call(names[at])[0], weight.flatten(1), weight, first, stride)
        kind = net.layers[names[at]].kind
        same = at > 0 and net.layers[names[at - 1]].shape == net.layers[names[at]].shape
        entry = of_module(kind)
        if not same or not ((entry and entry.kind.unit) or "Norm" in kind):
            return None
        at -= 1
    return None


def _is_first(net: Network, layer: str) -> bool:
    field = net.layers[layer].receptive_field
    module = net.module.get_submodule(split_call(layer)[0])
    return field is None or tuple(field.size) == tuple(
        d * (k - 1) + 1
        for k, d in zip(module.kernel_size, module.dilation, strict=True)  # type: ignore[arg-type]
    )


def _duplicates(
    statistics: UnitStatistics, flat: Tensor, dead: np.ndarray, limits: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Later units that repeat an earlier one."""
    norms = flat.norm(dim=1)
    unit = flat / norms.clamp_min(1e-12)[:, None]
    found, taken = [], set()
    rows, columns = torch.where(torch.triu(unit @ unit.T, 1) >= limits["duplicate filters"])
    for i, j in sorted(zip(rows.tolist(), columns.tolist(), strict=True)):
        if dead[i] or dead[j] or j in taken or not (norms[i] > 0 and norms[j] > 0):
            continue
        together = _correlation(statistics, i, j)
        if together >= limits["duplicate activations"]:
            taken.add(j)
            evidence = {"cosine": float(unit[i] @ unit[j]), "correlation": together}
            common = _common(statistics, i, j)
            found.append(
                _finding(j, "duplicate", limits["duplicate filters"], of=i, **evidence, common_examples=common)
            )
    return found


def _correlation(statistics: UnitStatistics, i: int, j: int) -> float:
    """Of two units' largest values over the images; among the closest, or that of the last of those."""
    for one, other in ((i, j), (j, i)):
        at = np.flatnonzero(statistics.partners[one] == other)
        if len(at):
            return float(statistics.correlations[one, at[0]])
    last = [statistics.correlations[unit, -1] for unit in (i, j)]
    return float(np.nan_to_num(min(last), nan=-1.0))


def _common(statistics: UnitStatistics, i: int, j: int) -> float:
    """Share of two units' strongest examples, image and position, that are the same."""

    def examples(unit: int) -> set[tuple[int, ...]]:
        rows = zip(statistics.images[unit].tolist(), statistics.positions[unit].tolist(), strict=True)
        return {(image, *place) for image, place in rows if image >= 0}

    one, two = examples(i), examples(j)
    return len(one & two) / max(1, min(len(one), len(two)))


def breadth(weight: Tensor, size: int = _SPECTRUM) -> np.ndarray:
    """(U,) over how much of the spectrum each filter's power P is spread: (sum P)^2 / (K sum P^2), at most 1.

    A filter that oscillates in one direction at one frequency is a detector, however fast; noise is spread.
    """
    power = _power(weight, size).flatten(1)
    return (power.sum(1) ** 2 / (power.shape[1] * power.square().sum(1)).clamp_min(1e-300)).float().numpy()


def _power(weight: Tensor, size: int) -> Tensor:
    """(U, size, size) spectrum of each filter (C, h, w) without its mean, colours summed."""
    centred = weight.double() - weight.double().mean((2, 3), keepdim=True)
    return torch.fft.fft2(centred, s=(size, size)).abs().square().sum(1)


def _projected(survey: Survey, galleries: Sequence[Gallery], stride: int) -> dict[str, np.ndarray]:
    """layer -> (U,) share of the power of a unit's projections beyond what `stride` can sample, the mean over its
    examples; NaN where there are none. Only projections that were kept pixel by pixel."""
    found: dict[str, np.ndarray] = {}
    for gallery in galleries:
        made = gallery.provenance
        if made is None or survey.provenance is None or made.parameters.get("survey") != survey.provenance.key:
            continue
        kept, seen = gallery.projections.shape[-2:], np.diff(gallery.windows, axis=-1)[..., 0]
        if gallery.layer not in survey.layers or min(kept) < 8 or (seen.max((0, 1)) > kept).any():
            continue
        share = found.setdefault(gallery.layer, np.full(len(survey.layers[gallery.layer].values), np.nan))
        for row, unit in enumerate(gallery.units.tolist()):
            on = gallery.values[row] > 0
            if on.any():
                _, beyond = spectrum(torch.from_numpy(gallery.projections[row, on]), (stride, stride))
                share[unit] = beyond.mean()
    return {layer: share.astype(np.float32) for layer, share in found.items()}


def spectrum(weight: Tensor, stride: tuple[int, ...], size: int = _SPECTRUM) -> tuple[np.ndarray, np.ndarray]:
    """Shares of each filter's power (U,): beyond a quarter of a cycle a pixel, and beyond what the stride can sample.

    weight: (U, C, h, w). The mean over space is taken off first, colours are summed. A stride s samples up to 1 / 2s
    cycles a pixel along its axis.
    """
    power = _power(weight, size)
    y, x = torch.meshgrid(torch.fft.fftfreq(size).abs(), torch.fft.fftfreq(size).abs(), indexing="ij")
    total = power.sum((1, 2)).clamp_min(1e-30)
    steps = (*stride, *stride)[:2]
    high = torch.sqrt(x.square() + y.square()) > 0.25
    beyond = (y > 0.5 / steps[0]) | (x > 0.5 / steps[1])
    shares = [(power * mask).sum((1, 2)) / total for mask in (high, beyond)]
    # What is left of a constant filter after its mean is rounding, not noise.
    flat = power.sum((1, 2)) < 1e-8 * weight.double().square().sum((1, 2, 3)) * size * size
    return tuple(share.masked_fill(flat, 0.0).float().numpy() for share in shares)  # type: ignore[return-value]
