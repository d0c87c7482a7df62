"""What codes know of labels: a linear probe with its control, nearest neighbours, dimension, separation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from deepro.errors import ShapeError, UsageError
from deepro.methods.spaces.neighbours import Neighbours


@dataclass(frozen=True)
class ProbeScore:
    """Scores of a linear probe, means over the splits. accuracy: on held-out examples. spread: its standard deviation
    over the splits, NaN for one. control: the same probe on permuted labels.

    control_fit: accuracy on the permuted labels that it was fitted to. chance: the share of the commonest class.
    selectivity: accuracy - control.
    """

    accuracy: float
    spread: float
    control: float
    control_fit: float
    chance: float

    @property
    def selectivity(self) -> float:
        return self.accuracy - self.control


def check_labels(labels: np.ndarray, n: int) -> np.ndarray:
    """(N,) bool, True where there is a label. Raises UsageError where there is none, or only one class."""
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ShapeError(f"{labels.shape} labels for {n} codes")
    known = labels >= 0
    if not known.any():
        raise UsageError("no example has a label: pass labels=, or a data set with class folders or a label column")
    if len(np.unique(labels[known])) < 2:
        raise UsageError(f"all {int(known.sum())} labelled examples are of one class: there is nothing to tell apart")
    return known


def linear_probe(
    codes: np.ndarray, labels: np.ndarray, *, held_out: float = 0.2, strength: float = 1.0, splits: int = 1,
    seed: int = 0,
) -> ProbeScore:  # fmt: skip
    """Logistic regression on standardised codes (N, D), trained on part of the examples, measured on the others.

    labels: (N,) int64; -1 is left out. splits: how often another part is held out. strength: inverse of the L2 penalty.
    The control gives every example a label drawn anew (Hewitt & Liang 2019, arXiv 1909.03368): a probe that is as
    good there has learned by heart.
    Raises UsageError for one class or too few examples.
    """
    known = check_labels(labels, len(codes))
    codes, labels = codes[known], labels[known]
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(splits):
        test = _held_out(labels, held_out, rng)
        dealt = rng.permutation(labels)
        mean, spread = codes[~test].mean(0, dtype=np.float64), codes[~test].std(0, dtype=np.float64)
        x = (codes - mean) / np.where(spread > 0, spread, 1.0)
        counts = np.unique(labels[test], return_counts=True)[1]
        accuracy, _ = _fit(x, labels, test, strength)
        rows.append((accuracy, *_fit(x, dealt, test, strength), counts.max() / counts.sum()))
    accuracy, control, fit, chance = np.mean(rows, 0).tolist()
    found = float(np.std([row[0] for row in rows], ddof=1)) if splits > 1 else float("nan")
    return ProbeScore(accuracy, found, control, fit, chance)


def _held_out(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """(N,) bool: `share` of every class, none of a class with a single example."""
    test = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        members = np.nonzero(labels == c)[0]
        count = min(len(members) - 1, max(1, round(share * len(members))))
        test[rng.permutation(members)[:count]] = True
    if not test.any():
        raise UsageError("a probe needs a class with at least two examples: one to learn from, one to ask")
    return test


def _fit(x: np.ndarray, labels: np.ndarray, test: np.ndarray, strength: float) -> tuple[float, float]:
    """Accuracy on the held-out examples and on the others."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels[~test])) < 2:
        only = labels[~test][0]
        return float((labels[test] == only).mean()), 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=strength, max_iter=300).fit(x[~test], labels[~test])
    return float(model.score(x[test], labels[test])), float(model.score(x[~test], labels[~test]))


def neighbour_accuracy(neighbours: Neighbours, labels: np.ndarray, k: int = 10) -> float:
    """Share of examples whose `k` nearest others vote for its label; a tie goes to the class of the nearest of them."""
    votes = np.asarray(labels)[neighbours.indices[:, :k]]
    known = np.asarray(labels) >= 0
    same = (votes[:, :, None] == votes[:, None, :]) & (votes >= 0)[:, :, None]
    # argmax takes the first of equal counts, and neighbours stand nearest first.
    winner = np.take_along_axis(votes, same.sum(2).argmax(1)[:, None], 1)[:, 0]
    return float((winner == labels)[known].mean())


def two_nn(neighbours: Neighbours, discard: float = 0.1) -> float:
    """Intrinsic dimension from the ratio of each point's second to its first neighbour distance.

    The slope of -log(1 - F(mu)) over log(mu) through the origin, without the largest `discard` of the ratios;
    duplicates are left out. Facco et al. 2017, 10.1038/s41598-017-11873-y. NaN where fewer than ten points remain.
    """
    distances = neighbours.distances[:, :2].astype(np.float64)
    distances = distances[distances[:, 0] > 0]
    n = len(distances)
    if n < 10:
        return float("nan")
    ratio = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    rank = np.arange(1, n + 1) / n
    keep = slice(0, max(1, int(n * (1 - discard))))
    x, y = ratio[keep], -np.log1p(-rank[keep] * (1 - 1e-12))
    return float(x @ y / (x @ x)) if x @ x > 0 else float("nan")


def levina_bickel(neighbours: Neighbours, k: int = 20) -> float:
    """Maximum-likelihood intrinsic dimension at scale `k`: the inverse of the mean of the points' inverses.

    Levina & Bickel 2004, with MacKay & Ghahramani's average. Duplicates are left out; NaN where nothing remains.
    """
    distances = neighbours.distances[:, :k].astype(np.float64)
    distances = distances[distances[:, 0] > 0]
    if not len(distances) or distances.shape[1] < 3:
        return float("nan")
    inverse = np.log(distances[:, -1:] / distances[:, :-1]).sum(1) / (distances.shape[1] - 2)
    return float(1 / inverse.mean()) if inverse.mean() > 0 else float("nan")


def between_class_share(codes: np.ndarray, labels: np.ndarray) -> float:
    """Share of the codes' variance that lies between the classes' means: 0 none, 1 all examples of a class alike."""
    known = check_labels(labels, len(codes))
    x, y = codes[known].astype(np.float64), labels[known]
    x = x - x.mean(0)
    total = np.square(x).sum()
    between = sum(np.square(x[y == c].mean(0)).sum() * (y == c).sum() for c in np.unique(y))
    return float(between / total) if total > 0 else 0.0


def silhouette(codes: np.ndarray, labels: np.ndarray, *, most: int = 2000, seed: int = 0) -> float:
    """Mean silhouette of the classes, -1..1, on a seeded sample of `most` examples. Rousseeuw 1987."""
    from sklearn.metrics import silhouette_score

    known = np.nonzero(check_labels(labels, len(codes)))[0]
    if len(known) > most:
        known = np.sort(np.random.default_rng(seed).choice(known, most, replace=False))
    classes = len(np.unique(labels[known]))
    if not 2 <= classes < len(known):
        return float("nan")
    return float(silhouette_score(codes[known].astype(np.float64), labels[known]))
