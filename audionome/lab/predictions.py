"""Stored probabilities turned into predictions that can be judged.

Conventions
-----------
A *prediction* is about a window or about a track: at level ``"window"`` the stored ``predicted``,
at level ``"track"`` the genre with the largest mean of the windows' probabilities. Music of an
unknown genre has no right answer and is kept apart.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from audionome.datasets.gtzan import GENRES
from audionome.lab.names import KEYS

__all__ = ["PROBABILITY_COLUMNS", "finished", "judge", "track_probabilities"]

PROBABILITY_COLUMNS = [f"p_{genre}" for genre in GENRES]


def judge(
    predictions: pd.DataFrame, *, level: str = "track", unknown: bool = False
) -> pd.DataFrame:
    """Turn stored probabilities into predictions, and say which are right.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`: one row per window with ``artist`` and ``p_blues`` ...
        ``p_rock``.
    level : {"track", "window"}
        What counts as one prediction.
    unknown : bool
        Return the music of an unknown genre instead of the known genres.

    Returns
    -------
    DataFrame
        ``model``, ``variant``, ``protocol``, ``track``, ``genre``, ``artist``, ``predicted``,
        ``confidence`` (probability of the likeliest genre), ``correct`` and the probabilities.

    Raises
    ------
    ValueError
        If there is no such level.
    """
    if level not in {"track", "window"}:
        raise ValueError(f'level is "track" or "window", not "{level}"')
    known = predictions["genre"].isin(GENRES)
    rows = predictions[~known if unknown else known]
    names = [*KEYS, "track", "genre"]
    keys = rows[names].astype(str).assign(artist=rows["artist"])
    values = rows[PROBABILITY_COLUMNS].astype(np.float64)
    out = pd.concat([keys, values], axis="columns")
    if level == "track":
        out = out.groupby([*names, "artist"], sort=True, as_index=False).mean()
        likeliest = out[PROBABILITY_COLUMNS].to_numpy().argmax(axis=1) if len(out) else []
        predicted = np.array(GENRES)[np.asarray(likeliest, dtype=int)]
    else:
        out = out.reset_index(drop=True)
        predicted = rows["predicted"].to_numpy(dtype=str)
    return out.assign(
        predicted=predicted,
        confidence=out[PROBABILITY_COLUMNS].max(axis="columns"),
        correct=predicted == out["genre"].to_numpy(dtype=str),
    )


def finished(predictions: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions that have a score: of an interrupted evaluation, whole results.

    Parameters
    ----------
    predictions, scores : DataFrame
        See `audionome.lab.store`.

    Returns
    -------
    DataFrame
        Rows of the predictions.
    """
    whole = {tuple(key) for key in scores.loc[scores["split"] == "test", KEYS].to_numpy(dtype=str)}
    runs = predictions.groupby(KEYS, sort=False, observed=True).ngroup().to_numpy()
    first = predictions[KEYS].drop_duplicates().to_numpy(dtype=str)
    keep = np.array([tuple(key) in whole for key in first], dtype=bool)
    return predictions[keep[runs]]


def track_probabilities(probabilities: NDArray[np.floating], tracks: ArrayLike) -> pd.DataFrame:
    """Return the mean of the windows' probabilities per track.

    Parameters
    ----------
    probabilities : ndarray of shape (windows, genres)
    tracks : array-like of shape (windows,)
        Track of each window.

    Returns
    -------
    DataFrame of shape (tracks, genres)
        Index: track names, sorted.
    """
    return pd.DataFrame(probabilities).groupby(np.asarray(tracks)).mean()
