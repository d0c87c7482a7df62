"""One matplotlib figure for each kind of result, with the same scales as the viewer and a caption below.

Figures belong to no window: `figure.savefig("a.pdf")` writes one, a notebook shows it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from deepro.render import caption, colour, sequence_figures, space_figures, survey_figures, views
from deepro.results import (
    Activations,
    Heatmap,
    Pattern,
    Prediction,
    Projection,
    Region,
    Result,
)

MOST = 9  # units shown of each layer


@functools.singledispatch
def draw(result: Result) -> Any:
    """A figure of `result`; the caption alone where nothing else is known of its kind."""
    return _canvas(6, 1)


def figure(result: Result) -> Any:
    """The figure with its caption."""
    made = draw(result)
    made.supxlabel(caption.text(result), x=0.01, ha="left", fontsize=8, color="0.35", wrap=True)
    return made


@draw.register
def _(result: Prediction) -> Any:
    made = _canvas(8, 3)
    picture = result.picture if result.picture is not None else result.seen
    left, right = made.subplots(1, 2, width_ratios=[1, 1.2])
    _show(left, picture, "")
    names, values = result.labels[::-1], result.probabilities[::-1]
    bars = right.barh(range(len(names)), values, color="#0a665e", height=0.6)
    right.bar_label(bars, [f"{v:.1%}" for v in values], padding=4, fontsize=8)
    right.set_yticks(range(len(names)), [_words(n) for n in names], fontsize=9)
    right.set_xlim(0, max(0.01, *values) * 1.25)
    right.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        right.spines[side].set_visible(False)
    return made


@draw.register
def _(result: Projection) -> Any:
    items = [(n, u) for n in range(result.values.shape[0]) for u in range(min(MOST, result.values.shape[1]))]
    if result.values.ndim != 5:
        return _curves([result.values[n, u].reshape(-1, result.values.shape[-1]) for n, u in items],
                       [f"unit {result.units[n, u]}" for n, u in items])  # fmt: skip
    rows = -(-len(items) // 3)
    made = _canvas(11, 1.5 * rows)
    axes = made.subplots(rows, 9, squeeze=False).reshape(-1, 3)
    for unused in axes[len(items) :].ravel():
        unused.axis("off")
    for (n, u), (left, middle, right) in zip(items, axes, strict=False):
        grid, _ = views.map_pixels(views.flat_map(result.maps[n, u]))
        pixels, scale = views.projection_pixels(result, n, u)
        (top, bottom), (start, stop) = np.asarray(result.windows[n, u], dtype=int).reshape(-1, 2)[-2:]
        _show(left, grid, f"unit {result.units[n, u]}: {result.activations[n, u]:.3g}")
        _show(middle, pixels[top:bottom, start:stop], f"±{scale.high:.3g}")
        seen = None if result.pictures is None else result.pictures[n][top:bottom, start:stop]
        _show(right, seen, f"{stop - start}x{bottom - top} px")
    return made


@draw.register
def _(result: Heatmap) -> Any:
    if result.values.ndim < 3:
        return _curves([v.reshape(1, -1) for v in result.values], list(result.targets))
    made = _canvas(3.4 * (1 + (result.pictures is not None)), 3.1 * len(result.values))
    axes = made.subplots(len(result.values), 1 + (result.pictures is not None), squeeze=False)
    for n, row in enumerate(axes):
        if result.pictures is not None:
            _show(row[0], result.pictures[n], f"{_words(result.targets[n])}: {result.scores[n]:.3g}")
        _heat(made, row[-1], result, n)
    return made


@draw.register
def _(result: Region) -> Any:
    made = _canvas(7.5, 3.4)
    left, right = made.subplots(1, 2)
    _show(left, result.picture, _words(result.target))
    if result.outline is not None:
        for points in result.outline:
            left.fill(points[:, 0], points[:, 1], fill=False, edgecolor="#00b39a", linewidth=1.8)
    if result.box is not None:
        x0, y0, x1, y1 = result.box
        left.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color="#ffd23f", linewidth=1.5)
    _heat(made, right, result.heatmap, 0)
    return made


@draw.register
def _(result: Pattern) -> Any:
    if result.images.ndim != 4:
        return _curves(list(np.atleast_2d(result.history)), list(result.targets))
    count = len(result.targets)
    columns = min(3, count)
    made = _canvas(3.1 * columns, 3.4 * -(-count // columns))
    axes = made.subplots(-(-count // columns), columns, squeeze=False).ravel()
    for axis in axes[count:]:
        axis.axis("off")
    for i, axis in enumerate(axes[:count]):
        share = views.finite(result.probabilities[i])
        reached = f"{result.scores[i]:.3g}" + ("" if share is None else f", {share:.1%}")
        _show(axis, colour.unit_range(result.images[i]), f"{_words(result.targets[i])}: {reached}")
    return made


@draw.register
def _(result: Activations) -> Any:
    made = _canvas(6, 1.6 * max(1, len(result.values)))
    axes = made.subplots(max(1, len(result.values)), 1, squeeze=False).ravel()
    for axis, (layer, values) in zip(axes, result.values.items(), strict=False):
        units = np.abs(values).reshape(*values.shape[:2], -1).max(2) if values.ndim > 1 else np.abs(values)[:, None]
        axis.bar(np.arange(units.shape[1]), units.max(0), color="#0a665e", width=1)
        axis.set_title(f"{_words(layer)}: largest |activation| of each unit", fontsize=8)
        axis.tick_params(labelsize=7)
    return made


for _kind, (_paint, _size) in (space_figures.FIGURES | survey_figures.FIGURES | sequence_figures.FIGURES).items():

    @draw.register(_kind)
    def _(result: Any, paint: Any = _paint, size: Any = _size) -> Any:
        made = _canvas(*size(result))
        paint(made, result)
        return made


def _canvas(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, max(1.2, min(height, 40))), layout="constrained", dpi=120)


def _show(axis: Any, pixels: np.ndarray | None, title: str) -> None:
    if pixels is not None and pixels.size:
        axis.imshow(pixels, interpolation="nearest" if max(pixels.shape[:2]) < 100 else "antialiased")
    axis.set_title(title, fontsize=8)
    axis.axis("off")


def _heat(made: Any, axis: Any, result: Heatmap, n: int) -> None:
    values = result.values[n] if result.values.ndim == 3 else np.abs(result.values[n]).max(0)
    high = colour.limit(values)
    shown = axis.imshow(
        values, cmap="RdBu_r" if result.signed else "inferno", vmin=-high if result.signed else 0, vmax=high
    )
    made.colorbar(shown, ax=axis, shrink=0.8, extend="max").ax.tick_params(labelsize=7)
    axis.set_title(_words(result.method), fontsize=8)
    axis.axis("off")


def _curves(rows: list[np.ndarray], names: list[str]) -> Any:
    made = _canvas(6, 1.3 * max(1, len(rows)))
    for axis, row, name in zip(made.subplots(max(1, len(rows)), 1, squeeze=False).ravel(), rows, names, strict=False):
        axis.plot(np.atleast_2d(row).T, linewidth=0.8)
        axis.set_title(_words(name), fontsize=8)
        axis.tick_params(labelsize=7)
    return made


def _words(text: str) -> str:
    """Labels are words, not matplotlib mathematics."""
    return str(text).replace("$", r"\$")
