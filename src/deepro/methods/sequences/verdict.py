"""What a search's controls allow to be said of a finding: it survives, it fails, or is undecided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit

from deepro.methods.sequences.scores import MEASURES, auc, ranks

MARGIN = 0.05  # a finding must be better by this than what random weights reach,
CLOSED = 0.5  # and close this share of the gap that they leave to a perfect score
LEVEL = 0.05  # and rarer than this under shifted tracks
BEATEN = 0.9  # and matter to the track more than this share of other units
SURVIVES, NOT_HELD, UNDECIDED, FAILS = "survives", "survives, not held still", "undecided", "fails"
NOT_ASKED = "not asked"  # of the second best
_Z = 1.96


def verdict(finding: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """What is said of a finding, and which controls refuse it or leave it open.

    finding: held_out with low and high, control with control_low and control_high, p of `shifts`, and clamp with
    beaten_low and beaten_high, or None. It fails where one control's interval lies on the wrong side, and is undecided
    where one allows both answers. A control that was not made does not count against it; without the holding test it
    "survives, not held still".
    """
    answers = {
        "random weights": _beyond_random(finding),
        "shifted": _rare(finding),
        "held still": _matters(finding["clamp"]),
    }
    if np.isnan(finding["held_out"]):
        return FAILS, ("held out",)
    for said, answer in ((FAILS, False), (UNDECIDED, None)):
        why = tuple(name for name, found in answers.items() if found is answer)
        if why:
            return said, why
    return (SURVIVES if finding["clamp"] is not None else NOT_HELD), ()


def asked(control: float, measure: str) -> float:
    """The score that a finding needs where random weights reach `control`."""
    gap = control if measure == "information" else 1 - control  # information has no largest score
    return control + max(MARGIN, CLOSED * gap)


def _beyond_random(finding: Mapping[str, Any]) -> bool | None:
    if np.isnan(finding["control"]):
        return True
    bar, least, most = (asked(finding[k], finding["measure"]) for k in ("control", "control_low", "control_high"))
    ahead, own = finding["held_out"] - bar, finding["high"] - finding["held_out"]
    # The errors of both are independent: their squares add.
    if ahead > np.hypot(own, most - bar):
        return True
    return False if ahead <= -np.hypot(own, bar - least) else None


def _rare(finding: Mapping[str, Any]) -> bool | None:
    count = finding["shifts"]
    if not count:
        return True
    hits = finding["p"] * (count + 1) - 1  # shifts that did as well: so many, and the root of it more or less
    spread = _Z * np.sqrt(max(0.0, hits))
    return _side((hits - spread) / (count + 1), (hits + 1 + spread) / (count + 1), LEVEL, below=True)


def _matters(clamp: Mapping[str, Any] | None) -> bool | None:
    return True if clamp is None else _side(clamp["beaten_low"], clamp["beaten_high"], BEATEN)


def _side(low: float, high: float, bar: float, below: bool = False) -> bool | None:
    """Whether an interval lies above the bar (or below it); None where the bar is within."""
    if below:
        return _side(-high, -low, -bar)
    return True if low >= bar else False if high < bar else None


def share_interval(hits: float | int, of: int, among: int | None = None) -> tuple[float, float]:
    """95 % interval of a share seen in a sample (Wilson 1927).

    among: how many there are in all; where the sample is all of them, nothing is left open.
    """
    share = hits / of
    if among is not None and of >= among:
        return share, share
    size = of if among is None else of * (among - 1) / (among - of)
    middle = (share + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z / (1 + _Z**2 / size) * np.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2))
    return float(middle - half), float(middle + half)


def control_interval(scores: Sequence[float]) -> tuple[float, float, float]:
    """What random weights reach: the least that their mean may be, the mean, and what 19 in 20 networks stay below.

    Of one network nothing is known of the spread; without any all is NaN.
    """
    if not scores or np.isnan(scores).any():
        return float("nan"), float("nan"), float("nan")
    count, mean = len(scores), float(np.mean(scores))
    spread = float(np.std(scores, ddof=1)) if count > 1 else 0.0
    low = mean - float(stdtrit(max(1, count - 1), 0.975)) * spread / np.sqrt(count)
    return low, mean, mean + float(stdtrit(max(1, count - 1), 0.95)) * spread * np.sqrt(1 + 1 / count)


def jackknife(values: np.ndarray, column: np.ndarray, kind: str, pieces: np.ndarray) -> float:
    """Half the 95 % interval of a unit's score over pieces, each left out once (Tukey 1958).

    values, column, pieces: (T,). Infinite where without some piece there is no score.
    """
    count, known, made = int(pieces.max()) + 1, ~np.isnan(column), []
    for piece in range(count):
        kept = known & (pieces != piece)
        if kept.sum() < 2:
            return float("inf")
        ranked, rest = ranks(values[kept][:, None]), column[kept][:, None]
        made.append(float((auc(ranked, rest > 0.5) if kind == "auc" else MEASURES[kind](ranked, rest))[0, 0]))
    if count < 2 or np.isnan(made).any():
        return float("inf")
    spread = np.sqrt((count - 1) / count * np.square(np.array(made) - np.mean(made)).sum())
    return float(stdtrit(count - 1, 0.975) * spread)
