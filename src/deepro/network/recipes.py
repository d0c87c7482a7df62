"""Ways to say how a photograph becomes an input: a preset, a line, a mapping, a file, transforms, a function.

"imagenet"
"size=224,resize=256,mean=0.485/0.456/0.406,std=0.229/0.224/0.225"
"size=224x160,order=BGR,range=255,mean=104/117/123"
{"size": [28, 28], "order": "L", "mean": 0.1307, "std": 0.3081}
preprocess.json
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from deepro.errors import UsageError, near
from deepro.network.preprocess import INTERPOLATIONS, CallablePreprocess, Preprocess
from deepro.network.vocabulary import Vocabulary

IMAGENET = Preprocess((224, 224), 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
PRESETS = {"imagenet": IMAGENET}
_KEYS = tuple(f.name for f in fields(Preprocess))
_ALSO = {
    "crop": "size",
    "crop_size": "size",
    "input_size": "size",
    "resize_size": "resize",
    "colour": "order",
    "color": "order",
}


def as_preprocess(value: Any) -> Preprocess | Vocabulary | None:
    """A Preprocess from any of the forms above. Raises UsageError that shows the form expected."""
    if value is None or isinstance(value, Preprocess) or (hasattr(value, "encode") and hasattr(value, "card")):
        return value  # the last is a vocabulary, which does for texts what a Preprocess does for photographs
    if isinstance(value, Path) or (isinstance(value, str) and value.endswith(".json")):
        return _from_mapping(_json(Path(value)))
    if isinstance(value, str):
        return PRESETS[value.strip()] if value.strip() in PRESETS else _from_mapping(_line(value))
    if isinstance(value, Mapping):
        return _from_mapping(value)
    if callable(value):
        return from_transforms(value)
    raise UsageError(
        f"preprocess is {type(value).__name__}; expected a Preprocess, a mapping, 'imagenet' or 'size=224,...'"
    )


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"preprocess: cannot read {path} ({error.strerror})") from None
    except ValueError as error:
        raise UsageError(f"preprocess: {path} is not JSON ({error})") from None
    if not isinstance(value, Mapping):
        raise UsageError(
            f"preprocess: {path} holds {type(value).__name__}, expected an object with size, mean, std ..."
        )
    return value


def _line(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = (s.strip() for s in part.partition("="))
        if not equals:
            hint = near(part, PRESETS) or "; write 'imagenet', or size=224,resize=256,mean=0.5/0.5/0.5,std=..."
            raise UsageError(f"preprocess: {part!r} is not key=value{hint}")
        found[key] = value
    return found


def _from_mapping(given: Mapping[str, Any]) -> Preprocess:
    options: dict[str, Any] = {}
    for key, value in given.items():
        name = _ALSO.get(key.lower(), key.lower())
        if name not in _KEYS:
            raise UsageError(f"preprocess: unknown key {key!r}{near(key, _KEYS) or '; keys are ' + ', '.join(_KEYS)}")
        options[name] = _value(name, value)
    if "size" not in options:
        raise UsageError("preprocess: size is missing, such as size=224 or size=224x160 (height x width)")
    return Preprocess(**options)


def _value(name: str, value: Any) -> Any:
    try:
        if name in ("order", "interpolation"):
            return str(value)
        if name == "resize":
            return None if value in (None, "", "none", "None") else int(value)
        if name == "size":
            parts = value.lower().split("x") if isinstance(value, str) else value
            return tuple(int(p) for p in parts) if isinstance(parts, list | tuple) else (int(parts), int(parts))
        if name == "range":
            return float(value)
        parts = value.split("/") if isinstance(value, str) else value
        return tuple(float(p) for p in parts) if isinstance(parts, list | tuple) else (float(parts),)
    except (TypeError, ValueError):
        shown = {"size": "224 or 224x160", "resize": "256", "range": "1 or 255"}.get(name, "0.485/0.456/0.406")
        raise UsageError(f"preprocess: {name} is {value!r}, expected such as {shown}") from None


def from_transforms(transform: Callable[..., Any]) -> Preprocess:
    """torchvision's ImageClassification preset and Compose are read; any other function is called as it is.

    Raises UsageError where the function's output is no (C, H, W) tensor of one size.
    """
    read = _from_preset(transform) or _from_compose(transform)
    return read if read is not None else _from_callable(transform)


def _from_preset(preset: Any) -> Preprocess | None:
    keys = ("crop_size", "resize_size", "mean", "std")
    if not all(hasattr(preset, k) for k in keys):
        return None
    crop, resize, mean, std = (list(getattr(preset, k)) for k in keys)
    crop = tuple(crop) * 2 if len(crop) == 1 else tuple(crop)
    if len(resize) != 1 and tuple(resize) != crop:
        return None
    short = resize[0] if len(resize) == 1 else None
    return Preprocess(crop, short, tuple(mean), tuple(std), interpolation=_interpolation(preset))


def _interpolation(transform: Any) -> str:
    mode = getattr(getattr(transform, "interpolation", None), "value", "bilinear")
    return mode if mode in INTERPOLATIONS else "bilinear"


def _from_compose(compose: Any) -> Preprocess | None:
    """Resize, CenterCrop, conversion to a tensor and Normalize, in the order in which they make sense."""
    steps = getattr(compose, "transforms", None)
    if steps is None:
        return None
    options: dict[str, Any] = {}
    whole: tuple[int, int] | None = None
    for step in steps:
        kind = type(step).__name__
        if kind == "Resize":
            side = list(step.size) if isinstance(step.size, list | tuple) else [step.size]
            if "size" in options or getattr(step, "max_size", None) is not None:
                return None
            options["interpolation"] = _interpolation(step)
            if len(side) == 1:
                options["resize"] = int(side[0])
            else:
                whole = (int(side[0]), int(side[1]))
        elif kind == "CenterCrop":
            side = list(step.size) if isinstance(step.size, list | tuple) else [step.size]
            options["size"] = (int(side[0]), int(side[-1]))
        elif kind == "Grayscale" and step.num_output_channels == 1:
            options["order"] = "L"
        elif kind == "Normalize":
            options |= {"mean": tuple(map(float, step.mean)), "std": tuple(map(float, step.std))}
        elif kind not in (
            "ToTensor",
            "MaybeToTensor",
            "PILToTensor",
            "ToImage",
            "ConvertImageDtype",
            "ToDtype",
            "ToPureTensor",
        ):
            return None
    if whole is not None:
        if options.get("size", whole) != whole or "resize" in options:
            return None
        options["size"] = whole
    elif "size" not in options or "resize" not in options:
        return None
    recipe = Preprocess(**options)
    # Whatever the steps were called, the values must come out the same: an unscaled PILToTensor, for one, would not.
    flat = Image.new("RGB", (32, 32), (255, 127, 0))
    try:
        same = torch.allclose(torch.as_tensor(compose(flat)).float(), recipe(flat)[0], atol=1e-4)
    except Exception:
        return None
    return recipe if same else None


def _from_callable(transform: Callable[..., Any]) -> Preprocess:
    answers = []
    for colour in ("black", "white", "red"):
        picture = Image.new("RGB", (300, 200), colour)
        try:
            answers.append(torch.as_tensor(transform(picture)).float())
        except Exception as error:
            from deepro.errors import one_line

            raise UsageError(f"preprocess: the function failed on a plain picture: {one_line(error)}") from None
    black, white, red = answers
    if black.ndim != 3 or black.shape[0] not in (1, 3):
        raise UsageError(f"preprocess: the function gave {tuple(black.shape)}, expected (3, H, W) or (1, H, W)")
    size = (int(black.shape[1]), int(black.shape[2]))
    low, high = black.mean((1, 2)), white.mean((1, 2))
    span = high - low
    if not bool((span > 0).all()):
        raise UsageError("preprocess: the function does not tell black from white")
    std = 1 / span
    mean = -low * std
    order = "L" if len(low) == 1 else "RGB"
    if order == "RGB" and ((red.mean((1, 2)) - low) / span).argmax() == 2:
        order = "BGR"
    return CallablePreprocess(
        size, None, tuple(mean.tolist()), tuple(std.tolist()), order, 1.0, "bilinear", transform=transform
    )
