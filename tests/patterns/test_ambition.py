"""What is raised for a class, against NumPy; units and combined targets are raised as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import deepro
from deepro.methods.patterns.imagine import _ambition
from deepro.targets import as_target, logit


def log_softmax(row: np.ndarray, index: int) -> float:
    return float(row[index] - np.log(np.exp(row).sum()))


def test_a_class_is_raised_against_its_rivals() -> None:
    net = deepro.load(nn.Sequential(nn.Flatten(), nn.Linear(12, 5)), input_shape=(3, 2, 2), labels=list("abcde"))
    goals = [as_target(net, "b"), as_target(net, "1#2"), logit(net, "a") - logit(net, "e")]
    logits = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    values = torch.tensor([float(logits[0, 1]), 7.0, -2.0], dtype=torch.float64)
    row = logits[0].numpy()
    expected = row[1] / row.std(ddof=1) + log_softmax(row, 1)
    assert _ambition(net, goals, values, logits).tolist() == pytest.approx([expected, 7.0, -2.0], abs=1e-12)
