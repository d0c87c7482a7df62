"""What stands out, on planted codes: each finding is where it was put."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import deepro
from deepro import registry
from deepro.errors import UsageError
from deepro.kinds import record
from deepro.methods.spaces import searching

N = 90


def planted() -> tuple[torch.Tensor, np.ndarray]:
    """Three dense groups of 8 numbers; 0 is far from all, 1 and 2 are twins, 5 has a wrong label."""
    random = np.random.default_rng(0)
    labels = np.arange(N) % 3
    codes = 6 * np.eye(8)[labels] + random.normal(0, 0.5, (N, 8))
    codes[0] = -15
    codes[2], labels[2] = codes[1] + 1e-3, labels[1]
    labels[5] = 0
    return torch.from_numpy(codes).float(), labels


def found(labels: np.ndarray | None, codes: torch.Tensor, **options: object) -> deepro.Findings:
    net = deepro.load(nn.Sequential(nn.Identity(), nn.Linear(8, 3)), input_shape=(8,))
    data = codes if labels is None else (codes, [f"class {c}" for c in labels])
    return registry.get("findings")(net, data, "0", **options)


def test_each_finding_is_where_it_was_planted() -> None:
    codes, labels = planted()
    made = found(labels, codes)
    assert made.outliers[0] == 0
    assert made.outlier_factors.argmax() == 0
    assert made.duplicates.tolist() == [[1, 2]]
    assert made.duplicate_distances[0] == pytest.approx(1e-3 * 8**0.5, rel=1e-2)
    assert made.suspects[0] == 5
    assert (made.label_names[made.given[0]], made.label_names[made.likely[0]]) == ("class 0", "class 2")
    assert made.trust[0] < 0.1
    assert made.cluster.max() == 2
    assert made.cluster[0] == -1
    for c in range(3):
        members = np.nonzero(made.cluster == c)[0]
        kind = np.bincount(np.arange(N)[members] % 3).argmax() if 2 not in members else None
        if kind is not None:
            assert made.cluster_units[c, 0] == kind  # the number by which the group stands out
        assert made.cluster_effects[c, 0] > 3


def test_a_mirrored_copy_of_a_picture_is_a_duplicate() -> None:
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 256, (16, 16, 3), dtype=np.uint8) for _ in range(40)]
    pictures.append(pictures[4][:, ::-1].copy())
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 12, 5, stride=3), nn.Flatten(), nn.Linear(12 * 16, 24)).eval()
    net = deepro.load(module, preprocess=deepro.Preprocess((16, 16), 16, (127.0,) * 3, (60.0,) * 3, "RGB", 255.0))
    made = registry.get("findings")(net, pictures, "2")
    assert made.duplicates.tolist() == [[4, 40]]
    assert not len(registry.get("findings")(net, pictures, "2", mirror=False).duplicates)


def test_a_result_without_controls_still_says_its_lines() -> None:
    made = found(None, planted()[0])
    assert not made.control
    assert not any("control" in line for line in record.of(made).lines(made))
    made = found(planted()[1], planted()[0])
    assert made.control["planted"] == 4  # one in twenty of 90
    assert any("4 planted errors found" in line for line in record.of(made).lines(made))


def test_of_many_codes_a_sample_is_clustered_and_the_others_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    codes, labels = planted()
    whole = found(labels, codes)
    monkeypatch.setattr(searching, "_CLUSTERED", 60)
    part = found(labels, codes)
    assert "60 of 90 codes" in " ".join(part.notes)
    both = (whole.cluster >= 0) & (part.cluster >= 0)
    assert both.sum() > 70
    pairs = set(zip(whole.cluster[both].tolist(), part.cluster[both].tolist(), strict=True))
    assert len(pairs) == 3  # the same groups under whatever number


@pytest.mark.parametrize("labels", [None, np.zeros(N, int)])
def test_without_two_classes_no_label_is_doubted_and_a_note_says_why(labels: np.ndarray | None) -> None:
    made = found(labels, planted()[0])
    assert len(made.suspects) == 0
    assert "at least two classes" in made.notes[0]
    assert made.outliers[0] == 0


def test_what_cannot_stand_out_is_said() -> None:
    codes, labels = planted()
    with pytest.raises(UsageError, match="at least 3 examples, got 2"):
        found(labels[:2], codes[:2])
    with pytest.raises(UsageError, match="all 90 codes are equal"):
        found(labels, torch.ones_like(codes))
    with pytest.raises(UsageError, match="not positions"):
        found(labels, codes, pool="positions")


def test_few_points_have_no_clusters() -> None:
    codes, labels = planted()
    made = found(labels[:8], codes[:8])
    assert (made.cluster == -1).all()
    assert made.cluster_units.shape[0] == 0
