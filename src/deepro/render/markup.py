"""Pieces of HTML for notebooks: pictures as data URIs, every word escaped, nothing loaded."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import numpy as np

from deepro.render import colour, picture

MOST = 9  # units shown of each image
LINES = 20  # of a table


def figure(kind: str, pieces: Sequence[str], caption: str) -> str:
    """One <figure> of a kind of result: its pieces in a row, its caption below."""
    return (
        f'<figure class="deepro deepro-{escape(kind)}" style="font:13px/1.45 system-ui,sans-serif;max-width:920px;'
        f'margin:0"><div style="display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start">{"".join(pieces)}</div>'
        f'<figcaption style="opacity:.7;margin-top:8px">{escape(caption)}</figcaption></figure>'
    )


def escape(text: object) -> str:
    return html.escape(str(text), quote=True)


def stage(photograph: np.ndarray, heat: np.ndarray, target: str, width: int = 220, above: str = "") -> str:
    """The photograph with its heatmap laid over it, as in the viewer: zero lets it through."""
    shown = image(photograph, "photograph", width, photograph=True)
    laid = (
        f'<img src="{picture.data_uri(picture.png(heat))}" alt="heatmap for {escape(target)} on the photograph" '
        f'width="{heat.shape[1]}" height="{heat.shape[0]}" '
        f'style="position:absolute;inset:0;width:100%;height:100%;opacity:.8">'
    )
    return f'<div style="position:relative;align-self:flex-start;width:fit-content">{shown}{laid}{above}</div>'


def ramp(signed: bool, high: float) -> str:
    """The scale: its colours between its ends."""
    painted = colour.gradient("diverging" if signed else "sequential")
    low = f"-{high:.3g}" if signed else "0"
    return (
        f'<div style="display:flex;gap:6px;align-items:center"><span>{low}</span>'
        f'<span style="display:inline-block;width:120px;height:8px;background:{painted}"></span>'
        f"<span>{high:.3g}</span></div>"
    )


def image(pixels: np.ndarray, alt: str, width: int, *, photograph: bool = False) -> str:
    """A picture whose longer side is `width` CSS pixels; a photograph is made smaller first."""
    small = picture.fit(pixels, 2 * width) if photograph else pixels
    data = picture.jpeg(small) if photograph else picture.png(small)
    tall = max(1.0, pixels.shape[0] / pixels.shape[1])  # `width` bounds the longer side
    width, height = round(width / tall), round(width / tall * pixels.shape[0] / pixels.shape[1])
    rendering = "" if photograph or max(pixels.shape[:2]) >= width else ";image-rendering:pixelated"
    return (
        f'<img src="{picture.data_uri(data)}" alt="{escape(alt)}" width="{width}" height="{height}" '
        f'style="display:block;width:{width}px;height:{height}px{rendering}">'
    )


def drawing(pixels: np.ndarray, alt: str) -> str:
    """A drawn figure, as wide as there is room."""
    height, width = pixels.shape[:2]
    return (
        f'<img src="{picture.data_uri(picture.png(pixels))}" alt="{escape(alt)}" width="{width}" height="{height}" '
        f'style="max-width:100%;height:auto">'
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table as the one piece of a figure."""
    cells = "".join(
        "<tr>"
        + "".join(f"<td>{escape(f'{c:.4g}' if isinstance(c, float | np.floating) else c)}</td>" for c in row)
        + "</tr>"
        for row in rows
    )
    return [
        '<table style="text-align:left"><tr>'
        + "".join(f"<th>{escape(h)}</th>" for h in heads)
        + f"</tr>{cells}</table>"
    ]
