"""Statistics of units by brute force: every activation kept, everything sorted, float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def outputs(module: nn.Module, inputs: Tensor, layers: list[str], batch: int) -> dict[str, np.ndarray]:
    """layer -> (N, C, places) float64 of modules whose output is (N, C, *space)."""
    kept: dict[str, list[Tensor]] = {name: [] for name in layers}
    handles = [
        module.get_submodule(name).register_forward_hook(lambda _m, _i, out, n=name: kept[n].append(out.clone()))
        for name in layers
    ]
    with torch.no_grad():
        for part in inputs.split(batch):
            module(part)
    for handle in handles:
        handle.remove()
    whole = {name: torch.cat(parts).double().numpy() for name, parts in kept.items()}
    return {name: values.reshape(*values.shape[:2], -1) for name, values in whole.items()}


def correlations(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(C, C) of units' largest values, each as the number of the bin that holds it, over the images; NaN to itself."""
    peaks = np.nan_to_num(values.astype(np.float32).max(-1), nan=0.0, posinf=0.0, neginf=0.0)
    bins = np.array([[max(0, sum(e <= v for e in edges) - 1) if v > 0 else 0 for v in row] for row in peaks])
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.corrcoef(bins.T)
    np.fill_diagonal(found, np.nan)
    return found


def statistics(values: np.ndarray, k: int, labels: list[int], classes: int) -> dict[str, Any]:
    """All of a survey's numbers for (N, C, places). Values that are not finite leave their image out of the unit."""
    count, units, _ = values.shape
    top, mean, variance, share, low, high, images, broken, class_means = ([] for _ in range(9))
    for u in range(units):
        whole = [n for n in range(count) if np.isfinite(values[n, u]).all()]
        entries = []
        for n in whole:
            best = values[n, u].max()
            entries.append((-best, n, int(np.flatnonzero(values[n, u] == best)[0])))
        entries = sorted(entries)[:k]
        top.append([(-v, n, p) for v, n, p in entries])
        kept = values[whole, u]
        mean.append(kept.mean())
        variance.append(kept.var())
        share.append((kept > 0).mean())
        low.append(kept.min())
        high.append(kept.max())
        images.append((kept.max(1) > 0).mean())
        broken.append(count - len(whole))
        class_means.append(
            [values[[n for n in whole if labels[n] == c], u].mean() if c in labels else np.nan for c in range(classes)]
        )
    return {
        "top": top,
        "mean": np.array(mean),
        "variance": np.array(variance),
        "share_active": np.array(share),
        "minimum": np.array(low),
        "maximum": np.array(high),
        "share_images": np.array(images),
        "broken": np.array(broken),
        "class_means": np.array(class_means).T,
    }
