"""Segmentation with networks that look at a known place, on photographs of many sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import deepro
from deepro import targets
from deepro.errors import LabelError, NetworkError, UnsupportedError, UsageError
from deepro.methods.regions.shape import box_of, filled, overlap
from deepro.network import Network, Preprocess


class Redness(nn.Module):
    """Class 1 counts red pixels, class 0 is blind."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.channels = channels
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        red = x[:, :1] if self.channels == 1 else x[:, :1] - x[:, 1:].mean(1, keepdim=True)
        amount = nn.functional.relu(red - 0.4).square().mean((1, 2, 3)) * self.scale
        return torch.stack([x.sum((1, 2, 3)) * 0, amount], 1)


def network(size: tuple[int, int] = (48, 48), resize: int | None = 54, order: str = "RGB") -> Network:
    channels = 1 if order == "L" else 3
    preprocess = Preprocess(size=size, resize=resize, mean=(0.0,) * channels, std=(1.0,) * channels, order=order)
    return deepro.load(Redness(channels), labels=["none", "red"], preprocess=preprocess)


def photograph(size: tuple[int, int], box: tuple[int, int, int, int], seed: int = 0) -> np.ndarray:
    """(H, W, 3) grey noise with a red rectangle."""
    picture = np.random.default_rng(seed).integers(70, 110, (*size, 1)).repeat(3, -1).astype(np.uint8)
    picture[filled(box, size)] = (230, 20, 30)
    return picture


PHOTOGRAPHS = [
    ((200, 300), (120, 60, 200, 130)),
    ((300, 200), (20, 200, 90, 280)),  # at the border of the network's own crop
    ((90, 400), (5, 20, 70, 70)),  # outside of it
    ((640, 480), (200, 100, 330, 250)),
    ((48, 48), (10, 12, 30, 40)),
    ((20, 26), (8, 6, 18, 15)),
]


