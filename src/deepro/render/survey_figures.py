"""Figures of surveys: galleries, health, ablation, occlusion, correspondence, invariance, evolution, comparison."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from deepro.render import colour
from deepro.render.colour import ABOVE, ACCENT, QUIET, SCALES
from deepro.render.contact_sheet import contact_sheet
from deepro.results import (
    Ablation,
    Comparison,
    Correspondence,
    Diagnosis,
    Evolution,
    Gallery,
    Invariance,
    OcclusionMaps,
    Result,
    Survey,
)

MOST = 12  # layers, units or findings shown


def draw_survey(canvas: Any, result: Survey) -> None:
    """Left: how many units of each layer are ever active. Right: the largest activations, one curve a layer."""
    names = list(result.layers)
    left, right = canvas.subplots(1, 2, width_ratios=[1.2, 1])
    shares = [layer.share_images for layer in result.layers.values()]
    left.boxplot(shares, orientation="horizontal", widths=0.6, flierprops={"markersize": 2})
    left.set_yticks(range(1, len(names) + 1), [_words(n) for n in names], fontsize=7)
    left.invert_yaxis()
    left.set_title("share of images in which a unit is above zero", fontsize=8)
    edges = result.edges[1:]
    for name in _spread(names, 6):
        counts = result.layers[name].histogram.sum(0)[1:].astype(float)
        right.plot(np.maximum(edges, 2.0**-17), counts / max(1.0, counts.sum()), linewidth=1, label=_words(name))
    right.set_xscale("log", base=2)
    right.legend(fontsize=6)
    right.set_title("largest activation in an image, share of units and images", fontsize=8)


def draw_gallery(canvas: Any, result: Gallery) -> None:
    axis = canvas.subplots()
    axis.imshow(np.asarray(contact_sheet(result)), interpolation="antialiased")
    axis.axis("off")


def draw_evolution(canvas: Any, result: Evolution) -> None:
    """One row a unit: patch and projection at each checkpoint; a bar marks another image than before."""
    gallery, blue_first = result.gallery, colour.is_bgr(result)
    rows, columns = min(MOST, len(gallery.units)), len(result.checkpoints)
    axes = canvas.subplots(rows, 2 * columns, squeeze=False)
    for r in range(rows):
        limit = colour.limit(gallery.projections[r])
        for c, name in enumerate(result.checkpoints):
            patch, projection = axes[r, 2 * c], axes[r, 2 * c + 1]
            patch.imshow(gallery.patches[r, c], interpolation="nearest")
            projection.imshow(colour.signed(gallery.projections[r, c], limit, bgr=blue_first), interpolation="nearest")
            for axis in (patch, projection):
                axis.axis("off")
            if r == 0:
                patch.set_title(_words(name), fontsize=8, loc="left")
            if result.jumps[r, c]:
                patch.axvline(-0.5, color=ABOVE, linewidth=4)
        axes[r, 0].text(-0.1, 0.5, str(gallery.units[r]), transform=axes[r, 0].transAxes, ha="right", fontsize=8)


def draw_diagnosis(canvas: Any, result: Diagnosis) -> None:
    """How many units have which fault, layer by layer, and the first findings in words."""
    left, right = canvas.subplots(1, 2, width_ratios=[1, 1.4])
    faults = list(dict.fromkeys(f["fault"] for f in result.findings))
    layers = list(result.measures)
    table = np.array([[_count(result, layer, fault) for fault in faults] for layer in layers]).reshape(len(layers), -1)
    if faults:
        left.imshow(np.log1p(table), cmap=SCALES["counts"], aspect="auto", vmin=0)
        left.set_xticks(range(len(faults)), faults, rotation=30, ha="right", fontsize=7)
        for (r, c), value in np.ndenumerate(table):
            dark = np.log1p(value) > 0.6 * np.log1p(table.max())
            left.text(c, r, str(value), ha="center", va="center", fontsize=7, color="white" if dark else "black")
    else:
        left.text(0.5, 0.5, "no fault found", ha="center", transform=left.transAxes)
    left.set_yticks(range(len(layers)), [_words(n) for n in layers], fontsize=7)
    lines = [
        f"{f['layer']} unit {f['unit']}: {f['fault']} ({_evidence(f['evidence'])})" for f in result.findings[:MOST]
    ]
    right.text(0, 1, "\n".join(map(_words, lines)), va="top", fontsize=7, transform=right.transAxes)
    right.axis("off")


def draw_ablation(canvas: Any, result: Ablation) -> None:
    """Accuracy lost and loss gained by each experiment, the most costly first."""
    left, right = canvas.subplots(1, 2, sharey=True)
    cost = result.loss[1:] - result.loss[0]
    order = np.argsort(-cost)[: 2 * MOST]
    names = [_silenced(result.silenced[i + 1]) for i in order]
    left.barh(range(len(order)), result.accuracy[0] - result.accuracy[1:][order], color=ACCENT)
    right.barh(range(len(order)), cost[order], color=ABOVE)
    left.set_yticks(range(len(order)), names, fontsize=7)
    left.invert_yaxis()
    left.set_title(f"accuracy lost, of {result.accuracy[0]:.1%} over {result.images} images", fontsize=8)
    right.set_title(f"loss gained, on {result.loss[0]:.3g}", fontsize=8)


def draw_occlusion(canvas: Any, result: OcclusionMaps) -> None:
    """The image and the three maps of Zeiler & Fergus 2014, figure 6."""
    axes = canvas.subplots(1, 4)
    if result.pictures is not None:
        axes[0].imshow(result.pictures[0])
    axes[0].set_title("image", fontsize=8)
    height, width = result.boxes[-1, -1, 3], result.boxes[-1, -1, 2]
    extent = (0, width, height, 0)
    response = axes[1].imshow(
        result.response, cmap=SCALES["sequential"], extent=extent, vmin=min(0.0, float(result.response.min()))
    )
    axes[1].set_title(
        f"{_words(result.layer)} unit {result.unit}: summed response\n{result.plain_response:.3g} unhidden", fontsize=8
    )
    chance = axes[2].imshow(result.probability, cmap=SCALES["sequential"], extent=extent, vmin=0, vmax=1)
    axes[2].set_title(f"probability of {_words(result.label)}\n{result.plain_probability:.1%} unhidden", fontsize=8)
    for axis, shown in ((axes[1], response), (axes[2], chance)):
        canvas.colorbar(shown, ax=axis, shrink=0.7).ax.tick_params(labelsize=6)
    classes, counts = np.unique(result.predicted, return_counts=True)
    classes = classes[np.argsort(-counts)]
    places = np.searchsorted(np.sort(classes), result.predicted)
    rank = np.argsort(np.argsort(-counts))
    axes[3].imshow(rank[places], cmap=SCALES["places"], extent=extent, vmin=0, vmax=19)
    names = ", ".join(_words(result.labels.get(str(c), str(c))) for c in classes[:3])
    axes[3].set_title(f"prediction: {names}", fontsize=8, wrap=True)
    for axis in axes:
        axis.axis("off")


def draw_correspondence(canvas: Any, result: Correspondence) -> None:
    """Mean distance of each part in each layer with its standard error; the control is grey."""
    axis = canvas.subplots()
    layers = list(result.means)
    parts = list(result.means[layers[0]])
    width = 0.8 / len(parts)
    for i, part in enumerate(parts):
        at = np.arange(len(layers)) + i * width
        means, errors = ([by[name][part] for name in layers] for by in (result.means, result.errors))
        colour_ = QUIET if part == "random" else None
        axis.bar(at, means, width, yerr=errors, label=_words(part), color=colour_, capsize=2)
    axis.set_xticks(np.arange(len(layers)) + 0.4 - width / 2, [_words(n) for n in layers], fontsize=8)
    axis.set_title("share of signs in which two images' changes differ; lower is more alike", fontsize=8)
    axis.legend(fontsize=7)


def draw_invariance(canvas: Any, result: Invariance) -> None:
    """One row a transform: a column a layer, then the probability; one curve an image."""
    layers = list(next(iter(result.distances.values())))
    axes = canvas.subplots(len(result.steps), len(layers) + 1, squeeze=False)
    units = {"translation": "pixels down", "scale": "times", "rotation": "degrees"}
    for row, (kind, steps) in zip(axes, result.steps.items(), strict=True):
        for axis, layer in zip(row, layers, strict=False):
            axis.plot(steps, result.distances[kind][layer].T, linewidth=0.9)
            axis.set_title(f"{_words(layer)}: distance", fontsize=8)
            axis.set_ylim(bottom=0)
        row[-1].plot(steps, result.probabilities[kind].T, linewidth=0.9)
        row[-1].set_title("probability of the class", fontsize=8)
        row[-1].set_ylim(0, 1)
        for axis in row:
            axis.set_xlabel(units.get(kind, kind), fontsize=7)
            axis.tick_params(labelsize=6)


def draw_comparison(canvas: Any, result: Comparison) -> None:
    """Left: each unit's change of filter against its new examples. Right: the classes that moved most, last layer."""
    left, right = canvas.subplots(1, 2)
    for layer in _spread(list(result.layers), 6):
        changed = result.layers[layer]
        amount = changed["weights"] if np.isfinite(changed["weights"]).any() else np.abs(changed["shift"])
        left.plot(amount, changed["examples"], ".", markersize=3, alpha=0.6, label=_words(layer))
    left.set_xlabel("change of filter (1 - cosine), or of mean", fontsize=7)
    left.set_ylabel("share of strongest examples that are new", fontsize=7)
    left.legend(fontsize=6)
    if result.classes and result.names:
        layer, moved = list(result.classes.items())[-1]
        moved = np.nan_to_num(moved[: len(result.names)])
        order = np.argsort(-moved)[:MOST]
        right.barh(range(len(order)), moved[order], color=ACCENT)
        right.set_yticks(range(len(order)), [_words(result.names[i]) for i in order], fontsize=7)
        right.invert_yaxis()
        right.set_title(f"classes that moved most in {_words(layer)}", fontsize=8)
    else:
        right.axis("off")


