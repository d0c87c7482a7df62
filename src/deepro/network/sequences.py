"""What a recurrent network is shown: texts, token numbers, time series, sounds, or whatever its forward takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from deepro.errors import DeeproError, NetworkError, ShapeError, UsageError
from deepro.network.axes import to_channels_first
from deepro.network.fingerprint import digest_json, digest_tensor
from deepro.network.sequence_files import read_sequence
from deepro.network.sound import Sound
from deepro.network.vocabulary import Vocabulary

if TYPE_CHECKING:
    from deepro.network.network import Network


Layout = Literal["NTF", "NT", "N1T"]
_TRIED = 256  # steps on which it is tried how a network is laid out


@dataclass(frozen=True)
class Sequences:
    """Sequences ready for a network, and how to call it.

    items: for each sequence (T,) int64 tokens or (T, F) floats; empty where the call's arguments are the caller's own.
    call: (args, kwargs) passed on as they are, or None. batch_first: how items are laid out for the network.
    rates: samples a second of a sound. layout: how a batch of sounds is given: (N, T, 1), (N, T) or (N, 1, T).
    """

    items: tuple[Tensor, ...]
    texts: tuple[str | None, ...]
    names: tuple[str | None, ...]
    sha256s: tuple[str, ...]
    call: tuple[tuple[Any, ...], Mapping[str, Any]] | None = None
    batch_first: bool = True
    rates: tuple[int | None, ...] = ()
    layout: Layout = "NTF"

    def __len__(self) -> int:
        return len(self.sha256s)

    def card(self) -> tuple[dict[str, Any], ...]:
        """For provenance, one entry a sequence."""
        sizes = [list(i.shape) for i in self.items] or [None] * len(self)
        return tuple(
            {"name": n, "sha256": s, "size": z} for n, s, z in zip(self.names, self.sha256s, sizes, strict=True)
        )

    def batches(self) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...], Mapping[str, Any]]]:
        """(rows, args, kwargs): sequences of equal length together, so that none is padded and none sees padding."""
        if self.call is not None:
            yield (), *self.call
            return
        lengths: dict[int, list[int]] = {}
        for row, item in enumerate(self.items):
            lengths.setdefault(len(item), []).append(row)
        for rows in lengths.values():
            yield tuple(rows), (self.laid(torch.stack([self.items[r] for r in rows])),), {}

    def laid(self, batch: Tensor) -> Tensor:
        """(N, T) tokens or (N, T, F) floats as the network takes them."""
        if self.layout != "NTF":
            return batch[..., 0] if self.layout == "NT" else batch.transpose(1, 2)
        return batch if self.batch_first else batch.transpose(0, 1)

    def rows(self, output: Tensor) -> Tensor:
        """The network's output with the sequences in front, (N, T, K) where it has a row a step."""
        return output if self.batch_first or output.ndim < 3 else output.transpose(0, 1)

    def subset(self, rows: Iterable[int]) -> Sequences:
        """Some of the items. Raises UsageError where the call is the caller's own."""
        if self.call is not None:
            raise UsageError("sequences given as ready tensors cannot be taken apart; give a list with one array each")
        chosen = [int(r) for r in rows]
        every = {f: tuple(getattr(self, f)) for f in ("items", "texts", "names", "sha256s", "rates")}
        return replace(self, **{f: tuple(v[r] for r in chosen) if v else () for f, v in every.items()})

    def named(self, names: Sequence[str | None]) -> Sequences:
        """The same with names, for captions."""
        return replace(self, names=tuple(names))


