"""Runs a survey from its plan to its result, with checkpoints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from deepro import progress
from deepro.data import Dataset, as_dataset
from deepro.errors import ImageError, UsageError, near
from deepro.kinds.surveys.survey import Survey
from deepro.kinds.surveys.unit_statistics import UnitStatistics
from deepro.network import Network
from deepro.network.class_names import readable
from deepro.probe import untouched
from deepro.registry import libraries
from deepro.results import Provenance
from deepro.store import Workspace
from deepro.survey import engines
from deepro.survey.checkpoint import Checkpoint
from deepro.survey.plan import VERSION, Plan, make_plan
from deepro.survey.state import SurveyState
from deepro.survey.statistics import ClassMeans, Histogram

ENGINES = ("local", "ray")
_PAUSE = 2.0  # seconds of work that a kill may cost, at least one shard


def survey(
    net: Network,
    dataset: Any,
    layers: str | Sequence[str] | None = None,
    top_k: int = 9,
    workspace: str | Path | Workspace | None = None,
    engine: Literal["local", "ray"] = "local",
    *,
    resume: bool = False,
    batch_size: int = 16,
    shard_size: int = 128,
    threads: int = 1,
    workers: int | None = None,
    checkpoint_seconds: float = _PAUSE,
) -> Survey:
    """One pass over a data set that keeps, for every unit of the chosen layers, its strongest images and statistics.

    dataset: a folder (subfolders are classes), a CSV, TSV or Parquet list, tar shards, a torch Dataset, a tensor
    (N, *input shape) or a list of pictures. layers: names; None for five of the
    convolutions, from the first to the last, "all" for every one. top_k: strongest images a unit.
    workspace: where the work is kept after every shard and the result at the end; None keeps nothing on disk.
    engine: this process, or the workers of a Ray cluster. resume: go on with unfinished work of the same plan; refused,
    saying what changed, where the data set, the network or the question is another one.
    batch_size: images a pass. shard_size: images after which progress is saved. threads: that read photographs ahead.
    workers: Ray tasks at a time, by default one a free GPU or CPU.

    The result is the same bytes whatever the engine, the number of workers and of interruptions. Another batch size,
    device, number of threads or version of torch may change the last bits, as it changes the network's own output.
    What cannot be read is counted and passed over. Memory does not grow with the data set.
    Raises UsageError, LayerError, StoreError, and ImageError where nothing at all could be read.
    Example: `deepro.survey(net, "photos/", ["features.11"], top_k=9, workspace="ws")`
    """
    if not isinstance(net, Network):
        raise UsageError(f"expected a network from deepro.load, got {type(net).__name__}")
    if engine not in ENGINES:
        raise UsageError(f"unknown engine {engine!r}{near(str(engine), ENGINES) or ', expected local or ray'}")
    started, created = time.perf_counter(), datetime.now(UTC)
    data = as_dataset(dataset)
    net.check_batch(batch_size)
    plan = make_plan(net, data, layers, top_k, batch_size, shard_size)
    ws = Workspace(workspace) if isinstance(workspace, str | Path) else workspace
    checkpoint = Checkpoint(ws.folder, plan) if ws else None
    state, finished = SurveyState(), None
    if checkpoint and resume:
        state, finished = checkpoint.resume(data)
    elif checkpoint:
        checkpoint.begin(data)
    if ws and finished and isinstance(found := ws.find("survey", finished), Survey):
        return found
    _run(net, data, plan, state, checkpoint, engine, threads, workers, checkpoint_seconds)
    seconds = round(time.perf_counter() - started, 3)
    result = to_result(net, data, plan, state, created, seconds)
    if ws and checkpoint:
        assert result.provenance is not None
        ws.add_network(net)
        ws.add(result)
        checkpoint.finish(result.provenance.key)
    return result


def _run(
    net: Network,
    data: Dataset,
    plan: Plan,
    state: SurveyState,
    checkpoint: Checkpoint | None,
    engine: str,
    threads: int,
    workers: int | None,
    pause: float,
) -> None:
    """Do the shards that are not in `state` yet, keeping it every `pause` seconds."""
    left = [shard for shard in range(plan.shards) if shard not in state.done]
    done = plan.images - sum(len(plan.indices(shard)) for shard in left)
    progress.tell("survey", done, plan.images)
    kept, cost = time.monotonic(), 0.0
    with untouched(net.module), torch.no_grad():
        if engine == "ray":
            from deepro.survey.ray_engine import distributed

            steps = distributed(net, data, plan, state, left, threads, workers)
        else:
            # Reported after each batch too, so that a listener can stop the work inside a shard.
            steps = engines.local(
                net, data, plan, state, left, threads, lambda read: progress.tell("survey", done + read, plan.images)
            )
        for images in steps:
            done += images
            # Where the state is large, writing it takes at most a twentieth of the time.
            if checkpoint and (now := time.monotonic()) - kept >= (pause and max(pause, 20 * cost)):
                checkpoint.keep(state)
                kept = time.monotonic()
                cost = kept - now
            progress.tell("survey", done, plan.images)
    if not state.images:
        image, reason = min(state.reasons.items(), default=(0, "no reason"))
        raise ImageError(f"none of the {plan.images} images of {data.name} could be read; {data.id(image)}: {reason}")
    if checkpoint:
        checkpoint.keep(state)


def to_result(net: Network, data: Dataset, plan: Plan, state: SurveyState, created: datetime, seconds: float) -> Survey:
    """The statistics as a result with its provenance."""
    width = min(plan.top_k, plan.images)
    layers, computed = {}, state.compute()
    for name in plan.layers:
        found: dict[str, Any] = computed[name]
        for key in ("values", "images", "positions"):
            found[key] = np.ascontiguousarray(found[key][:, :width])
        layers[name] = UnitStatistics(**found)
    shown = np.unique(np.concatenate([layer.images.reshape(-1) for layer in layers.values()]))
    shown = shown[shown >= 0]
    provenance = Provenance(
        method="survey",
        version=VERSION,
        parameters={
            "layers": list(plan.layers),
            "top_k": plan.top_k,
            "batch_size": plan.batch_size,
            "shard_size": plan.shard_size,
        },
        network=net.card(),
        data=({"name": data.name, "sha256": state.digest, "size": [plan.images]},),
        seed=None,
        libraries=libraries(),
        created=created.isoformat(timespec="milliseconds"),
        seconds=seconds,
        notes=_notes(plan, state, max(len(data.classes), len(list(layers.values())[-1].class_images))),
    )
    return Survey(
        provenance=provenance,
        dataset=data.name,
        images=plan.images,
        read=state.images,
        unreadable=state.unreadable,
        skipped=tuple({"id": data.id(i), "reason": reason} for i, reason in state.reasons.items()),
        top_k=plan.top_k,
        classes=readable(net, data.classes),
        layers=layers,
        shown=shown,
        ids=tuple(data.id(int(i)) for i in shown),
        edges=Histogram.EDGES,
    )


def _notes(plan: Plan, state: SurveyState, classes: int) -> tuple[str, ...]:
    """Notes on statistics and images that were left out. classes: how many the data set has."""
    notes = []
    if state.unreadable:
        notes.append(f"{state.unreadable} of {plan.images} images could not be read")
    if classes and state.classed < len(plan.layers):
        notes.append(f"class means are kept for the last {state.classed} of {len(plan.layers)} layers")
    limit = ClassMeans.MOST // max(1, sum(len(top.values) for top in list(state.tops.values())[-state.classed :]))
    if classes > limit:
        notes.append(f"class means are kept for the first {limit} of {classes} classes")
    return tuple(notes)
