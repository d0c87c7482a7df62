"""The names that the gallery's lines use, and the pictures that the lines make: docs/pictures/methods/NAME.webp.

`make pictures` makes those that are missing; `.venv/bin/python docs/scenes.py NAME...` makes these again.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from make_reference import ROOT, about
from PIL import Image

import deepro
from deepro.demos import code as code_demo
from deepro.demos import digits as digits_demo
from deepro.demos.photos import photographs
from deepro.kinds import record as kinds

OUT = ROOT / "pictures" / "methods"
SENTENCE = 'with open("names.txt") as file:\n    '  # what the embedded LSTM reads
WIDEST = 760  # pixels


def scene(folder: Path, epochs: int = 30, each: int = 99, texts: int = 8, steps: int = 800) -> dict[str, Any]:
    """The names: embedded networks, photographs, digits and texts. `folder` gets `each` of every digit as pictures."""
    trained, _ = digits_demo.train(epochs=epochs)
    load = lambda module: deepro.load(module, preprocess=digits_demo.preprocess(), labels=list(digits_demo.LABELS))  # noqa: E731
    digits, half, untrained = (load(m) for m in (trained, digits_demo.train(epochs=1)[0], digits_demo.DigitsNetwork()))
    pictures = digits_demo.write_pictures(folder)
    for digit in pictures.iterdir():
        for file in sorted(digit.glob("*.png"))[each:]:
            file.unlink()
    code = deepro.load(code_demo.MODEL)
    read = code_demo.reading(code, texts, steps)
    return {
        "deepro": deepro,
        "net": deepro.load("builtin:efficientnet-lite0"),
        "cat": photographs()["chelsea"],
        "digits": digits,
        "untrained": untrained,
        "pictures": pictures,
        "zeros": sorted((pictures / "0").glob("*.png"))[:10],
        "found": deepro.survey(digits, pictures),
        "earlier": deepro.survey(half, pictures),
        "code": code,
        "untrained_code": deepro.load(code_demo.MODEL, weights="random"),
        "texts": list(read.texts),
        "SENTENCE": SENTENCE,
    }


def main(names: list[str]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    wanted = {name: said["line"] for name, said in about().items() if "line" in said}
    chosen = names or [name for name in wanted if not (OUT / f"{name}.webp").is_file()]
    with tempfile.TemporaryDirectory() as folder:
        known = scene(Path(folder)) if chosen else {}
        for name in chosen:
            picture(eval(wanted[name], known), OUT / f"{name}.webp")
            print(name, flush=True)


def picture(result: deepro.Result, file: Path) -> None:
    """The result's figure without its caption, which the page says; nothing where it has none."""
    figure, drawn = kinds.of(result).figure(result), io.BytesIO()
    if not figure.axes:
        return
    figure.savefig(drawn, dpi=130, bbox_inches="tight", facecolor="white")
    image = Image.open(drawn).convert("RGB")
    image.thumbnail((WIDEST, WIDEST))
    image.save(file, quality=82, method=6)


if __name__ == "__main__":
    main(sys.argv[1:])
