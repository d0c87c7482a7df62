"""Photographs become what the published preprocessing makes of them, and views say where each pixel came from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T  # noqa: N812
from torchvision.transforms import v2

import deepro
from deepro.errors import UsageError
from deepro.network import Preprocess
from deepro.network.recipes import as_preprocess


def _noise(width: int, height: int) -> Image.Image:
    small = np.random.default_rng(0).integers(0, 255, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (256, 256), (301, 999), (224, 230), (1023, 767)])
@pytest.mark.parametrize(
    "weights",
    [
        "ResNet18_Weights.IMAGENET1K_V1",
        "EfficientNet_B0_Weights.IMAGENET1K_V1",
        "ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1",
    ],
)
def test_equals_torchvision(size: tuple[int, int], weights: str) -> None:
    preset = torchvision.models.get_weight(weights).transforms()
    image = _noise(*size)
    ours, _ = as_preprocess(preset)(image)
    assert torch.allclose(ours, preset(image), atol=1e-6)


def test_logits_equal_torchvision() -> None:
    net = deepro.load("torchvision:resnet18", weights="random")
    preset = torchvision.models.ResNet18_Weights.DEFAULT.transforms()
    image = _noise(640, 480)
    expected = net.module(preset(image)[None]).detach()
    assert torch.allclose(net.logits(net.prepare(image).tensor), expected, atol=1e-5)
    expected = expected.softmax(1)[0]
    assert net.predict(image)[0][1] == pytest.approx(float(expected.max()), abs=1e-4)


@pytest.mark.parametrize(
    "recipe", [Preprocess((224, 224), 256), Preprocess((96, 160)), Preprocess((100, 60), 128), Preprocess((64, 64), 32)]
)
@pytest.mark.parametrize("size", [(640, 480), (333, 777)])
def test_the_view_finds_the_point(recipe: Preprocess, size: tuple[int, int]) -> None:
    """A bright spot of the photograph is where the view says that the network sees it."""
    width, height = size
    y0, x0 = height * 0.47, width * 0.55
    y, x = np.mgrid[0:height, 0:width] + 0.5
    spot = 255 * np.exp(-((y - y0) ** 2 + (x - x0) ** 2) / (2 * 9.0**2))
    tensor, view = recipe(Image.fromarray(np.repeat(spot[:, :, None], 3, 2).astype(np.uint8)))
    seen = tensor[0].double()
    rows, columns = torch.meshgrid(*(torch.arange(n) + 0.5 for n in seen.shape), indexing="ij")
    centre_y, centre_x = float((seen * rows).sum() / seen.sum()), float((seen * columns).sum() / seen.sum())
    assert view.top + centre_y * view.scale_y == pytest.approx(y0, abs=0.25)
    assert view.left + centre_x * view.scale_x == pytest.approx(x0, abs=0.25)


def test_a_long_strip() -> None:
    tensor, view = Preprocess((32, 32), 64)(Image.new("RGB", (30_000, 3), (9, 9, 9)))
    assert tensor.mean() == pytest.approx(9 / 255)
    assert view.left + 16 * view.scale_x == pytest.approx(15_000, abs=1)


@pytest.mark.parametrize("order", ["RGB", "BGR", "L"])
def test_denormalise_inverts(order: str) -> None:
    recipe = Preprocess((20, 30), None, 0.4, 0.3, order, 255.0)
    pictures = torch.rand(2, recipe.channels, 20, 30)
    assert torch.allclose(recipe.denormalise(recipe.normalise(pictures)), pictures, atol=1e-5)
    tensor, _ = recipe(Image.new("RGB", (30, 20), (255, 0, 0)))
    assert tensor.shape == (recipe.channels, 20, 30)
    if order != "L":
        assert tensor.mean((1, 2)).argmax() == (0 if order == "RGB" else 2)


IMAGENET = Preprocess((224, 224), 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_ways_to_say_it(tmp_path: Path) -> None:
    line = "size=224,resize=256,mean=0.485/0.456/0.406,std=0.229/0.224/0.225"
    mapping = {"size": 224, "resize": 256, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    (tmp_path / "p.json").write_text(json.dumps(mapping))
    steps = [T.Resize(256), T.CenterCrop(224), T.ToTensor(), T.Normalize(mapping["mean"], mapping["std"])]
    new = [
        v2.Resize(256),
        v2.CenterCrop(224),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mapping["mean"], mapping["std"]),
    ]
    for form in (
        "imagenet",
        line,
        mapping,
        tmp_path / "p.json",
        str(tmp_path / "p.json"),
        T.Compose(steps),
        v2.Compose(new),
        IMAGENET,
    ):
        assert as_preprocess(form) == IMAGENET, form
    caffe = as_preprocess("size=227x200, order=BGR, range=255, mean=104/117/123")
    assert caffe == Preprocess((227, 200), None, (104, 117, 123), (1, 1, 1), "BGR", 255.0)
    digits = as_preprocess({"size": [28, 28], "order": "L", "mean": 0.1307, "std": 0.3081})
    assert (digits.channels, digits.mean) == (1, (0.1307,))
    squeezed = as_preprocess(T.Compose([T.Resize((64, 48)), T.ToTensor()]))
    assert squeezed == Preprocess((64, 48))


def test_any_function_is_measured() -> None:
    def transform(image: Image.Image) -> torch.Tensor:
        pixels = torch.from_numpy(np.asarray(image.resize((40, 50)))[:, :, ::-1].copy()).permute(2, 0, 1).float()
        return pixels - torch.tensor([104.0, 117.0, 123.0])[:, None, None]

    recipe = as_preprocess(transform)
    assert (recipe.size, recipe.order) == ((50, 40), "BGR")
    image = Image.new("RGB", (80, 70), (200, 100, 50))
    tensor, view = recipe(image)
    assert torch.equal(tensor, transform(image))
    seen = recipe.denormalise(tensor[None])[0, :, 0, 0] * 255
    assert seen.tolist() == pytest.approx([200, 100, 50], abs=0.01)
    assert (view.scale_y, view.scale_x) == (70 / 50, 2.0)
    # Unscaled PILToTensor looks like ToTensor by name; it must not be taken for it.
    unscaled = as_preprocess(T.Compose([T.Resize((8, 8)), T.PILToTensor()]))
    assert unscaled.normalise(torch.ones(1, 3, 8, 8)).mean() == pytest.approx(255)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("imagenett", "did you mean imagenet"),
        ("resize=256", "size is missing"),
        ("size=224,meen=0.5", "did you mean mean"),
        ("size=224,mean=a/b", "mean is 'a/b'"),
        ("size=224,mean=0.1/0.2", "mean has 2 numbers"),
        ("size=224,order=RBG", "expected RGB, BGR or L"),
        ("size=224,std=0/0/0", "must be above 0"),
        ("size=0", "at least 1"),
        ("size=224,interpolation=bicubik", "did you mean bicubic"),
        ("nowhere.json", "cannot read"),
        (3, "expected a Preprocess"),
        (T.Compose([T.Resize(32), T.ToTensor(), lambda x: x[0]]), "expected"),
    ],
)
def test_bad_recipes(value: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        as_preprocess(value)
