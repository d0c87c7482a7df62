"""Likely label errors: a probe that has not seen an example, its confidence calibrated, and how often labels are wrong.

Three steps, each in closed form or with two unknowns:
1. Ridge regression on codes of unit length answers to every example as if that one had been left out of its training.
2. Its answers become probabilities. Their sharpness and the share of wrong labels are fitted together, by what the
   labels themselves say: a given label is right with 1 - share, else any other class's, one as well as another.
3. What is suspected follows by Bayes' rule: the probability that the given label is wrong.
The probability that the model gives to an example's own label, against what is usual for it, is the idea of confident
learning (Northcutt, Jiang & Chuang 2021, arXiv 1911.00068), whose counting needs calibrated probabilities; on codes of
some hundred examples the mixture finds more with fewer false alarms (benchmarks/findings.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepro.methods.spaces.leaving_out import LeftOut
from deepro.methods.spaces.probing import check_labels

SUSPECTED = 0.2  # probability of an error from which an example is listed; chosen on folds over domains and networks
_BELIEF = (2.0, 38.0)  # wrong and right labels that are taken as seen before any is: one in twenty, by forty examples
_TOGETHER = 10_000  # examples that one regression is made of
_PLANTED = 0.05  # share of labels that the control makes wrong


@dataclass(frozen=True)
class Suspects:
    """Likely label errors, the likeliest first. suspects: (S,) indices. given, likely: (S,) labels. trust: (S,)
    probability that the given label is right."""

    suspects: np.ndarray
    given: np.ndarray
    likely: np.ndarray
    trust: np.ndarray


@dataclass(frozen=True)
class Control:
    """What the same search says where the truth is known.

    clean: suspects when those first found have got their likelier label. shuffled: suspects when the labels are dealt
    out anew. planted: labels made wrong for the control; found: how many of them were suspected; alarms: how many
    others were.
    """

    clean: int
    shuffled: int
    planted: int
    found: int
    alarms: int


class PartsLeftOut:
    """Left-out answers of examples in parts of at most `_TOGETHER`, each part with a regression of its own."""

    def __init__(self, codes: np.ndarray, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(codes)) if len(codes) > _TOGETHER else np.arange(len(codes))
        self.parts = [(rows, LeftOut(codes[rows])) for rows in np.array_split(order, -(-len(order) // _TOGETHER))]

    def __call__(self, at: np.ndarray, classes: int) -> np.ndarray:
        """(N, K) answers for class indices `at` (N,)."""
        target = np.eye(classes)[at]
        answers = np.empty_like(target)
        for rows, part in self.parts:
            answers[rows] = part.answers(target[rows])
        return answers


def wrong(answers: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) probability that each label is wrong, and (N, K) probabilities of the classes, from left-out answers."""
    from scipy.optimize import minimize
    from scipy.special import expit, softmax

    n, classes = answers.shape
    rows = np.arange(n)

    def likelihoods(unknown: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        share = float(expit(unknown[1]))
        probabilities = softmax(np.exp(unknown[0]) * answers, axis=1)
        own = probabilities[rows, at]
        return share, probabilities, (1 - share) * own, share / (classes - 1) * (1 - own)

    def cost(unknown: np.ndarray) -> float:
        share, _, right, mistaken = likelihoods(unknown)
        belief = _BELIEF[0] * np.log(share) + _BELIEF[1] * np.log1p(-share)
        return -float(np.log(right + mistaken + 1e-12).sum() + belief)

    bounds = [(-5, 6), (-9, -0.5)]  # logarithm of the sharpness, log-odds of the share
    fits = [minimize(cost, [np.log(10.0), start], method="L-BFGS-B", bounds=bounds) for start in (-3.0, -5.0)]
    _, probabilities, right, mistaken = likelihoods(min(fits, key=lambda fit: fit.fun).x)
    return mistaken / (right + mistaken + 1e-12), probabilities


def label_errors(codes: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> tuple[Suspects, Control]:
    """Examples whose codes (N, D) speak against their label, and the control; -1 in `labels` is left out.

    Raises UsageError for fewer than two classes.
    """
    known = np.nonzero(check_labels(labels, len(codes)))[0]
    classes, at = np.unique(np.asarray(labels)[known], return_inverse=True)
    probe = PartsLeftOut(codes[known], seed)

    def search(at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Suspects by probability, everyone's probability of an error, and the likeliest other class."""
        error, probabilities = wrong(probe(at, len(classes)), at)
        others = probabilities.copy()
        others[np.arange(len(at)), at] = -1
        order = np.argsort(-error, kind="stable")
        return order[error[order] > SUSPECTED], error, others.argmax(1)

    found, error, likely = search(at)
    mended = at.copy()
    mended[found] = likely[found]
    random = np.random.default_rng(seed)
    planted = random.choice(len(at), max(1, round(_PLANTED * len(at))), replace=False)
    spoiled = mended.copy()
    spoiled[planted] = (spoiled[planted] + random.integers(1, len(classes), len(planted))) % len(classes)
    clean, again = search(mended)[0], search(spoiled)[0]
    control = Control(
        clean=len(clean),
        shuffled=len(search(random.permutation(at))[0]),
        planted=len(planted),
        found=int(np.isin(planted, again).sum()),
        alarms=int((~np.isin(again, planted)).sum()),
    )
    doubted = Suspects(known[found], classes[at[found]], classes[likely[found]], (1 - error[found]).astype(np.float32))
    return doubted, control
