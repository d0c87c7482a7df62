"""Colours against what the scales promise, pixel by pixel."""

from __future__ import annotations

import ast
import base64
import copy
import io
import re
import zlib
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

import deepro
from deepro.kinds import record as kinds
from deepro.render import colour, picture, tables
from deepro.render.pack import compressed
from deepro.render.pixels import heat_levels, heat_pixels, map_pixels


def test_signed_zero_is_middle_grey_and_ends_are_black_and_white() -> None:
    values = np.array([[0.0, 2.0, -2.0, 1.0, 9.0, -9.0]])
    assert colour.signed(values, 2.0)[0, :, 0].tolist() == [128, 255, 1, 192, 255, 1]


def test_signed_keeps_colours_apart_and_sums_other_channels() -> None:
    values = np.zeros((3, 1, 1))
    values[0] = 1.0
    assert colour.signed(values, 1.0)[0, 0].tolist() == [255, 128, 128]
    four = np.full((4, 1, 1), 0.25)
    assert colour.signed(four, 1.0)[0, 0].tolist() == [255, 255, 255]


def test_signed_is_antisymmetric() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 5))
    up, down = colour.signed(values, 1.5).astype(int), colour.signed(-values, 1.5).astype(int)
    assert np.abs(up + down - 2 * colour.MIDDLE).max() <= 1  # rounding of halves


def test_grey_starts_at_zero_and_does_not_stretch() -> None:
    assert colour.grey(np.array([[-3.0, 0.0, 1.0, 4.0]]), 4.0)[0, :, 0].tolist() == [0, 0, 64, 255]


def test_sequential_rises_in_lightness() -> None:
    pixels = colour.sequential(np.linspace(0, 1, 256)[None], 1.0)[0].astype(float)
    lightness = pixels @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > -1).all()
    assert lightness[-1] - lightness[0] > 200


def test_diverging_is_white_at_zero_red_above_blue_below() -> None:
    low, zero, high = colour.diverging(np.array([[-1.0, 0.0, 1.0]]), 1.0)[0].astype(int)
    assert zero.min() > 240
    assert low[2] > low[0] + 60
    assert high[0] > high[2] + 60


def test_cover_hides_nothing_at_zero() -> None:
    assert colour.cover(np.array([[0.0, 1.0, -2.0, 5.0]]), 2.0)[0].tolist() == [0, 128, 255, 255]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_odd_numbers_do_not_break_a_scale(bad: float) -> None:
    values = np.array([[0.0, 1.0, bad]])
    assert np.isfinite(colour.limit(values))
    assert colour.grey(values, colour.limit(values)).dtype == np.uint8


def test_limit_ignores_zeros_and_outliers() -> None:
    values = np.concatenate([np.zeros(10_000), np.full(999, 2.0), [1000.0]])
    assert colour.limit(values) == pytest.approx(2.0)
    assert colour.limit(np.zeros(4)) == 1.0


def test_png_is_lossless_and_grey_is_stored_as_grey() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(picture.png(pixels)))) == pixels).all()
    grey = np.repeat(pixels[:, :, :1], 3, axis=2)
    opened = Image.open(io.BytesIO(picture.png(grey)))
    assert opened.mode == "L"
    assert (np.asarray(opened.convert("RGB")) == grey).all()


def test_fit_never_enlarges_and_keeps_masks() -> None:
    pixels = np.zeros((100, 50, 3), dtype=np.uint8)
    assert picture.fit(pixels, 200) is pixels
    assert picture.fit(pixels, 40).shape == (40, 20, 3)
    mask = np.zeros((100, 50), dtype=bool)
    mask[:50] = True
    small = picture.fit(mask, 10)
    assert small.dtype == bool
    assert small.mean() == pytest.approx(0.5)


def test_map_pixels_are_black_where_the_unit_is_not_active() -> None:
    pixels, scale = map_pixels(np.array([[-5.0, 0.0, 2.0]]))
    assert pixels[0, :, 0].tolist() == [0, 0, 255]
    assert scale.high == 2.0
    dead, _ = map_pixels(np.full((2, 2), -1.0))
    assert dead.max() == 0


