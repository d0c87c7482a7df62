"""The second process of a watched training: reads a line a step, evaluates the copy of the weights, writes the record.

`python -m deepro.training.process FILE`: the file holds what `start` was given. It ends when its input does.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepro.errors import one_line
from deepro.methods.trainings.evaluate import Evaluator, ProbeSet
from deepro.network import load
from deepro.store import Workspace
from deepro.training.record import RunWriter
from deepro.training.shared import Slots, held


class Evaluation:
    """A copy of the network, evaluated and recorded: here, or in the training's own process where that was asked.

    given: module, probe (ProbeSet), workspace, run, load (options of deepro.load), layers, follow, pinned, data, name.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        probe: ProbeSet = given["probe"]
        self.module = given["module"].eval()
        self.net = load(self.module, input_shape=tuple(probe.inputs.shape[1:]), **given["load"])
        self.net.name = given["name"]
        self.evaluator = Evaluator(self.net, probe, given["layers"], given["follow"], given["pinned"])
        workspace = Workspace(given["workspace"])
        workspace.add_network(self.net)
        about = {**self.evaluator.about(), "began": given["began"]}
        self.record = RunWriter(workspace, given["run"], self.net.card(), given["data"], about)
        parameters = {id(p): n for n, p in self.module.named_parameters()}
        self.weights = []  # of each layer, the names of the parameters that make its units
        for name in self.evaluator.modules:
            own = self.module.get_submodule(name).parameters(recurse=False)
            self.weights.append([parameters[id(p)] for p in own if id(p) in parameters])

    @torch.no_grad()
    def __call__(self, after: Mapping[str, Tensor], before: Mapping[str, Tensor] | None, said: dict[str, Any]) -> None:
        """Record a step. after, before: the weights. said: step, seconds, gradients by name, given values."""
        for name, place in held(self.module).items():
            place.copy_(after[name])
        at = self.evaluator()
        gradients = said["gradients"]
        rows = np.full((3, len(self.weights)), np.nan, np.float32)
        for i, names in enumerate(self.weights):
            if not names:
                continue
            rows[2, i] = size = _length(after[n] for n in names)
            if all(n in gradients for n in names):
                rows[0, i] = np.sqrt(sum(gradients[n] ** 2 for n in names))
            if before is not None and size > 0:
                rows[1, i] = _length(after[n] - before[n] for n in names) / size
        at |= dict(zip(("gradient", "update", "weight"), rows, strict=True))
        given = {name: np.array(values, np.float64).reshape(-1, 2) for name, values in said["given"].items()}
        self.record.add(said["step"], said["seconds"], given, at)


def _length(values: Any) -> float:
    return float(np.sqrt(sum(float(v.double().square().sum()) for v in values)))


def start_file(given: Mapping[str, Any]) -> bytes:
    """What the process is given, with classes of the training's script by value: the script is not run again."""
    import cloudpickle

    buffer = io.BytesIO()
    cloudpickle.dump(dict(given), buffer)
    return buffer.getvalue()


def main(file: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the network prints is no answer

    def answer(**said: Any) -> None:
        answers.write(json.dumps(said) + "\n")
        answers.flush()

    try:
        _stand_back()
        import cloudpickle

        given = cloudpickle.loads(Path(file).read_bytes())
        Path(file).unlink(missing_ok=True)
        evaluation = Evaluation(given)
        slots = Slots(**given["slots"])
        answer(ready=True)
        for line in sys.stdin:
            said = json.loads(line)
            started = time.perf_counter()
            before = slots.views(said["slot"], True) if said["before"] else None
            evaluation(slots.views(said["slot"]), before, said)
            seconds = time.perf_counter() - started
            answer(slot=said["slot"], step=said["step"], seconds=seconds, bytes=evaluation.record.bytes,
                   notes=evaluation.evaluator.notes)  # fmt: skip
    except BaseException as error:
        with contextlib.suppress(Exception):
            answer(error=one_line(error))
        if os.environ.get("DEEPRO_DEBUG"):
            raise


def _stand_back() -> None:
    """One thread, mostly on what the training leaves: at this priority it gets 3 % of a core that is wanted."""
    torch.set_num_threads(1)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(15)


if __name__ == "__main__":
    main(sys.argv[1])
