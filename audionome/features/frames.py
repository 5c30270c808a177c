"""The features frame by frame, for pictures over time.

Conventions
-----------
The definitions are those of `audionome.features.stft`: frames of 2 048 samples every 512, padded by
reflection. What a window's row gives as a mean and a variance is here a curve: one value per
frame, the frame's centre at ``times``. Two features that the published tables do not have, spectral
contrast and tonnetz, follow librosa's definitions.

References
----------
.. [1] Jiang, Lu, Zhang, Tao and Cai, Music type classification by spectral contrast feature
       (ICME 2002).
.. [2] Harte, Sandler and Gasser, Detecting harmonic change in musical audio (2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome.features import hpss, rhythm, spectral, stft

__all__ = [
    "CONTRAST_BANDS",
    "NOTE_NAMES",
    "PITCH_CLASSES",
    "TONNETZ_AXES",
    "Frames",
    "frame_features",
    "spectral_contrast",
    "tonnetz",
]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]

PITCH_CLASSES: tuple[str, ...] = tuple("C C# D D# E F F# G G# A A# B".split())
#: The same as musicians write them.
NOTE_NAMES: tuple[str, ...] = tuple("C C♯/D♭ D D♯/E♭ E F F♯/G♭ G G♯/A♭ A A♯/B♭ B".split())
#: Lower and upper edge of each band of the spectral contrast (Hz): octaves above 200 Hz.
CONTRAST_BANDS: tuple[tuple[float, float], ...] = (
    (0.0, 200.0),
    *((200.0 * 2**k, 400.0 * 2**k) for k in range(5)),
    (6400.0, audio.SAMPLE_RATE / 2),
)
#: The six axes: sine and cosine of the angle on three circles.
TONNETZ_AXES: tuple[str, ...] = (
    "fifths, x", "fifths, y", "minor thirds, x", "minor thirds, y",
    "major thirds, x", "major thirds, y",
)  # fmt: skip


@dataclass(frozen=True)
class Frames:
    """Features of a clip over time; every array has one row per frame.

    Attributes
    ----------
    times : ndarray of shape (frames,)
        Centre of each frame (s).
    waveform : ndarray of shape (frames, 2)
        Lowest and highest sample of the hop around the centre (full scale).
    mel_db : ndarray of shape (frames, 128)
        Mel spectrogram (dB), at most 80 dB below its peak.
    mfcc : ndarray of shape (frames, 20)
        Mel-frequency cepstral coefficients (dB).
    chroma : ndarray of shape (frames, 12)
        Energy in the pitch classes from C, the strongest of a frame 1.
    centroid, bandwidth, rolloff : ndarray of shape (frames,)
        Mean, spread and 85 % point of the magnitude spectrum (Hz).
    contrast : ndarray of shape (frames, 7)
        Spectral contrast of `CONTRAST_BANDS` (dB), at least 0.
    tonnetz : ndarray of shape (frames, 6)
        Place on `TONNETZ_AXES`, each in [-1, 1].
    zero_crossing_rate : ndarray of shape (frames,)
        Share of samples at which the sign changes, in [0, 1].
    rms : ndarray of shape (frames,)
        Root mean square (full scale), in [0, 1].
    harmonic, percussive : ndarray of shape (frames,)
        Root mean square of the sustained part and of the rest (full scale).
    onset_strength : ndarray of shape (frames,)
        Median rise of the mel bands since the last frame (dB): peaks where notes begin.
    tempo_bpm, tempo_strength : ndarray of shape (lags,)
        Beats per minute, falling, and how strongly the onsets repeat at that pace, in [-1, 1].
    tempo : float
        The tempo of the classic features for the whole clip (BPM).
    """

    times: Array64
    waveform: Array32
    mel_db: Array32
    mfcc: Array32
    chroma: Array32
    centroid: Array64
    bandwidth: Array64
    rolloff: Array64
    contrast: Array32
    tonnetz: Array64
    zero_crossing_rate: Array64
    rms: Array64
    harmonic: Array64
    percussive: Array64
    onset_strength: Array32
    tempo_bpm: Array64
    tempo_strength: Array64
    tempo: float


@lru_cache(maxsize=1)
def _contrast_bins() -> tuple[tuple[slice, int], ...]:
    """Return the bins of each band, and how many of them are its peak and its valley."""
    frequencies = stft.FREQUENCIES
    bands = []
    for k, (low, high) in enumerate(CONTRAST_BANDS):
        first = int(np.searchsorted(frequencies, low)) - (k > 0)
        last = int(np.searchsorted(frequencies, high, side="right"))
        top = k == len(CONTRAST_BANDS) - 1
        bands.append((slice(first, last if top else last - 1), max(1, round((last - first) / 50))))
    return tuple(bands)


def spectral_contrast(magnitude: Array32) -> Array32:
    """Measure the distance between the peaks and the valleys of the spectrum, octave by octave.

    Parameters
    ----------
    magnitude : ndarray of shape (frames, 1025), float32
        Magnitude spectra at 22 050 Hz, at least 0.

    Returns
    -------
    ndarray of shape (frames, 7), float32
        Mean of a band's strongest 2 % of bins over that of its weakest 2 % (at least one bin), in
        decibels of magnitude as librosa takes them (10 log10), at least 0; see `CONTRAST_BANDS`.

    Notes
    -----
    Jiang et al. (2002); the numbers of ``librosa.feature.spectral_contrast(S=magnitude)``, whose
    bands share a bin with their neighbours. The book draws these; the extended model learned from
    `audionome.features.curves.spectral_contrast`, whose bands share none.
    """
    peaks, valleys = [], []
    for bins, n in _contrast_bins():
        band = np.sort(magnitude[:, bins], axis=1)
        valleys.append(band[:, :n].mean(axis=1))
        peaks.append(band[:, -n:].mean(axis=1))
    peak, valley = (_decibels(np.stack(ends, axis=1)) for ends in (peaks, valleys))
    return np.asarray(peak - valley, dtype=np.float32)


def _decibels(values: Array32) -> Array32:
    """Return decibels at most 80 dB below the peak, as ``librosa.power_to_db``."""
    db = 10 * np.log10(np.maximum(np.float32(1e-10), values))
    return np.asarray(np.maximum(db, db.max() - np.float32(80)))


@lru_cache(maxsize=1)
def _tonnetz_basis() -> Array64:
    """Return each pitch class as a point on three circles: a row per class."""
    circles = []
    # How far a semitone turns, in twelfths of a circle: neighbours there are a fifth, a minor or a
    # major third apart.
    for twelfths, radius in ((7, 1.0), (9, 1.0), (4, 0.5)):
        angle = 2 * np.pi * twelfths / 12 * np.arange(12)
        circles += [radius * np.sin(angle), radius * np.cos(angle)]
    return np.stack(circles, axis=1)


def tonnetz(chroma: NDArray[np.floating]) -> Array64:
    """Place the harmony on the circles of fifths, minor thirds and major thirds.

    Parameters
    ----------
    chroma : ndarray of shape (frames, 12)
        Energy in the pitch classes from C, at least 0, of any scale.

    Returns
    -------
    ndarray of shape (frames, 6), float64
        Mean point of the pitch classes on `TONNETZ_AXES`, weighted by their share of the energy:
        at most 1 from the centre on the first two circles and 0.5 on the third; 0 in silence.

    Notes
    -----
    Harte et al. (2006); the numbers of ``librosa.feature.tonnetz(chroma=chroma)``.
    """
    total = chroma.sum(axis=1, keepdims=True, dtype=np.float64)
    return np.asarray(chroma / np.where(total < stft.TINY, 1, total) @ _tonnetz_basis())


def _rms_of_frames(samples: Array32, frames: int) -> Array64:
    """Return the loudness of so many frames; the last one stands for those that are missing."""
    values = spectral.rms(samples)[:frames]
    return np.pad(values, (0, frames - values.size), mode="edge")


def frame_features(
    samples: Array32, *, pad_mode: Literal["reflect", "constant"] = "reflect"
) -> Frames:
    """Measure every feature frame by frame.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, full scale [-1, 1], at least three seconds.
    pad_mode : {"reflect", "constant"}
        What lies before the first and after the last sample of the spectra: the mirrored sound, as
        in the published tables and our model, or zeros, as in librosa since version 0.9.

    Returns
    -------
    Frames
        ``1 + n // 512`` frames.

    Raises
    ------
    audionome.audio.AudioError
        If the samples are too few, silent or not finite.
    """
    # One thread: sums in another order would differ in the last digit between processes.
    with threadpool_limits(1, user_api="blas"):
        return _measured(audio.check(samples), pad_mode)


def _measured(samples: Array32, pad_mode: Literal["reflect", "constant"]) -> Frames:
    hop = stft.HOP_LENGTH
    spectrum = stft.stft(samples, pad_mode=pad_mode)
    magnitude = np.abs(spectrum)
    power = np.square(magnitude)
    n = len(magnitude)

    mel_db = stft.mel_decibels(power)
    chroma = stft.chroma(power)
    centroid, bandwidth = spectral.centroid_and_bandwidth(magnitude)
    onsets = rhythm.onset_strength(mel_db)
    harmonic = hpss.harmonic(spectrum, magnitude)
    bpm, strength = rhythm.tempo_strength(onsets)
    hops = np.pad(samples, hop // 2, mode="edge")
    hops = np.pad(hops, (0, max(0, n * hop - hops.size)), mode="edge")[: n * hop].reshape(n, hop)
    return Frames(
        times=np.arange(n, dtype=np.float64) * (hop / audio.SAMPLE_RATE),
        waveform=np.stack([hops.min(axis=1), hops.max(axis=1)], axis=1),
        mel_db=mel_db,
        mfcc=stft.mfcc(mel_db),
        chroma=chroma,
        centroid=centroid,
        bandwidth=bandwidth,
        rolloff=spectral.rolloff(magnitude),
        contrast=spectral_contrast(magnitude),
        tonnetz=tonnetz(chroma),
        zero_crossing_rate=spectral.zero_crossing_rate(samples)[:n],
        rms=_rms_of_frames(samples, n),
        harmonic=_rms_of_frames(harmonic, n),
        percussive=_rms_of_frames(samples[: harmonic.size] - harmonic, n),
        onset_strength=onsets,
        tempo_bpm=bpm,
        tempo_strength=strength,
        tempo=rhythm.tempo(onsets),
    )
