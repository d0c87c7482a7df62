"""Receptive fields against the support of gradients and against published numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchvision
from tests.reference.receptive_field import positive, supports
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from deepro.network import Layer, ReceptiveField
from deepro.network.layers import trace_layers


class Fn(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Callable[..., Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


def _se(m: nn.Module, x: Tensor) -> Tensor:
    return x * torch.sigmoid(m.c(x.mean((2, 3), keepdim=True)))


def _unet(m: nn.Module, x: Tensor) -> Tensor:
    down = m.a(x)
    return torch.cat([x, m.b(down)], 1)


def _in_place(m: nn.Module, x: Tensor) -> Tensor:
    y = m.a(x)
    y += m.b(x)
    y = F.relu_(y)
    y[:, :1].add_(m.c(x)[:, :1])
    return y


def _shuffle(_m: nn.Module, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def _nhwc(m: nn.Module, x: Tensor) -> Tensor:
    return m.l(F.layer_norm(x.permute(0, 2, 3, 1), (4,))).permute(0, 3, 1, 2)


C = nn.Conv2d
EXACT = {
    "strides": nn.Sequential(
        C(3, 4, 5, 2, 1), nn.ReLU(True), nn.MaxPool2d(3, 2), C(4, 4, 3, padding=1), nn.AvgPool2d(2)
    ),
    "dilation": nn.Sequential(C(3, 4, 3, dilation=2), C(4, 4, (1, 5), stride=(1, 2), padding=(0, 4), dilation=(1, 2))),
    "ceil": nn.Sequential(C(3, 4, 3, 2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d(2, 2, 1, ceil_mode=True)),
    "same": nn.Sequential(C(3, 4, 4, padding="same"), C(4, 4, 3, padding="same", dilation=2)),
    "depthwise": nn.Sequential(C(3, 6, 1), C(6, 6, 5, 2, 2, groups=6), nn.BatchNorm2d(6), C(6, 4, 3, groups=2)),
    "residual": Fn(
        lambda m, x: F.relu(m.b(F.relu(m.a(x)))) + m.s(x), a=C(3, 4, 3, 2, 1), b=C(4, 4, 3, 1, 1), s=C(3, 4, 1, 2)
    ),
    "branches": Fn(
        lambda m, x: torch.cat([m.a(x), m.b(x), m.c(F.pad(x, (2, 2, 0, 0)))], 1),
        a=C(3, 2, 1), b=C(3, 2, 3, padding=1), c=C(3, 2, (1, 5)),
    ),
    "functional": Fn(lambda m, x: F.max_pool2d(F.conv2d(F.pad(x, (1, 2, 3, 0)), m.a.weight), 2, 1), a=C(3, 4, 4)),
    "slices": Fn(lambda m, x: m.a(x[:, :, 3:, 2:-4:2]), a=C(3, 4, 3)),
    "flip": Fn(lambda m, x: m.a(x.flip(3)[:, :, :, :20]), a=C(3, 4, 3, 1)),
    "shuffle": nn.Sequential(C(3, 4, 3), Fn(_shuffle), C(4, 4, 3)),
    "unshuffle": nn.Sequential(nn.PixelUnshuffle(2), C(12, 4, 3)),
    "nhwc": nn.Sequential(C(3, 4, 4, 4), Fn(_nhwc, l=nn.Linear(4, 4)), C(4, 4, 3, padding=1)),
    "squeeze-excite": nn.Sequential(C(3, 4, 3), Fn(_se, c=C(4, 4, 1)), C(4, 4, 3)),
    "global": nn.Sequential(C(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)),
    "adaptive": nn.Sequential(C(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d(4), C(4, 4, 2)),
    "flatten": nn.Sequential(C(3, 4, 3, 2), nn.Flatten(), nn.Linear(4 * 15 * 15, 5)),
    "cut": nn.Sequential(Fn(lambda _m, x: x[:, :, 4:12, 5:]), C(3, 4, 3), nn.Flatten(), nn.Linear(4 * 6 * 25, 2)),
    "unfold": Fn(lambda m, x: m.a(x.unfold(2, 5, 3).mean(-1)), a=C(3, 4, 3)),
    "narrow": nn.Sequential(C(3, 4, 3), Fn(lambda _m, x: x.narrow(2, 5, 9).contiguous()), C(4, 2, 3)),
    "split": Fn(lambda m, x: m.a(x.split([10, 22], 3)[1]) + m.a(x.tensor_split((4, 26), 3)[1]), a=C(3, 2, 3)),
    "stack": Fn(lambda m, x: torch.stack([m.a(x), m.b(x)], 1).sum(1), a=C(3, 4, 3, padding=1), b=C(3, 4, 5, padding=2)),
}  # fmt: skip

# Right but, where a stride is a fraction or a border is mirrored, wider than need be.
SAFE = {
    "upsample": nn.Sequential(C(3, 4, 3, 2, 1), nn.Upsample(scale_factor=2), C(4, 4, 3, padding=1)),
    "bilinear": nn.Sequential(C(3, 4, 3, 4, 1), nn.Upsample(size=(32, 32), mode="bilinear"), C(4, 4, 3)),
    "corners": nn.Sequential(C(3, 4, 3, 4, 1), nn.Upsample(size=(17, 20), mode="bilinear", align_corners=True)),
    "bicubic": nn.Sequential(nn.AvgPool2d(2), nn.Upsample(size=(20, 20), mode="bicubic")),
    "antialias": Fn(lambda _m, x: F.interpolate(x, (13, 16), mode="bilinear", antialias=True)),
    "scale": Fn(lambda _m, x: F.interpolate(x, scale_factor=0.7, mode="bilinear")),
    "nearest-exact": Fn(lambda _m, x: F.interpolate(x, (13, 45), mode="nearest-exact")),
    "transposed": nn.Sequential(C(3, 4, 3, 2, 1), nn.ConvTranspose2d(4, 4, 4, 2, 1), C(4, 4, 3, padding=1)),
    "unet": nn.Sequential(Fn(_unet, a=C(3, 4, 2, 2), b=nn.ConvTranspose2d(4, 4, 2, 2)), C(7, 4, 3)),
    "uneven": nn.Sequential(C(3, 4, 3, 2), nn.AdaptiveAvgPool2d((4, 7)), C(4, 4, 2)),
    "mirror": nn.Sequential(nn.ReflectionPad2d(3), C(3, 4, 3), C(4, 4, 3, padding=2, padding_mode="replicate")),
    "circular": nn.Sequential(C(3, 4, 3, padding=1, padding_mode="circular"), C(4, 4, 3)),
    "pixel-shuffle": nn.Sequential(C(3, 8, 3, 4), nn.PixelShuffle(2), C(2, 4, 3)),
    "in-place": nn.Sequential(
        Fn(_in_place, a=C(3, 4, 1), b=C(3, 4, 5, padding=2), c=C(3, 4, 7, padding=3)), C(4, 2, 3)
    ),
    "roll": Fn(lambda m, x: m.a(x.roll(3, 2)), a=C(3, 4, 3)),
    "tokens": nn.Sequential(C(3, 8, 8, 8), Fn(lambda _m, x: x.flatten(2).transpose(1, 2)), nn.Linear(8, 4)),
    "attention": nn.Sequential(
        C(3, 8, 8, 8), nn.Flatten(2), Fn(lambda _m, x: x.mT), nn.TransformerEncoderLayer(8, 2, 8, batch_first=True)
    ),
    "softmax": nn.Sequential(C(3, 4, 3), nn.Softmax(2)),
    "group-norm": nn.Sequential(C(3, 4, 3), nn.GroupNorm(2, 4), C(4, 4, 3)),
    "instance-norm": nn.Sequential(C(3, 4, 3), nn.InstanceNorm2d(4)),
    "unknown": nn.Sequential(C(3, 4, 3), Fn(lambda _m, x: torch.fft.rfft2(x).abs()), C(4, 2, 3)),
    "written": Fn(lambda m, x: _written(m.a(x), m.b(x)), a=C(3, 4, 3, padding=1), b=C(3, 4, 5, padding=2)),
    "max": Fn(lambda m, x: torch.maximum(m.a(x), m.b(x)), a=C(3, 4, 3, padding=1), b=C(3, 4, 7, padding=3)),
    "index": Fn(lambda m, x: m.a(x[:, :, torch.arange(31, -1, -1)]), a=C(3, 4, 3)),
}  # fmt: skip


def _written(a: Tensor, b: Tensor) -> Tensor:
    out = torch.empty_like(a)
    view = out.view(len(a), -1, a.shape[2], a.shape[3])
    out[:, :, :16] = a[:, :, :16]
    out[:, :, 16:] = b[:, :, 16:]
    return view * 1


def _places(layer: Layer) -> list[tuple[int, ...]]:
    """Units at the corners and in the middle."""
    inner = [n for d, n in enumerate((1, *layer.shape)) if d not in (0, layer.unit_axis)]
    return list(dict.fromkeys([
        tuple(0 for n in inner),
        tuple(n - 1 for n in inner),
        tuple(n // 2 for n in inner),
        tuple(n - 1 if k % 2 else 0 for k, n in enumerate(inner)),
        tuple(n // 3 for n in inner),
    ]))  # fmt: skip


def _at(layer: Layer, place: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    """All units at a place, summed."""
    return lambda out: out.movedim(layer.unit_axis, 1)[(0, slice(None), *place)].sum()


def _check(module: nn.Module, shape: tuple[int, ...], *, exact: bool, layers: list[str] | None = None) -> None:
    """The gradient's support lies in each unit's window; if `exact`, it fills it.

    Only an edge that the window shares with the input may stay unfilled: a convolution that leaves the last pixels out,
    followed by a padded one, promises pixels that cannot be reached.
    """
    inputs = torch.rand(1, *shape, generator=torch.Generator().manual_seed(1)) + 0.5
    traced = trace_layers(module.eval(), inputs)
    slow = positive(module)
    for name in layers or [n for n in traced if ":" not in n]:
        layer, field = traced[name], traced[name].receptive_field
        assert field is not None, name
        places = _places(layer)
        for place, seen in zip(places, supports(slow, inputs, name, [_at(layer, p) for p in places]), strict=True):
            window = field.window(place, shape[1:])
            for (start, stop), (low, high), limit in zip(window, seen[1:], shape[1:], strict=True):
                if low == high:
                    assert not exact or stop <= start, (name, place, seen, window)
                    continue
                assert start <= low, (name, place, seen, window)
                assert high <= stop, (name, place, seen, window)
                if exact:
                    assert low == start or start == 0, (name, place, seen, window)
                    assert high == stop or stop == limit, (name, place, seen, window)


@pytest.mark.parametrize("case", EXACT)
def test_equals_the_support_of_gradients(case: str) -> None:
    _check(nn.Sequential(EXACT[case]), (3, 32, 32), exact=True)


@pytest.mark.parametrize("case", SAFE)
def test_holds_the_support_of_gradients(case: str) -> None:
    _check(nn.Sequential(SAFE[case]), (3, 32, 32), exact=False)


def test_one_and_three_dimensions() -> None:
    speech = nn.Sequential(nn.Conv1d(4, 6, 5, 2, 2), nn.MaxPool1d(3, 2, 1), nn.Conv1d(6, 3, 3, dilation=3))
    _check(speech, (4, 60), exact=True)
    volume = nn.Sequential(nn.Conv3d(1, 2, (3, 2, 1), (1, 2, 1)), nn.MaxPool3d(2), nn.AvgPool3d(2, 1))
    _check(volume, (1, 10, 12, 9), exact=True)


NETWORKS = {
    "vgg11": ("features.8", ["features.0"]),
    "alexnet": ("features.12", ["features.0", "features.5"]),
    "squeezenet1_1": ("features.12", ["features.3", "features.7"]),
    "resnet18": ("layer2.1", ["layer1.0", "layer2.0.conv1"]),
    "googlenet": ("inception4a", ["inception3b"]),
    "densenet121": ("features.transition1", ["features.denseblock1.denselayer2"]),
    "mobilenet_v2": ("features.7", ["features.3"]),
    "mnasnet0_5": ("layers.9", ["layers.8"]),
    "shufflenet_v2_x0_5": ("stage2.1", ["stage2.0"]),
    "inception_v3": ("Mixed_6a", ["Mixed_5b"]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_real_networks(name: str) -> None:
    options = {"init_weights": False, "aux_logits": False} if name in ("googlenet", "inception_v3") else {}
    module = torchvision.models.get_model(name, weights=None, **options)
    last, others = NETWORKS[name]
    _check(module, (3, 96, 96), exact=True, layers=[*others, last])


def _field(name: str, side: int, layer: str) -> ReceptiveField:
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    module = torchvision.models.get_model(name, weights=None, **options).eval()
    field = trace_layers(module, torch.zeros(1, 3, side, side))[layer].receptive_field
    assert field is not None
    return field


@pytest.mark.parametrize(
    ("name", "side", "layer", "size", "stride"),
    [
        # Published (Araujo et al. 2019): VGG-16 212 at pool5, Inception v3 1311.
        ("vgg16", 224, "features.30", 212, 32),
        ("inception_v3", 299, "Mixed_7c", 1311, 32),
        # Published as 483 for a ResNet-50 that strides in the last 1x1-3x3 unit of a block; torchvision strides in the
        # 3x3 of the first, after which fewer convolutions work at the coarse step.
        ("resnet50", 224, "layer4", 427, 32),
        ("alexnet", 224, "features.12", 195, 32),
        ("mobilenet_v2", 224, "features", 491, 32),
    ],
)
def test_published_numbers(name: str, side: int, layer: str, size: int, stride: int) -> None:
    field = _field(name, side, layer)
    assert field.size == (size, size)
    assert field.stride == (stride, stride)


def test_resnet_with_the_published_strides() -> None:
    """483 comes out where the strides stand as in the published network: on the last unit of each block."""

    class Unit(nn.Module):
        def __init__(self, stride: int) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 3, stride, 1), nn.Conv2d(2, 2, 1))
            self.short = nn.MaxPool2d(1, stride) if stride > 1 else nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            return self.body(x) + self.short(x)

    blocks = [Unit(2 if i == n - 1 else 1) for n in (3, 4, 6) for i in range(n)]
    net = nn.Sequential(nn.Conv2d(3, 2, 7, 2, 3), nn.MaxPool2d(3, 2, 1), *blocks, Unit(1), Unit(1), Unit(1))
    field = list(trace_layers(net.eval(), torch.zeros(1, 3, 224, 224)).values())[-1].receptive_field
    assert field is not None
    assert field.size == (483, 483)


def test_transformers_see_everything() -> None:
    module = torchvision.models.vit_b_16(weights=None, image_size=32, num_classes=3).eval()
    layers = trace_layers(module, torch.zeros(1, 3, 32, 32))
    assert layers["conv_proj"].receptive_field == ReceptiveField((16, 16), (16, 16), (0, 0))
    assert layers["encoder.layers.encoder_layer_0"].receptive_field == ReceptiveField((32, 32), (0, 0), (0, 0))


def test_recurrent_layers_see_the_past() -> None:
    forward = nn.Sequential(nn.Conv1d(3, 4, 3), Fn(lambda _m, x: x.transpose(1, 2)), nn.LSTM(4, 5, 2, batch_first=True))
    layer = trace_layers(forward.eval(), torch.randn(1, 3, 20))["2"]
    assert layer.receptive_field == ReceptiveField((20,), (1,), (-17,))
    assert layer.receptive_field.window((4,), (20,)) == ((0, 7),)
    both = nn.Sequential(nn.GRU(3, 5, bidirectional=True, batch_first=True))
    assert trace_layers(both.eval(), torch.randn(1, 20, 3))["0"].receptive_field == ReceptiveField((20,), (0,), (0,))


def test_window_is_clipped() -> None:
    field = ReceptiveField((5, 3), (2, 0), (-2, 0))
    assert field.window((0, 7), (32, 3)) == ((0, 3), (0, 3))
    assert field.window((15, 0), (32, 3)) == ((28, 32), (0, 3))
