"""What can go wrong, said in one line. The command prints `str(error)` and exits with `error.exit_code`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DeeproError(Exception):
    """Base of every error Deepro raises on purpose: one line that names what came, what was expected, what to do."""

    exit_code = 1


class UsageError(DeeproError, ValueError):
    """The caller asked for something that does not exist or does not fit."""

    exit_code = 2


class LayerError(UsageError):
    """An unknown layer, or one without what was asked of it."""


class LabelError(UsageError):
    """An unknown or ambiguous label."""


class ShapeError(UsageError):
    """A tensor, shape or layout that does not fit the network."""


class ImageError(DeeproError):
    """A picture that cannot be read or used."""


class WeightsError(DeeproError):
    """A checkpoint that cannot be read, would run code, or does not fit."""


class NetworkError(DeeproError):
    """A network that cannot be built or run."""


class UnsupportedError(DeeproError):
    """A method that would mislead on this network, refused with the reason."""


class StoreError(DeeproError):
    """A workspace or result that cannot be read or written."""


class KindError(StoreError):
    """A stored result whose kind is not known here."""


class PluginWarning(UserWarning):
    """A package that adds methods or kinds to Deepro, but could not be loaded."""


def near(name: str, known: Iterable[str], limit: int = 3) -> str:
    """'; did you mean a, b?' for the known names closest to `name`, or '' when none is close."""
    known = [str(k) for k in known]
    lowered = {k.lower(): k for k in reversed(known)}
    close = difflib.get_close_matches(str(name).lower(), list(lowered), n=limit, cutoff=0.55)
    return f"; did you mean {', '.join(lowered[c] for c in close)}?" if close else ""


def one_line(error: BaseException) -> str:
    """An exception as 'Type: first line', short enough for one line."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
