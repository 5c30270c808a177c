"""Short-time Fourier transform, mel bands and pitch classes, as the published tables have them.

Conventions
-----------
Sounds are mono at 22 050 Hz. A frame is 2 048 samples long under a Hann window, and there is one
every 512 samples; its centre lies on the first sample of its hop, for half a frame is added before
and after the sound. Spectra are arrays ``(frames, bins)`` in single precision. The added samples
are the mirrored sound, as in librosa before 0.9, with which the published GTZAN tables were made;
later versions add zeros and give other numbers.

References
----------
.. [1] Slaney, Auditory Toolbox, technical report 1998-010 (1998): the mel scale.
.. [2] Ellis, Chroma feature analysis and synthesis (2007): pitch classes.
.. [3] McFee et al., librosa: audio and music signal analysis in Python (SciPy 2015).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from audionome.audio import SAMPLE_RATE

__all__ = [
    "FREQUENCIES",
    "HANN",
    "HOP_LENGTH",
    "N_BINS",
    "N_FFT",
    "N_MELS",
    "N_MFCC",
    "TINY",
    "chroma",
    "chroma_filters",
    "estimate_tuning",
    "frame",
    "istft",
    "mel_decibels",
    "mel_filters",
    "mel_frequencies",
    "mfcc",
    "mfcc_basis",
    "stft",
]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]

#: Samples of a frame, samples from one frame to the next, and frequency bins of a spectrum.
N_FFT = 2048
HOP_LENGTH = 512
N_BINS = 1 + N_FFT // 2
#: Bands of the mel spectrogram, and cepstral coefficients that are taken from it.
N_MELS = 128
N_MFCC = 20
#: Sums of single precision below this are zero.
TINY = float(np.finfo(np.float32).tiny)

#: Frequency of each bin (Hz).
FREQUENCIES: Array64 = np.arange(N_BINS, dtype=np.float64) * (SAMPLE_RATE / N_FFT)
#: The periodic Hann window of a frame.
HANN: Array64 = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT, dtype=np.float64) / N_FFT)
_HANN32: Array32 = HANN.astype(np.float32)


# -- frames and spectra -------------------------------------------------------------------


def frame(padded: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Cut samples into overlapping frames.

    Parameters
    ----------
    padded : ndarray of shape (n,)
        At least 2 048 samples.

    Returns
    -------
    ndarray of shape (1 + (n - 2048) // 512, 2048)
        A view.

    Examples
    --------
    >>> frame(np.zeros(4096)).shape
    (5, 2048)
    """
    return np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]


