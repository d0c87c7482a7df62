"""Planted cells are found, and what is not there is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import rankdata, spearmanr
from torch import nn

import deepro
from deepro.errors import DeeproError, UsageError
from deepro.kinds.sequences.signals import series_tracks, sound_tracks
from deepro.kinds.sequences.texts import text_tracks
from deepro.methods.sequences import recurrent, scores
from deepro.methods.sequences import verdict as verdicts
from deepro.methods.sequences.cells import _pieces, _probe, _splits, find_cells, oriented, suggest
from deepro.methods.sequences.controls import clamp, random_twin
from deepro.methods.sequences.intervene import Hold, intervening
from deepro.methods.sequences.tracks import make_tracks
from deepro.network.sequences import as_sequences
from deepro.network.sound import Sound
from tests.sequences.planted import Planted, planted, texts


def test_ranks_auc_and_correlation_against_slow_forms() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(60, 7)).round(1)  # many ties
    values[:, 3] = 1.0
    labels = generator.random((60, 4)) > 0.6
    labels[:, 2] = False
    numbers = generator.normal(size=(60, 3)).round(1)
    ranked = scores.ranks(values)
    assert np.allclose(ranked * 60 + 30.5, np.stack([rankdata(v) for v in values.T]), atol=1e-4)
    found = scores.auc(ranked, labels)
    for u in range(7):
        for k in range(4):
            on, off = values[labels[:, k], u], values[~labels[:, k], u]
            if not len(on):
                assert np.isnan(found[u, k])
                continue
            pairs = on[:, None] - off[None]
            assert abs(found[u, k] - ((pairs > 0).mean() + (pairs == 0).mean() / 2)) < 1e-6
    moving = [0, 1, 2, 4, 5, 6]
    slow = np.array([[spearmanr(values[:, u], numbers[:, k]).statistic for k in range(3)] for u in moving])
    assert np.allclose(scores.spearman(ranked, numbers)[moving], slow, atol=1e-5)


def test_information() -> None:
    generator = np.random.default_rng(0)
    kinds = generator.integers(0, 4, 4000)
    values = np.stack([kinds + 0.01 * generator.normal(size=4000), generator.normal(size=4000)], 1)
    found = scores.information(scores.ranks(values), kinds[:, None])[:, 0]
    assert abs(found[0] - np.log(4)) < 0.1  # bins that hold two kinds cost a little
    assert found[1] < 0.01
    few = scores.information(scores.ranks(generator.normal(size=(300, 200))), kinds[:300, None])
    assert few.mean() < 0.03  # 0.075 where the bias of small counts is left in


def test_threshold_between_the_two() -> None:
    assert suggest(np.array([3.0, 4.0, 5.0]), np.array([0.0, 1.0])) == 2.0
    assert suggest(np.array([-3.0, -4.0]), np.array([0.0, 1.0])) == -1.5


def test_text_tracks_of_python() -> None:
    text = "x = f(\"a b\")  # no 'q'\nif x[1]:\n    y = '(' + {}\n"
    made = text_tracks(text)
    shown = lambda name: "".join("1" if v else "." for v in made[name])[: text.index("\n")]  # noqa: E731
    line = text[: text.index("\n")]
    assert shown("double quotes") == "".join("1" if 6 <= k < 10 else "." for k in range(len(line)))
    assert shown("parentheses") == "".join("1" if 5 <= k < 11 else "." for k in range(len(line)))
    assert shown("comment") == "".join("1" if k >= line.index("#") else "." for k in range(len(line)))
    assert not made["parentheses"][text.index("'('") + 1]  # a bracket within a string is none
    assert made["square brackets"].sum() == 2
    assert made["bracket depth"].max() == 1
    last = text.index("    y")
    assert made["indentation"][last : last + 6].tolist() == [1, 2, 3, 4, 4, 4]
    assert made["line position"][last : last + 3].tolist() == [1, 2, 3]
    assert made["word start"][last + 4]


def test_text_tracks_of_prose_and_of_what_python_cannot_read() -> None:
    prose = "It isn't 'here' now"
    shown = "".join("1" if v else "." for v in text_tracks(prose)["single quotes"])
    assert shown == "".join("1" if prose.index("'here") <= k < prose.index("' now") else "." for k in range(len(prose)))
    code = "x = 'a'\n" * 8 + "$ ?? 'b\n"
    string = text_tracks(code)["string"]
    assert string[4] == 1
    assert np.isnan(string[-6:]).all()  # the tokenizer stopped before
    fields = text_tracks('y = f"{a[0]}" + b[1]\n')["square brackets"]
    assert fields.sum() == 2  # those within the string are none


def test_text_that_ends_within_a_string_is_known_to_its_end() -> None:
    text = '"""A docstring that was cut'
    made = text_tracks(text)
    assert made["string"].all()


