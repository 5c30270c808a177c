"""The 39 curves whose movement the extended features describe.

Conventions
-----------
A curve has one value per frame of `audionome.features.stft`, 43.07 per second. The curves are
scaled so that each moves by about as much over music.

References
----------
.. [1] Jiang, Lu, Zhang, Tao and Cai, Music type classification by spectral contrast feature
       (ICME 2002).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from audionome.features import spectral, stft
from audionome.features.median import WIDTH, sliding_median

__all__ = ["CURVES", "FAMILIES", "curves", "spectral_contrast"]

Array32 = NDArray[np.float32]

#: The curves by family.
FAMILIES: dict[str, tuple[str, ...]] = {
    "timbre": tuple(f"mfcc{i}" for i in range(1, 14)),
    "brightness": ("centroid", "bandwidth", "flatness", "zero_crossings"),
    "attack": ("flux",),
    "contrast": tuple(f"contrast{i}" for i in range(1, 8)),
    "tones against drums": tuple(f"harmonic{i}" for i in range(1, 9)),
    "chords": tuple(f"pitch_class_rank{i}" for i in (1, 3, 5, 7, 9, 11)),
}
CURVES: tuple[str, ...] = tuple(name for names in FAMILIES.values() for name in names)

_LOUDNESS = 0.1  # RMS that every stretch is brought to
_BAND_HEIGHT = 15  # mel bands of the median that keeps drums
_N_MFCC = len(FAMILIES["timbre"])
_FREQUENCIES32 = stft.FREQUENCIES.astype(np.float32)


@lru_cache(maxsize=1)
def _scaled_basis() -> Array32:
    """Return the first 13 rows of the orthonormal DCT-II over the mel bands, scaled, (128, 13)."""
    basis = fft.dct(np.eye(stft.N_MELS), axis=1, norm="ortho")[:, :_N_MFCC]
    return np.ascontiguousarray(basis * (6 / np.sqrt(stft.N_MELS)), dtype=np.float32)


@lru_cache(maxsize=1)
def _octaves() -> list[slice]:
    """Return the frequency bins of the seven bands of the spectral contrast."""
    edges = [0.0, *(200.0 * 2.0**k for k in range(6)), np.inf]
    bins = np.searchsorted(stft.FREQUENCIES, edges)
    return [slice(int(a), int(b)) for a, b in pairwise(bins)]


def spectral_contrast(magnitude: Array32) -> Array32:
    """Measure the peaks of the spectrum against its valleys, per octave.

    Parameters
    ----------
    magnitude : ndarray of shape (frames, 1025), float32
        Magnitude spectra at 22 050 Hz.

    Returns
    -------
    ndarray of shape (frames, 7), float32
        Mean of the strongest 2 % of the bins (at least one) over that of the weakest 2 %, in dB:
        below 200 Hz, then octave by octave. Clear tones give high values, noise low ones.

    Notes
    -----
    What the extended model learned from. No bin belongs to two bands, other than in librosa's
    definition, which the book draws: `audionome.features.frames.spectral_contrast`.
    """
    rows = []
    for octave in _octaves():
        band = magnitude[:, octave]
        n = max(1, round(0.02 * band.shape[1]))
        ordered = np.partition(band, (n - 1, band.shape[1] - n), axis=1)
        ends = ordered[:, :n].mean(axis=1), ordered[:, -n:].mean(axis=1)
        valley, peak = (np.log10(np.maximum(end, np.float32(1e-10))) for end in ends)
        rows.append(10 * (peak - valley))
    return np.stack(rows, axis=1)


def _harmonic_share(mel: Array32) -> Array32:
    """Return the share of sustained tones in the energy of each mel band, in [0, 1]."""
    half, low = WIDTH // 2, _BAND_HEIGHT // 2
    tones = sliding_median(np.pad(mel, ((half, half), (0, 0)), mode="symmetric"))
    across = np.pad(mel.T, ((low, low), (0, 0)), mode="symmetric")
    drums = sliding_median(across, width=_BAND_HEIGHT).T
    tones, drums = np.square(tones), np.square(drums)
    return np.asarray(tones / (tones + drums + np.float32(1e-12)), dtype=np.float32)


def _chords(magnitude: Array32, power: Array32) -> Array32:
    """Return the shares of the pitch classes, weakest first: the same in every key."""
    filters = stft.chroma_filters(stft.estimate_tuning(power)).copy()
    filters[:, (_FREQUENCIES32 < 80) | (_FREQUENCIES32 > 2500)] = 0
    chroma = magnitude @ filters.T
    chroma /= np.maximum(chroma.sum(axis=1, keepdims=True), np.float32(1e-9))
    return np.asarray(np.sort(10 * np.sqrt(chroma), axis=1)[:, ::2], dtype=np.float32)


def curves(samples: Array32) -> Array32:
    """Measure the 39 curves of a stretch of sound, 43.07 values per second.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, at least a window; brought to the same loudness first.

    Returns
    -------
    ndarray of shape (39, 1 + n // 512), float32
        In the order of `CURVES`, scaled so that each moves by about as much: 13 mel cepstral
        coefficients; centroid, bandwidth and flatness (logarithms) and zero-crossing rate; flux
        (rise of the spectrum against its mean); contrast in 7 bands; share of sustained tones in
        8 groups of mel bands; every second pitch class by strength.
    """
    centred = samples - np.mean(samples, dtype=np.float64)
    loudness = np.sqrt(np.mean(np.square(centred)))
    level = (centred * (_LOUDNESS / max(loudness, 1e-9))).astype(np.float32)
    magnitude = np.abs(stft.stft(level, precision="single"))
    power = np.square(magnitude)
    mel = power @ stft.mel_filters().T

    cepstrum = 10 * np.log10(mel + np.float32(1e-7)) @ _scaled_basis()
    centroid, bandwidth = spectral.centroid_and_bandwidth(magnitude)
    audible = np.maximum(power, np.float32(1e-10))
    flatness = np.exp(np.mean(np.log(audible), axis=1)) / np.mean(audible, axis=1)
    rise = np.maximum(0, np.diff(magnitude, axis=0, prepend=magnitude[:1]))
    flux = np.sqrt(np.sum(np.square(rise), axis=1)) / (32 * max(float(magnitude.mean()), 1e-9))
    share = _harmonic_share(np.sqrt(mel)).reshape(len(mel), 8, -1).mean(axis=2)
    rows = (
        cepstrum,
        5 * np.log(centroid + 1)[:, None],
        5 * np.log(bandwidth + 1)[:, None],
        2 * np.log(flatness + 1e-6)[:, None],
        30 * spectral.zero_crossing_rate(level)[:, None],
        5 * flux[:, None],
        spectral_contrast(magnitude) / 3,
        10 * share,
        _chords(magnitude, power),
    )
    return np.ascontiguousarray(np.concatenate(rows, axis=1).T, dtype=np.float32)
