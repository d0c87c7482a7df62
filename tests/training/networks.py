"""Small networks to be trained: what is random, what keeps statistics, what is recurrent, what attends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12)
        self.relu, self.conv2 = nn.ReLU(inplace=True), nn.Conv2d(12, 16, 3, stride=2, padding=1)
        self.drop, self.fc = nn.Dropout(0.3), nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.conv1(x)))
        return self.fc(self.drop(torch.relu(self.conv2(x)).flatten(1)))


class Rows(nn.Module):
    """An LSTM that reads a digit row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.fc = nn.LSTM(8, 24, num_layers=2, batch_first=True, dropout=0.2), nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x)[0][:, -1])


class Attending(nn.Module):
    """A transformer over the rows of a digit."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 16)
        block = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.1, batch_first=True)
        self.blocks, self.fc = nn.TransformerEncoder(block, 2, enable_nested_tensor=False), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.blocks(self.embed(x)).mean(1))


def digits() -> tuple[Tensor, Tensor]:
    """(1797, 1, 8, 8) and (1797,)."""
    x, y = load_digits(return_X_y=True)
    return torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8) / 16, torch.tensor(y)


def shown(net: nn.Module, x: Tensor) -> Tensor:
    return x if isinstance(net, Convolutions) else x[:, 0]


def train(net: nn.Module, after: Callable[..., Any] = lambda **_: None, steps: int = 20, lr: float = 0.05) -> None:
    """Steps of plain descent, batches drawn from torch's generator."""
    x, y = digits()
    optimiser = torch.optim.SGD(net.parameters(), lr)
    net.train()
    for _ in range(steps):
        rows = torch.randint(0, 1400, (32,))
        optimiser.zero_grad()
        loss = functional.cross_entropy(net(shown(net, x[rows])), y[rows])
        loss.backward()
        optimiser.step()
        after(loss=loss, accuracy=np.float64(0.5))