def test_series_tracks() -> None:
    time = np.arange(200)
    made = series_tracks(np.sin(time * 2 * np.pi / 40)[:, None])
    assert abs(made["input above median"].mean() - 0.5) < 0.05
    assert np.corrcoef(made["input phase sine"][40:160], -np.cos(time * 2 * np.pi / 40)[40:160])[0, 1] > 0.99
    assert (
        made["input time since rise"][41:79].tolist() == list(range(1, 39)) or made["input time since rise"].max() > 30
    )


def test_what_rises() -> None:
    rising = series_tracks(np.sin(np.arange(200) * 2 * np.pi / 40)[:, None])["input rising"]
    assert rising[35:48].all()
    assert not rising[55:68].any()


def test_regimes_of_a_series() -> None:
    generator = np.random.default_rng(0)
    lively = np.repeat([0, 1, 0, 1], 200).astype(bool)
    series = generator.normal(size=800) * np.where(lively, 5.0, 0.2)
    found = series_tracks(series[:, None])["input regime"]
    assert (found == lively).mean() > 0.93  # it is known a little after it has begun
    assert "input regime" not in series_tracks(generator.normal(size=(800, 1)))
    assert "input regime" not in series_tracks(np.sin(np.arange(800) / 60)[:, None])


def test_tracks_of_a_sound() -> None:
    rate = 8000
    time = np.arange(2 * rate) / rate
    speaking = (time % 1 > 0.3) & (time % 1 < 0.8)
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 12))
    hiss = np.random.default_rng(0).normal(size=len(time))
    sound = np.where(speaking, buzz, 0.0) + np.where(time % 1 > 0.85, 0.5 * hiss, 0.0)
    made = sound_tracks(sound * 0.1, rate, 100)
    ends = (np.arange(1, 101) / 50) % 1
    voiced = made["voiced"].astype(bool)
    assert voiced[(ends > 0.36) & (ends < 0.78)].all()
    assert not voiced[(ends < 0.28) | ((ends > 0.92) & (ends < 1))].any()
    assert made["onset"][[15, 16, 65, 66]].sum() == 2
    assert made["energy"][30] > made["energy"][5] + 20


