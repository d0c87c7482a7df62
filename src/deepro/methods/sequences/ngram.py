"""The n-gram model that a sequence model is measured against: interpolated, after Witten and Bell 1991."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class NGram:
    """Counts of every context of up to `order` - 1 tokens, smoothed into the next shorter one.

        P(w | h) = (count(h w) + kinds(h) * P(w | h')) / (count(h) + kinds(h)),

    h' is h without its first token, kinds(h) how many different tokens were seen after h; below the empty context
    stands the uniform distribution. Witten & Bell 1991, 10.1109/18.87000.
    """

    def __init__(self, sequences: Sequence[np.ndarray], tokens: int, order: int = 5) -> None:
        if order < 1 or tokens < 2 or tokens**order >= 2**63:
            raise ValueError(f"order {order} over {tokens} tokens does not fit 64-bit keys")
        self.tokens, self.order = tokens, order
        self._grams: list[tuple[np.ndarray, np.ndarray]] = []
        self._contexts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for n in range(1, order + 1):
            keys = np.concatenate([_keys(s, n, tokens) for s in sequences])
            grams, counts = np.unique(keys, return_counts=True)
            contexts, first = np.unique(grams // tokens, return_index=True)
            kinds = np.diff(np.append(first, len(grams)))
            totals = np.add.reduceat(counts, first) if len(grams) else np.zeros(0, int)
            self._grams.append((grams, counts))
            self._contexts.append((contexts, totals, kinds))

    def losses(self, sequence: np.ndarray) -> np.ndarray:
        """(T,) nats for each token, from what stands before it; shorter contexts at the start."""
        sequence = np.asarray(sequence, dtype=np.int64)
        p = np.full(len(sequence), 1 / self.tokens)
        for n in range(1, self.order + 1):
            if len(sequence) < n:
                break
            keys = _keys(sequence, n, self.tokens)
            count = _look_up(*self._grams[n - 1], keys)
            contexts, totals, kinds = self._contexts[n - 1]
            total = _look_up(contexts, totals, keys // self.tokens)
            kind = _look_up(contexts, kinds, keys // self.tokens)
            below = p[n - 1 :]
            seen = total > 0
            p[n - 1 :] = np.where(seen, (count + kind * below) / np.where(seen, total + kind, 1), below)
        return -np.log(p)


def _keys(sequence: np.ndarray, n: int, tokens: int) -> np.ndarray:
    """Every run of `n` tokens as one number, first token most significant."""
    sequence = np.asarray(sequence, dtype=np.int64)
    length = len(sequence) - n + 1
    if length <= 0:
        return np.zeros(0, dtype=np.int64)
    keys = np.zeros(length, dtype=np.int64)
    for offset in range(n):
        keys = keys * tokens + sequence[offset : offset + length]
    return keys


def _look_up(known: np.ndarray, values: np.ndarray, keys: np.ndarray) -> np.ndarray:
    if not len(known):
        return np.zeros(len(keys), dtype=np.int64)
    place = np.searchsorted(known, keys).clip(max=len(known) - 1)
    return np.where(known[place] == keys, values[place], 0)