def stft(
    samples: NDArray[np.floating[Any]],
    *,
    pad_mode: Literal["reflect", "constant"] = "reflect",
    precision: Literal["double", "single"] = "double",
) -> NDArray[np.complex64]:
    """Transform samples frame by frame.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz, more than 1 024.
    pad_mode : {"reflect", "constant"}
        What lies before the first and after the last sample: the mirrored sound, or zeros.
    precision : {"double", "single"}
        Precision of the transform, which is rounded to single in the end. The published tables
        need double: their roll-off depends on the last bit of a running sum.

    Returns
    -------
    ndarray of shape (1 + n // 512, 1025), complex64

    See Also
    --------
    istft : The way back.

    Examples
    --------
    >>> spectrum = stft(np.sin(2 * np.pi * 1000 / SAMPLE_RATE * np.arange(SAMPLE_RATE)))
    >>> round(float(FREQUENCIES[np.abs(spectrum[20]).argmax()]))
    1001
    """
    dtype, window = (np.float64, HANN) if precision == "double" else (np.float32, _HANN32)
    padded = np.pad(samples.astype(dtype), N_FFT // 2, mode=pad_mode)
    return np.asarray(fft.rfft(frame(padded) * window, axis=1), dtype=np.complex64)


def istft(spectrum: NDArray[np.complex64]) -> Array32:
    """Transform spectra back into samples, without the last incomplete hop.

    Parameters
    ----------
    spectrum : ndarray of shape (frames, 1025), complex64
        As `stft` gives it, possibly changed.

    Returns
    -------
    ndarray of shape (512 * (frames - 1),), float32

    See Also
    --------
    stft : The way there.

    Examples
    --------
    >>> samples = np.random.default_rng(0).normal(size=5120).astype(np.float32)
    >>> bool(np.allclose(istft(stft(samples)), samples, atol=1e-5))
    True
    """
    parts = fft.irfft(spectrum, n=N_FFT, axis=1) * _HANN32
    hops = N_FFT // HOP_LENGTH
    n = len(parts)
    total = np.zeros((n + hops - 1, HOP_LENGTH), dtype=np.float32)
    norm = np.zeros((n + hops - 1, HOP_LENGTH), dtype=np.float32)
    square = (_HANN32**2).reshape(hops, HOP_LENGTH)
    for i in range(hops):
        total[i : i + n] += parts[:, i * HOP_LENGTH : (i + 1) * HOP_LENGTH]
        norm[i : i + n] += square[i]
    norm[norm <= TINY] = 1
    half = N_FFT // 2
    return (total / norm).ravel()[half:-half]


# -- mel bands ----------------------------------------------------------------------------


def _mel_to_hz(mel: Array64) -> Array64:
    """Return frequencies on Slaney's mel scale: linear below 1 kHz, logarithmic above."""
    linear = 200.0 / 3 * mel
    return np.where(mel < 15.0, linear, 1000.0 * np.exp(np.log(6.4) / 27.0 * (mel - 15.0)))


@lru_cache(maxsize=2)
def mel_filters(
    *, sample_rate: int = SAMPLE_RATE, n_fft: int = N_FFT, n_mels: int = N_MELS
) -> Array32:
    """Return triangular mel filters of equal area, from 0 Hz to half the sample rate.

    Parameters
    ----------
    sample_rate : int
        Hz.
    n_fft : int
        Samples of the Fourier transform.
    n_mels : int
        How many bands.

    Returns
    -------
    ndarray of shape (n_mels, 1 + n_fft // 2), float32
        Weights per mel band and frequency bin (1/Hz); 128 bands of 1 025 bins by default.

    Notes
    -----
    Slaney (1998); the same numbers as ``librosa.filters.mel``.
    """
    top = 15.0 + np.log(sample_rate / 2 / 1000.0) / (np.log(6.4) / 27.0)
    edges = _mel_to_hz(np.linspace(0.0, top, n_mels + 2))
    frequencies = np.arange(1 + n_fft // 2, dtype=np.float64) * (sample_rate / n_fft)
    ramps = edges[:, None] - frequencies[None, :]
    width = np.diff(edges)
    lower = -ramps[:-2] / width[:-1, None]
    upper = ramps[2:] / width[1:, None]
    weights = np.maximum(0.0, np.minimum(lower, upper))
    return (weights * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def mel_frequencies() -> Array64:
    """Return the centre of each mel band.

    Returns
    -------
    ndarray of shape (128,), float64
        Rising (Hz): even steps below 1 kHz, even ratios above.
    """
    filters = mel_filters().astype(np.float64)
    return np.asarray(filters @ FREQUENCIES / filters.sum(axis=1))


@lru_cache(maxsize=1)
def _mel_blocks() -> list[tuple[slice, Array32]]:
    """Return eight groups of mel filters: the bins that a group covers, and its weights there."""
    blocks = []
    for filters in np.split(mel_filters(), 8):
        covered = np.flatnonzero(filters.any(axis=0))
        bins = slice(int(covered[0]), int(covered[-1]) + 1)
        blocks.append((bins, np.ascontiguousarray(filters[:, bins].T)))
    return blocks


def mel_decibels(power: Array32) -> Array32:
    """Return the mel spectrogram in decibels.

    Parameters
    ----------
    power : ndarray of shape (frames, 1025), float32
        Squared magnitudes.

    Returns
    -------
    ndarray of shape (frames, 128), float32
        At most 80 dB below the largest value, as ``librosa.power_to_db`` gives it.

    See Also
    --------
    mfcc : What is computed from it.
    """
    energy = np.hstack([power[:, bins] @ weights for bins, weights in _mel_blocks()])
    mel = 10 * np.log10(np.maximum(np.float32(1e-10), energy))
    found: Array32 = np.maximum(mel, mel.max() - np.float32(80))
    return found


@lru_cache(maxsize=2)
def mfcc_basis(n_mfcc: int = N_MFCC) -> Array32:
    """Return the first rows of the orthonormal DCT-II over the mel bands.

    Parameters
    ----------
    n_mfcc : int

    Returns
    -------
    ndarray of shape (128, n_mfcc), float32
    """
    basis = fft.dct(np.eye(N_MELS), axis=1, norm="ortho")
    return np.ascontiguousarray(basis[:, :n_mfcc], dtype=np.float32)


def mfcc(decibels: Array32) -> Array32:
    """Return mel-frequency cepstral coefficients.

    Parameters
    ----------
    decibels : ndarray of shape (frames, 128), float32
        From `mel_decibels`.

    Returns
    -------
    ndarray of shape (frames, 20), float32
        In dB; the first is the overall level.
    """
    return np.asarray(decibels @ mfcc_basis())


# -- pitch classes ------------------------------------------------------------------------


@lru_cache(maxsize=128)
def chroma_filters(tuning: float) -> Array32:
    """Return Gaussian pitch-class filters for a given tuning.

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
    Ellis (2007); the same numbers as ``librosa.filters.chroma``.
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


def estimate_tuning(power: Array32) -> float:
    """Estimate how far a recording is tuned from A = 440 Hz.

    Parameters
    ----------
    power : ndarray of shape (frames, 1025), float32
        Squared magnitudes.

    Returns
    -------
    float
        Semitones, in [-0.5, 0.5); 0 where no tone sounds. The number of
        ``librosa.estimate_tuning(S=power)``.
    """
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


def chroma(power: Array32) -> Array32:
    """Return the energy in the twelve pitch classes.

    Parameters
    ----------
    power : ndarray of shape (frames, 1025), float32
        Squared magnitudes.

    Returns
    -------
    ndarray of shape (frames, 12), float32
        From C; the strongest of a frame is 1, and all are 0 in silence. The tuning of the recording
        is taken out first. The numbers of ``librosa.feature.chroma_stft(S=power)``.
    """
    raw = power @ chroma_filters(estimate_tuning(power)).T
    peak = raw.max(axis=1, keepdims=True)
    peak[peak < TINY] = 1
    return np.asarray(raw / peak, dtype=np.float32)
