"""Importance of each input element for a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.errors import UsageError
from deepro.kinds import general
from deepro.kinds.photographs.page import HeatLayer, Photographs, scopes
from deepro.kinds.record import Kind, register
from deepro.render import canvas, colour, markup
from deepro.render.document import Window
from deepro.render.pack import compressed, finite, plain
from deepro.render.pixels import heat_levels, heat_pixels
from deepro.render.sheet import Tile, at, name, rgb
from deepro.render.site import Site
from deepro.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Heatmap(Result):
    """Importance of each input element for a target.

    values: (N, *input space), unscaled, signed where the method is. targets: for each input its description.
    scores: (N,) the target's value. evidence: what the method says of its own trust (a completeness gap, the layer).
    """

    kind = "heatmap"
    method: str
    values: np.ndarray
    targets: tuple[str, ...]
    scores: np.ndarray
    signed: bool
    pictures: np.ndarray | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def flat(self, i: int) -> np.ndarray:
        """(H, W) of input `i`: the largest absolute value where there are several planes."""
        return self.values[i] if self.values.ndim == 3 else np.abs(self.values[i]).max(0)


def caption(result: Heatmap) -> str:
    signed = "Signed: red speaks for, blue against." if result.signed else "Unsigned."
    said = f"What the score of each target depends on, by {result.method}. {signed}"
    if "incomplete" in result.evidence:
        said += f" The values of {result.evidence['incomplete']} images miss more than 5 % of the difference of scores."
    return said + numbers({k: v for k, v in result.evidence.items() if k != "incomplete"})


def numbers(evidence: Mapping[str, Any]) -> str:
    """The numbers of a result's evidence as a sentence."""
    said = [f"{k.replace('_', ' ')} {v:.3g}" for k, v in evidence.items() if isinstance(v, int | float)]
    return f" Evidence: {', '.join(said)}." if said else ""


def draw(made: Any, result: Heatmap) -> None:
    if result.values.ndim < 3:
        canvas.curves(made, [v.reshape(1, -1) for v in result.values], list(result.targets))
        return
    axes = made.subplots(len(result.values), 1 + (result.pictures is not None), squeeze=False)
    for n, row in enumerate(axes):
        if result.pictures is not None:
            canvas.show(row[0], result.pictures[n], f"{canvas.words(result.targets[n])}: {result.scores[n]:.3g}")
        canvas.heat(made, row[-1], result.values[n], result.signed, result.method)


def size(result: Heatmap) -> tuple[float, float]:
    if result.values.ndim < 3:
        return 6, 1.3 * max(1, len(result.values))
    return 3.4 * (1 + (result.pictures is not None)), 3.1 * len(result.values)


def pieces(result: Heatmap) -> list[str]:
    if result.values.ndim < 3:
        return markup.table(["target", "score"], zip(result.targets, result.scores, strict=True))
    found = []
    for n, target in enumerate(result.targets):
        pixels, scale = heat_pixels(result.flat(n), result.signed)
        stage = [] if result.pictures is None else [markup.stage(result.pictures[n], pixels, target)]
        alone = markup.image(pixels[..., :3], f"heatmap for {target}", 220)
        found.append(
            f'<div><div style="display:flex;gap:2px">{"".join([*stage, alone])}</div>'
            f"<div>{markup.escape(target)}: {result.scores[n]:.3g}</div>{markup.ramp(result.signed, scale.high)}</div>"
        )
    return found


def tile(result: Heatmap, image: int = 0, *_part: int, highs: Mapping[str, float]) -> Tile:
    if result.values.ndim != 3:
        raise UsageError("a heatmap of a sequence has no place on a contact sheet; its own figure shows it")
    values = at(result.values, image, "image")
    limit = highs.get(result.method) or colour.limit(values)
    drawn = colour.heat(values, result.signed, limit)
    seen = [] if result.pictures is None else [rgb(result.pictures[image])]
    scale = f"{'±' if result.signed else '0 to '}{limit:.3g}"
    return Tile([*seen, rgb(drawn)], f"{name(result, image)}\n{result.targets[image]}, {result.method}, {scale}")


def show(result: Heatmap, site: Site) -> None:
    if result.values.ndim not in (3, 4):
        general.show(result, site)
        return
    for i, page in enumerate(site.section(Photographs).of(result)):
        key = page.record(result)
        page.look(result.pictures, i, key)
        page.heatmaps.append(layer(result, i, key))


def layer(result: Heatmap, i: int, key: str) -> HeatLayer:
    """Heatmap `i` as the page lays it over the photograph."""
    levels, scale = heat_levels(result.flat(i), result.signed)
    return HeatLayer(
        values=compressed(levels),
        scale=scale,
        view=Window(left=0, top=0, right=0, bottom=0),  # known when the whole page is
        target=result.targets[i],
        score=finite(result.scores[i]),
        method=result.method,
        evidence=plain(result.evidence),
        record=key,
    )


KIND = register(
    Kind(
        Heatmap,
        caption=caption,
        draw=draw,
        size=size,
        pieces=pieces,
        tile=tile,
        sheet="What the score depends on; heatmaps of one method share one scale. Signed: red for, blue against.",
        scale=lambda r: (r.method, colour.limit(r.values)),
        show=show,
        scopes=scopes,
    )
)