def as_sequences(net: Network, given: Any) -> Sequences:
    """What `given` shows to the network.

    str: a text. Path: a file, see `read_sequence`. Sound: a recording. List of these: one each. Array of int (T,) or
    float (T,) or (T, F): one sequence; a list of such arrays, or one array with another axis in front: several.
    Tensor: the network's input as it is; tuple, mapping or PackedSequence: the arguments of its forward.
    Raises UsageError for an empty sequence, NaN, or a token outside the vocabulary; ShapeError for other shapes.
    """
    if isinstance(given, Sequences):
        return given
    if isinstance(given, Tensor | PackedSequence | tuple | Mapping):
        return _as_they_are(net, given)
    several = isinstance(given, list) and bool(given) and not isinstance(given[0], int | float | np.number)
    several = several or (isinstance(given, np.ndarray) and given.ndim > (2 if given.dtype.kind == "f" else 1))
    parts = list(given) if several else [given]
    if isinstance(given, list) and not given:
        raise UsageError("no sequence was given; expected at least one with at least one step")
    files = [str(p) if isinstance(p, Path) else None for p in parts]
    parts = [read_sequence(p) if isinstance(p, Path) else p for p in parts]
    rates = tuple(p.rate if isinstance(p, Sound) else None for p in parts)
    items, texts, names = [], [], []
    for number, part in enumerate(parts):
        name = files[number] or (part.name if isinstance(part, Sound) else None)
        item, text = _item(net, part, name or f"sequence {number}")
        items.append(item.to(net.device))
        texts.append(text)
        names.append(name)
    if len({(i.dtype, i.shape[1:]) for i in items}) > 1:
        raise ShapeError(
            f"sequences of one call need one kind of step; got {sorted({str(tuple(i.shape)) for i in items})}"
        )
    made = Sequences(tuple(items), tuple(texts), tuple(names), tuple(map(digest_tensor, items)), rates=rates)
    return _listened(net, made) if any(rates) else replace(made, batch_first=_batch_first(net, made))


def _batch_first(net: Network, sequences: Sequences) -> bool:
    """Whether the sequences of a batch lie along its first axis: as the module in front says, or else as is tried out.

    One sequence is shown both ways; right is the way in which the first recurrent call reads a batch of one. Outputs
    without labels that are as many as the vocabulary's tokens are named by them.
    """
    from deepro.probe import first_tensor, untouched

    if isinstance(net.module, nn.RNNBase):
        return net.module.batch_first
    item = max(sequences.items, key=len)[:_TRIED]
    item = torch.cat([item, item]) if len(item) == 1 else item
    seen: list[int] = []

    def look(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        x: Any = args[0] if args else kwargs["input"]
        if isinstance(x, PackedSequence):
            seen.append(int(x.batch_sizes[0]))
        elif isinstance(module, nn.RNNBase):
            seen.append(x.shape[0 if module.batch_first else 1] if x.ndim == 3 else 1)
        else:
            seen.append(x.shape[0] if x.ndim == 2 else 1)

    recurrent = [m for m in net.module.modules() if isinstance(m, nn.RNNBase | nn.RNNCellBase)]
    embeddings = [m for m in net.module.modules() if isinstance(m, nn.Embedding)]
    for first in (True, False):
        seen.clear()
        with untouched(net.module), torch.no_grad():
            handles: list[Any] = [m.register_forward_pre_hook(look, with_kwargs=True) for m in recurrent]
            handles += [m.register_forward_pre_hook(check_tokens) for m in embeddings]
            try:
                output = first_tensor(run(net, (replace(sequences, batch_first=first).laid(item[None]),), {}))
                if net.labels is None and isinstance(net.preprocess, Vocabulary) and output is not None:
                    net.labels = list(net.preprocess.tokens) if output.shape[-1] == len(net.preprocess) else None
            except UsageError:
                raise
            except DeeproError:
                pass  # the other way; or said where it matters
            finally:
                for handle in handles:
                    handle.remove()
        if seen and seen[0] == 1:
            return first
    return True


def _listened(net: Network, sounds: Sequences) -> Sequences:
    """The layout of a batch of sounds that the network's forward takes: the first that it runs on."""
    from deepro.probe import untouched

    layouts: tuple[Layout, ...] = ("NT", "N1T", "NTF")
    said: DeeproError | None = None
    for layout in layouts:
        tried = replace(sounds, layout=layout)
        with untouched(net.module), torch.no_grad():
            try:
                run(net, (tried.laid(sounds.items[0][None].clone()),), {})
            except DeeproError as error:
                said = error
                continue
        return tried
    raise NetworkError(f"the network takes a sound neither as (N, T) nor as (N, 1, T) nor as (N, T, 1): {said}")


def _as_they_are(net: Network, given: Any) -> Sequences:
    args, kwargs = (
        ((given,), {})
        if isinstance(given, Tensor | PackedSequence)
        else (given, {})
        if isinstance(given, tuple)
        else ((), given)
    )
    tensors = list(_tensors((args, kwargs)))
    if not tensors or any(not t.numel() for t in tensors):
        raise UsageError("an empty tensor was given; expected at least one sequence with at least one step")
    if any(t.is_floating_point() and bool(t.isnan().any()) for t in tensors):
        raise UsageError("the input holds NaN; fill or cut the gaps first")
    args, kwargs = (_move(v, net.device, net.dtype) for v in (args, kwargs))
    sha = digest_json([digest_tensor(t) for t in tensors])
    return Sequences((), (None,), (None,), (sha,), (args, kwargs))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, PackedSequence):
        yield value.data
        yield value.batch_sizes
    elif isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from (t for v in value.values() for t in _tensors(v))
    elif isinstance(value, tuple | list):
        yield from (t for v in value for t in _tensors(v))


