"""A prediction in context: where the genre is heard best, and how usual the features are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from audionome._extras import require_extra

if TYPE_CHECKING:
    import pandas as pd

    from audionome.models.prediction import Prediction, WindowPrediction

__all__ = ["DESCRIBED", "compare_with_genre", "likeliest_stretch"]

#: The classic features that a person can name, in plain words.
DESCRIBED: dict[str, str] = {
    "tempo": "tempo",
    "spectral_centroid_mean": "brightness (spectral centroid)",
    "rolloff_mean": "top end (roll-off)",
    "spectral_bandwidth_mean": "width of the spectrum",
    "zero_crossing_rate_mean": "hiss and edge (zero crossings)",
    "chroma_stft_mean": "pitches at once (chroma)",
}


def likeliest_stretch(
    windows: Sequence[WindowPrediction], genre: str, *, most: int = 10
) -> tuple[int, int]:
    """Find the stretch of windows in which a genre is likeliest.

    Parameters
    ----------
    windows : sequence of WindowPrediction
        Of a prediction, at least one.
    genre : str
        A genre of the prediction.
    most : int
        Length of the stretch in windows; a shorter recording is taken whole.

    Returns
    -------
    first, last : int
        Numbers of the windows, the last one not included; of equal stretches, the earliest.

    Examples
    --------
    >>> from audionome.models.prediction import WindowPrediction
    >>> windows = [WindowPrediction(3 * k, 3 * k + 3, {"jazz": p}) for k, p in enumerate([0, 1, 1])]
    >>> likeliest_stretch(windows, "jazz", most=2)
    (1, 3)
    """
    n = min(most, len(windows))
    shares = np.array([window.probabilities[genre] for window in windows])
    sums = np.convolve(shares, np.ones(n), mode="valid")
    first = int(np.argmax(np.round(sums, 9)))
    return first, first + n


def compare_with_genre(prediction: Prediction, *, genre: str | None = None) -> pd.DataFrame:
    """Compare the features of a recording with those of a genre's windows in GTZAN.

    Parameters
    ----------
    prediction : Prediction
        The answer about the recording.
    genre : str, optional
        By default the genre that was named.

    Returns
    -------
    DataFrame
        A row per feature of `DESCRIBED` (without a beat none for the tempo): ``feature``,
        ``words``, ``value`` (mean over the recording), ``low``, ``middle`` and ``high`` (5th, 50th
        and 95th percentile of the genre's windows), ``least`` and ``most`` (of all genres' 5th and
        95th percentiles), all in the feature's unit, and ``verdict``: "usual", "lower than usual"
        or "higher than usual".

    Raises
    ------
    ValueError
        If GTZAN has no such genre.
    audionome.datasets.gtzan.DatasetError
        If the summary of GTZAN is missing or damaged.

    See Also
    --------
    audionome.datasets.gtzan.load_summary : The percentiles of every feature and genre.
    audionome.charts.typical_ranges : The picture of this table.
    """
    from audionome.datasets.gtzan import load_summary

    require_extra("lab", "pandas", who="audionome.models.context.compare_with_genre")
    import pandas as pd

    named = genre or prediction.genre
    table = load_summary().set_index(["genre", "feature"])
    if named not in table.index:
        raise ValueError(f"GTZAN has no genre {named!r}; nothing is known of what is usual of it")
    rows = []
    for feature, words in DESCRIBED.items():
        every = table.xs(feature, level="feature")
        low, middle, high = every.loc[named, ["p05", "p50", "p95"]].to_numpy(dtype=float)
        # The tempo that is told elsewhere: windows without a beat do not count.
        value = prediction.tempo.bpm if feature == "tempo" else prediction.features[feature]
        if feature == "tempo" and not value:
            continue  # no beat is no slow one
        rows.append(
            {
                "feature": feature,
                "words": words,
                "value": value,
                "low": low,
                "middle": middle,
                "high": high,
                "least": float(every["p05"].min()),
                "most": float(every["p95"].max()),
                "verdict": "usual"
                if low <= value <= high
                else f"{'lower' if value < low else 'higher'} than usual",
            }
        )
    return pd.DataFrame(rows)
