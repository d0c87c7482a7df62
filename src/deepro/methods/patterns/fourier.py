"""Pictures as spectra: an optimiser's step moves large shapes as readily as fine detail.

Olah, Mordvintsev & Schubert 2017, Feature Visualization, https://distill.pub/2017/feature-visualization
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from deepro.methods.patterns.colour import to_rgb


class FourierImages:
    """T pictures of C channels, each given by its own complex spectrum; all start from the same seeded noise.

    parameters: (T, C, H, W // 2 + 1, 2). The amplitude at frequency f (cycles a pixel) is scaled by f ** -decay, as in
    photographs, where decay is between 1 and 1.5. Three channels are taken as colours, others as they are.
    """

    def __init__(
        self, count: int, channels: int, size: tuple[int, int], generator: Generator, like: Tensor, decay: float = 1.0
    ) -> None:
        self.size = size
        height, width = size
        noise = torch.randn(channels, height, width // 2 + 1, 2, generator=generator, dtype=like.dtype) * 0.01
        self.parameters = noise.to(like.device).repeat(count, 1, 1, 1, 1).requires_grad_()
        self.scale = _natural_scale(size, decay).to(like)

    def __call__(self, size: tuple[int, int] | None = None) -> Tensor:
        """(T, C, h, w) in 0..1. A smaller `size` keeps the low frequencies only: the same picture, coarser."""
        height, width = self.size
        h, w = size or self.size
        spectrum = torch.view_as_complex(self.parameters * self.scale[..., None])
        if (h, w) != self.size:
            spectrum = torch.cat([spectrum[:, :, : (h + 1) // 2], spectrum[:, :, height - h // 2 :]], 2)[..., : w // 2 + 1]
        values = torch.fft.irfft2(spectrum, s=(h, w), norm="forward")
        return torch.sigmoid(4 * to_rgb(values) if values.shape[1] == 3 else values)


def _natural_scale(size: tuple[int, int], decay: float) -> Tensor:
    """(H, W // 2 + 1) float64: amplitudes that fall as f ** -decay, one standard deviation for white parameters."""
    height, width = size
    fy, fx = torch.fft.fftfreq(height, dtype=torch.float64), torch.fft.rfftfreq(width, dtype=torch.float64)
    f = torch.hypot(fy[:, None], fx[None, :])
    scale = f.clamp_min(1 / max(size)) ** -decay
    return scale / math.sqrt(float((scale**2).mean())) / math.sqrt(height * width) * 30
