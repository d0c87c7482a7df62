"""Attribution over steps against autograd on the unrolled loop and against brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

import deepro
from deepro.errors import UsageError
from deepro.kinds.record import of as record_of
from deepro.methods.sequences.attribution import attribute_steps
from deepro.methods.sequences.controls import random_twin
from tests.reference.recurrent import unroll
from tests.sequences.planted import planted
from tests.sequences.test_sweep import NoKernel


class PerStep(nn.Module):
    def __init__(self, last: bool = False) -> None:
        super().__init__()
        self.rnn, self.head, self.last = nn.GRU(2, 4, batch_first=True), nn.Linear(4, 3), last

    def forward(self, x: Tensor) -> Tensor:
        out = self.head(self.rnn(x)[0])
        return out[:, -1] if self.last else out


def y_of(module: PerStep, x: Tensor, step: int, index: int) -> Tensor:
    return module.head(unroll(module.rnn, x)[-1]["h"][0])[step, index]


@pytest.mark.parametrize("last", [False, True])
def test_every_way_by_hand(last: bool) -> None:
    module = PerStep(last).double()
    series = np.random.default_rng(0).normal(size=(6, 2))
    net = deepro.load(module, input_shape=(6, 2))
    step = 5 if last else 4
    x = torch.tensor(series, requires_grad=True)
    y = y_of(module, x, step, 1)
    gradient = torch.autograd.grad(y, x)[0].numpy()

    def ask(how: str, **options):
        with NoKernel():  # as on a GPU, where the fused backward refuses evaluation mode
            return attribute_steps(net, series, 1, step=step, how=how, **options)

    assert ask("gradient").score == pytest.approx(y.item(), abs=1e-12)
    assert np.abs(ask("gradient").values - np.linalg.norm(gradient, axis=1)).max() < 1e-12
    assert np.abs(ask("gradient_x_input").values - (gradient * series).sum(1)).max() < 1e-12
    made = ask("integrated_gradients", samples=64)
    assert abs(made.gap) < 1e-3
    assert made.values.sum() == pytest.approx(y.item() - y_of(module, x * 0, step, 1).item(), abs=1e-3)
    occluded, omitted = ask("occlusion").values, ask("omission").values
    with torch.no_grad():
        for t in range(6):
            zeroed = x.clone()
            zeroed[t] = 0
            expected = (y - y_of(module, zeroed, step, 1)).item()
            assert occluded[t] == pytest.approx(expected, abs=1e-12)
            shorter = torch.cat([x[:t], x[t + 1 :]])
            expected = (y - y_of(module, shorter, step - 1 if t <= step else step, 1)).item()
            assert omitted[t] == pytest.approx(expected, abs=1e-12)
        order = np.argsort(-np.abs(made.values), kind="stable")
        zeroed = x.clone()
        zeroed[order[:2].tolist()] = 0
        assert made.deletion[2] == pytest.approx(y_of(module, zeroed, step, 1).item(), abs=1e-12)
        assert made.deletion[0] == made.random[0] == pytest.approx(y.item(), abs=1e-12)
        assert made.deletion[6] == pytest.approx(y_of(module, x * 0, step, 1).item(), abs=1e-12)


def test_the_opening_quote_decides_what_follows() -> None:
    text = 'ab a "b a'
    made = attribute_steps(planted(), text, '"', how="omission")
    assert int(np.abs(made.values).argmax()) == text.index('"')
    assert made.text == text
    assert made.control < 0.9  # networks that learned nothing attend to other steps


def test_what_random_weights_explain() -> None:
    net, series = deepro.load(PerStep().double(), input_shape=(6, 2)), np.random.default_rng(0).normal(size=(6, 2))
    made = attribute_steps(net, series, 1, how="gradient", controls=2, seed=7)
    alone = [attribute_steps(random_twin(net, 7 + k), series, 1, how="gradient", controls=0) for k in range(2)]
    assert made.control == pytest.approx(np.mean([spearmanr(made.values, a.values).statistic for a in alone]))
    assert alone[0].control is None


def test_a_cell_that_is_called_step_by_step() -> None:
    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.cell, self.head = nn.Embedding(4, 3), nn.GRUCell(3, 5), nn.Linear(5, 4)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.of(self.embedding(tokens))

        def of(self, x: Tensor) -> Tensor:
            h, made = None, []
            for step in x.unbind(1):
                h = self.cell(step, h)
                made.append(self.head(h))
            return torch.stack(made, 1)

    module, tokens = Cell().double().eval(), np.array([0, 1, 2, 3, 1])
    net = deepro.load(module, input_shape=(5,))
    x = module.embedding(torch.tensor(tokens))[None].detach().requires_grad_()
    y = module.of(x)[0, 3, 2]
    gradient = torch.autograd.grad(y, x)[0][0].norm(dim=1).numpy()
    assert np.abs(attribute_steps(net, tokens, 2, step=3, how="gradient").values - gradient).max() < 1e-12
    occluded = attribute_steps(net, tokens, 2, step=3, how="occlusion").values
    for t in range(5):
        zeroed = x.detach().clone()
        zeroed[0, t] = 0
        assert occluded[t] == pytest.approx((y - module.of(zeroed)[0, 3, 2]).item(), abs=1e-12)


class Late(nn.Module):
    """An output that jumps up late on the way from zero."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        total = x.sum((1, 2))[:, None]
        return torch.cat([torch.sigmoid(300 * (total - at)) for at in (0.83, 0.4)], 1)


def test_integrated_gradients_add_up_or_say_that_they_do_not() -> None:
    net = deepro.load(Late().double(), input_shape=(4, 2))
    series = np.full((4, 2), 1 / 8)
    made = attribute_steps(net, series, 0, samples=8, controls=0)
    rise = made.deletion[0] - made.deletion[-1]
    assert rise == pytest.approx(1)
    assert abs(made.gap) <= 0.05 * rise
    assert made.values.sum() + made.gap == pytest.approx(rise)
    assert not any("note" in line for line in record_of(made).lines(made))
    rough = attribute_steps(net, series, 0, samples=8, controls=0, doublings=0)
    assert abs(rough.gap) > 0.05 * rise
    assert "miss more than 5%" in record_of(rough).lines(rough)[-1]
    assert "miss more than 5%" in record_of(rough).says(rough)


def test_bad_input_is_said() -> None:
    net = planted()
    with pytest.raises(UsageError, match="one sequence at a time"):
        attribute_steps(net, ["ab", "ba"])
    with pytest.raises(UsageError, match="step is 7"):
        attribute_steps(net, "ab", step=7)


@pytest.mark.parametrize("how", ["integrated_gradients", "omission"])
def test_every_output_is_told_as_it_is_alone(how: str) -> None:
    torch.manual_seed(0)
    series = np.random.default_rng(1).normal(size=(5, 2))
    net = deepro.load(PerStep().double(), input_shape=(5, 2))
    made = attribute_steps(net, series, how=how, samples=8, every=True)
    assert made.every is not None
    assert made.every["step"].tolist() == [0, 1, 2, 3, 4]
    for step in range(5):
        alone = attribute_steps(net, series, step=step, how=how, samples=8)
        assert made.every["target"][step] == alone.target
        assert made.every["score"][step] == alone.score
        for name in ("values", "deletion", "random"):
            assert np.array_equal(made.every[name][step], getattr(alone, name), equal_nan=True)
    # One answer for the whole sequence is told once.
    last = attribute_steps(deepro.load(PerStep(True).double(), input_shape=(5, 2)), series, step=4, how=how, every=True)
    assert last.every is not None
    assert last.every["step"].tolist() == [4]
