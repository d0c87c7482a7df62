"""From text to the tokens a network takes, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepro.errors import UsageError, near

_SPECIAL = re.compile(r"|<[^<>]+>|\[[A-Za-z_ ]+\]")  # nothing, <pad>, [UNK]


@dataclass(frozen=True)
class Vocabulary:
    """The preprocessing of a network that reads tokens: token k of `tokens` is number k.

    Where every token is one character, but for special ones such as <pad> or [UNK], a text is read character by
    character. Otherwise it is split at white space.
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple(self.tokens))
        if len(set(self.tokens)) != len(self.tokens):
            twice = next(t for t in self.tokens if self.tokens.count(t) > 1)
            raise UsageError(f"vocabulary: token {twice!r} stands twice; every token needs one number")

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens)}

    @cached_property
    def characters(self) -> bool:
        plain = [t for t in self.tokens if not _SPECIAL.fullmatch(t)]
        return bool(plain) and all(len(t) == 1 for t in plain)

    def split(self, text: str) -> Sequence[str]:
        return text if self.characters else text.split()

    def encode(self, text: str | Iterable[str]) -> Tensor:
        """(T,) int64. Raises UsageError with the first token that is not in the vocabulary and where it stands."""
        pieces = self.split(text) if isinstance(text, str) else list(text)
        numbers = np.fromiter((self.numbers.get(p, -1) for p in pieces), dtype=np.int64, count=len(pieces))
        if (numbers < 0).any():
            place = int(numbers.argmin())
            hint = "" if self.characters else near(pieces[place], self.tokens)
            raise UsageError(
                f"token {pieces[place]!r} at step {place} is not among the network's {len(self)} tokens{hint}"
            )
        return torch.from_numpy(numbers)

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of token numbers."""
        return ("" if self.characters else " ").join(self.tokens[int(n)] for n in numbers)

    def card(self) -> dict[str, Any]:
        return {"tokens": list(self.tokens)}
