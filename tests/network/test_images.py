"""Pictures of every kind become RGB of the right content, or an error that names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from deepro.errors import ImageError, UsageError
from deepro.network.images import KEPT_PIXELS, open_photograph


def _array(source: object) -> np.ndarray:
    return np.asarray(open_photograph(source)[1])


def _gradient() -> np.ndarray:
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([y * 6, x * 4, (x + y) * 2], -1).astype(np.uint8)


def test_path_pil_and_arrays_agree(tmp_path: Path) -> None:
    pixels = _gradient()
    Image.fromarray(pixels).save(tmp_path / "a.png")
    sources = (
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        Image.fromarray(pixels),
        pixels,
        torch.from_numpy(pixels).permute(2, 0, 1),
    )
    for source in sources:
        assert np.array_equal(_array(source), pixels)
    assert open_photograph(tmp_path / "a.png")[0] == "a.png"
    assert open_photograph(Image.open(tmp_path / "a.png"))[0] == "a.png"


def test_grey_bool_and_palette() -> None:
    grey = _gradient()[:, :, 0]
    assert np.array_equal(_array(grey), np.repeat(grey[:, :, None], 3, 2))
    assert np.array_equal(_array(grey[:, :, None]), _array(grey))
    assert set(np.unique(_array(grey > 100))) == {0, 255}
    palette = Image.fromarray(_gradient()).quantize(16)
    assert np.array_equal(_array(palette), np.asarray(palette.convert("RGB")))


def test_alpha_lies_on_white(tmp_path: Path) -> None:
    rgba = np.zeros((10, 10, 4), np.uint8)
    rgba[:, 5:] = (200, 0, 0, 255)
    rgba[:5, :5, 3] = 128
    for source in (rgba, Image.fromarray(rgba)):
        out = _array(source)
        assert (out[0, 9] == (200, 0, 0)).all()
        assert (out[9, 0] == 255).all()
        assert (abs(out[0, 0].astype(int) - 127) <= 1).all()
    palette = Image.fromarray(_gradient()).quantize(16)
    palette.info["transparency"] = int(np.asarray(palette)[0, 0])
    palette.save(tmp_path / "p.png", transparency=palette.info["transparency"])
    assert (_array(tmp_path / "p.png")[0, 0] == 255).all()


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    deep = (np.arange(40 * 60).reshape(40, 60) * 27).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    expected = np.round(deep / 257)
    for source in (tmp_path / "deep.png", deep):
        assert abs(_array(source)[:, :, 0].astype(int) - expected).max() <= 1
    dark = (deep // 100).astype(np.uint16)  # still 16 bits: dark stays dark
    Image.fromarray(dark).save(tmp_path / "dark.png")
    assert _array(tmp_path / "dark.png").max() <= 3
    Image.fromarray((deep / 65535).astype(np.float32)).save(tmp_path / "float.tiff")
    assert abs(_array(tmp_path / "float.tiff")[:, :, 0].astype(int) - expected).max() <= 1


def test_cmyk_and_rotation(tmp_path: Path) -> None:
    picture = Image.fromarray(_gradient())
    picture.convert("CMYK").save(tmp_path / "c.jpg", quality=95)
    assert abs(_array(tmp_path / "c.jpg").astype(int) - _gradient()).mean() < 6
    exif = picture.getexif()
    exif[0x0112] = 6  # turned by 90 degrees: shown upright it is 60 high
    picture.save(tmp_path / "r.png", exif=exif)
    assert np.array_equal(_array(tmp_path / "r.png"), np.rot90(_gradient(), -1))


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (_array(tmp_path / "a.gif")[0, 0] == (255, 0, 0)).all()


def test_one_pixel() -> None:
    assert _array(np.full((1, 1, 3), 7, np.uint8)).shape == (1, 1, 3)


@pytest.mark.parametrize("what", ["missing", "folder", "text", "empty", "truncated.jpg", "truncated.png"])
def test_bad_files_are_named(tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "text":
        path.write_text("no picture")
    elif what == "empty":
        path.write_bytes(b"")
    elif what != "missing":
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))
        noise.save(path)
        path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ImageError, match=what) as raised:
        open_photograph(path)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 1


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4, 3)), np.zeros((3, 40, 40), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros(5, np.uint8)],
)
def test_bad_arrays(array: np.ndarray) -> None:
    with pytest.raises(ImageError):
        open_photograph(array)
    with pytest.raises(UsageError):
        open_photograph(3)


def test_huge_jpeg_is_read_at_a_fraction(tmp_path: Path) -> None:
    # 192 megapixels, more than Pillow opens by itself; two halves, so that content can be checked.
    wide = Image.new("L", (20_000, 9_600), 40)
    wide.paste(200, (10_000, 0, 20_000, 9_600))
    wide.save(tmp_path / "huge.jpg", quality=50)
    image = open_photograph(tmp_path / "huge.jpg")[1]
    assert image.width * image.height <= KEPT_PIXELS
    assert image.width / image.height == pytest.approx(20_000 / 9_600, rel=0.01)
    assert abs(image.getpixel((10, 10))[0] - 40) < 3
    assert abs(image.getpixel((image.width - 10, 10))[0] - 200) < 3


def test_huge_png_is_refused_by_name(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    with pytest.raises(ImageError, match=r"huge\.png.*megapixels"):
        open_photograph(tmp_path / "huge.png")
