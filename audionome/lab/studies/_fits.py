"""What the studies share: the rows as arrays, and which tracks a fitted model gets right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.lab import estimators
from audionome.lab.predictions import track_probabilities
from audionome.lab.protocols import PROTOCOLS

PROTOCOL = "artist-grouped"


@dataclass(frozen=True)
class Rows:
    """Windows as arrays: features, genre, track and artist of each."""

    X: NDArray[np.float64]
    genres: NDArray[np.str_]
    tracks: NDArray[np.str_]
    artists: pd.Series  # by track

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Rows:
        """Take them from a table of rows."""
        return cls(
            rows[list(COLUMNS)].to_numpy(np.float64),
            rows["genre"].to_numpy(dtype=str),
            rows["track"].to_numpy(dtype=str),
            rows.astype({"track": str}).groupby("track")["artist"].first(),
        )


def folds(rows: pd.DataFrame) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return the artist-grouped folds: all rows that are not tested are trained on."""
    protocol = PROTOCOLS[PROTOCOL]
    parts = protocol.parts(rows, rows["genre"].to_numpy(dtype=str), protocol.groups_of(rows))
    return [(np.concatenate([p.train, p.valid]), p.test) for p in parts]


def settings(model: str, variant: str) -> dict[str, Any]:
    """Return what a model is made of, under its name."""
    return {f"{model} {variant}": estimators.MODELS[model].settings(variant)}


def correct(
    fitted: Any, X: NDArray[np.float64], genres: NDArray[np.str_], tracks: NDArray[np.str_]
) -> pd.Series:
    """Return for every track whether its genre is predicted, 1 or 0."""
    mean = track_probabilities(estimators.probabilities(fitted, X), tracks)
    y_true = pd.Series(genres).groupby(tracks).first().reindex(mean.index)
    classes = np.asarray(getattr(fitted, "classes_", gtzan.GENRES), dtype=str)
    y_pred = classes[mean.to_numpy().argmax(axis=1)]
    return pd.Series((y_pred == y_true.to_numpy(dtype=str)).astype(int), index=mean.index)
