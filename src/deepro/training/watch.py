"""`deepro.watch`: looks at a network while it is trained, and leaves the training as it is."""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import logging
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepro import progress
from deepro.data.examples import Examples, as_examples
from deepro.errors import UsageError, one_line
from deepro.kinds.trainings.training import Training
from deepro.methods.trainings.evaluate import MOST, ProbeSet
from deepro.network import Network, load
from deepro.network.weights import fit_weights, read_weights
from deepro.store import Workspace
from deepro.training.process import Evaluation, start_file
from deepro.training.record import names, read_run
from deepro.training.shared import Slots, held

_log = logging.getLogger("deepro")
_WAIT = 120.0  # seconds that leaving waits for what is still evaluated
_WINDOW = 200  # steps whose times are compared
_ENOUGH = 10  # of them before they say something


def watch(
    model: nn.Module,
    probe: Any,
    workspace: str | Path,
    *,
    preprocess: Any = None,
    labels: Any = None,
    layers: Sequence[str] | None = None,
    follow: Sequence[tuple[str, int]] | None = None,
    pinned: int = 0,
    every: int = 100,
    share: float = 0.03,
    disk: float = 300,
    process: bool = True,
    name: str | None = None,
) -> Watcher:
    """Watch a network while it is trained: a context manager whose `step` is called after each step of the optimiser.

        with deepro.watch(model, probe="photos/", workspace="runs/a", preprocess="imagenet") as w:
            for x, y in loader:
                ...
                w.step(loss=loss, accuracy=accuracy)

    model: on any device, compiled or wrapped for distributed training (rank 0 alone records). It is copied, never
    changed: a watched training gives bit for bit the same weights. probe: up to 256 examples (others are left out), as
    a data set of any kind, or a tensor (N, ...) or a tuple (tensor, labels (N,)); held out from the training if it can
    be. workspace: a folder; each call adds a run. preprocess: how photographs become inputs, as for `deepro.load`.
    labels: class names. layers: those that are looked at; by default at most 24. follow: pairs (layer, unit) whose
    projections are kept. pinned: index of the example that is followed.
    every: steps between two records once the first (1, 2, 4, ...) are made. share: of the training's time that
    watching may cost, 0 to 1; where it costs more, fewer steps are recorded. disk: MiB of the record, towards which
    steps thin out. process: evaluate in a second process on what the training leaves of the processor; False in the
    loop. name: of the run.
    Nothing that fails here stops the training: one line in the log says what is missing, and `notes` keeps it.
    Example: `deepro.watch(model, "photos/", "runs/a", preprocess="imagenet")`
    """
    options = {"preprocess": preprocess, "labels": labels, "layers": layers, "follow": follow, "pinned": pinned}
    return Watcher(model, probe, workspace, options, every=every, share=share, disk=disk, process=process, name=name)


def watch_checkpoints(
    net: Network,
    checkpoints: Sequence[str | Path],
    probe: Any,
    workspace: str | Path,
    *,
    layers: Sequence[str] | None = None,
    pinned: int = 0,
    name: str | None = None,
) -> Training:
    """The record of a training that is over, from weights that it left: what `watch` records, without gradients.

    net: gives the architecture and the preprocessing. checkpoints: files, in the order of the training; the last number
    in a file's name is its step where those rise, else they count 1, 2, 3. probe, workspace, layers, pinned, name: as
    for `watch`. Raises UsageError for fewer than one, WeightsError for a file that does not fit.
    Example: `deepro.watch_checkpoints(net, ["e1.pt", "e2.pt"], "photos/", "runs/a")`
    """
    files = [Path(file) for file in checkpoints]
    if not files:
        raise UsageError("no checkpoint was given: expected files with weights, in the order of the training")
    found = [re.findall(r"\d+", file.stem) for file in files]
    steps = [int(numbers[-1]) if numbers else 0 for numbers in found]
    if any(a >= b for a, b in itertools.pairwise(steps)):
        steps = list(range(1, len(files) + 1))
    module = copy.deepcopy(net.module)
    seen, data = probe_set(net, probe)
    run, number, known = name or files[0].parent.resolve().name, 2, names(Workspace(workspace))
    wanted = run
    while run in known:
        run, number = f"{wanted} ({number})", number + 1
    evaluation = Evaluation(
        {"module": module, "probe": seen, "workspace": str(workspace), "run": run, "layers": layers, "follow": None,
         "load": {"preprocess": net.preprocess, "labels": net.labels}, "pinned": pinned, "data": data,
         "name": net.name, "began": datetime.now(UTC).isoformat(timespec="seconds")}
    )  # fmt: skip
    for step, file in progress.steps(list(zip(steps, files, strict=True)), "checkpoints"):
        fit_weights(module, read_weights(file), file.name)
        evaluation(held(module), None, {"step": step, "seconds": 0.0, "gradients": {}, "given": {}})
    return read_run(workspace, run)


