"""Read a picture of whatever kind as RGB, the right way up, within bounded memory."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, JpegImagePlugin, UnidentifiedImageError
from torch import Tensor

from deepro.errors import ImageError, UsageError

MOST_PIXELS = 178_000_000  # decoded whole; above, only a JPEG can be read, at a fraction of its size
KEPT_PIXELS = 50_000_000  # larger pictures are shrunk by a whole factor once they are read


@dataclass(frozen=True)
class Placed:
    """A file of a data set: its name is its place there, class folder first, such as cat/1.png."""

    path: Path
    name: str


def open_photograph(source: Any) -> tuple[str, Image.Image]:
    """A path, PIL image, uint8 array (H, W), (H, W, 3), (H, W, 4) or uint8 tensor (C, H, W), as (name, RGB image).

    EXIF rotation is applied, transparency lies on white, 16 bits are scaled to 8, an animation gives its first frame.
    Raises ImageError, which names the file, for what is missing, damaged, too large or no picture.
    """
    if isinstance(source, Placed):
        return source.name, _read(source.path)
    if isinstance(source, str | Path):
        return Path(source).name, _read(Path(source))
    if isinstance(source, Image.Image):
        name = getattr(source, "place", None) or Path(getattr(source, "filename", "") or "image").name
        return name, _to_rgb(source, name)
    if isinstance(source, Tensor) and not source.is_floating_point():
        if source.ndim != 3 or source.shape[0] not in (1, 3, 4):
            raise ImageError(f"a picture tensor has shape (3, H, W), got {tuple(source.shape)}")
        source = source.detach().cpu().permute(1, 2, 0).numpy()
    if isinstance(source, np.ndarray):
        return "array", _to_rgb(_from_array(source), "array")
    raise UsageError(f"expected a path, a PIL image, a uint8 array or a float tensor, got {type(source).__name__}")


def _read(path: Path) -> Image.Image:
    if not path.exists():
        raise ImageError(f"{path}: no such file")
    if path.is_dir():
        raise ImageError(f"{path} is a folder; name the pictures in it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with _opened(path) as image:
                _bound(image, path)
                return _to_rgb(image, str(path))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{path} is not a picture that Pillow can read") from None
    except PermissionError:
        raise ImageError(f"{path}: no right to read it") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, MemoryError) as error:
        raise ImageError(f"{path} is truncated or damaged ({error})") from None


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except Image.DecompressionBombError:
        with open(path, "rb") as file:
            is_jpeg = file.read(3) == b"\xff\xd8\xff"
        if not is_jpeg:
            raise ImageError(
                f"{path} has more than {MOST_PIXELS // 1_000_000} megapixels, too many to decode; shrink it first"
            ) from None
        return JpegImagePlugin.JpegImageFile(path)


def _bound(image: Image.Image, path: Path) -> None:
    """Let a large JPEG be decoded at a half, a quarter or an eighth; refuse what would still fill the memory."""
    if image.width * image.height > KEPT_PIXELS and image.format in ("JPEG", "MPO"):
        factor = _factor(image.width * image.height)
        image.draft("RGB", (image.width // factor, image.height // factor))
    if image.width * image.height > MOST_PIXELS:
        megapixels = image.width * image.height // 1_000_000
        raise ImageError(
            f"{path} is {image.width} x {image.height} ({megapixels} megapixels), "
            f"more than the {MOST_PIXELS // 1_000_000} that can be decoded; shrink it first"
        )


def _factor(pixels: int) -> int:
    """By how much both sides must shrink."""
    factor = 1
    while pixels > KEPT_PIXELS * factor * factor:
        factor += 1
    return factor


def _from_array(array: np.ndarray) -> Image.Image:
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    if array.dtype == np.uint16:
        array = ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype != np.uint8:
        raise ImageError(
            f"a picture array holds uint8 in 0..255, got {array.dtype} {array.shape}; "
            "pass a float tensor (N, C, H, W) for an input that is ready for the network"
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise ImageError(f"a picture array has shape (H, W), (H, W, 3) or (H, W, 4), got {array.shape}")
    return Image.fromarray(np.ascontiguousarray(array))


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.width == 0 or image.height == 0:
        raise ImageError(f"{name} is empty ({image.width} x {image.height})")
    if image.mode.startswith("I") or image.mode == "F":
        image = _from_deep(image, name)
    elif image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        pixels = image.convert("RGBA")
        white = Image.new("RGBA", pixels.size, "white")
        image = Image.alpha_composite(white, pixels)
    factor = _factor(image.width * image.height)
    image = image.convert("RGB")
    return image.reduce(factor) if factor > 1 else image


def _from_deep(image: Image.Image, name: str) -> Image.Image:
    """16-bit and float pictures as 8-bit grey, by their range, not by their content's contrast."""
    values = np.asarray(image, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    if not low >= 0 or high > 65535:
        raise ImageError(f"{name} holds values from {low:g} to {high:g}; expected 0..1, 0..255 or 0..65535")
    if image.mode.startswith("I;16") or high > 255:
        values = values / 257
    elif image.mode == "F" and high <= 1:
        values = values * 255
    return Image.fromarray(np.round(values).astype(np.uint8))
