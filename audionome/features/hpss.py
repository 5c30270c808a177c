"""The harmonic part of a sound, without its drums.

References
----------
.. [1] Fitzgerald, Harmonic/percussive separation using median filtering (DAFx 2010).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audionome.features.median import WIDTH, sliding_median
from audionome.features.stft import istft

__all__ = ["harmonic", "median_over_bins", "median_over_frames"]

Array32 = NDArray[np.float32]


def harmonic(spectrum: NDArray[np.complex64], magnitude: Array32) -> Array32:
    """Separate what lasts from what is struck (soft mask, power 2).

    Parameters
    ----------
    spectrum : ndarray of shape (frames, 1025), complex64
        From `audionome.features.stft.stft`.
    magnitude : ndarray of shape (frames, 1025), float32
        Of the spectrum.

    Returns
    -------
    ndarray of shape (512 * (frames - 1),), float32
        Samples of the harmonic part. The two masks add to one: what it leaves of the sound is the
        percussive part. The numbers of ``librosa.effects.harmonic``.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = median_over_bins(magnitude) / median_over_frames(magnitude)
        mask = np.reciprocal(1 + np.square(ratio))
    mask[np.isnan(mask)] = 0.5  # both medians zero: half to each part
    return istft(spectrum * mask)


def median_over_frames(magnitude: Array32) -> Array32:
    """Return the sliding median of 31 frames: it keeps what lasts.

    Parameters
    ----------
    magnitude : ndarray of shape (frames, bins), float32

    Returns
    -------
    ndarray of shape (frames, bins), float32
        The ends are reflected.
    """
    half = WIDTH // 2
    return sliding_median(np.pad(magnitude, ((half, half), (0, 0)), mode="symmetric"))


def median_over_bins(magnitude: Array32) -> Array32:
    """Return the sliding median of 31 bins: it keeps what is broad.

    Parameters
    ----------
    magnitude : ndarray of shape (frames, bins), float32

    Returns
    -------
    ndarray of shape (frames, bins), float32
        The ends are reflected.
    """
    half = WIDTH // 2
    padded = np.pad(magnitude, ((0, 0), (half, half)), mode="symmetric")
    # The rows lie end to end with their own padding; medians across a seam are cut off.
    flat = np.empty(padded.size, dtype=np.float32)
    flat[: padded.size - 2 * half] = sliding_median(padded.ravel())
    return flat.reshape(padded.shape)[:, : -2 * half]
