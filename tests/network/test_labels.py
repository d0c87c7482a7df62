"""Which class a label means, and where labels come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import deepro
from deepro.errors import LabelError, UsageError
from deepro.network.labels import find, read_labels

NAMES = ["red fox", "kit fox", "goose", "snow goose", "jay, blue jay", "crane", "Maillot", "crane", "tabby, tabby cat"]


@pytest.mark.parametrize(
    ("label", "index"),
    [
        ("goose", 2),
        ("GOOSE", 2),
        ("kit fox", 1),
        (" red fox ", 0),
        ("blue jay", 4),
        ("jay", 4),
        ("snow", 3),
        ("maillot", 6),
        ("tab", 8),
    ],
)
def test_found(label: str, index: int) -> None:
    assert find(label, NAMES) == index


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("fox", r"ambiguous: red fox \(0\), kit fox \(1\)"),
        ("crane", r"ambiguous: crane \(5\), crane \(7\)"),
        ("gose", "did you mean goose"),
        ("zzz", "has 9 labels"),
        ("  ", "empty"),
    ],
)
def test_not_found(label: str, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        find(label, NAMES)


def test_indices() -> None:
    net = deepro.load(nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), labels=["a", "b", "7"], input_shape=(3, 2, 2))
    assert [net.label_index(x) for x in (1, "1", "b", "7")] == [1, 1, 1, 2]
    for bad in (3, -1, "12", True, None, 1.5):
        with pytest.raises(LabelError):
            net.label_index(bad)  # type: ignore[arg-type]
    bare = deepro.load(nn.Sequential(nn.Linear(4, 3)))
    assert bare.label_index(2) == 2
    with pytest.raises(LabelError, match=r"0\.\.2"):
        bare.label_index(3)
    with pytest.raises(LabelError, match="no labels"):
        bare.label_index("goose")


def test_a_name_is_near_by_one_of_its_words() -> None:
    names = ["rocking chair", "tiger cat", "computer keyboard", "crate"]
    for wrong, meant in (("catt", "tiger cat"), ("keybord", "computer keyboard"), ("Rocking chir", "rocking chair")):
        with pytest.raises(LabelError, match=f"unknown label '{wrong}'; did you mean {meant}"):
            find(wrong, names)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_text("a\nb\n\n", encoding="utf-8")
    forms = {
        "list.json": ["a", "b"],
        "by_index.json": {"1": "b", "0": "a"},
        "by_name.json": {"b": 1, "a": 0},
        "net.json": {"0": ["n1", "a"], "1": ["n2", "b"]},
    }
    for name, value in forms.items():
        (tmp_path / name).write_text(json.dumps(value))
    for source in (["a", "b"], ("a", "b"), {0: "a", 1: "b"}, tmp_path / "l.txt", *(str(tmp_path / n) for n in forms)):
        assert read_labels(source) == ["a", "b"], source
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "gap.json").write_text('{"0": "a", "2": "c"}')
    for name, said in (("bad.json", "not JSON"), ("gap.json", "index 1"), ("none.txt", "cannot read")):
        with pytest.raises(UsageError, match=said):
            read_labels(tmp_path / name)


def test_the_count_must_fit() -> None:
    with pytest.raises(UsageError, match="2 labels were given, but the network has 3 classes"):
        deepro.load(nn.Sequential(nn.Linear(4, 3)), labels=["a", "b"])
    assert deepro.load(nn.Sequential(nn.Linear(4, 3)), labels=["a", "b", "c"]).predict(torch.rand(4))[0][0] in "abc"
