"""Losses, state spaces, responses, automata and attention on networks of which the answer is known."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

import deepro
from deepro.errors import UnsupportedError, UsageError
from deepro.methods.sequences.attention import attention
from deepro.methods.sequences.automaton import automaton, follows
from deepro.methods.sequences.hold import intervene
from deepro.methods.sequences.intervene import Hold, intervening
from deepro.methods.sequences.losses import copies, loss_breakdown
from deepro.methods.sequences.ngram import NGram
from deepro.methods.sequences.responses import alike, responses
from deepro.methods.sequences.space import graph_fidelity, state_space
from deepro.network.vocabulary import Vocabulary
from tests.sequences.planted import Planted, planted, texts


class Fixed(nn.Module):
    """Gives every next token the same logits: 0, 1, 2 and 3 for four tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.arange(4.0))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.bias.expand(*tokens.shape, 4)


def test_losses_by_hand() -> None:
    net = deepro.load(Fixed(), input_shape=(8,))
    sequences = [np.array([0, 1, 2, 3, 3, 3]), np.array([3, 3, 3, 0])]
    made = loss_breakdown(net, sequences, order=2, copy=2)
    log = math.log(sum(math.exp(k) for k in range(4)))
    assert np.isnan(made.losses[0][0])
    assert np.allclose(made.losses[0][1:], [log - k for k in (1, 2, 3, 3, 3)])
    first, second = NGram([sequences[1]], 4, 2), NGram([sequences[0]], 4, 2)
    assert np.allclose(made.ngram[0][1:], first.losses(sequences[0])[1:])
    assert np.allclose(made.ngram[1][1:], second.losses(sequences[1])[1:])
    rows = {r["group"]: r for r in made.groups}
    every = rows["every token"]
    assert every["steps"] == 8
    assert every["loss"] == pytest.approx(np.nanmean(np.concatenate(made.losses)))
    assert rows["common tokens"]["steps"] == 5  # the threes that are told by somebody
    assert rows["common tokens"]["loss"] == pytest.approx(log - 3)
    assert made.counted is None
    many = {r["group"]: r for r in loss_breakdown(net, [np.repeat([3, 0, 1, 2], [50, 30, 18, 2])], order=1).groups}
    assert many["rare tokens"]["steps"] == 2
    assert many["rare tokens"]["loss"] == pytest.approx(log - 2)
    lines = {r["group"]: r["steps"] for r in loss_breakdown(planted(), ["ab\nab\n", "ba\n"]).groups}
    assert lines["line starts"] == 1  # what ends a line begins none
    assert lines["every token"] == 7
    trained = loss_breakdown(net, sequences, [np.array([3, 3, 3, 3])], order=2)
    assert trained.counted == 4


def test_copies_by_brute_force() -> None:
    tokens = np.random.default_rng(0).integers(0, 3, 60)
    found = copies(tokens, 3)
    for end in range(60):
        run = tokens[end - 3 : end + 1].tolist()
        seen = any(tokens[s : s + 4].tolist() == run for s in range(end - 3)) if end >= 3 else False
        assert found[end] == seen


def test_losses_need_tokens_and_logits() -> None:
    with pytest.raises(UsageError, match="told of tokens"):
        loss_breakdown(deepro.load(Fixed(), input_shape=(8,)), np.zeros((5, 2), "f4"))

    class Last(Fixed):
        def forward(self, tokens: Tensor) -> Tensor:
            return super().forward(tokens)[:, -1]

    with pytest.raises(UnsupportedError, match="no row of logits"):
        loss_breakdown(deepro.load(Last(), input_shape=(8,)), [[0, 1, 2]])


