"""How often a released model is right: its predictions under every protocol, and the card."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.datasets import gtzan
from audionome.lab.bootstrap import mean_interval
from audionome.lab.metrics import expected_calibration_error
from audionome.lab.protocols import PROTOCOLS, Protocol
from audionome.lab.training.calibration import (
    Fit,
    Predictions,
    cross_predict,
    held_out_predict,
)
from audionome.lab.training.data import TrainingData

__all__ = ["PROBABILITY_COLUMNS", "card_results", "prediction_table", "predictions_by_setting"]

PROBABILITY_COLUMNS = [f"p_{genre}" for genre in gtzan.GENRES]

_FEWEST = 2  # training tracks of a genre: the covariance within it needs more than one

ByLength = dict[int | None, Predictions]


def _can_judge(protocol: Protocol, data: TrainingData) -> bool:
    """Tell whether the data allow a protocol."""
    if protocol.level == "window" or protocol.needs_other_music:
        return False
    if protocol.excerpt_seconds is not None and protocol.excerpt_seconds not in data.excerpts:
        return False
    for train, _ in protocol.splits(data.tracks):
        counts = data.tracks["genre"].iloc[train].value_counts()
        if counts.reindex(protocol.genres, fill_value=0).min() < _FEWEST:
            return False
    return True


def predictions_by_setting(data: TrainingData, fit: Fit) -> dict[str, Predictions]:
    """Classify the tracks under every protocol that the data allow.

    Protocols that share their folds share their models, too. Where there are folds, nothing is
    left for validation: all but the tested fold are trained on.

    Parameters
    ----------
    data : TrainingData
    fit : callable
        Fits a model on the tracks of given numbers.

    Returns
    -------
    dict of str to Predictions
        By the protocol's name.
    """
    allowed = [p for p in PROTOCOLS.values() if _can_judge(p, data)]
    done: dict[Any, ByLength] = {}
    for protocol in allowed:
        if protocol.setting in done:
            continue
        splits = protocol.splits(data.tracks)
        if protocol.n_folds == 1:
            done[protocol.setting] = {None: held_out_predict(data, fit, *splits[0])}
            continue
        lengths = [p.excerpt_seconds for p in allowed if p.setting == protocol.setting]
        done[protocol.setting] = cross_predict(data, fit, splits, lengths=lengths)
    return {p.name: done[p.setting][p.excerpt_seconds] for p in allowed}


def prediction_table(
    model: str,
    protocol: str,
    data: TrainingData,
    found: Predictions,
    distance: NDArray[np.float64] | None = None,
    distance_learned: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return predictions as rows of ``model_predictions.parquet``.

    Parameters
    ----------
    model, protocol : str
    data : TrainingData
        The tracks.
    found : Predictions
    distance : ndarray of shape (tracks,), optional
        How far each track is from tracks that a model may learn from when this one is new to it.
    distance_learned : ndarray of shape (tracks,), optional
        The same for the released model, which did learn from the track: only the threshold comes
        from it.

    Returns
    -------
    DataFrame
        ``model``, ``protocol``, ``track``, ``genre``, ``artist``, ``fold``, ``p_blues`` ...
        ``p_rock``, ``temperature`` (what the scores were divided by), ``distance`` and
        ``distance_learned`` (NaN if not given).
    """
    rows = data.tracks.iloc[found.tracks]
    table = pd.DataFrame(
        {
            "model": model,
            "protocol": protocol,
            "track": rows["track"].to_numpy(dtype=str),
            "genre": rows["genre"].to_numpy(dtype=str),
            "artist": rows["artist"].to_numpy(dtype=np.int32),
            "fold": found.folds.astype(np.int8),
        }
    )
    table[PROBABILITY_COLUMNS] = found.probabilities.astype(np.float32)
    table["temperature"] = found.temperatures.astype(np.float32)
    for column, far in (("distance", distance), ("distance_learned", distance_learned)):
        table[column] = np.float32(np.nan)
        if far is not None:
            table[column] = far[found.tracks].astype(np.float32)
    return table


def card_results(table: pd.DataFrame) -> dict[str, Any]:
    """Return what a card says of a model: one entry per protocol.

    Parameters
    ----------
    table : DataFrame
        Rows of ``model_predictions.parquet`` of one model.

    Returns
    -------
    dict of str to dict
        ``accuracy`` with the ends ``low`` and ``high`` of its 95 % interval over artists, ``n``
        (predictions), ``artists``, ``level`` and ``calibration_error`` (expected calibration
        error). Genres that are none of the ten are left out.
    """
    results = {}
    for protocol, rows in table.groupby("protocol", sort=False):
        known = rows[rows["genre"].isin(gtzan.GENRES)]
        values = known[PROBABILITY_COLUMNS].to_numpy(np.float64)
        y_pred = np.array(gtzan.GENRES)[values.argmax(axis=1)]
        correct = y_pred == known["genre"].to_numpy(dtype=str)
        accuracy = mean_interval(correct, known["artist"].to_numpy())
        results[str(protocol)] = {
            "accuracy": accuracy.estimate,
            "low": accuracy.low,
            "high": accuracy.high,
            "n": accuracy.n,
            "artists": accuracy.clusters,
            "level": PROTOCOLS[str(protocol)].level,
            "calibration_error": expected_calibration_error(values.max(axis=1), correct),
        }
    return results
