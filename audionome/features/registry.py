"""What each of the 57 classic columns is: name, unit, range, meaning and source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLUMNS", "LEVEL_FREE", "REGISTRY", "Feature", "require_possible"]

N_MFCC = 20


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    Attributes
    ----------
    name : str
        Column name, as in the published GTZAN tables.
    unit : str
        Unit of the value; ``"1"`` when it has none.
    low, high : float
        Smallest and largest value that the definition allows (may be infinite).
    meaning : str
        One sentence for a reader who has never met the feature.
    source : str
        Where the definition comes from.
    level_dependent : bool
        True when a louder copy of the same music changes the value.
    """

    name: str
    unit: str
    low: float
    high: float
    meaning: str
    source: str
    level_dependent: bool = False


_INF = float("inf")
_NYQUIST = 11025.0

# family: (unit, low, high, highest variance, meaning, source, level-dependent)
_FAMILIES: dict[str, tuple[str, float, float, float, str, str, bool]] = {
    "chroma_stft": (
        "1",
        0.0,
        1.0,
        0.25,
        "energy in the twelve pitch classes, the strongest of each frame set to 1: "
        "high when many pitches sound at once or the sound is noisy",
        "Ellis, Chroma feature analysis and synthesis (2007); librosa.feature.chroma_stft",
        False,
    ),
    "rms": (
        "full scale",
        0.0,
        1.0,
        0.25,
        "root mean square of the samples of a frame: how loud the recording is",
        "librosa.feature.rms",
        True,
    ),
    "spectral_centroid": (
        "Hz",
        0.0,
        _NYQUIST,
        _NYQUIST**2 / 4,
        "centre of gravity of the spectrum: a bright sound has a high one",
        "Klapuri and Davy, Signal Processing Methods for Music Transcription (2006), ch. 5; "
        "librosa.feature.spectral_centroid",
        False,
    ),
    "spectral_bandwidth": (
        "Hz",
        0.0,
        _NYQUIST,
        _NYQUIST**2 / 4,
        "spread of the spectrum around its centroid: narrow for a flute, wide for cymbals",
        "Klapuri and Davy (2006), ch. 5; librosa.feature.spectral_bandwidth",
        False,
    ),
    "rolloff": (
        "Hz",
        0.0,
        _NYQUIST,
        _NYQUIST**2 / 4,
        "frequency below which 85 % of the spectrum's magnitude lies",
        "Scheirer and Slaney (1997); librosa.feature.spectral_rolloff",
        False,
    ),
    "zero_crossing_rate": (
        "1",
        0.0,
        1.0,
        0.25,
        "share of samples at which the waveform changes its sign: high for noise and hi-hats",
        "Gouyon, Pachet and Delerue (2000); librosa.feature.zero_crossing_rate",
        False,
    ),
    "harmony": (
        "full scale",
        -1.0,
        1.0,
        1.0,
        "samples of the harmonic part alone (sustained tones, drums removed)",
        "Fitzgerald, Harmonic/percussive separation using median filtering (DAFx 2010); "
        "librosa.decompose.hpss",
        True,
    ),
    "perceptr": (
        "full scale",
        -1.0,
        1.0,
        1.0,
        "samples of the percussive part alone (drums and attacks, sustained tones removed)",
        "Fitzgerald (DAFx 2010); librosa.decompose.hpss",
        True,
    ),
}


def _pair(
    family: str,
    unit: str,
    low: float,
    high: float,
    var_high: float,
    meaning: str,
    source: str,
    level: bool,
    var_level: bool,
) -> list[Feature]:
    var_unit = unit if unit == "1" else f"{unit}²"
    return [
        Feature(
            f"{family}_mean", unit, low, high, f"Mean over the window: {meaning}.", source, level
        ),
        Feature(
            f"{family}_var",
            var_unit,
            0.0,
            var_high,
            f"Variance over the window: {meaning}.",
            source,
            var_level,
        ),
    ]


def _mfcc_meaning(i: int) -> str:
    if i == 1:
        return "first mel cepstral coefficient: overall level of the spectrum in decibels"
    if i == 2:
        return "second mel cepstral coefficient: tilt of the spectrum, low against high"
    return (
        f"mel cepstral coefficient {i}: the shape of the spectrum (timbre), "
        f"{i - 1} half-waves across the mel bands"
    )


def _build() -> dict[str, Feature]:
    features: list[Feature] = []
    for family, (unit, low, high, var_high, meaning, source, level) in _FAMILIES.items():
        features += _pair(family, unit, low, high, var_high, meaning, source, level, level)
    features.append(
        Feature(
            "tempo",
            "BPM",
            0.0,
            320.0,
            "Most likely tempo of the window, in beats per minute; 0 when nothing starts.",
            "Ellis, Beat tracking by dynamic programming (2007); librosa.beat.beat_track",
        )
    )
    for i in range(1, N_MFCC + 1):
        source = "Davis and Mermelstein (1980); librosa.feature.mfcc (Slaney mel scale, 128 bands)"
        # A gain adds a constant to every mel band in decibels: only the first mean moves.
        features += _pair(
            f"mfcc{i}", "dB", -_INF, _INF, _INF, _mfcc_meaning(i), source, i == 1, False
        )
    return {f.name: f for f in features}


REGISTRY: dict[str, Feature] = _build()
COLUMNS: tuple[str, ...] = tuple(REGISTRY)
#: What a louder or quieter copy of the same music leaves as it is.
LEVEL_FREE: tuple[str, ...] = tuple(f.name for f in REGISTRY.values() if not f.level_dependent)

_ROUNDING = 1e-5  # relative; tables are stored in single precision
_LOWEST = 15.0  # Hz; the centroid of audible sound lies higher


def require_possible(values: NDArray[np.floating], columns: Sequence[str]) -> None:
    """Refuse numbers that no sound has, such as those of a table that was scaled.

    Parameters
    ----------
    values : ndarray of shape (rows, columns)
    columns : sequence of str
        Names of classic features. Those that hang on the level are not looked at: samples may lie
        beyond full scale.

    Raises
    ------
    ValueError
        Names the column that is impossible in most rows.
    """
    low = np.array([-_INF if REGISTRY[c].level_dependent else REGISTRY[c].low for c in columns])
    high = np.array([_INF if REGISTRY[c].level_dependent else REGISTRY[c].high for c in columns])
    slack = _ROUNDING * np.maximum(np.abs(np.where(np.isfinite(high), high, 0)), 1e-3)
    wrong = (values < low - slack) | (values > high + slack)
    if wrong.any():
        worst = int(wrong.sum(axis=0).argmax())
        feature, n = REGISTRY[columns[worst]], int(wrong[:, worst].sum())
        least = float(values[:, worst].min())
        example = least if least < feature.low else float(values[:, worst].max())
        raise ValueError(
            f"{n} of {len(values)} rows have an impossible {feature.name} ({example:.3g}; it lies "
            f"between {feature.low:g} and {feature.high:g}). {_AS_MEASURED}"
        )
    if "spectral_centroid_mean" in columns and len(values):
        largest = float(values[:, list(columns).index("spectral_centroid_mean")].max())
        # A table of silent windows alone has nothing but zeros.
        if 0 < largest < _LOWEST:
            raise ValueError(
                f"no row has a spectral_centroid_mean above {largest:.3g} Hz, which is lower than "
                f"anyone hears. {_AS_MEASURED}"
            )


_AS_MEASURED = (
    "Pass the columns as audionome.features.extract measures them, in their units: not scaled, "
    "standardised or otherwise transformed, for the model does that itself."
)
