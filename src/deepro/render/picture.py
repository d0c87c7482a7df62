"""Pixels to image files."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image


def png(pixels: np.ndarray) -> bytes:
    """Lossless: decoding gives back `pixels`. Grey pictures are stored with one channel."""
    if pixels.ndim == 3 and pixels.shape[2] == 3 and (pixels[..., :1] == pixels).all():
        pixels = pixels[..., 0]
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)), "PNG", optimize=True)


def jpeg(pixels: np.ndarray, quality: int = 88) -> bytes:
    """For photographs that are shown as context, not as data."""
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)), "JPEG", quality=quality, progressive=True)


def fit(pixels: np.ndarray, longest: int) -> np.ndarray:
    """A picture made smaller until its longer side is `longest`; never larger. A bool mask stays a mask."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if pixels.dtype == bool:
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3))


def crisp(pixels: np.ndarray, at_least: int) -> np.ndarray:
    """A small picture repeated pixel by pixel until its longer side is `at_least`, so that viewers do not blur it."""
    times = max(1, -(-at_least // max(pixels.shape[:2])))
    return pixels.repeat(times, 0).repeat(times, 1)


def data_uri(data: bytes) -> str:
    """An image's bytes as an address that needs no file."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