class Watcher:
    """What `watch` gives. run: the name of the run. notes: what could not be recorded, a line each. cost: share of the
    time so far that watching took. recorded: steps that were handed on."""

    def __init__(self, model: nn.Module, probe: Any, workspace: str | Path, options: dict[str, Any], *, every: int,
                 share: float, disk: float, process: bool, name: str | None) -> None:  # fmt: skip
        self.notes: list[str] = []
        self.recorded: list[int] = []
        self.bytes = 0
        self._model, self._probe, self._folder, self._options = model, probe, str(workspace), options
        self._every, self._share, self._disk, self._process = max(1, every), share, max(1, round(disk * 2**20)), process
        began = datetime.now(UTC)
        self.run = name or f"{began:%Y-%m-%d %H:%M:%S}"
        self._began = began.isoformat(timespec="seconds")
        self._step, self._due, self._own = 0, 1, 0.0
        self._start = time.perf_counter()
        self._given: dict[str, list[tuple[int, Any]]] = {}
        self._gradients: dict[str, float] | None = None
        self._on = False
        self._before: tuple[int, int] | None = None  # the slot of the weights before a step, and which step
        self._lock = threading.Lock()
        self._free: list[int] = []
        self._busy: dict[int, int] = {}
        self._times: dict[bool, deque[float]] = {True: deque(maxlen=_WINDOW), False: deque(maxlen=_WINDOW)}
        self._slowed = 0
        self._last: float | None = None
        self._child: subprocess.Popen[str] | None = None
        self._evaluation: Evaluation | None = None
        self._slots: Slots | None = None

    # ---- the loop's side

    def __enter__(self) -> Watcher:
        with self._guarded("watching did not begin"):
            if not _first_rank():
                return self
            with _same_randomness():
                self._begin()
            self._on = True
            self._keep_before()
        self._start = self._last = time.perf_counter()  # what beginning cost does not grow with the training
        return self

    def step(self, loss: Any = None, accuracy: Any = None, **more: Any) -> None:
        """Say that the optimiser made a step, and what the loop knows: numbers, or tensors of one element."""
        if not self._on:
            return
        with self._guarded("watching ended"):
            now = time.perf_counter()
            self._step += 1
            if self._last is not None:
                self._times[bool(self._busy)].append(now - self._last)
                self._slowed += bool(self._busy)
            for name, value in {"loss": loss, "accuracy": accuracy, **more}.items():
                if value is not None:
                    value = value.detach() if isinstance(value, Tensor) else value
                    self._given.setdefault(name, []).append((self._step, value))
            if self._step >= self._due and self._before is not None and self._before[1] == self._step - 1:
                self._record()
                self._advance()
            if self._step + 1 >= self._due and self._allowed():
                self._keep_before()
            self._gradients = None
            self._last = time.perf_counter()
            self._own += self._last - now

    def gradients(self) -> None:
        """Note the gradients now: for loops that clear them before `step` is called."""
        if self._on and self._step + 1 >= self._due:
            with self._guarded("the gradients are missing"):
                started = time.perf_counter()
                self._gradients = self._norms()
                self._own += time.perf_counter() - started

    def __exit__(self, ended: object, *_: object) -> None:
        if self._on:
            with self._guarded("the last step is missing"):
                if ended is None and self._step and (not self.recorded or self.recorded[-1] != self._step):
                    self._wait(lambda: bool(self._free or self._before))
                    self._record()
                if ended is None:
                    self._wait(lambda: not self._busy)
        self._on = False
        self._close()

    @property
    def cost(self) -> float:
        """Time in `step`, and by which steps were longer while the second process was at work, of all time so far."""
        busy, idle = self._times[True], self._times[False]
        slower = 0.0
        if len(busy) >= _ENOUGH and len(idle) >= _ENOUGH:
            slower = max(0.0, float(np.median(busy) - np.median(idle))) * self._slowed
        return (self._own + slower) / max(1e-9, time.perf_counter() - self._start)

    # ---- when

    def _allowed(self) -> bool:
        with self._lock:
            free = bool(self._free) or self._evaluation is not None or self._before is not None
        return free and (not self.recorded or self.cost <= self._share)

    def _advance(self) -> None:
        """1, 2, 4, ... then every so many; each time half of what is left of the disk is used, half as often."""
        left = 1 - self.bytes / self._disk
        if left <= 0:
            raise UsageError(f"the record has reached {self._disk / 2**20:.3g} MiB, its limit")
        self._due = self._step + min(self._step, self._every * 2 ** math.floor(-math.log2(left)))

    # ---- what

    def _begin(self) -> None:
        copied = copy.deepcopy(_inner(self._model)).to("cpu")
        if any(p.is_floating_point() and p.dtype != torch.float64 for p in copied.parameters()):
            copied = copied.float()
        for p in copied.parameters():
            p.grad = None
        options = dict(self._options)
        loading = {name: options.pop(name) for name in ("preprocess", "labels")}
        net = load(copied, **loading)
        probe, data = probe_set(net, self._probe)
        given = {
            "module": copied, "probe": probe, "workspace": self._folder, "run": self._run_name(), "load": loading,
            "began": self._began, "data": data, "name": type(copied).__name__, **options,
        }  # fmt: skip
        if not self._process:
            self._evaluation = Evaluation(given)
            return
        self._slots = Slots.of(_inner(self._model))
        self._free = list(range(self._slots.count))
        handle, file = tempfile.mkstemp(prefix="deepro-")
        with os.fdopen(handle, "wb") as out:
            out.write(start_file(given | {"slots": self._slots.card()}))
        self._child = subprocess.Popen(
            [sys.executable, "-m", "deepro.training.process", file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
        threading.Thread(target=self._hear, args=(self._child,), daemon=True, name="deepro-watch").start()

    def _run_name(self) -> str:
        workspace = Workspace(self._folder)
        known, wanted, number = names(workspace), self.run, 2
        while self.run in known:
            self.run, number = f"{wanted} ({number})", number + 1
        return self.run

    def _keep_before(self) -> None:
        """The weights before a step that will be recorded."""
        state = held(_inner(self._model))
        if self._slots is None:
            self._kept = {n: p.detach().cpu().clone() for n, p in state.items()}
            self._before = 0, self._step
            return
        with self._lock:
            slot = self._free.pop() if self._before is None else self._before[0]
        self._before = slot, self._step
        self._slots.put(slot, state, before=True)

    def _norms(self) -> dict[str, float]:
        found = [(n, p.grad) for n, p in _inner(self._model).named_parameters() if p.grad is not None]
        dense = [(n, g) for n, g in found if g.layout == torch.strided]
        if not dense:
            return {}
        norms = torch.stack([g.detach().norm().float() for _, g in dense]).tolist()
        return dict(zip((n for n, _ in dense), norms, strict=True))

    def _record(self) -> None:
        kept, self._before = self._before, None
        before = kept is not None and kept[1] == self._step - 1
        gradients = self._norms() if self._gradients is None else self._gradients
        given = {n: [(s, float(v)) for s, v in rows] for n, rows in self._given.items()}
        self._given = {}
        said = {"step": self._step, "seconds": time.perf_counter() - self._start, "gradients": gradients,
                "given": given, "before": before}  # fmt: skip
        state = held(_inner(self._model))
        if self._evaluation is not None:
            with torch.random.fork_rng([]):
                self._evaluation(state, self._kept if before else None, said)
            self.bytes = self._evaluation.record.bytes
            self._note(*self._evaluation.evaluator.notes)
        else:
            assert self._slots is not None
            assert self._child is not None
            assert self._child.stdin is not None
            with self._lock:
                slot = kept[0] if kept is not None else self._free.pop()
                self._busy[slot] = self._step
            self._slots.put(slot, state)
            self._child.stdin.write(json.dumps({**said, "slot": slot}) + "\n")
        self.recorded.append(self._step)

    # ---- the second process

    def _hear(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        for line in child.stdout:
            with contextlib.suppress(ValueError, KeyError):
                said = json.loads(line)
                if "error" in said:
                    self._note(f"watching ended: {said['error']}")
                elif "slot" in said:
                    self.bytes = said["bytes"]
                    self._note(*said["notes"])
                    with self._lock:
                        self._busy.pop(said["slot"])
                        self._free.append(said["slot"])
        if self._on and not self.notes:
            self._note("watching ended: the second process died")
        self._on = False
        with self._lock:
            self._busy.clear()

    def _wait(self, done: Callable[[], bool]) -> None:
        ends = time.monotonic() + _WAIT
        while not done() and time.monotonic() < ends and self._child is not None and self._child.poll() is None:
            time.sleep(0.01)

    def _close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(Exception):
                assert child.stdin is not None
                child.stdin.close()
                child.wait(5)
            if child.poll() is None:
                child.kill()
        if self._slots is not None:
            self._slots.forget()

    # ---- what goes wrong

    def _note(self, *lines: str) -> None:
        for line in lines:
            if line not in self.notes:
                self.notes.append(line)
                _log.warning("deepro: %s", line)

    @contextlib.contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """Whatever fails inside ends watching, not the training."""
        try:
            yield
        except Exception as error:
            self._on = False
            said = str(error) if isinstance(error, UsageError) else one_line(error)
            self._note(f"{what}: {' '.join(said.split())}; training goes on")
            self._close()


def probe_set(net: Network, given: Any) -> tuple[ProbeSet, tuple[Any, ...]]:
    """Up to MOST examples as the network takes them, evenly from all, and their cards. Raises what reading raises."""
    if isinstance(given, ProbeSet):
        return given, ()
    tensor, labels = (
        given if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], Tensor) else (given, None)
    )
    if isinstance(tensor, Tensor):
        if len(tensor) < 5:
            raise UsageError(f"the probe set has {len(tensor)} examples, expected at least 5")
        chosen = _spread(len(tensor))
        inputs = tensor.detach().cpu()[chosen]
        known = (
            np.full(len(chosen), -1)
            if labels is None
            else np.asarray(labels, np.int64).reshape(len(tensor), -1)[chosen, 0]
        )
        pictures = net.pictures(inputs)
        if pictures is None and inputs.ndim == 4 and inputs.shape[1] in (1, 3) and inputs.is_floating_point():
            pictures = _levelled(inputs)
        from deepro.network.fingerprint import digest_tensor

        card = {"name": f"tensor {tuple(inputs.shape)}", "sha256": digest_tensor(inputs), "size": [len(inputs)]}
        return ProbeSet(inputs, known.astype(np.int64), tuple(map(str, chosen)), (), pictures), (card,)
    examples: Examples = as_examples(net, given)
    chosen = _spread(len(examples))
    from deepro.data.reading import batches, read_ahead

    kept = list(batches(read_ahead(net, examples.labelled(), chosen), MOST))
    if not kept or len(kept[0][0].tensor) < 5:
        raise UsageError(f"{examples.dataset.name}: fewer than 5 examples of one shape could be read")
    batch = kept[0][0]
    names = examples.ids(batch.indices.numpy())
    return ProbeSet(
        batch.tensor, batch.labels.numpy().astype(np.int64), names, tuple(examples.classes), net.pictures(batch.tensor)
    ), examples.card()


def _spread(count: int) -> list[int]:
    return list(range(count)) if count <= MOST else np.linspace(0, count - 1, MOST).astype(int).tolist()


def _levelled(inputs: Tensor) -> np.ndarray:
    """Pictures of tensors whose preprocessing is not known: each from its own lowest to its highest value."""
    low, high = inputs.amin((1, 2, 3), keepdim=True), inputs.amax((1, 2, 3), keepdim=True)
    pixels = ((inputs - low) / (high - low).clamp_min(1e-9) * 255).round().to(torch.uint8)
    return pixels.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()


def _inner(model: nn.Module) -> nn.Module:
    """The network itself, of what `torch.compile` or data-parallel training made of it."""
    while True:
        inside = getattr(model, "_orig_mod", None)
        if inside is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inside = model.module
        if inside is None:
            return model
        model = inside


def _first_rank() -> bool:
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return not there or torch.distributed.get_rank() == 0


@contextlib.contextmanager
def _same_randomness() -> Iterator[None]:
    """Random states as they were, whatever reading the probe set draws."""
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng([]):
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
