"""torchvision's models: architecture, published weights where they can be had, their preprocessing and categories."""

from __future__ import annotations

import contextlib
import inspect
import os
import socket
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from deepro.errors import NetworkError, UsageError, WeightsError, near
from deepro.network.preprocess import Preprocess
from deepro.network.sources import RANDOM, Found, Wish

_WHOLE = {
    "ObjectDetection": Preprocess((480, 640)),  # detectors normalise by themselves
    "SemanticSegmentation": Preprocess((520, 692), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
}
_TIMEOUT = 8.0  # seconds without an answer after which a download is given up


def find(name: str, wish: Wish) -> Found:
    """The classifier `name`. Weights: published ones from the cache or by download, else random with a note."""
    from torchvision.models import get_model_weights, list_models

    known = list_models()
    if name not in known:
        raise UsageError(
            f"torchvision has no model {name!r}{near(name, known) or '; see torchvision.models.list_models()'}"
        )
    entries = get_model_weights(name)
    default = getattr(entries, "DEFAULT", None)
    entry, notes, state = default, (), None
    if not wish.own_weights and wish.weights != "random":
        if wish.weights is not None:
            entry = _entry(entries, name, wish.weights)
        if entry is not None:
            state, notes = _fetch(entry, name, must=wish.weights is not None)
    module = _build(name, entry if state is not None else None, wish)
    if state is not None:
        module.load_state_dict(state)
    elif not wish.own_weights:
        notes = (*notes, RANDOM)
    preprocess, labels = _metadata(entry)
    return Found(module, name, preprocess, labels, notes)


def _entry(entries: Any, name: str, wanted: str) -> Any:
    wanted = wanted.rpartition(".")[2]
    names = [*entries.__members__, "DEFAULT"] if "DEFAULT" not in entries.__members__ else list(entries.__members__)
    if wanted.upper() not in names:
        raise UsageError(f"{name} has no weights {wanted!r}{near(wanted, names) or '; there are ' + ', '.join(names)}")
    return entries[wanted.upper()] if wanted.upper() in entries.__members__ else entries.DEFAULT


def _fetch(entry: Any, name: str, *, must: bool) -> tuple[Any, tuple[str, ...]]:
    """The published state from the cache or the net; (None, note) where it cannot be had and need not."""
    try:
        with _patience():
            # Published files carry the start of their hash in their name; check_hash compares it.
            return entry.get_state_dict(progress=sys.stderr.isatty(), check_hash=True), ()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:160]
        if must:
            raise WeightsError(
                f"the weights {entry.name} of {name} could not be downloaded ({reason}); "
                f"put the file into {_cache()} or pass weights=FILE or weights='random'"
            ) from None
        return None, (f"the published weights of {name} could not be downloaded ({reason}); pass weights=FILE",)


def _cache() -> str:
    return os.path.join(torch.hub.get_dir(), "checkpoints")


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """A network that does not answer must not hang the command."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _build(name: str, entry: Any, wish: Wish) -> nn.Module:
    from torchvision.models import get_model_builder

    builder = get_model_builder(name)
    options: dict[str, Any] = {"weights": None}
    accepted = inspect.signature(builder).parameters
    if "weights_backbone" in accepted:
        options["weights_backbone"] = None
    if entry is not None:  # as the published weights were made
        options |= _architecture(name, entry)
    elif name in ("googlenet", "inception_v3"):
        # Published files expect the scaling; the slow special initialisation says nothing.
        options |= {"init_weights": False, "transform_input": wish.own_weights}
    if wish.classes is not None:
        options["num_classes"] = wish.classes
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(wish.seed)
        try:
            return builder(**options).eval()
        except Exception as error:
            raise NetworkError(f"torchvision could not build {name}: {type(error).__name__}: {error}") from None


def _architecture(name: str, entry: Any) -> dict[str, Any]:
    classes = {"num_classes": len(entry.meta["categories"])} if "categories" in entry.meta else {}
    if name in ("googlenet", "inception_v3"):
        # The published files hold the auxiliary heads' weights and expect ImageNet's usual scaling.
        return {**classes, "transform_input": True, "aux_logits": True, "init_weights": False}
    return classes


def _metadata(entry: Any) -> tuple[Any, list[str] | None]:
    from deepro.network.recipes import from_transforms

    if entry is None:
        return None, None
    transforms = entry.transforms()
    try:
        # Their presets keep each picture's own proportions; an input has one size, and nothing is cut off the picture.
        preprocess = (
            _WHOLE[type(transforms).__name__] if type(transforms).__name__ in _WHOLE else from_transforms(transforms)
        )
    except Exception:
        preprocess = None
    categories = entry.meta.get("categories")
    return preprocess, list(categories) if categories else None