class Flip(nn.Module):
    """Token 1 turns the state round (+1, -1), token 0 keeps it; one unit."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(torch.tensor([[0.0], [1.0]]))
        self.rnn = nn.LSTM(1, 3, batch_first=True)
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            for p in self.rnn.parameters():
                p.zero_()
            u = 3
            w_ih, w_hh, b = self.rnn.weight_ih_l0, self.rnn.weight_hh_l0, self.rnn.bias_ih_l0
            w_ih[0, 0], b[0] = 40.0, -20.0  # i opens at 1
            w_ih[u, 0], b[u] = -40.0, 20.0  # f closes at 1
            w_hh[2 * u, 0], b[2 * u] = -20.0, 1.0  # g is minus the sign of h; + from zero
            b[3 * u] = 20.0
            self.head.weight.zero_()
            self.head.bias.zero_()
            self.head.weight[1, 0], self.head.weight[0, 0] = 5.0, -5.0
            self.head.bias[0] = 0.5  # before the first 1 the state is a little above zero

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(tokens))[0])


def flip() -> deepro.Network:
    return deepro.load(Flip(), preprocess=Vocabulary(("0", "1")), labels=["even", "odd"], input_shape=(6,))


def test_the_automaton_of_a_parity_counter() -> None:
    pytest.importorskip("aalpy", reason="AALpy is not installed")
    made = automaton(flip(), accept="odd", length=12, words=100)
    assert made.transitions.shape == (2, 2)
    assert made.accepting.tolist() == [False, True]
    assert made.transitions.tolist() == [[0, 1], [1, 0]]
    assert made.fidelity == made.balanced == 1
    assert made.complete
    assert not made.counterexamples
    assert made.alphabet == ("0", "1")
    assert follows(made.transitions, made.accepting, [1, 0, 1, 1])


def test_an_automaton_cut_short_says_where_it_is_wrong() -> None:
    pytest.importorskip("aalpy", reason="AALpy is not installed")

    class Three(nn.Module):
        """Accepts words in which the number of ones is divisible by three."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, tokens: Tensor) -> Tensor:
            return ((tokens.sum(1) % 3 == 0).float() * 2 - 1)[:, None] * self.weight

    net = deepro.load(Three(), input_shape=(6,))
    short = automaton(net, [0, 1], rounds=1, length=10, words=200)
    assert not short.complete
    assert short.fidelity < 1
    assert short.counterexamples
    lengths = [len(c) for c in short.counterexamples]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]
    shortest = short.counterexamples[0]
    word = [int(a) for a in shortest]
    assert follows(short.transitions, short.accepting, word) != (sum(word) % 3 == 0)
    whole = automaton(net, [0, 1], length=10, words=200, empty=True)
    assert len(whole.accepting) == 3
    assert whole.fidelity == 1
    with pytest.raises(UsageError, match="name the alphabet"):
        automaton(net)


def test_rare_words_weigh_as_much_as_common_ones() -> None:
    pytest.importorskip("aalpy", reason="AALpy is not installed")

    class Six(Fixed):
        """Accepts words with six ones in a row, which few are."""

        def forward(self, tokens: Tensor) -> Tensor:
            runs = nn.functional.pad(tokens, (5, 0)).unfold(1, 6, 1).sum(2)
            return ((runs == 6).any(1).float() - 0.5)[:, None] * self.bias[1]

    made = automaton(deepro.load(Six(), input_shape=(6,)), [0, 1], rounds=1, length=16, words=300)
    assert made.accepting.tolist() == [False]  # from short words nothing is learned
    assert made.fidelity == made.baseline > 0.8
    assert made.balanced == 0.5


