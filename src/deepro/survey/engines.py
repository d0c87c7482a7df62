"""Runs the shards of a survey in this process; `ray_engine` runs them on Ray."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch

from deepro.data import Dataset, batches
from deepro.data.reading import Batch, ReadExample, read_ahead
from deepro.network import Network
from deepro.probe import Probe
from deepro.survey.plan import Plan
from deepro.survey.state import SurveyState, observe


def local(
    net: Network,
    dataset: Dataset,
    plan: Plan,
    state: SurveyState,
    shards: Sequence[int],
    threads: int = 1,
    tell: Callable[[int], None] = lambda _: None,
) -> Iterator[int]:
    """Do `shards` in this process, into `state`; yields the number of images done after each shard.

    The state is whole whenever this yields. threads: how many read photographs ahead. tell: hears after each batch how
    many of the shard's images are done.
    """
    indices = (i for shard in shards for i in plan.indices(shard))
    reads = read_ahead(net, dataset, indices, threads, ahead=2 * plan.batch_size)
    for shard, group in itertools.groupby(reads, key=lambda one: one.index // plan.shard_size):
        shard_into(net, plan, state, shard, group, tell)
        yield len(plan.indices(shard))


def shard_into(
    net: Network,
    plan: Plan,
    state: SurveyState,
    shard: int,
    reads: Iterable[ReadExample],
    tell: Callable[[int], None] = lambda _: None,
) -> None:
    """Run the network on one shard's images and add them to `state`."""
    failed: list[ReadExample] = []
    done: list[ReadExample] = []
    for batch, held in batches(reads, plan.batch_size, failed):
        forward(net, plan, state, batch)
        done += [ReadExample(one.index, None, one.label, one.digest) for one in held]
        if len(done) < len(plan.indices(shard)):  # the whole shard is told of once its state is kept
            tell(len(done))
    state.finish(shard, done, failed)


def forward(net: Network, plan: Plan, state: SurveyState, batch: Batch) -> None:
    """Run one batch and add each layer's output to `state` as soon as it is computed; outputs are not kept."""

    def watch(layer: str, axes: tuple[int, int]):
        def look(output: torch.Tensor) -> torch.Tensor:
            grid, count = plan.grids.get(layer), len(batch.indices)
            if grid is not None and grid.fits(output, count):
                observe(state, layer, grid(output.detach(), count), batch, (0, 1), plan.top_k)
            else:
                observe(state, layer, output, batch, axes, plan.top_k)
            return output

        return look

    with Probe(net.module, edit={layer: watch(layer, axes) for layer, axes in plan.layers.items()}) as probe:
        probe(batch.tensor.to(net.device, net.dtype, non_blocking=True))
    state.close(plan.classed)
