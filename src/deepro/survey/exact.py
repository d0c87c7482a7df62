"""Sums that do not depend on the order of adding: integers in limbs of 40 bits."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

_BITS = 40  # 23 bits are left for eight million additions


class ExactSum:
    """The sum of finite numbers below 2^(40 * limbs + low) in magnitude, each cut to multiples of 2^low.

    Additions are integer additions, so any order and any grouping give the same bits.
    limbs: (limbs, *shape) int64, lowest first.
    """

    def __init__(self, limbs: Tensor, low: int) -> None:
        self.limbs, self.low = limbs, low

    @classmethod
    def zeros(cls, shape: Sequence[int], limbs: int = 4, low: int = -80) -> ExactSum:
        return cls(torch.zeros(limbs, *shape, dtype=torch.int64), low)

    @property
    def limit(self) -> float:
        """The magnitude that numbers must stay below."""
        return 2.0 ** (_BITS * len(self.limbs) + self.low)

    def parts(self, values: Tensor) -> Tensor:
        """Convert `values` to (limbs, *shape) int64."""
        rest, parts = values.double(), []
        for limb in reversed(range(len(self.limbs))):
            scale = 2.0 ** (_BITS * limb + self.low)
            whole = (rest / scale).trunc()
            rest = rest - whole * scale
            parts.append(whole.long())
        return torch.stack(parts[::-1])

    def add(self, values: Tensor) -> None:
        self.limbs += self.parts(values)

    def value(self) -> Tensor:
        """The sum as float64. Carries are resolved first, so that equal sums give equal bits."""
        limbs = [limb.clone() for limb in self.limbs]
        for low, high in itertools.pairwise(limbs):
            carry = low >> _BITS
            low -= carry << _BITS
            high += carry
        total = torch.zeros_like(limbs[0], dtype=torch.float64)
        for place, limb in reversed(list(enumerate(limbs))):
            total += limb.double() * 2.0 ** (_BITS * place + self.low)
        return total
