"""Image classifiers of the transformers library, from the hub's cache, a download or a local folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepro.errors import NetworkError, UsageError, WeightsError
from deepro.network.preprocess import Preprocess
from deepro.network.sources import Found, Wish
from deepro.network.sources.huggingface_offline import cached_if_unreachable

_RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}


def find(name: str, wish: Wish) -> Found:
    """The classifier in repository or folder `name`. Code from a repository is never run."""
    try:
        from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageClassification
    except ImportError:
        raise NetworkError(f"hf:{name} needs transformers: pip install transformers") from None
    if name.startswith((".", "/", "~")) and not Path(name).expanduser().is_dir():
        raise UsageError(f"hf:{name}: no such folder")
    where = str(Path(name).expanduser()) if Path(name).expanduser().is_dir() else name
    local = Path(where).is_dir()
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": local}
    try:
        with cached_if_unreachable():
            if wish.own_weights or wish.weights == "random":
                config = AutoConfig.from_pretrained(where, **options)
                module = AutoModelForImageClassification.from_config(config, trust_remote_code=False)
            else:
                module = AutoModelForImageClassification.from_pretrained(where, **options)
            processor = _processor(AutoImageProcessor, where, options)
    except Exception as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200]
        raise WeightsError(f"hf:{name} could not be loaded ({type(error).__name__}: {reason})") from None
    names = _labels(module)
    notes = () if processor is not None else ("the repository has no preprocessing: tensors only, or pass preprocess=",)
    return Found(module.eval(), Path(where).name if local else name, processor, names, notes)


def of_pipeline(pipeline: Any) -> Found:
    """The network of a transformers pipeline that classifies images, kept as it is, with its processor and labels."""
    processor = pipeline.image_processor
    preprocess = None if processor is None else from_processor(processor)
    notes = (
        () if preprocess is not None else ("the pipeline's preprocessing is not known: tensors only, or preprocess=",)
    )
    return Found(pipeline.model, type(pipeline.model).__name__, preprocess, _labels(pipeline.model), notes)


def _labels(module: Any) -> list[str] | None:
    labels = getattr(getattr(module, "config", None), "id2label", None)
    return [str(labels[k]) for k in sorted(labels, key=int)] if isinstance(labels, Mapping) and labels else None


def _processor(auto: Any, where: str, options: dict[str, Any]) -> Preprocess | None:
    try:
        processor = auto.from_pretrained(where, **options)
    except (OSError, ValueError):
        return None
    return from_processor(processor)


def from_processor(processor: Any) -> Preprocess | None:
    """A transformers image processor as a Preprocess; None where it does something else."""
    size, crop = _numbers(getattr(processor, "size", None)), _numbers(getattr(processor, "crop_size", None))
    if not size or not getattr(processor, "do_resize", True):
        return None
    square: tuple[int, int] | None = (size["height"], size["width"]) if "height" in size else None
    short: int | None = None
    if "shortest_edge" in size:
        short = size["shortest_edge"]
        share = getattr(processor, "crop_pct", None)
        if share and short < 384:  # ConvNeXt: enlarge, then crop to the size asked for
            square, short = (short, short), int(short / share)
        elif share:
            square, short = (short, short), None
    if crop and getattr(processor, "do_center_crop", False):
        target = (crop["height"], crop["width"]) if "height" in crop else (crop["shortest_edge"], crop["shortest_edge"])
        if square is not None and short is None and square != target:
            return None
        square = target
    if square is None:
        if short is None:
            return None
        square = (short, short)
    scaled = bool(getattr(processor, "do_rescale", True))
    factor = float(getattr(processor, "rescale_factor", None) or 1 / 255)
    normal = bool(getattr(processor, "do_normalize", True))
    mean = tuple(getattr(processor, "image_mean", None) or (0.0,)) if normal else (0.0,)
    std = tuple(getattr(processor, "image_std", None) or (1.0,)) if normal else (1.0,)
    resample = int(getattr(processor, "resample", 2) or 2)
    return Preprocess(
        size=square,
        resize=short,
        mean=mean,
        std=std,
        range=255.0 * factor if scaled else 255.0,
        interpolation=_RESAMPLE.get(resample, "bilinear"),
    )


def _numbers(size: Any) -> dict[str, int]:
    if size is None:
        return {}
    if isinstance(size, int):
        return {"height": size, "width": size}
    if not isinstance(size, Mapping):
        size = {k: getattr(size, k, None) for k in ("height", "width", "shortest_edge")}
    return {k: int(v) for k, v in size.items() if v is not None}
