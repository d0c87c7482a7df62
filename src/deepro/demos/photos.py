"""The photographs that scikit-image and scikit-learn ship, explained by the embedded EfficientNet-Lite0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import deepro
from deepro import progress, registry
from deepro.explanation import Explanation, explain, make
from deepro.kinds.patterns.pattern import Pattern
from deepro.network import Network, load
from deepro.store import Workspace

MODEL = "builtin:efficientnet-lite0"

# The classes that Simonyan et al. 2014, figure 1, show.
SEED = 1  # of the patterns: of the first five it shows each class most clearly
CLASSES = ("washer", "computer keyboard", "kit fox", "goose", "ostrich", "limousine")


@dataclass(frozen=True)
class PhotosDemo:
    """What the demo made."""

    net: Network
    explanation: Explanation
    pattern: Pattern

    @property
    def workspace(self) -> Workspace:
        return self.explanation.workspace


def photographs() -> Mapping[str, Path]:
    """Name -> file of the embedded photographs. Raises FileNotFoundError where a package left one out."""
    import skimage
    import sklearn

    homes = {
        Path(skimage.__file__).parent / "data": ("chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"),
        Path(sklearn.__file__).parent / "datasets" / "images": ("china.jpg", "flower.jpg"),
    }
    files = {Path(name).stem: home / name for home, names in homes.items() for name in names}
    missing = [str(file) for file in files.values() if not file.is_file()]
    if missing:
        raise FileNotFoundError(f"embedded photographs are missing: {', '.join(missing)}")
    return files


def photos(folder: str | Path) -> PhotosDemo:
    """Explain every embedded photograph and make the six patterns, in a workspace."""
    ws = Workspace(folder)
    net = load(MODEL)
    explanation = explain(net, list(photographs().values()), ws)
    progress.tell("patterns", 0, 1)
    pattern = make(ws, registry.record(deepro.imagine), net, list(CLASSES), seed=SEED)
    progress.tell("patterns", 1, 1)
    return PhotosDemo(net, explanation, pattern)
