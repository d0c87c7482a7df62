"""A map as files for other programs: CSV, Parquet, NumPy, TensorBoard's projector."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepro.errors import StoreError, UsageError, near
from deepro.kinds.spaces.map import Map
from deepro.render.pack import named
from deepro.render.picture import tiled
from deepro.store.folder import atomic_folder

_ENDINGS = (".csv", ".parquet", ".npz", "")
_SPRITE = 8192  # TensorBoard's largest sprite picture, pixels a side


def table(result: Map) -> dict[str, np.ndarray]:
    """Column -> (N,): id, x, y, label, the map's own columns, and how well each point's neighbourhood was kept."""
    columns: dict[str, np.ndarray] = {
        "id": np.array(result.ids, dtype=object),
        "x": result.values[:, 0],
        "y": result.values[:, 1],
    }
    if result.labels is not None:
        names = result.label_names
        label = [named(names, i) if i >= 0 else "" for i in result.labels.tolist()]
        columns["label"] = np.array(label, dtype=object)
    columns |= {name: values for name, values in result.columns.items() if name not in columns}
    columns[f"neighbours_kept_{result.per_point_size}"] = result.per_point
    if result.placed is not None:
        columns["placed"] = result.placed
    return columns


def check_target(target: str | Path) -> Path:
    """Where `export` may write, absolute. Raises as it does, before anything is computed."""
    target = Path(target).absolute()
    kind = target.suffix.lower()
    if kind not in _ENDINGS:
        hint = near(kind, [k for k in _ENDINGS if k])
        raise UsageError(f"cannot export a map as {kind}{hint or '; endings are .csv, .parquet, .npz, or none'}")
    if target.exists():
        raise StoreError(f"{target} exists already; choose another name or remove it")
    return target


def export(result: Map, target: str | Path) -> Path:
    """Write a map where `target`'s name says how: .csv, .parquet, .npz, or a folder for TensorBoard's projector.

    Raises StoreError where it exists already or cannot be written, UsageError for another ending.
    """
    target = check_target(target)
    writers: Mapping[str, Callable[[Map, Path], None]] = {".csv": _csv, ".parquet": _parquet, ".npz": _npz}
    kind = target.suffix.lower()
    if not kind:
        with atomic_folder(target) as partial:
            _projector(result, partial)
        return target
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        writers[kind](result, partial)
        partial.replace(target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return target


def _csv(result: Map, file: Path) -> None:
    columns = table(result)
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows(zip(*(c.tolist() for c in columns.values()), strict=True))


def _parquet(result: Map, file: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("writing Parquet needs pyarrow: pip install pyarrow, or export .csv") from None
    about = {
        "layer": result.layer,
        "method": result.method,
        "quality": dict(result.quality),
        "facts": dict(result.facts),
    }
    made = pyarrow.table({k: v.tolist() if v.dtype == object else v for k, v in table(result).items()})
    pyarrow.parquet.write_table(made.replace_schema_metadata({"deepro": json.dumps(about)}), file)


def _npz(result: Map, file: Path) -> None:
    columns = {k: v.astype(str) if v.dtype == object else v for k, v in table(result).items()}
    if result.codes is not None:
        columns["codes"] = result.codes
    with file.open("wb") as out:
        np.savez(out, **columns)  # type: ignore[arg-type]


def _projector(result: Map, folder: Path) -> None:
    """Vectors and metadata as TSV, a sprite of the pictures, and the configuration that names them.

    The vectors are the codes where the map has them, so that the projector can lay them out itself; the map stands
    beside them as a second tensor.
    """
    columns = {k: v for k, v in table(result).items() if k not in ("x", "y")}
    with (folder / "metadata.tsv").open("w", encoding="utf-8") as out:
        out.write("\t".join(columns) + "\n")
        for row in zip(*(c.tolist() for c in columns.values()), strict=True):
            out.write("\t".join(_cell(v) for v in row) + "\n")
    tensors = {"map": result.values} | ({"codes": result.codes} if result.codes is not None else {})
    sprite = _sprite(result.pictures, folder / "sprite.png")
    parts = []
    for name, vectors in tensors.items():
        text = io.StringIO()
        np.savetxt(text, vectors, fmt="%.7g", delimiter="\t")
        (folder / f"{name}.tsv").write_text(text.getvalue(), encoding="utf-8")
        part = f'embeddings {{\n  tensor_name: "{result.layer} {name}"\n  tensor_path: "{name}.tsv"\n'
        part += '  metadata_path: "metadata.tsv"\n'
        if sprite:
            width, height = sprite
            part += f'  sprite {{\n    image_path: "sprite.png"\n    single_image_dim: {width}\n'
            part += f"    single_image_dim: {height}\n  }}\n"
        parts.append(part + "}\n")
    (folder / "projector_config.pbtxt").write_text("".join(parts), encoding="utf-8")


def _cell(value: Any) -> str:
    return " ".join(str(value).split())


def _sprite(pictures: np.ndarray | None, file: Path) -> tuple[int, int] | None:
    """All pictures in one square, row by row; None where there are none or they would not fit."""
    if pictures is None:
        return None
    from PIL import Image

    n, height, width = pictures.shape[:3]
    side = int(np.ceil(np.sqrt(n)))
    if side * max(height, width) > _SPRITE:
        return None
    square = np.zeros((side * side, height, width, 3), np.uint8)
    square[:n] = pictures
    Image.fromarray(tiled(square, side)).save(file)
    return width, height
