"""Where the tokens of transformers and mixers lie in the picture."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.errors import LayerError, UsageError
from deepro.methods.regions.cams import last_spatial
from deepro.methods.units.representative import representative_layers
from deepro.network import Network
from deepro.network.token_grid import TokenGrid
from deepro.probe import untouched
from deepro.survey.plan import ALL, choose_layers

timm = pytest.importorskip("timm")


def load(name: str, **options: object) -> Network:
    torch.manual_seed(0)
    module = timm.create_model(name, pretrained=False, num_classes=10, **options)
    nn.init.normal_(module.head.weight if isinstance(module.head, nn.Linear) else module.head.fc.weight)  # not zeros
    return deepro.load(module, input_shape=(3, 224, 224))


def output(net: Network, layer: str, x: Tensor) -> Tensor:
    with untouched(net.module), torch.no_grad(), net.probe([layer], stop=True) as probe:
        probe(x)
    return probe[layer]


# What the default layer is, and how its tokens lie there; sizes as the papers have them.
KNOWN = {
    "deit_tiny_patch16_224": ("blocks", dict(depth=3), (14, 14), 1),
    "deit_tiny_distilled_patch16_224": ("blocks", dict(depth=2), (14, 14), 2),
    "vit_tiny_patch16_224": ("blocks", dict(depth=3, reg_tokens=4), (14, 14), 5),
    "swin_tiny_patch4_window7_224": ("layers", dict(depths=(1, 1, 1, 1)), (7, 7), 0),
    "mixer_s32_224": ("blocks", dict(), (7, 7), 0),
    "cait_xxs24_224": ("blocks", dict(depth=2), (14, 14), 0),
    "hiera_tiny_224": ("blocks", dict(stages=(1, 1, 1, 1)), (7, 7), 0),
    "convnext_atto": ("", dict(depths=(1, 1, 1, 1)), (7, 7), 0),
    "beit_base_patch16_224": ("blocks", dict(depth=2, embed_dim=96, num_heads=3), (14, 14), 1),
    "eva02_tiny_patch14_224": ("blocks", dict(depth=3), (16, 16), 1),
    "tnt_s_patch16_224": ("blocks", dict(depth=2), (56, 56), 0),
    "resmlp_12_224": ("blocks", dict(), (14, 14), 0),
    "mambaout_femto": ("", dict(depths=(1, 1, 1, 1)), (7, 7), 0),
}


REARRANGED = [
    n
    for n in KNOWN
    if n
    not in ("swin_tiny_patch4_window7_224", "hiera_tiny_224", "convnext_atto", "mambaout_femto", "tnt_s_patch16_224")
]


@pytest.mark.parametrize("name", KNOWN)
def test_a_bright_patch_shows_where_it_is(name: str) -> None:
    within, options, space, others = KNOWN[name]
    net = load(name, **options)
    x = torch.zeros(1, 3, 224, 224)
    with untouched(net.module):
        layer = last_spatial(net, x)
    grid = net.grids(x)[layer]
    assert layer.startswith(within)
    assert grid.space == space
    assert grid.before + grid.after == others
    before = grid(output(net, layer, x), 1)
    assert before.shape[2:] == space
    for row, column in ((0, 1), (space[0] - 1, 0), (space[0] // 2, space[1] - 2)):
        side = 224 // space[0]
        bright = x.clone()
        bright[..., row * side : (row + 1) * side, column * side : (column + 1) * side] = 3
        change = (grid(output(net, layer, bright), 1) - before)[0].abs().sum(0)
        at = divmod(int(change.argmax()), space[1])
        assert max(abs(at[0] - row), abs(at[1] - column)) <= (others == 0 and space[0] == 7), (at, row, column)


@pytest.mark.parametrize("name", ["deit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "hiera_tiny_224"])
def test_what_is_no_map_is_refused(name: str) -> None:
    net = load(name, **KNOWN[name][1])
    grids = net.grids(torch.zeros(1, 3, 224, 224))
    none = [n for n in grids.shapes if n.endswith(("q_norm", "k_norm", "attn_drop", "head", "fc_norm"))]
    grids.look(*none)
    assert none
    for layer in none:
        with pytest.raises(LayerError, match=r"choose another layer|name a layer") as refusal:
            assert grids[layer] is None
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", REARRANGED)
@pytest.mark.parametrize("method", ["gradcam", "layercam"])
def test_a_cam_is_that_of_reshaped_tokens(name: str, method: str) -> None:
    net = load(name, **KNOWN[name][1])
    _, _, (rows, columns), others = KNOWN[name]
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    heat = deepro.heatmap(net, x, 4, method=method)
    kept: list[Tensor] = []
    module = net.module.eval()
    block = module.get_submodule(str(heat.evidence["layer"]))
    handle = block.register_forward_hook(lambda _module, _args, out: kept.append(out))
    scores = module(x)[:, 4]
    handle.remove()
    (gradient,) = torch.autograd.grad(scores.sum(), kept[0])

    def reshaped(tokens: Tensor) -> Tensor:
        return tokens[:, others:].reshape(2, rows, columns, -1).permute(0, 3, 1, 2)

    maps, slope = reshaped(kept[0].detach()), reshaped(gradient)
    weights = slope.mean((2, 3), keepdim=True) if method == "gradcam" else slope.clamp(min=0)
    expected = nn.functional.interpolate((maps * weights).sum(1, keepdim=True), (224, 224), mode="bilinear")[:, 0]
    assert expected.abs().max() > 0
    assert float((torch.from_numpy(heat.values) - expected).abs().max() / expected.abs().max()) < 1e-5


def test_a_cam_of_maps_with_the_channels_last() -> None:
    net = load("swin_tiny_patch4_window7_224", depths=(1, 1, 1, 1))
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    heat = deepro.heatmap(net, x, 4, method="gradcam", layer="layers.2")
    kept: list[Tensor] = []
    module = net.module.eval()
    handle = module.get_submodule("layers.2").register_forward_hook(lambda _m, _a, out: kept.append(out))
    score = module(x)[:, 4].sum()
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept[0])
    weighted = (kept[0].detach() * gradient.mean((1, 2), keepdim=True)).sum(-1)[:, None]
    expected = nn.functional.interpolate(weighted, (224, 224), mode="bilinear")[:, 0]
    assert float((torch.from_numpy(heat.values) - expected).abs().max() / expected.abs().max()) < 1e-5


def test_the_blocks_are_what_is_shown() -> None:
    found = representative_layers(load("deit_tiny_patch16_224", depth=6), 3)
    assert found == ["blocks.0.mlp.act", "blocks.2.mlp.act", "blocks.5.mlp.act"]


def test_a_survey_is_of_the_neurons_of_all_blocks_and_of_where_they_answer() -> None:
    net = load("deit_tiny_patch16_224", depth=3)
    chosen = choose_layers(net, ALL)
    assert [layer.name for layer in chosen] == ["patch_embed.proj", *(f"blocks.{i}.mlp.act" for i in range(3))]
    assert [layer.units for layer in chosen[1:]] == [768] * 3
    x = torch.randn(4, 3, 224, 224, generator=torch.Generator().manual_seed(5))
    survey = deepro.survey(net, x, layers=["blocks.1.mlp.act"], top_k=2)
    statistics = survey.layers["blocks.1.mlp.act"]
    maps = output(net, "blocks.1.mlp.act", x)[:, 1:].reshape(4, 14, 14, 768)
    for unit in (0, 100, 767):
        image, (row, column) = statistics.images[unit, 0], statistics.positions[unit, 0]
        assert float(maps[image, row, column, unit]) == float(maps[..., unit].max())
        assert abs(float(statistics.mean[unit]) - float(maps[..., unit].mean())) < 1e-5


def test_a_layer_on_whose_places_nothing_depends_is_refused() -> None:
    net = load("deit_tiny_patch16_224", depth=2)
    with pytest.raises(LayerError, match=r"no place of layer 'blocks.1'"):
        deepro.heatmap(net, torch.randn(1, 3, 224, 224), 1, method="gradcam", layer="blocks.1")


def test_windows_folded_into_the_batch() -> None:
    """Tokens in windows, as (N * windows, tokens, C); the grid holds for several images."""

    class Windows(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            n, c, h, w = x.shape
            x = x.reshape(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1)
            return x.reshape(-1, 16, c)

    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.windows, self.head = nn.Conv2d(3, 8, 4, 4), Windows(), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.windows(self.stem(x)).reshape(len(x), -1, 8).mean(1))

    net = deepro.load(Cut(), input_shape=(3, 48, 64))
    grid = net.layers["windows"].grid
    assert grid == TokenGrid((12, 16), 2, levels=((3, 4), (4, 4)))
    x = torch.randn(3, 3, 48, 64)
    maps = net.module.get_submodule("stem")(x)
    assert torch.equal(grid(output(net, "windows", x), 3), maps)


def test_a_grid_is_told() -> None:
    net = load("deit_tiny_patch16_224", depth=2)
    net.tell_grid("blocks.0", "7x28+1")
    assert net.layers["blocks.0"].grid == TokenGrid((7, 28), 2, before=1)
    assert net.card()["grids"] == {"blocks.0": "7x28+1"}
    heat = deepro.heatmap(net, torch.randn(1, 3, 224, 224), 1, method="gradcam", layer="blocks.0")
    assert heat.evidence["map"] == [7, 28]
    for wrong, error in (("fourteen", UsageError), ("14", UsageError), ("15x15", LayerError), ("14x14+9", LayerError)):
        with pytest.raises(error):
            net.tell_grid("blocks.0", wrong)