# result type -> (what draws it, its size in inches)
FIGURES: dict[type[Result], tuple[Callable[[Any, Any], None], Callable[[Any], tuple[float, float]]]] = {
    Survey: (draw_survey, lambda r: (11, 1.5 + 0.2 * len(r.layers))),
    Gallery: (draw_gallery, lambda r: (max(4.0, 2 * math.sqrt(len(r.units))), max(3.0, 2 * math.sqrt(len(r.units))))),
    Evolution: (draw_evolution, lambda r: (2.2 * len(r.checkpoints), 1.2 * min(MOST, len(r.gallery.units)))),
    Diagnosis: (draw_diagnosis, lambda r: (12, 1.5 + 0.22 * max(len(r.measures), MOST))),
    Ablation: (draw_ablation, lambda r: (9, 1.5 + 0.2 * min(2 * MOST, len(r.silenced)))),
    OcclusionMaps: (draw_occlusion, lambda r: (13, 3.6)),
    Correspondence: (draw_correspondence, lambda r: (7, 3.5)),
    Invariance: (draw_invariance, lambda r: (3 * (1 + len(next(iter(r.distances.values())))), 2.4 * len(r.steps))),
    Comparison: (draw_comparison, lambda r: (10, 4)),
}


def _spread(names: list[str], count: int) -> list[str]:
    """Some of the names, first and last among them."""
    if len(names) <= count:
        return names
    return [names[i] for i in np.linspace(0, len(names) - 1, count).round().astype(int)]


def _count(result: Diagnosis, layer: str, fault: str) -> int:
    return sum(f["layer"] == layer and f["fault"] == fault for f in result.findings)


def _evidence(evidence: Any) -> str:
    return ", ".join(f"{k.replace('_', ' ')} {v:.3g}" for k, v in evidence.items())


def _silenced(silent: Any) -> str:
    words = [
        f"{layer}#{','.join(map(str, units[:4]))}{'...' if len(units) > 4 else ''}" for layer, units in silent.items()
    ]
    return _words("; ".join(words))


def _words(text: str) -> str:
    """Labels are words, not matplotlib mathematics."""
    return str(text).replace("$", r"\$")
