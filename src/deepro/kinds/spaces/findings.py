"""What stands out among the codes of one layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepro.kinds.record import Kind, register
from deepro.kinds.spaces.page import ClusterView, FindingsView, Maps, Suspect, points, scopes
from deepro.render import canvas
from deepro.render.colour import CLASSES
from deepro.render.pack import named, view
from deepro.render.site import Site
from deepro.results import Result

_LISTED = 60  # findings of a kind in the page


@dataclass(frozen=True, eq=False, kw_only=True)
class Findings(Result):
    """What stands out among the codes of one layer. ids: (N,) names; all else are indices into them.

    outliers: (K,) the farthest out first. outlier_factors: (N,) how far out, in spreads; in results of version 1 the
    local outlier factor. duplicates: (P, 2) pairs nearer than `duplicate_distance`, nearest first;
    duplicate_distances: (P,). suspects: (S,) examples whose codes speak against their label, the likeliest error first;
    given, likely: (S,) labels; trust: (S,) probability that the given one is right. control: the same search where the
    truth is known: suspects when labels are `clean` (those suspected put right) and `shuffled`, how many labels
    `planted` wrong were `found`, with how many `alarms`; empty without labels and in results of version 1.
    cluster: (N,) int32, the largest cluster 0, -1 in none. cluster_units: (C, u) the units by which each cluster stands
    out, and cluster_effects: (C, u) by how many standard deviations. notes: what was measured on a sample, or could not
    be.
    """

    kind = "findings"
    layer: str
    pool: str
    ids: tuple[str, ...]
    labels: np.ndarray | None
    label_names: tuple[str, ...]
    outliers: np.ndarray
    outlier_factors: np.ndarray
    duplicates: np.ndarray
    duplicate_distances: np.ndarray
    duplicate_distance: float
    suspects: np.ndarray
    given: np.ndarray
    likely: np.ndarray
    trust: np.ndarray
    cluster: np.ndarray
    cluster_units: np.ndarray
    cluster_effects: np.ndarray
    control: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def clusters(self) -> int:
        return int(self.cluster.max(initial=-1)) + 1

    def controlled(self) -> str:
        """The control in a line, empty where there is none."""
        if not self.control:
            return ""
        clean, shuffled, planted, found, alarms = (
            self.control[name] for name in ("clean", "shuffled", "planted", "found", "alarms")
        )
        return (
            f"control: {clean} with clean labels, {shuffled} with shuffled ones; "
            f"{found} of {planted} planted errors found, {alarms} false alarms"
        )

    def doubted(self, most: int) -> list[Suspect]:
        """The likeliest label errors, with words for labels."""
        rows = zip(self.suspects[:most].tolist(), self.given, self.likely, self.trust, strict=False)
        name = self.label_names
        return [Suspect(point=i, given=named(name, g), likely=named(name, x), trust=t) for i, g, x, t in rows]


def lines(result: Findings) -> list[str]:
    """The first of each kind."""
    ids = result.ids
    pairs = "; ".join(" = ".join(ids[i] for i in pair) for pair in result.duplicates[:5].tolist())
    doubted = "; ".join(f"{ids[s.point]} is labelled {s.given}, looks like {s.likely}" for s in result.doubted(5))
    return [
        f"{result.layer}  what stands out",
        f"  outliers: {', '.join(ids[i] for i in result.outliers[:5].tolist())}",
        f"  near duplicates: {len(result.duplicates)}{': ' + pairs if pairs else ''}",
        f"  likely label errors: {len(result.suspects)}{': ' + doubted if doubted else ''}",
        *([f"    {result.controlled()}"] if result.control else []),
        f"  clusters: {result.clusters}",
        *(f"  note: {note}" for note in result.notes),
    ]


def draw(made: Any, result: Findings) -> None:
    """Left: the loneliest examples and the likeliest label errors by name. Right: the clusters by size."""
    left, right = made.subplots(1, 2)
    said = ["outliers (how far out)"]
    said += [f"  {result.ids[i]}  {result.outlier_factors[i]:.2f}" for i in result.outliers[:8].tolist()]
    said += [f"near duplicates: {len(result.duplicates)}", f"likely label errors: {len(result.suspects)}"]
    said += [f"  {result.ids[s.point]}: {s.given}, looks like {s.likely}" for s in result.doubted(6)]
    said += [f"  {part}" for part in result.controlled().split("; ") if part]
    left.text(0, 1, canvas.words("\n".join(said)), va="top", fontsize=7, family="monospace")
    left.axis("off")
    counts = np.bincount(result.cluster[result.cluster >= 0])
    places = np.arange(len(counts))
    right.barh(places, counts, color=CLASSES[0])
    units = [f"units {', '.join(str(u) for u in found[:3].tolist())}" for found in result.cluster_units]
    right.set_yticks(places, units, fontsize=7)
    right.invert_yaxis()
    alone = int((result.cluster < 0).sum())
    right.set_title(f"clusters, with the units that mark them; {alone} of {len(result.cluster)} in none", fontsize=8)


def show(result: Findings, site: Site) -> None:
    shown = view(
        FindingsView,
        result,
        record=site.list(result).key,
        outliers=result.outliers[:_LISTED].tolist(),
        factors=result.outlier_factors[result.outliers[:_LISTED]].tolist(),
        duplicates=result.duplicates[:_LISTED].tolist(),
        suspects=result.doubted(_LISTED),
        suspects_total=len(result.suspects),
        control=dict(result.control),
        clusters=[_cluster(result, c) for c in range(len(result.cluster_units))],
    )
    of = points(result, "examples", result.ids, [(result.layer, result.pool)])
    site.section(Maps).found.append((of, shown))


def _cluster(result: Findings, c: int) -> ClusterView:
    inside = result.cluster == c
    known, counts = np.unique(result.labels[inside], return_counts=True) if result.labels is not None else ([], [])
    order = np.argsort(-np.asarray(counts), kind="stable")[:3]
    return ClusterView(
        size=int(inside.sum()),
        classes=[named(result.label_names, int(known[i])) for i in order],
        shares=[float(counts[i] / inside.sum()) for i in order],
        units=result.cluster_units[c].tolist(),
        effects=result.cluster_effects[c].tolist(),
    )


KIND = register(
    Kind(
        Findings,
        caption="What stands out among a layer's codes, not on a map: outliers, twins, doubted labels, clusters.",
        draw=draw,
        size=(10, 4.2),
        lines=lines,
        show=show,
        scopes=scopes,
    )
)
