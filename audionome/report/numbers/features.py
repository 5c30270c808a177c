"""Numbers of the chapters on features: frames, the padding, what the classifier says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio
from audionome._words import genre_name, listed, share
from audionome.features import COLUMNS, FAMILIES, spectral, stft
from audionome.lab.studies.contrast_tonnetz import FEATURES

if TYPE_CHECKING:
    from audionome.features.frames import Frames
    from audionome.models.classifier import Prediction

__all__ = ["answers", "brightness", "frames", "padding", "rolloffs", "tonnetz"]


def frames() -> dict[str, str]:
    """Return the sizes of a frame, a window and its row.

    Returns
    -------
    dict
        ``rate``, ``samples`` and ``hop`` (samples), ``milliseconds`` and ``hop_milliseconds``,
        ``apart`` (Hz from one bin to the next), ``bins`` of a spectrum, ``bands`` of the mel
        spectrogram, ``window_frames``, ``curves`` with two columns each, and ``columns``.
    """
    rate = audio.SAMPLE_RATE
    return {
        "rate": f"{rate:,}",
        "samples": f"{stft.N_FFT:,}",
        "hop": f"{stft.HOP_LENGTH}",
        "milliseconds": f"{1000 * stft.N_FFT / rate:.0f}",
        "hop_milliseconds": f"{1000 * stft.HOP_LENGTH / rate:.0f}",
        "apart": f"{rate / stft.N_FFT:.1f}",
        "bins": f"{stft.N_BINS:,}",
        "bands": f"{stft.N_MELS}",
        "window_frames": f"{1 + audio.WINDOW_LENGTH // stft.HOP_LENGTH}",
        "curves": f"{sum(family.published for family in FAMILIES.values())}",
        "columns": f"{len(COLUMNS)}",
    }


def brightness(measured: Mapping[str, Frames]) -> dict[str, str]:
    """Return which sounds are the brightest and the darkest.

    Parameters
    ----------
    measured
        Name of a sound to its frames.

    Returns
    -------
    dict
        ``brightest`` and ``darkest`` (names), with the mean of their centroid, ``brightest_hz`` and
        ``darkest_hz``.
    """
    means = pd.Series({name: float(one.centroid.mean()) for name, one in measured.items()})
    return {
        "brightest": str(means.idxmax()),
        "brightest_hz": f"{means.max():,.0f}",
        "darkest": str(means.idxmin()),
        "darkest_hz": f"{means.min():,.0f}",
    }


def rolloffs(samples: NDArray[np.float32]) -> dict[str, str]:
    """Return what the roll-off of a sound is, and what it would be of the energy.

    Parameters
    ----------
    samples : ndarray of shape (n,)
        Mono samples at 22 050 Hz.

    Returns
    -------
    dict
        ``magnitude_hz``, the mean of our feature, and ``energy_hz``.
    """
    magnitude = np.abs(stft.stft(samples))
    return {
        "magnitude_hz": f"{spectral.rolloff(magnitude).mean():,.0f}",
        "energy_hz": f"{spectral.rolloff(np.square(magnitude)).mean():,.0f}",
    }


def padding(moved: pd.DataFrame) -> dict[str, str]:
    """Return how far the padding moves the variances of the MFCCs.

    Parameters
    ----------
    moved
        From `audionome.report.examples.padding`.

    Returns
    -------
    dict
        ``typical`` and ``worst`` (shares), ``worst_feature``.
    """
    mfcc = moved[moved["feature"].str.startswith("mfcc")]
    return {
        "typical": share(float(mfcc["median"].median())),
        "worst": share(float(mfcc["worst"].max())),
        "worst_feature": str(mfcc.sort_values("worst")["feature"].iloc[-1]),
    }


def tonnetz(summary: pd.DataFrame) -> dict[str, str]:
    """Return how near to the centre of their circle the tonnetz means lie.

    Parameters
    ----------
    summary
        From `audionome.lab.studies.contrast_tonnetz.load`.

    Returns
    -------
    dict
        ``furthest``: the largest distance of a genre's median window from the centre along any
        axis, as a share of the radius.
    """
    rows = summary[summary["feature"].str.startswith("tonnetz")].reset_index(drop=True)
    radius = rows["feature"].map({name: one.high for name, one in FEATURES.items()})
    away = (rows["p50"] / radius).abs()
    return {"furthest": share(float(away.max()))}


def answers(found: Mapping[str, Prediction]) -> dict[str, str]:
    """Return how many pieces are heard as what they imitate, and how sure the answers are.

    Parameters
    ----------
    found
        Genre that a piece imitates to the answer.

    Returns
    -------
    dict
        ``pieces``, ``hits``, ``hit_genres`` (listed; "none" where there is none) and ``unsure``
        (answers with many genres).
    """
    hits = [genre_name(genre) for genre, p in found.items() if p.genre == genre]
    return {
        "pieces": f"{len(found)}",
        "hits": f"{len(hits)}",
        "hit_genres": listed(hits) or "none",
        "unsure": f"{sum(p.status == 'many' for p in found.values())}",
    }
