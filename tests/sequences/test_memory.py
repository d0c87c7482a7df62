"""Memory against autograd on an unrolled loop and against what a hand-set gate must give."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.errors import NetworkError
from deepro.methods.sequences.memory import decay, memory, reach
from tests.reference.recurrent import unroll

MODULE = sys.modules["deepro.methods.sequences.intervene"]


class PerStep(nn.Module):
    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.rnn = rnn
        self.head = nn.Linear(rnn.hidden_size * (2 if rnn.bidirectional else 1), 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0])


@pytest.mark.parametrize("kind", ["lstm", "gru both ways", "stepwise"])
def test_influence_equals_autograd_on_the_loop(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rnn = nn.GRU(2, 4, bidirectional=True, batch_first=True) if "gru" in kind else nn.LSTM(2, 4, 2, batch_first=True)
    module = PerStep(rnn).double()
    if kind == "stepwise":  # what runs on a GPU, where the fused backward refuses evaluation mode
        monkeypatch.setattr(MODULE, "_on_gpu", lambda modules: True)
    series = np.random.default_rng(0).normal(size=(7, 2))
    net = deepro.load(module, input_shape=(7, 2))
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
    matrix = np.array([[4.0, 0, 0], [2, 4, 0], [1, 2, 4]])
    assert decay(matrix).tolist() == [4, 2, 1]
    assert reach(np.array([4.0, 2, 1]), 0.85) == 2
    assert reach(np.array([4.0, 2, 1]), 0.95) == 3


def test_a_network_with_one_output_a_sequence_is_said() -> None:
    class Last(PerStep):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)[:, -1]

    with pytest.raises(NetworkError, match="no row for each step"):
        memory(deepro.load(Last(nn.GRU(1, 2, batch_first=True)), input_shape=(4, 1)), [np.ones((4, 1))])
