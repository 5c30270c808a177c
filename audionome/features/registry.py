"""The features of a window: how each is measured, its unit, range, meaning and source.

Conventions
-----------
A `Family` is a curve or a waveform that is measured of a `Window`; its two columns are the mean and
the variance over the window. To add a feature, write the function that measures it and one entry of
`FAMILIES`, with ``published=False``: `audionome.features.extract` then has its columns. The 57
columns of the published tables (`COLUMNS`), from which the models learned, stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audionome.audio import SAMPLE_RATE
from audionome.features import spectral, stft
from audionome.features.window import Window

__all__ = [
    "COLUMNS",
    "FAMILIES",
    "LEVEL_FREE",
    "REGISTRY",
    "Family",
    "Feature",
    "columns_of",
    "require_possible",
]


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    Attributes
    ----------
    name : str
        Column name; that of the published GTZAN tables, where they have it.
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
_NYQUIST = SAMPLE_RATE / 2


@dataclass(frozen=True)
class Family:
    """What is measured of a window; its mean and its variance are two columns.

    Attributes
    ----------
    measure : callable
        Takes a `audionome.features.window.Window` and returns an array of any shape.
    unit : str
        Unit of what is measured; ``"1"`` when it has none.
    low, high : float
        Smallest and largest value that the definition allows (may be infinite).
    meaning : str
        What it is, for a reader who has never met the feature; continues "Mean over the window: ".
    source : str
        Where the definition comes from.
    level_dependent, variance_level_dependent : bool
        Whether the mean, or the variance, of a louder copy of the same music is another.
    published : bool
        Whether the published tables have it.
    """

    measure: Callable[[Window], NDArray[np.floating]]
    unit: str
    low: float
    high: float
    meaning: str
    source: str
    level_dependent: bool = False
    variance_level_dependent: bool = False
    published: bool = True


def _mfcc(i: int) -> Family:
    meaning = {
        1: "first mel cepstral coefficient: overall level of the spectrum in decibels",
        2: "second mel cepstral coefficient: tilt of the spectrum, low against high",
    }.get(
        i,
        f"mel cepstral coefficient {i}: the shape of the spectrum (timbre), "
        f"{i - 1} half-waves across the mel bands",
    )
    return Family(
        lambda window: window.mfcc[:, i - 1],
        "dB",
        -_INF,
        _INF,
        meaning,
        "Davis and Mermelstein (1980); librosa.feature.mfcc (Slaney mel scale, 128 bands)",
        # A gain adds a constant to every mel band in decibels: only the first mean moves.
        level_dependent=i == 1,
    )


#: Name of a family to what it is.
FAMILIES: dict[str, Family] = {
    "chroma_stft": Family(
        lambda window: stft.chroma(window.power),
        "1",
        0.0,
        1.0,
        "energy in the twelve pitch classes, the strongest of each frame set to 1: "
        "high when many pitches sound at once or the sound is noisy",
        "Ellis, Chroma feature analysis and synthesis (2007); librosa.feature.chroma_stft",
    ),
    "rms": Family(
        lambda window: spectral.rms(window.samples),
        "full scale",
        0.0,
        1.0,
        "root mean square of the samples of a frame: how loud the recording is",
        "librosa.feature.rms",
        level_dependent=True,
        variance_level_dependent=True,
    ),
    "spectral_centroid": Family(
        lambda window: window.centroid_and_bandwidth[0],
        "Hz",
        0.0,
        _NYQUIST,
        "mean frequency of the spectrum, weighted by magnitude: a bright sound has a high one",
        "Klapuri and Davy, Signal Processing Methods for Music Transcription (2006), ch. 5; "
        "librosa.feature.spectral_centroid",
    ),
    "spectral_bandwidth": Family(
        lambda window: window.centroid_and_bandwidth[1],
        "Hz",
        0.0,
        _NYQUIST,
        "spread of the spectrum around its centroid: narrow for a flute, wide for cymbals",
        "Klapuri and Davy (2006), ch. 5; librosa.feature.spectral_bandwidth",
    ),
    "rolloff": Family(
        lambda window: spectral.rolloff(window.magnitude),
        "Hz",
        0.0,
        _NYQUIST,
        "frequency up to which 85 % of the spectrum's magnitude (not of its energy) lies",
        "Scheirer and Slaney (1997); librosa.feature.spectral_rolloff",
    ),
    "zero_crossing_rate": Family(
        lambda window: spectral.zero_crossing_rate(window.samples),
        "1",
        0.0,
        1.0,
        "share of samples at which the waveform changes its sign: high for noise and hi-hats",
        "Gouyon, Pachet and Delerue (2000); librosa.feature.zero_crossing_rate",
    ),
    "harmony": Family(
        lambda window: window.harmonic,
        "full scale",
        -1.0,
        1.0,
        "samples of the harmonic part alone (sustained tones, drums removed)",
        "Fitzgerald, Harmonic/percussive separation using median filtering (DAFx 2010); "
        "librosa.decompose.hpss",
        level_dependent=True,
        variance_level_dependent=True,
    ),
    "perceptr": Family(
        lambda window: window.percussive,
        "full scale",
        -1.0,
        1.0,
        "samples of the percussive part alone (drums and attacks, sustained tones removed)",
        "Fitzgerald (DAFx 2010); librosa.decompose.hpss",
        level_dependent=True,
        variance_level_dependent=True,
    ),
    **{f"mfcc{i}": _mfcc(i) for i in range(1, stft.N_MFCC + 1)},
}
#: The one column that is no mean and no variance.
_TEMPO = Feature(
    "tempo",
    "BPM",
    0.0,
    320.0,
    "Most likely tempo of the window, in beats per minute; 0 when nothing starts.",
    "Ellis, Beat tracking by dynamic programming (2007); librosa.beat.beat_track",
)


def columns_of(name: str, family: Family) -> tuple[Feature, Feature]:
    """Return the two columns of a family: the mean and the variance over the window.

    Parameters
    ----------
    name : str
        Of the family.
    family : Family

    Returns
    -------
    tuple of Feature
    """
    # Values within a range vary most when they lie at its ends, half of them at each.
    highest = ((family.high - family.low) / 2) ** 2
    return (
        Feature(
            f"{name}_mean",
            family.unit,
            family.low,
            family.high,
            f"Mean over the window: {family.meaning}.",
            family.source,
            family.level_dependent,
        ),
        Feature(
            f"{name}_var",
            family.unit if family.unit == "1" else f"{family.unit}²",
            0.0,
            highest,
            f"Variance over the window: {family.meaning}.",
            family.source,
            family.variance_level_dependent,
        ),
    )


def _build(*, published: bool) -> list[Feature]:
    rows: list[Feature] = []
    for name, family in FAMILIES.items():
        if name == "mfcc1" and published:
            rows.append(_TEMPO)  # where the published tables have it
        if family.published == published:
            rows += columns_of(name, family)
    return rows


_PUBLISHED = _build(published=True)
#: Every column that can be measured, by name; the published ones first.
REGISTRY: dict[str, Feature] = {f.name: f for f in (*_PUBLISHED, *_build(published=False))}
#: The 57 columns of the published GTZAN tables, in their order.
COLUMNS: tuple[str, ...] = tuple(f.name for f in _PUBLISHED)
#: Those of them that a louder or quieter copy of the same music leaves as they are.
LEVEL_FREE: tuple[str, ...] = tuple(f.name for f in _PUBLISHED if not f.level_dependent)

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
