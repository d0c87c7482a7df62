"""timm's models with their data configuration."""

from __future__ import annotations

from typing import Any

import torch

from deepro.errors import NetworkError, UsageError, WeightsError, near
from deepro.network.preprocess import INTERPOLATIONS, Preprocess
from deepro.network.sources import RANDOM, Found, Wish
from deepro.network.sources.huggingface_offline import cached_if_unreachable


def find(name: str, wish: Wish) -> Found:
    """The timm model `name`, such as resnet18.a1_in1k. Weights as for torchvision."""
    try:
        import timm
        from timm.data.config import resolve_data_config
    except ImportError:
        raise NetworkError(f"timm:{name} needs timm: pip install timm") from None
    if not timm.is_model(name):
        known = timm.list_models()
        raise UsageError(f"timm has no model {name!r}{near(name, known) or '; see timm.list_models()'}")
    published = not wish.own_weights and wish.weights != "random"
    if wish.weights not in (None, "random") and wish.weights.upper() not in ("DEFAULT", "PRETRAINED"):
        name = f"{name.partition('.')[0]}.{wish.weights}"
    notes: tuple[str, ...] = ()
    module = None
    if published:
        try:
            with cached_if_unreachable(), torch.random.fork_rng(devices=[]):
                module = timm.create_model(name, pretrained=True)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:160]
            if wish.weights is not None:
                raise WeightsError(
                    f"the weights of timm:{name} could not be had ({reason}); pass weights=FILE"
                ) from None
            notes = (f"the published weights of {name} could not be downloaded ({reason}); pass weights=FILE",)
    if module is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(wish.seed)
            try:
                classes: dict[str, Any] = {"num_classes": wish.classes} if wish.classes is not None else {}
                module = timm.create_model(name, pretrained=False, **classes)
            except Exception as error:
                raise NetworkError(f"timm could not build {name}: {type(error).__name__}: {error}") from None
        if not wish.own_weights:
            notes = (*notes, RANDOM)
    config = resolve_data_config({}, model=module)
    return Found(module.eval(), name, _preprocess(config), _labels(name, module), notes)


def _preprocess(config: dict) -> Preprocess:
    channels, height, width = config["input_size"]
    crop, mode = config.get("crop_pct") or 1.0, config.get("crop_mode", "center")
    short = None if mode == "squash" and crop == 1 else int(min(height, width) / crop)
    interpolation = config.get("interpolation", "bicubic")
    return Preprocess(
        size=(height, width),
        resize=short,
        mean=tuple(config["mean"]) if channels == 3 else tuple(config["mean"])[:1],
        std=tuple(config["std"]) if channels == 3 else tuple(config["std"])[:1],
        order="RGB" if channels == 3 else "L",
        interpolation=interpolation if interpolation in INTERPOLATIONS else "bicubic",
    )


def _labels(name: str, module: torch.nn.Module) -> list[str] | None:
    """ImageNet-1k names for a model with a thousand classes trained on it, else timm's own label names."""
    count = getattr(module, "num_classes", None)
    if count != 1000:
        return None
    from torchvision.models import AlexNet_Weights

    return list(AlexNet_Weights.IMAGENET1K_V1.meta["categories"])
