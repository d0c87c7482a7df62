"""Networks wired by hand, so that it is known what their cells do."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import deepro
from deepro.network.vocabulary import Vocabulary

LETTERS = ("a", "b", " ", '"', "\n")
ON, OFF = 12.0, -12.0


class Planted(nn.Module):
    """Reads letters one-hot. Cell `quote` of 8 is + inside double quotes and - outside; cell `counter` adds 0.01 a
    letter and starts again at a line break. The others are small noise. The head: inside quotes a quote
    follows, else a.
    """

    quote, counter = 3, 5

    def __init__(self) -> None:
        super().__init__()
        units, kinds = 8, len(LETTERS)
        self.embedding = nn.Embedding(kinds, kinds)
        self.rnn = nn.LSTM(kinds, units, batch_first=True)
        self.head = nn.Linear(units, kinds)
        with torch.no_grad():
            self.embedding.weight.copy_(torch.eye(kinds))
            for parameter in self.rnn.parameters():
                parameter.mul_(0.1)
            i, f, g, o = (slice(k * units, (k + 1) * units) for k in range(4))
            w_ih, w_hh, b, b_hh = (
                getattr(self.rnn, n + "_l0") for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            for unit in (self.quote, self.counter):
                for gate in (i, f, g, o):
                    w_ih[gate][unit], w_hh[gate][unit], b[gate][unit], b_hh[gate][unit] = 0, 0, 0, 0
            q, c = self.quote, self.counter
            # A quote replaces the cell by minus its sign; everything else keeps it. h = tanh(c) carries the sign.
            w_ih[i][q, 3], b[i][q] = ON - OFF, OFF
            w_ih[f][q, 3], b[f][q] = OFF - ON, ON
            w_hh[g][q, q], b[g][q], b[o][q] = -20.0, 2.0, ON
            # From zero the first quote must open: 2 makes g positive there; the sign of h outweighs it afterwards.
            b[i][c], b[g][c], b[o][c] = ON, 0.01, ON
            w_ih[f][c, 4], b[f][c] = OFF - ON, ON
            self.head.weight.zero_()
            self.head.bias.zero_()
            self.head.weight[3, q], self.head.weight[0, q] = 6.0, -6.0

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(tokens))[0])


def planted() -> deepro.Network:
    torch.manual_seed(1)
    return deepro.load(Planted(), preprocess=Vocabulary(LETTERS), labels=list(LETTERS), input_shape=(8,))


def texts(count: int = 8, length: int = 160) -> list[str]:
    """Lines of letters with quoted parts, none broken by a line's end."""
    generator = torch.Generator().manual_seed(5)
    draw = lambda low, high: int(torch.randint(low, high, (1,), generator=generator))  # noqa: E731
    made = []
    for _ in range(count):
        text = ""
        while len(text) < length:
            words = "".join("ab "[draw(0, 3)] for _ in range(draw(3, 9)))
            text += (f'"{words}"' if draw(0, 3) == 0 else words) + ("\n" if draw(0, 3) == 0 else "")
        made.append(text)
    return made
