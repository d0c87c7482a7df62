"""The embedded network: what its header says, and the cells it is known for, with their controls."""

from __future__ import annotations

import io
import math

import pytest

import deepro
from deepro.demos.code import corpus
from deepro.errors import NetworkError, WeightsError
from deepro.methods.sequences.cells import find_cells
from deepro.network.sources import code_lstm


@pytest.fixture(scope="module")
def net() -> deepro.Network:
    return deepro.load("builtin:code-lstm")


def test_the_file_is_small_and_says_how_good_it_is() -> None:
    from safetensors import safe_open

    assert code_lstm.WEIGHTS.stat().st_size < 2_000_000
    with safe_open(str(code_lstm.WEIGHTS), framework="pt") as file:
        about = file.metadata()
    assert float(about["held_out_nats"]) < float(about["five_gram_nats"])
    assert {"python", "torch", "seed", "steps", "held_out_characters"} <= set(about)


def test_it_reads_code(net: deepro.Network) -> None:
    made = deepro.trace(net, "def f(self):\n    retur")
    assert made.checks["lstm"] < 1e-5
    assert net.label(int(made.outputs[0, -1].argmax())) == "n"
    assert made.h.shape == (1, 1, 1, 22, 256)


def test_cells_for_comments_and_brackets_survive_their_controls(net: deepro.Network) -> None:
    texts = [t[:1200] for t in corpus()[1].values() if len(t) >= 1200][:12]
    made = find_cells(net, texts, ["string", "comment", "bracket"], shifts=20, others=16, clamp_steps=200)
    best = [made.best(t) for t in made.tracks]
    good = [f for f in best if f["held_out"] > 0.95 and f["control"] < 0.75 and f["clamp"] and f["survives"]]
    told = [(f["track"], f["state"], f["unit"], f["held_out"], f["control"], f["clamp"]) for f in best]
    assert len(good) >= 2, told
    assert all(f["state"] == "c" for f in good), told


def test_the_untrained_one_has_no_such_cells() -> None:
    net = deepro.load("builtin:code-lstm", weights="random")
    assert net.notes
    texts = [t[:500] for t in corpus()[1].values() if len(t) >= 500][:8]
    made = find_cells(net, texts, ["string", "comment", "bracket", "digit"], shifts=40, others=0)
    assert not any(f["survives"] for f in made.findings), [f for f in made.findings if f["survives"]]


def test_the_demo_tells_what_it_found(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from deepro.cli.demo import DEMOS
    from deepro.demos import code as demo

    for name, value in {"TEXTS": 5, "STEPS": 500, "TRACED": 2, "COUNTED": 20_000}.items():
        monkeypatch.setattr(demo, name, value)
    chosen = DEMOS["code"]()
    made = chosen.make(tmp_path / "ws")
    console = Console(record=True, width=200, file=io.StringIO())
    chosen.tell(console, made)
    told = console.export_text()
    assert "bracket" in told
    assert "nats a character" in told
    assert f"last {made.memory.reach} characters" in told
    asked = (made.cells, made.trace, made.memory, made.matches, made.losses, made.space, made.responses, made.steps)
    kept = sum(result is not None for result in (*asked, made.intervention))
    assert kept >= 6
    assert len(list(made.workspace.results())) == kept
    assert chosen.value(made)["reach"] == made.memory.reach
    assert made.trace.c["lstm"].dtype == "float16"


def test_a_missing_or_damaged_file_is_said(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_lstm, "WEIGHTS", tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="install Deepro again"):
        deepro.load("builtin:code-lstm")
    (tmp_path / "none.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises((WeightsError, NetworkError)):
        deepro.load("builtin:code-lstm")


def test_five_gram_by_hand() -> None:
    """Witten and Bell's interpolation on 'abab' and order 2, written out."""
    import numpy as np

    from deepro.methods.sequences.ngram import NGram

    model = NGram([np.array([0, 1, 0, 1])], tokens=3, order=2)
    first = (2 + 2 / 3) / (4 + 2)  # P(a): seen 2 of 4, two kinds, uniform 1/3 below
    second = (2 + 1 * first) / (2 + 1)  # P(b | a): seen 2 of 2, one kind; P(b) equals P(a)
    third = (0 + 2 * (1 / 3)) / (4 + 2)  # P(c), never seen; 'b c' backs off with context b seen once
    losses = model.losses(np.array([0, 1, 2]))
    assert losses[0] == pytest.approx(-math.log(first))
    assert losses[1] == pytest.approx(-math.log(second))
    assert losses[2] == pytest.approx(-math.log((0 + 1 * third) / (1 + 1)))