def test_cells_behind_a_convolution_are_searched_by_their_own_steps() -> None:
    class Strided(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(1, 4, 80, 80)
            self.lstm = nn.LSTM(4, 6, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.lstm(self.conv(x[:, None]).transpose(1, 2))[0]

    torch.manual_seed(0)
    net = deepro.load(Strided())
    sounds = [Sound(np.random.default_rng(k).normal(size=8000).astype("f4") * 0.1, 8000) for k in range(3)]
    made = find_cells(net, sounds, controls=1, shifts=5, others=0)
    assert set(made.tracks) == {"energy", "voiced", "onset"}
    assert [len(v) for v in made.values["energy"]] == [100, 100, 100]
    assert made.best("energy")["layer"] == "lstm"


def test_planted_cells_are_found_and_clamping_breaks_what_they_do() -> None:
    net = planted()
    corpus = texts()
    inside = [np.cumsum([c == '"' for c in t]) % 2 == 1 for t in corpus]
    column = [_since_break(t) for t in corpus]
    made = find_cells(net, corpus, {"quoted": inside, "column": column}, shifts=40, others=6, clamp_steps=120)
    quoted, position = made.best("quoted"), made.best("column")
    assert quoted["unit"] == Planted.quote
    assert quoted["held_out"] > 0.99
    assert quoted["survives"]
    assert quoted["sign"] * (quoted["on_mean"] - quoted["off_mean"]) > 0.5
    assert quoted["clamp"]["beaten"] == 1.0
    assert quoted["clamp"]["effect"] > 0.9 > 0.3 > quoted["clamp"]["elsewhere"]  # before the first quote the cell is 0
    assert quoted["clamp"]["falls"][0] == '"'
    assert quoted["clamp"]["falls"][1] > 0.9 > 0.1 > quoted["clamp"]["falls"][2]
    assert position["unit"] == Planted.counter
    assert abs(position["held_out"]) > 0.95
    assert made.scores.shape == (2, 16)
    assert made.states == (("rnn", 0, "h"), ("rnn", 0, "c"))
    # The head does not read the counter: by the clamp test nothing depends on it, so the finding does not survive.
    assert not position["survives"]


def _since_break(text: str) -> np.ndarray:
    made, last = [], -1
    for place, character in enumerate(text):
        last = place if character == "\n" else last
        made.append(place - last)
    return np.array(made, dtype=float)


def test_on_an_untrained_network_nothing_survives() -> None:
    torch.manual_seed(3)

    class Untrained(Planted):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.rnn, self.head = nn.Embedding(5, 8), nn.LSTM(8, 24, batch_first=True), nn.Linear(24, 5)

    net = deepro.load(Untrained(), preprocess=planted().preprocess, labels=list("abcde"), input_shape=(8,))
    made = find_cells(net, texts(6, 120), shifts=20, others=5, clamp_steps=60)
    assert made.findings
    assert [f["track"] for f in made.findings if f["survives"]] == []


def test_holding_nothing_changes_nothing_and_holding_holds() -> None:
    module = nn.GRU(3, 4, 2, bidirectional=True, batch_first=True).double().eval()
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    with torch.no_grad():
        plain, last = module(x)
        with intervening(module, [Hold("gru.l1", "h", [1], [0.5], start=99)]):
            again, last_again = module(x)
        with intervening(module, [Hold("gru.l1", "h", [1], [0.5], start=2)]):
            held, _ = module(x)
    assert torch.allclose(plain, again, atol=1e-12)
    assert torch.allclose(last, last_again, atol=1e-12)
    assert bool((held[:, 2:, 1] == 0.5).all())
    assert torch.equal(held[:, :2, :4], again[:, :2, :4])
    assert not module._forward_hooks


def test_steps_are_counted_on_from_call_to_call() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.LSTMCell(3, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            state, made = None, []
            for step in x.unbind(1):
                state = self.cell(step, state)
                made.append(state[0])
            return torch.stack(made, 1)

    loop, whole = Loop().double(), nn.LSTM(3, 4, batch_first=True).double()
    whole.load_state_dict({f"{k}_l0": v for k, v in loop.cell.state_dict().items()})
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    with torch.no_grad():
        with intervening(loop, [Hold("cell", "c", [2], [0.7], start=2, stop=4)]):
            one = loop(x)
        with intervening(whole, [Hold("lstm", "c", [2], [0.7], start=2, stop=4)]):
            other = whole(x)[0]
        assert torch.allclose(one, other, atol=1e-12)
        assert not torch.allclose(one[:, 2], whole(x)[0][:, 2])


@pytest.mark.parametrize("kind", ["lstm", "projected", "cell"])
def test_stepwise_equals_the_module(kind: str) -> None:
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    if kind == "cell":
        module: nn.Module = nn.LSTMCell(3, 4).double()
        with torch.no_grad():
            plain = module(x[0])
            with intervening(module, [Hold("lstmcell", "c", [0], [1.0], start=9)]):
                again = module(x[0])
    else:
        module = nn.LSTM(3, 4, 2, proj_size=2 if kind == "projected" else 0).double()
        with torch.no_grad():
            plain = (lambda out: (out[0], *out[1]))(module(x))
            with intervening(module, [Hold("lstm.l0", "f", [0], [1.0], start=9)]):
                again = (lambda out: (out[0], *out[1]))(module(x))
    for one, two in zip(plain, again, strict=True):
        assert torch.allclose(one, two, atol=1e-12)


def test_each_control_can_refuse_a_finding_or_leave_it_open() -> None:
    held = {"beaten": 1.0, "beaten_low": 0.95, "beaten_high": 1.0}
    good = {
        "measure": "auc", "held_out": 0.97, "low": 0.96, "high": 0.98, "control": 0.85, "control_low": 0.84,
        "control_high": 0.9, "p": 1 / 101, "shifts": 100, "clamp": held,
    }  # fmt: skip
    nan = float("nan")
    assert verdicts.verdict(good) == ("survives", ())
    # What was not made does not count, and is said.
    assert verdicts.verdict({**good, "clamp": None, "shifts": 0, "control": nan}) == ("survives, not held still", ())
    for change, said, why in (
        ({"held_out": 0.88, "low": 0.87, "high": 0.89}, "fails", "random weights"),  # less than half of what they leave
        ({"control_high": 0.99}, "undecided", "random weights"),
        ({"low": 0.9, "high": 1.04}, "undecided", "random weights"),
        ({"low": -np.inf, "high": np.inf}, "undecided", "random weights"),
        ({"p": 30 / 101}, "fails", "shifted"),
        ({"p": 5 / 101}, "undecided", "shifted"),
        ({"clamp": {**held, "beaten_high": 0.85, "beaten_low": 0.6}}, "fails", "held still"),
        ({"clamp": {**held, "beaten_low": 0.85}}, "undecided", "held still"),
        ({"held_out": nan, "low": nan, "high": nan}, "fails", "held out"),
    ):
        assert verdicts.verdict(good | change) == (said, (why,)), change
    both = {"p": 30 / 101, "clamp": {**held, "beaten_low": 0.85}}
    assert verdicts.verdict(good | both) == ("fails", ("shifted",))  # one refusal is enough
    assert verdicts.asked(1.0, "information") == 1.5
    assert verdicts.asked(0.4, "auc") == 0.7


def test_intervals() -> None:
    generator = np.random.default_rng(0)
    inside = [low <= 0.8 <= high for low, high in
              (verdicts.share_interval(float(h), 50) for h in generator.binomial(50, 0.8, 400))]  # fmt: skip
    assert np.mean(inside) > 0.92
    assert verdicts.share_interval(7, 10, 10) == (0.7, 0.7)  # all of them were asked
    low, mean, high = verdicts.control_interval([0.6, 0.7, 0.65])
    assert low < 0.6 < 0.7 < high
    assert mean == pytest.approx(0.65)
    # A score over twelve sequences that differ: the interval holds the mean of many.
    values, column = generator.normal(size=4800), np.tile(np.arange(400) % 2, 12).astype(float)
    values += column * np.repeat(generator.normal(1, 0.5, 12), 400)
    pieces = np.repeat(np.arange(12), 400)
    spread = verdicts.jackknife(values, column, "auc", pieces)
    each = [float(scores.auc(scores.ranks(values[pieces == n][:, None]), column[pieces == n][:, None] > 0.5)[0, 0])
            for n in range(12)]  # fmt: skip
    assert spread == pytest.approx(2.2 * np.std(each, ddof=1) / np.sqrt(12), rel=0.2)
    rare = np.where(pieces == 3, column, 0.0)  # on in one piece only: without it there is no score
    assert verdicts.jackknife(values, rare, "auc", pieces) == np.inf


def test_ranks_of_a_part_need_no_other_sort() -> None:
    generator = np.random.default_rng(0)
    states = generator.normal(size=(300, 5)).astype("f4")
    states[:, 1] = states[:, 1].round(0)
    states[:, 2] = 1.0
    ordered = scores.Ordered(states)
    for share in (0.3, 1.0):
        part = generator.random(300) < share
        assert np.allclose(ordered.ranks(part), scores.ranks(states[part]), atol=1e-6)


def test_every_piece_is_held_out_about_equally_often() -> None:
    pieces, by = _pieces([50] * 10)
    assert by == "sequence"
    out = sum(~search for search in _splits(pieces, 0.3, 10, 0))
    assert out.min() >= 2
    assert out.max() <= 4
    pieces, by = _pieces([400])
    assert (by, len(np.unique(pieces))) == ("time", 8)


class Translator(nn.Module):
    """Reads letters, then gives four rows from the last state: no row belongs to a letter."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = planted().module
        self.decoder, self.head = nn.GRU(8, 8, batch_first=True), nn.Linear(8, 5)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        state = self.reader.rnn(self.reader.embedding(tokens))[1][0]
        return self.head(self.decoder(state.new_zeros(tokens.shape[0], 4, 8), state)[0])


def test_holding_still_where_outputs_do_not_go_step_by_step() -> None:
    torch.manual_seed(0)
    words = [t[:40] for t in texts(20, 60)]
    net = deepro.load(Translator(), preprocess=planted().preprocess, labels=list("abcde"), input_shape=(8,))
    sequences = as_sequences(net, words)
    on = [np.cumsum([c == '"' for c in t]) % 2 == 1 for t in words]
    levels = dict.fromkeys(range(8), 0.0)
    made = clamp(net, sequences, on, ("reader.rnn", 0, "c"), Planted.quote, [0, 1, 2], levels, 40)
    assert made is not None
    assert made["over"] == "outputs"
    assert len(made["others"]) == 3
    assert made["effect"] > 0
    # The decoder's own steps are the rows.
    own = clamp(net, sequences, [np.arange(4) > 1] * 20, ("decoder", 0, "h"), 0, [1, 2], levels, 4)
    assert own is not None
    assert own["over"] == "steps"
    plain = clamp(planted(), as_sequences(planted(), words), on, ("rnn", 0, "c"), Planted.quote, [0], levels, 40)
    assert plain is not None
    assert plain["over"] == "steps"


def test_a_network_with_fewer_steps_than_samples_is_held_still() -> None:
    class Level(nn.Module):
        """Cell 0 follows the loudness of 40 samples; the output is that cell."""

        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.head = nn.GRU(1, 12, batch_first=True), nn.Linear(12, 1)
            with torch.no_grad():
                for p in self.rnn.parameters():
                    p.mul_(0.2)
                    p[[0, 12, 24]] = 0
                self.rnn.bias_ih_l0[12] = -4  # the update gate lets all in
                self.rnn.weight_ih_l0[24, 0], self.rnn.bias_ih_l0[24] = 8, -2
                self.head.weight.mul_(0.02)
                self.head.weight[0, 0] = 1

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            loud = nn.functional.avg_pool1d(x.abs().transpose(1, 2), 40).transpose(1, 2)
            return self.head(self.rnn(loud)[0]).transpose(1, 2)  # (N, 1, T), as silero-vad gives it

    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    series, loud = [], []
    for _ in range(8):
        on = generator.random(20) < 0.4
        series.append((generator.normal(size=4000) * np.where(np.repeat(on, 200), 1.0, 0.1)).astype("f4")[:, None])
        loud.append(np.repeat(on, 5))  # as the layer counts its steps
    net = deepro.load(Level())
    levels = {**dict.fromkeys(range(12), 0.0), 0: -0.85}
    found = clamp(net, as_sequences(net, series), loud, ("rnn", 0, "h"), 0, range(1, 12), levels, 60)
    assert found is not None
    assert found["over"] == "steps"
    assert found["beaten_low"] == 1.0
    assert found["effect"] > 3 * found["elsewhere"]


def test_a_probe_finds_what_no_unit_carries_alone() -> None:
    states = np.random.default_rng(0).normal(size=(2000, 6)).astype("f4")
    column, search = (states[:, :3].sum(1) > 0).astype(float), np.arange(2000) < 1400
    assert scores.auc(scores.ranks(states), column[:, None] > 0.5).max() < 0.85
    turned = np.where(search, column, 1 - column)
    found = _probe(states, [column, states[:, 0] - states[:, 1], turned], ["auc", "rank", "auc"], search)
    assert found[0] > 0.99
    assert found[1] > 0.99
    assert found[2] < 0.01  # what points the wrong way held out is no success


def test_random_twin() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale, self.rnn = nn.Parameter(torch.arange(50.0)), nn.GRU(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.rnn(x)[0] * self.scale.mean()

    module = Own()
    before, state = {k: v.clone() for k, v in module.state_dict().items()}, torch.random.get_rng_state()
    twin = random_twin(deepro.load(module), 3)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
    assert not torch.equal(twin.module.scale, module.scale)  # it has no initialisation: shuffled
    assert torch.equal(twin.module.scale.sort().values, module.scale)
    assert not torch.allclose(twin.module.rnn.weight_hh_l0, module.rnn.weight_hh_l0)
    again = random_twin(deepro.load(module), 3)
    assert torch.equal(again.module.rnn.weight_hh_l0, twin.module.rnn.weight_hh_l0)


def test_a_unit_that_turned_round_scores_low() -> None:
    assert oriented(0.9, 1, "auc") == 0.9
    assert oriented(0.9, -1, "auc") == pytest.approx(0.1)
    assert oriented(-0.4, -1, "rank") == 0.4
    assert oriented(-0.4, 1, "rank") == -0.4


def test_bad_input_is_said() -> None:
    net = planted()
    with pytest.raises(UsageError, match=r"3 steps for sequence 0, which has 5"):
        find_cells(net, ["ab ab"], {"mine": [[0, 1, 0]]})
    with pytest.raises(UsageError, match="did you mean"):
        find_cells(net, texts(2), "double quote")
    with pytest.raises(UsageError, match=r"5 steps in 5 pieces are too few: 3 to search in and 2 held out"):
        find_cells(net, ["ab ab"], "digit")
    with pytest.raises(UsageError, match="unknown state"):
        find_cells(net, texts(2), states="q")
    with pytest.raises(UsageError, match="not ready tensors"):
        find_cells(net, torch.zeros(1, 5, dtype=torch.long))


def test_users_columns() -> None:
    sequences = as_sequences(planted(), ["ab", "b a"])
    assert make_tracks(sequences, {"b": lambda text: np.array([c == "b" for c in text])})[0].measure == "auc"
    assert make_tracks(sequences, {"kind": [["x", "y"], ["x", "x", "z"]]})[0].measure == "information"
    assert make_tracks(sequences, {"number": [[0.5, 2], [1, 2, 3]]})[0].measure == "rank"
    fewer = make_tracks(sequences, {"number": [[0.5, 2], [1, 2, 3]]}, [1, 1])[0]  # behind a convolution
    assert [v.tolist() for v in fewer.values] == [[2], [3]]


class Leaky(nn.Module):
    """A cell of one's own: h goes a part of the way to tanh(a x + b h)."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(features, units), nn.Linear(units, units)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return torch.lerp(h, (self.a(x) + self.b(h)).tanh(), 0.3)


class LeakyLoop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = Leaky(2, 6), nn.Linear(6, 3)

    def forward(self, x: torch.Tensor, held: tuple[int, float, int] | None = None) -> torch.Tensor:
        h, made = x.new_zeros(len(x), 6), []
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h)
            if held is not None and t >= held[2]:
                h = h.index_fill(1, torch.tensor([held[0]]), held[1])
            made.append(h)
        return self.head(torch.stack(made, 1))


def test_a_registered_cell_is_intervened_on() -> None:
    if recurrent.registered(Leaky(1, 1)) is None:
        recurrent.register_cell(Leaky, lambda _m, _args, _kwargs, out: {"h": out, "gate": out.sigmoid()})
    torch.manual_seed(0)
    module = LeakyLoop().double()
    net = deepro.load(module)
    series = np.random.default_rng(0).normal(size=(20, 2))
    made = deepro.intervene(net, series, "cell", state="h", unit=2, how="clamp", value=0.4, start=5)
    x = torch.tensor(series[None])
    with torch.no_grad():
        plain, held = module(x)[0], module(x, (2, 0.4, 5))[0]
    wanted = (held - plain).abs().mean(1) / plain.std(correction=0)
    assert np.allclose(made.change, wanted.numpy(), atol=1e-6)
    assert (made.change[:5] == 0).all()
    for options, said in (
        ({"state": "gate"}, "does not return its 'gate'"),
        ({"state": "c"}, "no state 'c'; it has h, gate"),
        ({"state": "h", "unit": 9}, "units 0 to 5"),
    ):
        with pytest.raises(DeeproError, match=said):
            deepro.intervene(net, series, "cell", **options)
    matrix = deepro.memory(net, [series], steps=20).influence
    x.requires_grad_()
    best = module(x)[0, 12].max()
    assert np.allclose(matrix[12], torch.autograd.grad(best, x)[0][0].norm(dim=1).numpy(), atol=1e-9)
