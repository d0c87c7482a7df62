"""Small networks with the names of layers and labels that the documents use, and files like those of a reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

LABELS = ["tiger cat", "Egyptian cat", "tabby", "goose", "swan", "washer", "kit fox", "computer keyboard"]
SIZE = 24


class Photos(nn.Module):
    """Reads photographs (N, 3, 24, 24)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        layers: list[nn.Module] = [nn.Conv2d(3, 40, 3, 2, 1), nn.ReLU()]
        for _ in range(6):
            layers += [nn.Conv2d(40, 40, 1), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self._blocks = nn.Sequential(*(nn.Sequential(nn.Conv2d(40, 40, 1), nn.ReLU()) for _ in range(5)))
        self.layer3 = nn.Sequential(nn.Conv2d(40, 20, 3, 2, 1), nn.ReLU())
        self.layer4 = nn.Sequential(nn.Conv2d(20, 20, 3, 2, 1), nn.ReLU())
        self._avg_pooling = nn.AdaptiveAvgPool2d(1)
        self._fc = nn.Linear(20, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        x = self._blocks(self.features(x))
        return self._fc(self._avg_pooling(self.layer4(self.layer3(x))).flatten(1))


class Letters(nn.Module):
    """Reads characters (N, T) and tells the next."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(tokens, 6)
        self.lstm = nn.LSTM(6, 8, batch_first=True)
        self.out = nn.Linear(8, tokens)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(self.embedding(x))[0])


def photographs(folder: Path, count: int) -> None:
    """Single photographs, and a folder of `count`."""
    make = np.random.default_rng(0)
    names = ["cat.jpg", "goose.jpg", "new.jpg", *(f"photos/{n}.jpg" for n in range(count))]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = make.integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(pixels).save(folder / name)
