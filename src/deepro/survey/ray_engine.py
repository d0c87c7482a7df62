"""Runs shards on the workers of a Ray cluster, one network each, and merges them as they finish (extra `ray`)."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from deepro.data import Dataset
from deepro.data.reading import read_ahead
from deepro.errors import DeeproError, UsageError
from deepro.network import Network
from deepro.probe import untouched
from deepro.survey.engines import shard_into
from deepro.survey.plan import Plan
from deepro.survey.state import SurveyState

_RETRIES = 3  # how often a shard is run again when its worker dies


class ShardWorker:
    """A Ray actor with a network of its own, on a GPU of its own if the network is on one."""

    def __init__(self, parts: dict[str, Any], data: Dataset, plan: Plan, threads: int, torch_threads: int) -> None:
        torch.set_num_threads(torch_threads)  # the driver's: sums inside the network may depend on it
        self.net = Network(**parts)
        self.net.module.to(plan.device)
        self.data, self.plan, self.threads = data, plan, threads

    def shard(self, shard: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The state of one shard as plain values."""
        state = SurveyState()
        with untouched(self.net.module), torch.no_grad():
            ahead = 2 * self.plan.batch_size
            reads = read_ahead(self.net, self.data, self.plan.indices(shard), self.threads, ahead)
            shard_into(self.net, self.plan, state, shard, reads)
        return state.card(), state.arrays()


def distributed(
    net: Network,
    data: Dataset,
    plan: Plan,
    state: SurveyState,
    shards: Sequence[int],
    threads: int = 1,
    workers: int | None = None,
) -> Iterator[int]:
    """Do `shards` on Ray's workers; yields the number of images done after each shard is merged into `state`.

    Uses the cluster that `ray.init` joined, or starts one on this machine. Raises UsageError where Ray is missing.
    """
    ray = _ray()
    ours = not ray.is_initialized()
    if ours:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no request leaves the machine
        ray.init(include_dashboard=False, log_to_driver=False)
    try:
        yield from _pool(ray, net, data, plan, state, list(shards), threads, workers)
    finally:
        if ours:
            ray.shutdown()


def _pool(
    ray: Any,
    net: Network,
    data: Dataset,
    plan: Plan,
    state: SurveyState,
    left: list[int],
    threads: int,
    workers: int | None,
) -> Iterator[int]:
    resources = ray.cluster_resources()
    on_gpu = net.device.type == "cuda"
    free = int(resources.get("GPU" if on_gpu else "CPU", 1))
    count = max(1, min(workers or free, len(left)))
    kind = ray.remote(ShardWorker).options(
        num_gpus=1 if on_gpu else 0, num_cpus=1, max_restarts=_RETRIES, max_task_retries=_RETRIES
    )
    shared = ray.put(_parts(net)), ray.put(data)
    pool = [kind.remote(*shared, plan, threads, torch.get_num_threads()) for _ in range(count)]
    left = left[::-1]
    running = {}
    try:
        for worker in pool[: len(left)]:
            shard = left.pop()
            running[worker.shard.remote(shard)] = (worker, shard)
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            worker, shard = running.pop(done)
            if left:
                following = left.pop()
                running[worker.shard.remote(following)] = (worker, following)
            card, arrays = _get(ray, done, shard)
            state.merge(SurveyState.from_parts(card, arrays))
            yield len(plan.indices(shard))
    finally:
        for worker in pool:
            ray.kill(worker)


def _get(ray: Any, ref: Any, shard: int) -> Any:
    try:
        return ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, DeeproError):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:
        first = str(error).splitlines()[0]
        raise DeeproError(f"the workers of shard {shard} died {_RETRIES + 1} times: {first}") from error


def _parts(net: Network) -> dict[str, Any]:
    """The arguments from which a worker makes the network, with weights on the CPU."""
    return {
        "module": copy.deepcopy(net.module).cpu(),
        "name": net.name,
        "source": net.source,
        "preprocess": net.preprocess,
        "labels": net.labels,
        "input_shape": net.input_shape,
        "output": net.output,
    }


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise UsageError('engine="ray" needs Ray: pip install "deepro[ray]"') from None
    return ray
