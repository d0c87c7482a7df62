"""Every kind of data set gives the same pictures with ids that stay and labels where there are any."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from deepro.data import Dataset, FolderImages, ListedImages, TarShards, TorchImages, as_dataset
from deepro.errors import UsageError


def picture(i: int) -> Image.Image:
    return Image.fromarray(np.full((4 + i, 6, 3), 10 * i, dtype=np.uint8))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for i, name in enumerate(["cat/b.png", "cat/a.png", "dog/deep/c.PNG", "d.png"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture(i).save(folder / name, "PNG")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def seen(data: Dataset) -> list[tuple[str, str | None, int]]:
    """id, label and height of each."""
    rows = []
    for i in range(len(data)):
        example = data.read(i)
        label = data.classes[example.label] if example.label >= 0 else None
        rows.append((data.id(i), label, example.value.height))
    return rows


def test_a_folder_gives_its_pictures_by_path_and_its_subfolders_as_labels(photos: Path) -> None:
    data = as_dataset(photos)
    assert isinstance(data, FolderImages)
    assert data.classes == ("cat", "dog")
    assert seen(data) == [
        ("cat/a.png", "cat", 5),
        ("cat/b.png", "cat", 4),
        ("d.png", None, 7),
        ("dog/deep/c.PNG", "dog", 6),
    ]


def test_a_folder_of_links_is_followed_and_a_circle_ends(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "cat").symlink_to(photos / "cat")
    (photos / "cat" / "loop").symlink_to(photos)
    assert [row[0] for row in seen(as_dataset(tmp_path / "linked"))][:2] == ["cat/a.png", "cat/b.png"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_a_list_keeps_its_order_and_takes_labels_and_ids_from_its_columns(photos: Path, kind: str) -> None:
    rows = [("d.png", "dog", "k1"), ("cat/a.png", "cat", "k2"), ("cat/b.png", "cat", "k3")]
    table = photos / f"list.{kind}"
    if kind == "parquet":
        arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        import pyarrow.parquet as parquet

        columns = dict(zip(("file", "label", "id"), map(list, zip(*rows, strict=True)), strict=True))
        parquet.write_table(arrow.table(columns), table)
    else:
        mark = "\t" if kind == "tsv" else ","
        table.write_text("\n".join(mark.join(row) for row in [("file", "Label", "id"), *rows]))
    data = as_dataset(str(table))
    assert isinstance(data, ListedImages)
    assert seen(data) == [("k1", "dog", 7), ("k2", "cat", 5), ("k3", "cat", 4)]


def test_numbers_as_labels_are_sorted_as_numbers(photos: Path) -> None:
    (photos / "l.csv").write_text("path,label\nd.png,10\ncat/a.png,9\ncat/b.png,\n")
    data = as_dataset(photos / "l.csv")
    assert data.classes == ("9", "10")
    assert [data.label(i) for i in range(3)] == [1, 0, -1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("picture,label\na.png,x\n", "needs a column named path or file or filename; it has picture, label"),
        ("path,label\na.png\n", "row 2 has 1 values, the header has 2"),
        ("path,label\na.png,x\na.png,y\n", "'a.png' stands twice"),
        ("path,label\n", "lists no images"),
        ("", "needs a column"),
    ],
)
def test_a_list_that_does_not_fit_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "l.csv").write_text(text)
    with pytest.raises(UsageError, match=words):
        as_dataset(tmp_path / "l.csv")


def test_a_label_column_that_is_not_there_is_told_with_near_names(photos: Path) -> None:
    (photos / "l.csv").write_text("path,species\nd.png,cat\n")
    with pytest.raises(UsageError, match="no column 'specie'; did you mean species"):
        ListedImages(photos / "l.csv", label="specie")


def tar(file: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(file, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def png(i: int) -> bytes:
    buffer = io.BytesIO()
    picture(i).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("source", ["folder", "braces", "star", "list"])
def test_tar_shards_hold_pictures_and_labels_under_one_key(tmp_path: Path, source: str) -> None:
    tar(
        tmp_path / "t-00.tar",
        {"x/0001.cls": b"3", "x/0001.png": png(1), "x/0002.seg.png": png(9), "x/0002.png": png(2)},
    )
    tar(tmp_path / "t-01.tar", {"0003.jpg": png(3), "0003.json": json.dumps({"label": 12}).encode()})
    given: Any = {
        "folder": tmp_path,
        "braces": str(tmp_path / "t-{00..01}.tar"),
        "star": str(tmp_path / "t-*.tar"),
        "list": [tmp_path / "t-00.tar", tmp_path / "t-01.tar"],
    }[source]
    data = TarShards(given) if source == "list" else as_dataset(given)
    assert isinstance(data, TarShards)
    assert data.classes == ("3", "12")
    assert seen(data) == [("t-00.tar/x/0001", "3", 5), ("t-00.tar/x/0002", None, 6), ("t-01.tar/0003", "12", 7)]


def test_a_tar_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"x" * 1000)
    with pytest.raises(UsageError, match="uncompressed tar"):
        as_dataset(tmp_path / "a.tar")


class Items(torch.utils.data.Dataset):
    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


def test_any_torch_data_set(photos: Path) -> None:
    tensor = torch.randn(3, 4, 4)
    data = as_dataset(
        Items([
            (tensor, 2),
            {"image": picture(1), "label": torch.tensor(1)},
            (str(photos / "d.png"), np.int64(0)),
            picture(2),
            (np.zeros((5, 5, 3), np.uint8), "words are no index"),
        ])
    )  # fmt: skip
    read = [data.read(i) for i in range(5)]
    assert [r.label for r in read] == [2, 1, 0, -1, -1]
    assert torch.equal(read[0].value, tensor)
    assert [r.value.size for r in read[1:]] == [(6, 5), (6, 7), (6, 6), (5, 5)]
    assert data.id(3) == "3"
    assert len({r.digest for r in read}) == 5
    assert data.read(1).digest == read[1].digest


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self) -> Any:
        return iter([torch.zeros(3)])


def test_a_stream_without_length_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match="has no length"):
        as_dataset(Stream())


@pytest.mark.parametrize(("given", "words"), [(3, "not int"), ("/nowhere", "no such file"), ([], "is empty")])
def test_what_is_no_data_set(given: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        as_dataset(given)


def test_tensors_and_lists(photos: Path) -> None:
    assert isinstance(as_dataset(torch.zeros(4, 3, 8, 8)), TorchImages)
    assert seen(as_dataset([photos / "d.png", photos / "cat" / "a.png"])) == [("d.png", None, 7), ("a.png", None, 5)]
    assert as_dataset(photos / "d.png").id(0) == "d.png"
