"""Is loudness a shortcut? The study's support vector machine with and without level.

``python -m audionome.lab.studies.loudness TABLE`` learns from all of GTZAN, answers
about music from outside it (``TABLE``), and writes ``data/research/loudness.parquet``; the report
reads that file.
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
from audionome.files import require_output_folder, written_whole
from audionome.lab import estimators
from audionome.lab.metrics import Interval, accuracy_interval
from audionome.lab.store import missing

__all__ = ["Shortcut", "answer", "load", "shortcut"]

_SETS = {"all": features.COLUMNS, "level_free": features.LEVEL_FREE}


@dataclass(frozen=True)
class Shortcut:
    """What dropping the columns that depend on the level changes, on music from outside GTZAN.

    Attributes
    ----------
    with_level, without_level : Interval
        Accuracy per track of the same model with all columns, and with the level-free ones.
    gain, low, high : float
        Without minus with, paired, interval over artists.
    n_columns, n_level_free : int
    """

    with_level: Interval
    without_level: Interval
    gain: float
    low: float
    high: float
    n_columns: int = len(features.COLUMNS)
    n_level_free: int = len(features.LEVEL_FREE)


def answer(dataset: gtzan.Gtzan, wild: pd.DataFrame) -> pd.DataFrame:
    """Learn from all of GTZAN and answer about tracks from outside it.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
    wild : DataFrame
        Windows: ``label``, ``track``, ``artist`` and the classic columns. Genres that GTZAN lacks
        are left out.

    Returns
    -------
    DataFrame
        One row per track: ``genre``, ``artist`` (number), and the answers ``all`` and
        ``level_free``: the genre with the largest mean probability over the track's windows.
    """
    known = wild[wild["label"].isin(gtzan.GENRES)]
    by_track = known.groupby("track", sort=True)
    table = by_track[["label", "artist"]].first().rename(columns={"label": "genre"})
    table["artist"] = pd.factorize(table["artist"])[0]
    for name, columns in _SETS.items():
        wanted = list(columns)
        model = estimators.svc()
        genre = dataset.windows["genre"].to_numpy(dtype=str)
        model.fit(dataset.windows[wanted].to_numpy(np.float64), genre)
        likely = estimators.probabilities(model, known[wanted].to_numpy(np.float64))
        mean = pd.DataFrame(likely).groupby(known["track"].to_numpy(dtype=str)).mean()
        given = model.classes_[mean.loc[table.index].to_numpy().argmax(axis=1)]
        table[name] = given.astype(str)
    return table.reset_index(drop=True)


def load() -> pd.DataFrame:
    """The committed answers.

    Raises
    ------
    StaleResultsError
        If there are none.
    """
    path = data_path("research", "loudness.parquet")
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.studies.loudness TABLE")
    return pd.read_parquet(path)


def shortcut(answers: pd.DataFrame) -> Shortcut:
    """Hold the two sets of columns against each other."""
    truth, artists = answers["genre"].to_numpy(dtype=str), answers["artist"].to_numpy()
    right = {name: answers[name].to_numpy(dtype=str) == truth for name in _SETS}
    gain = accuracy_interval(right["level_free"].astype(float) - right["all"], artists)
    return Shortcut(
        accuracy_interval(right["all"], artists),
        accuracy_interval(right["level_free"], artists),
        gain.accuracy,
        gain.low,
        gain.high,
    )


def main(table: str) -> None:
    """Answer about the tracks of a table and write the file."""
    dataset = gtzan.load()
    if not dataset.complete:
        raise gtzan.DatasetError(f"The study needs all tracks. {dataset.note}")
    path = output_path("research") / "loudness.parquet"
    require_output_folder(path.parent)
    answers = answer(dataset, pd.read_parquet(Path(table)))
    with written_whole(path) as unfinished:
        answers.to_parquet(unfinished, index=False, compression="zstd")


if __name__ == "__main__":
    main(sys.argv[1])
