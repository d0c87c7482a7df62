"""From a photograph to a network's input and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from deepro.errors import UsageError


@dataclass(frozen=True)
class View:
    """Where the network looked: input pixel (y, x) is photograph pixel (top + y * scale_y, left + x * scale_x)."""

    top: float
    left: float
    scale_y: float
    scale_x: float


@dataclass(frozen=True)
class Preprocess:
    """How a photograph becomes an input.

    size: (H, W) of the input. resize: shorter side before the centre crop; None squeezes the whole picture to `size`.
    order: RGB, BGR or L (one channel). range: the largest value before the mean is subtracted, 1 or 255.
    """

    size: tuple[int, int]
    resize: int | None = None
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    order: str = "RGB"
    range: float = 1.0
    interpolation: str = "bilinear"

    @property
    def channels(self) -> int:
        return 1 if self.order == "L" else 3

    def crop(self, image: Image.Image) -> tuple[Image.Image, View]:
        """The part of the picture that the network sees, at the input's size."""
        height, width = self.size
        method = getattr(Image.Resampling, self.interpolation.upper())
        if self.resize is None:
            seen = image.resize((width, height), method)
            return seen, View(0.0, 0.0, image.height / height, image.width / width)
        scale = self.resize / min(image.size)
        w, h = max(width, round(image.width * scale)), max(height, round(image.height * scale))
        left, top = (w - width) // 2, (h - height) // 2
        sy, sx = image.height / h, image.width / w
        box = (left * sx, top * sy, (left + width) * sx, (top + height) * sy)
        return image.resize((width, height), method, box=box), View(top * sy, left * sx, sy, sx)

    def __call__(self, image: Image.Image) -> tuple[Tensor, View]:
        """(C, H, W) float32 input and where it lies in the photograph."""
        seen, view = self.crop(image.convert("L" if self.order == "L" else "RGB"))
        pixels = np.asarray(seen, dtype=np.float32) / 255
        tensor = torch.from_numpy(pixels.reshape(*self.size, -1).transpose(2, 0, 1).copy())
        return self.normalise(tensor[None])[0], view

    def normalise(self, pictures: Tensor) -> Tensor:
        """(N, C, H, W) pictures in 0..1, RGB, to inputs. Differentiable."""
        if self.order == "BGR":
            pictures = pictures.flip(1)
        mean, std = self._constants(pictures)
        return (pictures * self.range - mean) / std

    def denormalise(self, inputs: Tensor) -> Tensor:
        """Inputs back to (N, C, H, W) pictures in 0..1, RGB, clipped."""
        mean, std = self._constants(inputs)
        pictures = ((inputs * std + mean) / self.range).clamp(0, 1)
        return pictures.flip(1) if self.order == "BGR" else pictures

    def _constants(self, like: Tensor) -> tuple[Tensor, Tensor]:
        make = lambda values: torch.tensor(values, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)  # noqa: E731
        return make(self.mean), make(self.std)

    def card(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Photograph:
    """Where an input came from: a name, the original picture (RGB or L) and the network's view of it."""

    name: str
    image: Image.Image
    view: View
    sha256: str


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the network is shown: tensor (N, *input shape) on the network's device, and each item's photograph or None."""

    tensor: Tensor
    photographs: tuple[Photograph | None, ...]
    pictures: np.ndarray | None  # (N, H, W, 3) uint8 as the network sees them; None where the input is no picture
    fingerprints: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.tensor)

    def card(self) -> tuple[Mapping[str, Any], ...]:
        """For provenance: name, sha256 and size of each input."""
        return tuple(
            {
                "name": p.name if p else f"tensor {i}",
                "sha256": f,
                "size": list(p.image.size if p else self.tensor.shape[1:]),
            }
            for i, (p, f) in enumerate(zip(self.photographs, self.fingerprints, strict=True))
        )


def open_photograph(source: Any) -> tuple[str, Image.Image]:
    """A path, PIL image or uint8 array as (name, image)."""
    if isinstance(source, str | Path):
        return Path(source).name, Image.open(source).convert("RGB")
    if isinstance(source, Image.Image):
        return getattr(source, "filename", "") or "image", source
    if isinstance(source, np.ndarray) and source.dtype == np.uint8:
        return "array", Image.fromarray(source)
    raise UsageError(f"expected a path, a PIL image, a uint8 array or a float tensor, got {type(source).__name__}")
