"""Layers of every kind of network, in execution order, with units and shapes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.errors import NetworkError
from deepro.probe import Probe, untouched


class Reused(nn.Module):
    """One rectifier called three times; registration order is not execution order."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(6, 4)
        self.relu = nn.ReLU(inplace=True)
        self.never = nn.Linear(3, 3)
        self.first = nn.Conv2d(3, 5, 3)
        self.second = nn.Conv2d(5, 6, 3)
        self.nothing = Nothing()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.second(self.relu(self.first(x))))
        self.nothing(x)
        return self.relu(self.last(x.mean((2, 3))))


class Nothing(nn.Module):
    def forward(self, _x: Tensor) -> dict[str, int]:
        return {"nothing": 1}


def test_execution_order_and_calls() -> None:
    net = deepro.load(Reused(), input_shape=(3, 12, 14))
    assert list(net.layers) == ["first", "relu", "second", "relu:2", "last", "relu:3"]
    assert [layer.shape for layer in net.layers.values()] == [
        (5, 10, 12),
        (5, 10, 12),
        (6, 8, 10),
        (6, 8, 10),
        (4,),
        (4,),
    ]
    assert [layer.units for layer in net.layers.values()] == [5, 5, 6, 6, 4, 4]
    assert net.layers["first"].parameters == 140
    assert net.layers["first"].kind == "Conv2d"
    with untouched(net.module), Probe(net.module, list(net.layers)) as probe:
        probe(torch.rand(2, 3, 12, 14))
    for name, layer in net.layers.items():
        assert tuple(probe[name].shape[1:]) == layer.shape
        assert probe[name].shape[layer.unit_axis] == layer.units


def test_other_input_shapes_are_kept() -> None:
    net = deepro.load(Reused(), input_shape=(3, 12, 14))
    assert net.trace((3, 20, 20))["first"].shape == (5, 18, 18)
    assert net.trace(torch.rand(7, 3, 20, 20)) is net.trace((3, 20, 20))
    assert net.layers["first"].shape == (5, 10, 12)
    with pytest.raises(NetworkError, match=r"cannot run on an input of \(1, 2, 20, 20\)"):
        net.trace((2, 20, 20))


def test_table_is_json() -> None:
    import json

    net = deepro.load("builtin:efficientnet-lite0")
    table = json.loads(json.dumps(net.layer_table()))
    assert table[0]["name"].startswith("_conv_stem")
    last = table[-1]
    assert (last["name"], last["kind"], last["shape"], last["units"]) == ("_fc", "Linear", [1000], 1000)
    assert last["receptive_field"] == {"size": [224, 224], "stride": [0, 0], "offset": [0, 0]}
    block = next(row for row in table if row["name"] == "_blocks.3")
    assert block["depth"] == 1
    assert block["receptive_field"]["stride"] == [8, 8]
    assert json.dumps(net.card())


class Speech(nn.Module):
    """Convolutions over time, then a recurrent layer that counts time first, then a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(40, 8, 5, 2)
        self.lstm = nn.LSTM(8, 6)
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.lstm(self.conv(x).relu().permute(2, 0, 1))
        return self.head(h[-1])


class Text(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 5)
        self.gru = nn.GRU(5, 6, batch_first=True, bidirectional=True)
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(self.embed(x))[0][:, -1])


CASES: dict[str, tuple[nn.Module, dict[str, tuple[tuple[int, ...], int]]]] = {
    "speech": (Speech(), {"conv": ((8, 510), 8), "lstm": ((510, 6), 6), "head": ((3,), 3)}),
    "text": (Text(), {"embed": ((32, 5), 5), "gru": ((32, 12), 12), "head": ((4,), 4)}),
    "dense": (
        nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 2)),
        {"0": ((5,), 5), "1": ((5,), 5), "2": ((2,), 2)},
    ),
    "digits": (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), {"0": ((784,), 784), "1": ((10,), 10)}),
    "volume": (
        nn.Sequential(nn.Conv3d(2, 3, 3), nn.MaxPool3d(2)),
        {"0": ((3, 14, 110, 110), 3), "1": ((3, 7, 55, 55), 3)},
    ),
    "fixed size": (
        nn.Sequential(nn.Conv2d(1, 4, 5), nn.Flatten(), nn.Linear(4 * 24 * 24, 10)),
        {"0": ((4, 24, 24), 4), "1": ((2304,), 2304), "2": ((10,), 10)},
    ),
    "tokens": (
        nn.Sequential(nn.Linear(6, 8), nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 9, batch_first=True), 1)),
        {"0": ((32, 8), 8), "1": ((32, 8), 8)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_any_network_without_an_input_shape(case: str) -> None:
    module, expected = CASES[case]
    net = deepro.load(module.eval())
    if case == "tokens":  # a first dense layer also runs on a plain vector; the encoder then sees one long sequence
        net = deepro.load(module.eval(), input_shape=(32, 6))
    for name, (shape, units) in expected.items():
        assert net.layers[name].shape == shape
        assert net.layers[name].units == units
    capture = list(expected)
    with untouched(net.module), net.probe(capture) as probe:
        probe(_example(net))
    assert all(probe[name] is not None for name in capture)


def _example(net: Any) -> Tensor:
    from deepro.network.input_shape import example

    return example(net.module, net.input_shape)


def test_nothing_runs() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("two inputs\nare needed")

    net = deepro.load(Odd())
    assert net.input_shape is None
    with pytest.raises(NetworkError, match=r"tried 3, .*two inputs.*pass input_shape=") as raised:
        _ = net.layers
    assert "\n" not in str(raised.value)


def test_tracing_leaves_nothing_behind() -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.register_buffer("calls", torch.zeros(1))
            self.drop = nn.Dropout(0.5)

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return self.drop(self.conv(x))

    module = Counts().train()
    rng = torch.random.get_rng_state()
    _ = deepro.load(module, input_shape=(3, 8, 8)).layers
    assert float(module.calls) == 0
    assert module.training
    assert module.drop.training
    assert torch.equal(rng, torch.random.get_rng_state())
    assert not any(m._forward_hooks for m in module.modules())
    module(torch.rand(1, 3, 8, 8)).sum().backward()  # and training goes on
    assert module.conv.weight.grad is not None


def test_what_cannot_be_followed_still_has_layers() -> None:
    class NeedsGradients(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Tensor) -> Tensor:
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                (g,) = torch.autograd.grad(self.conv(x).sum(), x)
            return g

    net = deepro.load(NeedsGradients(), input_shape=(3, 8, 8))
    assert net.layers["conv"].shape == (4, 6, 6)
    assert net.layers["conv"].units == 4
