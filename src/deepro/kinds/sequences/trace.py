"""Recurrent states over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.errors import LayerError, near
from deepro.kinds.record import Kind, register
from deepro.kinds.sequences.page import SequencePages, scopes
from deepro.kinds.sequences.states import packed
from deepro.render import canvas, colour
from deepro.render.site import Site
from deepro.results import Result

KEEPS = ("f", "z")  # what multiplies the old state: the forget gate of an LSTM, the update gate of a GRU
_LAYERS = 6  # drawn
_STEPS = 400  # drawn of a sequence


class Layered(Mapping[str, np.ndarray]):
    """Arrays of recurrent layers, by name or by position: `h["lstm.l0"]` and `h[0]` are (D, N, T, U).

    `h[layer, direction, sequence, step, unit]` indexes all axes; where the layers have one shape the whole is an array
    (L, D, N, T, U), as `numpy.asarray(h)` gives it. A stack's own name stands for all of its layers, (L, D, N, T, U).
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = dict(arrays)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key in self._arrays:
                return self._arrays[key]
            stack = [v for k, v in self._arrays.items() if k.rpartition(".l")[0] == key]
            if stack:
                return np.stack(stack)
            single = key.removesuffix(".l0")
            if single in self._arrays:
                return self._arrays[single]
            raise LayerError(
                f"no layer {key!r} here{near(key, self._arrays) or '; there are ' + ', '.join(self._arrays)}"
            )
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, str):
            return self[first][tuple(rest)]
        if isinstance(first, int | np.integer):
            return list(self._arrays.values())[first][tuple(rest)]
        return np.asarray(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __contains__(self, key: object) -> bool:
        return key in self._arrays

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.stack(list(self._arrays.values())).astype(dtype or None)

    @property
    def shape(self) -> tuple[int, ...]:
        """(L, D, N, T, U); raises ValueError where the layers differ."""
        (shape,) = {v.shape for v in self._arrays.values()}
        return (len(self), *shape)

    def __repr__(self) -> str:
        return "Layered(" + ", ".join(f"{k}: {v.shape}" for k, v in self._arrays.items()) + ")"


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace(Result):
    """Recurrent states over time.

    layers: their names. kinds: of each layer, such as LSTM. h, c, gates[name]: by layer (D, N, T, U) for D directions,
    N sequences, T steps and U units, zero beyond the length of a sequence; h is empty where it was not kept, c is None
    where there is none. Gates are i, f, g, o in an LSTM and r, z, n in a GRU. With a projection h is narrower than c.
    In the second of two directions the state at a step has read from the end to that step.
    inputs: layer -> (N, T, F). lengths: layer -> (N,) steps. checks: layer -> the largest difference between h from
    these gates and h as the module returned it.
    outputs: (N, T, K) of the network, where it has one row a step. tokens: (T,) a sequence. texts: of each sequence.
    symbols: the texts of the token numbers. series: (T, F) a sequence of floats as it was given. rates: samples a
    second of each sound.
    """

    kind = "trace"
    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    h: Layered
    c: Layered | None
    gates: Mapping[str, Layered]
    inputs: Mapping[str, np.ndarray]
    lengths: Mapping[str, np.ndarray]
    checks: Mapping[str, float]
    outputs: np.ndarray | None = None
    tokens: tuple[np.ndarray, ...] | None = None
    texts: tuple[str | None, ...] = ()
    symbols: tuple[str, ...] | None = None
    series: tuple[np.ndarray, ...] | None = None
    rates: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        wrap = lambda v: v if v is None or isinstance(v, Layered) else Layered(v)  # noqa: E731
        object.__setattr__(self, "h", wrap(self.h))
        object.__setattr__(self, "c", wrap(self.c))
        object.__setattr__(self, "gates", {k: wrap(v) for k, v in self.gates.items()})

    @property
    def kept(self) -> dict[str, Layered | None]:
        """h, c and the gates by their names; c is None where there is none."""
        return {"h": self.h, "c": self.c, **self.gates}

    def states(self, layer: str, which: str = "h", direction: int = 0) -> list[np.ndarray]:
        """(T, U) a sequence, without padding, of h, c or a gate."""
        values = self.kept[which]
        assert values is not None
        return [values[layer][direction, n, :t] for n, t in enumerate(self.lengths[layer])]

    def half_lives(self, layer: str) -> np.ndarray | None:
        """(D, U) steps until a unit has lost half of what it held, infinite where its gate never closes at all.

        None for a layer whose forget or update gate is not known.
        """
        gate = next((g for g in KEEPS if g in self.gates and layer in self.gates[g]), None)
        if gate is None:
            return None
        directions = range(len(self.gates[gate][layer]))
        parts = [np.concatenate(self.states(layer, gate, d)).astype(np.float64) for d in directions]
        with np.errstate(divide="ignore"):
            return np.stack([np.log(2) / -np.log(values).mean(0) for values in parts])


def draw(made: Any, result: Trace) -> None:
    names = result.layers[:_LAYERS]
    axes = made.subplots(len(names), 1, squeeze=False)[:, 0]
    for axis, name in zip(axes, names, strict=True):
        has_c = result.c is not None and name in result.c
        which = "c" if has_c else "h" if name in result.h else next(iter(result.gates))
        values = result.states(name, which)[0][:_STEPS]
        high = np.maximum(np.abs(values.astype(np.float32)).max(0), 1e-12)
        axis.imshow(
            (values / high).T, aspect="auto", cmap=colour.SCALES["states"], vmin=-1, vmax=1, interpolation="nearest"
        )
        axis.set_title(f"{canvas.words(name)} {which}: {values.shape[1]} units", fontsize=8)
        axis.set_ylabel("unit", fontsize=7)
        if len(values) <= canvas.TICKS:
            canvas.letters(axis.xaxis, result.texts[0] and result.texts[0][: len(values)] if result.texts else None, 6)
        axis.tick_params(labelsize=6)
    axes[-1].set_xlabel("step", fontsize=7)


def show(result: Trace, site: Site) -> None:
    made, ones = site.list(result), site.section(SequencePages).of(result)
    first = result.lengths[result.layers[0]]
    if len(ones) != len(first):
        return  # ready tensors, of unknown contents
    for name in (n for n in result.layers if list(result.lengths[n]) == list(first)):
        lives = result.half_lives(name)
        for state, kept in result.kept.items():
            for d in range(len(kept[name]) if kept is not None and name in kept else 0):
                parts = packed(result.states(name, state, d), state, None if lives is None else lives[d])
                for one, states in zip(ones, parts, strict=True):
                    one.states[name, d, state] = states
    for n, one in enumerate(ones):
        one.length = int(first[n])
        one.records[made.key] = made
        one.tokens = None if result.tokens is None else result.tokens[n]
        one.symbols = result.symbols
        one.series = None if result.series is None else result.series[n]
        one.rate = result.rates[n] if n < len(result.rates) else None
        one.outputs = None if result.outputs is None else result.outputs[n, : one.length].astype(np.float32)
        one.check = max(result.checks.values())
        one.tracks = one.tracks or one.own_tracks()


KIND = register(
    Kind(
        Trace,
        caption="States of each unit over time, each on its own scale: orange above 0, purple below; the first "
        "sequence.",
        draw=draw,
        size=lambda r: (11, 1 + 2.6 * min(_LAYERS, len(r.layers))),
        show=show,
        scopes=scopes,
    )
)
