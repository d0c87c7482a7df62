"""Figures of spaces: a map beside what it kept, aligned maps in a row, scores over layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deepro.render import colour
from deepro.render.colour import CLASSES, MEASURES, NO_CLASS, SCALES
from deepro.results import AlignedMaps, Atlas, Findings, LayerScores, Map, Result, Similarity

_LINES = (
    ("probe", "linear probe", "o-"),
    ("neighbours", "nearest neighbours", "s-"),
    ("between_class", "variance between classes", "^:"),
    ("control", "probe, labels dealt anew", "x--"),
    ("chance", "commonest class", "--"),
)


def draw_map(canvas: Any, result: Map) -> None:
    """Left: the points by label. Right: the same points by how many of their neighbours stayed near."""
    left, right = canvas.subplots(1, 2, width_ratios=[1, 1.15])
    points(left, result.values, result)
    left.set_title(f"{result.method} of {result.layer}, {len(result.values)} points", fontsize=9)
    shown = right.scatter(
        *result.values.T, c=result.per_point, s=_size(result.values), cmap=SCALES["share"], vmin=0, vmax=1
    )
    canvas.colorbar(shown, ax=right, label=f"share of {result.per_point_size} nearest kept", shrink=0.8)
    _bare(right)
    right.set_title(_numbers(result), fontsize=9)


def draw_aligned(canvas: Any, result: AlignedMaps) -> None:
    """One map a step, same colours; rings mark the points whose neighbours changed most since the step before."""
    axes = canvas.subplots(1, len(result.maps), squeeze=False)[0]
    low = np.min([m.values.min(0) for m in result.maps], axis=0)
    high = np.max([m.values.max(0) for m in result.maps], axis=0)
    middle, half = (low + high) / 2, 0.54 * float((high - low).max())
    for axis, step, made, changed in zip(axes, result.steps, result.maps, result.changed, strict=True):
        points(axis, made.values, made)
        most = changed >= max(0.5, float(np.quantile(changed, 0.9)))
        axis.scatter(
            *made.values[most].T, s=2.5 * _size(made.values), facecolors="none", edgecolors="black", linewidths=0.4
        )
        axis.set_aspect("equal", adjustable="box")
        axis.set_xlim(middle[0] - half, middle[0] + half)
        axis.set_ylim(middle[1] - half, middle[1] + half)
        new = f": {changed.mean():.0%} of neighbours new" if made is not result.maps[0] else ""
        axis.set_title(f"{step}{new}\n{_numbers(made)}", fontsize=8)


def draw_scores(canvas: Any, result: LayerScores) -> None:
    """Left: what each layer knows of the labels, with its controls. Right: how alike the layers are."""
    left, right = canvas.subplots(1, 2)
    places = np.arange(len(result.layers))
    for measure, name, style in _LINES:
        if measure in result.scores:
            left.plot(places, result.scores[measure], style, label=name, color=MEASURES[measure], markersize=4)
    left.set_xticks(places, result.layers, rotation=45, ha="right", fontsize=7)
    left.set_ylim(0, 1.02)
    left.legend(fontsize=7, frameon=False)
    left.set_title("share right, or of the variance", fontsize=9)
    if result.similarity is None:
        right.axis("off")
        return
    _matrix(canvas, right, result.similarity, result.layers, result.layers)


def draw_similarity(canvas: Any, result: Similarity) -> None:
    """Layers of one network by layers of another."""
    axis = canvas.subplots()
    _matrix(canvas, axis, result.similarity, result.layers, result.other_layers)
    axis.set_xlabel(result.other, fontsize=8)
    axis.set_ylabel(str(result.provenance.network.get("name", "")) if result.provenance else "", fontsize=8)


def _matrix(canvas: Any, axis: Any, values: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> None:
    shown = axis.imshow(values, vmin=0, vmax=1, cmap=SCALES["share"])
    axis.set_xticks(np.arange(len(columns)), columns, rotation=45, ha="right", fontsize=7)
    axis.set_yticks(np.arange(len(rows)), rows, fontsize=7)
    axis.set_title("linear CKA", fontsize=9)
    canvas.colorbar(shown, ax=axis, shrink=0.8)


def draw_atlas(canvas: Any, result: Atlas) -> None:
    """Every picture at its place on the map, with the commonest class of its examples."""
    rows, columns = result.cells.shape
    for axis, cell in zip(canvas.subplots(rows, columns, squeeze=False).ravel(), result.cells.ravel(), strict=True):
        axis.axis("off")
        if cell < 0:
            continue
        axis.imshow(colour.unit_range(result.images[cell]))
        name = _class(result.class_names, int(result.classes[cell, 0]))
        if name:
            axis.set_title(f"{name[:14]} {result.shares[cell, 0]:.0%}", fontsize=6)


def draw_findings(canvas: Any, result: Findings) -> None:
    """Left: the loneliest examples and the likeliest label errors by name. Right: the clusters by size."""
    left, right = canvas.subplots(1, 2)
    lines = ["outliers (local outlier factor)"]
    lines += [f"  {result.ids[i]}  {result.outlier_factors[i]:.2f}" for i in result.outliers[:8].tolist()]
    lines += [f"near duplicates: {len(result.duplicates)}", f"likely label errors: {len(result.suspects)}"]
    for i, given, likely in zip(
        result.suspects[:6].tolist(), result.given.tolist(), result.likely.tolist(), strict=False
    ):
        said = f"{_class(result.label_names, given)}, looks like {_class(result.label_names, likely)}"
        lines.append(f"  {result.ids[i]}: {said}")
    left.text(0, 1, "\n".join(lines).replace("$", r"\$"), va="top", fontsize=7, family="monospace")
    left.axis("off")
    counts = np.bincount(result.cluster[result.cluster >= 0])
    right.barh(np.arange(len(counts)), counts, color=CLASSES[0])
    right.set_yticks(
        np.arange(len(counts)),
        [f"units {', '.join(map(str, units[:3].tolist()))}" for units in result.cluster_units],
        fontsize=7,
    )
    right.invert_yaxis()
    alone = int((result.cluster < 0).sum())
    right.set_title(f"clusters, with the units that mark them; {alone} of {len(result.cluster)} in none", fontsize=8)


def _class(names: tuple[str, ...], index: int) -> str:
    return "" if index < 0 else names[index] if index < len(names) else str(index)


def points(axis: Any, values: np.ndarray, result: Map) -> None:
    """The points by label; each class's name at its middle."""
    size = _size(values)
    if result.labels is None:
        axis.scatter(*values.T, s=size, color=CLASSES[0], alpha=0.7, linewidths=0)
    else:
        classes = np.unique(result.labels[result.labels >= 0])
        unknown = result.labels < 0
        axis.scatter(*values[unknown].T, s=size, color="0.8", linewidths=0)
        for i, c in enumerate(classes):
            inside = result.labels == c
            axis.scatter(*values[inside].T, s=size, color=CLASSES[i % len(CLASSES)], linewidths=0)
        for c in classes if len(classes) <= 30 else ():
            name = result.label_names[c] if c < len(result.label_names) else str(c)
            at = np.median(values[result.labels == c], axis=0)
            axis.text(*at, name[:16], fontsize=8, ha="center", va="center", weight="bold",
                      bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75})  # fmt: skip
    _bare(axis)


