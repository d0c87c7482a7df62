"""A result in a notebook: its pictures as data URIs and a caption. Every word is escaped; nothing is loaded."""

from __future__ import annotations

import functools
import html as markup
import io
from collections import Counter

import numpy as np

from deepro.render import caption, colour, picture, views
from deepro.results import (
    Activations,
    Diagnosis,
    Feeds,
    Heatmap,
    Pattern,
    Prediction,
    Projection,
    Region,
    Result,
)

_BOX = "font:13px/1.45 system-ui,sans-serif;max-width:920px"
_ROW = "display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start"
_MOST = 9
_LINES = 20  # of a table


def html(result: Result) -> str:
    """One <figure>."""
    return (
        f'<figure class="deepro deepro-{escape(result.kind)}" style="{_BOX};margin:0">'
        f'<div style="{_ROW}">{"".join(body(result))}</div>'
        f'<figcaption style="opacity:.7;margin-top:8px">{escape(caption.text(result))}</figcaption></figure>'
    )


def escape(text: object) -> str:
    return markup.escape(str(text), quote=True)


@functools.singledispatch
def body(result: Result) -> list[str]:
    """The figure's pieces; what has no pieces of its own is shown as its figure."""
    from deepro.render import figures

    drawn = figures.draw(result)
    if not drawn.axes:
        return []
    drawn.set_dpi(96)
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png")
    return [f'<img src="{picture.data_uri(buffer.getvalue())}" alt="{escape(result.kind)}" style="max-width:100%">']


@body.register
def _(result: Prediction) -> list[str]:
    shown = result.picture if result.picture is not None else result.seen
    bars = "".join(
        f'<div style="display:flex;justify-content:space-between;gap:24px"><span>{escape(label)}</span>'
        f'<span>{share:.1%}</span></div><div style="height:4px;background:rgba(128,128,128,.25);margin-bottom:5px">'
        f'<div style="height:4px;width:{100 * min(1.0, max(0.0, share)):.1f}%;background:#0a8a7f"></div></div>'
        for label, share in zip(result.labels, result.probabilities, strict=True)
    )
    return [*([_image(shown, "photograph", 240, photograph=True)] if shown is not None else []),
            f'<div style="min-width:240px">{bars}</div>']  # fmt: skip


@body.register
def _(result: Projection) -> list[str]:
    if result.values.ndim != 5:
        return _table(["unit", "activation"], zip(result.units.ravel(), result.activations.ravel(), strict=True))
    pieces = []
    for n in range(result.values.shape[0]):
        for u in range(min(_MOST, result.values.shape[1])):
            name = f"unit {result.units[n, u]}"
            pixels, scale = views.projection_pixels(result, n, u)
            grid, _ = views.map_pixels(views.flat_map(result.maps[n, u]))
            (top, bottom), (left, right) = np.asarray(result.windows[n, u], dtype=int).reshape(-1, 2)[-2:]
            tiles = [(grid, "activation map"), (pixels[top:bottom, left:right], "projection")]
            if result.pictures is not None:
                tiles.append((result.pictures[n][top:bottom, left:right], "patch"))
            images = "".join(_image(p, f"{what} of {name} in {result.layer}", 88) for p, what in tiles if p.size)
            pieces.append(
                f'<div><div style="display:flex;gap:2px">{images}</div>'
                f"<div>{escape(name)}: {result.activations[n, u]:.3g}, ±{scale.high:.3g}</div></div>"
            )
    return pieces


@body.register
def _(result: Heatmap) -> list[str]:
    if result.values.ndim < 3:
        return _table(["target", "score"], zip(result.targets, result.scores, strict=True))
    pieces = []
    for n, target in enumerate(result.targets):
        values = result.values[n] if result.values.ndim == 3 else np.abs(result.values[n]).max(0)
        pixels, scale = views.heat_pixels(values, result.signed)
        stage = [] if result.pictures is None else [_stage(result.pictures[n], pixels, target)]
        alone = _image(pixels[..., :3], f"heatmap for {target}", 220)
        pieces.append(
            f'<div><div style="display:flex;gap:2px">{"".join([*stage, alone])}</div>'
            f"<div>{escape(target)}: {result.scores[n]:.3g}</div>{_ramp(result.signed, scale.high)}</div>"
        )
    return pieces


@body.register
def _(result: Region) -> list[str]:
    heat = result.heatmap
    values = heat.values[0] if heat.values.ndim == 3 else np.abs(heat.values[0]).max(0)
    pixels, scale = views.heat_pixels(values, heat.signed)
    alone = f"{_image(pixels[..., :3], f'heatmap for {result.target}', 220)}{_ramp(heat.signed, scale.high)}"
    if result.picture is None:
        return [f"<div>{alone}</div>"]
    height, width = result.picture.shape[:2]
    shapes = "".join(
        f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" stroke="#00d9bb"/>'
        for points in result.outline or ()
    )
    if result.box is not None:
        left, top, right, bottom = result.box
        shapes += f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" stroke="#ffd23f"/>'
    drawn = (
        f'<svg viewBox="0 0 {width} {height}" style="position:absolute;inset:0;width:100%;height:100%" fill="none" '
        f'stroke-width="{max(1.0, width / 160):.1f}">{shapes}</svg>'
    )
    # The region's method squeezes the whole photograph to the input: its heatmap lies on all of it.
    stage = _stage(result.picture, pixels, result.target, 320, drawn)
    return [f"<div>{stage}<div>{escape(result.target)}</div></div>", f"<div>{alone}</div>"]


