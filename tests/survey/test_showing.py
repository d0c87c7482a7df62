"""What a report shows of a survey: found again in the workspace, and the classes that units feed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import deepro
from deepro import registry
from deepro.data import as_dataset
from deepro.errors import LayerError
from deepro.network import Network
from deepro.store import Workspace
from deepro.survey import showing, survey
from deepro.survey.feeds import feeds
from deepro.survey.showing import first_units, show_units, shown_layers
from tests.survey.test_survey import fill, make


@pytest.fixture
def net() -> Network:
    return make()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return fill(tmp_path / "photos", 12)


def test_a_unit_feeds_what_the_following_weights_make_of_it(net: Network, photos: Path) -> None:
    """After layer 4 the network is linear: gradient times activation is exactly the unit's part of the logit."""
    found = survey(net, photos, ["4"], top_k=3)
    made = feeds(net, found, photos, "4", examples=2)
    data = as_dataset(photos)
    weight = net.module[7].weight.detach()
    checked = 0
    for row, unit in enumerate(made.units.tolist()):
        parts = []
        for image, value in zip(found.layers["4"].images[unit, :2], found.layers["4"].values[unit, :2], strict=True):
            if value > 0:
                x = net.prepare(data.read(int(image)).value).tensor
                with torch.no_grad():
                    pooled = net.module[:7](x)[0].view(8, 4)[unit]
                parts.append(weight[:, 4 * unit : 4 * unit + 4] @ pooled)
        if not parts:
            assert (made.classes[row] == -1).all()
            continue
        want = torch.stack(parts).mean(0)
        order = torch.argsort(-want).tolist()
        assert made.classes[row].tolist() == order  # five classes, all among the five most probable
        np.testing.assert_allclose(made.logits[row], want[order], rtol=1e-4, atol=1e-6)
        checked += 1
    assert checked > 4


def test_galleries_are_kept_block_by_block_and_found_again(
    net: Network, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "BLOCK", 3)
    ws = Workspace(tmp_path / "ws")
    found = survey(net, photos, ["1", "4"], workspace=ws)
    first = show_units(net, found, photos, "4", ws, [0, 1, 2, 3])
    assert [g.units.tolist() for g in first] == [[0, 1, 2], [3]]
    stored = {r.provenance.key for r in ws.results("gallery")}
    assert stored == {g.provenance.key for g in first}
    assert len(list(ws.results("feeds"))) == 1
    monkeypatch.setattr(registry.Call, "run", None)  # nothing is made again
    again = show_units(net, found, photos, "4", ws, [0, 1, 2, 3])
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.projections, two.projections)
    assert first_units(found, "4", 4) == list(range(4))
    assert first_units(found, "4", None) == list(range(8))
    assert show_units(net, found, photos, "4", ws, []) == []
    with pytest.raises(LayerError, match="no layer 'x'"):
        first_units(found, "x", 1)


def test_layers_shown_are_spread_from_first_to_last(net: Network, photos: Path) -> None:
    found = survey(net, photos, ["0", "1", "2", "3", "4", "6"])
    assert shown_layers(found, 3) == ["0", "2", "4"]  # layer 6 has no map
    assert shown_layers(found, 9) == ["0", "1", "2", "3", "4"]


def test_where_no_rectifier_is_on_the_way_the_gradient_is_shown_and_named(photos: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.Conv2d(4, 5, 3), nn.Flatten(), nn.LazyLinear(3))
    module(torch.zeros(1, 3, 24, 24))
    net = deepro.load(module.eval(), preprocess=deepro.Preprocess(size=(24, 24)))
    ws = Workspace(tmp_path / "ws")
    (made,) = show_units(net, survey(net, photos, ["2"]), photos, "2", ws)
    assert made.rule == "gradient"


def test_photographs_of_a_gallery_are_the_data_sets(net: Network, photos: Path, tmp_path: Path) -> None:
    from PIL import Image

    for path in sorted(p for p in photos.rglob("*") if p.is_file())[::2]:  # some no longer tiny
        with Image.open(path) as image:
            larger = image.convert("RGB").resize((90, 70))
        larger.save(path)
    found = survey(net, photos, ["1"], top_k=2)
    (made,) = show_units(net, found, photos, "1", Workspace(tmp_path / "ws"))
    for name, (width, height), digest, small in zip(made.ids, made.sizes, made.digests, made.thumbnails, strict=True):
        with Image.open(photos / name) as image:
            assert image.size == (width, height)
            tiny = max(image.size) <= 32  # looked at pixel by pixel
            way = Image.Resampling.NEAREST if tiny else Image.Resampling.LANCZOS
            want = np.asarray(image.convert("RGB").resize((128, 128), way, reducing_gap=3))
        np.testing.assert_array_equal(small, want)
        assert digest == net.prepare(str(photos / name)).photographs[0].sha256
