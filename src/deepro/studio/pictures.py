"""Reads pictures from users: uploads, which are checked before they are decoded, and files of the data folder."""

from __future__ import annotations

import hashlib
import io
import os
import re
import unicodedata
import uuid
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from deepro.errors import ImageError, UsageError
from deepro.render.document.studio import DataItem, DataPage, Limits

LIMITS = Limits(bytes=25_000_000, pixels=50_000_000, kinds=["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
THUMB = 168  # pixels


def keep(folder: Path, data: bytes, name: str) -> tuple[Path, str]:
    """The file of an upload, named by its content, and a name for people. Raises ImageError for what is no picture,
    too large, or of a kind that is not taken."""
    if len(data) > LIMITS.bytes:
        raise ImageError(f"the picture has {len(data):,} bytes; at most {LIMITS.bytes:,} are taken")
    kind = _check(data)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{hashlib.sha256(data).hexdigest()[:32]}.{kind.lower()}"
    if not file.exists():
        partial = folder / f".{uuid.uuid4().hex}"
        partial.write_bytes(data)
        os.replace(partial, file)
    return file, clean(name)


def _check(data: bytes) -> str:
    """Kind and size, from the header alone: nothing is decoded yet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=LIMITS.kinds) as image:
                width, height, kind = image.width, image.height, str(image.format)
    except Image.DecompressionBombError:
        raise ImageError(
            f"the picture has more than {LIMITS.pixels // 1_000_000} megapixels; shrink it first"
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise ImageError(f"that is no picture of a kind that is taken: {', '.join(LIMITS.kinds)}") from None
    if width * height > LIMITS.pixels:
        raise ImageError(
            f"the picture is {width} x {height}; at most {LIMITS.pixels // 1_000_000} megapixels are taken"
        )
    return kind


def clean(name: str) -> str:
    """A file name to show: its last part, without what cannot be seen."""
    name = re.split(r"[\\/]", name)[-1]
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip()
    return name[:120] or "picture"


def thumbnail(file: Path) -> bytes:
    """A picture as a small JPEG file. Raises ImageError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                if image.width * image.height > LIMITS.pixels and image.format not in ("JPEG", "MPO"):
                    raise ImageError(f"{file.name} is too large to show")
                image.draft("RGB", (2 * THUMB, 2 * THUMB))
                small = ImageOps.exif_transpose(image)
                small.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS, reducing_gap=2)
                buffer = io.BytesIO()
                small.convert("RGB").save(buffer, "JPEG", quality=78)
                return buffer.getvalue()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ImageError(f"{file.name} cannot be read as a picture ({error})") from None


class Data:
    """The pictures of the data set named on the command line, by index. Nothing else can be reached through it."""

    def __init__(self, source: str) -> None:
        self.name = Path(source).name or source
        self._files: list[tuple[Path, str, str | None]] = []
        folder = Path(source)
        if folder.is_dir():
            self._files = [(f, f.relative_to(folder).as_posix(), _label(f, folder)) for f in _pictures(folder)]
        elif folder.is_file() and folder.suffix.lower() in Image.registered_extensions():
            self._files = [(folder, folder.name, None)]
        self.root = folder.resolve() if folder.is_dir() else folder.resolve().parent

    def __len__(self) -> int:
        return len(self._files)

    def page(self, find: str, offset: int, limit: int) -> DataPage:
        """Items whose name holds every word of `find`."""
        words = find.lower().split()
        found = [i for i, (_, name, _) in enumerate(self._files) if all(w in name.lower() for w in words)]
        items = [
            DataItem(index=i, name=self._files[i][1], label=self._files[i][2]) for i in found[offset : offset + limit]
        ]
        return DataPage(total=len(found), items=items)

    def file(self, index: int) -> tuple[Path, str]:
        """File and name. Raises UsageError for no such index, or a link that leads out of the folder."""
        if not 0 <= index < len(self._files):
            raise UsageError(f"the data has pictures 0 to {len(self._files) - 1}, not {index}")
        file, name, _ = self._files[index]
        if not file.resolve().is_relative_to(self.root):
            raise UsageError(f"{name} is a link that leads out of the data folder")
        return file, name


def _label(file: Path, folder: Path) -> str | None:
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else None


def _pictures(folder: Path) -> list[Path]:
    known = Image.registered_extensions()
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        found += [Path(place, f) for f in sorted(files) if f[0] != "." and os.path.splitext(f)[1].lower() in known]
    return found


def preview(workspace: Any, most: int, put: Any) -> list[dict[str, Any]]:
    """Cards of photographs from their predictions alone, for the moment before their pages are made."""
    from deepro.kinds.photographs.prediction import Prediction
    from deepro.render import address, picture

    cards = []
    for result in workspace.results(Prediction.kind):
        if not isinstance(result, Prediction) or result.picture is None or result.provenance is None:
            continue
        data, network = result.provenance.data[0], str(result.provenance.network.get("fingerprint", ""))
        small = picture.fit(result.picture, 360)
        guesses = [{"label": a, "probability": b} for a, b in zip(result.labels, result.probabilities, strict=True)]
        sha = str(data.get("sha256", ""))
        cards.append(
            {
                "id": address.photograph(str(data["name"]), network, sha),
                "name": str(data["name"]),
                "sha256": sha,
                "network": network,
                "thumb": {"source": put(picture.jpeg(small)), "width": small.shape[1], "height": small.shape[0]},
                "best": guesses[0] if guesses else None,
                "guesses": guesses,
                "truth": result.truth,
            }
        )
        if len(cards) >= most:
            break
    return cards
