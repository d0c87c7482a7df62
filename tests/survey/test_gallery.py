"""A gallery's triples are what the DeconvNet gives at the survey's places, and where the photograph shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import deepro
from deepro import registry
from deepro.data import as_dataset
from deepro.data.examples import Examples
from deepro.errors import LayerError, StoreError, UsageError
from deepro.kinds.surveys.gallery import contact_sheet, save_contact_sheet
from deepro.kinds.surveys.survey import Survey
from deepro.network import Network
from deepro.store import Workspace
from deepro.survey import survey
from deepro.survey.evolution import evolution
from deepro.survey.gallery import gallery
from tests.survey.test_survey import fill, make


@pytest.fixture
def net() -> Network:
    return make()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return fill(tmp_path / "photos", 12)


@pytest.fixture
def found(net: Network, photos: Path) -> Survey:
    return survey(net, photos, ["0", "1", "3", "4"], top_k=3)


@pytest.mark.parametrize("layer", ["1", "4"])
def test_every_triple_is_the_projection_at_its_place(net: Network, photos: Path, found: Survey, layer: str) -> None:
    made, data = gallery(net, found, photos, layer), as_dataset(photos)
    size = net.layers[layer].receptive_field.size
    assert made.projections.shape[-2:] == size
    checked = 0
    for row, unit in enumerate(made.units.tolist()):
        for rank in range(3):
            if not made.values[row, rank] > 0:
                assert not made.projections[row, rank].any()
                continue
            value = data.read(int(made.images[row, rank])).value
            whole = deepro.deconvnet(net, value, layer, [unit], [made.positions[row, rank].tolist()], cut=False)
            np.testing.assert_allclose(whole.activations[0, 0], made.values[row, rank], rtol=1e-4)
            (top, bottom), (left, right) = made.windows[row, rank]
            padded = np.pad(whole.values[0, 0], ((0, 0), (20, 20), (20, 20)))
            np.testing.assert_allclose(
                made.projections[row, rank], padded[:, top + 20 : bottom + 20, left + 20 : right + 20], atol=1e-5
            )
            # Nothing of the projection lies outside the window.
            np.testing.assert_allclose(np.abs(whole.values).sum(), np.abs(made.projections[row, rank]).sum(), rtol=1e-4)
            seen = np.pad(net.prepare(value).pictures[0], ((20, 20), (20, 20), (0, 0)), constant_values=128)
            np.testing.assert_array_equal(made.patches[row, rank], seen[top + 20 : bottom + 20, left + 20 : right + 20])
            left_, top_, right_, bottom_ = made.boxes[row, rank]
            scale = value.height / 24
            np.testing.assert_allclose([top_, bottom_], [top * scale, bottom * scale], rtol=1e-5)
            assert right_ > left_
            checked += 1
    assert checked > 10


def test_a_part_of_the_units_and_smaller_tiles(net: Network, photos: Path, found: Survey) -> None:
    made = gallery(net, found, photos, "4", [5, 2], count=2, tile=4)
    assert made.units.tolist() == [5, 2]
    assert made.patches.shape == (2, 2, 4, 4, 3)
    assert {made.ids[list(made.shown).index(i)] for i in made.images[made.values > 0]} <= set(found.ids)


def test_what_does_not_belong_together_is_refused(net: Network, photos: Path, found: Survey, tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="the survey has no layer '7'"):
        gallery(net, found, photos, "7")
    with pytest.raises(UsageError, match=r"units 0\.\.5, not 6"):
        gallery(net, found, photos, "1", 6)
    with pytest.raises(StoreError, match="30 images, the survey 12"):
        gallery(net, found, fill(tmp_path / "more"), "1")
    for file in sorted(photos.rglob("*.png")):
        Image.new("RGB", (30, 30), "red").save(file)
    with pytest.raises(StoreError, match="the survey says"):
        gallery(net, found, photos, "1")
    with torch.no_grad():
        net.module[0].weight += 1
    with pytest.raises(StoreError, match="other weights"):
        gallery(net, found, photos, "1")


def test_contact_sheets_show_every_unit(net: Network, photos: Path, found: Survey, tmp_path: Path) -> None:
    made = gallery(net, found, photos, "1")
    sheet = np.asarray(contact_sheet(made, tile=20, columns=2))
    assert sheet.shape[0] > 3 * (2 * 20)
    for kind in ("png", "pdf"):
        file = save_contact_sheet(made, tmp_path / f"sheet.{kind}")
        assert file.read_bytes()[:4] in (b"\x89PNG", b"%PDF")
    with pytest.raises(UsageError, match=r"a \.png or a \.pdf"):
        save_contact_sheet(made, tmp_path / "sheet.gif")


def test_it_survives_the_store(net: Network, photos: Path, found: Survey, tmp_path: Path) -> None:
    made = gallery(net, found, photos, "1", [1])
    made.save(tmp_path / "saved")
    again = deepro.open(tmp_path / "saved")
    np.testing.assert_array_equal(again.projections, made.projections)
    assert again.ids == made.ids


def test_a_result_of_a_survey_is_found_again_without_reading_the_data(
    net: Network, photos: Path, found: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = Workspace(tmp_path / "ws")
    asked: tuple = (net, found, photos, "1", range(2, 5))
    first = ws.make(registry.record(gallery).bind(*asked))
    assert first.units.tolist() == [2, 3, 4]
    assert first.provenance.data == found.provenance.data
    monkeypatch.setattr(registry.Call, "run", None)
    monkeypatch.setattr(Examples, "card", None)
    assert ws.make(registry.record(gallery).bind(*asked)).provenance == first.provenance


def test_evolution_lays_the_checkpoints_side_by_side(net: Network, photos: Path) -> None:
    later = make()
    with torch.no_grad():
        later.module[0].weight.mul_(-1)
    grown = evolution(later, {"start": net, "same": make(), "turned": later, "still": later}, photos, "1")
    assert grown.checkpoints == ("start", "same", "turned", "still")
    assert grown.gallery.values.shape == (6, 4)
    assert not grown.jumps[:, :2].any()
    assert grown.jumps[:, 2].any()
    assert not grown.jumps[:, 3].any()
    for name, digest in zip(grown.gallery.ids, grown.gallery.digests, strict=True):
        assert digest == net.prepare(str(photos / name)).photographs[0].sha256
    alone = gallery(later, survey(later, photos, ["1"], top_k=1), photos, "1")
    np.testing.assert_array_equal(grown.gallery.projections[:, 2], alone.projections[:, 0])
    with pytest.raises(UsageError, match="expected at least one network, as name -> network"):
        evolution(net, {}, photos, "1")
    with pytest.raises(UsageError, match="none of the checkpoints"):
        evolution(net, {"turned": later}, photos, "1")


def test_a_network_of_sequences_has_no_gallery() -> None:
    net = deepro.load(nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU()), input_shape=(2, 16))
    inputs = torch.randn(4, 2, 16)
    with pytest.raises(LayerError, match="needs pictures"):
        gallery(net, survey(net, inputs, ["1"]), inputs, "1")


def test_a_tiny_photograph_keeps_its_pixels(net: Network, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "tiny.png")
    made = gallery(net, survey(net, tmp_path, ["1"], top_k=1), tmp_path, "1")
    small = made.thumbnails[0]
    for corner in (0, 15):
        np.testing.assert_array_equal(small[corner::16, corner::16], pixels)
