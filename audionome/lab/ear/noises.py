"""Noises of many colours, made by code, that the head learns to tell from music.

Recordings of noise are mostly dark. Bright noise is like cymbals to the ear, and a head that has
met none takes it for music.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from audionome import audio

__all__ = ["KIND", "NUMBER", "make", "write"]

#: The kind of sound that they are.
KIND = "made-noise"

NUMBER = 60

_SECONDS = 10
_LOWEST, _HIGHEST = 20.0, audio.SAMPLE_RATE / 2  # Hz
_SLOPES = (-1.5, 2.0)  # power of the frequency: -0.5 is pink, 0 white, 1 violet
_CUT = (1000.0, 7000.0)  # Hz
_PEAK = 0.5


def make(number: int) -> NDArray[np.float32]:
    """Make a noise.

    Parameters
    ----------
    number : int
        Every third noise has all frequencies, the next a band of them, the third lacks the low
        ones.

    Returns
    -------
    ndarray, float32
        Ten seconds; the same number gives the same noise.

    Examples
    --------
    >>> float(abs(make(0)).max())
    0.5
    """
    rng = np.random.default_rng(number)
    n = _SECONDS * audio.SAMPLE_RATE
    frequencies = np.fft.rfftfreq(n, 1 / audio.SAMPLE_RATE)
    low, high = (
        (_LOWEST, _HIGHEST),
        np.sort(_LOWEST * (_HIGHEST / _LOWEST) ** rng.random(2)),
        (rng.uniform(*_CUT), _HIGHEST),
    )[number % 3]
    kept = (frequencies >= low) & (frequencies <= high)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum[kept] *= frequencies[kept] ** rng.uniform(*_SLOPES)
    spectrum[~kept] = 0
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(_PEAK * noise / np.abs(noise).max(), dtype=np.float32)


def write(folder: Path) -> None:
    """Write the noises as files, in a folder of their kind.

    Parameters
    ----------
    folder : Path
    """
    place = folder / KIND
    place.mkdir()
    for number in range(NUMBER):
        soundfile.write(place / f"{number:03d}.wav", make(number), audio.SAMPLE_RATE)
