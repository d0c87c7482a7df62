"""Class images of trained networks: the network itself is certain, and another network reads them too."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import load_file

import deepro
from deepro.kinds.patterns.pattern import Pattern
from deepro.network import Network, Preprocess


@pytest.fixture(scope="module")
def lite0() -> Network:
    return deepro.load("builtin:efficientnet-lite0")


@pytest.fixture(scope="module")
def squeezenet(shared_data: Path, lite0: Network) -> Network:
    module = torchvision.models.squeezenet1_0()
    module.load_state_dict(load_file(shared_data / "squeezenet1_0.safetensors"))
    preprocess = Preprocess(
        size=(224, 224), resize=256, order="BGR", range=255.0, mean=(104.0, 117.0, 123.0), std=(1.0, 1.0, 1.0)
    )
    return deepro.load(module, preprocess=preprocess, labels=lite0.labels)


def ranks(reader: Network, pattern: Pattern) -> list[int]:
    """The place, from 1, that the reader gives to each picture's class."""
    logits = reader.logits(reader.preprocess.normalise(torch.from_numpy(pattern.images)))
    classes = [reader.label_index(name) for name in pattern.targets]
    return [int((row > row[c]).sum()) + 1 for row, c in zip(logits, classes, strict=True)]


def test_the_network_is_certain_of_its_own_pictures(lite0: Network) -> None:
    pattern = deepro.imagine(lite0, ["goose", "washer"], steps=60)
    assert (pattern.probabilities > 0.9).all()
    assert ((pattern.images < 0.02) | (pattern.images > 0.98)).mean() < 0.1  # no saturated colours


def test_another_network_reads_them(lite0: Network, squeezenet: Network) -> None:
    pattern = deepro.imagine(squeezenet, ["kit fox", "goose", "ostrich"], steps=80)
    assert ranks(squeezenet, pattern) == [1, 1, 1]
    assert sum(rank <= 5 for rank in ranks(lite0, pattern)) >= 2
