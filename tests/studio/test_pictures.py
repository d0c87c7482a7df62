"""Pictures from outside: what is taken, what is refused before it is decoded, and what cannot be reached."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from deepro.errors import ImageError, UsageError
from deepro.studio import pictures
from deepro.studio.pictures import Data, clean, keep, thumbnail


def encoded(kind: str, size: tuple[int, int] = (8, 6)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_usual_kinds_are_taken(kind: str, tmp_path: Path) -> None:
    data = encoded(kind)
    file, name = keep(tmp_path / "up", data, "a.png")
    assert file.read_bytes() == data
    assert file.parent == tmp_path / "up"
    assert keep(tmp_path / "up", data, "b.png")[0] == file  # named by its content
    assert name == "a.png"


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge and is a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture"),
        (b"%PDF-1.4", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "no picture"),
        (encoded("PPM"), "no picture"),
        (bomb(8000, 8000), "megapixels"),
        (bomb(60000, 60000), "megapixels"),
    ],
)
def test_others_are_refused(data: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=why):
        keep(tmp_path / "up", data, "x.png")
    assert not (tmp_path / "up").exists()


def test_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LIMITS", pictures.LIMITS.model_copy(update={"bytes": 10}))
    with pytest.raises(ImageError, match="at most 10"):
        keep(tmp_path, encoded("PNG"), "x.png")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\x00b\n.png", "ab.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "picture"),
        ("照片.jpg", "照片.jpg"),
        ("x" * 500, "x" * 120),
    ],
)
def test_names_are_for_people_only(name: str, shown: str) -> None:
    assert clean(name) == shown


def test_a_data_folder_is_never_left(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(encoded("PNG"))
    folder = tmp_path / "data"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "a.png").write_bytes(encoded("PNG"))
    (folder / "b.png").write_bytes(encoded("PNG"))
    (folder / ".hidden.png").write_bytes(encoded("PNG"))
    (folder / "notes.txt").write_text("no")
    (folder / "link.png").symlink_to(secret)
    data = Data(str(folder))
    assert {i.name: i.label for i in data.page("", 0, 50).items} == {
        "b.png": None,
        "cat/a.png": "cat",
        "link.png": None,
    }
    assert [i.name for i in data.page("CAT a", 0, 50).items] == ["cat/a.png"]
    assert data.page("", 1, 1).total == 3
    for item in data.page("", 0, 50).items:
        if item.name == "link.png":
            with pytest.raises(UsageError, match="leads out"):
                data.file(item.index)
        else:
            assert data.file(item.index)[0].is_file()
    for index in (-1, 3, 10**9):
        with pytest.raises(UsageError, match="0 to 2"):
            data.file(index)


def test_thumbnails(tmp_path: Path) -> None:
    file = tmp_path / "big.png"
    file.write_bytes(encoded("PNG", (900, 300)))
    assert Image.open(io.BytesIO(thumbnail(file))).size == (168, 56)
    file.write_bytes(b"broken")
    with pytest.raises(ImageError, match=r"big\.png cannot be read"):
        thumbnail(file)