def _move(value: Any, device: torch.device, dtype: torch.dtype) -> Any:
    if isinstance(value, PackedSequence):
        packed: Any = value
        return packed.to(device=device, dtype=dtype) if value.data.is_floating_point() else packed.to(device=device)
    if isinstance(value, Tensor):
        return value.to(device, dtype) if value.is_floating_point() else value.to(device)
    if isinstance(value, Mapping):
        return {k: _move(v, device, dtype) for k, v in value.items()}
    return type(value)(_move(v, device, dtype) for v in value) if type(value) in (tuple, list) else value


def _item(net: Network, part: Any, where: str) -> tuple[Tensor, str | None]:
    """One sequence for the network, and its text where it has one."""
    vocabulary = net.preprocess if isinstance(net.preprocess, Vocabulary) else None
    text = None
    if isinstance(part, Sound):
        part = part.samples
    if isinstance(part, str):
        if vocabulary is None:
            raise UsageError(
                "this network was loaded without a vocabulary: pass token numbers, or preprocess=Vocabulary(...) "
                "to deepro.load"
            )
        text = part
        try:
            item = vocabulary.encode(part)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
    else:
        if isinstance(part, Tensor):
            part = part.detach().cpu().numpy()
        array = np.asarray(part)
        if array.dtype.kind not in "iuf":
            raise UsageError(f"{where} holds {array.dtype}, expected text, token numbers or floats")
        if array.dtype.kind == "f":
            array = array[:, None] if array.ndim == 1 else array
            bad = ~np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
            if bad.any():
                step = int(bad.argmax())
                what = "NaN" if np.isnan(array[step]).any() else "infinity"
                raise UsageError(f"{where} holds {what} at step {step}; fill or cut the gaps first")
        expected = 2 if array.dtype.kind == "f" else 1
        if array.ndim != expected:
            raise ShapeError(f"{where} has shape {array.shape}, expected (T,) tokens or (T, F) floats")
        item = torch.from_numpy(np.ascontiguousarray(array))
        item = item.to(net.dtype) if item.is_floating_point() else item.long()
        if vocabulary is not None and item.ndim == 1 and len(item):
            bad = (item < 0) | (item >= len(vocabulary))
            if bool(bad.any()):
                step = int(bad.int().argmax())
                raise UsageError(
                    f"{where}: token {int(item[step])} at step {step} is outside the vocabulary of {len(vocabulary)}"
                )
            text = vocabulary.decode(item.tolist())
    if not len(item):
        raise UsageError(f"{where} is empty; expected at least one step")
    return item, text


def check_tokens(module: nn.Module, args: tuple[Any, ...]) -> None:
    """A hook before an embedding. Raises UsageError for a token that it has no row for."""
    tokens = args[0] if args else None
    if not isinstance(tokens, Tensor) or tokens.is_floating_point() or not tokens.numel():
        return
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= module.num_embeddings:  # type: ignore[operator]
        bad = low if low < 0 else high
        place = [int(i) for i in (tokens == bad).nonzero()[0]]
        raise UsageError(
            f"token {bad} at position {place} is outside the vocabulary; "
            f"this network knows tokens 0 to {module.num_embeddings - 1}"  # type: ignore[operator]
        )


def run(net: Network, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The network's own output; NetworkError in one line where its forward fails."""
    if net.axes is not None and args and isinstance(args[0], Tensor):
        args = (to_channels_first(args[0], net.axes), *args[1:])
    try:
        return net.module(*args, **kwargs)
    except DeeproError:
        raise
    except Exception as error:
        shapes = ", ".join(str(tuple(t.shape)) for t in _tensors((args, kwargs)))
        line = next((text.strip() for text in str(error).splitlines() if text.strip()), "")
        raise NetworkError(f"the network cannot run on {shapes}: {type(error).__name__}: {line[:200]}") from error
