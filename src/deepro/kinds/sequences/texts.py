"""Annotations of text over time, character by character.

The value of a step is what holds after that step has been read: from the opening quote on one is inside, from the
closing quote on outside. Unknown steps are NaN.
"""

from __future__ import annotations

import io
import re
import tokenize

import numpy as np

from deepro.kinds.sequences.signals import since


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
