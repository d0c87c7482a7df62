"""One image's way up to a layer and back down from its units."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from deepro import progress
from deepro.errors import LayerError, UnsupportedError
from deepro.methods.units.cut import Cut
from deepro.methods.units.windows import Windows
from deepro.network import Layer, Network
from deepro.rectifiers import Nonlinearities, Rule, nonlinearities, rectifiers

_BUDGET = 512 * 2**20  # bytes in flight in one pass back
_WORTH = 0.4  # a crop runs forward and back, the whole image only back: above this share the whole is cheaper


class Way:
    """A forward pass up to `layer`, from which any unit is sent back.

    image: (1, C, *space). maps: (units, *layer space), what the layer answered. met: what its gradients pass through.
    cut: whether the last `project` worked on what each unit sees only.
    """

    def __init__(self, net: Network, image: Tensor, layer: str, rule: Rule, known: Layer | None) -> None:
        self._net, self._layer = net, layer
        self._rule: Rule = rule
        self._unit_axis = known.unit_axis if known else 1
        self._field = known.receptive_field if known else None
        if not image.is_floating_point():
            raise UnsupportedError(f"units are sent back to an input of real numbers, this one's are {image.dtype}")
        self.image = image.detach().clone().requires_grad_()
        out, self._largest = self._forward(self.image)
        self._out = out
        self.met: Nonlinearities = nonlinearities(out)
        self.maps = out.detach()[0]
        self.cut = False

    def _forward(self, inputs: Tensor) -> tuple[Tensor, int]:
        """(N, units, *space) what the layer answers to `inputs`, in the graph, and bytes of the largest tensor made."""
        layer = self._layer
        with torch.enable_grad(), rectifiers(self._rule) as mode, self._net.probe([layer], stop=True) as probe:
            probe(inputs)
        out = probe[layer]
        if out.ndim < 2 or out.shape[0] != len(inputs):
            raise LayerError(
                f"layer {layer!r} gives {tuple(out.shape)} for {len(inputs)} inputs, expected (N, units, ...)"
            )
        if not out.requires_grad:
            raise LayerError(f"layer {layer!r} depends on the input by nothing that can be sent back")
        moved = self._unit_axis != 1 and out.ndim > self._unit_axis
        return out.movedim(self._unit_axis, 1) if moved else out, mode.largest

    def project(self, units: Tensor, places: Tensor, cut: bool = True) -> Tensor:
        """(U, *input shape) each unit's activation at its place (U, axes) sent back, all else zero.

        cut: work on what each unit can see, where that is known: through windows of the one pass where every operation
        on the way is known, on crops of the image where only the receptive field is.
        """
        seeds = self.maps[(units, *places.T)]
        windows = Windows.read(self._out, self.image) if cut else None
        if windows is not None:
            self.cut = True
            return windows.back(units, places, seeds)
        values = self.image.new_zeros(len(units), *self.image.shape[1:])
        rest = torch.ones(len(units), dtype=torch.bool, device=units.device)
        space = tuple(self.image.shape[2:])
        plan = Cut.plan(self._field, space) if cut else None
        if plan is not None and plan.share(space) <= _WORTH and places.shape[1] == len(plan.size):
            rest = self._from_crops(values, units, places, seeds, plan)
        self.cut = not bool(rest.any())
        if not self.cut:
            self._from_whole(values, *(torch.arange(len(units))[rest.cpu()], units[rest], places[rest], seeds[rest]))
        return values

    # ---- the whole image

    def _from_whole(self, values: Tensor, rows: Tensor, units: Tensor, places: Tensor, seeds: Tensor) -> None:
        chunk = max(1, _BUDGET // max(1, 3 * self._largest))
        parts = range(0, len(rows), chunk)
        for start in progress.steps(parts, "deconvnet"):
            part = slice(start, start + chunk)
            count = len(rows[part])
            signals = self._out.new_zeros(count, *self._out.shape)
            signals[(torch.arange(count), 0, units[part], *places[part].T)] = seeds[part]
            values[rows[part]] = self._back(signals)

    def _back(self, signals: Tensor) -> Tensor:
        """(U, 1, units, *space) to (U, *input shape). The graph is kept for later calls."""
        if len(signals) > 1:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter(
                        "ignore"
                    )  # an operation without a batching rule runs one by one, and is right
                    (back,) = torch.autograd.grad(
                        self._out, self.image, signals, retain_graph=True, is_grads_batched=True
                    )
                return back[:, 0]
            except RuntimeError:
                pass  # an operation that cannot be batched at all
        return torch.cat([torch.autograd.grad(self._out, self.image, s, retain_graph=True)[0] for s in signals])

    # ---- crops

    def _from_crops(self, values: Tensor, units: Tensor, places: Tensor, seeds: Tensor, cut: Cut) -> Tensor:
        """Fill the rows of `values` whose crops compute what the whole computes; the others' mask."""
        image = self.image.detach()[0]
        shifts = cut.shifts(places)
        boxes = cut.boxes(shifts)
        inside = places - shifts
        rest = torch.ones(len(units), dtype=torch.bool, device=units.device)
        tolerance = 1e-5 * float(self.maps.abs().amax()) + 1e-30
        chunk = max(1, int(_BUDGET / max(1.0, 8 * self._largest * cut.share(tuple(image.shape[1:])))))
        for start in progress.steps(range(0, len(units), chunk), "deconvnet"):
            part = slice(start, start + chunk)
            crops = torch.stack([image[(slice(None), *box)] for box in boxes[part]]).requires_grad_()
            at = (torch.arange(len(crops)), units[part], *inside[part].T)
            try:
                out, _ = self._forward(crops)
                found = out.detach()[at]
            except Exception:  # whatever a network says of an input of another size
                return rest
            signals = torch.zeros_like(out)
            signals[at] = seeds[part]
            (back,) = torch.autograd.grad(out, crops, signals)
            rest[part] = (found - seeds[part]).abs() > tolerance
            for row, box in enumerate(boxes[part], start):
                if not rest[row]:
                    values[(row, slice(None), *box)] = back[row - start]
        return rest
