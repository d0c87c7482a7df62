"""What cannot be made of a data set is a note, and does not end the run."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

import deepro
from deepro.embedding import embed
from deepro.store import Workspace


def test_one_picture_a_class_leaves_a_note(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = deepro.load(nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU()), input_shape=(3, 8, 8))
    ws = Workspace(tmp_path / "ws")
    ws.add_network(net)
    data = (torch.rand(12, 3, 8, 8), [f"class {n}" for n in range(12)])
    made = embed(ws, net, data, ["0"], "pca", scores=True, find=True)
    assert len(made.maps) == 1
    assert made.scores is None
    assert any(note.startswith("--scores: a probe needs a class with at least two examples") for note in made.notes)
    assert made.findings  # outliers and duplicates need no second picture of a class
