"""An activation atlas as a page: each picture in its cell, beside the examples that lie nearest to its direction."""

from __future__ import annotations

import re

import numpy as np

from deepro.render import colour, picture
from deepro.render.document import AtlasCard, AtlasCell, AtlasPage
from deepro.render.views.base import Put, Saver, data_name
from deepro.results import Atlas


def place_name(name: str, key: str) -> str:
    """Safe in a file name and an address, whatever a layer is called."""
    return "-".join(filter(None, [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30], key[:10]]))


def atlas(result: Atlas, put: Put) -> tuple[AtlasCard, AtlasPage]:
    """The pictures in their cells, each beside the examples that lie nearest to its direction."""
    made = result.provenance
    assert made is not None
    id = place_name(result.layer, made.key)
    save = Saver(put, f"atlas-{id}")
    name = lambda c: result.class_names[c] if c < len(result.class_names) else str(c)  # noqa: E731
    pixels = [colour.unit_range(image) for image in result.images]
    cells = []
    for p, (row, column) in sorted(
        (int(result.cells[at]), at) for at in zip(*np.nonzero(result.cells >= 0), strict=True)
    ):
        chosen = list(dict.fromkeys(result.examples[p].tolist()))
        looks = [] if result.pictures is None else [result.pictures[p, k] for k in range(len(chosen))]
        known = [(int(c), float(s)) for c, s in zip(result.classes[p], result.shares[p], strict=True) if c >= 0]
        cells.append(
            AtlasCell(
                row=int(row),
                column=int(column),
                count=int(result.counts[p]),
                picture=save(f"{p}.png", pixels[p]),
                cosine=float(result.cosines[p]),
                classes=[name(c) for c, _ in known],
                shares=[s for _, s in known],
                examples=[result.example_ids[i] for i in chosen],
                looks=[save(f"{p}-{k}.png", look) for k, look in enumerate(looks)],
            )
        )
    rows, columns = result.cells.shape
    height, width = pixels[0].shape[:2]
    sheet = np.full((rows * height, columns * width, 3), colour.MIDDLE, np.uint8)
    for cell, image in zip(cells, pixels, strict=True):
        sheet[cell.row * height : (cell.row + 1) * height, cell.column * width : (cell.column + 1) * width] = image
    data = data_name(str(made.data[0].get("name", ""))) if made.data else ""
    network = str(made.network.get("fingerprint", ""))
    thumb = save("thumb.png", picture.fit(picture.crisp(sheet, 240), 480))
    card = AtlasCard(
        id=id, network=network, layer=result.layer, pictures=len(cells), data=data, record=made.key, thumb=thumb
    )
    page = AtlasPage(
        id=id,
        network=network,
        layer=result.layer,
        pool=result.pool,
        data=data,
        rows=rows,
        columns=columns,
        cells=cells,
        kept=result.kept,
        notes=list(result.notes),
        record=made.key,
    )
    return card, page
