"""Read checkpoints without running their code, and fit them to a module."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from deepro.errors import WeightsError

_WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "ema",
    "model_ema",
)
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "backbone.", "encoder.", "classifier.", "student.")
_SHOWN = 3


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors, .pt, .pth or .bin file by name, on the CPU; wrappers are opened.

    Raises WeightsError for a missing or damaged file and for a pickle that would run code: only tensors and plain
    containers are read.
    """
    path = Path(path)
    if not path.exists():
        raise WeightsError(f"{path}: no such file")
    if path.is_dir():
        raise WeightsError(f"{path} is a folder; name the weights file in it")
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    return _unwrap(content, path)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} is truncated or no safetensors file ({error})") from None


def _read_pickle(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        text = str(error).partition("WeightsUnpickler error:")[2].strip() or str(error)
        if re.search(r"Unsupported|GLOBAL|unrecognized function", str(error)):
            named = re.search(r"GLOBAL (\S+)|unrecognized function (\S+)|Unsupported class (\S+)", str(error))
            what = next((g for g in named.groups() if g), "") if named else "it holds more than tensors"
            raise WeightsError(
                f"{path} is a pickle that would run code ({what.rstrip('.')}) and was refused; "
                "save the network's state_dict() as safetensors or with torch.save"
            ) from None
        raise WeightsError(f"{path} is truncated or no checkpoint ({_first_line(text)})") from None
    except Exception as error:
        reason = _first_line(str(error)).partition(". ")[0] or type(error).__name__
        raise WeightsError(f"{path} is truncated or no checkpoint ({reason})") from None


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:160] if text.strip() else ""


def _unwrap(content: Any, path: Path) -> dict[str, Tensor]:
    while isinstance(content, Mapping):
        if content and all(isinstance(v, Tensor) for v in content.values()):
            return {str(k): v for k, v in content.items()}
        inner = next((content[k] for k in _WRAPPERS if isinstance(content.get(k), Mapping)), None)
        if inner is None:
            tensors = {str(k): v for k, v in content.items() if isinstance(v, Tensor)}
            if tensors:
                return tensors
            break
        content = inner
    what = (
        f"an object with {', '.join(map(str, list(content)[:4])) or 'nothing'}"
        if isinstance(content, Mapping)
        else type(content).__name__
    )
    raise WeightsError(f"{path} holds no tensors by name but {what}; save the network's state_dict()")


def fit_weights(module: nn.Module, state: Mapping[str, Tensor], source: str) -> tuple[str, ...]:
    """Load `state` into `module`, with prefixes such as `module.` removed or added where that makes the names fit.

    Returns notes on what was left aside. Raises WeightsError that names missing and unexpected keys and unlike shapes.
    """
    wanted = module.state_dict()
    named = _best_names(state, wanted)
    missing = [k for k in wanted if k not in named and not k.endswith("num_batches_tracked")]
    unexpected = [k for k in named if k not in wanted]
    # Auxiliary heads serve training only: a file without them is complete.
    idle = [k for k in missing if k.lower().startswith("aux")]
    missing = [k for k in missing if k not in idle]
    unlike = [
        f"{k} is {_size(named[k])}, the network has {_size(v)}"
        for k, v in wanted.items()
        if k in named and named[k].shape != v.shape
    ]
    aside = [k for k in unexpected if k.split(".")[0] not in {w.split(".")[0] for w in wanted}] if not missing else []
    surplus = [k for k in unexpected if k not in aside]
    if missing or unlike or surplus:
        said = [
            _listed("missing", missing),
            _listed("unexpected", surplus if not missing else unexpected),
            f"{len(unlike)} of another shape ({'; '.join(unlike[:_SHOWN])})" if unlike else "",
        ]
        raise WeightsError(f"{source} does not fit the network: " + ", ".join(s for s in said if s))
    try:
        module.load_state_dict({k: v for k, v in named.items() if k in wanted}, strict=False)
    except Exception as error:
        raise WeightsError(f"{source} does not fit the network: {_first_line(str(error))}") from None
    notes = [f"{len(aside)} tensors of {source} are not used ({aside[0]} ...)"] if aside else []
    notes += [f"{source} has no weights for the auxiliary heads; they are random"] if idle else []
    return tuple(notes)


def classes_in(module: nn.Module, state: Mapping[str, Tensor]) -> int | None:
    """How many classes `state` has where that is all that keeps it from fitting `module`, as after fine-tuning."""
    wanted = module.state_dict()
    named = _best_names(state, wanted)
    unlike = [(named[k].shape, v.shape) for k, v in wanted.items() if k in named and named[k].shape != v.shape]
    counts = {tuple(have[:1]) for have, _ in unlike}
    if len(counts) != 1 or any(have[1:] != want[1:] for have, want in unlike) or len({w[:1] for _, w in unlike}) != 1:
        return None
    return next(iter(counts))[0]


def _listed(word: str, keys: list[str]) -> str:
    if not keys:
        return ""
    return f"{len(keys)} {word} ({', '.join(keys[:_SHOWN])}{', ...' if len(keys) > _SHOWN else ''})"


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _best_names(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`state` under the renaming, among removing and adding prefixes, that matches most wanted names."""
    forms = [dict(state)]
    for _ in range(3):  # nested: module.model.
        current = forms[-1]
        prefixes = [p for p in _PREFIXES if current and all(k.startswith(p) for k in current)]
        prefixes += [p for p in _PREFIXES if p not in prefixes and any(k.startswith(p) for k in current)]
        stripped = [{k.removeprefix(p): v for k, v in current.items()} for p in prefixes]
        if not stripped:
            break
        forms.append(max(stripped, key=lambda f: _matches(f, wanted)))
    forms += [{p + k: v for k, v in f.items()} for f in list(forms) for p in _PREFIXES]
    return max(forms, key=lambda f: _matches(f, wanted))


def _matches(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> int:
    return sum(k in wanted for k in state)


def check_finite(module: nn.Module, source: str) -> None:
    """WeightsError that names the tensors which hold NaN or infinity."""
    bad = []
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if nn.parameter.is_lazy(tensor):
            raise WeightsError(f"{source}: {name} has no values yet; run the network once before loading it")
        if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.is_meta or "mask" in name:
            continue
        values = tensor.detach()
        # A finite sum proves that all are finite; only then is nothing more to do.
        if not bool(torch.isfinite(values.sum(dtype=torch.float32 if values.element_size() < 4 else None))):
            count = int((~torch.isfinite(values)).sum())
            if count:
                bad.append(f"{name} ({count} of {values.numel()})")
    if bad:
        more = f" and {len(bad) - _SHOWN} more tensors" if len(bad) > _SHOWN else ""
        raise WeightsError(f"{source} holds NaN or infinite weights: {', '.join(bad[:_SHOWN])}{more}")


def save_weights(state: Mapping[str, Tensor], path: str | Path) -> Path:
    """Write tensors as safetensors, whole or not at all. Raises WeightsError where it cannot be written."""
    from safetensors.torch import save_file

    path = Path(path).with_suffix(".safetensors")
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: value.detach().cpu().contiguous() for name, value in state.items()}, str(partial))
        partial.replace(path)
    except Exception as error:  # safetensors says a full disk in an error of its own
        raise WeightsError(f"cannot write {path}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return path
