"""Is loudness a shortcut? The study's support vector machine with and without level.

``python -m audionome.lab.studies.loudness TABLE`` trains on all of GTZAN, predicts the genres of
music from outside it (``TABLE``), and writes ``data/research/loudness.parquet``; the report reads
that file.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from audionome import features
from audionome._paths import data_path, output_path
from audionome.datasets import gtzan
from audionome.datasets.artists import artist_groups
from audionome.files import require_output_folder, written_whole
from audionome.lab import estimators
from audionome.lab.bootstrap import ConfidenceInterval, mean_interval
from audionome.lab.compare import Verdict, paired_difference, verdict
from audionome.lab.predictions import track_probabilities
from audionome.lab.store import missing

__all__ = ["Shortcut", "load", "predict", "shortcut"]

_SETS = {"all": features.COLUMNS, "level_free": features.LEVEL_FREE}


@dataclass(frozen=True)
class Shortcut:
    """What dropping the columns that depend on the level changes, on music from outside GTZAN.

    Attributes
    ----------
    with_level, without_level : ConfidenceInterval
        Accuracy per track of the same model with all columns, and with the level-free ones.
    gain : Verdict
        Of the accuracy without level, set beside that with it.
    n_columns, n_level_free : int
    """

    with_level: ConfidenceInterval
    without_level: ConfidenceInterval
    gain: Verdict
    n_columns: int = len(features.COLUMNS)
    n_level_free: int = len(features.LEVEL_FREE)


def predict(dataset: gtzan.Gtzan, wild: pd.DataFrame) -> pd.DataFrame:
    """Train on all of GTZAN and predict the genres of tracks from outside it.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
    wild : DataFrame
        Windows: ``label``, ``track``, ``artist`` and the classic columns. Genres that GTZAN lacks
        are left out.

    Returns
    -------
    DataFrame
        One row per track: ``genre``, ``artist`` (number of its group), and the predictions ``all``
        and ``level_free``: the genre with the largest mean probability over the track's windows.
    """
    known = wild[wild["label"].isin(gtzan.GENRES)]
    by_track = known.groupby("track", sort=True)
    table = by_track[["label", "artist"]].first().rename(columns={"label": "genre"})
    table["artist"] = artist_groups([str(name) for name in table["artist"]])
    for name, columns in _SETS.items():
        wanted = list(columns)
        model = estimators.svc()
        genre = dataset.windows["genre"].to_numpy(dtype=str)
        model.fit(dataset.windows[wanted].to_numpy(np.float64), genre)
        likely = estimators.probabilities(model, known[wanted].to_numpy(np.float64))
        mean = track_probabilities(likely, known["track"].to_numpy(dtype=str))
        y_pred = model.classes_[mean.loc[table.index].to_numpy().argmax(axis=1)]
        table[name] = y_pred.astype(str)
    return table.reset_index(drop=True)


def load() -> pd.DataFrame:
    """Return the committed predictions.

    Returns
    -------
    DataFrame
        See `predict`.

    Raises
    ------
    StaleResultsError
        If there are none.
    """
    path = data_path("research", "loudness.parquet")
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.studies.loudness TABLE")
    return pd.read_parquet(path)


def shortcut(predictions: pd.DataFrame) -> Shortcut:
    """Compare the two sets of columns.

    Parameters
    ----------
    predictions : DataFrame
        From `predict`.

    Returns
    -------
    Shortcut
    """
    y_true, artists = predictions["genre"].to_numpy(dtype=str), predictions["artist"].to_numpy()
    right = {name: predictions[name].to_numpy(dtype=str) == y_true for name in _SETS}
    return Shortcut(
        mean_interval(right["all"], artists),
        mean_interval(right["level_free"], artists),
        verdict(paired_difference(right["level_free"], right["all"], artists)),
    )


def main(table: str) -> None:
    """Predict the tracks of a table and write the file."""
    dataset = gtzan.load()
    if not dataset.complete:
        raise gtzan.DatasetError(f"The study needs all tracks. {dataset.note}")
    path = output_path("research") / "loudness.parquet"
    require_output_folder(path.parent)
    predictions = predict(dataset, pd.read_parquet(Path(table)))
    with written_whole(path) as unfinished:
        predictions.to_parquet(unfinished, index=False, compression="zstd")


if __name__ == "__main__":
    main(sys.argv[1])
