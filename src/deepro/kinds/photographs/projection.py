"""Units of a layer sent back to the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.errors import UsageError
from deepro.kinds import general
from deepro.kinds.photographs.page import LayerUnits, Page, Photographs, Unit, scopes
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour, markup
from deepro.render.document import Scale, Window
from deepro.render.pack import plain
from deepro.render.pixels import map_pixels, signed_pixels
from deepro.render.sheet import Tile, at, name, rgb
from deepro.render.site import Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection(Result):
    """Units of one layer sent back to the input.

    values: (N, U, *input shape), signed, unscaled. units: (N, U) the unit's index in the layer. activations: (N, U) the
    number sent back. positions: (N, U, spatial axes) where in the layer's map it stood. maps: (N, U, *layer space) the
    unit's activation map. windows: (N, U, spatial axes, 2) start and stop of the receptive field in input pixels,
    clipped to the input. fidelity: how many rectifiers were on the way, by which rule, what was left alone.
    """

    kind = "projection"
    layer: str
    rule: str
    values: np.ndarray
    units: np.ndarray
    activations: np.ndarray
    positions: np.ndarray
    maps: np.ndarray
    windows: np.ndarray
    fidelity: Mapping[str, Any] = field(default_factory=dict)
    pictures: np.ndarray | None = None

    def window(self, i: int, u: int) -> tuple[slice, slice]:
        """Rows and columns of the input that unit `u` of image `i` sees."""
        (top, bottom), (left, right) = np.asarray(self.windows[i, u], dtype=int).reshape(-1, 2)[-2:]
        return slice(max(0, top), bottom), slice(max(0, left), right)


def caption(result: Projection) -> str:
    note = result.fidelity
    rectified = f" {note['rectifiers']} rectifiers on the way." if "rectifiers" in note else ""
    left = f" Left as they are: {', '.join(note['left'])}." if note.get("left") else ""
    return (
        f"Units of {result.layer}. Left: activation map, black is 0 and below, white its maximum. Middle: the "
        f"activation sent back to the pixels ({result.rule}), grey is 0, black and white ± the number above "
        f"({colour.PERCENTILE:g} % of the values lie within). Right: what the unit sees.{rectified}{left}"
    )


def _pixels(result: Projection, i: int, u: int) -> tuple[np.ndarray, Scale]:
    return signed_pixels(result.values[i, u], bgr=colour.is_bgr(result))


def _shown(result: Projection, most: int) -> list[tuple[int, int]]:
    return [(n, u) for n in range(result.values.shape[0]) for u in range(min(most, result.values.shape[1]))]


def draw(made: Any, result: Projection) -> None:
    items = _shown(result, canvas.MOST)
    if result.values.ndim != 5:
        rows = [result.values[n, u].reshape(-1, result.values.shape[-1]) for n, u in items]
        canvas.curves(made, rows, [f"unit {result.units[n, u]}" for n, u in items])
        return
    axes = made.subplots(-(-len(items) // 3), 9, squeeze=False).reshape(-1, 3)
    for unused in axes[len(items) :].ravel():
        unused.axis("off")
    for (n, u), (left, middle, right) in zip(items, axes, strict=False):
        grid, _ = map_pixels(result.maps[n, u])
        pixels, scale = _pixels(result, n, u)
        window = result.window(n, u)
        canvas.show(left, grid, f"unit {result.units[n, u]}: {result.activations[n, u]:.3g}")
        canvas.show(middle, pixels[window], f"±{scale.high:.3g}")
        seen = None if result.pictures is None else result.pictures[n][window]
        height, width = pixels[window].shape[:2]
        canvas.show(right, seen, f"{width}x{height} px")


def size(result: Projection) -> tuple[float, float]:
    count = len(_shown(result, canvas.MOST))
    return (11, 1.5 * -(-count // 3)) if result.values.ndim == 5 else (6, 1.3 * max(1, count))


def pieces(result: Projection) -> list[str]:
    if result.values.ndim != 5:
        rows = zip(result.units.ravel(), result.activations.ravel(), strict=True)
        return markup.table(["unit", "activation"], rows)
    found = []
    for n, u in _shown(result, markup.MOST):
        unit, window = f"unit {result.units[n, u]}", result.window(n, u)
        pixels, scale = _pixels(result, n, u)
        grid, _ = map_pixels(result.maps[n, u])
        tiles = [(grid, "activation map"), (pixels[window], "projection")]
        if result.pictures is not None:
            tiles.append((result.pictures[n][window], "patch"))
        images = "".join(markup.image(p, f"{what} of {unit} in {result.layer}", 88) for p, what in tiles if p.size)
        found.append(
            f'<div><div style="display:flex;gap:2px">{images}</div>'
            f"<div>{markup.escape(unit)}: {result.activations[n, u]:.3g}, ±{scale.high:.3g}</div></div>"
        )
    return found


def tile(result: Projection, image: int = 0, unit: int = -1, **_: Any) -> Tile:
    if result.values.ndim != 5:
        raise UsageError("a projection of a sequence has no place on a contact sheet; its own figure shows it")
    units = [int(u) for u in at(result.units, image, "image")]
    if unit not in units:
        raise UsageError(f"unit {unit} of {result.layer} was not projected; there are {', '.join(map(str, units))}")
    u = units.index(unit)
    grid, _scale = map_pixels(result.maps[image, u])
    pixels, scale = _pixels(result, image, u)
    window = result.window(image, u)
    shown = [rgb(grid), rgb(pixels[window])]
    if result.pictures is not None:
        shown.append(rgb(result.pictures[image][window]))
    told = (
        f"{result.layer} · unit {unit}, activation {result.activations[image, u]:.3g}, {result.rule} ±{scale.high:.3g}"
    )
    return Tile(shown, f"{told}\n{name(result, image)}")


def show(result: Projection, site: Site) -> None:
    if result.values.ndim != 5:
        general.show(result, site)
        return
    for i, page in enumerate(site.section(Photographs).of(result)):
        page.size = (int(result.values.shape[-2]), int(result.values.shape[-1]))
        key = page.record(result)
        page.look(result.pictures, i, key)
        page.layers.append(_units(result, i, page, key))


def _units(result: Projection, i: int, page: Page, key: str) -> LayerUnits:
    units = []
    for u in range(result.values.shape[1]):
        pixels, scale = _pixels(result, i, u)
        grid, grid_scale = map_pixels(result.maps[i, u])
        (top, bottom), (left, right) = np.asarray(result.windows[i, u], dtype=float).reshape(-1, 2)[-2:]
        units.append(
            Unit(
                unit=int(result.units[i, u]),
                activation=float(result.activations[i, u]),
                position=[int(p) for p in np.atleast_1d(result.positions[i, u])],
                window=Window(left=left, top=top, right=right, bottom=bottom),
                map=page.save(f"{key}-{u}-map.png", grid),
                map_scale=grid_scale,
                projection=page.save(f"{key}-{u}-projection.png", pixels),
                projection_scale=scale,
            )
        )
    row = page.rows.get(result.layer)
    return LayerUnits(
        layer=result.layer,
        kind=row.kind if row else None,
        rule=result.rule,
        record=key,
        receptive_field=row.receptive_field.size if row and row.receptive_field else None,
        map_size=[int(n) for n in result.maps.shape[2:]],
        fidelity=plain(result.fidelity),
        units=units,
    )


KIND = register(
    Kind(
        Projection,
        caption=caption,
        draw=draw,
        size=size,
        pieces=pieces,
        tile=tile,
        sheet="Units on photographs: activation map, black is 0 and below; its activation sent back to the pixels, "
        "grey is 0; what the unit saw.",
        show=show,
        scopes=scopes,
    )
)
