"""Where the loss of a next-token network lies, and what an n-gram model would have got at the same places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import torch

from deepro.errors import UnsupportedError, UsageError
from deepro.kinds.sequences.losses import Losses
from deepro.methods.sequences.ngram import NGram
from deepro.methods.sequences.tracks import make_tracks
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences, run
from deepro.parameters import Bounds, OtherSequence, TokenSequences
from deepro.probe import first_tensor
from deepro.registry import Paper, method

COMMON, RARE = 0.5, 0.95  # the tokens that make up so much of the text are common; what is beyond is rare


@method(
    family="sequences",
    paper=Paper(
        "Karpathy, Johnson, Fei-Fei", 2015, "Visualizing and understanding recurrent networks",
        "https://arxiv.org/abs/1506.02078",
    ),
    summary="Where the loss lies: rare tokens, boundaries, long copies, annotations; beside an n-gram model's.",
)  # fmt: skip
def loss_breakdown(
    net: Network,
    sequences: TokenSequences,
    train: OtherSequence | None = None,
    *,
    order: Annotated[int, Bounds(1, 9), "longest context of the n-gram model, plus one"] = 5,
    folds: Annotated[int, Bounds(2, 20), "parts, each told by the n-gram model of the others, without `train`"] = 4,
    copy: Annotated[int, Bounds(2, 100), "tokens that must have stood there before for a step to be a copy"] = 8,
) -> Losses:
    """Loss (nats) of each token, by the network and by an n-gram model, and how it spreads over kinds of steps.

    sequences: texts or token arrays for a network whose output at each step are the logits of the next token. train:
    what the n-gram model counts; without it each fold of the sequences is predicted from the others, and a single
    sequence's second half from its first.
    Groups: common tokens (they make up half of all), rare ones (the last 5 %), the first steps of a sequence, first
    letters of words, starts of lines, long copies (the `copy` tokens before and the token itself stood together earlier
    in the sequence), and every yes-or-no annotation. A first token has no prediction and is not counted.
    Raises UnsupportedError for a network without such outputs.
    Example: `deepro.loss_breakdown(net, texts, order=5)`
    """
    sequences = as_sequences(net, sequences)
    items = token_arrays(sequences)
    own, kinds = next_token_losses(net, sequences)
    while kinds**order >= 2**62 and order > 1:
        order -= 1
    counted = None
    if train is not None:
        counted = token_arrays(train if isinstance(train, Sequences) else as_sequences(net, train))
    other = ngram_losses(items, counted, kinds, order, folds)
    groups = _groups(sequences, items, kinds, copy)
    known = [np.isfinite(a) & np.isfinite(b) for a, b in zip(own, other, strict=True)]
    mine, theirs, mask = (np.concatenate(v) for v in (own, other, known))
    total = float(mine[mask].sum())
    rows = []
    for name, marks in groups.items():
        chosen = mask & (np.concatenate(marks) > 0.5)
        if not chosen.any():
            continue
        rows.append(
            {
                "group": name,
                "steps": int(chosen.sum()),
                "share_of_steps": float(chosen.sum() / mask.sum()),
                "loss": float(mine[chosen].mean()),
                "share_of_loss": float(mine[chosen].sum() / total) if total else float("nan"),
                "ngram": float(theirs[chosen].mean()),
                "gain": float((theirs - mine)[chosen].mean()),
            }
        )
    return Losses(
        groups=tuple(rows), losses=tuple(own), ngram=tuple(other), order=order,
        counted=sum(map(len, counted)) if counted is not None else None, texts=sequences.texts,
    )  # fmt: skip


def token_arrays(sequences: Sequences) -> list[np.ndarray]:
    if sequences.call is not None or sequences.items[0].is_floating_point():
        raise UsageError("losses are told of tokens: pass texts or whole numbers, one array a sequence")
    return [item.cpu().numpy() for item in sequences.items]


def next_token_losses(net: Network, sequences: Sequences) -> tuple[list[np.ndarray], int]:
    """(T,) nats a sequence, NaN at its first token, and how many tokens the network knows."""
    losses = [np.full(len(item), np.nan) for item in sequences.items]
    kinds = 0
    for rows, args, kwargs in sequences.batches():
        with torch.no_grad():
            output = first_tensor(run(net, args, kwargs))
        if output is None or output.ndim != 3:
            raise UnsupportedError("the network gives no row of logits for each step: there is no next token to score")
        output = sequences.rows(output).double()
        tokens = torch.stack([sequences.items[r] for r in rows])
        kinds = output.shape[2]
        if output.shape[:2] != tokens.shape or int(tokens.max()) >= kinds:
            raise UnsupportedError(
                f"outputs {tuple(output.shape)} are no logits of the next of tokens {tuple(tokens.shape)}, which reach "
                f"{int(tokens.max())}"
            )
        told = -output[:, :-1].log_softmax(2).gather(2, tokens[:, 1:, None])[..., 0]
        for row, values in zip(rows, told.cpu().numpy(), strict=True):
            losses[row][1:] = values
    return losses, kinds


def ngram_losses(
    items: Sequence[np.ndarray], counted: Sequence[np.ndarray] | None, kinds: int, order: int, folds: int
) -> list[np.ndarray]:
    """(T,) nats a sequence by a model that has not counted it; NaN where there is none and at the first token."""
    made = [np.full(len(item), np.nan) for item in items]
    if counted is not None:
        model = NGram(counted, kinds, order)
        for n, item in enumerate(items):
            made[n] = model.losses(item)
    elif len(items) == 1:
        half = len(items[0]) // 2
        if half:
            made[0][half:] = NGram([items[0][:half]], kinds, order).losses(items[0])[half:]
    else:
        for fold in range(min(folds, len(items))):
            model = NGram([item for n, item in enumerate(items) if n % folds != fold], kinds, order)
            for n in range(fold, len(items), folds):
                made[n] = model.losses(items[n])
    for losses in made:
        losses[:1] = np.nan
    return made


def _groups(sequences: Sequences, items: Sequence[np.ndarray], kinds: int, copy: int) -> dict[str, list[np.ndarray]]:
    counts = np.bincount(np.concatenate(items), minlength=kinds).astype(float)
    order = np.argsort(-counts, kind="stable")
    reached = np.empty(kinds)
    reached[order] = np.cumsum(counts[order]) / counts.sum() - counts[order] / counts.sum()
    groups: dict[str, list[np.ndarray]] = {
        "every token": [np.ones(len(i)) for i in items],
        "common tokens": [(reached[i] < COMMON).astype(float) for i in items],
        "rare tokens": [(reached[i] >= RARE).astype(float) for i in items],
        "first 20 steps": [(np.arange(len(i)) < 20).astype(float) for i in items],
        "long copies": [copies(i, copy).astype(float) for i in items],
    }
    if all(t is not None and len(t) == len(i) for t, i in zip(sequences.texts, items, strict=True)):
        groups["line starts"] = [
            np.array([k > 0 and t[k - 1] == "\n" for k in range(len(t))], dtype=float) for t in sequences.texts if t
        ]
        for track in make_tracks(sequences):
            if track.measure == "auc":
                groups[track.name] = [np.nan_to_num(v) for v in track.values]
    return groups


def copies(tokens: np.ndarray, length: int) -> np.ndarray:
    """(T,) bool: whether the `length` tokens before and the token itself stood together earlier in the sequence."""
    made = np.zeros(len(tokens), dtype=bool)
    seen: set[bytes] = set()
    data = np.ascontiguousarray(tokens, dtype=np.int64)
    for end in range(length, len(tokens)):
        key = data[end - length : end + 1].tobytes()
        made[end] = key in seen
        seen.add(key)
    return made
