"""Small networks for the pages: one that attends, an acceptor, one that reads a series and one that hears."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import deepro
from deepro.network.vocabulary import Vocabulary


class Backwards(nn.Module):
    """Reads letters and writes them from the last to the first, each by attending to it almost alone."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 4)
        self.rnn = nn.GRU(4, 6, batch_first=True)
        with torch.no_grad():
            self.embedding.weight.copy_(torch.eye(4))

    def forward(self, tokens: Tensor) -> Tensor:
        read, steps = self.embedding(tokens), torch.arange(tokens.shape[1])
        state = 1e-3 * self.rnn(read)[0].mean((1, 2))
        rows = []
        for out in range(tokens.shape[1]):
            scores = -2.0 * (steps - (tokens.shape[1] - 1 - out)).abs().float().expand(len(tokens), -1)
            weights = torch.softmax(scores + state[:, None], 1)
            rows.append((weights[..., None] * read).sum(1))
        return torch.stack(rows, 1)


class Even(nn.Module):
    """Accepts words with an even number of a. The state of an RNN of two units flips at each a."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(2, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        odd = (tokens == 0).sum(1).float() % 2
        return torch.stack([odd, 1 - odd], 1)


class Hybrid(nn.Module):
    """A convolution over time, then an LSTM: a row for each step of a series, or of a sound, strided."""

    def __init__(self, features: int, stride: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(features, 6, 5 * stride, stride, padding=2 * stride)
        self.rnn = nn.LSTM(6, 7, batch_first=True)
        self.head = nn.Linear(7, 2)
        self.features = features

    def forward(self, x: Tensor) -> Tensor:
        given = x.transpose(1, 2) if x.shape[2] == self.features else x
        return self.head(self.rnn(torch.relu(self.convolution(given)).transpose(1, 2))[0])


class Describer(nn.Module):
    """Sees a picture of a series, (N, T, 12), through a convolution of stride 4; an LSTM reads its frames; three words
    are written, word k by attending to frame k alone."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 3, 4, 4)
        self.rnn = nn.LSTM(9, 5, batch_first=True)
        self.head = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.relu(self.convolution(x[:, None]))
        frames = self.rnn(seen.permute(0, 2, 1, 3).flatten(2))[0]
        steps = torch.arange(frames.shape[1])
        weights = [torch.softmax(30.0 * (steps == k).float().expand(len(x), -1), 1) for k in range(3)]
        return torch.stack([self.head((w[..., None] * frames).sum(1)) for w in weights], 1)


def describer() -> deepro.Network:
    torch.manual_seed(4)
    return deepro.load(Describer(), labels=list("abcd"), input_shape=(40, 12))


def backwards() -> deepro.Network:
    torch.manual_seed(2)
    return deepro.load(Backwards(), preprocess=Vocabulary(("a", "b", "c", "d")), input_shape=(5,))


def even() -> deepro.Network:
    return deepro.load(Even(), preprocess=Vocabulary(("a", "b")), labels=["no", "yes"], input_shape=(4,))


def hybrid(features: int = 2, stride: int = 1) -> deepro.Network:
    torch.manual_seed(3)
    shape = (40, features) if stride == 1 else (1, 800)
    return deepro.load(Hybrid(features, stride), input_shape=shape)
