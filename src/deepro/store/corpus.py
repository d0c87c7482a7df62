"""States of a whole corpus on disk, read piece by piece: millions of steps, in half precision, ends of sequences kept.

A folder holds `corpus.json` and `arrays.zarr` with one array (T, U) for each layer, direction and state, all sequences
in a row. Nothing is read before it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from deepro import progress
from deepro.errors import StoreError, UsageError
from deepro.methods.sequences.bits import Bits
from deepro.methods.sequences.carry import carrying
from deepro.methods.sequences.match import search
from deepro.methods.sequences.trace import check_pieces, piece, read
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences
from deepro.probe import untouched
from deepro.store.folder import ARRAYS, atomic_folder, open_arrays

MARK = "corpus.json"
_ROWS = 1 << 14  # steps in a chunk of an array; a multiple of 8, so that chunks are whole bytes of bits

Place = tuple[str, int, str]


@dataclass(frozen=True)
class Corpus:
    """An open corpus. places: (layer, direction, state). lengths: steps of each sequence. network: its card."""

    folder: Path
    places: tuple[Place, ...]
    lengths: tuple[int, ...]
    names: tuple[str | None, ...]
    network: Mapping[str, Any]
    check: float

    @property
    def steps(self) -> int:
        return sum(self.lengths)

    @cached_property
    def starts(self) -> np.ndarray:
        """(N + 1,) where each sequence begins, and the end."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    def states(self, layer: str | None = None, state: str = "c", direction: int = 0) -> Any:
        """A Zarr array (T, U), read where it is indexed. layer: the only one with such a state by default."""

        fit = [p for p in self.places if p[1:] == (direction, state) and layer in (None, p[0])]
        if not fit:
            have = ", ".join(f"{n} {s}" for n, _, s in self.places)
            raise UsageError(f"this corpus holds no {state} of {layer or 'any layer'}; there are {have}")
        group = open_arrays(self.folder / ARRAYS)
        return group[_name(self.places.index(fit[0]))]

    def sequence(self, number: int, layer: str | None = None, state: str = "c", direction: int = 0) -> np.ndarray:
        """(T, U) of one sequence."""
        return np.asarray(self.states(layer, state, direction)[self.starts[number] : self.starts[number + 1]])


def write_corpus(
    net: Network,
    sequences: Any,
    folder: str | Path,
    layers: str | Sequence[str] | None = None,
    *,
    states: str = "auto",
    precision: str = "half",
    steps: int = 1 << 16,
) -> Corpus:
    """Trace every sequence into a new folder, at most `steps` steps at a time in memory.

    A sequence that is longer is read in pieces, each going on where the last one ended; it is tried first whether the
    network allows that. states: with commas; auto is h, and c where there is one. precision: half or full. Nothing
    half-written stays.
    Raises UsageError and StoreError, and UnsupportedError for a long sequence that must be read whole.
    Example: `deepro.write_corpus(net, texts, "corpus/")`
    """
    import zarr

    given = as_sequences(net, sequences)
    if given.call is not None:
        raise UsageError("a corpus is a list with one text or array for each sequence, not ready tensors")
    if precision not in ("half", "full") or steps < 8:
        raise UsageError(f"precision is {precision!r} and steps {steps}, expected half or full, and at least 8")
    if states == "auto":
        cells = any(isinstance(m, nn.LSTM | nn.LSTMCell) for m in net.module.modules())
        states = "h,c" if cells else "h"
    wanted = tuple(s.strip() for s in states.split(",") if s.strip())
    folder = Path(folder).absolute()
    places: list[Place] = []
    lengths: list[int] = []
    check = 0.0
    with atomic_folder(folder) as partial, untouched(net.module):
        group = zarr.create_group(store=str(partial / ARRAYS))
        arrays: list[Any] = []
        for number, parts in progress.steps(list(_pieces(net, given, steps)), "corpus"):
            # Whole sequences each begin anew; only the pieces of one go on from each other.
            with carrying(net.module) if number is not None else nullcontext():
                for part in parts:
                    traced = read(net, part, layers, wanted, half=precision == "half")
                    check = max(check, *traced.checks.values())
                    blocks = _blocks(traced, wanted)
                    if not places:
                        places = list(blocks)
                        for n, block in enumerate(blocks.values()):
                            width, kind = block.shape[1], block.dtype
                            arrays.append(
                                group.create_array(_name(n), shape=(0, width), chunks=(_ROWS, width), dtype=kind)
                            )
                    for array, place in zip(arrays, places, strict=True):
                        array.append(blocks[place])
                    counted = [int(t) for t in traced.lengths[places[0][0]]]
                    if number is None:
                        lengths += counted
                    elif part is parts[0]:
                        lengths.append(counted[0])
                    else:
                        lengths[-1] += counted[0]
        about = {
            "places": places, "lengths": lengths, "names": list(given.names), "network": net.card(), "check": check,
            "data": [d["sha256"] for d in given.card()],
        }  # fmt: skip
        (partial / MARK).write_text(json.dumps(about, indent=1), encoding="utf-8")
    return open_corpus(folder)


