"""The main job on networks of every kind of input: what does not apply is refused with the reason, the rest is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import deepro
from deepro.errors import UsageError
from deepro.report import build
from deepro.store import Workspace


def head(units: int, classes: int, axes: int) -> list[nn.Module]:
    pool = {1: nn.AdaptiveAvgPool1d(1), 2: nn.AdaptiveAvgPool2d(1), 3: nn.AdaptiveAvgPool3d(1)}[axes]
    return [pool, nn.Flatten(), nn.Linear(units, classes)]


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.rnn, self.out = nn.Embedding(30, 8), nn.GRU(8, 16, batch_first=True), nn.Linear(16, 4)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.out(self.rnn(self.embedding(tokens))[0][:, -1])


def sound() -> tuple[nn.Module, Tensor]:
    module = nn.Sequential(nn.Conv1d(1, 6, 5, 2, 2), nn.ReLU(), nn.MaxPool1d(3, 2), nn.Conv1d(6, 8, 3), nn.ReLU())
    return module.extend(head(8, 3, 1)), torch.randn(2, 1, 64)


def volume() -> tuple[nn.Module, Tensor]:
    module = nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(4, 6, 3), nn.ReLU())
    return module.extend(head(6, 2, 3)), torch.randn(2, 1, 10, 10, 10)


def table() -> tuple[nn.Module, Tensor]:
    return nn.Sequential(nn.Linear(10, 12), nn.ReLU(), nn.Linear(12, 3)), torch.randn(2, 10)


@pytest.mark.parametrize("make", [sound, volume, table])
def test_inputs_that_are_no_pictures(make: object, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, inputs = make()  # type: ignore[operator]
    net = deepro.load(module, input_shape=tuple(inputs.shape[1:]))
    made = deepro.explain(net, list(inputs), tmp_path / "ws")
    assert len(made.photographs) == 2
    assert list(made.refused) == ["segment"]
    assert "takes pictures" in made.refused["segment"]
    kinds = [r.kind for r in made.photographs[0].results]
    assert kinds
    assert set(kinds) == {"projection"}
    for result in made.photographs[1].results:
        assert result.values.shape[2:] == inputs.shape[1:]
    assert build(Workspace(tmp_path / "ws")).is_file()


def test_tokens_are_predicted_and_the_rest_is_refused(tmp_path: Path) -> None:
    net = deepro.load(Words())
    made = deepro.explain(net, [torch.randint(0, 30, (12,))], tmp_path / "ws")
    assert set(made.refused) == {"deconvnet", "segment"}
    assert "torch.int64" in made.refused["deconvnet"]
    assert len(made.photographs[0].prediction.labels) == 4


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    module, inputs = sound()
    net = deepro.load(module, input_shape=(1, 64))
    first = deepro.explain(net, [inputs[0]], tmp_path / "ws")
    again = deepro.explain(net, [inputs[0]], tmp_path / "ws")
    for a, b in zip(first.photographs[0].results, again.photographs[0].results, strict=True):
        assert a.provenance == b.provenance  # its clock too: the same run
        np.testing.assert_array_equal(a.values, b.values)
    with torch.no_grad():
        next(module.parameters()).mul_(1.01)
    changed = deepro.explain(deepro.load(module, input_shape=(1, 64)), [inputs[0]], tmp_path / "ws")
    assert changed.photographs[0].results[0].provenance.key != first.photographs[0].results[0].provenance.key


def test_bad_words_are_refused_before_anything_runs(tmp_path: Path) -> None:
    module, inputs = table()
    net = deepro.load(module, input_shape=(10,))
    for wrong, said in (
        ({"methods": ["imagine"]}, "explains no photograph"),
        ({"options": {"rul": "guided"}}, "did you mean rule"),
        ({"layers": ["3"]}, "unknown layer"),
        ({"target": 7}, r"0\.\.2"),
    ):
        with pytest.raises(UsageError, match=said):
            deepro.explain(net, [inputs[0]], tmp_path / "ws", **wrong)
    assert not (tmp_path / "ws").exists()


def test_a_folder_of_classes_says_what_is_true(tmp_path: Path) -> None:
    for i, name in enumerate(("cat", "dog", "other")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        pixels = np.random.default_rng(i).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / name / "1.png")
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *head(4, 2, 2))
    net = deepro.load(module, preprocess=deepro.Preprocess(size=(16, 16)), labels=["cat", "dog"])
    made = deepro.explain(net, tmp_path / "photos", tmp_path / "ws", methods=["gradient"])
    assert [p.name for p in made.photographs] == ["cat/1.png", "dog/1.png", "other/1.png"]
    assert [p.prediction.truth for p in made.photographs] == ["cat", "dog", None]
    assert deepro.predict(net, tmp_path / "photos" / "cat" / "1.png").truth is None
    page = build(Workspace(tmp_path / "ws"), single_file=True).read_text(encoding="utf-8")
    assert page.count('"truth":"dog"') >= 2  # on its card and on its page
