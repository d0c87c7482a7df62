"""The object's region in a photograph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.kinds.photographs import heatmap
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.kinds.photographs.page import LONGEST, Page, Photographs, RegionView, scopes
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour, markup, picture
from deepro.render.document import Window
from deepro.render.pack import finite
from deepro.render.pixels import heat_pixels
from deepro.render.sheet import Tile, name, rgb
from deepro.render.site import Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Region(Result):
    """The object's mask in the original image.

    mask: (H, W) bool at the original's size. outline: list of (points, 2) x, y polygons around the mask's parts.
    box: (left, top, right, bottom), half open; mask, outline and box are None where there is no region.
    evidence: numbers that say how far to trust it (area, score, what the centred box would give).
    """

    kind = "region"
    mask: np.ndarray | None
    outline: tuple[np.ndarray, ...] | None
    box: tuple[int, int, int, int] | None
    heatmap: Heatmap
    target: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    picture: np.ndarray | None = None  # (H, W, 3) uint8, the original


FAILED = (
    "It failed its check: shown alone, the region keeps no more of the target than the rest of the photograph, or "
    "than a centred box of its area."
)


def failed(result: Region) -> bool:
    """Whether the region alone keeps no more of the target than the rest, or than a centred box of its area."""
    for unit in ("probability", "score"):
        if f"{unit}_region" in result.evidence:
            alone, *others = (result.evidence[f"{unit}_{seen}"] for seen in ("region", "without", "centred"))
            return bool(alone <= max(others))
    return False


def caption(result: Region) -> str:
    found = "" if result.box is not None else " No region: the evidence is too weak."
    found += f" {FAILED}" if failed(result) else ""
    said = f"Region of {result.target}, cut from the heatmap on the right.{found}"
    return said + heatmap.numbers(result.evidence)


def draw(made: Any, result: Region) -> None:
    left, right = made.subplots(1, 2)
    line = "--" if failed(result) else "-"
    canvas.show(left, result.picture, canvas.words(result.target))
    if result.outline is not None:
        for points in result.outline:
            left.fill(points[:, 0], points[:, 1], fill=False, edgecolor=colour.OUTLINE, linewidth=1.8, linestyle=line)
    if result.box is not None:
        x0, y0, x1, y1 = result.box
        left.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=colour.BOX, linewidth=1.5, linestyle=line)
    canvas.heat(made, right, result.heatmap.values[0], result.heatmap.signed, result.heatmap.method)


def pieces(result: Region) -> list[str]:
    heat = result.heatmap
    pixels, scale = heat_pixels(heat.flat(0), heat.signed)
    alone = (
        f"{markup.image(pixels[..., :3], f'heatmap for {result.target}', 220)}{markup.ramp(heat.signed, scale.high)}"
    )
    if result.picture is None:
        return [f"<div>{alone}</div>"]
    height, width = result.picture.shape[:2]
    shapes = "".join(
        f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" stroke="{colour.OUTLINE}"/>'
        for points in result.outline or ()
    )
    if result.box is not None:
        left, top, right, bottom = result.box
        shapes += f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" stroke="{colour.BOX}"/>'
    drawn = (
        f'<svg viewBox="0 0 {width} {height}" style="position:absolute;inset:0;width:100%;height:100%" fill="none" '
        f'stroke-dasharray="{f"{width / 40:.0f}" if failed(result) else "none"}" '
        f'stroke-width="{max(1.0, width / 160):.1f}">{shapes}</svg>'
    )
    # The region's method squeezes the whole photograph to the input: its heatmap lies on all of it.
    stage = markup.stage(result.picture, pixels, result.target, 320, drawn)
    said = f"<div>{FAILED}</div>" if failed(result) else ""
    return [f"<div>{stage}<div>{markup.escape(result.target)}</div>{said}</div>", f"<div>{alone}</div>"]


def tile(result: Region, *_part: int, highs: Mapping[str, float]) -> Tile:
    from PIL import Image, ImageDraw

    heat = heatmap.tile(result.heatmap, highs=highs)
    if result.picture is None:
        return heat
    drawn = Image.fromarray(rgb(result.picture))
    pen, thick = ImageDraw.Draw(drawn), max(1, round(min(drawn.size) / 90))
    for points in result.outline or ():
        closed = [(float(x), float(y)) for x, y in (*points, points[0])]
        pen.line(closed, fill=(0, 179, 154), width=thick)
    if result.box is not None:
        pen.rectangle([float(v) for v in result.box], outline=(255, 210, 63), width=thick)
    found = ", no region" if result.box is None else ", failed its check" if failed(result) else ""
    laid = np.asarray(Image.fromarray(heat.pictures[-1]).resize(drawn.size, Image.Resampling.NEAREST))
    words = f"{name(result)}\nregion of {result.target}{found}; heat {heat.words.rsplit(', ', 1)[-1]}"
    return Tile([np.asarray(drawn), laid], words)


def show(result: Region, site: Site) -> None:
    for page in site.section(Photographs).of(result):
        page.original = result.picture if page.original is None else page.original
        key = page.record(result)
        page.look(result.heatmap.pictures, 0, key)
        page.regions.append(_view(result, page, key))


def _view(result: Region, page: Page, key: str) -> RegionView:
    mask = None
    if result.mask is not None:
        cover = picture.fit(result.mask, LONGEST)
        rgba = np.zeros((*cover.shape, 4), dtype=np.uint8)
        rgba[..., 3] = np.where(cover, 0, 255)  # what lies outside the region is covered
        mask = page.save(f"{key}-mask.png", rgba)
    box = result.box
    return RegionView(
        target=result.target,
        mask=mask,
        outline=None if result.outline is None else [np.round(p, 1).tolist() for p in result.outline],
        box=None if box is None else Window(left=box[0], top=box[1], right=box[2], bottom=box[3]),
        heatmap=heatmap.layer(result.heatmap, 0, key),
        evidence={k: finite(v) for k, v in result.evidence.items()},
        failed=failed(result),
        record=key,
    )


KIND = register(
    Kind(
        Region,
        caption=caption,
        draw=draw,
        size=(7.5, 3.4),
        pieces=pieces,
        tile=tile,
        sheet="Regions, cut from the heatmap beside them; the outline is the mask's.",
        scale=lambda r: (r.heatmap.method, colour.limit(r.heatmap.values)),
        show=show,
        scopes=scopes,
    )
)