@pytest.mark.parametrize(("size", "box"), PHOTOGRAPHS)
def test_the_place_is_found_in_pixels_of_the_original(size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    region = deepro.segment(network(), photograph(size, box), "red")
    assert region.mask is not None
    assert region.box is not None
    assert region.outline is not None
    assert region.mask.shape == size
    assert region.mask.dtype == bool
    assert overlap(region.box, box) > 0.85
    truth = filled(box, size)
    assert (region.mask & truth).sum() / (region.mask | truth).sum() > 0.85
    assert region.box == box_of(region.mask)
    points = np.concatenate(region.outline)
    assert tuple(points.min(0)) == region.box[:2]
    assert tuple(points.max(0) + 1) == region.box[2:]
    assert region.mask[points[:, 1], points[:, 0]].all()
    assert region.picture is not None
    assert region.picture.shape == (*size, 3)
    assert region.heatmap.values.shape == (1, 48, 48)
    assert region.target == "red"


@pytest.mark.parametrize("seeds", ["soft", "quantile"])
@pytest.mark.parametrize("view", ["crop", "squeeze"])
def test_views_and_seeds(view: str, seeds: str) -> None:
    box = (120, 60, 200, 130)
    region = deepro.segment(network(), photograph((200, 300), box), "red", view=view, seeds=seeds)
    assert region.box is not None
    assert overlap(region.box, box) > 0.8


def test_a_crop_says_nothing_of_what_it_does_not_see() -> None:
    region = deepro.segment(network(), photograph((90, 400), (5, 20, 70, 70)), "red", view="crop")
    assert region.mask is None
    assert region.outline is None
    assert region.box is None
    assert region.evidence["area"] == 0


def test_paths_and_turned_pictures(tmp_path: Path) -> None:
    box = (120, 60, 200, 130)
    picture = Image.fromarray(photograph((200, 300), box))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: turn by 90° to see it
    picture.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    region = deepro.segment(network(), tmp_path / "turned.png", "red")
    assert region.mask is not None
    assert region.mask.shape == (200, 300)
    assert region.box is not None
    assert overlap(region.box, box) > 0.85


def test_grey_scale() -> None:
    picture = np.full((60, 80), 40, np.uint8)
    picture[20:45, 30:62] = 240
    region = deepro.segment(network(order="L"), picture, "red")
    assert region.box is not None
    assert overlap(region.box, (30, 20, 62, 45)) > 0.85


def test_a_tensor_has_the_inputs_size() -> None:
    net = deepro.load(Redness(), labels=["none", "red"])
    x = torch.rand(1, 3, 30, 40) * 0.2
    x[:, 0, 10:22, 15:33] = 0.9
    region = deepro.segment(net, x, "red")
    assert region.mask is not None
    assert region.mask.shape == (30, 40)
    assert region.box is not None
    assert overlap(region.box, (15, 10, 33, 22)) > 0.85
    double = deepro.load(Redness().double(), labels=["none", "red"])
    assert deepro.segment(double, x.double(), "red").box == region.box


def test_evidence() -> None:
    """The region alone keeps the score, without it nothing is left, and it beats a centred box of its size."""
    box = (20, 15, 80, 75)
    found = deepro.segment(network(), photograph((200, 300), box), "red").evidence
    assert found["area"] == pytest.approx(60 * 60 / (200 * 300), rel=0.15)
    assert found["score_region"] == pytest.approx(found["score"], rel=0.1)
    assert found["score_without"] < 0.1 * found["score"]
    assert found["score_centred"] < 0.1 * found["score"]
    assert found["saliency_inside"] > 20 * found["saliency_outside"]
    assert found["probability_region"] > found["probability_without"]
    assert 0 <= found["centred_overlap"] < 0.2


def test_the_target() -> None:
    net = network()
    picture = photograph((100, 120), (20, 20, 60, 60))
    assert deepro.segment(net, picture).target == "red"
    assert deepro.segment(net, picture, [1]).target == "red"
    blind = deepro.segment(net, picture, "none")
    assert blind.mask is None  # nothing speaks for it
    assert blind.evidence["score"] == 0
    doubled = deepro.segment(net, picture, 2 * targets.logit(net, "red"))
    assert doubled.box == deepro.segment(net, picture, "red").box
    assert "probability" not in doubled.evidence
    with pytest.raises(LabelError):
        deepro.segment(net, picture, "blue")


def test_the_prediction_is_that_of_the_networks_own_view() -> None:
    """What lies outside the crop must not change the class that is explained."""

    class Edge(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            sides = x[:, :, :, :3].mean((1, 2, 3)) + x[:, :, :, -3:].mean((1, 2, 3))
            return torch.stack([x.mean((1, 2, 3)) * 0 + 0.5, sides], 1)

    net = deepro.load(Edge(), labels=["plain", "edge"], preprocess=Preprocess(size=(16, 16), resize=16))
    picture = np.full((40, 160, 3), 10, np.uint8)
    picture[:, :20] = picture[:, -20:] = 250
    assert net.predict(picture)[0][0] == "plain"
    assert deepro.segment(net, picture).target == "plain"


@pytest.mark.parametrize("size", [(1, 1), (40, 50)])
def test_one_colour_has_no_region(size: tuple[int, int]) -> None:
    region = deepro.segment(network(), np.full((*size, 3), (230, 20, 30), np.uint8), "red")
    assert region.mask is None
    assert region.evidence["score"] > 0
    assert region.heatmap.values.max() > 0


def test_an_object_may_fill_everything() -> None:
    picture = photograph((60, 60), (0, 0, 60, 60))
    picture[::7, ::5] = (200, 40, 60)
    region = deepro.segment(network(), picture, "red")
    assert region.box == (0, 0, 60, 60)


@pytest.mark.parametrize("size", [(2, 3), (1, 50), (3, 1)])
def test_tiny_pictures(size: tuple[int, int]) -> None:
    picture = photograph(size, (0, 0, 1, 1))
    region = deepro.segment(network(), picture, "red")
    assert region.mask is None or region.mask.shape == size


def test_the_same_seed_gives_the_same_mask() -> None:
    picture = photograph((120, 160), (40, 30, 90, 100))
    one, two = (deepro.segment(network(), picture, "red", seed=3) for _ in range(2))
    assert one.mask is not None
    assert two.mask is not None
    assert np.array_equal(one.mask, two.mask)
    assert one.evidence == two.evidence


def test_refusals() -> None:
    net = network()
    picture = photograph((40, 40), (10, 10, 20, 20))
    with pytest.raises(UsageError, match="one image, got 2"):
        deepro.segment(net, [picture, picture])
    with pytest.raises(UsageError, match="expected one of squeeze, crop"):
        deepro.segment(net, picture, view="whole")
    flat = deepro.load(nn.Sequential(nn.Linear(5, 2)))
    with pytest.raises(UnsupportedError, match="takes pictures"):
        deepro.segment(flat, torch.randn(1, 5))
    with torch.no_grad():
        next(net.module.parameters()).fill_(torch.nan)
    with pytest.raises(NetworkError, match="not finite"):
        deepro.segment(net, picture)


def test_a_real_network_finds_a_real_animal(shared_data: Path) -> None:
    """Trained weights, one kangaroo at a known place."""
    from safetensors.torch import load_file
    from torchvision.models import squeezenet1_0

    module = squeezenet1_0()
    module.load_state_dict(load_file(shared_data / "squeezenet1_0.safetensors"))
    preprocess = Preprocess((224, 224), 256, (104.0, 117.0, 123.0), (1.0,) * 3, "BGR", 255.0)
    net = deepro.load(module, preprocess=preprocess)
    region = deepro.segment(net, shared_data / "kangaroo" / "images" / "00074.jpg", 104)
    assert region.box is not None
    assert overlap(region.box, (33, 36, 503, 443)) > 0.6
