"""Gates that oneDNN's LSTM kept of itself, against the cell loop written by hand and against the two products."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.errors import NetworkError, UnsupportedError
from deepro.methods.sequences import stack
from deepro.methods.sequences.gates import Weights
from deepro.methods.sequences.recurrent import LayerStates, Recorder
from tests.reference.recurrent import unroll

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")

KINDS = {
    "odd widths": lambda: nn.LSTM(5, 7),
    "both ways": lambda: nn.LSTM(5, 7, 2, bidirectional=True),
    "batch first, both ways": lambda: nn.LSTM(5, 100, 2, batch_first=True, bidirectional=True),
    "without bias": lambda: nn.LSTM(5, 33, 3, bias=False, batch_first=True),
    "rows that end with a page": lambda: nn.LSTM(5, 64, 2),  # 4 * 64 numbers: what is kept has a gap after them
    "rows that do not": lambda: nn.LSTM(5, 96),
}


@pytest.fixture(autouse=True)
def always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "WORTH", 0)


@pytest.fixture
def proofs() -> Iterator[list[bool]]:
    """What each comparison of a kernel's gates with the weights' said."""
    said: list[bool] = []
    real = Weights._proves

    def spy(self: Weights, *given) -> bool:
        said.append(real(self, *given))
        return said[-1]

    with patch.object(Weights, "_proves", spy):
        yield said


def record(module: nn.Module, *given) -> tuple[Tensor, list[LayerStates]]:
    with torch.no_grad(), Recorder(module) as recorder:
        output = module(*given)
        return output[0] if isinstance(output, tuple) else output, recorder.layers()


def compare(module: nn.LSTM, x: Tensor, made: list[LayerStates], state: tuple[Tensor, Tensor] | None = None) -> None:
    """x: (T, N, F)."""
    exact = copy.deepcopy(module).double()
    for n in range(x.shape[1]):
        own = None if state is None else (state[0][:, n].double(), state[1][:, n].double())
        with torch.no_grad():
            loop = unroll(exact, x[:, n].double(), own)
        for layer, expected in zip(made, loop, strict=True):
            for name, values in expected.items():
                have = {"h": layer.h, "c": layer.c, **layer.gates}[name]
                assert have is not None
                assert (have[:, n] - values).abs().max() <= 1e-6, (layer.name, name)


@pytest.mark.parametrize("pieces", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_they_are_those_of_the_cell_loop(
    kind: str, pieces: int, proofs: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = KINDS[kind]().eval()
    x = torch.randn(22, 3, 5)
    if pieces > 1:
        monkeypatch.setattr(stack, "PIECE", 64 * 3 * module.hidden_size * 6)
    rows = module.num_layers * (2 if module.bidirectional else 1)
    state = (torch.randn(rows, 3, module.hidden_size), torch.randn(rows, 3, module.hidden_size))
    given = x.transpose(0, 1).contiguous() if module.batch_first else x
    for start in (None, state):
        output, made = record(module, given, *([] if start is None else [start]))
        compare(module, x, made, start)
        assert max(layer.check for layer in made) <= 1e-6
        plain, ends = module(given, start)
        assert (output - plain).abs().max() <= 1e-6
        with torch.no_grad(), Recorder(module):
            inside = module(given, start)[1]
        assert all(torch.allclose(a, b, rtol=0, atol=1e-6) for a, b in zip(ends, inside, strict=True))
    assert proofs == [True] * 2 * rows  # and they are the kernel's: none was computed again


def test_accesss_that_lie_otherwise_are_not_believed(proofs: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    module, x = nn.LSTM(5, 16, 2).eval(), torch.randn(30, 2, 5)
    real = stack._kept

    def swapped(made: Tensor) -> tuple[Tensor, ...] | None:
        i, f, g, o = real(made) or ()
        return g, f, i, o  # the same c and h, so that the self-test alone would not see it

    monkeypatch.setattr(stack, "_kept", swapped)
    compare(module, x, record(module, x)[1])
    assert proofs == [False, False]


@pytest.mark.parametrize("why", ["no oneDNN", "nothing kept", "float64", "short", "gradients"])
def test_where_there_are_none_the_products_give_them(
    why: str, proofs: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, x = nn.LSTM(5, 16, 2).eval(), torch.randn(12, 2, 5)
    if why == "float64":
        module, x = module.double(), x.double()
    if why == "short":
        monkeypatch.setattr(stack, "WORTH", 12 * 2 * sum(p.numel() for p in module.parameters()) + 1)
    if why == "nothing kept":
        monkeypatch.setattr(stack, "_kept", lambda made: None)
    if why == "gradients":
        with Recorder(module) as recorder:
            output = module(x)[0]
            made = recorder.layers()
        assert output.requires_grad  # nobody's backward pass is cut off
        with torch.no_grad():
            compare(module, x, made)
    else:
        with torch.backends.mkldnn.flags(enabled=why != "no oneDNN"):
            compare(module, x, record(module, x)[1])
    assert not proofs


@pytest.mark.parametrize("least", [0, 5])
def test_a_long_call_and_then_one_step_at_a_time(
    least: int, proofs: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(5, 8, 2)

        def forward(self, x: Tensor) -> Tensor:
            state = None
            for piece in (x[:10], x[10:11], x[11:]):
                out, state = self.lstm(piece, state)
            return out

    module, x = Reader().eval(), torch.randn(20, 2, 5)
    monkeypatch.setattr(stack, "WORTH", least * 2 * sum(p.numel() for p in module.parameters()))
    compare(module.lstm, x, record(module, x)[1])
    assert all(proofs)
    assert bool(proofs) == (least == 0)  # where one call shows no gates, all are computed


def test_what_is_kept_at_a_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    real = stack._kept

    def spy(made: Tensor) -> tuple[Tensor, ...] | None:
        sizes.append(made.numel() * 64)
        return real(made)

    monkeypatch.setattr(stack, "_kept", spy)
    record(nn.LSTM(4, 256).eval(), torch.randn(5000, 1, 4))
    assert len(sizes) > 1
    assert max(sizes) <= stack.PIECE


@pytest.mark.parametrize("least", [0, 10**9])
def test_a_forward_under_autocast_is_refused_in_words(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cast(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(4, 8, 2)

        def forward(self, x: Tensor) -> Tensor:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.rnn(x)[0].float()

    monkeypatch.setattr(stack, "WORTH", least)
    with pytest.raises(UnsupportedError, match=r"'rnn' gives torch.bfloat16 .* autocast; trace it without"):
        deepro.trace(deepro.load(Cast()), torch.randn(20, 2, 4))


def test_what_runs_in_inference_mode_is_traced_by_products(proofs: list[bool]) -> None:
    class Closed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(4, 8, 2)

        @torch.inference_mode()
        def forward(self, x: Tensor) -> Tensor:
            return self.rnn(x)[0]

    module, x = Closed().eval(), torch.randn(20, 2, 4)
    compare(module.rnn, x, record(module, x)[1])
    assert not proofs


def test_a_changed_forward_of_a_stack_is_found() -> None:
    class Changed(nn.LSTM):
        def forward(self, x, hx=None):
            out, state = super().forward(x, hx)
            return out * 0.5, state

    with pytest.raises(NetworkError, match="differ from what it returned"):
        deepro.trace(deepro.load(Changed(3, 8, 2)), torch.randn(12, 1, 3))
