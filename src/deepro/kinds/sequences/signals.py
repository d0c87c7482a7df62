"""Annotations of numbers over time: series and sounds. See `texts` for what the value of a step means."""

from __future__ import annotations

import numpy as np

VOICE = (60.0, 400.0)  # Hz, between which a voice's pitch lies
WINDOW = 0.04  # s of sound heard for each step, two periods of the lowest voice


def since(event: np.ndarray) -> np.ndarray:
    """Steps since `event` was last true; since before the start where it never was."""
    steps = np.arange(len(event))
    last = np.maximum.accumulate(np.where(event, steps, -1)) if len(event) else steps
    return (steps - last).astype(float)


def series_tracks(series: np.ndarray, name: str = "input") -> dict[str, np.ndarray]:
    """Tracks of each feature of a series (T, F): above its median, rising, phase, time since it rose above, regime.

    The trend is the sign of the slope over a tenth of the mean period; the phase is that of the analytic signal.
    """
    made: dict[str, np.ndarray] = {}
    steps = len(series)
    for feature in range(series.shape[1]):
        label = name if series.shape[1] == 1 else f"{name} {feature}"
        values = series[:, feature].astype(float)
        high = values > np.median(values)
        crossed = high & ~np.concatenate([[True], high[:-1]])
        made[f"{label} above median"] = high
        width = max(1, round(steps / max(1, 10 * int(crossed.sum()))))
        slope = values - np.concatenate([np.full(width, values[0]), values[:-width]])[:steps]
        made[f"{label} rising"] = slope > 0
        made[f"{label} time since rise"] = since(crossed)
        if steps > 3:
            signal = _analytic(values - values.mean())
            size = np.abs(signal)
            with np.errstate(invalid="ignore", divide="ignore"):
                made[f"{label} phase cosine"] = np.where(size > 1e-9, np.real(signal) / size, np.nan)
                made[f"{label} phase sine"] = np.where(size > 1e-9, np.imag(signal) / size, np.nan)
        found = regime(values)
        if found is not None:
            made[f"{label} regime"] = found
    return made


def regime(values: np.ndarray, share: float = 0.04) -> np.ndarray | None:
    """(T,) bool: in which of two ways a series behaves, True the livelier or higher one; None where it has one way.

    Spread, or else level, of the last `share` of the series at each step, parted in two (k-means). Two regimes are told
    apart where the parts explain 85 % of the variance; halves of a normal distribution explain 64 %, of a sine 81 %.
    """
    width = max(8, round(share * len(values)))
    if len(values) < 4 * width:
        return None
    padded = np.concatenate([np.full(width - 1, values[0]), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    for feature in (windows.std(1), windows.mean(1)):
        total = feature.var()
        if total < 1e-18:
            continue
        cut = feature.mean()
        for _ in range(50):
            high = feature > cut
            if not high.any() or high.all():
                break
            moved = (feature[high].mean() + feature[~high].mean()) / 2
            if abs(moved - cut) < 1e-12:
                break
            cut = moved
        high = feature > cut
        if not high.any() or high.all():
            continue
        within = (feature[high].var() * high.sum() + feature[~high].var() * (~high).sum()) / len(feature)
        if 1 - within / total > 0.85:
            return high
    return None


def _analytic(values: np.ndarray) -> np.ndarray:
    """The signal whose angle is the phase: negative frequencies removed (Gabor 1946)."""
    spectrum = np.fft.fft(values)
    size = len(values)
    spectrum[1 : (size + 1) // 2] *= 2
    spectrum[size // 2 + 1 :] = 0
    return np.fft.ifft(spectrum)


def sound_tracks(samples: np.ndarray, rate: int, steps: int) -> dict[str, np.ndarray]:
    """Energy in dB, voiced or not, onset or not, for each of `steps` equal stretches of a sound (T,).

    Voiced: the autocorrelation has a peak of at least half its height at zero between 60 and 400 Hz, in a window not
    40 dB below the loudest. Onset: the rise of the spectrum from the step before is a peak, and above the mean by one
    and a half of its standard deviations.
    """
    frames = _frames(samples, rate, steps)
    power = (frames**2).mean(1)
    loud = power > max(1e-10, float(power.max()) * 1e-4)
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1))
    rise = np.maximum(np.diff(spectrum, axis=0, prepend=spectrum[:1]), 0).sum(1)
    peak = np.zeros(steps, dtype=bool)
    peak[1:] = (rise[1:] > rise[:-1]) & (rise[1:] >= np.append(rise[2:], 0))
    return {
        "energy": 10 * np.log10(power + 1e-10),
        "voiced": loud & (_pitched(frames, rate) >= 0.5),
        "onset": peak & (rise > rise.mean() + 1.5 * rise.std()),
    }


def spectrogram(samples: np.ndarray, rate: int, steps: int, rows: int = 96, below: float = 70.0) -> np.ndarray:
    """(F, steps) power in dB below the loudest, at least -`below`, low frequencies first; up to `rows` rows."""
    frames = _frames(samples, rate, steps)
    power = np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1)) ** 2
    rows = min(rows, power.shape[1])
    edges = (np.arange(rows + 1) * power.shape[1]) // rows
    mean = np.add.reduceat(power, edges[:-1], axis=1) / np.diff(edges)
    level = 10 * np.log10(mean.T + 1e-20)
    return np.maximum(level - level.max(), -below)


def envelope(samples: np.ndarray, columns: int) -> np.ndarray:
    """(columns, 2): the lowest and highest sample of each of `columns` equal stretches."""
    edges = (np.arange(columns) * len(samples)) // columns
    return np.stack([np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)], 1)


def _frames(samples: np.ndarray, rate: int, steps: int) -> np.ndarray:
    """(steps, W): the last samples heard at the end of each stretch, silence before the start."""
    width = max(round(WINDOW * rate), -(-len(samples) // steps))
    ends = (np.arange(1, steps + 1) * len(samples)) // steps
    padded = np.concatenate([np.zeros(width), samples.astype(float)])
    return padded[ends[:, None] + np.arange(width)[None]]


def _pitched(frames: np.ndarray, rate: int) -> np.ndarray:
    """(steps,) the highest autocorrelation at a voice's lag, as a share of that at zero, for the overlap's length."""
    width = frames.shape[1]
    first, last = max(1, int(rate / VOICE[1])), min(width - 2, int(rate / VOICE[0]))
    if last <= first:
        return np.zeros(len(frames))
    centred = frames - frames.mean(1, keepdims=True)
    size = 1 << (2 * width - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(centred, size, axis=1)) ** 2, axis=1)[:, :width]
    unbiased = products * (width / (width - np.arange(width)))
    return unbiased[:, first : last + 1].max(1) / np.maximum(products[:, 0], 1e-12)
