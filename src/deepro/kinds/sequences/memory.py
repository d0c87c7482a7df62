"""What a recurrent network keeps, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.sequences.page import ResultPage, SequencePages, scopes
from deepro.render import canvas, colour
from deepro.render.document import Model, Values
from deepro.render.pack import floats
from deepro.render.site import Site
from deepro.results import Result

_GATES = 6  # drawn


@dataclass(frozen=True, eq=False, kw_only=True)
class Memory(Result):
    """What a recurrent network keeps.

    shut, opened: gate -> layer -> (D, U) share of steps below `low` and above 1 - `low`. half_lives: layer -> (D, U) in
    steps. influence: (S, T) norm of d output_s / d input_t; decay: (L,) its mean by lag, of lags that enough outputs
    have; reach: steps that hold 95 % of it; reach_spread: the same of single outputs, from the tenth to the ninetieth
    in a hundred; censored: the window of `steps` decides the reach, which is at least that long; factor: what the
    influence is multiplied by from lag to lag.
    """

    kind = "memory"
    layers: tuple[str, ...]
    shut: Mapping[str, Mapping[str, np.ndarray]]
    opened: Mapping[str, Mapping[str, np.ndarray]]
    low: float
    half_lives: Mapping[str, np.ndarray]
    influence: np.ndarray | None
    decay: np.ndarray | None
    reach: int | None
    factor: float | None
    reach_spread: tuple[int, int] | None = None
    censored: bool = False
    steps: int = 0


class GateView(Model):
    """A gate of one layer and direction. shut, opened: (U,) share of steps in which it is shut and open."""

    gate: str
    shut: Values
    opened: Values


class LayerMemory(Model):
    """One layer and direction. half_lives: (U,) in steps, None where they are not known."""

    layer: str
    direction: int
    gates: list[GateView]
    half_lives: Values | None


class MemoryPage(ResultPage):
    """influence: (S, T) float32, how much output s depends on input t; decay: its mean by lag."""

    low: float
    layers: list[LayerMemory]
    influence: Values | None
    decay: list[float]
    reach: int | None
    factor: float | None
    reach_spread: list[int] | None = None
    censored: bool = False
    steps: int = 0


def draw(made: Any, result: Memory) -> None:
    gates = [(g, n) for g in result.shut for n in result.shut[g]][:_GATES]
    more = int(bool(result.half_lives)) + 2 * int(result.influence is not None)
    axes = np.atleast_1d(made.subplots(1, max(1, len(gates) + more)))
    free = iter(axes)
    for gate, name in gates:
        axis = next(free)
        opened, shut = result.opened[gate][name].ravel(), result.shut[gate][name].ravel()
        axis.scatter(opened, shut, s=8, color=colour.ACCENT, alpha=0.5)
        axis.plot([0, 1], [1, 0], color=colour.QUIET, linewidth=0.7)
        axis.set_title(f"{canvas.words(name)} {gate}", fontsize=8)
        axis.set_xlabel(f"share of steps > {1 - result.low:g}", fontsize=7)
        axis.set_ylabel(f"share of steps < {result.low:g}", fontsize=7)
    if result.half_lives:
        axis = next(free)
        for name, lives in result.half_lives.items():
            known = np.sort(lives[np.isfinite(lives)])
            axis.plot(np.linspace(0, 1, len(known)), known, label=canvas.words(name), linewidth=1.2)
        axis.set_yscale("log")
        axis.set_title("half-life, steps, shortest to longest", fontsize=8)
        axis.legend(fontsize=6)
    if result.influence is not None and result.decay is not None:
        matrix, curve = next(free), next(free)
        matrix.imshow(result.influence, cmap=colour.SCALES["sequential"], vmax=np.quantile(result.influence, 0.995))
        matrix.set_title("|d output (down) / d input|", fontsize=8)
        curve.plot(result.decay, color=colour.ACCENT)
        curve.set_yscale("log")
        curve.axvline((result.reach or 1) - 1, color=colour.QUIET, linestyle="--", linewidth=0.8)
        curve.set_title(f"by steps back; 95 % within {said(result)}", fontsize=8)
    for axis in axes:
        axis.tick_params(labelsize=6)


def said(result: Memory) -> str:
    """The reach in words: at least so many where the window decides it, and its spread over outputs."""
    spread = f" ({result.reach_spread[0]} to {result.reach_spread[1]} over outputs)" if result.reach_spread else ""
    cut = f" (the window of {result.steps} is too short)" if result.censored else ""
    return f"{'at least ' if result.censored else ''}{result.reach}{spread}{cut}"


def lines(result: Memory) -> list[str]:
    told = f"memory: 95 % of the influence on an output lies within {said(result)} steps"
    return [told if result.factor is None else f"{told}; from lag to lag it is multiplied by {result.factor:.3g}"]


def show(result: Memory, site: Site) -> None:
    layers = [one for name in result.layers for one in _layer(result, name)]
    facts = {"reach": result.reach, "censored": result.censored, "layers": len(result.layers)}
    decay = [] if result.decay is None else result.decay.tolist()
    site.section(SequencePages).page("memory", MemoryPage, result, facts, layers=layers, decay=decay)


def _layer(result: Memory, name: str) -> Iterator[LayerMemory]:
    """Each direction of a layer."""
    gates = [g for g in result.shut if name in result.shut[g]]
    lives = result.half_lives.get(name)
    for d in range(len(result.shut[gates[0]][name]) if gates else 0 if lives is None else len(lives)):
        views = [
            GateView(gate=g, shut=floats(result.shut[g][name][d]), opened=floats(result.opened[g][name][d]))
            for g in gates
        ]
        yield LayerMemory(
            layer=name, direction=d, gates=views, half_lives=None if lives is None else floats(lives[d])
        )  # fmt: skip


KIND = register(
    Kind(
        Memory,
        caption="Each dot a unit: how often its gate is open and shut. Right: how far back outputs depend on inputs.",
        lines=lines,
        draw=draw,
        size=(13, 3.2),
        show=show,
        pages={"memory": MemoryPage},
        scopes=scopes,
    )
)
