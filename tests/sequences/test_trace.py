"""Traces against the module's own output and against a cell loop written by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import deepro
from deepro.errors import LayerError, NetworkError, UnsupportedError, UsageError
from deepro.methods.sequences import recurrent
from deepro.methods.sequences.trace import trace
from deepro.network.vocabulary import Vocabulary
from tests.reference.recurrent import unroll

KINDS = {
    "lstm": lambda: nn.LSTM(5, 7),
    "lstm stacked, both ways": lambda: nn.LSTM(5, 7, 2, bidirectional=True),
    "lstm projected": lambda: nn.LSTM(5, 7, 3, proj_size=3, batch_first=True, dropout=0.5),
    "lstm projected, both ways": lambda: nn.LSTM(5, 7, 2, proj_size=3, bidirectional=True),
    "lstm without bias": lambda: nn.LSTM(5, 7, 2, bias=False, batch_first=True),
    "gru": lambda: nn.GRU(5, 7, 2, batch_first=True, dropout=0.5),
    "gru both ways, without bias": lambda: nn.GRU(5, 7, 2, bias=False, bidirectional=True),
    "rnn tanh": lambda: nn.RNN(5, 7, 2, bidirectional=True, batch_first=True),
    "rnn relu": lambda: nn.RNN(5, 7, 2, nonlinearity="relu"),
}
LIMITS = {torch.float32: 1e-6, torch.float64: 1e-12}


def load(module: nn.Module, **options):
    return deepro.load(module, **options)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_module_and_a_cell_loop(kind: str, dtype: torch.dtype) -> None:
    module = KINDS[kind]().to(dtype)
    x = torch.randn(6, 4, 5, dtype=dtype)
    given = x.transpose(0, 1).contiguous() if module.batch_first else x
    made = trace(load(module), given)
    with torch.no_grad():
        own = module.eval()(given)[0]
    own = own if module.batch_first else own.transpose(0, 1)
    last = made.h[made.layers[-1]]
    assert np.abs(np.concatenate(list(last), -1) - own.numpy()).max() <= LIMITS[dtype]
    assert max(made.checks.values()) <= LIMITS[dtype]
    assert last.dtype == (np.float64 if dtype == torch.float64 else np.float32)
    for n in range(4):
        with torch.no_grad():
            loop = unroll(module, x[:, n])
        for layer, states in zip(made.layers, loop, strict=True):
            for name, expected in states.items():
                have = {"h": made.h, "c": made.c, **made.gates}[name][layer][:, n]
                assert np.abs(have - expected.numpy()).max() <= LIMITS[dtype], (layer, name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_a_stack_run_layer_by_layer_gives_the_same_bits(kind: str) -> None:
    module = KINDS[kind]().eval()
    x = torch.randn(6, 4, 5)
    states = 2 if isinstance(module, nn.LSTM) else 1
    with torch.no_grad():
        plain = module(x)
        with recurrent.Recorder(module):
            inside = module(x)
    assert torch.equal(plain[0], inside[0])
    pairs = zip(plain[1], inside[1], strict=True) if states == 2 else [(plain[1], inside[1])]
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("kind", ["lstm stacked, both ways", "gru", "rnn relu"])
def test_packed(kind: str) -> None:
    module = KINDS[kind]().double().eval()
    lengths = torch.tensor([3, 6, 1, 4])
    x = torch.randn(6, 4, 5, dtype=torch.float64)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    made = trace(load(module), packed)
    with torch.no_grad():
        own = pad_packed_sequence(module(packed)[0])[0].transpose(0, 1).numpy()
    assert np.abs(np.concatenate(list(made.h[made.layers[-1]]), -1) - own).max() <= 1e-12
    assert made.lengths[made.layers[0]].tolist() == lengths.tolist()
    for n, length in enumerate(lengths):
        with torch.no_grad():
            loop = unroll(module, x[:length, n])
        for layer, states in zip(made.layers, loop, strict=True):
            for name, expected in states.items():
                have = {"h": made.h, "c": made.c, **made.gates}[name][layer][:, n, :length]
                assert np.abs(have - expected.numpy()).max() <= 1e-12, (layer, name, n)


class Decoder(nn.Module):
    """An encoder and a decoder that is called step by step, with a cell beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.GRU(5, 6, batch_first=True)
        self.decoder = nn.LSTM(6, 6, 2, batch_first=True)
        self.cell = nn.LSTMCell(6, 4)
        self.never = nn.RNN(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        _, h = self.encoder(x)
        state, own, outputs = (h.repeat(2, 1, 1), torch.ones_like(h).repeat(2, 1, 1)), None, []
        y = x.new_zeros(len(x), 1, 6)
        for _ in range(5):
            y, state = self.decoder(y, state)
            own = self.cell(y[:, 0], own)
            outputs.append(own[0].clone())
            own[0].relu_()  # what happens in place later must not change what was recorded
        return torch.stack(outputs, 1)


def test_a_decoder_called_many_times_is_one_sequence() -> None:
    module = Decoder().double().eval()
    x = torch.randn(3, 4, 5, dtype=torch.float64)
    made = trace(load(module), x)
    assert made.layers == ("encoder", "decoder.l0", "decoder.l1", "cell")
    assert made.h["decoder.l1"].shape == (1, 3, 5, 6)
    assert made.h["decoder"].shape == (2, 1, 3, 5, 6)
    with torch.no_grad():
        own = module(x).numpy()
    assert np.abs(made.h["cell"][0] - own).max() <= 1e-12
    assert max(made.checks.values()) <= 1e-12
    assert made.gates["r"]["encoder"].shape == (1, 3, 4, 6)
    only = trace(load(module), x, ["decoder.l1"])
    assert only.layers == ("decoder.l1",)
    assert np.array_equal(only.c["decoder.l1"], made.c["decoder.l1"])


def test_a_module_called_twice_from_zero_is_two_sequences() -> None:
    class Twins(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(5, 6, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            x = x.clone()
            one = self.rnn(x)[0]
            x.neg_()  # in place, after it was read: what was recorded must not change
            return one + self.rnn(x, torch.zeros(1, len(x), 6))[0]

    module, x = Twins().eval(), torch.randn(2, 4, 5)
    made = trace(load(module), x)
    assert made.layers == ("rnn", "rnn:2")
    assert not np.allclose(made.h["rnn"], made.h["rnn:2"])
    assert max(made.checks.values()) < 1e-6
    assert np.array_equal(made.inputs["rnn"], x.numpy())
    assert np.array_equal(made.inputs["rnn:2"], -x.numpy())


def test_unequal_sequences_never_see_padding() -> None:
    module = nn.LSTM(3, 4, bidirectional=True, batch_first=True)
    net = load(module)
    series = [np.random.default_rng(k).normal(size=(t, 3)).astype("f4") for k, t in enumerate((5, 1, 9, 5))]
    together = trace(net, series)
    assert together.lengths["lstm"].tolist() == [5, 1, 9, 5]
    for n, one in enumerate(series):
        alone = trace(net, one)
        assert np.allclose(together.h["lstm"][:, n, : len(one)], alone.h["lstm"][:, 0], atol=1e-6)
        assert not together.h["lstm"][:, n, len(one) :].any()


def test_a_text_its_tokens_and_its_file_are_one_sequence(tmp_path: Path) -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(3, 4)
            self.rnn = nn.LSTM(4, 5, batch_first=True)
            self.head = nn.Linear(5, 3)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.head(self.rnn(self.embedding(tokens))[0])

    net = load(Reader(), preprocess=Vocabulary(("a", "b", " ")), input_shape=(8,))
    text = "ab ba"
    made = trace(net, text)
    file = tmp_path / "text.txt"
    file.write_text(text)
    for same in ([0, 1, 2, 1, 0], np.array([0, 1, 2, 1, 0]), file, [text]):
        again = trace(net, same)
        assert np.array_equal(again.h["rnn"], made.h["rnn"])
        assert again.texts == (text,)
        assert again.provenance.key == made.provenance.key
    assert made.outputs.shape == (1, 5, 3)
    with pytest.raises(UsageError, match=r"'x' at step 2"):
        trace(net, "abxa")
    with pytest.raises(UsageError, match="token 7 at step 1"):
        trace(net, [0, 7])
    bare = load(Reader(), input_shape=(8,))
    with pytest.raises(UsageError, match=r"token 9 .* tokens 0 to 2"):
        trace(bare, [0, 9])
    with pytest.raises(UsageError, match="vocabulary"):
        trace(bare, text)


@pytest.mark.parametrize("kind", ["time first", "batch first", "cells", "cells, time first"])
def test_which_axis_is_time_is_found_out(kind: str) -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.head = nn.Embedding(6, 4), nn.Linear(5, 6)
            self.rnn = nn.GRUCell(4, 5) if "cells" in kind else nn.GRU(4, 5, batch_first=kind == "batch first")

        def forward(self, tokens: Tensor) -> Tensor:
            x = self.embedding(tokens)
            if "cells" not in kind:
                return self.head(self.rnn(x)[0])
            axis, h, made = 0 if "first" in kind else 1, None, []
            for step in x.unbind(axis):
                h = self.rnn(step, h)
                made.append(self.head(h))
            return torch.stack(made, axis)

    module = Reader().double().eval()
    net = load(module, preprocess=Vocabulary(("<pad>", "a", "b", "c", " ", "\n")))
    texts = ["abca", "b", "ca"]
    made = trace(net, texts)
    assert made.lengths["rnn"].tolist() == [4, 1, 2]
    assert made.outputs.shape == (3, 4, 6)
    h = torch.zeros(5, dtype=torch.float64)
    with torch.no_grad():
        for t, token in enumerate(net.preprocess.encode("abca")):
            h = (module.rnn(module.embedding(token), h) if "cells" in kind
                 else module.rnn(module.embedding(token)[None], h[None])[0][0])  # fmt: skip
            assert np.abs(made.h["rnn"][0, 0, t] - h.numpy()).max() < 1e-12
    assert net.label(1) == "a"  # as many outputs as tokens are named by them


def test_a_cell_of_ones_own(tmp_path: Path) -> None:
    class Leaky(nn.Module):
        def forward(self, x: Tensor, h: Tensor) -> Tensor:
            return 0.9 * h + 0.1 * x

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.leaky = Leaky()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, x: Tensor) -> Tensor:
            h = torch.zeros_like(x[:, 0])
            for t in range(x.shape[1]):
                h = self.leaky(x[:, t], h)
            return h * self.weight

    x = torch.randn(2, 4, 3)
    with pytest.raises(LayerError, match="no recurrent module"):
        trace(load(Outer()), x)
    recurrent.register_cell(Leaky, lambda module, args, kwargs, output: {"h": output, "step": 0.1 * args[0]})
    try:
        made = trace(load(Outer()), x)
        recurrent._CELLS[Leaky] = lambda module, args, kwargs, output: {"h": output + 1}
        with pytest.raises(NetworkError, match="differ from what it returned by 1"):
            trace(load(Outer()), x)
        recurrent._CELLS[Leaky] = lambda module, args, kwargs, output: {"h": output.repeat(1, 2)}
        wide = trace(load(Outer()), x)
        wide.save(tmp_path / "wide")
        assert np.isnan(deepro.open(tmp_path / "wide").checks["leaky"])  # no self-test could be made
    finally:
        del recurrent._CELLS[Leaky]
    assert np.allclose(made.h["leaky"][0, :, 0], 0.1 * x[:, 0])
    assert np.allclose(made.gates["step"]["leaky"][0], 0.1 * x.numpy())
    assert made.checks == {"leaky": 0.0}


def test_one_step_is_enough_and_none_is_refused() -> None:
    net = load(nn.LSTM(3, 4))
    assert trace(net, np.ones((1, 3))).h.shape == (1, 1, 1, 1, 4)
    for empty in ([], np.ones((0, 3)), torch.ones(0, 1, 3)):
        with pytest.raises(UsageError, match=r"empty|no sequence"):
            trace(net, empty)


def test_what_cannot_be_traced_is_said() -> None:
    with pytest.raises(NetworkError, match="never called 'never'"):
        trace(load(Decoder()), torch.randn(1, 2, 5), "never")
    with pytest.raises(LayerError, match="did you mean decoder"):
        trace(load(Decoder()), torch.randn(1, 2, 5), "decoderr")
    with pytest.raises(LayerError, match="decoder has layers l0 to l1"):
        trace(load(Decoder()), torch.randn(1, 2, 5), "decoder.l2")

    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return x

    with pytest.raises(NetworkError, match="never called its recurrent module rnn"):
        trace(load(Idle()), torch.randn(1, 2, 2))
    with pytest.raises(UnsupportedError, match="scripted"):
        trace(load(torch.jit.script(nn.Sequential(nn.LSTM(2, 2)))), torch.randn(1, 2, 2))
    with pytest.raises(UsageError, match="NaN at step 1"):
        trace(load(nn.LSTM(1, 2)), np.array([0.0, np.nan]))
    with pytest.raises(UsageError, match="infinity at step 0"):
        trace(load(nn.LSTM(1, 2)), np.array([np.inf, 1.0]))
    broken = nn.LSTM(1, 2)
    net = load(broken)
    with torch.no_grad():
        broken.weight_ih_l0[0] = float("nan")
    with pytest.raises(NetworkError, match=r"'lstm' has NaN .* step 0"):
        trace(net, np.ones(3))
    with pytest.raises(NetworkError, match="cannot run on"):
        trace(load(nn.LSTM(2, 2)), np.ones((3, 5)))

    class Changed(nn.LSTM):
        def forward(self, x, hx=None):
            out, state = super().forward(x, hx)
            return out * 0.5, state

    with pytest.raises(NetworkError, match="differ from what it returned"):
        trace(load(Changed(1, 2)), np.ones(3))


@pytest.mark.filterwarnings("ignore")
def test_quantised() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.rnn(x)[0]

    try:
        small = torch.ao.quantization.quantize_dynamic(Outer(), {nn.LSTM})
    except (RuntimeError, NotImplementedError, AttributeError) as error:
        pytest.skip(f"this torch cannot quantise here: {error}")
    with pytest.raises(UnsupportedError, match="quantised"):
        trace(load(small), torch.randn(1, 2, 2))


def test_nothing_is_left_behind() -> None:
    module = nn.LSTM(3, 4, 2, dropout=0.5).train()
    before = torch.random.get_rng_state()
    trace(load(module), torch.randn(5, 2, 3))
    torch.random.set_rng_state(before)
    assert module.training
    assert not module._forward_hooks
    assert not module._forward_pre_hooks
    assert all(p.requires_grad and p.grad is None for p in module.parameters())


def test_saved_and_opened(tmp_path: Path) -> None:
    made = trace(load(nn.LSTM(3, 4, 2)), torch.randn(5, 2, 3))
    made.save(tmp_path / "trace")
    again = deepro.open(tmp_path / "trace")
    assert again.h.shape == (2, 1, 2, 5, 4)
    for name in ("i", "f", "g", "o"):
        assert np.array_equal(again.gates[name]["lstm.l1"], made.gates[name]["lstm.l1"])
    assert np.array_equal(np.asarray(again.c), np.asarray(made.c))
    assert again.h[1, 0, 1, 4, 3] == made.h["lstm.l1"][0, 1, 4, 3]


def test_half_precision_of_a_long_sequence_needs_no_more_than_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    net = deepro.load(nn.LSTM(3, 5, 2, batch_first=True))
    series = [np.random.default_rng(n).normal(size=(length, 3)).astype("f4") for n, length in enumerate((500, 40))]
    whole = deepro.trace(net, series, precision="half")
    module = sys.modules["deepro.methods.sequences.trace"]
    monkeypatch.setattr(module, "LONG", 64)
    cut = deepro.trace(net, series, precision="half")
    assert cut.h["lstm.l1"].dtype == np.float16
    for name in whole.layers:
        assert cut.lengths[name].tolist() == [500, 40]
        for state in ("h", "c", "f"):
            for one, other in zip(whole.states(name, state), cut.states(name, state), strict=True):
                assert np.allclose(one, other, atol=2e-3)
    assert whole.outputs is not None
    assert cut.outputs is not None
    assert np.allclose(whole.outputs, cut.outputs, atol=1e-5)
    seen: list[int] = []
    hook = net.module.register_forward_hook(lambda _m, args, _o: seen.append(args[0].shape[1]))
    deepro.trace(net, series, precision="half", states="h")
    hook.remove()
    assert max(seen) <= 192  # no pass over more than what is tried, and a piece
    both = deepro.load(nn.LSTM(3, 5, batch_first=True, bidirectional=True))  # cannot go on where a piece ends
    assert deepro.trace(both, series, precision="half").lengths["lstm"].tolist() == [500, 40]
