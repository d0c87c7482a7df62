"""Examples or units of one layer laid out in two dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.spaces import page
from deepro.kinds.spaces.page import MapColumn
from deepro.render import address, canvas, picture
from deepro.render.colour import CLASSES, NO_CLASS, SCALES
from deepro.render.document import Values
from deepro.render.grid import picture_grid
from deepro.render.pack import finite, named, values, view
from deepro.render.site import Saver, Site, key
from deepro.results import Result

UNKNOWN = 65535  # in a column
_NEAREST = 10
_NEIGHBOURS = 4_000_000  # numbers of one step's neighbours; a larger map shows fewer of each point
_ANSWERS = 16_000_000  # answers of units to examples in one page
_CLASSES = 4096  # a column of more different whole numbers is a number, not a class
_CELLS = 4096  # a picture grid of more is no longer looked at
_EXACT = 1024  # cells that one assignment takes
_SHEET = 2048  # longest side of a sheet of thumbnails, pixels


@dataclass(frozen=True, eq=False, kw_only=True)
class Map(Result):
    """Examples (or units) of one layer laid out in two dimensions.

    values: (N, 2). ids: (N,) names that stay. labels: (N,) int64 into label_names, -1 where unknown, or None.
    columns: name -> (N,), anything to colour by: prediction, confidence, correct. column_names: what a column's whole
    numbers mean, such as the network's labels for prediction. method, layer, pool: how it was made;
    codes: (N, D) what was laid out, float32, None where it was not kept.
    neighbours: (N, k) int32 which points are nearest to each in the codes, not on the map, nearest first; a placed
    point's are among the fitted ones. neighbour_distances: (N, k) float32, in the codes' units.
    quality: measure -> number, such as neighbours@15 (methods.spaces.quality); baselines: the same for the PCA and the
    random projection of these codes. per_point: (N,) share of the `per_point_size` nearest neighbours that are near on
    the map too. placed: (N,) bool, True for points laid beside a map of the others; None where all were fitted.
    facts: the method's own numbers. finished: False where the work was stopped. notes: what a reader must know.
    pictures: (N, h, w, 3) uint8 thumbnails.
    """

    kind = "map"
    method: str
    layer: str
    pool: str
    values: np.ndarray
    ids: tuple[str, ...]
    per_point: np.ndarray
    per_point_size: int
    quality: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    column_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    placed: np.ndarray | None = None
    finished: bool = True
    notes: tuple[str, ...] = ()
    codes: np.ndarray | None = None
    neighbours: np.ndarray | None = None
    neighbour_distances: np.ndarray | None = None
    pictures: np.ndarray | None = None

    @property
    def of(self) -> Literal["examples", "units"]:
        """What its points are."""
        return "units" if self.method == "unit_map" else "examples"


def lines(result: Map) -> list[str]:
    if result.of == "units":
        return [f"{result.layer}  map of {len(result.values)} units"]
    size = result.facts.get("code_size", "?")
    said = [f"{result.layer}  {result.method} of {len(result.values)} points, {size} numbers each"]
    said.append("  " + ", ".join(f"{k} {v:.2f}" for k, v in result.quality.items() if not k.endswith("@50")))
    for name, numbers in result.baselines.items():
        known = [f"{k} {numbers[k]:.2f}" for k in ("neighbours@15", "trustworthiness@15") if k in numbers]
        said.append(f"  baseline {name}: {', '.join(known) or 'too few points to measure'}")
    return said + [f"  note: {note}" for note in result.notes]


def draw(made: Any, result: Map) -> None:
    """Left: the points by label. Right: the same points by how many of their neighbours stayed near."""
    left, right = made.subplots(1, 2, width_ratios=[1, 1.15])
    scatter(left, result)
    left.set_title(f"{result.method} of {result.layer}, {len(result.values)} points", fontsize=9)
    share = {"c": result.per_point, "cmap": SCALES["share"], "vmin": 0, "vmax": 1}
    shown = right.scatter(*result.values.T, s=dot(result), **share)
    made.colorbar(shown, ax=right, label=f"share of {result.per_point_size} nearest kept", shrink=0.8)
    _bare(right)
    right.set_title(kept(result), fontsize=9)


def scatter(axis: Any, result: Map) -> None:
    """The points by label; each class's name at its middle."""
    at, size, labels = result.values, dot(result), result.labels
    if labels is None:
        axis.scatter(*at.T, s=size, color=CLASSES[0], alpha=0.7, linewidths=0)
    else:
        classes = np.unique(labels[labels >= 0])
        axis.scatter(*at[labels < 0].T, s=size, color="0.8", linewidths=0)
        for i, c in enumerate(classes):
            axis.scatter(*at[labels == c].T, s=size, color=CLASSES[i % len(CLASSES)], linewidths=0)
        for c in classes if len(classes) <= 30 else ():
            name = canvas.words(named(result.label_names, c)[:16])
            axis.text(*np.median(at[labels == c], axis=0), name, fontsize=8, ha="center", va="center", weight="bold",
                      bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75})  # fmt: skip
    _bare(axis)


