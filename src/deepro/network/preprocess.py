"""From a photograph to a network's input and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from deepro.errors import UsageError, near
from deepro.network.images import open_photograph as open_photograph

ORDERS = {"RGB": 3, "BGR": 3, "L": 1}
_MOST_RESIZED = 32_000_000  # pixels
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")


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
    mean, std: one number a channel, or one for all, in the units of `range`. order: RGB, BGR or L (one channel).
    range: the largest value before the mean is subtracted, 1 or 255. Resizing is Pillow's, as in torchvision and timm.
    Raises UsageError for values that do not fit.
    """

    size: tuple[int, int]
    resize: int | None = None
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    order: str = "RGB"
    range: float = 1.0
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 - frozen
        size = (self.size, self.size) if isinstance(self.size, int) else tuple(int(n) for n in self.size)
        if len(size) == 1:
            size *= 2
        if len(size) != 2 or min(size) < 1:
            raise UsageError(f"preprocess: size is {self.size!r}, expected (height, width) of at least 1")
        put("size", size)
        if self.resize is not None and (isinstance(self.resize, bool) or int(self.resize) < 1):
            raise UsageError(f"preprocess: resize is {self.resize!r}, expected the shorter side in pixels, or None")
        put("order", str(self.order).upper())
        if self.order not in ORDERS:
            raise UsageError(f"preprocess: order is {self.order!r}, expected RGB, BGR or L")
        put("interpolation", str(self.interpolation).lower())
        if self.interpolation not in INTERPOLATIONS:
            hint = near(self.interpolation, INTERPOLATIONS) or f", expected one of {', '.join(INTERPOLATIONS)}"
            raise UsageError(f"preprocess: unknown interpolation {self.interpolation!r}{hint}")
        for name in ("mean", "std"):
            put(name, self._per_channel(name))
        if not all(s > 0 for s in self.std) or not self.range > 0:
            raise UsageError(f"preprocess: std {self.std} and range {self.range:g} must be above 0")

    def _per_channel(self, name: str) -> tuple[float, ...]:
        given = getattr(self, name)
        values = tuple(float(v) for v in (given if isinstance(given, list | tuple) else [given]))
        channels = self.channels
        if len(values) != channels and len(set(values)) == 1:
            values = values[:1] * channels
        if len(values) != channels:
            raise UsageError(
                f"preprocess: {name} has {len(values)} numbers, expected {channels} for order {self.order}"
            )
        return values

    @property
    def channels(self) -> int:
        return ORDERS[self.order]

    def crop(self, image: Image.Image) -> tuple[Image.Image, View]:
        """The part of the picture that the network sees, at the input's size."""
        height, width = self.size
        method = getattr(Image.Resampling, self.interpolation.upper())
        if self.resize is None:
            seen = image.resize((width, height), method)
            return seen, View(0.0, 0.0, image.height / height, image.width / width)
        w, h = self._resized(image.width, image.height)
        left, top = round((w - width) / 2), round((h - height) / 2)  # as torchvision rounds
        sy, sx = image.height / h, image.width / w
        view = View(top * sy, left * sx, sy, sx)
        if w * h <= _MOST_RESIZED:
            return image.resize((w, h), method).crop((left, top, left + width, top + height)), view
        # A strip so long that only its middle may be computed: the same pixels up to one level.
        box = (left * sx, top * sy, min((left + width) * sx, image.width), min((top + height) * sy, image.height))
        return image.resize((width, height), method, box=box), view

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        """The whole picture's size before the crop: shorter side `resize`, larger where the crop would not fit."""
        assert self.resize is not None
        short = self.resize
        while True:
            if width <= height:
                w, h = short, int(short * height / width)
            else:
                w, h = int(short * width / height), short
            if w >= self.size[1] and h >= self.size[0]:
                return w, h
            short += max(1, min(self.size[1] - w, self.size[0] - h))

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
        return {k: getattr(self, k) for k in Preprocess.__dataclass_fields__}


@dataclass(frozen=True)
class CallablePreprocess(Preprocess):
    """A function of the user's from a PIL image to a (C, H, W) tensor.

    Its mean, std and channel order are measured on flat colours. Where it looks cannot be known: the whole picture is
    assumed, squeezed to the input's size.
    """

    transform: Callable[[Image.Image], Tensor] | None = None

    def __call__(self, image: Image.Image) -> tuple[Tensor, View]:
        assert self.transform is not None
        height, width = self.size
        tensor = torch.as_tensor(self.transform(image)).float()
        if tuple(tensor.shape) != (self.channels, height, width):
            expected = (self.channels, height, width)
            raise UsageError(
                f"preprocess gave {tuple(tensor.shape)} for a picture of {image.size}, expected {expected}"
            )
        return tensor, View(0.0, 0.0, image.height / height, image.width / width)

    def card(self) -> dict[str, Any]:
        return {**super().card(), "transform": repr(self.transform)}


@dataclass(frozen=True)
class Photograph:
    """Where an input came from: a name, the original picture (RGB) and the network's view of it."""

    name: str
    image: Image.Image
    view: View
    sha256: str  # of the decoded pixels


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the network is shown: tensor (N, *input shape) on its device, and each item's photograph or None."""

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
