"""The musical key of a clip, and whether the estimate can be relied on.

Conventions
-----------
Pitch classes are numbered from C = 0, as the columns of `audionome.features.frames.Frames.chroma`.
That chroma tells the key badly: it adds up all of the spectrum, noise and drums included. Here only
the peaks of a spectrum count, each by its level above a floor 20 dB below the strongest, after the
tuning of the recording has been taken out (Gómez 2006). The key is the one of 24 whose profile,
the share that each pitch class has in pieces of that key (Albrecht and Shanahan 2013), correlates
best with the mean chroma (Krumhansl 1990).

``benchmarks/key.py`` compared profiles, chromas and thresholds on GTZAN; ``data/research/key.json``
holds what came out, on the half of the artists that was not used to choose. Most clips have no
reliable key, above all where there is little but drums, in the blues and in metal. Gebhardt et al.
(2018) have other ways to judge an estimate.

References
----------
Gómez, Tonal description of polyphonic audio for music content processing (INFORMS Journal on
Computing 18, 2006): pitch classes from spectral peaks.

Albrecht and Shanahan, The use of large corpora to train a new type of key-finding algorithm (Music
Perception 31, 2013): the profiles.

Krumhansl, Cognitive Foundations of Musical Pitch (1990), ch. 4: the correlation.

Gebhardt, Lykartsis and Stein, A confidence measure for key labelling (ISMIR 2018).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from audionome._paths import data_path
from audionome.audio import SAMPLE_RATE

__all__ = [
    "MAJOR_PROFILE",
    "MINOR_PROFILE",
    "MIN_CLASSES",
    "MIN_SECONDS",
    "RELIABLE_FROM",
    "Key",
    "KeyAccuracy",
    "estimate_key",
    "key_chroma",
    "key_templates",
    "match_key",
    "reliable_key_accuracy",
]

Array64 = NDArray[np.float64]

#: Share of each pitch class, from the tonic, in pieces in major and in minor (Albrecht, Shanahan).
MAJOR_PROFILE: tuple[float, ...] = (
    0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081,
)  # fmt: skip
MINOR_PROFILE: tuple[float, ...] = (
    0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052,
)  # fmt: skip
#: An estimate is reliable when strength and margin add up to this.
RELIABLE_FROM = 1.04
#: And when so many pitch classes sound, in effect: a tone has 1 or 2, and one chord about 4.
MIN_CLASSES = 5.0
#: And when so much of the clip sounds (s): of a shorter one the same numbers promise less.
MIN_SECONDS = 20.0

# Six sharps are as many as six flats: both names are in use.
_TONICS = {
    "major": "C D♭ D E♭ E F F♯/G♭ G A♭ A B♭ B".split(),
    "minor": "C C♯ D D♯/E♭ E F F♯ G G♯ A B♭ B".split(),
}
_N_FFT = 4096  # 5.4 Hz from bin to bin: neighbouring semitones part from about 250 Hz
_HOP = 2048
_LOWEST, _HIGHEST = 80.0, 1500.0  # Hz
_RANGE = 20.0  # dB: a peak counts when it is at most so far below the strongest of its frame
_GATE = 60.0  # dB: a frame counts when its strongest is at most so far below the clip's
_BLOCK = 512  # frames at a time
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Key:
    """A key and how sure it is.

    Attributes
    ----------
    tonic : int
        Pitch class of the keynote: 0 is C, 11 is B.
    mode : {"major", "minor"}
    strength : float
        Correlation of the chroma with the key's profile, in [0, 1]; 0 where nothing sounds.
    margin : float
        How much less the next key's correlation is, at least 0.
    classes : float
        Effective number of pitch classes, the exponential of the entropy of the mean chroma, in
        [1, 12]; 0 where nothing sounds.
    seconds : float
        How much of the clip sounds (s).
    """

    tonic: int
    mode: Literal["major", "minor"]
    strength: float
    margin: float
    classes: float
    seconds: float

    @property
    def name(self) -> str:
        """Such as ``"F♯ minor"``: of two spellings the one with fewer accidentals."""
        return f"{_TONICS[self.mode][self.tonic]} {self.mode}"

    @property
    def reliable(self) -> bool:
        """Whether the key can be shown as a finding.

        ``strength + margin``, ``classes`` and ``seconds`` reach `RELIABLE_FROM`, `MIN_CLASSES` and
        `MIN_SECONDS`. How often such a key is right tells `reliable_key_accuracy`.
        """
        return (
            self.strength + self.margin >= RELIABLE_FROM
            and self.classes >= MIN_CLASSES
            and self.seconds >= MIN_SECONDS
        )


def key_templates(major: tuple[float, ...], minor: tuple[float, ...]) -> Array64:
    """Profiles of the 24 keys, ready for a correlation.

    Parameters
    ----------
    major, minor : tuple of 12 floats
        Weight of each pitch class from the tonic.

    Returns
    -------
    ndarray of shape (24, 12), float64
        C major to B major, then C minor to B minor; each of mean 0 and length 1.
    """
    rows = np.array([np.roll(profile, k) for profile in (major, minor) for k in range(12)])
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


_TEMPLATES = key_templates(MAJOR_PROFILE, MINOR_PROFILE)


def _peaks(samples: NDArray[np.float32]) -> tuple[NDArray[np.intp], Array64, Array64, Array64]:
    """Frame, pitch (semitones above C, equal temperament at 440 Hz) and weight of each peak.

    The fourth array is the level of each frame's strongest bin (dB).
    """
    bin_hz = SAMPLE_RATE / _N_FFT
    bins = slice(int(_LOWEST / bin_hz) - 1, int(_HIGHEST / bin_hz) + 3)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)).astype(np.float32)
    padded = np.pad(samples, _N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]
    found, tops = [], []
    for first in range(0, len(frames), _BLOCK):
        spectrum = fft.rfft(frames[first : first + _BLOCK] * window, axis=1)[:, bins]
        level = 20 * np.log10(np.maximum(np.abs(spectrum), _TINY))
        inner = level[:, 1:-1]
        top = inner.max(axis=1)
        floor = top[:, None] - np.float32(_RANGE)
        peak = (inner > level[:, :-2]) & (inner >= level[:, 2:]) & (inner > floor)
        frame, column = np.nonzero(peak)
        # The top of the parabola through three neighbours.
        left, centre, right = (level[frame, column + i].astype(np.float64) for i in range(3))
        shift = (left - right) / 2 / (left - 2 * centre + right)
        hz = (bins.start + 1 + column + shift) * bin_hz
        weight = centre - (left - right) / 4 * shift - floor[frame, 0]
        found.append((frame + first, 12 * np.log2(hz / 440.0) + 9, weight))
        tops.append(top)
    frame, pitch, weight = (np.concatenate(part) for part in zip(*found, strict=True))
    return frame, pitch, weight, np.concatenate(tops).astype(np.float64)


def key_chroma(samples: NDArray[np.float32]) -> Array64:
    """Pitch classes of the spectral peaks, frame by frame.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz.

    Returns
    -------
    ndarray of shape (frames, 12), float64
        A frame every 2 048 samples. Columns from C; the strongest of a frame is 1, and a frame that
        is 60 dB below the loudest is 0 throughout.

    Raises
    ------
    ValueError
        If the samples are not one-dimensional, or none.
    """
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or not samples.size:
        raise ValueError(f"samples must be one-dimensional (mono), not of shape {samples.shape}")
    frame, pitch, weight, top = _peaks(samples)
    sounds = (top >= top.max() - _GATE) & (top > 20 * np.log10(_TINY))
    weight = weight * sounds[frame]
    # Deviation from 440 Hz: the mean place between semitones, on a circle.
    pitch = pitch - np.angle(np.sum(weight * np.exp(2j * np.pi * pitch))) / (2 * np.pi)
    nearest = np.round(pitch)
    weight = weight * np.cos(np.pi * (pitch - nearest)) ** 2
    place = 12 * frame + nearest.astype(np.intp) % 12
    raw = np.bincount(place, weight, minlength=12 * len(top)).reshape(-1, 12)
    peak = raw.max(axis=1, keepdims=True)
    return np.asarray(raw / np.where(peak > 0, peak, 1))


def match_key(chroma: NDArray[np.floating], templates: Array64 = _TEMPLATES) -> Key:
    """Find the key whose profile a chroma is most like.

    Parameters
    ----------
    chroma : ndarray of shape (frames, 12)
        From `key_chroma`. Of another chroma `Key.seconds` and `Key.reliable` mean nothing.
    templates : ndarray of shape (24, 12)
        From `key_templates`.

    Returns
    -------
    Key

    Raises
    ------
    ValueError
        If the chroma is of another shape.
    """
    chroma = np.asarray(chroma, dtype=np.float64)
    if chroma.ndim != 2 or chroma.shape[1] != 12 or not len(chroma):
        raise ValueError(f"a chroma has the shape (frames, 12), not {chroma.shape}")
    mean = chroma.mean(axis=0)
    share = mean[mean > 0] / mean.sum()
    mean = mean - mean.mean()
    length = float(np.linalg.norm(mean))
    correlation = templates @ (mean / length if length > 0 else mean)
    best = int(np.argmax(correlation))
    strength = float(correlation[best])
    return Key(
        tonic=best % 12,
        mode="major" if best < 12 else "minor",
        strength=strength,
        margin=strength - float(np.delete(correlation, best).max()),
        classes=float(np.exp(-np.sum(share * np.log(share)))) if share.size else 0.0,
        seconds=int(chroma.any(axis=1).sum()) * _HOP / SAMPLE_RATE,
    )


def estimate_key(samples: NDArray[np.float32]) -> Key:
    """Estimate the key of a clip.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz. Any level will do; music that changes key gets one key.

    Returns
    -------
    Key

    Raises
    ------
    ValueError
        If the samples are not one-dimensional, or none.

    Examples
    --------
    >>> from audionome import audio
    >>> from audionome._paths import data_path
    >>> estimate_key(audio.load(data_path("examples", "classical.ogg"))).name
    'C major'
    """
    return match_key(key_chroma(samples))


@dataclass(frozen=True)
class KeyAccuracy:
    """How often keys were right.

    Attributes
    ----------
    share : float
        Of the keys that were exactly right, in [0, 1].
    low, high : float
        Ends of its 95 % interval, drawn over artists.
    n : int
        Number of tracks.
    """

    share: float
    low: float
    high: float
    n: int


def reliable_key_accuracy() -> KeyAccuracy:
    """Return how often a reliable key was exactly right in GTZAN.

    Returns
    -------
    KeyAccuracy
        Of the half of the artists that was not used to choose the method.

    See Also
    --------
    Key.reliable : When a key counts as reliable.
    """
    record = json.loads(data_path("research", "key.json").read_text(encoding="utf-8"))
    right = record["reporting"]["exact_if_reliable"]
    return KeyAccuracy(right["value"], right["low"], right["high"], right["n"])
