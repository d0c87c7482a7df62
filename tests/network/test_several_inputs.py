"""Networks of several inputs: one is explained, the others are held fixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.footprint import footprint, same
from torch import Tensor, nn

import deepro
from deepro.errors import DeeproError, NetworkError, UsageError


class PictureAndTable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense, self.out = nn.Conv2d(3, 4, 3), nn.Linear(5, 4), nn.Linear(4, 3)

    def forward(self, image: Tensor, table: Tensor) -> Tensor:
        return self.out(torch.relu(self.conv(image)).mean((2, 3)) * self.dense(table))


class Siamese(PictureAndTable):
    def forward(self, left: Tensor, right: Tensor) -> Tensor:  # type: ignore[override]
        return self.out(*[torch.relu(self.conv(left) * self.conv(right)).mean((2, 3))])


class InADict(PictureAndTable):
    def forward(self, batch: dict[str, Tensor]) -> Tensor:  # type: ignore[override]
        return super().forward(batch["image"], batch["table"])


class ByKeyword(PictureAndTable):
    def forward(self, *, image: Tensor, table: Tensor, scale: float = 1.0) -> Tensor:  # type: ignore[override]
        return super().forward(image * scale, table)


TABLE = torch.rand(1, 5, generator=torch.Generator().manual_seed(1))
RIGHT = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(2))
CASES: list[tuple[type[nn.Module], dict[str, Any], Any]] = [
    (PictureAndTable, {"image": "explained", "table": TABLE}, lambda m, x: m(x, TABLE.expand(len(x), 5))),
    (Siamese, {"left": "explained", "right": RIGHT}, lambda m, x: m(x, RIGHT.expand(len(x), -1, -1, -1))),
    (
        InADict,
        {"batch": {"image": "explained", "table": TABLE}},
        lambda m, x: m({"image": x, "table": TABLE.expand(len(x), 5)}),
    ),
    (
        ByKeyword,
        {"image": "explained", "table": TABLE.numpy(), "scale": 2.0},
        lambda m, x: m(image=x, table=TABLE.expand(len(x), 5), scale=2.0),
    ),
]


@pytest.mark.parametrize(("kind", "inputs", "plain"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_one_is_explained_and_the_others_are_held(kind: type[nn.Module], inputs: dict[str, Any], plain: Any) -> None:
    torch.manual_seed(0)
    module = kind()
    before = footprint(module)
    net = deepro.load(module, inputs=inputs, input_shape=(3, 8, 8))
    x = torch.rand(2, 3, 8, 8)
    before["torch"] = torch.get_rng_state()
    assert set(net.layers) <= {"conv", "conv:2", "dense", "out"}
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(plain(module, leaf)[:, 1].sum(), leaf)
    np.testing.assert_allclose(deepro.gradient(net, x, 1).values, expected.abs().amax(1), rtol=1e-5)
    assert net.predict(x[:1])[0][1] == pytest.approx(plain(module, x[:1]).softmax(1).max().item(), rel=1e-5)
    for name in ("integrated_gradients", "smoothgrad"):
        assert np.isfinite(getattr(deepro, name)(net, x, 1).values).all()
    assert np.isfinite(deepro.gradcam(net, x, 1, layer="conv").values).all()
    layer = "conv"
    assert deepro.deconvnet(net, x, layer, top=2, rule="gradient").values.shape == (2, 2, 3, 8, 8)
    assert deepro.segment(net, x[:1], 1).heatmap.values.shape == (1, 8, 8)
    assert deepro.imagine(net, [1], steps=2).images.shape == (1, 3, 8, 8)
    assert deepro.survey(net, x, [layer], top_k=1).read == 2
    assert same(before, footprint(module))


def test_what_is_held_belongs_to_the_fingerprint() -> None:
    module = PictureAndTable()
    one, two = (
        deepro.load(module, inputs={"image": "explained", "table": t}, input_shape=(3, 8, 8)) for t in (TABLE, -TABLE)
    )
    assert one.fingerprint != two.fingerprint
    assert one.card()["inputs"]["image"] == "explained"


def test_a_module_of_several_inputs_says_what_to_do() -> None:
    net = deepro.load(PictureAndTable(), input_shape=(3, 8, 8))
    for ask in (lambda: net.predict(torch.rand(1, 3, 8, 8)), lambda: deepro.gradcam(net, torch.rand(1, 3, 8, 8))):
        with pytest.raises(UsageError, match=r"image, table.*inputs="):
            ask()


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"picture": "explained", "table": TABLE}, "forward takes no 'picture'"),
        ({"image": "explained"}, "missing a required argument: 'table'"),
        ({"image": RIGHT, "table": TABLE}, "0 inputs as 'explained'"),
        ({"image": "explained", "table": "nowhere.npy"}, "cannot read nowhere.npy"),
        ([1], "expected name"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        deepro.load(PictureAndTable(), inputs=inputs)


def test_a_batch_against_held_rows_is_refused() -> None:
    net = deepro.load(
        PictureAndTable(), inputs={"image": "explained", "table": TABLE.repeat(4, 1)}, input_shape=(3, 8, 8)
    )
    with pytest.raises(DeeproError, match="first axis of 1"):
        net.predict(torch.rand(1, 3, 8, 8))


def test_token_ids_with_a_mask() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.lstm, self.out = nn.Embedding(9, 4), nn.LSTM(4, 5, batch_first=True), nn.Linear(5, 2)

        def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
            return self.out((self.lstm(self.embedding(ids))[0] * mask[..., None]).sum(1))

    ids, mask = torch.arange(6)[None], torch.tensor([[1.0, 1, 1, 1, 0, 0]])
    module = Reader()
    net = deepro.load(module, inputs={"ids": "explained", "mask": mask}, input_shape=(6,))
    np.testing.assert_allclose(net.logits(ids), module(ids, mask).detach(), rtol=1e-5)
    traced = deepro.trace(net, ids)
    assert traced.h["lstm"].shape[-2:] == (6, 5)


def test_the_command_reads_inputs() -> None:
    from deepro.cli.network import load_options

    options = load_options({"inputs": ["image", "table=t.npy", "scale=2.5", "mask=null"]})
    assert options["inputs"] == {"image": "explained", "table": "t.npy", "scale": 2.5, "mask": None}


def test_without_inputs_the_error_is_one_line() -> None:
    with pytest.raises(NetworkError, match="inputs="):
        _ = deepro.load(PictureAndTable()).layers
