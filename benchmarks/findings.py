"""What `findings` finds, on photographs and digits with planted faults, and what it accuses where there is none.

    python benchmarks/findings.py [--draws 10] [--only labels duplicates outliers]

labels: one label in twenty is given to another class, anew in each draw; precision and recall of the likely label
errors, mean and spread over the draws, and the alarms where nothing was planted.
duplicates: five photographs again as JPEG of quality 30, cropped, mirrored, at half size, darkened; how many are found,
and the pairs that were there before.
outliers: noise and a flat grey among the photographs; the places they get.

`whole`: photographs in ten broad classes. `cut`: objects cut out by their boxes, in classes of five or more. `digits`:
300 of scikit-learn's, as the digits network and as an untrained one see them.
"""

from __future__ import annotations

import argparse
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps

import deepro
from deepro.data.examples import as_examples
from deepro.methods.spaces.codes import capture
from deepro.methods.spaces.doubting import label_errors
from deepro.methods.spaces.finding import either_way, near_duplicates, outliers
from deepro.methods.spaces.searching import Mirrored
from deepro.network import Network, Preprocess

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
LAYERS = {
    "efficientnet-lite0": ("_avg_pooling", "_blocks.15", "_blocks.10"),
    "squeezenet1_0": ("features.12", "features.9", "classifier.1"),
}
# Broad classes: names in boxes.json, and places in the sorted sample (every tenth class of ImageNet).
GROUPS: dict[str, tuple[str, tuple[int, ...]]] = {
    "dog": ("dog", tuple(range(16, 29))),
    "bird": ("", (1, 2, 8, 9, 10, 13, 14)),
    "creature": ("", (0, 3, 4, 5, 6, 7, 11, 12, 30, 31, 32, 39)),
    "mammal": ("cat zebra horse elephant bear", (15, 29, 33, 34, 35, 36, 37, 38)),
    "food": ("orange banana apple broccoli pizza", (93, 94, 95, 96)),
    "vehicle": ("bus car train truck airplane motorcycle bicycle boat", (45, 51, 67, 69, 78, 82, 87, 88)),
    "kitchen": ("oven refrigerator microwave", (55, 76)),
    "furniture": ("dining_table chair bed couch potted_plant toilet bench", (52, 75)),
    "device": ("tv laptop keyboard cell_phone remote", (48, 53, 59, 62, 81)),
}

Set = tuple[list[Any], list[str]]  # pictures and their classes


def annotated() -> list[tuple[Path, str, list[list[float]]]]:
    """Photograph, class, boxes."""
    folder = SHARED / "boxes"
    found = json.loads((folder / "boxes.json").read_text())
    return [(folder / e["image"], e["class"].replace(" ", "_"), e["boxes"]) for e in found]


def wallabies() -> list[Path]:
    return sorted((SHARED / "kangaroo" / "images").iterdir())


def whole() -> Set:
    """Photographs in broad classes; those that show objects of several are left out."""
    sample = sorted((SHARED / "imagenet_sample").glob("*.JPEG"))
    pictures, classes = [*wallabies()], ["wallaby"] * len(wallabies())
    of = {name: group for group, (names, _) in GROUPS.items() for name in names.split()}
    shown: dict[Path, set[str]] = {}
    for path, name, _ in annotated():
        shown.setdefault(path, set()).add(of.get(name, name))
    for path, names in shown.items():
        if len(names) == 1 and (group := next(iter(names))) in GROUPS:
            pictures.append(path)
            classes.append(group)
    for group, (_, places) in GROUPS.items():
        pictures += [sample[i] for i in places]
        classes += [group] * len(places)
    return pictures, classes


