"""Draws parts of figures: an empty canvas, pictures, heatmaps, curves.

Figures belong to no window: `figure.savefig("a.pdf")` writes one, a notebook shows it.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from deepro.render import colour

MOST = 9  # units shown of each layer
_CHINESE = re.compile(r"SansCJK-Regular|NotoSans(SC|TC)-Regular|wqy|PingFang|STHeiti|msjh|msyh|DroidSansFallback")
TICKS = 120  # tokens that are told apart along an axis


def canvas(width: float, height: float) -> Any:
    """An empty matplotlib figure, sizes in inches."""
    return paper()(figsize=(width, max(1.2, min(height, 40))), layout="constrained", dpi=120)


@functools.cache
def paper() -> Any:
    """The class of our figures: what is saved holds its fonts as journals want them (Type 42, not Type 3)."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    class _Embedding(Figure):
        def savefig(self, *args: Any, **kwargs: Any) -> None:
            with rc_context({"pdf.fonttype": 42, "ps.fonttype": 42}):
                super().savefig(*args, **kwargs)

    return _Embedding


@contextlib.contextmanager
def fonts() -> Iterator[None]:
    """Inside, what is written has Chinese characters too, where this machine has a font with them."""
    from matplotlib import rc_context

    with rc_context({"font.family": list(_families())}):
        yield


@functools.cache
def _families() -> tuple[str, ...]:
    from matplotlib import font_manager

    manager = font_manager.fontManager
    for file in sorted(f for f in font_manager.findSystemFonts() if _CHINESE.search(f)):
        before = len(manager.ttflist)
        with contextlib.suppress(Exception):  # a font that matplotlib cannot read is as good as none
            manager.addfont(file)
            if len(manager.ttflist) > before:
                return "DejaVu Sans", manager.ttflist[-1].name
    return ("DejaVu Sans",)


def pixels(drawn: Any) -> np.ndarray:
    """A figure as a picture (H, W, 3), 96 pixels an inch."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn.set_dpi(96)
    painter = FigureCanvasAgg(drawn)
    painter.draw()
    return np.asarray(painter.buffer_rgba())[..., :3].copy()


def show(axis: Any, pixels: np.ndarray | None, title: str) -> None:
    """A picture without ticks, small ones pixel by pixel."""
    if pixels is not None and pixels.size:
        axis.imshow(pixels, interpolation="nearest" if max(pixels.shape[:2]) < 100 else "antialiased")
    axis.set_title(title, fontsize=8)
    axis.axis("off")


def heat(made: Any, axis: Any, values: np.ndarray, is_signed: bool, title: str) -> None:
    """A heatmap (H, W) or (C, H, W) with its colour bar."""
    values = values if values.ndim == 2 else np.abs(values).max(0)
    high = colour.limit(values)
    scale, low = ("diverging", -high) if is_signed else ("sequential", 0)
    shown = axis.imshow(values, cmap=colour.SCALES[scale], vmin=low, vmax=high)
    made.colorbar(shown, ax=axis, shrink=0.8, extend="max").ax.tick_params(labelsize=7)
    axis.set_title(words(title), fontsize=8)
    axis.axis("off")


def curves(made: Any, rows: list[np.ndarray], names: list[str]) -> None:
    """One axis a row, a line for each of its curves."""
    for axis, row, name in zip(made.subplots(max(1, len(rows)), 1, squeeze=False).ravel(), rows, names, strict=False):
        axis.plot(np.atleast_2d(row).T, linewidth=0.8)
        axis.set_title(words(name), fontsize=8)
        axis.tick_params(labelsize=7)


def matrix(made: Any, axis: Any, values: np.ndarray, rows: Sequence[str], columns: Sequence[str], title: str) -> None:
    """Shares (rows, columns) as colours, with their names and a colour bar."""
    shown = axis.imshow(values, vmin=0, vmax=1, cmap=colour.SCALES["share"])
    axis.set_xticks(range(len(columns)), [words(name) for name in columns], rotation=45, ha="right", fontsize=7)
    axis.set_yticks(range(len(rows)), [words(name) for name in rows], fontsize=7)
    axis.set_title(title, fontsize=9)
    made.colorbar(shown, ax=axis, shrink=0.8)


def spread(names: Sequence[str], count: int) -> list[str]:
    """At most `count` of the names, evenly spaced, first and last among them."""
    if len(names) <= count:
        return list(names)
    return [names[int(i)] for i in np.linspace(0, len(names) - 1, count).round()]


def words(text: object) -> str:
    """Labels are words, not matplotlib mathematics."""
    return str(text).replace("$", r"\$")


def sign(token: str) -> str:
    """A token as it is shown: line breaks, spaces and tabs as signs."""
    return words({"\n": "⏎", " ": "␣", "\t": "⇥"}.get(token, token))


def letters(axis: Any, tokens: Sequence[str] | None, size: float = 7) -> None:
    """Tokens along the x or y axis of a plot, one a step, where there are not too many."""
    if tokens and len(tokens) <= TICKS:
        axis.set_ticks(range(len(tokens)), [sign(t) for t in tokens], fontsize=size, family="monospace")
