"""A corpus of states on disk equals the traces, whatever the pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.sequences.planted import Planted, planted, texts
from torch import nn

import deepro
from deepro.errors import StoreError, UnsupportedError, UsageError
from deepro.store.corpus import match_corpus, open_corpus, write_corpus


@pytest.mark.parametrize("steps", [10_000, 250, 37])
def test_pieces_change_nothing(steps: int, tmp_path: Path) -> None:
    net, corpus = planted(), [*texts(3, 90), "ab", *texts(2, 200)]
    made = write_corpus(net, corpus, tmp_path / "corpus", states="h,c,f", precision="full", steps=steps)
    assert made.lengths == tuple(map(len, corpus))
    assert made.steps == sum(map(len, corpus))
    trace = deepro.trace(net, corpus)
    for state in ("h", "c", "f"):
        known = {"h": trace.h, "c": trace.c, **trace.gates}[state]["rnn"][0]
        for n, text in enumerate(corpus):
            assert np.abs(made.sequence(n, state=state) - known[n, : len(text)]).max() < 1e-5
    assert not net.module.rnn._forward_hooks
    again = open_corpus(tmp_path / "corpus")
    assert again == made
    assert again.states(state="c").shape == (made.steps, 8)


def test_half_precision_halves_the_numbers(tmp_path: Path) -> None:
    made = write_corpus(planted(), texts(2, 90), tmp_path / "corpus", states="c")
    assert made.states().dtype == np.float16
    trace = deepro.trace(planted(), texts(2, 90), states="c", precision="half")
    assert trace.c["rnn"].dtype == np.float16
    assert trace.outputs is None
    assert np.array_equal(made.sequence(0), trace.c["rnn"][0, 0, : made.lengths[0]])
    assert max(trace.checks.values()) < 1e-6  # the self-test was made before


def test_matches_on_disk_are_those_in_memory(tmp_path: Path) -> None:
    net, corpus = planted(), texts(6, 150)
    start = corpus[1].index('"')
    made = write_corpus(net, corpus, tmp_path / "corpus", states="c", precision="full", steps=200)
    cells, found, count = match_corpus(made, 1, start, start + 3, most=1, top=1000)
    expected = deepro.match(net, corpus, start, start + 3, 1, cells=str(cells[0]["unit"]), top=1000)
    assert cells[0]["threshold"] == pytest.approx(expected.cells[0]["threshold"], abs=1e-4)
    places = zip(expected.sequences.tolist(), expected.starts.tolist(), expected.stops.tolist(), strict=True)
    assert [(f["sequence"], f["start"], f["stop"]) for f in found] == list(places)
    assert count == expected.count
    with pytest.raises(UsageError, match="does not lie"):
        match_corpus(made, 0, 5, 10_000)


def test_what_must_be_read_whole_is_said(tmp_path: Path) -> None:
    torch.manual_seed(0)
    both = deepro.load(nn.GRU(2, 3, bidirectional=True, batch_first=True), input_shape=(9, 2))
    with pytest.raises(UnsupportedError, match="must be read whole"):
        write_corpus(both, [np.random.default_rng(0).normal(size=(60, 2))], tmp_path / "both", steps=16)
    assert not (tmp_path / "both").exists()
    write_corpus(both, [np.random.default_rng(0).normal(size=(60, 2))], tmp_path / "both", states="h", steps=64)
    with pytest.raises(StoreError, match="exists already"):
        write_corpus(planted(), texts(1, 30), tmp_path / "both")
    with pytest.raises(StoreError, match="no corpus"):
        open_corpus(tmp_path)
    assert Planted.quote == 3
