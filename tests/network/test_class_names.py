"""Classes that a data set names by number or by WordNet id."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tests.survey.test_survey import fill, make
from torch import nn

import deepro
from deepro.data import as_dataset
from deepro.network import Network, class_names
from deepro.network.class_names import class_indices, readable


def network(labels: list[str] | None, classes: int) -> Network:
    return deepro.load(nn.Linear(2, classes), input_shape=(2,), labels=labels)


IMAGENET = ["tench, Tinca tinca", *(f"thing {i}" for i in range(1, 999)), "toilet tissue"]
IDS = [f"n{10_000_000 + 7 * i}" for i in range(1000)]


def test_numbers_are_shown_with_the_networks_labels() -> None:
    net = network(["ape", "bee, honey bee", "cow"], 3)
    assert readable(net, ["0", "2"]) == ("ape (0)", "cow (2)")
    assert readable(net, ["1"]) == ("bee (1)",)
    assert class_indices(net, ["2", "ape", "honey bee", "9", "dog"]) == [2, 0, 1, None, None]


@pytest.mark.parametrize("names", [["0", "3"], ["0", "ape"], ["ape", "cow"], []])
def test_what_is_not_clearly_the_networks_stays(names: list[str]) -> None:
    assert readable(network(["ape", "bee", "cow"], 3), names) == tuple(names)
    assert readable(network(None, 3), ["0", "1"]) == ("0", "1")


def test_a_thousand_wordnet_ids_stand_in_the_order_of_the_classes() -> None:
    net = network(IMAGENET, 1000)
    turned = IDS[::-1]
    assert class_indices(net, turned) == list(range(999, -1, -1))
    assert readable(net, turned)[-2:] == ("thing 1 (1)", "tench (0)")


@pytest.mark.parametrize("labels", [["tench", *map(str, range(1, 10))], [f"k{i}" for i in range(1000)]])
def test_ids_say_nothing_to_other_networks(labels: list[str]) -> None:
    ids = IDS[: len(labels)]
    assert readable(network(labels, len(labels)), ids) == tuple(ids)
    assert class_indices(network(labels, len(labels)), ids) == [None] * len(ids)


def test_some_ids_need_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(IMAGENET, 1000)
    monkeypatch.setattr(class_names, "_timm_ids", lambda: [])
    assert readable(net, ["n01440764"]) == ("n01440764",)
    monkeypatch.undo()
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    assert readable(net, ["n01641577", "n01440764"]) == ("thing 30 (30)", "tench (0)")
    assert class_indices(net, ["n01641577", "n00000000"]) == [30, None]


def test_a_list_by_number_names_the_classes_of_the_survey(tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 6)
    rows = [f"{file.relative_to(tmp_path)},{3 * (i % 2)}" for i, file in enumerate(sorted(photos.rglob("*.png")))]
    (tmp_path / "list.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    plain = make()
    net = deepro.load(plain.module, preprocess=plain.preprocess, labels=["ape", "bee", "cow", "doe", "eel"])
    data = as_dataset(tmp_path / "list.csv")
    assert data.classes == ("0", "3")
    assert deepro.survey(net, data).classes == ("ape (0)", "doe (3)")