def test_a_network_that_reads_blue_first_is_drawn_in_the_same_colours() -> None:
    rgb = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
    bgr = copy.deepcopy(rgb)
    with torch.no_grad():
        bgr[0].weight.copy_(rgb[0].weight.flip(1))
    photograph = np.random.default_rng(2).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    drawn = []
    for module, order in ((rgb, "RGB"), (bgr, "BGR")):
        net = deepro.load(module, preprocess=deepro.Preprocess(size=(16, 16), order=order))
        result = deepro.deconvnet(net, photograph, "1", units=[2])
        drawn.append(kinds.of(result).tile(result, 0, 2, highs={}).pictures[1])
    assert len(np.unique(drawn[0].reshape(-1, 3), axis=0)) > 3
    np.testing.assert_array_equal(drawn[0], drawn[1])


@pytest.mark.parametrize("signed", [True, False])
def test_a_heatmap_is_sent_as_its_values_with_their_signs(signed: bool) -> None:
    values = np.random.default_rng(0).normal(size=(224, 224))
    values = values if signed else np.abs(values)
    levels, scale = heat_levels(values, signed)
    end = 127 if signed else 255
    assert levels.dtype == (np.int8 if signed else np.uint8)
    assert scale.kind == ("diverging" if signed else "sequential")
    np.testing.assert_allclose(levels / end, np.clip(values / scale.high, -1, 1), atol=0.501 / end)
    held = compressed(levels)
    assert np.array_equal(np.frombuffer(zlib.decompress(base64.b64decode(held.data)), held.dtype), levels.ravel())
    assert (
        len(held.data) < len(picture.data_uri(picture.png(heat_pixels(values, signed)[0]))) / 2
    )  # as it was sent before


SRC = Path(deepro.__file__).parent
VIEWER = SRC.parent.parent / "viewer" / "src"


def _literals(file: Path) -> list[str]:
    """The strings that a file's code spells, docstrings left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    return [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs
    ]


def test_no_other_file_spells_a_colour_or_a_colour_map() -> None:
    words = {"gray", "grey", "prism", "flag", "hot", "cool", "spring", "summer", "autumn", "winter"}  # of the language
    maps = set(matplotlib.colormaps) - words
    for file in SRC.rglob("*.py"):
        if file != Path(colour.__file__):
            for text in _literals(file):
                assert not re.search(r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?\b", text), f"{file}: {text}"
                assert not maps & set(re.findall(r"\w+", text)), f"{file}: {text}"


@pytest.mark.skipif(not VIEWER.is_dir(), reason="the viewer's sources are not here")
def test_the_viewer_has_the_same_colours() -> None:
    assert (VIEWER / "generated" / "tables.ts").read_text(encoding="utf-8") == tables.script()
    assert (VIEWER / "generated" / "colours.css").read_text(encoding="utf-8") == tables.style()


@pytest.mark.skipif(not VIEWER.is_dir(), reason="the viewer's sources are not here")
def test_no_script_of_the_viewer_spells_a_data_colour() -> None:
    said = {c.lower() for c in re.findall(r"#[0-9a-fA-F]{6}", tables.script() + tables.style())}
    for file in VIEWER.rglob("*.ts*"):
        if file.parent.name != "generated":
            found = {c.lower() for c in re.findall(r"#[0-9a-fA-F]{6}\b", file.read_text(encoding="utf-8"))}
            assert not found & said, f"{file} spells {found & said}"


def test_another_scale_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(colour.SCALES, "heights", "terrain")  # pyright: ignore[reportArgumentType]
    assert "export const HEIGHTS = " in tables.script()
    assert "--scale-heights: linear-gradient(90deg, rgb(51 51 153)," in tables.style()
    monkeypatch.setitem(colour.SCALES, "sequential", "cividis")  # pyright: ignore[reportArgumentType]
    colour.table.cache_clear()
    drawn = colour.sequential(np.array([[0.0, 1.0]]), 1.0)
    assert np.array_equal(drawn[0, -1], colour.heat(np.ones((1, 1)), False, 1.0)[0, 0])
    assert drawn[0, 0].tolist() == [0, 34, 78]
    monkeypatch.undo()
    colour.table.cache_clear()
