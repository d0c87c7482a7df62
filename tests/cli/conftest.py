"""A small network of one's own in a file, its weights and labels, and photographs of every kind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

FACTORY = """
import torch
from torch import nn

def make():
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    )

def smooth():
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))

def raises():
    raise RuntimeError("no such cluster")

class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = make()
    def forward(self, x):
        y = self.body(x)
        return {"scores": y, "extra": y * 2}

def pair():
    return Pair()
"""
LABELS = ("red fox", "kit fox", "goose", "<img src=x onerror=alert(1)>")
PREPROCESS = "size=32,mean=0.5/0.5/0.5,std=0.5/0.5/0.5"


def run(*args: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "deepro", *map(str, args)],
        cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
    )  # fmt: skip


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """net.py, w.safetensors, labels.txt and photographs."""
    folder = tmp_path_factory.mktemp("room")
    (folder / "net.py").write_text(FACTORY)
    (folder / "labels.txt").write_text("\n".join(LABELS))
    space: dict[str, Callable[[], nn.Module]] = {}
    exec(FACTORY, space)
    torch.manual_seed(0)
    module = space["make"]()
    save_file(module.state_dict(), folder / "w.safetensors")
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "a.png")
    Image.fromarray(noise[::-1]).save(folder / "b.jpg", quality=95)
    return folder


OWN = ("net.py:make", "--weights", "w.safetensors", "--labels", "labels.txt", "--preprocess", PREPROCESS)
