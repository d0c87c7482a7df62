"""Encodes pixels as image files."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from PIL import Image

Memory = Callable[[str, Callable[[], bytes]], bytes]  # a name of pixels and options, and what encodes them
_memory: ContextVar[Memory | None] = ContextVar("deepro_encoded", default=None)


@contextmanager
def remembering(memory: Memory) -> Iterator[None]:
    """Inside, `memory` is asked for every file; encoding is most of what a picture costs."""
    token = _memory.set(memory)
    try:
        yield
    finally:
        _memory.reset(token)


def png(pixels: np.ndarray) -> bytes:
    """Lossless: decoding gives back `pixels`. Grey pictures are stored with one channel."""
    if pixels.ndim == 3 and pixels.shape[2] == 3 and (pixels[..., :1] == pixels).all():
        pixels = pixels[..., 0]
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)), "PNG", optimize=True)


def jpeg(pixels: np.ndarray, quality: int = 88, subsampling: int = -1) -> bytes:
    """For photographs that are shown as context, not as data. subsampling: 0 keeps every pixel's colour."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return _encode(image, "JPEG", quality=quality, subsampling=subsampling, progressive=True)


def square(pixels: np.ndarray, side: int) -> np.ndarray:
    """A picture squeezed to `side` x `side`: small ones are repeated pixel by pixel, large ones averaged."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    method = Image.Resampling.NEAREST if max(image.size) <= side else Image.Resampling.BOX
    return np.asarray(image.resize((side, side), method))


def sheet(squares: list[np.ndarray], columns: int, empty: int) -> np.ndarray:
    """Equal pictures (h, w, 3) row by row, `columns` a row; free places have the grey value `empty`."""
    height, width = squares[0].shape[:2]
    rows = -(-len(squares) // columns)
    whole = np.full((rows * height, columns * width, 3), empty, dtype=np.uint8)
    for i, one in enumerate(squares):
        top, left = i // columns * height, i % columns * width
        whole[top : top + height, left : left + width] = one
    return whole


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


def tiled(pictures: np.ndarray, across: int) -> np.ndarray:
    """Pictures (N, h, w, 3) of one size in rows of `across`, black where there is none."""
    n, height, width = pictures.shape[:3]
    rows = -(-n // across)
    sheet = np.zeros((rows * across, height, width, 3), np.uint8)
    sheet[:n] = pictures
    return sheet.reshape(rows, across, height, width, 3).swapaxes(1, 2).reshape(rows * height, across * width, 3)


def crisp(pixels: np.ndarray, at_least: int) -> np.ndarray:
    """A small picture repeated pixel by pixel until its longer side is `at_least`, so that viewers do not blur it."""
    times = max(1, -(-at_least // max(pixels.shape[:2])))
    return pixels.repeat(times, 0).repeat(times, 1)


def data_uri(data: bytes) -> str:
    """An image's bytes as an address that needs no file."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    def encode() -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    memory = _memory.get()
    if memory is None:
        return encode()
    about = f"{Image.__version__} {kind} {options} {image.mode} {image.size} ".encode()
    return memory(hashlib.sha256(about + image.tobytes()).hexdigest(), encode)