def open_corpus(folder: str | Path) -> Corpus:
    """The corpus in a folder. Raises StoreError where there is none or it is damaged.

    Example: `deepro.open_corpus("corpus/")`
    """
    folder = Path(folder).absolute()
    try:
        about = json.loads((folder / MARK).read_text(encoding="utf-8"))
        places = tuple((str(n), int(d), str(s)) for n, d, s in about["places"])
        lengths = tuple(int(n) for n in about["lengths"])
        return Corpus(folder, places, lengths, tuple(about["names"]), about["network"], float(about["check"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{folder} holds no corpus of states that can be read: {error}") from error


def match_corpus(
    corpus: Corpus, within: int, start: int, stop: int, *, layer: str | None = None, state: str = "c",
    direction: int = 0, most: int = 10, least: float = 1.0, top: int = 50,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:  # fmt: skip
    """(cells, matches, how many in all): `deepro.match` on a corpus that does not fit into memory.

    The cells that are on through the whole range, by thresholds half way between the median (of a sample of the steps)
    and the range's weakest step, and the runs of steps in which the share `least` of them are on again.
    Raises UsageError for a range outside the sequence, or in which no cell is on.
    Example: `deepro.match_corpus(corpus, 2, 10, 16)`
    """
    if not 0 <= within < len(corpus.lengths) or not 0 <= start < stop <= corpus.lengths[within]:
        raise UsageError(f"range {start}:{stop} does not lie in sequence {within} of {len(corpus.lengths)}")
    states = corpus.states(layer, state, direction)
    offset = int(corpus.starts[within])
    sample = np.asarray(states[:_ROWS])
    if corpus.steps > _ROWS:
        rows = np.linspace(0, corpus.steps - 1, 8).astype(int)
        sample = np.concatenate([np.asarray(states[r : r + 2048]) for r in rows])
    sample = sample.astype(np.float32)
    part = np.asarray(states[offset + start : offset + stop]).astype(np.float32)
    middle, spread = np.median(sample, axis=0), sample.std(0) + 1e-12
    signs = np.where(part.mean(0) >= middle, 1, -1)
    weakest = np.where(signs > 0, part.min(0), part.max(0))
    thresholds = (middle + weakest) / 2
    room = (weakest - thresholds) * signs / spread
    share = ((sample - thresholds) * signs > 0).mean(0)
    order = np.argsort(np.log(share + 1e-9) * np.maximum(room, 1e-9), kind="stable")
    cells = [int(k) for k in order if room[k] > 0][:most]
    if not cells:
        raise UsageError("no cell is on through the whole range; choose a shorter one")
    bits = _bits(states, cells, thresholds, signs, corpus.lengths)
    begins, ends, shares = search(bits, list(range(len(cells))), offset + start, offset + stop, least)
    which = bits.sequence_of(begins[:top])
    found = [
        {"sequence": int(n), "start": int(a - bits.starts[n]), "stop": int(b - bits.starts[n]), "share": float(s)}
        for n, a, b, s in zip(which, begins, ends, shares, strict=False)
    ]
    told = [{"unit": k, "threshold": float(thresholds[k]), "sign": int(signs[k])} for k in cells]
    return told, found, len(begins)


def _bits(states: Any, cells: Sequence[int], thresholds: np.ndarray, signs: np.ndarray, lengths: Sequence[int]) -> Bits:
    """Bits of the chosen cells alone, one chunk of steps after the other."""
    total = int(sum(lengths))
    on = np.zeros((len(cells), (total + 7) // 8), dtype=np.uint8)
    for first in progress.steps(range(0, total, _ROWS), "bits"):
        block = np.asarray(states[first : first + _ROWS])[:, list(cells)]
        beyond = (block - thresholds[list(cells)]) * signs[list(cells)] > 0
        packed = np.packbits(beyond.T, axis=1)
        on[:, first // 8 : first // 8 + packed.shape[1]] = packed
    return Bits(on, np.concatenate([[0], np.cumsum(lengths)]))


def _pieces(net: Network, given: Sequences, steps: int) -> Iterator[tuple[int | None, list[Sequences]]]:
    """(None, [some whole sequences]) in their order, or (number, [pieces of one that is longer than `steps`])."""
    held: list[int] = []
    tried = False
    for number, item in enumerate(given.items):
        if len(item) > steps:
            if held:
                yield None, [given.subset(held)]
                held = []
            if not tried:
                check_pieces(net, given, number)
                tried = True
            cuts = range(0, len(item), steps)
            yield number, [piece(given, number, item[c : c + steps]) for c in cuts]
            continue
        if held and sum(len(given.items[n]) for n in held) + len(item) > steps:
            yield None, [given.subset(held)]
            held = []
        held.append(number)
    if held:
        yield None, [given.subset(held)]


def _blocks(traced: Any, wanted: Sequence[str]) -> dict[Place, np.ndarray]:
    """(T, U) of each place, the sequences in a row."""
    made: dict[Place, np.ndarray] = {}
    known = traced.kept
    for name in traced.layers:
        for state in wanted:
            values = known.get(state)
            if values is None or name not in values:
                continue
            for direction in range(values[name].shape[0]):
                made[name, direction, state] = np.concatenate(traced.states(name, state, direction))
    return made


def _name(number: int) -> str:
    return f"states{number}"
