"""The 57 classic columns of one window, in plain NumPy and SciPy.

Conventions
-----------
A window is 66 149 samples at 22 050 Hz. Frames are 2 048 samples long and start every
512; the signal is padded by *reflection*, as librosa did when the published GTZAN tables
were made (librosa >= 0.10 pads with zeros and gives other numbers). Spectra are arrays
``(frames, bins)``, single precision as in the tables; statistics are double precision.

One short-time Fourier transform serves every feature. The librosa version of the same
definitions is ``tests/reference.py``; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from audionome.audio import SAMPLE_RATE
from audionome.features.median import WIDTH, sliding_median
from audionome.features.registry import COLUMNS, N_MFCC

__all__ = ["chroma_filters", "mel_filters", "window_features"]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]

N_FFT = 2048
HOP = 512
N_BINS = 1 + N_FFT // 2
N_MELS = 128
_TINY = float(np.finfo(np.float32).tiny)

_FREQUENCIES: Array64 = np.arange(N_BINS, dtype=np.float64) * (SAMPLE_RATE / N_FFT)
_MOMENTS: Array64 = np.stack([np.ones(N_BINS), _FREQUENCIES, _FREQUENCIES**2], axis=1)
_HANN: Array64 = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT, dtype=np.float64) / N_FFT)
_HANN32: Array32 = _HANN.astype(np.float32)


# -- filter banks, computed once ----------------------------------------------------------


def _mel_to_hz(mel: Array64) -> Array64:
    """Slaney's mel scale: linear below 1 kHz, logarithmic above."""
    linear = 200.0 / 3 * mel
    return np.where(mel < 15.0, linear, 1000.0 * np.exp(np.log(6.4) / 27.0 * (mel - 15.0)))


