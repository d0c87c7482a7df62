"""Traces, cell search, matches and gradient matrices, as ratios or seconds, all in one run.

python benchmarks/sequences.py
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from deepro.methods.sequences import stack
from deepro.methods.sequences.bits import Bits
from deepro.methods.sequences.match import search
from deepro.methods.sequences.memory import influence
from deepro.methods.sequences.recurrent import Recorder
from deepro.methods.sequences.scores import auc, ranks
from deepro.network.network import Network
from deepro.network.sequences import as_sequences


def seconds(function: Callable[[], object], times: int = 5) -> float:
    """The fastest of a few calls."""
    function()
    best = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        best.append(time.perf_counter() - started)
    return min(best)


def trace_ratios() -> None:
    module, x = nn.LSTM(128, 512, 2).eval(), torch.randn(200, 16, 128)

    def ours() -> None:
        with Recorder(module) as recorder:
            module(x)
            recorder.layers()

    cells = [nn.LSTMCell(128, 512), nn.LSTMCell(512, 512)]

    def loop() -> list[Tensor]:
        """What one writes oneself: a cell loop taken apart, that keeps the gates."""
        kept, below = [], x
        for cell in cells:
            h = c = torch.zeros(16, 512)
            outputs = []
            for t in range(len(below)):
                total = below[t] @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh
                i, f, g, o = total.chunk(4, 1)
                i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
                c = f * c + i * g
                h = o * c.tanh()
                kept += [i, f, g, o, c]
                outputs.append(h)
            below = torch.stack(outputs)
        return kept

    def called() -> list[Tensor]:
        """nn.LSTMCell called step by step, and the gates that it hides computed beside it."""
        kept, below = [], x
        for cell in cells:
            h = c = torch.zeros(16, 512)
            outputs = []
            for t in range(len(below)):
                linear = nn.functional.linear
                total = linear(below[t], cell.weight_ih, cell.bias_ih) + linear(h, cell.weight_hh, cell.bias_hh)
                i, f, g, o = total.chunk(4, 1)
                h, c = cell(below[t], (h, c))
                kept += [i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid(), c]
                outputs.append(h)
            below = torch.stack(outputs)
        return kept

    with torch.no_grad():
        fused, traced = seconds(lambda: module(x)), seconds(ours)
        looped, beside = seconds(loop), seconds(called)
    print(f"trace with all gates / fused forward        {traced / fused:.2f}   at most 3, aim 2")
    print(f"LSTMCell loop that keeps gates / trace      {looped / traced:.2f}   at least 1.5, aim 3")
    print(f"nn.LSTMCell loop, gates beside it / trace   {beside / traced:.2f}")
    # Where no kernel keeps its gates (float64, GRU, packed, a GPU) a trace is the forward pass and its products again.
    with torch.no_grad(), patch.object(stack, "WORTH", math.inf):
        again = seconds(ours)
    print(f"trace by two products / fused forward       {again / fused:.2f}")


PEAK = """
import resource, sys, torch, deepro
net, text = deepro.load("builtin:code-lstm"), "for x in range(9):\\n" * 10_527
tokens = net.preprocess.encode(text)[None, :200_000]
deepro.trace(net, text[:50])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
if sys.argv[1] == "bare":
    with torch.no_grad():
        net.module(tokens)
else:
    deepro.trace(net, tokens[0].numpy(), states="h", precision="half")
print(peak() - before)
"""


def peak_memory() -> None:
    def of(what: str) -> float:
        return float(subprocess.run([sys.executable, "-c", PEAK, what], capture_output=True, text=True).stdout)

    kept = 200_000 * 256 * 2 / 2**20
    bare, traced = of("bare"), of("trace")
    print(f"h of 200 000 steps in half precision: {traced:.0f} MB, of the bare pass and what is kept {bare + kept:.0f}")


def search_seconds() -> None:
    generator = np.random.default_rng(0)
    states = generator.normal(size=(15_000, 512)).astype(np.float32)  # h and c of 256 units
    labels = generator.random((15_000, 10)) > 0.7
    spent = seconds(lambda: auc(ranks(states), labels))
    print(f"cell search, 256 units x 10 tracks x 15 000 steps, h and c   {spent:.2f} s   at most 2, aim 0.5")


def match_seconds() -> None:
    generator = np.random.default_rng(0)
    lengths = [10_000] * 100
    on = np.stack([np.packbits(generator.random(1_000_000) > 0.5) for _ in range(8)])
    bits = Bits(np.tile(on, (64, 1)), np.concatenate([[0], np.cumsum(lengths)]))
    for least in (1.0, 0.7):
        spent = seconds(lambda least=least: search(bits, list(range(0, 512, 51)), 100, 110, least))
        print(f"match over 1 000 000 steps x 512 cells, {least:.0%} of 11 cells     {spent:.3f} s   at most 1, aim 0.1")


class PerStep(nn.Module):
    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.rnn, self.head = rnn, nn.Linear(rnn.hidden_size * (2 if rnn.bidirectional else 1), 32)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0])


def gradient_ratio(name: str, rnn: nn.RNNBase, repeats: int = 5) -> None:
    """Against a forward and a backward pass for each output step, and against one forward pass whose graph is kept."""
    module = PerStep(rnn).eval().requires_grad_(False)
    net = Network(module, name="benchmark", source="module", input_shape=(100, rnn.input_size))
    series = as_sequences(net, [np.random.default_rng(0).normal(size=(100, rnn.input_size))])

    def leaf() -> Tensor:
        return series.items[0][None].clone().requires_grad_()

    def loop() -> None:
        for s in range(100):
            module(x := leaf())[0, s].max().backward()
            assert x.grad is not None
            x.grad[0].norm(dim=1)

    def kept() -> None:
        best = module(x := leaf())[0].max(1).values
        for s in range(100):
            torch.autograd.grad(best[s], x, retain_graph=True)[0].norm(dim=2)

    ours, theirs, once = (seconds(f, repeats) for f in (lambda: influence(net, series, 100, 1), loop, kept))
    ratios = f"loop / sweep {theirs / ours:5.1f}, graph kept {once / ours:5.1f}"
    print(f"output x input gradients, T = 100, {name:24} {ratios}   at least 5, aim 10")


if __name__ == "__main__":
    print(f"{torch.get_num_threads()} threads")
    trace_ratios()
    peak_memory()
    search_seconds()
    match_seconds()
    gradient_ratio("LSTM 128", nn.LSTM(16, 128, batch_first=True))
    gradient_ratio("LSTM 256", nn.LSTM(64, 256, batch_first=True))
    gradient_ratio("LSTM 2 x 128, both ways", nn.LSTM(16, 128, 2, batch_first=True, bidirectional=True), 3)
    gradient_ratio("GRU 128", nn.GRU(16, 128, batch_first=True), 3)
    gradient_ratio("RNN 128", nn.RNN(16, 128, batch_first=True))
