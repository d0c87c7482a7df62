"""A picture from its half spectrum, one cosine after the other."""

from __future__ import annotations

import numpy as np


def inverse_dft(half: np.ndarray, height: int, width: int) -> np.ndarray:
    """(H, W // 2 + 1) complex coefficients to (H, W) real values, their plain sum of waves.

    A column that has a mirror image on the other side of the spectrum counts twice.
    """
    values = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            for ky in range(height):
                for kx in range(width // 2 + 1):
                    times = 1 if kx == 0 or 2 * kx == width else 2
                    wave = np.exp(2j * np.pi * (ky * y / height + kx * x / width))
                    values[y, x] += times * (half[ky, kx] * wave).real
    return values
