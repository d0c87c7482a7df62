"""Memory against autograd on an unrolled loop and against what a hand-set gate must give."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import deepro
from deepro.errors import NetworkError
from deepro.methods.sequences.memory import cut_short, decay, factor, memory, reach, reaches
from tests.reference.recurrent import unroll
from tests.sequences.test_sweep import NoKernel

MODULE = sys.modules["deepro.methods.sequences.memory"]


class PerStep(nn.Module):
    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.rnn = rnn
        self.head = nn.Linear((rnn.proj_size or rnn.hidden_size) * (2 if rnn.bidirectional else 1), 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0])


class Mixed(nn.Module):
    """Packed inside; a norm between two layers; a decoder that begins where the encoder ends."""

    def __init__(self) -> None:
        super().__init__()
        self.below, self.norm, self.above = nn.GRU(2, 4, batch_first=True), nn.LayerNorm(4), nn.LSTM(4, 3, 2)
        self.decoder, self.head = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        lengths = torch.full((len(x),), x.shape[1])
        packed, last = self.below(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        h = self.norm(pad_packed_sequence(packed, batch_first=True)[0])
        h = self.above(h.transpose(0, 1))[0].transpose(0, 1)
        return self.head(self.decoder(h, last)[0])


class Stepwise(nn.Module):
    """A cell, and a layer that is called a step at a time."""

    def __init__(self, cell: bool) -> None:
        super().__init__()
        self.rnn = nn.LSTMCell(2, 4) if cell else nn.LSTM(2, 4, batch_first=True)
        self.cell, self.head = cell, nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        state, made = None, []
        for t in range(x.shape[1]):
            if self.cell:
                state = self.rnn(x[:, t], state)
                made.append(state[0])
            else:
                h, state = self.rnn(x[:, t : t + 1], state)
                made.append(h[:, 0])
        return self.head(torch.stack(made, 1))


RNNS = {
    "lstm": lambda: nn.LSTM(2, 4, 2, batch_first=True),
    "projected": lambda: nn.LSTM(2, 4, 2, batch_first=True, proj_size=3),
    "gru both ways": lambda: nn.GRU(2, 4, 2, bidirectional=True, batch_first=True),
    "rnn": lambda: nn.RNN(2, 4, batch_first=True, nonlinearity="relu"),
}


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("room", [1 << 24, 40])
@pytest.mark.parametrize("kind", RNNS)
def test_influence_equals_autograd_on_the_loop(kind: str, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "_ROOM", room)  # the second takes a few outputs at a time
    rnn = RNNS[kind]()
    module = PerStep(rnn).double()
    series = np.random.default_rng(0).normal(size=(7, 2))
    net = deepro.load(module, input_shape=(7, 2))
    with NoKernel():  # as on a GPU, where the fused backward refuses evaluation mode
        made = memory(net, [series], steps=7)
    x = torch.tensor(series, requires_grad=True)
    loop = unroll(rnn, x)[-1]["h"]
    outputs = module.head(torch.cat(list(loop), 1))
    for s in range(7):
        gradient = torch.autograd.grad(outputs[s].max(), x, retain_graph=True)[0]
        assert np.abs(made.influence[s] - gradient.norm(dim=1).numpy()).max() < 1e-12
    if kind != "gru both ways":
        assert not np.triu(made.influence, 1).any()
    assert all(p.grad is None for p in module.parameters())


@pytest.mark.parametrize("kind", ["mixed", "cell", "step by step"])
def test_influence_through_several_calls(kind: str) -> None:
    module = (Mixed() if kind == "mixed" else Stepwise(kind == "cell")).double().eval()
    series = np.random.default_rng(0).normal(size=(9, 2))
    with NoKernel():
        made = memory(deepro.load(module, input_shape=(9, 2)), [series], steps=9)
    x = torch.tensor(series[None], requires_grad=True)
    outputs = module(x)[0]
    for s in range(9):
        gradient = torch.autograd.grad(outputs[s].max(), x, retain_graph=True)[0][0]
        assert np.abs(made.influence[s] - gradient.norm(dim=1).numpy()).max() < 1e-12
    assert (made.influence[0, 8] > 0) == (kind == "mixed")  # its decoder's first step knows the last input


def test_half_life_and_saturation_of_hand_set_gates() -> None:
    lstm = nn.LSTM(1, 3, batch_first=True).double()
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.zero_()
        keep = torch.tensor([0.5, 0.85, 0.01], dtype=torch.float64)
        lstm.bias_ih_l0[3:6] = torch.logit(keep)
    made = memory(deepro.load(lstm, input_shape=(5, 1)), [np.ones((5, 1))], steps=0)
    assert np.allclose(made.half_lives["lstm"][0], np.log(2) / -np.log(keep.numpy()))
    assert made.shut["f"]["lstm"][0].tolist() == [0, 0, 1]
    assert made.opened["f"]["lstm"][0].tolist() == [0, 0, 0]
    assert made.influence is None


def test_decay_and_reach() -> None:
    assert factor(np.array([8.0, 4, 2, 1, 0])) == pytest.approx(0.5)
    matrix = np.array([[4.0, 0, 0], [2, 4, 0], [1, 2, 4]])
    assert decay(matrix).tolist() == [4, 2]  # the last lag has one output of three
    assert reach(np.array([4.0, 2, 1]), 0.85) == 2
    assert reach(np.array([4.0, 2, 1]), 0.95) == 3


def test_a_window_that_decides_the_reach_is_named() -> None:
    lags = np.subtract.outer(np.arange(100), np.arange(100))
    for half_life, cut in ((5, False), (60, True), (1e9, True)):
        matrix = np.where(lags >= 0, 0.5 ** (lags / half_life), 0.0)
        assert cut_short(decay(matrix)) == cut, half_life
    assert len(decay(matrix)) == 91
    short = np.where(lags >= 0, 0.5 ** (lags / 5), 0.0)
    assert reach(decay(short)) == pytest.approx(5 * np.log2(20), abs=1)
    assert np.ptp(reaches(short)) <= 1
    mixed = np.where(np.arange(100)[:, None] % 2 == 0, short, np.where(lags == 0, 1.0, 0.0))
    assert set(np.quantile(reaches(mixed), (0.1, 0.9))) == {1, reach(decay(short))}


def test_the_same_network_says_the_same_in_two_windows() -> None:
    torch.manual_seed(0)
    rnn = nn.RNN(1, 1, batch_first=True, nonlinearity="relu")  # y_s = sum of 0.9 ** lag * x
    with torch.no_grad():
        for p, value in zip(rnn.parameters(), (1.0, 0.9, 0.0, 0.0), strict=True):
            p.fill_(value)
    series = np.ones((300, 1), dtype="f4")
    one, two, short = (memory(deepro.load(rnn, input_shape=(9, 1)), [series], steps=n) for n in (150, 300, 30))
    assert one.reach == two.reach == pytest.approx(np.log(0.05) / np.log(0.9), abs=1.5)
    assert (one.censored, two.censored, short.censored) == (False, False, True)
    assert one.reach_spread is not None


def test_a_network_with_one_output_a_sequence_is_said() -> None:
    class Last(PerStep):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)[:, -1]

    with pytest.raises(NetworkError, match="no row for each step"):
        memory(deepro.load(Last(nn.GRU(1, 2, batch_first=True)), input_shape=(4, 1)), [np.ones((4, 1))])
