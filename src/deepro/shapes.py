"""Axis letters and array aliases used in every signature.

`N` items, `C` channels, `H W` space, `T` time or targets, `U` units, `K` classes, `D` features.
jaxtyping checks them while the tests run.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

Batch = Float[Tensor, "N C *space"]
Logits = Float[Tensor, "N K"]
Scores = Float[Tensor, " N"]
Pictures = UInt8[np.ndarray, "N H W 3"]


def to_array(values: Tensor) -> np.ndarray:
    """A tensor as a CPU array: float64 stays, other floats become float32, bool and integers stay."""
    values = values.detach().cpu()
    if values.is_floating_point() and values.dtype != torch.float64:
        values = values.float()
    return values.contiguous().numpy()
