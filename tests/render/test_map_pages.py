"""Maps as the viewer gets them: what is packed unpacks to the map, and what belongs together is joined."""

from __future__ import annotations

import base64
import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests import synthetic, synthetic_maps
from tests.pages import Pages, shown

from deepro.kinds.spaces import map
from deepro.render.document import Values
from deepro.render.site import Saver


def unpacked(packed: Values) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed.data), np.dtype(packed.dtype)).reshape(packed.shape)


@pytest.fixture
def made() -> Pages:
    """The pages of everything synthetic."""
    return shown(
        synthetic_maps.example_map(),
        synthetic_maps.aligned(),
        synthetic_maps.units(),
        synthetic_maps.findings(),
        synthetic_maps.scores(),
        synthetic_maps.atlas(),
    )


def test_positions_keep_the_maps_shape_in_one_square() -> None:
    a = np.array([[0.0, 0.0], [4.0, 1.0]])
    b = np.array([[1.0, 0.5], [2.0, 0.5]])
    packed = map.pack([a, b])
    assert packed.dtype == np.uint16
    back = packed.astype(float) / 65535 * 4
    shift = back[0, 0] - a[0]
    np.testing.assert_allclose(back[0] - shift, a, atol=1e-3)
    np.testing.assert_allclose(back[1] - shift, b, atol=1e-3)
    assert packed.min() >= 0
    assert (map.pack([np.zeros((3, 2))]) == 32768).all()


def test_columns_say_what_they_are() -> None:
    found = {c.name: c for c in map.columns(synthetic_maps.example_map())}
    assert [found[k].kind for k in ("label", "prediction", "confidence", "correct")] == [
        "classes", "classes", "number", "outcome",
    ]  # fmt: skip
    assert found["label"].names == list(synthetic_maps.CLASSES)
    assert unpacked(found["label"].values).tolist() == (np.arange(synthetic_maps.N) % 3).tolist()
    assert (found["confidence"].low, found["confidence"].high) == (0, 1)
    assert unpacked(found["correct"].values)[:2].tolist() == [0, 1]


def test_unknown_values_stay_unknown_and_only_classes_that_occur_are_named() -> None:
    one = synthetic_maps.example_map(
        labels=np.where(np.arange(synthetic_maps.N) < 5, -1, 2),
        columns={"x": np.where(np.arange(synthetic_maps.N) == 3, np.nan, 7.0), "word": np.array(["a", "b"] * 30)},
        placed=np.arange(synthetic_maps.N) > 50,
    )
    label, x, word, placed = map.columns(one)
    assert label.names == [synthetic_maps.CLASSES[2]]
    assert unpacked(label.values)[:6].tolist() == [map.UNKNOWN] * 5 + [0]
    assert unpacked(x.values)[3] == map.UNKNOWN
    assert word.names == ["a", "b"]
    assert placed.names == ["fitted", "placed"]