@body.register
def _(result: Pattern) -> list[str]:
    if result.images.ndim != 4:
        return _table(["target", "score"], zip(result.targets, result.scores, strict=True))
    pieces = []
    for i, target in enumerate(result.targets):
        share = views.finite(result.probabilities[i])
        reached = f"{result.scores[i]:.3g}" + ("" if share is None else f", {share:.1%}")
        image = _image(colour.unit_range(result.images[i]), f"image made for {target}", 220)
        pieces.append(f"<div>{image}<div>{escape(target)}: {reached}</div></div>")
    return pieces


@body.register
def _(result: Activations) -> list[str]:
    rows = (
        (layer, "x".join(map(str, v.shape)), f"{v.min():.3g}", f"{v.max():.3g}") for layer, v in result.values.items()
    )
    return _table(["layer", "shape", "least", "greatest"], rows)


@body.register
def _(result: Diagnosis) -> list[str]:
    if not result.findings:
        looked = ", ".join(dict.fromkeys(fault for faults in result.examined.values() for fault in faults))
        return [f"<div>No unit looks sick. Looked for: {escape(looked)}.</div>"]
    counts = Counter((str(f["fault"]), str(f["layer"])) for f in result.findings)
    units = {key: [str(f["unit"]) for f in result.findings if (f["fault"], f["layer"]) == key] for key in counts}
    rows = ((fault, layer, n, _some(units[fault, layer])) for (fault, layer), n in counts.most_common(_LINES))
    return _table(["fault", "layer", "units", "which"], rows)


@body.register
def _(result: Feeds) -> list[str]:
    def told(u: int) -> str:
        pairs = zip(result.classes[u], result.logits[u], strict=True)
        return ", ".join(f"{result.labels.get(str(int(c)), c)} {v:+.3g}" for c, v in pairs if c >= 0 and v > 0)

    order = np.argsort(-np.nan_to_num(result.logits, nan=-np.inf).max(1), kind="stable")[:_LINES]
    return _table(
        [f"unit of {result.layer}", "classes that it raises"], ((int(result.units[u]), told(u)) for u in order)
    )


def _some(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)})" if len(names) > most else "")


def _stage(photograph: np.ndarray, heat: np.ndarray, target: str, width: int = 220, above: str = "") -> str:
    """The photograph with its heatmap laid over it, as in the viewer: zero lets it through."""
    shown = _image(photograph, "photograph", width, photograph=True)
    laid = (
        f'<img src="{picture.data_uri(picture.png(heat))}" alt="heatmap for {escape(target)} on the photograph" '
        f'width="{heat.shape[1]}" height="{heat.shape[0]}" '
        f'style="position:absolute;inset:0;width:100%;height:100%;opacity:.8">'
    )
    return f'<div style="position:relative;align-self:flex-start;width:fit-content">{shown}{laid}{above}</div>'


def _ramp(signed: bool, high: float) -> str:
    """The scale: its colours between its ends."""
    colours = colour.table("RdBu_r" if signed else "inferno")[:: 255 // 8]
    steps = ",".join(f"rgb({r},{g},{b})" for r, g, b in colours.tolist())
    low = f"-{high:.3g}" if signed else "0"
    return (
        f'<div style="display:flex;gap:6px;align-items:center"><span>{low}</span>'
        f'<span style="display:inline-block;width:120px;height:8px;background:linear-gradient(90deg,{steps})"></span>'
        f"<span>{high:.3g}</span></div>"
    )


def _image(pixels: np.ndarray, alt: str, width: int, *, photograph: bool = False) -> str:
    small = picture.fit(pixels, 2 * width) if photograph else pixels
    data = picture.jpeg(small) if photograph else picture.png(small)
    tall = max(1.0, pixels.shape[0] / pixels.shape[1])  # `width` bounds the longer side
    width, height = round(width / tall), round(width / tall * pixels.shape[0] / pixels.shape[1])
    rendering = "" if photograph or max(pixels.shape[:2]) >= width else ";image-rendering:pixelated"
    return (
        f'<img src="{picture.data_uri(data)}" alt="{escape(alt)}" width="{width}" height="{height}" '
        f'style="display:block;width:{width}px;height:{height}px{rendering}">'
    )


def _table(heads: list[str], rows: object) -> list[str]:
    cells = "".join(
        "<tr>"
        + "".join(f"<td>{escape(f'{c:.4g}' if isinstance(c, float | np.floating) else c)}</td>" for c in row)
        + "</tr>"
        for row in rows  # type: ignore[attr-defined]
    )
    return [
        '<table style="text-align:left"><tr>'
        + "".join(f"<th>{escape(h)}</th>" for h in heads)
        + f"</tr>{cells}</table>"
    ]
