"""Annotations over time: what a cell may track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.errors import UsageError, near
from deepro.kinds.sequences.signals import series_tracks, sound_tracks
from deepro.kinds.sequences.texts import text_tracks
from deepro.network.sequences import Sequences


@dataclass(frozen=True)
class Track:
    """values: (T,) float for each sequence, NaN where unknown.

    measure: auc for yes or no, rank for numbers, information for kinds.
    """

    name: str
    values: tuple[np.ndarray, ...]
    measure: str

    def card(self) -> dict[str, Any]:
        """For provenance."""
        from deepro.network.fingerprint import digest_json

        return {"name": self.name, "measure": self.measure, "sha256": digest_json([v.tolist() for v in self.values])}


Wanted = str | Sequence[str] | Mapping[str, Any] | None


def make_tracks(sequences: Sequences, wanted: Wanted = None, steps: Sequence[int] | None = None) -> list[Track]:
    """The tracks of some sequences.

    wanted: None for every built-in one that fits (text, series or sound), names of them, or a mapping from a name to
    one's own column: one array (T,) a sequence, or a function of the text or series that gives it.
    steps: how many steps the recurrent layer has of each sequence, where a convolution before it makes them fewer than
    the sequence's own; a column of the sequence's own length is then read at the last step of each stretch.
    Raises UsageError for an unknown name and for a column of another length.
    """
    own = [len(item) for item in sequences.items]
    steps = own if steps is None else list(steps)
    if wanted is None or not isinstance(wanted, Mapping):
        built = _built_in(sequences, steps)
        names = list(built) if wanted is None else [wanted] if isinstance(wanted, str) else list(wanted)
        for name in names:
            if name not in built:
                hint = near(name, built) or f"; there are {', '.join(built) or 'none for token numbers'}"
                raise UsageError(f"unknown track {name!r}{hint}")
        if not names:
            raise UsageError(
                "token numbers without their texts have no built-in tracks: load the network with "
                "preprocess=Vocabulary(...), or pass tracks={name: [array a sequence]}"
            )
        return [_track(name, [_fit(c, t) for c, t in zip(built[name], steps, strict=True)]) for name in names]
    made = []
    for name, given in wanted.items():
        column: Any = [given(_reading(sequences, k)) for k in range(len(sequences))] if callable(given) else given
        columns = [column] if len(sequences) == 1 and np.ndim(column[0]) == 0 else list(column)
        if len(columns) != len(sequences):
            raise UsageError(
                f"track {name!r} has {len(columns)} columns, expected one for each of {len(sequences)} sequences"
            )
        for number, (values, length, fewer) in enumerate(zip(columns, own, steps, strict=True)):
            if len(values) not in (length, fewer):
                raise UsageError(f"track {name!r} has {len(values)} steps for sequence {number}, which has {length}")
        made.append(_track(str(name), [_fit(np.asarray(c), t) for c, t in zip(columns, steps, strict=True)]))
    return made


def _fit(column: np.ndarray, steps: int) -> np.ndarray:
    """What the column says at the last step of each of `steps` equal stretches."""
    return column if len(column) == steps else column[(np.arange(1, steps + 1) * len(column)) // steps - 1]


def _reading(sequences: Sequences, k: int) -> Any:
    text = sequences.texts[k]
    return text if text is not None else sequences.items[k].cpu().numpy()


def _built_in(sequences: Sequences, steps: Sequence[int]) -> dict[str, list[np.ndarray]]:
    each: list[dict[str, np.ndarray]] = []
    rates = sequences.rates or (None,) * len(sequences)
    for text, item, rate, count in zip(sequences.texts, sequences.items, rates, steps, strict=True):
        if text is not None and len(text) == len(item):
            each.append(text_tracks(text))
        elif rate is not None:
            each.append(sound_tracks(item[:, 0].cpu().numpy(), rate, count))
        elif item.is_floating_point():
            each.append(series_tracks(item.cpu().numpy()))
        else:
            each.append({})
    names = list(dict.fromkeys(name for tracks in each for name in tracks))
    unknown = lambda item: np.full(len(item), np.nan)  # noqa: E731
    return {n: [t[n] if n in t else unknown(i) for t, i in zip(each, sequences.items, strict=True)] for n in names}


def _track(name: str, columns: list[np.ndarray]) -> Track:
    if any(c.dtype.kind in "USO" for c in columns):
        kinds = {k: i for i, k in enumerate(sorted({str(v) for c in columns for v in c}))}
        return Track(name, tuple(np.array([kinds[str(v)] for v in c], dtype=float) for c in columns), "information")
    values = tuple(np.asarray(c, dtype=float) for c in columns)
    seen = np.unique(np.concatenate(values))
    yes_or_no = any(c.dtype.kind == "b" for c in columns) or bool(np.isin(seen[~np.isnan(seen)], (0, 1)).all())
    return Track(name, values, "auc" if yes_or_no else "rank")
