"""What a decoder attends to: the weights that its softmax gives to the steps of what was read."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from deepro.errors import UnsupportedError, UsageError
from deepro.kinds.sequences.attention import Attention
from deepro.network import Network
from deepro.network.sequences import as_sequences, run
from deepro.network.vocabulary import Vocabulary
from deepro.parameters import Bounds, TokenSequence
from deepro.probe import first_tensor
from deepro.registry import Paper, method
from deepro.shapes import to_array

_SOFTMAX = {torch.softmax, Tensor.softmax, nn.functional.softmax}
_FRAMING = {
    torch.conv1d, torch.conv2d, *(getattr(nn.functional, f"{k}_pool{d}d") for k in ("avg", "max") for d in (1, 2)),
    *(getattr(nn.functional, f"adaptive_avg_pool{d}d") for d in (1, 2)),
}  # fmt: skip


@method(
    family="sequences",
    paper=Paper(
        "Bahdanau, Cho, Bengio", 2015, "Neural machine translation by jointly learning to align and translate",
        "https://arxiv.org/abs/1409.0473",
    ),
    summary="For each step that a decoder writes, how much it attends to each step that was read.",
)  # fmt: skip
def attention(
    net: Network,
    sequence: TokenSequence,
    *,
    which: Annotated[int, Bounds(0, 1000), "of several places that attend, the number in the order they run"] = 0,
) -> Attention:
    """The attention matrix of an encoder-decoder, found by watching every softmax over as many entries as were read.

    Where there is none, those over as many as a convolution or a pooling gave: the frames of a network that reads a
    series or a sound through a CNN, each an equal part of the input. Over a grid of time and features the weights are
    summed over the features.

    Functional softmax, `nn.Softmax` and `nn.MultiheadAttention` are seen alike. A softmax of (N, ..., T_in) that runs
    once for each step written gives one row each time; one of (N, ..., T_out, T_in) gives all of them. Heads are
    averaged. written: the decoder's largest output at each step, where it has one row a step. sharpness: 1 minus the
    rows' mean entropy over that of even attention. Attention shows what the decoder read from, not why.
    Raises UnsupportedError where no softmax has such a size.
    Example: `deepro.attention(net, tokens)`
    """
    sequence = as_sequences(net, sequence)
    if len(sequence.items) != 1:
        raise UsageError(f"attention takes one sequence at a time, got {len(sequence)} or ready tensors")
    length = len(sequence.items[0])
    (_, args, kwargs), *_ = sequence.batches()
    with torch.no_grad(), _Watching() as seen:
        output = first_tensor(run(net, args, kwargs))
    places = seen.places(length)
    if not places:
        raise UnsupportedError(
            f"the network takes no softmax over the {length} steps that it reads, nor over frames that a convolution "
            "makes of them: there is no attention to show"
        )
    if which >= len(places):
        raise UsageError(f"which is {which}; {len(places)} place{'s' * (len(places) > 1)} attend")
    weights = places[which]
    known = net.preprocess if isinstance(net.preprocess, Vocabulary) else None
    written: tuple[str, ...] = ()
    if output is not None and output.ndim == 3:
        rows = sequence.rows(output)[0]
        if len(rows) == len(weights):
            names = known.tokens if known and len(known) == rows.shape[1] else None
            written = tuple(names[int(k)] if names else net.label(int(k)) for k in rows.argmax(1))
    item = sequence.items[0]
    read: tuple[str, ...] = ()
    if not item.is_floating_point():
        read = tuple(known.tokens[int(k)] if known else str(int(k)) for k in item)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(weights > 0, weights * np.log(weights), 0).sum(1).mean()
    return Attention(
        weights=weights, read=read, written=written, places=len(places),
        sharpness=float(1 - entropy / np.log(weights.shape[1])) if weights.shape[1] > 1 else 1.0,
    )  # fmt: skip


class _Watching(TorchFunctionMode):
    """Keeps the result of every softmax, and how many frames convolutions and poolings give."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Tensor] = []
        self.frames: dict[
            int, tuple[int, ...]
        ] = {}  # their number -> the frames, and the features where they are a grid

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is nn.functional.multi_head_attention_forward:
            kwargs = {**kwargs, "need_weights": True}  # the fused kernel keeps them to itself
        out = func(*args, **kwargs)
        if func in _SOFTMAX and isinstance(out, Tensor):
            dim = kwargs.get("dim", args[1] if len(args) > 1 else -1)
            if isinstance(dim, int) and out.ndim >= 2:
                self.found.append(out.detach().movedim(dim, -1))
        elif func is nn.functional.multi_head_attention_forward:
            if out[1] is not None:
                self.found.append(out[1].detach())
        elif func in _FRAMING and isinstance(out, Tensor) and out.ndim in (3, 4):
            frames, *features = out.shape[2:]
            self.frames.setdefault(int(frames), (int(frames),))
            if features:
                self.frames.setdefault(int(frames * features[0]), (int(frames), int(features[0])))
        return out

    def places(self, length: int) -> list[np.ndarray]:
        """(T_out, T_in) of each place: calls of one row in a row are the steps of one decoder."""
        sizes = [w.shape[-1] for w in self.found]
        size = length if length in sizes else next((s for s in sizes if s > 1 and s in self.frames), length)
        made: list[list[np.ndarray]] = []
        for weights in (w for w in self.found if w.shape[-1] == size):
            rows = to_array(weights).reshape(-1, *weights.shape[-2:]) if weights.ndim > 2 else to_array(weights)
            matrix = rows.mean(0) if rows.ndim == 3 else rows
            single = len(matrix) == 1
            if single and made and len(made[-1][0]) == 1:
                made[-1].append(matrix)
            else:
                made.append([matrix])
        grid = self.frames.get(size, (size,)) if size != length else (size,)
        whole = [np.concatenate(m).astype(np.float32).reshape(-1, *grid) for m in made]
        return [w.sum(2) if w.ndim == 3 else w for w in whole]
