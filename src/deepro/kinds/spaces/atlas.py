"""A layer's space as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.spaces.page import About, about
from deepro.render import address, canvas, colour, picture
from deepro.render.document import Model, Picture
from deepro.render.pack import named, view
from deepro.render.site import Saver, Section, Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Atlas(Result):
    """A layer's space as pictures: a map of its codes cut into cells, each with a picture made for its mean direction.

    cells: (R, C) int32, which of P pictures stands there, -1 for none; the first row is the map's top. counts: (P,)
    codes averaged. directions: (P, D), the mean code less the mean of all. images: (P, C, H, W) in 0..1 as in Pattern.
    cosines: (P,) between the direction and what the picture brings about in the layer, in -1..1.
    classes: (P, 3) int64, the commonest classes of the examples in the cell, by prediction or else by label, -1 for
    none; shares: (P, 3); class_names: what the numbers mean. examples: (P, k) int64, the examples whose codes lie
    nearest to the direction, and example_ids: of all N. pictures: (P, k, h, w, 3) uint8 of those, None where there are
    none. kept: the map's neighbours@15, None where there were too few codes.
    """

    kind = "atlas"
    layer: str
    pool: str
    cells: np.ndarray
    counts: np.ndarray
    directions: np.ndarray
    images: np.ndarray
    cosines: np.ndarray
    classes: np.ndarray
    shares: np.ndarray
    class_names: tuple[str, ...]
    examples: np.ndarray
    example_ids: tuple[str, ...]
    pictures: np.ndarray | None = None
    kept: float | None = None
    notes: tuple[str, ...] = ()

    def common(self, p: int) -> list[tuple[str, float]]:
        """The commonest classes of the examples in a picture's cell, with their shares."""
        found = zip(self.classes[p].tolist(), self.shares[p].tolist(), strict=True)
        return [(named(self.class_names, c), share) for c, share in found if c >= 0]


class AtlasCard(About):
    """An activation atlas on the list of maps."""

    id: str
    layer: str
    pictures: int
    thumb: Picture


class AtlasCell(Model):
    """A picture made for the mean direction of `count` codes. cosine: how nearly it moves the layer that way.

    classes, shares: the commonest among the examples there. examples: the nearest, by name, with what they look like.
    """

    row: int
    column: int
    count: int
    picture: Picture
    cosine: float
    classes: list[str]
    shares: list[float]
    examples: list[str]
    looks: list[Picture]


class AtlasPage(About):
    """A layer's space as pictures. kept: neighbours@15 of the map beneath, where it could be measured."""

    id: str
    layer: str
    pool: str
    rows: int
    columns: int
    cells: list[AtlasCell]
    kept: float | None
    notes: list[str]


class Atlases(Section):
    """One page for each atlas."""

    pages: ClassVar[Mapping[str, type[Model]]] = {"atlas": AtlasPage}
    cards: ClassVar[Mapping[str, type[Model]]] = {"atlases": AtlasCard}


def lines(result: Atlas) -> list[str]:
    cosines = f"{result.cosines.min():.2f} to {result.cosines.max():.2f}"
    return [f"{result.layer}  atlas of {len(result.images)} pictures, cosines {cosines}"]


def draw(made: Any, result: Atlas) -> None:
    """Every picture at its place on the map, with the commonest class of its examples."""
    axes = made.subplots(*result.cells.shape, squeeze=False)
    for axis, p in zip(axes.ravel(), result.cells.ravel().tolist(), strict=True):
        axis.axis("off")
        if p < 0:
            continue
        axis.imshow(colour.unit_range(result.images[p]))
        for name, share in result.common(p)[:1]:
            axis.set_title(f"{canvas.words(name[:14])} {share:.0%}", fontsize=6)


def show(result: Atlas, site: Site) -> None:
    id = address.layer(result.layer, site.list(result).key)
    save = Saver(site.put, f"atlas-{id}")
    rows, columns = result.cells.shape
    pixels = [colour.unit_range(image) for image in result.images]
    height, width = pixels[0].shape[:2]
    sheet = np.full((rows * height, columns * width, 3), colour.MIDDLE, np.uint8)
    cells = []
    for p, row, column in sorted((p, *at) for at, p in np.ndenumerate(result.cells) if p >= 0):
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = pixels[p]
        cells.append(_cell(result, int(p), row, column, pixels[p], save))
    page = view(AtlasPage, result, **about(result), id=id, rows=rows, columns=columns, cells=cells)
    thumb = save("thumb.png", picture.fit(picture.crisp(sheet, 240), 480))
    site.keep("atlas", id, page)
    site.section(Atlases).listed["atlases"].append(view(AtlasCard, page, pictures=len(cells), thumb=thumb))


def _cell(result: Atlas, p: int, row: int, column: int, pixels: np.ndarray, save: Saver) -> AtlasCell:
    """A picture in its cell, beside the examples that lie nearest to its direction."""
    chosen = list(dict.fromkeys(result.examples[p].tolist()))
    looks = [] if result.pictures is None else result.pictures[p, : len(chosen)]
    common = result.common(p)
    return AtlasCell(
        row=row,
        column=column,
        count=int(result.counts[p]),
        picture=save(f"{p}.png", pixels),
        cosine=float(result.cosines[p]),
        classes=[name for name, _ in common],
        shares=[share for _, share in common],
        examples=[result.example_ids[i] for i in chosen],
        looks=[save(f"{p}-{k}.png", look) for k, look in enumerate(looks)],
    )


KIND = register(
    Kind(
        Atlas,
        caption="Pictures made for the mean directions of a layer's codes, each at its place on a map of them.",
        draw=draw,
        size=lambda r: (1.1 * r.cells.shape[1] + 0.5, 1.25 * r.cells.shape[0] + 0.5),
        lines=lines,
        show=show,
    )
)
