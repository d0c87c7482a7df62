"""Spectra to pictures, against the inverse DFT written out, and colours, against what photographs show."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.reference.fourier import inverse_dft
from torch import Generator, Tensor

from deepro.methods.patterns.colour import MATRIX, WIDTH, to_rgb
from deepro.methods.patterns.fourier import FourierImages


def pictures(count: int, channels: int, size: tuple[int, int], seed: int = 0) -> FourierImages:
    like = torch.zeros((), dtype=torch.float64)
    made = FourierImages(count, channels, size, Generator().manual_seed(seed), like)
    with torch.no_grad():
        made.parameters.normal_(generator=Generator().manual_seed(seed + 1))
    return made


@pytest.mark.parametrize("size", [(5, 7), (6, 8), (7, 4), (8, 8)])
def test_a_picture_is_its_waves_added_up(size: tuple[int, int]) -> None:
    made = pictures(2, 1, size)
    half = torch.view_as_complex(made.parameters.detach()).numpy() * made.scale.numpy()
    expected = np.stack([[inverse_dft(channel, *size) for channel in picture] for picture in half])
    expected = 1 / (1 + np.exp(-made.contrast * WIDTH * expected))
    assert np.abs(made().detach().numpy() - expected).max() < 1e-12


def test_amplitudes_fall_with_frequency_and_white_parameters_give_one_standard_deviation() -> None:
    made = pictures(4, 1, (64, 48))
    assert made.scale[0, 4] / made.scale[0, 8] == pytest.approx(2**made.falloff)
    assert made.scale[4, 0] * 4**made.falloff == pytest.approx(float(made.scale[1, 0] * 1**made.falloff), rel=1e-9)
    values = torch.logit(made()) / (made.contrast * WIDTH)
    assert 0.5 < float(values.detach().std()) < 2


def test_a_coarser_picture_is_the_same_picture() -> None:
    made = pictures(1, 3, (32, 24))
    with torch.no_grad():  # only waves that both sizes can carry
        keep = torch.zeros_like(made.parameters)
        keep[:, :, :4, :4] = 1
        keep[:, :, -3:, :4] = 1
        made.parameters.mul_(keep)
    assert torch.allclose(made((16, 12)), made()[:, :, ::2, ::2], atol=1e-12)


def test_all_pictures_start_alike_and_the_seed_decides() -> None:
    def start(count: int, seed: int) -> Tensor:
        return FourierImages(count, 3, (9, 8), Generator().manual_seed(seed), torch.zeros(()))().detach()

    both = start(2, 5)
    assert torch.allclose(both[0], both[1], atol=1e-6)  # the last bit depends on where it lies in memory
    assert torch.allclose(both[:1], start(1, 5), atol=1e-6)
    assert not torch.allclose(both[:1], start(1, 6), atol=1e-3)
    assert 0 < both.min() < both.max() < 1


def test_opponent_axes_are_orthogonal_and_grey_is_the_widest() -> None:
    gram = MATRIX.T @ MATRIX
    assert torch.allclose(gram, torch.diag(gram.diagonal()), atol=1e-12)
    assert gram[0, 0] > gram[1, 1] > gram[2, 2]
    grey = to_rgb(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1))
    assert torch.allclose(grey, grey[:, :1].expand(-1, 3, -1, -1))
    by_hand = [[sum(MATRIX[r, c] * v for c, v in enumerate((0.3, -1.0, 2.0)))] for r in range(3)]
    assert torch.allclose(
        to_rgb(torch.tensor([0.3, -1.0, 2.0]).double().view(1, 3, 1, 1)).view(3, 1), torch.tensor(by_hand).double()
    )


def test_the_axes_fit_photographs(shared_data) -> None:
    from PIL import Image

    pixels = []
    for path in sorted((shared_data / "imagenet_sample").iterdir())[::4]:
        picture = Image.open(path).convert("RGB").resize((64, 64))
        pixels.append(np.asarray(picture, dtype=np.float64).reshape(-1, 3) / 255)
    measured = np.cov(np.concatenate(pixels).T)
    ours = (MATRIX @ MATRIX.T).numpy()
    assert np.abs(ours / ours.trace() - measured / measured.trace()).max() < 0.05
