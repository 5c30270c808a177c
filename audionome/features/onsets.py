"""How a recording repeats itself in time: what its tempo is estimated from.

Conventions
-----------
*Onset strength* is how much louder the sound gets from one frame to the next (spectral flux), here
apart for four ranges of frequency, 86 frames a second. Its *autocorrelation* tells after which time
it repeats itself. A *comb* is the mean of the autocorrelation after one, two, three and four beats.
The peaks of the comb are *candidates*: nearly always the tempo is one of them, together with its
half, its double and the like. `Rhythm.describe` gives a candidate in numbers, from which
`audionome.features.tempo` tells which one a listener would tap to.

All is relative to the mean power, so that a louder copy gives the same numbers.

References
----------
.. [1] Grosche, Müller and Kurth, Cyclic tempogram (ICASSP 2010).
.. [2] Peeters, Template-based estimation of time-varying tempo (EURASIP JASP 2007).
.. [3] Percival and Tzanetakis, Streamlined tempo estimation based on autocorrelation and
       cross-correlation with pulses (IEEE/ACM TASLP 22, 2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import convolve1d, uniform_filter1d

from audionome.audio import SAMPLE_RATE
from audionome.features.stft import mel_filters

__all__ = [
    "CANDIDATES",
    "DESCRIPTION",
    "FRAME_RATE",
    "SLOWEST",
    "Rhythm",
    "onset_bands",
]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]

_N_FFT = 1024
_HOP = 256
_MELS = 40
_EDGES = (0, 6, 14, 27, _MELS)  # mel bands of the four ranges: to about 0.6, 1.5, 4.2 and 11 kHz
#: Frames per second.
FRAME_RATE = SAMPLE_RATE / _HOP
#: Most candidates.
CANDIDATES = 12

_COMPRESSION = 1000.0  # of the mean power, before the logarithm
_GATE = 1e-6  # of the loudest frame's power: what stays below at the ends is silence
_CHUNK = 512  # frames at a time
_SMOOTH = np.hanning(11)[1:-1] / np.hanning(11).sum()  # 0.1 s
_LOCAL = 131  # frames, 1.5 s, over which a mean is taken away
_BEATS = 4  # teeth of the comb
SLOWEST, _FASTEST = 40.0, 260.0  # BPM, of candidates
_TEMPI: Array64 = np.geomspace(30.0, 30.0 * 1.01**232, 233)  # BPM of the comb, 30 to 302
_PERIODS: Array64 = 60.0 * FRAME_RATE / _TEMPI  # frames
_LAGS = int(_BEATS * _PERIODS[0]) + 4
_CENTRE, _WIDTH = 115.0, 0.9  # BPM and octaves: which peaks come first
_TINY = 1e-9

#: Multiples of a candidate's period at which the autocorrelation and the comb are looked at.
_REPEATS: Array64 = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4])
_COMBS: Array64 = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 3 / 2, 2, 3, 4])
_OF_BAND: Array64 = np.array([1 / 2, 1, 2])
#: Multiples of its pace at which the Fourier transform is looked at.
_PACES: Array64 = np.array([1 / 2, 1, 2, 3, 4])
_ACCENTS = (1.3, 2.0)  # times the local mean: an onset, and a strong one

#: Names of the numbers that describe a candidate.
DESCRIPTION: tuple[str, ...] = (
    "log2 of the tempo",
    *(f"autocorrelation at {m:.3g} periods" for m in _REPEATS),
    *(f"comb at {m:.3g} periods" for m in _COMBS),
    *(f"comb at {m:.3g} periods, of the highest" for m in _COMBS),
    *(f"band {b}: autocorrelation at {m:.3g} periods" for b in range(4) for m in _OF_BAND),
    *(f"Fourier transform at {m:.3g} times the pace" for m in _PACES),
    *(f"Fourier transform at {m:.3g} times the pace, of the highest" for m in _PACES),
    "comb, of the highest",
    "rank of its comb",
    "rank of its comb near 115 BPM",
    "highest comb",
    "highest autocorrelation",
    "entropy of the comb",
    *(f"band {b}: mean onset strength" for b in range(4)),
    *(f"band {b}: kurtosis of the onset strength" for b in range(4)),
    "onsets per minute, log2",
    "strong onsets per minute, log2",
    "onsets per beat, log2",
    "strong onsets per beat, log2",
)


def onset_bands(samples: NDArray[np.floating]) -> Array64:
    """Measure how much louder four ranges of frequency get from frame to frame.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz.

    Returns
    -------
    ndarray of shape (4, frames), float64
        The mean rise of the logarithm of the power, smoothed over 0.1 s; `FRAME_RATE` frames a
        second, without the silence before and after the sound. No frames if all is silent.

    Examples
    --------
    >>> onset_bands(np.zeros(22_050)).shape
    (4, 0)
    """
    nothing = np.zeros((len(_EDGES) - 1, 0))
    if len(samples) < _N_FFT:
        return nothing
    frames = np.lib.stride_tricks.sliding_window_view(samples, _N_FFT)[::_HOP]
    mel = np.concatenate([_mel(frames[i : i + _CHUNK]) for i in range(0, len(frames), _CHUNK)])
    energy = mel.sum(axis=1)
    sounds = np.flatnonzero(energy > _GATE * energy.max())
    if sounds.size < 2:
        return nothing
    mel = mel[sounds[0] : sounds[-1] + 1]
    level = np.log1p(np.float32(_COMPRESSION) / mel.mean(dtype=np.float64).astype(mel.dtype) * mel)
    rise = np.maximum(0, np.diff(level, axis=0))
    bands = [rise[:, low:high].mean(axis=1, dtype=np.float64) for low, high in pairwise(_EDGES)]
    return np.asarray(convolve1d(np.stack(bands), _SMOOTH, axis=1, mode="nearest"))


def _mel(frames: NDArray[np.floating]) -> Array32:
    window = np.hanning(_N_FFT + 1)[:-1].astype(np.float32)
    spectrum = fft.rfft(frames.astype(np.float32) * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(power @ mel_filters(n_fft=_N_FFT, n_mels=_MELS).T)


def _at(curve: Array64, places: Array64) -> Array64:
    """Return the values of a curve between its points; those behind its end are its last."""
    places = np.clip(places, 0, curve.shape[-1] - 1.001)
    left = places.astype(np.intp)
    share = places - left
    return np.asarray(curve[..., left] * (1 - share) + curve[..., left + 1] * share)


def _comb(autocorrelation: Array64, periods: Array64) -> Array64:
    teeth = [_at(autocorrelation, k * periods) for k in range(1, _BEATS + 1)]
    return np.asarray(sum(teeth) / _BEATS)


@dataclass(frozen=True)
class Rhythm:
    """How a stretch of sound repeats itself.

    Attributes
    ----------
    onsets : ndarray of shape (4, frames), float64
        From `onset_bands`.
    autocorrelation : ndarray of shape (4, lags), float64
        Of each band, 1 at lag 0, in frames; not made smaller where fewer frames overlap.
    comb : ndarray of shape (tempi,), float64
        Mean over the bands of the autocorrelation after one to four beats.
    bpm : ndarray of shape (candidates,), float64
        The candidates, likely ones first.
    """

    onsets: Array64
    autocorrelation: Array64
    comb: Array64
    bpm: Array64

    @classmethod
    def of(cls, samples: NDArray[np.floating]) -> Rhythm:
        """Measure a stretch of sound.

        Parameters
        ----------
        samples : ndarray of shape (n,)
            Mono samples at 22 050 Hz; some 30 s are best.

        Returns
        -------
        Rhythm
            Without candidates, where less than two seconds sound or nothing begins.
        """
        onsets = onset_bands(samples)
        if onsets.shape[1] < 2 * FRAME_RATE or not onsets.any():
            return cls(onsets, np.zeros((4, 2)), np.zeros(len(_TEMPI)), np.zeros(0))
        found = _autocorrelation(_detrended(onsets))
        comb = _comb(found.mean(axis=0), _PERIODS)
        return cls(onsets, found, comb, _candidates(comb))

    @property
    def tempi(self) -> Array64:
        """Tempo of each point of the comb (BPM)."""
        return _TEMPI.copy()

    @property
    def seconds(self) -> float:
        """How much of the stretch sounds (s)."""
        return int(self.onsets.shape[1]) / FRAME_RATE

    @property
    def strength(self) -> float:
        """How far the highest candidate stands out from noise of this length; noise has 1."""
        if not self.bpm.size:
            return 0.0
        highest = _at(self.comb, _place(self.bpm)).max()
        return float(highest) * math.sqrt(self.onsets.shape[1]) / 2

    def describe(self) -> Array64:
        """Describe each candidate in numbers.

        Returns
        -------
        ndarray of shape (candidates, len(DESCRIPTION)), float64
        """
        if not self.bpm.size:
            return np.zeros((0, len(DESCRIPTION)))
        periods = (60 * FRAME_RATE / self.bpm)[:, None]
        mean = self.autocorrelation.mean(axis=0)
        own = _at(self.comb, _place(self.bpm))
        highest = max(float(own.max()), 1e-3)
        combs = _comb(mean, periods * _COMBS)
        onsets = _detrended(self.onsets)
        onsets /= onsets.std(axis=1, keepdims=True) + _TINY
        fourier = _fourier(onsets.mean(axis=0), self.bpm[:, None] * _PACES)
        shown = np.maximum(self.comb[(_TEMPI >= SLOWEST) & (_TEMPI <= _FASTEST)], 0)
        shares = shown / max(float(shown.sum()), _TINY)
        rates = np.log2([_per_minute(self.onsets.mean(axis=0), factor) for factor in _ACCENTS])
        of_clip = np.concatenate(
            [
                [highest, mean[1:].max(), -np.sum(shares * np.log(shares + 1e-12))],
                self.onsets.mean(axis=1),
                (onsets**4).mean(axis=1),
                rates,
            ]
        )
        log_bpm = np.log2(self.bpm)[:, None]
        return np.hstack(
            [
                log_bpm,
                _at(mean, periods * _REPEATS),
                combs,
                combs / highest,
                *(_at(band, periods * _OF_BAND) for band in self.autocorrelation),
                fourier,
                fourier / (fourier[:, 1:2].max() + _TINY),
                own[:, None] / highest,
                np.argsort(np.argsort(-own, kind="stable"), kind="stable")[:, None],
                np.arange(len(own))[:, None],
                np.repeat(of_clip[None], len(own), axis=0),
                rates - log_bpm,
            ]
        )


def _detrended(onsets: Array64) -> Array64:
    flat = onsets - uniform_filter1d(onsets, _LOCAL, axis=1, mode="nearest")
    return np.asarray(flat - flat.mean(axis=1, keepdims=True))


def _autocorrelation(onsets: Array64) -> Array64:
    n = onsets.shape[1]
    size = fft.next_fast_len(n + _LAGS, real=True)
    spectrum = fft.rfft(onsets, size, axis=1)
    found = fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)[:, :_LAGS]
    # Of few pairs of frames the mean is all chance: a quarter of the clip counts at least.
    found = found / np.maximum(n - np.arange(_LAGS), n / 4)
    return np.asarray(found / np.maximum(found[:, :1], 1e-12))


def _place(bpm: Array64) -> Array64:
    """Return where tempi lie on the axis of the comb."""
    return np.asarray(np.log(bpm / _TEMPI[0]) / np.log(1.01))


def _candidates(comb: Array64) -> Array64:
    """Return the peaks of the comb (BPM), the higher and the nearer to 115 BPM the sooner."""
    inner = comb[1:-1]
    peak = np.flatnonzero((inner > comb[:-2]) & (inner >= comb[2:])) + 1
    peak = peak[(_TEMPI[peak] >= SLOWEST / 1.04) & (_TEMPI[peak] <= _FASTEST * 1.04)]
    nearness = np.exp(-0.5 * (np.log2(_TEMPI[peak] / _CENTRE) / _WIDTH) ** 2)
    peak = peak[np.argsort(-comb[peak] * nearness, kind="stable")[:CANDIDATES]]
    # The top of the parabola through three neighbours.
    left, centre, right = (comb[peak + k] for k in (-1, 0, 1))
    shift = (left - right) / 2 / (left - 2 * centre + right)
    return np.asarray(_TEMPI[peak] * 1.01 ** np.clip(shift, -0.5, 0.5))


def _fourier(onsets: Array64, bpm: Array64) -> Array64:
    """Return the magnitudes of the Fourier transform at paces; a full sine of height 1 has 1."""
    size = max(16384, int(fft.next_fast_len(4 * len(onsets), real=True)))
    spectrum = np.abs(fft.rfft(onsets * np.hanning(len(onsets)), size))
    return np.asarray(4 / len(onsets) * _at(spectrum, bpm / 60 * size / FRAME_RATE))


def _per_minute(onsets: Array64, factor: float) -> float:
    """Count the peaks that stand so many times above the mean of the second around them."""
    local = uniform_filter1d(onsets, round(FRAME_RATE), mode="nearest")[1:-1]
    inner = onsets[1:-1]
    peak = (inner > onsets[:-2]) & (inner >= onsets[2:]) & (inner > factor * local)
    return max(6.0, 60 * FRAME_RATE * int(peak.sum()) / len(onsets))
