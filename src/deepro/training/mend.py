"""`deepro.mend`: what a training's alarms found, turned into changes of the network that keep what it has learned.

Units are begun anew as Sokar et al. 2023 (arXiv 2302.12902) recycle dormant ones: new weights come in, and nothing goes
out of them yet, so that the network computes what it did. The user's module and files are never touched.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepro.errors import UsageError
from deepro.kinds.trainings.alarms import RULES, alarms
from deepro.kinds.trainings.training import Training
from deepro.methods.units.diagnosis import THRESHOLDS
from deepro.network import Network
from deepro.network.input_shape import example
from deepro.network.weights import save_weights
from deepro.probe import untouched
from deepro.store.folder import atomic_folder

_USUAL = 2e-2  # update over weights that a training begins well with: a tenth of what is too fast
_WEIGHTED = (nn.Linear, nn.modules.conv._ConvNd)


@dataclass(frozen=True)
class Remedy:
    """One change. fault: the alarm that asks for it. what: done to the weights, '' for nothing. code: what to change in
    the code that makes or trains the network, '' for nothing. difference: largest change of the network's output, in
    parts of the largest output; None where the change is one of the code and alters what the network computes."""

    fault: str
    what: str
    code: str
    difference: float | None


@dataclass(frozen=True)
class Mended:
    """module: a changed copy. changes: what was changed, in the order of the alarms. rate: what the learning rate is to
    be multiplied by, 1 where it stays."""

    module: nn.Module
    changes: tuple[Remedy, ...]
    rate: float

    def save(self, folder: str | Path) -> Path:
        """Write `mended.safetensors` and `changes.md` into a new folder and return it. Raises StoreError."""
        folder = Path(folder).absolute()
        with atomic_folder(folder) as partial:
            save_weights(self.module.state_dict(), partial / "mended.safetensors")
            (partial / "changes.md").write_text(self.text(), encoding="utf-8")
        return folder

    def text(self) -> str:
        """All changes in words, as Markdown."""
        rows = []
        for one in self.changes:
            kept = (
                "" if one.difference is None else f" The output changes by {one.difference:.1e} of its largest value."
            )
            rows.append(f"- **{one.fault}**: " + " ".join(filter(None, [one.what, one.code])) + kept)
        return "# Changes\n\n" + ("\n".join(rows) or "Nothing to change: no alarm that mend knows a change for.") + "\n"


def mend(net: Network, run: Training, *, inputs: Tensor | None = None, seed: int = 0) -> Mended:
    """Change a copy of a trained network as the alarms of its training ask.

    net: as it was at the end of the run. run: of `deepro.training.record.read_run`. inputs: (N, ...) on which it is
    measured whether the network still computes the same; made up by default.
    Dead and repeated units begin anew where the network's function can be kept; the first layer gets a smaller stride,
    and smaller filters by interpolation where they are larger than 7; a learning rate is told as a factor.
    Raises UsageError where the run is of another architecture.
    Example: `deepro.mend(net, deepro.read_run("runs/a"))`
    """
    module = copy.deepcopy(net.module)
    sizes = dict(zip(run.about.get("modules", ()), run.about.get("units", ()), strict=True))
    for name, units in sizes.items():
        layer = dict(module.named_modules()).get(name)
        have = layer.weight.shape[0] if isinstance(layer, _WEIGHTED) else units
        if layer is None or have != units:
            raise UsageError(f"the run has {units} units in {name}, the network {have if layer else 'no such layer'}")
    if inputs is None:
        inputs = example(module, net.input_shape or ())
        inputs = torch.randn(8, *inputs.shape[1:]) if inputs.is_floating_point() else inputs
    found = {a.fault: a for a in alarms(run)}
    changes: list[Remedy] = []
    rate = 1.0
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        dead = dead_units(run)
        if dead:
            changes += _begin_anew(module, dead, inputs, "dying units")
        if "duplicated first filters" in found and run.about.get("first"):
            first = str(run.about["first"])
            changes += _part_twins(module, first, inputs)
    if "aliased first layer" in found:
        changes += _sample_finer(module, str(run.about["first"]), inputs)
    if "learning rate too high" in found:
        fast = found["learning rate too high"].value
        rate = float(f"{_USUAL / fast:.1g}") if math.isfinite(fast) else 0.1
        changes.append(Remedy("learning rate too high", "", f"Multiply the learning rate by {rate:g}.", None))
    rest = (name for name in found if name not in {c.fault for c in changes})
    changes += [Remedy(name, "", f"{RULES[name].advice[0].upper()}{RULES[name].advice[1:]}.", None) for name in rest]
    return Mended(module, tuple(changes), rate)


def dead_units(run: Training) -> dict[str, list[int]]:
    """Module -> units that were not above zero on any example at the last recorded step, where that is silence."""
    found: dict[str, list[int]] = {}
    modules, silences = run.about.get("modules", ()), run.about.get("silences", ())
    for layer, name, silent in zip(run.layers, modules, silences, strict=True):
        if silent and "strength" in run.at:
            largest = run.at["strength"][-1, run.units(layer), 0]
            if units := np.flatnonzero(~(largest > 0)).tolist():
                found[name] = units
    return found


def _answers(module: nn.Module, inputs: Tensor) -> Tensor:
    with untouched(module), torch.no_grad():
        out = module(inputs.clone())
    return out[0] if isinstance(out, tuple) else out


def _difference(module: nn.Module, inputs: Tensor, before: Tensor) -> float:
    now = _answers(module, inputs)
    return float((now - before).abs().max() / before.abs().max().clamp_min(1e-30))


def _next(module: nn.Module, name: str, inputs: Tensor) -> str | None:
    """The module with weights that reads what `name` gives: the next one that runs, where its inputs fit."""
    order: list[str] = []
    handles = [
        m.register_forward_hook(lambda _m, _a, _o, n=n: order.append(n))
        for n, m in module.named_modules() if isinstance(m, _WEIGHTED)
    ]  # fmt: skip
    try:
        _answers(module, inputs)
    finally:
        for handle in handles:
            handle.remove()
    after = order[order.index(name) + 1 :] if name in order else []
    if not after or after[0] == name:
        return None
    own: Any = module.get_submodule(name)
    reader: Any = module.get_submodule(after[0])
    return after[0] if reader.weight.shape[1] % own.weight.shape[0] == 0 else None


def _outgoing(module: nn.Module, name: str, following: str) -> Tensor:
    """(next units, units, ...) view of the weights that read the units of `name`."""
    own: Any = module.get_submodule(name)
    reader: Any = module.get_submodule(following)
    return reader.weight.data.view(len(reader.weight), len(own.weight), -1)


def _norm_after(module: nn.Module, name: str) -> nn.Module | None:
    """The normalisation that stands behind `name` in the order of the modules, before other weights."""
    names = list(dict(module.named_modules()))
    for after in names[names.index(name) + 1 :]:
        one = module.get_submodule(after)
        if isinstance(one, nn.modules.batchnorm._BatchNorm):
            return one
        if isinstance(one, _WEIGHTED):
            return None
    return None


def _begin_anew(module: nn.Module, units: Mapping[str, Sequence[int]], inputs: Tensor, fault: str) -> list[Remedy]:
    """New weights into the units, none out of them. What is read in a way that is not known is left as it is."""
    before, said = _answers(module, inputs), []
    following = {n: _next(module, n, inputs) for n in units if isinstance(module.get_submodule(n), _WEIGHTED)}
    chosen = {name: list(units[name]) for name, after in following.items() if after}
    for name, rows in chosen.items():
        _outgoing(module, name, str(following[name]))[:, rows] = 0
    for name, rows in chosen.items():
        layer: Any = module.get_submodule(name)
        fresh = copy.deepcopy(layer)
        fresh.reset_parameters()
        layer.weight.data[rows] = fresh.weight.data[rows]
        if layer.bias is not None:
            layer.bias.data[rows] = 0
        norm: Any = _norm_after(module, name)
        if norm is not None and len(norm.running_mean) == len(layer.weight):
            for value, at in ((norm.weight, 1.0), (norm.bias, 0.0), (norm.running_mean, 0.0), (norm.running_var, 1.0)):
                value.data[rows] = at
        said.append(f"{len(rows)} units of {name} ({_listed(rows)}) begin anew: new weights in, none out yet.")
    changes = [Remedy(fault, " ".join(said), "", _difference(module, inputs, before))] if said else []
    for name in units.keys() - chosen.keys():
        code = "Nothing was changed, since what reads them is not known: begin them anew, or prune them, by hand."
        changes.append(Remedy(fault, f"{len(units[name])} units of {name} are dead.", code, None))
    return changes


def _part_twins(module: nn.Module, name: str, inputs: Tensor) -> list[Remedy]:
    """A filter that repeats an earlier one hands what it says over to that one, and begins anew."""
    following = _next(module, name, inputs)
    layer: Any = module.get_submodule(name)
    if following is None:
        return []
    before = _answers(module, inputs)
    flat = layer.weight.data.flatten(1)
    unit = functional.normalize(flat, dim=1)
    like = (unit @ unit.T).tril(-1)
    twins = [int(i) for i in torch.nonzero((like >= THRESHOLDS["duplicate filters"]).any(1))[:, 0]]
    out = _outgoing(module, name, following)
    for i in twins:
        j = int(like[i].argmax())
        out[:, j] += out[:, i] * (flat[i].norm() / flat[j].norm())
    if not twins:
        return []
    _begin_anew(module, {name: twins}, inputs, "duplicated first filters")
    said = f"{len(twins)} filters of {name} ({_listed(twins)}) repeat others: these speak for them, they begin anew."
    return [Remedy("duplicated first filters", said, "", _difference(module, inputs, before))]


def _sample_finer(module: nn.Module, name: str, inputs: Tensor) -> list[Remedy]:
    """Half the stride, again while more than two, and filters of at most 7 pixels; where the network cannot take the
    larger map that follows, a blur before the stride is told instead."""
    layer = module.get_submodule(name)
    assert isinstance(layer, nn.Conv2d)
    assert not isinstance(layer.padding, str)
    old = copy.deepcopy(layer)
    stride = tuple(max(1, s // 2) if s <= 4 else 2 for s in layer.stride)
    size = tuple(k if k <= 7 else 7 for k in layer.kernel_size)
    layer.stride = stride
    if size != layer.kernel_size:
        scale = math.prod(layer.kernel_size) / math.prod(size)
        layer.weight = nn.Parameter(
            functional.interpolate(layer.weight.data, size=size, mode="bilinear", align_corners=False, antialias=True)
            * scale
        )
        layer.kernel_size, layer.padding = (
            size,
            tuple(k // 2 if p else 0 for k, p in zip(size, layer.padding, strict=True)),
        )
    code = (
        f"In {name}: stride={stride} (it was {tuple(old.stride)}), kernel_size={size}, padding={tuple(layer.padding)}."
    )
    what = (
        "" if size == tuple(old.kernel_size) else f"The filters of {name} were carried over to {size} by interpolation."
    )
    try:
        _answers(module, inputs)
    except Exception:  # a dense layer that counts the places
        layer.stride, layer.weight, layer.kernel_size, layer.padding = (
            old.stride,
            old.weight,
            old.kernel_size,
            old.padding,
        )
        step = max(old.stride)
        code = (
            f"The layers after {name} count its places, so its stride stays in sum: give it stride=1, and after its "
            f"rectifier blur and take every {step}th place: torch.nn.functional.avg_pool2d(x, {step})."
        )
        what = ""
    return [Remedy("aliased first layer", what, code, None)]


def _listed(units: Sequence[int], most: int = 8) -> str:
    return ", ".join(map(str, units[:most])) + (", ..." if len(units) > most else "")
