"""The digits network: trained in seconds, the same each time, and plain enough for every method."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import deepro
from deepro.demos import digits


@pytest.fixture(scope="module")
def trained() -> tuple[deepro.Network, float]:
    return digits.network()


def test_the_network_reads_digits_it_has_not_seen(trained: tuple[deepro.Network, float]) -> None:
    net, accuracy = trained
    assert accuracy > 0.96
    x, labels, held_out = digits.inputs()
    with torch.no_grad():
        right = (net.module(x[held_out]).argmax(1).numpy() == labels[held_out]).mean()
    assert right == pytest.approx(accuracy)
    assert held_out.sum() == 360


def test_it_withstands_the_adversary_it_was_trained_against(
    trained: tuple[deepro.Network, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digits, "_REACH", 0.6)
    x, labels, held_out = digits.inputs()
    module, right = trained[0].module, torch.from_numpy(labels[held_out])
    attacked = digits._attack(module, x[held_out], right)
    assert (module(attacked).argmax(1) == right).float().mean() > 0.7  # 0.56 without


def test_no_held_out_digit_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    x, labels, held_out = digits.inputs()
    first, _ = digits.train(epochs=1)
    x[held_out], labels[held_out] = 0, 0
    monkeypatch.setattr(digits, "inputs", lambda: (x, labels, held_out))
    again, _ = digits.train(epochs=1)
    assert all((a == b).all() for a, b in zip(first.parameters(), again.parameters(), strict=True))


def test_training_is_short_and_the_same_each_time(trained: tuple[deepro.Network, float]) -> None:
    state = torch.random.get_rng_state()
    started = time.process_time()
    module, accuracy = digits.train()
    assert time.process_time() - started < 30
    assert accuracy == trained[1]
    assert all((a == b).all() for a, b in zip(module.parameters(), trained[0].module.parameters(), strict=True))
    assert (torch.random.get_rng_state() == state).all()
    other, _ = digits.train(seed=1, epochs=1)
    assert any((a != b).any() for a, b in zip(module.parameters(), other.parameters(), strict=True))


def test_a_digit_on_disk_is_the_input_it_was_trained_on(trained: tuple[deepro.Network, float], tmp_path: Path) -> None:
    net, _ = trained
    folder = digits.write_pictures(tmp_path)
    files = sorted(folder.glob("*/*.png"))
    assert len(files) == 360
    x, labels, _ = digits.inputs()
    number = int(files[5].stem)
    assert torch.equal(net.prepare(files[5]).tensor[0], x[number])
    assert files[5].parent.name == str(labels[number])


def test_the_deconvnet_and_a_heatmap_of_a_digit(trained: tuple[deepro.Network, float]) -> None:
    net, _ = trained
    picture = digits.pixels()[0][0]
    projection = deepro.deconvnet(net, picture, "conv2", top=3)
    assert projection.values.shape == (1, 3, 1, 8, 8)
    assert np.abs(projection.values).max() > 0
    assert deepro.heatmap(net, picture, "0").values.shape == (1, 8, 8)


def test_what_the_network_expects_of_a_digit_looks_like_one(trained: tuple[deepro.Network, float]) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    made = deepro.imagine(trained[0], list(digits.LABELS))
    pictures, labels, held_out = digits.pixels()
    reader = KNeighborsClassifier(5).fit(pictures[~held_out].reshape(-1, 64) / 255, labels[~held_out])
    # The pictures are bolder than handwriting: the reader is shown them at the digits' own contrast.
    seen = made.images[:, 0] * (pictures.mean() / 255 / made.images.mean((1, 2, 3)))[:, None, None]
    assert (reader.predict(seen.reshape(-1, 64)) == np.arange(10)).sum() >= 8


def test_the_demo_makes_everything_in_one_workspace(tmp_path: Path) -> None:
    made = digits.digits(tmp_path / "demo")
    assert made.accuracy > 0.96
    assert len(made.explanation.photographs) == 10
    assert not made.explanation.skipped
    assert len(made.pattern.targets) == 10
    assert [m.layer for m in made.maps.maps] == list(digits.MAPPED)
    for one in made.maps.maps:
        assert one.quality["neighbours@15"] > one.baselines["pca"]["neighbours@15"]
    assert [m.layer for m in made.maps.units] == list(digits.MAPPED)
    assert [f.layer for f in made.maps.findings] == [digits.MAPPED[-1]]
    probe = made.scores.scores["probe"]
    assert probe[-1] > probe[0]
    assert set(made.survey.layers) >= {"conv1", "conv2"}
    results = list((tmp_path / "demo" / "results").iterdir())
    kinds = {json.loads((r / "manifest.json").read_text())["result"]["$result"] for r in results}
    assert {"map", "aligned_maps", "findings", "layer_scores", "survey", "pattern", "projection"} <= kinds
    net = deepro.load("deepro.demos.digits:DigitsNetwork", weights=tmp_path / "demo" / "digits.safetensors")
    assert torch.equal(net.module.conv1.weight, made.net.module.conv1.weight)