@pytest.mark.parametrize("count", [1, 7, 300])
def test_every_thumbnail_is_in_its_tile(count: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (count, 10, 14, 3), dtype=np.uint8)
    files: dict[str, bytes] = {}
    found = map.sprites(pictures, Saver(lambda n, d: files.setdefault(n, d) and n, "x"))
    assert found is not None
    for i in (0, count // 2, count - 1):
        sheet, place = divmod(i, found.columns * found.rows)
        pixels = np.asarray(Image.open(io.BytesIO(files[found.sheets[sheet].source])).convert("RGB"))
        y, x = (place // found.columns) * 10, (place % found.columns) * 14
        assert (pixels[y : y + 10, x : x + 14] == pictures[i]).all()


def test_sheets_stay_within_what_a_browser_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map, "_SHEET", 64)
    pictures = np.zeros((40, 32, 32, 3), np.uint8)
    found = map.sprites(pictures, Saver(lambda n, d: n, "x"))
    assert found is not None
    assert len(found.sheets) == 10
    assert all(max(s.width, s.height) <= 64 for s in found.sheets)


def test_neighbours_are_the_true_ones_and_as_many_as_a_page_carries(monkeypatch: pytest.MonkeyPatch) -> None:
    one = synthetic_maps.example_map()
    apart = np.linalg.norm(one.codes[:, None] - one.codes[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    near = map.nearest(one)
    assert near is not None
    assert (near == apart.argsort(1)[:, :10]).all()
    monkeypatch.setattr(map, "_NEIGHBOURS", 3 * synthetic_maps.N)
    assert map.nearest(one).shape == (synthetic_maps.N, 3)  # type: ignore[union-attr]
    assert map.nearest(dataclasses.replace(one, neighbours=None)) is None


def test_aligned_maps_are_one_page_with_steps(made: Pages) -> None:
    pages, fields, _ = made
    card = next(c for c in fields["maps"] if len(c.steps) == 2)
    page = pages["map", card.id]
    assert [s.name for s in page.steps] == list(synthetic_maps.LAYERS)
    assert page.steps[0].changed is None
    assert unpacked(page.steps[1].changed)[:8].tolist() == [204] * 7 + [0]
    assert ("neighbours", f"{card.id}-1") in pages


def test_units_and_findings_join_the_map_of_the_same_examples(made: Pages) -> None:
    pages, fields, _ = made
    cards = {c.kind: c for c in fields["maps"]}
    page = pages["map", next(c.id for c in fields["maps"] if c.kind == "examples" and len(c.steps) == 1)]
    assert [x.map for x in page.links] == [cards["units"].id]
    answers = unpacked(page.links[0].answers)
    assert answers.shape == (12, synthetic_maps.N)
    order = synthetic_maps.units().codes[0].argsort()
    assert (np.diff(answers[0][order].astype(int)) >= 0).all()
    (found,) = page.findings
    assert found.clusters[0].size == 20
    assert (found.suspects[0].given, found.suspects[0].likely) == (synthetic_maps.CLASSES[1], synthetic_maps.CLASSES[2])
    assert found.control["planted"] == 3
    assert pages["map", cards["units"].id].findings == []


def test_findings_of_other_data_do_not_join() -> None:
    other = synthetic_maps.findings()
    elsewhere = dataclasses.replace(other, provenance=synthetic.provenance("findings", ("elsewhere",)))
    made = shown(synthetic_maps.example_map(), elsewhere, dataclasses.replace(other, layer="features.9"))
    (page,) = (page for (kind, _), page in made.pages.items() if kind == "map")
    assert page.findings == []


def test_numbers_that_are_none_reach_the_viewer_as_none(made: Pages) -> None:
    _, fields, _ = made
    assert fields["knowledge"][0].scores["silhouette"] == [None, 0.2]
    assert fields["knowledge"][0].similarity == [[1, 0.4], [0.4, 1]]


def test_an_atlas_has_its_pictures_in_their_cells(made: Pages) -> None:
    pages, fields, files = made
    page = pages["atlas", fields["atlases"][0].id]
    assert [(c.row, c.column, c.count) for c in page.cells] == [(0, 0, 12), (0, 2, 30), (1, 1, 5)]
    assert page.cells[0].classes == list(synthetic_maps.CLASSES[:2])
    assert page.cells[1].examples == ["002.png"]  # told once
    assert len(page.cells[1].looks) == 1
    pixels = np.asarray(Image.open(io.BytesIO(files[page.cells[2].picture.source])))
    np.testing.assert_allclose(pixels / 255, synthetic_maps.atlas().images[2].transpose(1, 2, 0), atol=0.003)


def test_the_card_shows_the_points_where_they_are() -> None:
    picture = map.dots(np.array([[0, 0], [65535, 65535]], np.uint16), np.array([0, 1]), (200, 200))
    assert picture[150:, :50, 3].max() > 200  # low left
    assert picture[:50, 150:, 3].max() > 200  # high right
    assert picture[:50, :50, 3].max() == 0


def test_a_report_of_maps_opens(tmp_path: Path) -> None:
    from deepro.errors import StoreError
    from deepro.report import build, viewer_page

    try:
        viewer_page()
    except StoreError as error:
        pytest.skip(str(error))
    page = build(synthetic_maps.workspace(tmp_path / "ws"))
    assert len(list((page.parent / "data").glob("map-*.js"))) == 3
    assert len(list((page.parent / "data").glob("neighbours-*.js"))) == 4