def test_regions_of_a_state_that_flips(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    sequences = [generator.integers(0, 2, 80) for _ in range(4)]
    made = state_space(flip(), sequences, regions=2, state="c")
    odd = np.concatenate([np.cumsum(s) % 2 for s in sequences]).astype(bool)
    regions = np.concatenate(made.regions)
    begun = np.concatenate([np.cumsum(s) > 0 for s in sequences])  # before the first 1 the state is 0
    assert max((regions == odd)[begun].mean(), (regions != odd)[begun].mean()) == 1
    assert made.stability == pytest.approx(1, abs=0.05)
    assert made.fidelity > 0.95 > 0.7 > made.baseline
    assert made.explained[0] > 0.99
    total = np.zeros((2, 2), int)
    for part in made.regions:
        for a, b in itertools.pairwise(part):
            total[a, b] += 1
    assert np.array_equal(total, made.moves)
    made.figure().savefig(tmp_path / "space.png")
    with pytest.raises(UsageError, match="cannot be divided"):
        state_space(flip(), [[0, 1, 1]], regions=5)


def test_graph_fidelity_by_hand() -> None:
    parts = [np.array([0, 1, 0, 1, 0]), np.array([0, 1, 1, 0])]
    right, lucky = graph_fidelity(parts, None, 2)
    assert right == pytest.approx(2 / 3)  # 0>1 right, 1>1 wrong, 1>0 right
    assert lucky == pytest.approx(1 / 3)  # 0 and 1 are as common as each other, 0 is taken; one step stays
    _, lucky = graph_fidelity([parts[0], np.array([0, 1, 0, 0])], None, 2)
    assert lucky == pytest.approx(2 / 3)  # the most frequent region is right more often than staying


def test_responses_are_mean_updates_and_clusters_are_found() -> None:
    net, corpus = planted(), texts(6, 160)
    made = responses(net, corpus, state="c", clusters=2)
    trace = deepro.trace(net, corpus)
    onto: dict[str, list[np.ndarray]] = {}
    for n, text in enumerate(corpus):
        states = trace.c["rnn"][0, n, : len(text)]
        for step, letter in enumerate(text):
            onto.setdefault(letter, []).append(states[step] - (states[step - 1] if step else 0))
    for k, token in enumerate(made.tokens):
        assert np.allclose(made.values[k], np.mean(onto[token], 0), atol=1e-5)
        assert made.counts[k] == len(onto[token])
    # A quote opens and closes: its mean update says little, and the two halves differ by more than there is to say.
    assert made.noise > 1
    same = alike(made, made)
    assert same.correlation == pytest.approx(1)
    assert same.p < 0.05
    assert same.agreement == pytest.approx(1)
    assert (same.layer, same.state, same.other_layer) == (made.layer, "c", made.layer)
    compared = deepro.compare_responses(net, net, corpus, state="c")
    assert compared.provenance.parameters["other"]["fingerprint"] == net.fingerprint
    assert compared.correlation == pytest.approx(1)


class Blocks(nn.Module):
    """Tokens 0 to 5 move units 0 to 7, tokens 6 to 11 the others; nothing is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.rnn, self.head = nn.Embedding(12, 16), nn.RNN(16, 16, batch_first=True), nn.Linear(16, 12)
        drawn = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            self.embedding.weight.copy_(torch.block_diag(*drawn))
            for p in self.rnn.parameters():
                p.zero_()
            self.rnn.weight_ih_l0.copy_(torch.eye(16))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(tokens))[0])


def test_planted_blocks_of_responses_are_found() -> None:
    sequences = [np.random.default_rng(k).integers(0, 12, 400) for k in range(3)]
    made = responses(deepro.load(Blocks(), input_shape=(8,)), sequences, clusters=2)
    tokens = made.token_clusters[np.argsort([int(t) for t in made.tokens])]
    for clusters, half in ((tokens, 6), (made.unit_clusters, 8)):
        assert len(set(clusters[:half])) == len(set(clusters[half:])) == 1
        assert clusters[0] != clusters[-1]
    assert min(made.stability) > 0.9
    assert max(made.chance) < 0.5
    # Another network of other units: likeness of tokens by hand, and how often chance reaches it.
    drawn = np.random.default_rng(9).normal(size=(12, 30))
    compared = alike(made, replace(made, values=drawn, tokens=made.tokens[::-1]))
    cosines = [[], []]
    for a, b in itertools.combinations(made.tokens, 2):
        for k, (names, rows) in enumerate(((made.tokens, made.values), (made.tokens[::-1], drawn))):
            x, y = rows[names.index(a)], rows[names.index(b)]
            cosines[k].append(x @ y / np.linalg.norm(x) / np.linalg.norm(y))
    assert compared.correlation == pytest.approx(spearmanr(*cosines).statistic, abs=1e-6)
    assert compared.p > 0.05
    pairs = list(itertools.combinations(made.tokens, 2))
    for k, token in enumerate(compared.tokens):
        own = [[c for pair, c in zip(pairs, side, strict=True) if token in pair] for side in cosines]
        assert compared.agreement[k] == pytest.approx(spearmanr(*own).statistic, abs=1e-6)
        for side in (0, 1):
            values = dict(zip(pairs, cosines[side], strict=True))
            for j, other in enumerate(compared.tokens):
                expected = 1 if j == k else values.get((token, other), values.get((other, token)))
                assert compared.likeness[side, k, j] == pytest.approx(expected, abs=1e-6)
    groups = [made.token_clusters[made.tokens.index(t)] for t in compared.tokens]
    assert groups == sorted(groups)
    with pytest.raises(UsageError, match="3 tokens in common"):
        alike(made, replace(made, tokens=(*made.tokens[:3], *"abcdefghi")))


def test_an_intervention_says_what_changes() -> None:
    net, text = planted(), 'ab a"b ab"a'
    unit, inside = Planted.quote, text.index('"')
    made = intervene(net, text, "rnn", unit=unit, start=inside + 1, write=2)
    assert not made.change[: inside + 1].any()
    assert made.change[inside + 1 : inside + 4].min() > 0.4  # inside the quotes the head listens to this cell alone
    held = intervene(net, text, "rnn", unit=unit, how="clamp", value=2.0)
    with torch.no_grad(), intervening(net.module, [Hold("rnn", "c", [unit], [2.0])]):
        rows = net.module(net.preprocess.encode(text)[None])[0].double()
    expected = -rows[:-1].log_softmax(1).gather(1, net.preprocess.encode(text)[1:, None])[:, 0]
    assert np.allclose(held.changed_losses[:-1], expected.numpy(), atol=1e-6)
    assert made.losses[0] == pytest.approx(held.losses[0])
    other = 'a"b a"b a"b'
    swapped = intervene(net, text, "rnn", other, unit=unit, how="swap")
    whole = deepro.trace(net, other).c["rnn"][0, 0, :, unit]
    again = intervene(net, text, "rnn", unit=unit, how="clamp", value=float(whole[0]))
    assert swapped.change[0] == pytest.approx(again.change[0])
    each = [Hold("rnn", "c", [unit], [float(v)], start=t, stop=t + 1) for t, v in enumerate(whole[: len(other)])]
    with torch.no_grad(), intervening(net.module, each):
        rows = net.module(net.preprocess.encode(text)[None])[0].double()
    expected = -rows[:-1].log_softmax(1).gather(1, net.preprocess.encode(text)[1:, None])[:, 0]
    assert np.allclose(swapped.changed_losses[:-1], expected.numpy(), atol=1e-6)
    assert made.written is not None
    assert len(made.written) == len(made.changed_text) == 2
    with pytest.raises(UsageError, match="swap needs"):
        intervene(net, text, "rnn", how="swap")
    with pytest.raises(UsageError, match="start is 99"):
        intervene(net, text, "rnn", start=99)
    with pytest.raises(UsageError, match="units 0 to 7"):
        intervene(net, text, "rnn", unit=9)


class Aligned(nn.Module):
    """Reads tokens, and writes them backwards by attending to each from the last to the first."""

    def __init__(self, functional: bool) -> None:
        super().__init__()
        self.embedding, self.functional, self.softmax = nn.Embedding(4, 4), functional, nn.Softmax(dim=1)
        with torch.no_grad():
            self.embedding.weight.copy_(torch.eye(4))

    def forward(self, tokens: Tensor) -> Tensor:
        read, steps = self.embedding(tokens), torch.arange(tokens.shape[1])
        rows = []
        for out in range(tokens.shape[1]):
            scores = -10.0 * (steps - (tokens.shape[1] - 1 - out)).abs().float().expand(len(tokens), -1)
            weights = scores.softmax(1) if self.functional else self.softmax(scores)
            rows.append((weights[..., None] * read).sum(1))
        return torch.stack(rows, 1)


@pytest.mark.parametrize("functional", [True, False])
def test_attention_that_reads_backwards(functional: bool) -> None:
    net = deepro.load(Aligned(functional), preprocess=Vocabulary(("a", "b", "c", "d")), input_shape=(4,))
    made = attention(net, "abcd")
    assert np.allclose(made.weights, np.eye(4)[::-1], atol=1e-3)
    assert made.read == ("a", "b", "c", "d")
    assert made.written == ("d", "c", "b", "a")
    assert made.sharpness > 0.99


def test_attention_of_a_module_of_several_heads() -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.heads = nn.Embedding(4, 6), nn.MultiheadAttention(6, 2, batch_first=True)

        def forward(self, tokens: Tensor) -> Tensor:
            x = self.embedding(tokens)
            return self.heads(x, x, x, need_weights=False)[0]

    torch.manual_seed(0)
    module = Heads().eval()
    made = attention(deepro.load(module, input_shape=(5,)), np.array([0, 1, 2, 3, 1]))
    with torch.no_grad():
        x = module.embedding(torch.tensor([[0, 1, 2, 3, 1]]))
        expected = module.heads(x, x, x)[1][0]
    assert np.allclose(made.weights, expected.numpy(), atol=1e-6)
    with pytest.raises(UnsupportedError, match="no attention to show"):
        attention(deepro.load(Fixed(), input_shape=(8,)), np.array([0, 1, 2]))


class Framed(nn.Module):
    """Reads a series through a convolution of stride 4, or a picture of it through one of stride 4 both ways, and
    writes three rows, row k by attending to frame k alone."""

    def __init__(self, flat: bool) -> None:
        super().__init__()
        self.flat = flat
        self.convolution = nn.Conv1d(8, 4, 4, 4) if flat else nn.Conv2d(1, 4, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.convolution(x.transpose(1, 2) if self.flat else x[:, None])
        frames = seen.flatten(2).transpose(1, 2)
        each = 1 if self.flat else seen.shape[3]
        rows = []
        for step in range(3):
            on = (torch.arange(frames.shape[1]) // each == step).float().expand(len(x), -1)
            weights = torch.softmax(30 * on, 1)
            rows.append((weights[..., None] * frames).sum(1))
        return torch.softmax(torch.stack(rows, 1), 2)


@pytest.mark.parametrize("flat", [True, False])
def test_attention_to_the_frames_of_a_convolution(flat: bool) -> None:
    net = deepro.load(Framed(flat), input_shape=(20, 8))
    made = attention(net, np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32))
    assert made.weights.shape == (3, 5)
    assert np.allclose(made.weights, np.eye(5)[:3], atol=1e-6)
    assert len(made.written) == 3
    assert made.read == ()
    assert made.sharpness > 0.99
