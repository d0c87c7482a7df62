"""The embedded character LSTM on what it reads: the source of this Python's standard library."""

from __future__ import annotations

import contextlib
import itertools
import sysconfig
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import deepro
from deepro import registry
from deepro.errors import UsageError
from deepro.explanation import make
from deepro.kinds.sequences.cells import Cells
from deepro.kinds.sequences.intervention import Intervention
from deepro.kinds.sequences.losses import Losses
from deepro.kinds.sequences.matches import Matches
from deepro.kinds.sequences.memory import Memory
from deepro.kinds.sequences.responses import Responses
from deepro.kinds.sequences.state_space import StateSpace
from deepro.kinds.sequences.steps import Steps
from deepro.kinds.sequences.trace import Trace
from deepro.network import Network, load
from deepro.network.sequences import Sequences, as_sequences
from deepro.network.sources.code_lstm import VOCABULARY
from deepro.store import Workspace

# Folders that some distributions leave out, and tables and prose that are no code.
_LEFT_OUT = frozenset(
    [
        "site-packages",
        "dist-packages",
        "test",
        "tests",
        "idlelib",
        "lib2to3",
        "encodings",
        "pydoc_data",
        "turtledemo",
        "_pyrepl",
        "__pycache__",
    ]
)
_HELD_OUT = 12  # one file of so many is never trained on
MODEL = "builtin:code-lstm"
TEXTS, STEPS = 16, 1600  # held-out files that the demo reads, and how many characters of each
COUNTED = 1_500_000  # characters of training files that the n-gram model counts
BEFORE, WRITTEN = 36, 40  # characters before what a cell tracks, and written on after it
TRACED = 4  # of them shown with every gate
SHOWN = ("bracket", "single quotes", "string", "comment")  # tracks of which the demo looks for a range to match


@dataclass(frozen=True)
class CodeDemo:
    """What the demo made."""

    workspace: Workspace
    net: Network
    cells: Cells
    trace: Trace
    memory: Memory
    matches: Matches | None
    losses: Losses
    space: StateSpace
    responses: Responses
    steps: Steps | None
    intervention: Intervention | None


def code(folder: str | Path) -> CodeDemo:
    """Search the cells of the embedded network, trace it, measure its memory and match a range, in a workspace."""
    ws = Workspace(folder)
    net = load(MODEL)
    ws.add_network(net)
    read = reading(net, TEXTS, STEPS)
    some = read.subset(range(TRACED))
    cells = make(ws, registry.record(deepro.find_cells), net, read, controls=4, clamp_steps=300)
    trace = make(ws, registry.record(deepro.trace), net, some, states="h,c,i,f,g,o,outputs", precision="half")
    memory = make(ws, registry.record(deepro.memory), net, read)
    matches = _matches(ws, net, read, cells)
    losses = make(ws, registry.record(deepro.loss_breakdown), net, read, _counted(net))
    space = make(ws, registry.record(deepro.state_space), net, read)
    updates = make(ws, registry.record(deepro.responses), net, read)
    steps, changed = _piece(ws, net, read, cells)
    return CodeDemo(ws, net, cells, trace, memory, matches, losses, space, updates, steps, changed)


def _piece(ws: Workspace, net: Network, read: Sequences, cells: Cells) -> tuple[Steps | None, Intervention | None]:
    """A few words of a text: what each character counts for what comes next, and what follows where the cell that
    tracks something in them is held as it is elsewhere. (None, None) where no cell stands up to its controls."""
    for track, within, start, stop in selections(cells):
        text, best = read.texts[within] or "", cells.best(track)
        if best["state"] != "c":
            continue
        first = max(0, start - BEFORE)
        piece = as_sequences(net, text[first : min(stop, first + BEFORE + 24)]).named([f"{read.names[within]} {first}"])
        steps = make(ws, registry.record(deepro.attribute_steps), net, piece, how="occlusion", every=True)
        held = {"unit": int(best["unit"]), "how": "clamp", "value": float(best["off_mean"]), "start": start - first}
        changed = make(ws, registry.record(deepro.intervene), net, piece, best["layer"], **held, write=WRITTEN)
        return steps, changed
    return None, None


def _counted(net: Network) -> Sequences:
    """Training files of about `COUNTED` characters in all, for the n-gram model."""
    chosen: dict[str, str] = {}
    for name, text in corpus()[0].items():
        chosen[name] = text
        if sum(map(len, chosen.values())) >= COUNTED:
            break
    return as_sequences(net, list(chosen.values())).named(list(chosen))


def reading(net: Network, count: int, steps: int) -> Sequences:
    """The first `steps` characters of held-out files, the `count` richest in strings, comments and brackets."""
    texts = {name: text[:steps] for name, text in corpus()[1].items() if len(text) >= steps}
    signs = ("'", '"', "#", "(", "[", "{")
    rich = sorted(texts, key=lambda name: -sum(min(texts[name].count(s), 40) for s in signs))[:count]
    return as_sequences(net, [texts[name] for name in rich]).named(rich)


def selections(cells: Cells) -> Iterator[tuple[str, int, int, int]]:
    """(track, sequence, start, stop) of stretches over which a surviving finding's track is on, in the traced texts."""
    alive = {f["track"] for f in cells.findings if f["survives"]}
    for track in (t for t in SHOWN if t in alive):
        for number in range(min(TRACED, len(cells.values[track]))):
            on = np.nan_to_num(cells.values[track][number]) > 0.5
            edges = np.flatnonzero(np.diff(on.astype(int), prepend=0, append=0))
            for start, stop in edges.reshape(-1, 2).tolist():
                if 8 <= stop - start <= 30 and start >= 200:
                    yield track, number, start, stop


def _matches(ws: Workspace, net: Network, read: Sequences, cells: Cells) -> Matches | None:
    """Of the first stretch with which cells go on and off; every standard library has another."""
    for _, within, start, stop in itertools.islice(selections(cells), 6):
        with contextlib.suppress(UsageError):
            where = (start, stop, within)
            return make(ws, registry.record(deepro.match), net, read, *where, off_before=True, off_after=True)
    return None


def corpus() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(training, held-out) texts of this Python's standard library by file name, sorted.

    Tabs become spaces; a file with a character that the network does not know is left out. Which files are held out
    depends on their names alone, so that another Python version splits the same way.
    """
    home = Path(sysconfig.get_paths()["stdlib"])
    training: dict[str, str] = {}
    held_out: dict[str, str] = {}
    known = set(VOCABULARY.tokens)
    for file in sorted(home.rglob("*.py")):
        name = file.relative_to(home)
        if _LEFT_OUT & set(name.parts) or name.parts[0].startswith("config-"):
            continue
        try:
            text = file.read_text(encoding="utf-8").expandtabs(4)
        except (OSError, UnicodeDecodeError):
            continue
        if text and not set(text) - known:
            texts = training if zlib.crc32(name.as_posix().encode()) % _HELD_OUT else held_out
            texts[name.as_posix()] = text
    return training, held_out