def kept(result: Map) -> str:
    """The quality that always stands with a map, and what the PCA would have kept."""
    measures = {"neighbours": "neighbours@15", "trust": "trustworthiness@15", "continuity": "continuity@15"}
    said = ", ".join(f"{name} {result.quality[m]:.2f}" for name, m in measures.items() if m in result.quality)
    pca = result.baselines.get("pca", {}).get("neighbours@15")
    return said + (f" (PCA keeps {pca:.2f})" if pca is not None else "")


def dot(result: Map) -> float:
    """The size of a point, in square points of print."""
    return float(np.clip(4000 / max(1, len(result.values)), 0.5, 30))


def _bare(axis: Any) -> None:
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_xticks([])
    axis.set_yticks([])
    for side in axis.spines.values():
        side.set_color("0.85")


def show(result: Map, site: Site) -> None:
    add(result, [result.layer], [result], site)


def add(
    result: Result, names: Sequence[str], steps: Sequence[Map], site: Site, changed: np.ndarray | None = None
) -> None:
    """The page of a result that is maps of the same points, with a name for each. changed: (S, N), see AlignedMaps."""
    site.list(result)
    first, last = steps[0], steps[-1]
    id = address.layer(names[0], key(result))
    save = Saver(site.put, f"map-{id}")
    packed = pack([m.values for m in steps])
    made = view(
        page.MapPage,
        first,
        **page.about(result),
        id=id,
        kind=first.of,
        steps=[
            _step(name, one, packed[i], None if changed is None or not i else changed[i])
            for i, (name, one) in enumerate(zip(names, steps, strict=True))
        ],
        columns=columns(first),
        sprites=sprites(first.pictures, save),
        grid=_grid(last) if first.pictures is not None else None,
    )
    for i, one in enumerate(steps):
        if (near := nearest(one)) is not None:
            site.keep("neighbours", f"{id}-{i}", page.MapNeighbours(id=f"{id}-{i}", values=values(near)))
    card = view(
        page.MapCard,
        made,
        steps=list(names),
        points=len(first.values),
        kept=finite(last.quality.get("neighbours@15", np.nan)),
        thumb=save("thumb.png", dots(packed[-1], _shades(first))),
    )
    section = site.section(page.Maps)
    section.listed["maps"].append(card)
    of = page.points(result, first.of, first.ids, ((s.layer, s.pool) for s in steps))
    section.made.append(page.Made(of, made, _answers(first)))


def pack(maps: Sequence[np.ndarray]) -> np.ndarray:
    """page.Maps (N, 2) as (S, N, 2) uint16 in one square that holds them all, middle in the middle."""
    at = np.stack(maps).astype(np.float64)
    low, high = at.min((0, 1)), at.max((0, 1))
    span = float((high - low).max()) or 1.0
    return np.rint(((at - (low + high) / 2) / span + 0.5) * 65535).clip(0, 65535).astype(np.uint16)