def _numbers(result: Map) -> str:
    """The quality that always stands with a map, and what the PCA would have kept."""
    said = []
    for measure, name in (
        ("neighbours@15", "neighbours"),
        ("trustworthiness@15", "trust"),
        ("continuity@15", "continuity"),
    ):
        if measure in result.quality:
            said.append(f"{name} {result.quality[measure]:.2f}")
    pca = result.baselines.get("pca", {}).get("neighbours@15")
    return ", ".join(said) + (f" (PCA keeps {pca:.2f})" if pca is not None else "")


def _size(values: np.ndarray) -> float:
    return float(np.clip(4000 / max(1, len(values)), 0.5, 30))


def _bare(axis: Any) -> None:
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_xticks([])
    axis.set_yticks([])
    for side in axis.spines.values():
        side.set_color("0.85")


def dots(points: np.ndarray, classes: np.ndarray | None, size: tuple[int, int] = (480, 360)) -> np.ndarray:
    """(H, W, 4) uint8 picture of a map, transparent behind: a card. points: (N, 2) uint16, y upwards. classes: (N,)
    small whole numbers, commonest 0. At most 20 000 points are drawn, evenly taken."""
    from PIL import Image, ImageColor, ImageDraw

    width, height = size[0] * 2, size[1] * 2  # drawn twice as large, for smooth edges
    sheet = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(sheet)
    picked = np.unique(np.linspace(0, len(points) - 1, 20_000).round().astype(int))
    radius = float(np.clip(160 / np.sqrt(len(picked)), 2, 12))
    side = min(width, height) - 4 * radius
    at = (points[picked] / 65535 - 0.5) * (side, -side) + (width / 2, height / 2)
    order = np.random.default_rng(0).permutation(len(picked))
    for i in order:
        place = -1 if classes is None else int(classes[picked[i]])
        hue = CLASSES[0] if classes is None else CLASSES[place] if 0 <= place < len(CLASSES) else NO_CLASS
        x, y = at[i]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*ImageColor.getrgb(hue)[:3], 235))
    return np.asarray(sheet.resize(size, Image.Resampling.BOX))


# What is drawn, and how large: width and height in inches.
FIGURES: dict[type[Result], tuple[Any, Any]] = {
    Map: (draw_map, lambda _: (11, 5.2)),
    AlignedMaps: (draw_aligned, lambda r: (4 * len(r.maps), 4.6)),
    LayerScores: (draw_scores, lambda _: (10, 4.6)),
    Similarity: (draw_similarity, lambda r: (3 + 0.5 * len(r.other_layers), 2.2 + 0.5 * len(r.layers))),
    Atlas: (draw_atlas, lambda r: (1.1 * r.cells.shape[1] + 0.5, 1.25 * r.cells.shape[0] + 0.5)),
    Findings: (draw_findings, lambda _: (10, 4.2)),
}
