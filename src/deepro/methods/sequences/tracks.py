"""Annotations over time: what a cell may track.

A step's value is what holds after that step has been read: from the opening quote on one is inside, from the closing
quote on outside. Unknown steps are NaN.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepro.errors import UsageError, near
from deepro.methods.sequences.signals import series_tracks, since, sound_tracks
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


# ---- text


def text_tracks(text: str) -> dict[str, np.ndarray]:
    """Every track of one text, character by character, (T,). Bool arrays are yes or no, floats numbers.

    Python source is read by `tokenize`; other text by its quotes and brackets alone, without comments and strings.
    """
    size = len(text)
    spans = _python(text)
    made: dict[str, np.ndarray] = {}
    if spans is not None:
        strings, comments, brackets, known = spans
        made["string"] = _inside(strings, size)
        made["comment"] = _inside(comments, size)
        for quote, name in (("'", "single quotes"), ('"', "double quotes")):
            made[name] = _inside([s for s in strings if text[s[0]] == quote], size)
    else:
        brackets, known = [(i, c) for i, c in enumerate(text) if c in "()[]{}"], size
        made["double quotes"] = _quoted(text, '"')
        made["single quotes"] = _quoted(text, "'")
    depth = np.zeros(size)
    for pair, name in (("()", "parentheses"), ("[]", "square brackets"), ("{}", "braces")):
        level = _depth([(i, c) for i, c in brackets if c in pair], pair[0], size)
        made[name] = level > 0
        depth += level
    made["bracket"] = depth > 0
    made["bracket depth"] = depth
    characters = np.array(list(text), dtype="U1") if size else np.zeros(0, "U1")
    breaks = characters == "\n"
    made["line position"] = since(breaks)
    spaces = np.array([c.isspace() for c in text], dtype=bool)
    made["white space"] = spaces
    made["digit"] = np.array([c.isdigit() for c in text], dtype=bool)
    made["capital"] = np.array([c.isupper() for c in text], dtype=bool)
    word = np.array([c.isalnum() or c == "_" for c in text], dtype=bool)
    made["word position"] = np.where(word, since(~word), 0.0)
    made["word start"] = word & ~np.concatenate([[False], word[:-1]])
    made["indentation"] = _indentation(text)
    if known < size:  # the tokenizer stopped here: what lies beyond is not known to it
        for name in ("string", "comment", "single quotes", "double quotes", "parentheses", "square brackets", "braces",
                     "bracket", "bracket depth"):  # fmt: skip
            made[name] = made[name].astype(float)
            made[name][known:] = np.nan
    return made


def _python(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]], list[tuple[int, str]], int] | None:
    """(strings, comments, brackets, how far it could be read) of Python source; None where it is none.

    A span runs from its first quote or # to its last character, which is outside again.
    """
    starts = [0]
    for line in io.StringIO(text):
        starts.append(starts[-1] + len(line))
    strings, comments, brackets = [], [], []
    opened: list[int] = []
    known, words = 0, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            if token.type == tokenize.ERRORTOKEN and token.string.strip():
                return None if words < 20 else (strings, comments, brackets, known)
            start, end = starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
            words += 1
            kind = tokenize.tok_name[token.type]
            quote = re.search(r"['\"]", token.string)
            if kind == "STRING" and quote:
                strings.append((start + quote.start(), end - 1))
            elif kind in ("FSTRING_START", "TSTRING_START") and quote:
                opened.append(start + quote.start())
            elif kind in ("FSTRING_END", "TSTRING_END") and opened:
                strings.append((opened.pop(), end - 1))
            elif token.type == tokenize.COMMENT:
                comments.append((start, end))
            elif token.type == tokenize.OP and token.string in "()[]{}" and not opened:
                brackets.append((start, token.string))
            known = end
    except (tokenize.TokenError, IndentationError, SyntaxError) as error:
        cut = str(error)
        if "multi-line statement" in cut or "unexpected EOF" in cut:
            known = len(text)  # the text ends within brackets: nothing in it is unknown
        elif "multi-line string" in cut or "triple-quoted" in cut:
            quote = re.compile(r"\"{3}|'{3}").search(text, known)
            if quote:
                strings.append((quote.start(), len(text)))
                known = len(text)
        elif words < 20:
            return None
        return strings, comments, brackets, known
    return strings, comments, brackets, len(text)


def _inside(spans: list[tuple[int, int]], size: int) -> np.ndarray:
    inside = np.zeros(size, dtype=bool)
    for start, end in spans:
        inside[start:end] = True
    return inside


def _quoted(text: str, quote: str) -> np.ndarray:
    """Between two quotes of one line; an apostrophe within a word opens nothing."""
    inside = np.zeros(len(text), dtype=bool)
    on = False
    for place, character in enumerate(text):
        if character == "\n":
            on = False
        elif character == quote:
            on = not on and not (quote == "'" and place and text[place - 1].isalnum())
        inside[place] = on
    return inside


def _depth(brackets: list[tuple[int, str]], opening: str, size: int) -> np.ndarray:
    level = np.zeros(size)
    depth = last = 0
    for place, character in brackets:
        level[last:place] = depth
        depth = depth + 1 if character == opening else max(0, depth - 1)
        last = place
    level[last:] = depth
    return level


def _indentation(text: str) -> np.ndarray:
    """Leading spaces of the line: those read so far, then the line's own to its end."""
    made = np.zeros(len(text))
    count, leading = 0, True
    for place, character in enumerate(text):
        if character == "\n":
            count, leading = 0, True
        elif leading and character == " ":
            count += 1
        else:
            leading = False
        made[place] = count
    return made


# ---- all of them

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
