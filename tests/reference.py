"""The classic features by librosa's own functions, in the published tables' way.

This is what `audionome.features` is held against; it is the source study's extraction with
the old reflection padding written out.
"""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray

from audionome.audio import SAMPLE_RATE
from audionome.features import COLUMNS

#: Columns whose values come close to zero, where a relative error means nothing: held to an
#: absolute error instead. The means of the separated waveforms are the offset of a signal that
#: swings around zero; cepstral means are sums of decibels of either sign; the variance of a
#: separated waveform is rounding noise where the clip is digitally silent.
ABSOLUTE = {"harmony_mean": 1e-8, "perceptr_mean": 1e-8, "harmony_var": 1e-12} | {
    f"mfcc{i}_mean": 1e-4 for i in range(1, 21)
}

_STFT = {"n_fft": 2048, "hop_length": 512, "pad_mode": "reflect"}


def window_features(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The 57 classic features of one window, in the order of `COLUMNS`."""
    spectral = {"y": samples, "sr": SAMPLE_RATE, **_STFT}
    harmonic, percussive = librosa.decompose.hpss(librosa.stft(samples, **_STFT))
    parts = [librosa.istft(part, hop_length=512) for part in (harmonic, percussive)]
    onsets = librosa.onset.onset_strength(
        y=samples, sr=SAMPLE_RATE, aggregate=np.median, pad_mode="reflect"
    )
    tempo, _ = librosa.beat.beat_track(onset_envelope=onsets, sr=SAMPLE_RATE)
    row: list[float] = []
    for values in (
        librosa.feature.chroma_stft(**spectral),
        librosa.feature.rms(y=samples, frame_length=2048, hop_length=512, pad_mode="reflect"),
        librosa.feature.spectral_centroid(**spectral),
        librosa.feature.spectral_bandwidth(**spectral),
        librosa.feature.spectral_rolloff(**spectral),
        librosa.feature.zero_crossing_rate(samples),
        *(np.pad(part, (0, samples.size - part.size)) for part in parts),
    ):
        row += [np.mean(values), np.var(values)]
    row.append(np.atleast_1d(tempo)[0])
    for coefficient in librosa.feature.mfcc(n_mfcc=20, **spectral):
        row += [np.mean(coefficient), np.var(coefficient)]
    assert len(row) == len(COLUMNS)
    return np.array(row, dtype=np.float64)
