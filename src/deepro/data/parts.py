"""Boxes of parts in photographs, from a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepro.data.files import read_table
from deepro.errors import UsageError
from deepro.network import Network

_COLUMNS = ("image", "part", "left", "top", "right", "bottom")


def read_parts(net: Network, table: Path) -> tuple[list[str], dict[str, np.ndarray]]:
    """The photographs of a CSV, TSV or Parquet table, and for each part a box in each of them, (N, 4) in input pixels.

    Columns: image (a path from the table's folder), part, and left, top, right, bottom in pixels of the photograph; a
    row a box, a box of every part in every photograph. Boxes are cut to what the network sees.
    Raises UsageError for what does not fit, and ImageError for photographs that cannot be read.
    """
    table = Path(table).absolute()
    columns = read_table(table)
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        raise UsageError(f"{table} needs the columns {', '.join(_COLUMNS)}; {', '.join(missing)} is missing")
    rows = list(zip(*(columns[name] for name in _COLUMNS), strict=True))
    images = list(dict.fromkeys(str(row[0]) for row in rows))
    parts = list(dict.fromkeys(str(row[1]) for row in rows))
    files = [str(table.parent / image) for image in images]
    inputs = net.prepare(files)
    height, width = inputs.tensor.shape[-2:]
    found = {part: np.full((len(images), 4), -1, dtype=np.int64) for part in parts}
    for image, part, *numbers in rows:
        place = images.index(str(image))
        photograph = inputs.photographs[place]
        assert photograph is not None  # it came from a file
        try:
            left, top, right, bottom = (float(n) for n in numbers)
        except ValueError:
            raise UsageError(f"{table}: the box of {part} in {image} is {numbers}, expected four numbers") from None
        view = photograph.view
        box = np.array(
            [
                (left - view.left) / view.scale_x,
                (top - view.top) / view.scale_y,
                (right - view.left) / view.scale_x,
                (bottom - view.top) / view.scale_y,
            ]
        )
        cut = np.clip(np.round(box), 0, [width, height, width, height]).astype(np.int64)
        if cut[2] <= cut[0] or cut[3] <= cut[1]:
            raise UsageError(f"{table}: nothing of {part} in {image} lies in what the network sees")
        found[str(part)][place] = cut
    for part, boxes in found.items():
        if (absent := np.flatnonzero(boxes[:, 0] < 0)).size:
            raise UsageError(f"{table}: {images[absent[0]]} has no box of {part}; every image needs one of each part")
    return files, found
