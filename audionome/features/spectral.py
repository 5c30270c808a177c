"""Centroid, bandwidth, roll-off, zero crossings and loudness of each frame.

Conventions
-----------
Frames and spectra are those of `audionome.features.stft`; the numbers are those of the functions of
librosa that are called the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome.features.stft import FREQUENCIES, HOP_LENGTH, N_BINS, N_FFT, TINY

__all__ = ["centroid_and_bandwidth", "rms", "rolloff", "zero_crossing_rate"]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]

_MOMENTS: Array64 = np.stack([np.ones(N_BINS), FREQUENCIES, FREQUENCIES**2], axis=1)


def centroid_and_bandwidth(magnitude: Array32) -> tuple[Array64, Array64]:
    """Measure where the spectrum has its centre of gravity, and how wide it is.

    Parameters
    ----------
    magnitude : ndarray of shape (frames, 1025), float32
        Magnitude spectra.

    Returns
    -------
    centroid, bandwidth : ndarray of shape (frames,), float64
        In Hz; 0 in silence.
    """
    moments = magnitude.astype(np.float64) @ _MOMENTS
    weight = np.where(moments[:, 0] < TINY, 1.0, moments[:, 0])
    centroid = moments[:, 1] / weight
    return centroid, np.sqrt(np.maximum(0.0, moments[:, 2] / weight - centroid**2))


def rolloff(magnitude: Array32) -> Array64:
    """Measure up to which frequency 85 % of the spectrum's magnitude lies.

    Parameters
    ----------
    magnitude : ndarray of shape (frames, 1025), float32
        Magnitude spectra.

    Returns
    -------
    ndarray of shape (frames,), float64
        In Hz: the lowest bin at which the running sum reaches 85 %.

    Notes
    -----
    Of the magnitude, as ``librosa.feature.spectral_rolloff`` and the published tables have it, not
    of the energy, which is its square: that would be lower where strong tones are low.
    """
    # Single precision on purpose: the tables' ties fall the same way. Two frames are summed at
    # a time, as the real and the imaginary part: each step of a running sum waits for the last.
    n = len(magnitude)
    pairs = np.zeros((-(-n // 2), N_BINS), dtype=np.complex64)
    pairs.real = magnitude[::2]
    pairs.imag[: n // 2] = magnitude[1::2]
    sums = np.cumsum(pairs, axis=1)
    first = [
        np.argmax(running >= np.float32(0.85) * running[:, -1:], axis=1)
        for running in (sums.real, sums.imag)
    ]
    found: Array64 = FREQUENCIES[np.stack(first, axis=1).ravel()[:n]]
    return found


def zero_crossing_rate(samples: Array32) -> Array64:
    """Measure at which share of the samples the waveform changes its sign.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32

    Returns
    -------
    ndarray of shape (1 + n // 512,), float64
        In [0, 1].
    """
    negative = np.pad(samples < -1e-10, N_FFT // 2, mode="edge")
    crossing = np.zeros(negative.size, dtype=bool)
    np.not_equal(negative[1:], negative[:-1], out=crossing[1:])
    crossings = _frame_sums(crossing)
    # The step into a frame's first sample belongs to the frame before.
    return np.asarray((crossings - crossing[::HOP_LENGTH][: crossings.size]) / N_FFT)


def rms(samples: Array32) -> Array64:
    """Measure the root mean square of the samples.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        More than 1 024.

    Returns
    -------
    ndarray of shape (1 + n // 512,), float64
        In the unit of the samples. The sound is mirrored at its ends.
    """
    padded = np.pad(samples, N_FFT // 2, mode="reflect")
    energy = _frame_sums(np.square(padded, dtype=np.float64))
    return np.asarray(np.sqrt(np.maximum(0.0, energy) / N_FFT))


def _frame_sums(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of the 2 048 values of each frame: four neighbouring hops."""
    hops = values[: values.size // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH).sum(axis=1)
    return np.asarray(hops[:-3] + hops[1:-2] + hops[2:-1] + hops[3:])
