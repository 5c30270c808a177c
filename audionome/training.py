"""Fit, calibrate and judge the model that ships.

The estimator is fitted on every window. Its scores become probabilities through one
temperature, chosen so that the *track's* probability (the mean over its windows) has the
smallest log loss on tracks by artists that the scoring fold never heard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import audionome
from audionome import gtzan, models
from audionome.evaluation import (
    accuracy_interval,
    expected_calibration_error,
    track_probabilities,
)

__all__ = ["train"]

_OUTER, _INNER = 10, 5
_SEED = 0


def train(
    dataset: gtzan.Gtzan,
    folder: Path,
    *,
    name: str = "svc",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Train a model and write it with its card.

    Parameters
    ----------
    dataset : audionome.gtzan.Gtzan
        The complete dataset (1 000 tracks).
    folder : Path
        Where ``<name>.skops`` and ``<name>.json`` are written.
    name : {"svc"}
        Which model.
    progress : callable, optional
        Called with (fits done, fits in all).

    Returns
    -------
    dict
        The card.

    Raises
    ------
    audionome.gtzan.DatasetError
        If the dataset is not complete.
    """
    if not dataset.complete:
        raise gtzan.DatasetError(f"Training needs all tracks. {dataset.note}")
    data = _Data(dataset)
    fits = _Counter(progress, total=_INNER + _OUTER * (1 + _INNER) + 2)

    scores = _out_of_fold(data, np.arange(len(data.y)), _INNER, fits)
    temperature = _temperature(scores, data.y, data.tracks)

    # The evaluation never sees a temperature that was chosen on its own tracks.
    judged = np.empty_like(scores)
    for train_rows, test_rows in _artist_folds(data, np.arange(len(data.y)), _OUTER):
        inner = _out_of_fold(data, train_rows, _INNER, fits)
        own = _temperature(inner, data.y[train_rows], data.tracks[train_rows])
        fitted = models.svc().fit(data.X[train_rows], data.names(train_rows))
        judged[test_rows] = models.probabilities(fitted, data.X[test_rows], temperature=own)
        fits.step()

    evaluation = _artist_grouped(judged, data)
    evaluation["random_windows"] = _random_windows(data, fits)
    estimator = models.svc().fit(data.X, data.names(np.arange(len(data.y))))
    fits.step()

    folder.mkdir(parents=True, exist_ok=True)
    path, arrays = folder / f"{name}.skops", folder / f"{name}.npz"
    models.save_estimator(estimator, path)
    models.SupportVectors.of(estimator).save(arrays)
    card = {
        "name": name,
        "model_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "arrays_sha256": hashlib.sha256(arrays.read_bytes()).hexdigest(),
        "audionome": audionome.__version__,
        "estimator": "StandardScaler, SVC(C=10, kernel='rbf', gamma='scale'), as in the study",
        "features": data.columns,
        "genres": list(gtzan.GENRES),
        "temperature": temperature,
        "unsure_below": _unsure_below(judged, data),
        "data": {
            "windows": len(data.y),
            "tracks": int(dataset.windows["track"].nunique()),
            "measured_tracks": int(dataset.tracks["measured"].sum()),
            "sha256": _hash(data),
        },
        "evaluation": evaluation,
        "limits": [
            "Ten Western genres as GTZAN drew them in 2000-2001; music outside them is named "
            "as one of the ten or as unsure.",
            "Seven of the 57 features change with loudness.",
        ],
    }
    (folder / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n")
    return card


class _Data:
    """Arrays of the dataset, rows in the table's order."""

    def __init__(self, dataset: gtzan.Gtzan) -> None:
        windows = dataset.windows
        self.columns = dataset.feature_columns
        self.X = windows[self.columns].to_numpy(np.float64)
        self.y = pd.Categorical(windows["genre"], categories=list(gtzan.GENRES)).codes.astype(int)
        self.tracks = windows["track"].to_numpy(dtype=str)
        artist = dataset.tracks.set_index("track")["artist"]
        self.artists = windows["track"].map(artist).to_numpy()

    def names(self, rows: NDArray[np.integer]) -> NDArray[np.str_]:
        return np.array(gtzan.GENRES)[self.y[rows]]


class _Counter:
    def __init__(self, progress: Callable[[int, int], None] | None, *, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def step(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)


def _artist_folds(
    data: _Data, rows: NDArray[np.integer], n: int
) -> list[tuple[NDArray[np.integer], NDArray[np.integer]]]:
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(n, shuffle=True, random_state=_SEED)
    folds = splitter.split(data.X[rows], data.y[rows], data.artists[rows])
    return [(rows[a], rows[b]) for a, b in folds]


def _out_of_fold(
    data: _Data, rows: NDArray[np.integer], n: int, fits: _Counter
) -> NDArray[np.float64]:
    """Scores of rows by models that never heard their artists."""
    scores = np.empty((len(data.y), len(gtzan.GENRES)))
    for train_rows, test_rows in _artist_folds(data, rows, n):
        fitted = models.svc().fit(data.X[train_rows], data.names(train_rows))
        scores[test_rows] = models.scores(fitted, data.X[test_rows])
        fits.step()
    return scores[rows]


def _temperature(
    scores: NDArray[np.float64], y: NDArray[np.integer], tracks: NDArray[np.str_]
) -> float:
    """Temperature with the smallest log loss of the tracks' mean probabilities."""
    from scipy.optimize import minimize_scalar
    from scipy.special import softmax

    names, codes = np.unique(tracks, return_inverse=True)
    truth = np.zeros(names.size, dtype=int)
    truth[codes] = y

    def loss(log_temperature: float) -> float:
        windows = softmax(scores / np.exp(log_temperature), axis=1)
        mean = track_probabilities(windows, codes).to_numpy()
        return float(-np.log(np.maximum(mean[np.arange(names.size), truth], 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x))


def _by_track(
    probabilities: NDArray[np.float64], data: _Data
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.integer]]:
    """Per track: is the answer right, how confident is it, which artist is it by."""
    mean = track_probabilities(probabilities, data.tracks)
    first = pd.Series(np.arange(len(data.y))).groupby(data.tracks).first()
    values = mean.to_numpy()
    correct = values.argmax(axis=1) == data.y[first.to_numpy()]
    return correct, values.max(axis=1), data.artists[first.to_numpy()]


def _artist_grouped(probabilities: NDArray[np.float64], data: _Data) -> dict[str, Any]:
    correct, confidence, artists = _by_track(probabilities, data)
    return {
        "artist_grouped": {
            **accuracy_interval(correct, artists).as_dict(),
            "level": "track",
            "calibration_error": expected_calibration_error(confidence, correct),
            "protocol": f"{_OUTER} folds in which no artist is both trained on and tested; mean "
            "probability over a track's windows; interval by bootstrap over artists",
        }
    }


def _random_windows(data: _Data, fits: _Counter) -> dict[str, Any]:
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(data.y))
    train_rows, test_rows = train_test_split(rows, test_size=0.1, random_state=_SEED)
    fitted = models.svc().fit(data.X[train_rows], data.names(train_rows))
    correct = fitted.predict(data.X[test_rows]) == data.names(test_rows)
    fits.step()
    return {
        **accuracy_interval(correct, data.tracks[test_rows]).as_dict(),
        "level": "window",
        "protocol": "windows shuffled, nine tenths trained on and one tenth tested: windows of "
        "one song are on both sides; interval by bootstrap over tracks",
    }


def _unsure_below(probabilities: NDArray[np.float64], data: _Data) -> float:
    """Confidence under which answers about unknown artists are wrong more often than right."""
    from sklearn.isotonic import IsotonicRegression

    correct, confidence, _ = _by_track(probabilities, data)
    order = np.argsort(confidence)
    share = IsotonicRegression().fit_transform(confidence[order], correct[order].astype(float))
    right = np.flatnonzero(share >= 0.5)
    return float(confidence[order][right[0]]) if right.size else 1.0


def _hash(data: _Data) -> str:
    digest = hashlib.sha256(" ".join(data.columns).encode())
    digest.update(np.ascontiguousarray(data.X, dtype="<f4").tobytes())
    digest.update(np.ascontiguousarray(data.artists, dtype="<i2").tobytes())
    return digest.hexdigest()
