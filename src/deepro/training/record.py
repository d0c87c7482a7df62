"""The record of a training in a workspace: parts of a few steps, which are put together as they become many."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from deepro.errors import StoreError, UsageError
from deepro.kinds.trainings.training import Training, join
from deepro.registry import libraries
from deepro.results import Provenance
from deepro.store import Workspace
from deepro.store.folder import read_manifest

TOGETHER = 8  # parts of as many steps that become one


class RunWriter:
    """Writes one run, part by part. A part is there whole or not at all, and stays until a larger one holds it.

    network: the card of what is trained. data: cards of the probe set.
    """

    def __init__(self, workspace: Workspace, run: str, network: Mapping[str, Any], data: Sequence[Mapping[str, Any]],
                 about: Mapping[str, Any]) -> None:  # fmt: skip
        self.workspace, self.run, self.network, self.data = workspace, run, network, tuple(data)
        self.parts: list[tuple[Training, int]] = []
        self.bytes = 0
        empty = np.zeros(0)
        self._add(Training(run=run, about=about, steps=empty.astype(np.int64), seconds=empty))

    def _add(self, part: Training) -> tuple[Training, int]:
        steps = part.steps
        place = [int(steps[0]), int(steps[-1]), len(steps)] if len(steps) else []
        made = Provenance(
            method=Training.kind,
            version=1,
            parameters={"run": self.run, "part": place},
            network=self.network,
            data=self.data,
            seed=None,
            libraries=libraries(),
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=0.0,
        )
        part = Training(**{**vars(part), "provenance": made})
        size = sum(f.stat().st_size for f in self.workspace.add(part).rglob("*") if f.is_file())
        self.bytes += size
        return part, size

    def add(self, step: int, seconds: float, given: Mapping[str, np.ndarray], at: Mapping[str, np.ndarray]) -> None:
        """Write one step. Raises StoreError where that fails, and what was written before stays."""
        rows = {name: np.asarray(value)[None] for name, value in at.items()}
        made = Training(run=self.run, steps=np.array([step]), seconds=np.array([seconds]), given=given, at=rows)
        self.parts.append(self._add(made))
        while len(last := self.parts[-TOGETHER:]) == TOGETHER and len({len(p.steps) for p, _ in last}) == 1:
            whole = self._add(join([p for p, _ in last]))
            for part, size in last:
                assert part.provenance is not None
                self.workspace.discard(part.kind, part.provenance.key)
                self.bytes -= size
            self.parts[-TOGETHER:] = [whole]


def names(workspace: Workspace) -> set[str]:
    """The runs of a workspace, from the manifests alone."""
    found = set()
    for place in workspace.places():
        if place.name.startswith(f"{Training.kind}-"):
            with contextlib.suppress(StoreError, KeyError, TypeError):
                found.add(str(read_manifest(place)["result"]["fields"]["run"]))
    return found


def runs(workspace: Workspace) -> dict[str, Training]:
    """Every run in a workspace, joined, by its name, the oldest first."""
    parts: dict[str, list[Training]] = {}
    for part in workspace.results(Training.kind):
        assert isinstance(part, Training)
        parts.setdefault(part.run, []).append(part)
    return {run: join(found) for run, found in parts.items()}


def read_run(folder: str | Path, run: str | None = None) -> Training:
    """One run of a workspace, the latest where none is named. Raises UsageError where there is none.

    Example: `deepro.read_run("runs/a")`
    """
    found = runs(Workspace(folder))
    if not found or (run is not None and run not in found):
        raise UsageError(f"{folder} holds {'no training' if not found else f'no run {run!r}; it has {list(found)}'}")
    return found[run] if run is not None else list(found.values())[-1]
