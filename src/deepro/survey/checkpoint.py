"""Keeps a survey's unfinished work on disk: its plan, a list of the data set, the state after the last shard."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from deepro.data import Dataset
from deepro.errors import StoreError
from deepro.survey.plan import Plan, check_listing, listing
from deepro.survey.state import SurveyState

_SPOT_CHECKS = 8  # images read again where the data set has no stamps


class Checkpoint:
    """The folder workspace/surveys/KEY: plan.json, listing.jsonl, state.npz. Each file is replaced atomically."""

    def __init__(self, workspace: Path, plan: Plan) -> None:
        self.folder = workspace / "surveys" / plan.key
        self.plan = plan

    @property
    def plan_file(self) -> Path:
        return self.folder / "plan.json"

    def begin(self, dataset: Dataset) -> None:
        """Delete earlier work of this plan and write the plan."""
        try:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write {self.folder}: {error.strerror or error}") from error

        def write_listing(file: Any) -> None:
            for line in listing(dataset):
                file.write(f"{line}\n".encode())

        _replace(self.folder / "listing.jsonl", write_listing)
        self._write_plan(None)

    def _write_plan(self, finished: str | None) -> None:
        text = json.dumps({**self.plan.card(), "finished": finished}, indent=1)
        _replace(self.plan_file, lambda file: file.write(text.encode()))

    def resume(self, dataset: Dataset) -> tuple[SurveyState, str | None]:
        """The state after the last shard that was kept, and the finished result's key if there is one.

        Where nothing was begun, this begins. Raises StoreError where the plan or the data set changed, saying what did.
        """
        if not self.plan_file.is_file():
            self._refuse_other_plans()
            self.begin(dataset)
            return SurveyState(), None
        card = _read_json(self.plan_file)
        check_listing(dataset, self.folder / "listing.jsonl", int(card.get("images", -1)))
        state = self._state()
        self._spot_check(dataset, state)
        return state, card.get("finished")

    def _refuse_other_plans(self) -> None:
        """Raise StoreError where the data set has unfinished work of another plan, with the differences."""
        others = []
        for file in self.folder.parent.glob("*/plan.json"):
            card = _read_json(file)
            if not card.get("finished") and card.get("dataset") == self.plan.dataset:
                others.append(self.plan.differences(card))
        if others:
            least = min(others, key=len)
            raise StoreError(
                f"the unfinished survey in {self.folder.parent.parent} was begun otherwise: {'; '.join(least)}; "
                "ask for the same again, or begin anew without resume"
            )

    def _state(self) -> SurveyState:
        file = self.folder / "state.npz"
        if not file.is_file():
            return SurveyState()
        try:
            with np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            card = json.loads(arrays.pop("#card").tobytes())
        except Exception as error:  # whatever a damaged file makes the reader raise
            raise StoreError(f"{file} is damaged ({error}); begin anew without resume") from error
        return SurveyState.from_parts(card, arrays)

    def _spot_check(self, dataset: Dataset, state: SurveyState) -> None:
        """Where images carry no stamps, the first ones of some finished shards are read again."""
        if dataset.stamp(0) is not None:
            return
        done = sorted(state.done)
        for shard in done[:: max(1, len(done) // _SPOT_CHECKS)]:
            record = state.done[shard]
            if record.first >= 0 and dataset.read(record.first).digest != record.first_digest:
                raise StoreError(
                    f"the data set changed since this survey began: image {dataset.id(record.first)} is another one; "
                    "begin anew without resume"
                )

    def keep(self, state: SurveyState) -> None:
        """Write the state. Raises StoreError where the disk is full; the last state stays."""
        arrays: dict[str, Any] = state.arrays()
        arrays["#card"] = np.frombuffer(json.dumps(state.card()).encode(), dtype=np.uint8)
        _replace(self.folder / "state.npz", lambda file: np.savez(file, **arrays))

    def finish(self, key: str) -> None:
        """The result is in the workspace: only the plan and the listing stay."""
        self._write_plan(key)
        (self.folder / "state.npz").unlink(missing_ok=True)


def _replace(file: Path, write: Callable[[Any], Any]) -> None:
    """Write a file whole or not at all."""
    partial = file.with_name(f"{file.name}.partial")  # one name: a killed run leaves at most one
    try:
        with partial.open("wb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(partial, file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"cannot write {file}: {error.strerror or error}") from error


def _read_json(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} is damaged ({error}); begin anew without resume") from error
