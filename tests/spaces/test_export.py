"""Maps as files, read back by the programs that they are for."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepro.errors import StoreError, UsageError
from deepro.kinds.spaces.map import Map
from deepro.store import map_files
from deepro.store.map_files import export


def a_map() -> Map:
    rng = np.random.default_rng(0)
    return Map(
        method="pca",
        layer="conv",
        pool="mean",
        values=rng.random((5, 2)).astype(np.float32),
        ids=("a,1", "b\t2", "c", "d", "é"),
        per_point=rng.random(5).astype(np.float32),
        per_point_size=2,
        quality={"neighbours@15": 0.5},
        labels=np.array([0, 1, -1, 0, 1]),
        label_names=("cat", "dog"),
        columns={"confidence": rng.random(5).astype(np.float32)},
        codes=rng.random((5, 3)).astype(np.float32),
        pictures=rng.integers(0, 255, (5, 4, 6, 3)).astype(np.uint8),
    )


def test_csv(tmp_path: Path) -> None:
    made = a_map()
    with export(made, tmp_path / "map.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["id"] for r in rows] == list(made.ids)
    assert [r["label"] for r in rows] == ["cat", "dog", "", "cat", "dog"]
    np.testing.assert_allclose([float(r["x"]) for r in rows], made.values[:, 0], rtol=1e-6)
    assert {"y", "confidence", "neighbours_kept_2"} <= set(rows[0])


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    made = a_map()
    found = parquet.read_table(export(made, tmp_path / "map.parquet"))
    assert found["label"].to_pylist() == ["cat", "dog", "", "cat", "dog"]
    np.testing.assert_array_equal(found["y"].to_numpy(), made.values[:, 1])
    assert b"neighbours@15" in found.schema.metadata[b"deepro"]


def test_numpy(tmp_path: Path) -> None:
    made = a_map()
    found = np.load(export(made, tmp_path / "map.npz"))  # no pickles needed
    assert found["id"].tolist() == list(made.ids)
    assert (found["codes"] == made.codes).all()


def test_tensorboards_projector(tmp_path: Path) -> None:
    made = a_map()
    folder = export(made, tmp_path / "projector")
    vectors = np.loadtxt(folder / "codes.tsv", delimiter="\t")
    np.testing.assert_allclose(vectors, made.codes, rtol=1e-6)
    lines = (folder / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6
    assert lines[2].split("\t")[:2] == ["b 2", "dog"]
    config = (folder / "projector_config.pbtxt").read_text()
    assert config.count("embeddings {") == config.count("}") - config.count("sprite {") == 2
    assert 'tensor_path: "codes.tsv"' in config
    assert "single_image_dim: 6\n    single_image_dim: 4" in config
    sheet = np.asarray(Image.open(folder / "sprite.png"))
    assert (sheet[4:8, 0:6] == made.pictures[3]).all()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_result: Map, file: Path) -> None:
        file.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(map_files, "_csv", full)
    with pytest.raises(StoreError, match="No space left"):
        export(a_map(), tmp_path / "map.csv")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_or_left_half_written(tmp_path: Path) -> None:
    made = a_map()
    export(made, tmp_path / "map.csv")
    with pytest.raises(StoreError, match="exists already"):
        export(made, tmp_path / "map.csv")
    with pytest.raises(UsageError, match=r"cannot export a map as \.xlsx"):
        export(made, tmp_path / "map.xlsx")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        export(made, tmp_path / "file" / "map.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "map.csv"]
