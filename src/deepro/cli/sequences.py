"""How a command is given sequences: files, a text, tokens; and the vocabulary of a network of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepro.errors import UsageError

if TYPE_CHECKING:
    from deepro.network import Network
    from deepro.network.sequences import Sequences

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[SEQUENCE]...",
        help="Texts (.txt, .py ...), sounds (.wav), arrays (.npy, .csv) or token numbers (.json), a sequence a file.",
    ),
]
Text = Annotated[list[str] | None, typer.Option(help="A text; again for more.")]
Tokens = Annotated[list[str] | None, typer.Option(help="Token numbers with commas, such as 3,1,4; again for more.")]
Words = Annotated[
    str | None,
    typer.Option("--vocabulary", help="characters:abc..., or a .json or .txt file with one token a line, in order."),
]
Layers = Annotated[
    list[str] | None, typer.Option("--layer", help="Recurrent layer, such as rnn or rnn.l1; again for more.")
]
Cut = Annotated[int | None, typer.Option(help="Read only so many steps of each sequence.", min=1)]


def read_sequences(
    net: Network,
    files: list[Path] | None,
    text: list[str] | None,
    tokens: list[str] | None,
    vocabulary: str | None,
    cut: int | None,
) -> Sequences:
    """Everything that was given, one entry a sequence; the embedded network's own texts where nothing was.

    Raises UsageError where nothing was given or a file cannot be read.
    """
    if vocabulary is not None:
        net.preprocess = read_vocabulary(vocabulary)
    from deepro.network.sequence_files import read_sequence
    from deepro.network.sequences import as_sequences

    items = [read_sequence(f) for f in files or ()] + list(text or ()) + [_tokens(t) for t in tokens or ()]
    names = [f.name for f in files or ()] + [None] * (len(items) - len(files or ()))
    if not items:
        if net.source != "builtin:code-lstm":
            raise UsageError("no sequence was given: name files, or use --text or --tokens")
        from deepro.demos.code import reading

        return reading(net, 24, cut or 2000)
    if cut:
        items = [_cut(item, cut) for item in items]
    return as_sequences(net, items).named(names)


def _cut(item: Any, steps: int) -> Any:
    from deepro.network.sound import Sound

    return Sound(item.samples[:steps], item.rate, item.name) if isinstance(item, Sound) else item[:steps]


def read_vocabulary(given: str) -> Any:
    from deepro.network.vocabulary import Vocabulary

    kind, colon, rest = given.partition(":")
    if kind == "characters" and colon:
        return Vocabulary(tuple(rest.encode().decode("unicode_escape") if "\\" in rest else rest))
    path = Path(given)
    try:
        content = path.read_text(encoding="utf-8")
        tokens = json.loads(content) if path.suffix == ".json" else content.splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"--vocabulary {given!r}: {error}") from None
    if isinstance(tokens, dict):  # token -> number
        tokens = sorted(tokens, key=tokens.__getitem__)
    if not isinstance(tokens, list) or not all(isinstance(t, str) for t in tokens):
        raise UsageError(f"--vocabulary {given!r}: expected a list of tokens or a mapping from token to number")
    return Vocabulary(tuple(tokens))


def _tokens(given: str) -> list[int]:
    parts = [p.strip() for p in given.split(",")]
    if not all(p.isdecimal() for p in parts):
        raise UsageError(f"--tokens {given!r}: expected whole numbers with commas, such as 3,1,4")
    return [int(p) for p in parts]


def read_column(path: Path) -> list[Any]:
    """An annotation, one array a sequence: .json with a list of lists (or one list), .csv or .npy for one sequence."""
    import numpy as np

    from deepro.network.sequence_files import read_sequence

    if path.suffix == ".json":
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: {error}") from None
        several = isinstance(values, list) and bool(values) and isinstance(values[0], list)
        return [np.asarray(v) for v in (values if several else [values])]
    values = read_sequence(path)
    if not isinstance(values, np.ndarray):
        raise UsageError(f"{path}: an annotation is a .json, .csv or .npy file")
    return [values.reshape(-1)]
