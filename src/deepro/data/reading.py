"""Examples read ahead, preprocessed and stacked; what cannot be read is noted, never fatal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from deepro.data.dataset import Dataset
from deepro.errors import UsageError
from deepro.network import Network, Preprocess


@dataclass(frozen=True)
class ReadExample:
    """One example ready for the network, or the reason why it is not."""

    index: int
    tensor: Tensor | None
    label: int
    digest: str
    reason: str = ""


@dataclass(frozen=True)
class Batch:
    """tensor (N, *input shape) on the CPU; indices and labels (N,) int64, label -1 where there is none."""

    tensor: Tensor
    indices: Tensor
    labels: Tensor


def read(net: Network, dataset: Dataset, index: int) -> ReadExample:
    """One example through the network's preprocessing. Raises UsageError where the network takes no pictures."""
    preprocess = net.preprocess
    try:
        example = dataset.read(index)
        value = example.value
        if not isinstance(value, Tensor) and isinstance(preprocess, Preprocess):
            value, _ = preprocess(value)
    except MemoryError:
        raise
    except Exception as error:  # a picture may fail in any way
        return ReadExample(index, None, -1, "", " ".join(str(error).split())[:300] or type(error).__name__)
    if not isinstance(value, Tensor):
        raise UsageError(
            "this network was loaded without preprocessing for pictures: pass preprocess= to deepro.load, or tensors"
        )
    return ReadExample(index, value, example.label, example.digest)


def read_ahead(
    net: Network, dataset: Dataset, indices: Iterable[int], threads: int = 1, ahead: int = 32
) -> Iterator[ReadExample]:
    """Examples in the order of `indices`, at most `ahead` of them in memory before they are asked for."""
    waiting: deque[Future[ReadExample]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="deepro-read")
    try:
        for index in indices:
            waiting.append(pool.submit(read, net, dataset, index))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def batches(
    reads: Iterable[ReadExample], size: int, unreadable: list[ReadExample] | None = None
) -> Iterator[tuple[Batch, list[ReadExample]]]:
    """Batches of up to `size` examples of one shape, in order, with what they were made of.

    Where the shape changes a batch ends early. What could not be read goes to `unreadable`.
    """
    held: list[ReadExample] = []
    for one in reads:
        if one.tensor is None:
            if unreadable is not None:
                unreadable.append(one)
            continue
        if held and (len(held) == size or held[0].tensor.shape != one.tensor.shape):  # type: ignore[union-attr]
            yield _stack(held), held
            held = []
        held.append(one)
    if held:
        yield _stack(held), held


def _stack(reads: list[ReadExample]) -> Batch:
    tensors = [r.tensor for r in reads if r.tensor is not None]
    return Batch(
        torch.stack(tensors),
        torch.tensor([r.index for r in reads]),
        torch.tensor([r.label for r in reads]),
    )
