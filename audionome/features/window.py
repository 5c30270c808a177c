"""One window of sound, and what several of its features are computed from."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from audionome.features import hpss, spectral, stft

__all__ = ["Window"]

Array32 = NDArray[np.float32]
Array64 = NDArray[np.float64]


class Window:
    """A window whose spectra are computed once, when the first feature asks for them.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, ``n`` > 1 024; 66 149 for a published window.

    Attributes
    ----------
    spectrum : ndarray of shape (frames, 1025), complex64
        From `audionome.features.stft.stft`.
    magnitude, power : ndarray of shape (frames, 1025), float32
        Of the spectrum.
    mel_decibels : ndarray of shape (frames, 128), float32
        Mel spectrogram (dB).
    mfcc : ndarray of shape (frames, 20), float32
        Mel-frequency cepstral coefficients (dB).
    centroid_and_bandwidth : tuple of ndarray of shape (frames,), float64
        Of the spectrum (Hz).
    harmonic, percussive : ndarray of shape (n,), float32
        What lasts, and the rest; the last incomplete hop is 0, as in the published tables.
    """

    def __init__(self, samples: Array32) -> None:
        self.samples = samples

    @cached_property
    def spectrum(self) -> NDArray[np.complex64]:
        """Short-time spectra."""
        return stft.stft(self.samples)

    @cached_property
    def magnitude(self) -> Array32:
        """Magnitudes of the spectra."""
        return np.abs(self.spectrum)

    @cached_property
    def power(self) -> Array32:
        """Squared magnitudes."""
        return np.square(self.magnitude)

    @cached_property
    def mel_decibels(self) -> Array32:
        """Mel spectrogram (dB)."""
        return stft.mel_decibels(self.power)

    @cached_property
    def mfcc(self) -> Array32:
        """Mel-frequency cepstral coefficients (dB)."""
        return stft.mfcc(self.mel_decibels)

    @cached_property
    def centroid_and_bandwidth(self) -> tuple[Array64, Array64]:
        """Centroid and bandwidth of the spectra (Hz)."""
        return spectral.centroid_and_bandwidth(self.magnitude)

    @cached_property
    def _separated(self) -> Array32:
        return hpss.harmonic(self.spectrum, self.magnitude)

    @cached_property
    def harmonic(self) -> Array32:
        """Samples of what lasts."""
        return np.pad(self._separated, (0, self.samples.size - self._separated.size))

    @cached_property
    def percussive(self) -> Array32:
        """Samples of the rest."""
        n = self._separated.size
        return np.pad(self.samples[:n] - self._separated, (0, self.samples.size - n))