def cut(least: int = 5) -> Set:
    """The largest box of each annotated object, with a tenth around it."""
    pictures: list[Any] = [*wallabies()]
    classes = ["wallaby"] * len(pictures)
    for path, name, boxes in annotated():
        x0, y0, x1, y1 = max(boxes, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
        dx, dy = 0.1 * (x1 - x0), 0.1 * (y1 - y0)
        pictures.append(Image.open(path).convert("RGB").crop((int(x0 - dx), int(y0 - dy), int(x1 + dx), int(y1 + dy))))
        classes.append(name)
    many = {name for name, count in Counter(classes).items() if count >= least}
    keep = [i for i, name in enumerate(classes) if name in many]
    return [pictures[i] for i in keep], [classes[i] for i in keep]


def photographs() -> list[Path]:
    """Every photograph once."""
    return [
        *sorted((SHARED / "imagenet_sample").glob("*.JPEG")),
        *wallabies(),
        *dict.fromkeys(p for p, *_ in annotated()),
    ]


def networks() -> dict[str, Network]:
    preprocess = Preprocess((224, 224), 256, (104.0, 117.0, 123.0), (1.0,) * 3, "BGR", 255.0)
    weights = SHARED / "squeezenet1_0.safetensors"
    return {
        "efficientnet-lite0": deepro.load("builtin:efficientnet-lite0"),
        "squeezenet1_0": deepro.load("torchvision:squeezenet1_0", weights=weights, preprocess=preprocess),
    }


def photograph(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def as_jpeg(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=30)
    return Image.open(file).convert("RGB")


def cropped(image: Image.Image) -> Image.Image:
    w, h = image.size
    return image.crop((w // 20, h // 20, w - w // 20, h - h // 20))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg": as_jpeg,
    "crop": cropped,
    "flip": ImageOps.mirror,
    "half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
}


def planted(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which one in twenty is another's, and which they are."""
    random, classes = np.random.default_rng(seed), labels.max() + 1
    at = random.choice(len(labels), round(len(labels) / 20), replace=False)
    wrong = labels.copy()
    wrong[at] = (wrong[at] + random.integers(1, classes, len(at))) % classes
    return wrong, at


def digits() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Codes and labels of 300 digits, as two networks see them."""
    from deepro.demos import digits as demo

    x, labels, _ = demo.inputs()
    at = np.random.default_rng(1).choice(len(x), 300, replace=False)
    trained, _ = demo.network()
    torch.manual_seed(0)
    untrained = deepro.load(torch.nn.Sequential(torch.nn.Conv2d(1, 32, 3), torch.nn.ReLU()), input_shape=(1, 8, 8))
    cases = ((trained, "pool1"), (trained, "pool2"), (trained, "hidden"), (untrained, "1"))
    found = []
    for net, layer in cases:
        codes = capture(net, as_examples(net, x[at]), layer, pool="flatten", predictions=False).arrays[layer]
        name = "untrained" if net is untrained else layer
        found.append((f"digits  digits {name}", codes, np.asarray(labels)[at].astype(np.int64)))
    return found


def measure_labels(nets: dict[str, Network], draws: int) -> None:
    cases = digits()
    for name, make in (("whole", whole), ("cut", cut)):
        pictures, words = make()
        labels = np.unique(words, return_inverse=True)[1]
        for net_name, net in nets.items():
            codes = capture(net, as_examples(net, pictures), list(LAYERS[net_name]), predictions=False).arrays
            cases += [(f"{name}  {net_name} {layer}", codes[layer], labels) for layer in LAYERS[net_name]]
    means = []
    for name, codes, labels in cases:
        rows = []
        for seed in range(draws):
            wrong, at = planted(labels, seed)
            suspects = label_errors(codes, wrong)[0].suspects
            right = np.isin(suspects, at).sum()
            first = np.isin(suspects[: len(at)], at).sum()
            rows.append((right / max(1, len(suspects)), right / len(at), first / len(at)))
        alarms, control = label_errors(codes, labels)
        mean, spread = np.mean(rows, 0), np.std(rows, 0)
        means.append((*mean, len(alarms.suspects) / len(labels)))
        print(
            f"labels  {name:44s} precision {mean[0]:.2f} ± {spread[0]:.2f}  recall {mean[1]:.2f} ± {spread[1]:.2f}  "
            f"nothing planted: {len(alarms.suspects)} of {len(labels)}, shuffled {control.shuffled}"
        )
    mean, worst = np.mean(means, 0), np.max(means, 0)
    print(f"labels  all: precision {mean[0]:.2f}, recall {mean[1]:.2f}, alarms {mean[3]:.1%} (at most {worst[3]:.1%})")


def measure_duplicates(nets: dict[str, Network], draws: int) -> None:
    paths = photographs()
    at = np.random.default_rng(0).choice(len(paths), draws, replace=False)
    for name, net in nets.items():
        codes = {}
        copies = [change(photograph(paths[i])) for i in at for change in COPIES.values()]
        for key, pictures in (("there", paths), ("copies", copies)):
            examples = as_examples(net, pictures)
            for turned in (False, True):
                asked = Mirrored(examples) if turned else examples
                codes[key, turned] = capture(net, asked, list(LAYERS[name]), predictions=False).arrays
        for layer in LAYERS[name]:
            there = [codes["there", turned][layer] for turned in (False, True)]
            before = near_duplicates(either_way(there[0], there[1], "euclidean", 20))
            found = Counter()
            for i in range(draws):
                some = slice(i * len(COPIES), (i + 1) * len(COPIES))
                both = [np.concatenate([there[t], codes["copies", bool(t)][layer][some]]) for t in (0, 1)]
                pairs = near_duplicates(either_way(both[0], both[1], "euclidean", 20)).pairs
                paired = {b - len(paths) for a, b in pairs.tolist() if a == at[i]}
                found.update(kind for k, kind in enumerate(COPIES) if k in paired)
            told = ", ".join(f"{kind} {found[kind] / draws:.2f}" for kind in COPIES)
            mean = sum(found.values()) / draws
            print(f"duplicates  {name} {layer:14s} found {mean:.1f} of 5 ({told}); there before: {len(before.pairs)}")


def measure_outliers(nets: dict[str, Network], draws: int) -> None:
    random = np.random.default_rng(0)
    odd = {"noise": [Image.fromarray(random.integers(0, 256, (256, 256, 3), dtype=np.uint8)) for _ in range(draws)]}
    odd["grey"] = [Image.new("RGB", (256, 256), (level,) * 3) for level in range(60, 200, 20)]
    for name, net in nets.items():
        layers = list(LAYERS[name])
        there = capture(net, as_examples(net, photographs()), layers, predictions=False).arrays
        extra = {kind: capture(net, as_examples(net, odd[kind]), layers, predictions=False).arrays for kind in odd}
        for layer in layers:
            said = []
            for kind in odd:
                places = []
                for code in extra[kind][layer]:
                    factors = outliers(np.concatenate([there[layer], code[None]]))
                    places.append(int((factors > factors[-1]).sum()) + 1)
                said.append(f"{kind} at place {np.median(places):.0f} (worst {max(places)})")
            print(f"outliers  {name} {layer:14s} {', '.join(said)} of {len(there[layer]) + 1}")


def main() -> None:
    parser = argparse.ArgumentParser(description="What `findings` finds among planted faults.")
    measures = {"labels": measure_labels, "duplicates": measure_duplicates, "outliers": measure_outliers}
    parser.add_argument("--only", nargs="+", choices=list(measures), default=list(measures))
    parser.add_argument("--draws", type=int, default=10)
    args = parser.parse_args()
    nets = networks()
    for name in args.only:
        measures[name](nets, args.draws)


if __name__ == "__main__":
    main()
