"""Onsets and tempo.

Conventions
-----------
An onset curve has one value per frame of `audionome.features.stft`. The tempo is the peak of its
autocorrelation over eight seconds, with a log-normal prior at 120 beats per minute (Ellis 2007).

References
----------
.. [1] Ellis, Beat tracking by dynamic programming (2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from audionome.audio import SAMPLE_RATE
from audionome.features.stft import HOP_LENGTH, N_FFT, TINY

__all__ = ["onset_strength", "tempo", "tempo_strength"]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]

_TEMPO_FRAMES = int(8.0 * SAMPLE_RATE / HOP_LENGTH)  # 8 s of autocorrelation
_TEMPO_WINDOW: Array64 = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_TEMPO_FRAMES) / _TEMPO_FRAMES)
_TEMPO_FFT = int(fft.next_fast_len(2 * _TEMPO_FRAMES - 1, real=True))
_BPM: Array64 = np.concatenate(
    ([np.inf], 60.0 * SAMPLE_RATE / (HOP_LENGTH * np.arange(1.0, _TEMPO_FRAMES)))
)
with np.errstate(invalid="ignore"):
    _TEMPO_PRIOR: Array64 = np.where(_BPM < 320.0, -0.5 * np.log2(_BPM / 120.0) ** 2, -np.inf)


def onset_strength(decibels: Array32) -> Array32:
    """Measure how much the mel bands rise from frame to frame.

    Parameters
    ----------
    decibels : ndarray of shape (frames, 128), float32
        From `audionome.features.stft.mel_decibels`.

    Returns
    -------
    ndarray of shape (frames,), float32
        Median rise (dB), aligned to the centres of the frames; at least 0.
    """
    rise = np.median(np.maximum(np.float32(0), np.diff(decibels, axis=0)), axis=1)
    delay = 1 + N_FFT // (2 * HOP_LENGTH)
    return np.concatenate((np.zeros(delay, np.float32), rise))[: len(decibels)]


def tempo(onsets: Array32) -> float:
    """Estimate the tempo of an onset curve.

    Parameters
    ----------
    onsets : ndarray of shape (frames,), float32
        From `onset_strength`.

    Returns
    -------
    float
        Beats per minute; 0 if nothing starts. The number of ``librosa.feature.tempo``.

    See Also
    --------
    tempo_strength : How strongly the curve repeats itself at every pace.
    """
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


def tempo_strength(onsets: Array32) -> tuple[Array64, Array64]:
    """Measure how strongly an onset curve repeats itself at each pace.

    Parameters
    ----------
    onsets : ndarray of shape (frames,), float32
        Onset strength, one value per frame of 512 samples.

    Returns
    -------
    bpm : ndarray of shape (lags,), float64
        Beats per minute, falling from 320 to 30.
    strength : ndarray of shape (lags,), float64
        Mean autocorrelation over 8-second stretches, 1 at lag 0; the tempo feature is its peak
        after pulling towards 120 BPM (Ellis 2007).
    """
    n = _TEMPO_FRAMES
    padded = np.pad(onsets.astype(np.float64), n // 2, mode="linear_ramp", end_values=0)
    local = np.lib.stride_tricks.sliding_window_view(padded, n)[: onsets.size]
    spectrum = np.abs(fft.rfft(local * _TEMPO_WINDOW, n=_TEMPO_FFT, axis=1)) ** 2
    lags = fft.irfft(spectrum, n=_TEMPO_FFT, axis=1)[:, :n]
    strength = np.mean(lags / np.maximum(lags[:, :1], TINY), axis=0)
    shown = (_BPM <= 320) & (_BPM >= 30)
    return _BPM[shown], strength[shown]