@lru_cache(maxsize=1)
def mel_filters() -> Array32:
    """Triangular mel filters of equal area.

    Returns
    -------
    ndarray of shape (128, 1025), float32
        Weights per mel band and frequency bin (1/Hz).

    Notes
    -----
    Slaney, *Auditory Toolbox* (1998); the same numbers as ``librosa.filters.mel``.
    """
    top = 15.0 + np.log(SAMPLE_RATE / 2 / 1000.0) / (np.log(6.4) / 27.0)
    edges = _mel_to_hz(np.linspace(0.0, top, N_MELS + 2))
    ramps = edges[:, None] - _FREQUENCIES[None, :]
    width = np.diff(edges)
    lower = -ramps[:-2] / width[:-1, None]
    upper = ramps[2:] / width[1:, None]
    weights = np.maximum(0.0, np.minimum(lower, upper))
    return (weights * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


@lru_cache(maxsize=128)
def chroma_filters(tuning: float) -> Array32:
    """Gaussian pitch-class filters for a given tuning.

    Parameters
    ----------
    tuning : float
        Deviation from A = 440 Hz in semitones, in [-0.5, 0.5].

    Returns
    -------
    ndarray of shape (12, 1025), float32
        Weights per pitch class (from C) and frequency bin.

    Notes
    -----
    Ellis, *Chroma feature analysis and synthesis* (2007); the same numbers as
    ``librosa.filters.chroma``.
    """
    a440 = 440.0 * 2.0 ** (tuning / 12)
    bins = 12 * np.log2(np.arange(1, N_FFT) * (SAMPLE_RATE / N_FFT) / (a440 / 16))
    # Bin 0 has no pitch: half an octave and one octave below bin 1, so that it is broad.
    bins = np.concatenate(([bins[0] - 18.0], bins))
    width = np.concatenate((np.maximum(np.diff(bins), 1.0), [1.0]))
    distance = np.remainder(bins[None, :] - np.arange(12.0)[:, None] + 126.0, 12.0) - 6.0
    weights = np.exp(-0.5 * (2 * distance / width) ** 2)
    weights /= np.sqrt(np.sum(weights**2, axis=0))
    weights *= np.exp(-0.5 * ((bins / 12 - 5.0) / 2.0) ** 2)
    return np.ascontiguousarray(np.roll(weights, -3, axis=0)[:, :N_BINS], dtype=np.float32)


@lru_cache(maxsize=1)
def _dct_matrix() -> Array32:
    """First 20 rows of the orthonormal DCT-II over the mel bands, as (128, 20)."""
    basis = fft.dct(np.eye(N_MELS), axis=1, norm="ortho")
    return np.ascontiguousarray(basis[:, :N_MFCC], dtype=np.float32)


# -- from a window to frames --------------------------------------------------------------


def _frames(padded: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]


def _frame_sums(values: NDArray[Any]) -> NDArray[Any]:
    """Sum of the ``N_FFT`` values of each frame: four neighbouring hops."""
    hops = values[: values.size // HOP * HOP].reshape(-1, HOP).sum(axis=1)
    return np.asarray(hops[:-3] + hops[1:-2] + hops[2:-1] + hops[3:])


def _zero_crossing_rate(samples: Array32) -> Array64:
    negative = np.pad(samples < -1e-10, N_FFT // 2, mode="edge")
    crossing = np.zeros(negative.size, dtype=bool)
    np.not_equal(negative[1:], negative[:-1], out=crossing[1:])
    crossings = _frame_sums(crossing)
    # The step into a frame's first sample belongs to the frame before.
    return np.asarray((crossings - crossing[::HOP][: crossings.size]) / N_FFT)


def _centroid_and_bandwidth(magnitude: Array32) -> tuple[Array64, Array64]:
    moments = magnitude.astype(np.float64) @ _MOMENTS
    weight = np.where(moments[:, 0] < _TINY, 1.0, moments[:, 0])
    centroid = moments[:, 1] / weight
    return centroid, np.sqrt(np.maximum(0.0, moments[:, 2] / weight - centroid**2))


def _rolloff(magnitude: Array32) -> Array64:
    # Single precision on purpose: the tables' ties fall the same way. Two frames are summed at
    # a time, as the real and the imaginary part: each step of a running sum waits for the last.
    n = len(magnitude)
    pairs = np.zeros((-(-n // 2), N_BINS), dtype=np.complex64)
    pairs.real = magnitude[::2]
    pairs.imag[: n // 2] = magnitude[1::2]
    sums = np.cumsum(pairs, axis=1)
    first = [
        np.argmax(energy >= np.float32(0.85) * energy[:, -1:], axis=1)
        for energy in (sums.real, sums.imag)
    ]
    return _FREQUENCIES[np.stack(first, axis=1).ravel()[:n]]


def _tuning(power: Array32) -> float:
    """Deviation from A = 440 Hz in semitones, as ``librosa.estimate_tuning(S=power)``."""
    first, last = 14, 372  # bins whose frequency lies in [150, 4000) Hz
    threshold = np.float32(0.1) * power.max(axis=1, keepdims=True)
    near = power[:, first - 1 : last + 1]
    kept = near * (near > threshold)
    peak = (kept[:, 1:-1] > kept[:, :-2]) & (kept[:, 1:-1] >= kept[:, 2:])
    frame, column = np.divmod(np.flatnonzero(peak), peak.shape[1])
    if not frame.size:
        return 0.0
    left, centre, right = (near[frame, column + i] for i in range(3))
    curve = right + left - 2 * centre
    slope = (right - left) / 2
    inside = np.abs(slope) < np.abs(curve)
    shift = np.where(inside, -slope / np.where(inside, curve, 1), 0).astype(np.float32)
    pitch = ((column + first + shift) * float(SAMPLE_RATE) / N_FFT).astype(np.float32)
    strength = centre + np.float32(0.5) * slope * shift
    pitch = pitch[strength >= np.median(strength)]
    residual = np.mod(12 * np.log2(pitch / np.float32(27.5)), np.float32(1.0))
    residual[residual >= 0.5] -= 1.0
    counts, edges = np.histogram(residual, np.linspace(-0.5, 0.5, 101))
    return float(edges[np.argmax(counts)])


def _chroma(power: Array32) -> Array32:
    raw = power @ chroma_filters(_tuning(power)).T
    peak = raw.max(axis=1, keepdims=True)
    peak[peak < _TINY] = 1
    return np.asarray(raw / peak, dtype=np.float32)


@lru_cache(maxsize=1)
def _mel_blocks() -> list[tuple[slice, Array32]]:
    """The mel filters in eight groups: the bins that a group covers, and its weights there."""
    blocks = []
    for filters in np.split(mel_filters(), 8):
        covered = np.flatnonzero(filters.any(axis=0))
        bins = slice(int(covered[0]), int(covered[-1]) + 1)
        blocks.append((bins, np.ascontiguousarray(filters[:, bins].T)))
    return blocks


def _mel_db(power: Array32) -> Array32:
    energy = np.hstack([power[:, bins] @ weights for bins, weights in _mel_blocks()])
    mel = 10 * np.log10(np.maximum(np.float32(1e-10), energy))
    return np.maximum(mel, mel.max() - np.float32(80))


# -- tempo --------------------------------------------------------------------------------

_TEMPO_FRAMES = int(8.0 * SAMPLE_RATE / HOP)  # 8 s of autocorrelation
_TEMPO_WINDOW: Array64 = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_TEMPO_FRAMES) / _TEMPO_FRAMES)
_TEMPO_FFT = int(fft.next_fast_len(2 * _TEMPO_FRAMES - 1, real=True))
_BPM: Array64 = np.concatenate(
    ([np.inf], 60.0 * SAMPLE_RATE / (HOP * np.arange(1.0, _TEMPO_FRAMES)))
)
with np.errstate(invalid="ignore"):
    _TEMPO_PRIOR: Array64 = np.where(_BPM < 320.0, -0.5 * np.log2(_BPM / 120.0) ** 2, -np.inf)


def _onset_strength(mel_db: Array32) -> Array32:
    """Median rise of the mel bands, one value per frame, aligned to frame centres."""
    rise = np.median(np.maximum(np.float32(0), np.diff(mel_db, axis=0)), axis=1)
    delay = 1 + N_FFT // (2 * HOP)
    return np.concatenate((np.zeros(delay, np.float32), rise))[: len(mel_db)]


def _tempo(onsets: Array32) -> float:
    """Tempo of an onset curve (BPM): mean local autocorrelation, log-normal prior at 120."""
    if not onsets.any():
        return 0.0
    half = _TEMPO_FRAMES // 2
    padded = np.pad(onsets, half, mode="linear_ramp", end_values=0)
    local = np.lib.stride_tricks.sliding_window_view(padded, _TEMPO_FRAMES)[: onsets.size]
    windowed = local * _TEMPO_WINDOW
    # An autocorrelation peaks at the energy. Scaled by it before the inverse transform, all
    # frames share one.
    energy = np.sum(np.square(windowed), axis=1)
    scale = 1 / np.where(energy < np.finfo(np.float64).tiny, 1, energy)
    spectrum = fft.rfft(windowed, n=_TEMPO_FFT, axis=1)
    power = scale @ (spectrum.real**2 + spectrum.imag**2) / len(windowed)
    mean = fft.irfft(power, n=_TEMPO_FFT)[:_TEMPO_FRAMES]
    return float(_BPM[np.argmax(np.log1p(1e6 * mean) + _TEMPO_PRIOR)])


# -- harmonic and percussive parts --------------------------------------------------------


def _median_over_frames(magnitude: Array32) -> Array32:
    """Sliding median of 31 frames, reflecting at the ends: keeps what lasts."""
    half = WIDTH // 2
    return sliding_median(np.pad(magnitude, ((half, half), (0, 0)), mode="symmetric"))


def _median_over_bins(magnitude: Array32) -> Array32:
    """Sliding median of 31 bins, reflecting at the ends: keeps what is broad."""
    half = WIDTH // 2
    padded = np.pad(magnitude, ((0, 0), (half, half)), mode="symmetric")
    # The rows lie end to end with their own padding; medians across a seam are cut off.
    flat = np.empty(padded.size, dtype=np.float32)
    flat[: padded.size - 2 * half] = sliding_median(padded.ravel())
    return flat.reshape(padded.shape)[:, : -2 * half]


def _harmonic(spectrum: NDArray[np.complex64], magnitude: Array32) -> Array32:
    """Samples of the harmonic part (soft mask, power 2), without the last partial hop."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = _median_over_bins(magnitude) / _median_over_frames(magnitude)
        mask = np.reciprocal(1 + np.square(ratio))
    mask[np.isnan(mask)] = 0.5  # both medians zero: half to each part
    parts = fft.irfft(spectrum * mask, n=N_FFT, axis=1) * _HANN32
    return _overlap_add(parts)


def _overlap_add(parts: Array32) -> Array32:
    """Inverse short-time transform of windowed frames: sum, normalise, cut the padding."""
    hops = N_FFT // HOP
    n = len(parts)
    total = np.zeros((n + hops - 1, HOP), dtype=np.float32)
    norm = np.zeros((n + hops - 1, HOP), dtype=np.float32)
    square = (_HANN32**2).reshape(hops, HOP)
    for i in range(hops):
        total[i : i + n] += parts[:, i * HOP : (i + 1) * HOP]
        norm[i : i + n] += square[i]
    norm[norm <= _TINY] = 1
    half = N_FFT // 2
    return (total / norm).ravel()[half:-half]


# -- all together -------------------------------------------------------------------------


def _means_and_variances(curves: dict[str, NDArray[np.floating]]) -> dict[str, float]:
    found: dict[str, float] = {}
    # Curves of one length together: many calls on short arrays would cost more than the sums.
    for size in {curve.size for curve in curves.values()}:
        names = [name for name, curve in curves.items() if curve.size == size]
        values = np.stack([curves[name].ravel() for name in names], dtype=np.float64)
        means = values.mean(axis=1)
        variances = np.square(values - means[:, None]).mean(axis=1)
        for name, mean, variance in zip(names, means, variances, strict=True):
            found[f"{name}_mean"], found[f"{name}_var"] = float(mean), float(variance)
    return found


def _family(column: str) -> str:
    """``chroma_stft_mean`` is of ``chroma_stft``; the cepstral coefficients are one family."""
    return (
        "mfcc" if column.startswith("mfcc") else column.removesuffix("_mean").removesuffix("_var")
    )


def window_features(samples: Array32, columns: Sequence[str] = COLUMNS) -> Array64:
    """The classic features of one window.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, ``n`` > 1 024; 66 149 for a published window.
    columns : sequence of str
        Names from `audionome.features.COLUMNS`. What none of them needs is not computed.

    Returns
    -------
    ndarray of shape (columns,), float64
        Values in the order of ``columns``.
    """
    wanted = {_family(column) for column in columns}
    padded = np.pad(samples, N_FFT // 2, mode="reflect")
    # Transformed in double precision and rounded, as librosa does: the tables' roll-off
    # depends on the last bit of a running sum.
    spectrum = fft.rfft(_frames(padded.astype(np.float64)) * _HANN, axis=1).astype(np.complex64)
    magnitude = np.abs(spectrum)
    power = np.square(magnitude)
    curves: dict[str, NDArray[np.floating]] = {}
    found: dict[str, float] = {}

    if "chroma_stft" in wanted:
        curves["chroma_stft"] = _chroma(power)
    if "rms" in wanted:
        energy = _frame_sums(np.square(padded, dtype=np.float64))
        curves["rms"] = np.sqrt(np.maximum(0.0, energy) / N_FFT)
    if wanted & {"spectral_centroid", "spectral_bandwidth"}:
        curves["spectral_centroid"], curves["spectral_bandwidth"] = _centroid_and_bandwidth(
            magnitude
        )
    if "rolloff" in wanted:
        curves["rolloff"] = _rolloff(magnitude)
    if "zero_crossing_rate" in wanted:
        curves["zero_crossing_rate"] = _zero_crossing_rate(samples)
    if wanted & {"harmony", "perceptr"}:
        harmonic = _harmonic(spectrum, magnitude)
        # The two masks add to one, so the percussive part is what the harmonic one leaves.
        # The tables filled the last partial hop with zeros.
        tail = samples.size - harmonic.size
        curves["harmony"] = np.pad(harmonic, (0, tail))
        curves["perceptr"] = np.pad(samples[: harmonic.size] - harmonic, (0, tail))
    if wanted & {"tempo", "mfcc"}:
        mel_db = _mel_db(power)
        if "tempo" in wanted:
            found["tempo"] = _tempo(_onset_strength(mel_db))
        if "mfcc" in wanted:
            coefficients = mel_db @ _dct_matrix()
            curves |= {f"mfcc{i}": curve for i, curve in enumerate(coefficients.T, start=1)}

    found |= _means_and_variances(curves)
    return np.array([found[column] for column in columns])