def nearest(result: Map) -> np.ndarray | None:
    """(N, k) uint32: each point's nearest in the codes, as many as the page can carry."""
    if result.neighbours is None:
        return None
    count = min(_NEAREST, result.neighbours.shape[1], _NEIGHBOURS // max(1, len(result.neighbours)))
    return result.neighbours[:, :count].astype(np.uint32) if count else None


def columns(result: Map) -> list[MapColumn]:
    """Label, prediction, confidence, right or wrong, placed, and whatever else the map has."""
    found = []
    if result.labels is not None:
        found.append(_classes("label", result.labels, result.label_names))
    for name, given in result.columns.items():
        if name == "correct":
            codes = np.where(given < 0, UNKNOWN, given).astype(np.uint16)
            found.append(MapColumn(name=name, kind="outcome", values=values(codes)))
        elif given.dtype.kind in "iub" and len(np.unique(given)) <= _CLASSES:
            names = result.column_names.get(name) or (result.label_names if name == "class" else ())
            found.append(_classes(name, given.astype(np.int64), names))
        elif given.dtype.kind in "iuf":
            found.append(_number(name, given))
        else:
            words, place = np.unique(given.astype(str), return_inverse=True)
            if len(words) <= _CLASSES:
                found.append(_classes(name, place, tuple(words.tolist())))
    if result.placed is not None:
        found.append(_classes("placed", result.placed.astype(np.int64), ("fitted", "placed")))
    return found


def _classes(name: str, given: np.ndarray, names: Sequence[str]) -> MapColumn:
    """Only classes that occur; -1 is unknown."""
    known = np.unique(given[given >= 0])
    place = np.full(int(known[-1]) + 2 if len(known) else 1, UNKNOWN, np.uint16)
    place[known] = np.arange(len(known))
    packed = values(place[np.where(given < 0, -1, given)])
    return MapColumn(name=name, kind="classes", values=packed, names=[named(names, i) for i in known.tolist()])


def _number(name: str, given: np.ndarray) -> MapColumn:
    whole = np.isfinite(given)
    low, high = (float(given[whole].min()), float(given[whole].max())) if whole.any() else (0.0, 1.0)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0  # a share has its own scale
    scaled = np.rint((np.where(whole, given, low) - low) / ((high - low) or 1.0) * (UNKNOWN - 1))
    packed = np.where(whole, scaled, UNKNOWN).astype(np.uint16)
    return MapColumn(name=name, kind="number", values=values(packed), low=low, high=high)


def _share(given: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(np.nan_to_num(given), 0, 1) * 255).astype(np.uint8)


def _step(name: str, one: Map, packed: np.ndarray, changed: np.ndarray | None) -> page.MapStep:
    return view(
        page.MapStep,
        one,
        name=name,
        code_size=one.facts.get("code_size") or (one.codes.shape[1] if one.codes is not None else None),
        positions=values(packed),
        kept=values(_share(one.per_point)),
        kept_size=one.per_point_size,
        neighbours=nearest(one) is not None,
        changed=None if changed is None else values(_share(changed)),
        quality=_numbers(one.quality),
        baselines={k: _numbers(v) for k, v in one.baselines.items()},
    )


def _numbers(given: Mapping[str, float]) -> dict[str, float]:
    return {k: float(v) for k, v in given.items() if finite(v) is not None}


def sprites(pictures: np.ndarray | None, save: Saver) -> page.Sprites | None:
    """Thumbnails (N, h, w, 3) on sheets of at most 2048 pixels a side."""
    if pictures is None or not len(pictures):
        return None
    n, height, width = pictures.shape[:3]
    across, down = max(1, _SHEET // width), max(1, _SHEET // height)
    across = min(across, int(np.ceil(np.sqrt(n))))
    down = min(down, -(-n // across))
    kind = "png" if max(height, width) <= 16 else "jpg"  # small ones are looked at pixel by pixel
    parts = (pictures[start : start + across * down] for start in range(0, n, across * down))
    sheets = [save(f"sheet-{i}.{kind}", picture.tiled(part, across)) for i, part in enumerate(parts)]
    return page.Sprites(sheets=sheets, columns=across, rows=down, width=width, height=height)


def _grid(one: Map) -> page.GridView | None:
    if not 4 <= len(one.values) <= _CELLS:
        return None
    made = picture_grid(one.values, one.codes, exact=_EXACT)
    seams = np.concatenate([made.seams_right.ravel(), made.seams_down.ravel()])
    seams = seams[np.isfinite(seams)]
    most = float(np.percentile(seams, 95)) if len(seams) else 1.0
    right, down = (values(_share(s / (most or 1.0))) for s in (made.seams_right, made.seams_down))
    return view(page.GridView, made, seams_right=right, seams_down=down)


def _answers(one: Map) -> Values | None:
    """(U, N) uint8, each unit's answers from its lowest to its highest."""
    if one.of != "units" or one.codes is None or one.codes.size > _ANSWERS:
        return None
    low, high = one.codes.min(1, keepdims=True), one.codes.max(1, keepdims=True)
    return values(np.rint((one.codes - low) / np.maximum(high - low, 1e-30) * 255).astype(np.uint8))


def _shades(one: Map) -> np.ndarray | None:
    """(N,) class of each point for the card's picture, the commonest 0; -1 where unknown."""
    found = (g for g in (one.labels, one.columns.get("prediction"), one.columns.get("class")) if g is not None)
    given = next(found, None)
    if given is None:
        return None
    known, place, counts = np.unique(given, return_inverse=True, return_counts=True)
    rank = np.empty(len(known), np.int64)
    rank[np.lexsort((known, -counts))] = np.arange(len(known))
    return np.where(given < 0, -1, rank[place])


def dots(at: np.ndarray, classes: np.ndarray | None, size: tuple[int, int] = (480, 360)) -> np.ndarray:
    """(H, W, 4) uint8 picture of a map, transparent behind: a card. at: (N, 2) uint16, y upwards. classes: (N,)
    small whole numbers, commonest 0. At most 20 000 points are drawn, evenly taken."""
    from PIL import Image, ImageColor, ImageDraw

    width, height = size[0] * 2, size[1] * 2  # drawn twice as large, for smooth edges
    sheet = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(sheet)
    picked = np.unique(np.linspace(0, len(at) - 1, 20_000).round().astype(int))
    radius = float(np.clip(160 / np.sqrt(len(picked)), 2, 12))
    side = min(width, height) - 4 * radius
    middles = (at[picked] / 65535 - 0.5) * (side, -side) + (width / 2, height / 2)
    for i in np.random.default_rng(0).permutation(len(picked)):
        place = 0 if classes is None else int(classes[picked[i]])
        hue = CLASSES[place] if 0 <= place < len(CLASSES) else NO_CLASS
        x, y = middles[i]
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*ImageColor.getrgb(hue)[:3], 235))
    return np.asarray(sheet.resize(size, Image.Resampling.BOX))


KIND = register(
    Kind(
        Map,
        caption="Near points are meant to be alike to the layer; only the kept neighbours are. Axes have no unit.",
        draw=draw,
        size=(11, 5.2),
        lines=lines,
        show=show,
        scopes=page.scopes,
    )
)
