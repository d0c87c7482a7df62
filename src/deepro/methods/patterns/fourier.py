"""Pictures as spectra: an optimiser's step moves large shapes as readily as fine detail.

Olah, Mordvintsev & Schubert 2017, Feature Visualization, https://distill.pub/2017/feature-visualization
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from deepro.methods.patterns.colour import WIDTH, to_rgb


class FourierImages:
    """T pictures of C channels, each given by its own complex spectrum; all start from the same seeded noise.

    parameters: (T, C, H, W // 2 + 1, 2), in units of a photograph's spectrum: random ones of variance 1 give random
    pictures with a photograph's contrast, colours and softness. scale: (H, W // 2 + 1), amplitudes that fall as
    frequency ** -falloff. Three channels are taken as colours, others as they are, around `middle` (0..1) and with
    the standard deviation `width`.
    """

    contrast = 4.0  # the slope that turns differences of brightness into logits at middle grey
    falloff = 1.0  # photographs measure 1.25 (benchmarks/patterns.py); a flatter one gives sharper pictures
    start = 0.15  # contrast of the noise at the start, of a photograph's

    def __init__(
        self,
        count: int,
        channels: int,
        size: tuple[int, int],
        generator: Generator,
        like: Tensor,
        middle: float = 0.5,
        width: float = WIDTH,
    ) -> None:
        self.size, self.width = size, width
        self.offset = math.log(middle / (1 - middle))
        height, width = size
        noise = torch.randn(channels, height, width // 2 + 1, 2, generator=generator, dtype=like.dtype)
        self.parameters = (self.start * noise).to(like.device).repeat(count, 1, 1, 1, 1).requires_grad_()
        self.scale = _amplitudes(size, self.falloff).to(like)

    def __call__(self, size: tuple[int, int] | None = None) -> Tensor:
        """(T, C, h, w) in 0..1. A smaller `size` keeps the low frequencies only: the same picture, coarser."""
        height = self.size[0]
        h, w = size or self.size
        spectrum = torch.view_as_complex(self.parameters * self.scale[..., None])
        if (h, w) != self.size:
            rows = torch.cat([spectrum[:, :, : (h + 1) // 2], spectrum[:, :, height - h // 2 :]], 2)
            spectrum = rows[..., : w // 2 + 1]
        values = torch.fft.irfft2(spectrum, s=(h, w), norm="forward")
        values = to_rgb(values) if values.shape[1] == 3 else self.width * values
        return torch.sigmoid(self.contrast * values + self.offset)


def _amplitudes(size: tuple[int, int], falloff: float) -> Tensor:
    """(H, W // 2 + 1) float64, frequency ** -falloff, scaled so that white parameters give values of variance 1."""
    height, width = size
    fy, fx = torch.fft.fftfreq(height, dtype=torch.float64), torch.fft.rfftfreq(width, dtype=torch.float64)
    amplitude = torch.hypot(fy[:, None], fx[None, :]).clamp_min(1 / max(size)) ** -falloff
    columns = torch.full((width // 2 + 1,), 4.0, dtype=torch.float64)  # two parts, and a mirror image that counts too
    columns[0] = columns[width // 2 :: width] = 1.0
    return amplitude / math.sqrt(float((amplitude.square() * columns).sum()))
